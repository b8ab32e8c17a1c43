"""Scans: one live or a thousand late ones, in one transaction that is on disk before the answer leaves."""

from typing import Any

import marshmallow as ma
from flask import Response, g

from engage import arrivals, events
from engage.arrivals import ScanRequest
from webapp.api import pages, schemas
from webapp.api.answers import Faulty, answer, described, moment, read_body
from webapp.wiring import clock, saving

_SCANS = schemas.Scans()


@pages.post("/events/<slug>/scans")
@described(schemas.Outcomes, 400, 404, 413, 415, 422, body=schemas.Scans)
def scan(slug: str) -> Response:
    """Admit, or say why not. Repeating a scan's id repeats its answer and changes nothing."""
    given = _given(read_body())
    requests = [ScanRequest(id=each["id"].lower(), code=arrivals.code_in(each["code"]), at=each["at"], direction=each["direction"],
                            device=each["device"]) for each in given]
    with saving() as session:
        outcomes = arrivals.scan(session, events.by_slug(session, slug), requests, by=g.caller.actor, now=clock())
    return answer({"scans": [
        {"id": each["id"], "result": outcome.result, "name": outcome.name, "category": outcome.category,
         "first_at": moment(outcome.first_at)}
        for each, outcome in zip(given, outcomes, strict=True)
    ]})


def _given(body: object) -> list[dict[str, Any]]:
    try:
        return _SCANS.load(body)["scans"]  # type: ignore[call-overload]
    except ma.ValidationError as error:
        raise Faulty(error.messages) from None
