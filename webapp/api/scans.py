"""Scans: one live or a thousand late ones, in one transaction that is on disk before the answer leaves.

What a known device sends in plain order is decided before Flask makes a request of it, everything else by the view, and both by
`_decided`: at the door many scan in the same second; decision 015.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, Response, g

from engage import arrivals, rosters
from engage.arrivals import Batch, Outcome, ScanRequest
from engage.events import EventNotFound
from engage.presence import Direction, Result
from surveys.statements import pipelined
from webapp import formats
from webapp.api import pages, schemas
from webapp.api.access import trusted
from webapp.api.answers import JSON, LARGEST_BODY, answer, corrected, described, encode, read, read_body, skew
from webapp.together import Together
from webapp.wiring import asked, clock, db, writing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_AT_ONCE = 2000  # scans decided in one transaction: then those who wait have their turn
_ADDRESS = re.compile(r"/api/v1/events/([^/]+)/scans")
_SCHEMA = schemas.Scans()
_MEMBERS = frozenset(schemas.Scan().fields)
_DIRECTIONS = {str(direction): direction for direction in Direction}
_RESULTS: dict[str | None, Result | None] = {None: None, **{str(result): result for result in Result}}


@pages.post("/events/<slug>/scans")
@described(schemas.Outcomes, 400, 404, 413, 415, 422, body=schemas.Scans)
def scan(slug: str) -> Response:
    """Admit, or say why not. Repeating a scan's id repeats its answer and changes nothing."""
    body = read_body()
    return answer(_decided(slug, quickly_read(body) or read(_SCHEMA, body), by=g.caller.actor))


def _decided(slug: str, sent: Mapping[str, Any], *, by: str) -> dict[str, object]:
    """The answer to what the schema has read."""
    given, slow = sent["scans"], skew(sent.get("sent_at"), now=clock())
    picked = {each["code"][1:] for each in given if each["code"].startswith("#")}  # digests, of whom staff picked from the roster
    codes = {f"#{sent}": code for sent, code in rosters.codes(db.session(), slug, picked).items()} if picked else {}
    requests = [
        ScanRequest(id=each["id"].lower(), code=codes.get(each["code"]) or arrivals.code_in(each["code"]), at=corrected(each["at"], slow), clock_at=each["at"],
                    direction=each["direction"], activity=each["activity"], told=each["told"], device=arrivals.printable(each["device"]))
        for each in given
    ]
    zone = formats.zone()
    outcomes = _SCANS.do(_Scans(slug, requests, by))
    return {"scans": [
        {"id": each["id"], "result": outcome.result, "name": outcome.name, "category": outcome.category,
         "first_at": outcome.first_at and outcome.first_at.astimezone(zone).isoformat()}
        for each, outcome in zip(given, outcomes, strict=True)
    ]}


class _Scans(NamedTuple):
    """One scanner's request."""

    slug: str
    requests: Sequence[ScanRequest]
    by: str


def _decide_all(waiting: Sequence[_Scans]) -> list[Sequence[Outcome] | Exception]:
    """The library decides the scans of all in the order in which they came."""
    with writing() as connection, pipelined(connection):
        doors = arrivals.doors(connection, {each.slug for each in waiting})
        batches = [Batch(doors[each.slug], each.requests, each.by) for each in waiting if each.slug in doors]
        decided = iter(arrivals.scan_together(connection, batches, now=clock()))
    return [next(decided) if each.slug in doors else EventNotFound(slug=each.slug) for each in waiting]


_SCANS = Together("scans", _decide_all, most=MOST_AT_ONCE, size=lambda each: len(each.requests))


def quickly_read(body: Any) -> dict[str, Any] | None:
    """What the schema would read from a body in plain order; None for all others, which the schema then judges and explains.

    The schema is the truth. This is twenty times as quick, and a test holds the two against each other.
    """
    if type(body) is not dict or body.keys() - {"scans", "sent_at"}:
        return None
    scans, sent_at = body.get("scans"), schemas.moment_of(body.get("sent_at"))
    if "sent_at" in body and sent_at is None:
        return None
    if type(scans) is not list or len(scans) > schemas.MOST_SCANS:
        return None
    quick = [given for scan in scans if (given := _quickly(scan)) is not None]
    if len(quick) < len(scans):
        return None
    return {"scans": quick, "sent_at": sent_at} if sent_at else {"scans": quick}


def _quickly(scan: Any) -> dict[str, Any] | None:
    if type(scan) is not dict or not scan.keys() <= _MEMBERS:
        return None
    scan_id, code, device = scan.get("id"), scan.get("code"), scan.get("device", "")
    at, way, activity, told = schemas.moment_of(scan.get("at")), scan.get("direction", "in"), scan.get("activity"), scan.get("told")
    direction = _DIRECTIONS.get(way) if type(way) is str else None
    if (type(scan_id) is not str or not schemas.UUID.fullmatch(scan_id) or at is None or direction is None
            or type(code) is not str or not 1 <= len(code) <= schemas.LONGEST_CODE
            or type(device) is not str or len(device) > schemas.LONGEST_DEVICE
            or not (activity is None or (type(activity) is int and 1 <= activity <= schemas.LARGEST_ID))
            or not (told is None or (type(told) is str and told in _RESULTS))):
        return None
    return {"id": scan_id, "code": code, "at": at, "direction": direction, "activity": activity, "told": _RESULTS[told], "device": device}


class Doors:
    """Before Flask: see above. Where this knows no answer the view has the same request, and says why."""

    def __init__(self, app: Flask) -> None:
        self._app, self._pages = app, app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = _ADDRESS.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if found is None:
            return self._pages(environ, start_response)
        with self._app.app_context():
            text = _quickly_decided(environ, found[1])
        if text is None:
            return self._pages(environ, start_response)
        start_response("200 OK", [("Content-Type", JSON), ("Content-Length", str(len(text))), ("Cache-Control", "no-store")])
        return [text]


def _quickly_decided(environ: "WSGIEnvironment", slug: str) -> bytes | None:
    caller = trusted(environ)
    length = environ.get("CONTENT_LENGTH", "")
    if caller is None or environ.get("CONTENT_TYPE") != JSON or not length.isdecimal() or int(length) > LARGEST_BODY:
        return None
    try:
        sent = quickly_read(json.loads(asked(environ).get_data()))
        return encode(_decided(slug, sent, by=caller.actor)).encode() if sent else None
    except Exception:  # noqa: BLE001 -- the view meets it again, where it is answered; a scan is counted once however often it is sent
        return None


def init_app(app: Flask) -> None:
    app.wsgi_app = Doors(app)  # type: ignore[method-assign] -- Flask's own way of wrapping
