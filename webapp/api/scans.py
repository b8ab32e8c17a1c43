"""Scans: one live or a thousand late ones, in one transaction that is on disk before the answer leaves."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import marshmallow as ma
from flask import Response, g

from engage import arrivals
from engage.arrivals import Batch, Direction, Outcome, ScanRequest
from engage.events import EventNotFound
from webapp import formats
from webapp.api import pages, schemas
from webapp.api.answers import Faulty, answer, described, read_body
from webapp.together import Together
from webapp.wiring import clock, writing

MOST_AT_ONCE = 2000  # scans decided in one transaction: then those who wait have their turn
_SCHEMA = schemas.Scans()
_MEMBERS = frozenset(schemas.Scan().fields)
_DIRECTIONS = {str(direction): direction for direction in Direction}


@pages.post("/events/<slug>/scans")
@described(schemas.Outcomes, 400, 404, 413, 415, 422, body=schemas.Scans)
def scan(slug: str) -> Response:
    """Admit, or say why not. Repeating a scan's id repeats its answer and changes nothing."""
    body = read_body()
    given = quickly_read(body)
    if given is None:
        given = _read(body)
    requests = [ScanRequest(id=each["id"].lower(), code=arrivals.code_in(each["code"]), at=each["at"], direction=each["direction"],
                            device=arrivals.printable(each["device"])) for each in given]
    zone = formats.zone()
    outcomes = _SCANS.do(_Scans(slug, requests, g.caller.actor))
    return answer({"scans": [
        {"id": each["id"], "result": outcome.result, "name": outcome.name, "category": outcome.category,
         "first_at": outcome.first_at and outcome.first_at.astimezone(zone).isoformat()}
        for each, outcome in zip(given, outcomes, strict=True)
    ]})


class _Scans(NamedTuple):
    """One scanner's request."""

    slug: str
    requests: Sequence[ScanRequest]
    by: str


def _decide_all(waiting: Sequence[_Scans]) -> list[Sequence[Outcome] | Exception]:
    """The library decides the scans of all in the order in which they came."""
    with writing() as connection:
        doors = arrivals.doors(connection, {each.slug for each in waiting})
        batches = [Batch(doors[each.slug], each.requests, each.by) for each in waiting if each.slug in doors]
        decided = iter(arrivals.scan_together(connection, batches, now=clock()))
    return [next(decided) if each.slug in doors else EventNotFound(slug=each.slug) for each in waiting]


_SCANS = Together("scans", _decide_all, most=MOST_AT_ONCE, size=lambda each: len(each.requests))


def quickly_read(body: Any) -> list[dict[str, Any]] | None:
    """What the schema would read from a body in plain order; None for all others, which the schema then judges and explains.

    The schema is the truth. This is twenty times as quick, and a test holds the two against each other.
    """
    if type(body) is not dict or body.keys() != {"scans"}:
        return None
    scans = body["scans"]
    if type(scans) is not list or len(scans) > schemas.MOST_SCANS:
        return None
    read = [given for scan in scans if (given := _quickly(scan)) is not None]
    return read if len(read) == len(scans) else None


def _quickly(scan: Any) -> dict[str, Any] | None:
    if type(scan) is not dict or scan.keys() - _MEMBERS:
        return None
    scan_id, code, device = scan.get("id"), scan.get("code"), scan.get("device", "")
    at, way = schemas.moment_of(scan.get("at")), scan.get("direction", "in")
    direction = _DIRECTIONS.get(way) if type(way) is str else None
    if (type(scan_id) is not str or not schemas.UUID.fullmatch(scan_id) or at is None or direction is None
            or type(code) is not str or not 1 <= len(code) <= schemas.LONGEST_CODE
            or type(device) is not str or len(device) > schemas.LONGEST_DEVICE or scan.get("activity") is not None):
        return None
    return {"id": scan_id, "code": code, "at": at, "direction": direction, "activity": None, "device": device}


def _read(body: Any) -> list[dict[str, Any]]:
    try:
        return cast("dict[str, Any]", _SCHEMA.load(body))["scans"]
    except ma.ValidationError as error:
        raise Faulty(error.messages) from None
