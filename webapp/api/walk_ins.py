"""Walk-ins: people who are entered at the door."""

from typing import Any

from flask import Response, g

from engage import arrivals, events, walk_ins
from engage.codes import digest
from engage.walk_ins import WalkInRequest
from webapp.api import pages, schemas
from webapp.api.answers import answer, corrected, described, read, read_body, skew
from webapp.wiring import clock, saving

_SCHEMA = schemas.WalkIns()
_TEXTS = "name", "category", "phone", "organisation", "device"


@pages.post("/events/<slug>/walk-ins")
@described(schemas.WalkInsEntered, 400, 404, 413, 415, 422, body=schemas.WalkIns)
def enter(slug: str) -> Response:
    """Enter people who came without a registration. Repeating an id repeats its answer and changes nothing.

    What is refused is kept for staff to settle, since the person has come.
    """
    now, sent = clock(), read(_SCHEMA, read_body())
    given: list[dict[str, Any]] = sent["walk_ins"]
    slow = skew(sent.get("sent_at"), now=now)
    requests = [
        WalkInRequest(id=each["id"].lower(), at=corrected(each["at"], slow), clock_at=each["at"], beyond_seats=each["beyond_seats"],
                      **{name: arrivals.printable(each[name]) for name in _TEXTS})
        for each in given
    ]
    with saving() as session:
        entered = walk_ins.enter(session, events.by_slug(session, slug), requests, by=g.caller.actor, now=now)
    return answer({"walk_ins": [
        {"id": each["id"], "result": one.result, "digest": digest(one.attendee.ticket_code) if one.attendee else None}
        for each, one in zip(given, entered, strict=True)
    ]})
