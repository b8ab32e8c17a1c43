"""Scans: one live or a thousand late ones, in one transaction that is on disk before the answer leaves.

What a known device sends in plain order is decided before Flask makes a request of it, everything else by the view, and both by
`_decided`: at the door many scan in the same second; decision 015.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from flask import Flask, Response, g

from engage import arrivals, rosters
from engage.arrivals import Batch, Outcome, ScanRequest
from engage.events import EventNotFound
from engage.presence import Direction, Result
from webapp import formats
from webapp.api import pages, schemas
from webapp.api.access import trusted
from webapp.api.answers import JSON, LARGEST_BODY, corrected, described, read, read_body, skew
from webapp.together import Together
from webapp.wiring import clock, db, read_at_once, writing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_AT_ONCE = 2000  # scans decided in one transaction: then those who wait have their turn
_ADDRESS = re.compile(r"/api/v1/events/([^/]+)/scans")
_SCHEMA = schemas.Scans()


class _Scan(msgspec.Struct, forbid_unknown_fields=True):
    """What `schemas.Scan` describes."""

    id: Annotated[str, msgspec.Meta(pattern=f"^{schemas.UUID.pattern}$")]
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=schemas.LONGEST_CODE)]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    direction: Direction = Direction.IN
    activity: Annotated[int, msgspec.Meta(ge=1, le=schemas.LARGEST_ID)] | None = None
    told: Result | None = None
    device: Annotated[str, msgspec.Meta(max_length=schemas.LONGEST_DEVICE)] = ""

    def __post_init__(self) -> None:
        self.at = schemas.in_utc(self.at)


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """What `schemas.Scans` describes. The schema explains what is wrong; this reads what is right in a thirtieth of the time.

    A test holds the two against each other.
    """

    scans: Annotated[list[_Scan], msgspec.Meta(max_length=schemas.MOST_SCANS)]
    sent_at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        self.sent_at = self.sent_at and schemas.in_utc(self.sent_at)


class _Answer(msgspec.Struct):
    """What `schemas.Outcome` describes."""

    id: str
    result: Result
    name: str
    category: str
    first_at: datetime | None


_READER, _WRITER = msgspec.json.Decoder(Sent), msgspec.json.Encoder()


@pages.post("/events/<slug>/scans")
@described(schemas.Outcomes, 400, 404, 413, 415, 422, body=schemas.Scans)
def scan(slug: str) -> Response:
    """Admit, or say why not. Repeating a scan's id repeats its answer and changes nothing."""
    body = read_body()
    try:
        sent = msgspec.convert(body, Sent)
    except msgspec.ValidationError:
        sent = msgspec.convert(read(_SCHEMA, body), Sent)
    return Response(_decided(slug, sent, by=g.caller.actor), content_type=JSON)


def _decided(slug: str, sent: Sent, *, by: str) -> bytes:
    """The answer to what was read."""
    slow = skew(sent.sent_at or None, now=clock())
    picked = {each.code[1:] for each in sent.scans if each.code[0] == "#"}  # digests, of whom staff picked from the roster
    codes = {f"#{given}": code for given, code in rosters.codes(db.session(), slug, picked).items()} if picked else {}
    requests = [
        ScanRequest(each.id.lower(), codes.get(each.code) or arrivals.code_in(each.code), corrected(each.at, slow), each.direction,
                    each.activity, arrivals.printable(each.device), each.told, each.at)
        for each in sent.scans
    ]
    outcomes = _SCANS.do(Batch(slug, requests, by))
    if outcomes is None:
        raise EventNotFound(slug=slug)
    zone = formats.zone()
    return _WRITER.encode({"scans": [
        _Answer(each.id, outcome.result, outcome.name, outcome.category, outcome.first_at and outcome.first_at.astimezone(zone))
        for each, outcome in zip(sent.scans, outcomes, strict=True)
    ]})


def _decide_all(waiting: Sequence[Batch]) -> Sequence[list[Outcome] | None]:
    """The library decides the scans of all in the order in which they came."""
    with writing() as connection:
        return arrivals.scan_together(connection, waiting, now=clock())


_SCANS = Together("scans", _decide_all, most=MOST_AT_ONCE, size=lambda each: len(each.requests))


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
        return _decided(slug, _READER.decode(read_at_once(environ, int(length))), by=caller.actor)
    except Exception:  # noqa: BLE001 -- the view meets it again, where it is answered; a scan is counted once however often it is sent
        return None


def init_app(app: Flask) -> None:
    app.wsgi_app = Doors(app)  # type: ignore[method-assign] -- Flask's own way of wrapping
