"""Events, to read."""

from typing import Any

from flask import Response

from engage import arrivals, events
from engage.events import Event, State
from webapp.api import pages, schemas
from webapp.api.answers import answer, described, moment
from webapp.wiring import db


@pages.get("/events")
@pages.arguments(schemas.Page, location="query")
@described(schemas.Events)
def event_list(page: dict[str, Any]) -> Response:
    """Published, closed and cancelled events, the newest first, some at a time."""
    session, limit = db.session(), page["limit"]
    found = events.find().where(Event.state != State.DRAFT).order_by(Event.id.desc()).limit(limit + 1)
    if "cursor" in page:
        found = found.where(Event.id < int(page["cursor"]))
    some = session.scalars(found).all()
    totals = arrivals.totals(session, [event.id for event in some[:limit]])
    following = str(some[limit - 1].id) if len(some) > limit else None
    return answer({"events": [_shown(event, *totals.get(event.id, (0, 0))) for event in some[:limit]], "next": following})


@pages.get("/events/<slug>")
@described(schemas.EventInFull, 404)
def event_in_full(slug: str) -> Response:
    """One event, with how many people are expected and have arrived by category."""
    session = db.session()
    event = events.by_slug(session, slug)
    counts = arrivals.counts(session, event)
    shown = _shown(event, sum(count.expected for count in counts), sum(count.arrived for count in counts))
    categories = [{"code": count.category.code, "name": count.category.name, "expected": count.expected, "arrived": count.arrived}
                  for count in counts]
    scans_from, scans_until = arrivals.Door.of(event).hours() or (None, None)
    return answer(shown | {"scans_from": moment(scans_from), "scans_until": moment(scans_until), "categories": categories})


def _shown(event: Event, expected: int, arrived: int) -> dict[str, Any]:
    return {
        "slug": event.slug, "title": event.title, "kind": event.kind, "state": event.state, "visibility": event.visibility,
        "starts_at": moment(event.starts_at), "ends_at": moment(event.ends_at), "place": event.place, "address": event.address,
        "expected": expected, "arrived": arrived,
    }
