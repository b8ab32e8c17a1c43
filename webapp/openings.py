"""Whether a guest can register for an event now, and what stands in the way: told before any form is filled in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from engage import events, people, waiting
from engage.errors import EngageError
from engage.events import Event, Kind, State, Visibility
from engage.people import Category
from engage.quotas import CategoryFull, EventFull, Quota


def self_chosen(session: Session) -> list[Category]:
    """The categories that a stranger may pick."""
    return [category for category in people.categories(session) if category.self_chosen]


def full(quota: Quota | None) -> bool:
    """Whether a limit has no seat left."""
    return quota is not None and quota.free is not None and quota.free <= 0


def obstacle(event: Event, categories: Sequence[Category], *, now: datetime) -> EngageError | None:
    """Why nobody of these categories can register now; None when somebody can. Its fact `wait` says whether one may wait instead."""
    try:
        events.require_open(event, now=now)
    except EngageError as refusal:
        return refusal
    if full(event.quota):
        return EventFull(free=0, wanted=1, wait=waiting.joinable(event, now=now))
    if categories and all(full(event.category_quota(category.id)) for category in categories):
        return CategoryFull(free=0, wanted=1, wait=waiting.joinable(event, now=now))
    return None


def may_wait(refusal: EngageError | None) -> bool:
    """Whether whoever meets this obstacle may wait for a seat."""
    return refusal is not None and bool(refusal.facts.get("wait"))


def shown_to_all(event: Event) -> bool:
    """Whether strangers may see the event's page; a cancelled one stays to say so."""
    return event.visibility is Visibility.PUBLIC and event.state is not State.DRAFT and event.kind is not Kind.REHEARSAL
