"""Undos: scans that shall not count."""

from typing import Any

from flask import Response, g

from engage import arrivals, events, undos
from engage.undos import UndoRequest
from webapp.api import pages, schemas
from webapp.api.answers import answer, corrected, described, read, read_body, skew
from webapp.wiring import clock, saving

_SCHEMA = schemas.Undos()


@pages.post("/events/<slug>/undos")
@described(schemas.UndosDone, 400, 404, 413, 415, 422, body=schemas.Undos)
def take_back(slug: str) -> Response:
    """Take scans back. Repeating an undo's id repeats its answer and changes nothing; `unknown` is not kept."""
    now, sent = clock(), read(_SCHEMA, read_body())
    given: list[dict[str, Any]] = sent["undos"]
    slow = skew(sent.get("sent_at"), now=now)
    requests = [
        UndoRequest(id=each["id"].lower(), scan=each["scan"].lower(), at=corrected(each["at"], slow), clock_at=each["at"],
                    reason=arrivals.printable(each["reason"]), device=arrivals.printable(each["device"]))
        for each in given
    ]
    with saving() as session:
        results = undos.take_back(session, events.by_slug(session, slug), requests, by=g.caller.actor, now=now)
    return answer({"undos": [{"id": each["id"], "result": result} for each, result in zip(given, results, strict=True)]})
