"""Rehearsals: an unlisted event, open for scanning now, with invented guests, to try a door or a load."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import audit, events
from engage.codes import new_code
from engage.errors import Invalid
from engage.events import Details, Event, Kind
from engage.parties import Attendee, Registration
from engage.people import categories
from engage.quotas import Quota


class NoGuests(Invalid):
    """A rehearsal needs at least one guest."""


def rehearse(session: Session, guests: int, *, by: str, now: datetime) -> Event:
    """A published rehearsal from an hour ago to three hours from now, with `guests` confirmed guests of all categories.

    Raises NoGuests. Needs the categories that `people.seed_categories` brings.
    """
    if guests < 1:
        raise NoGuests(field="guests", guests=guests)
    details = Details(
        title=f"签到演练 {guests} 人", kind=Kind.REHEARSAL, place="演练", contact_phone="-",
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=3), slug=f"rehearsal-{new_code()[:8]}",
    )
    event = events.create(session, details, by=by, now=now)
    events.publish(session, event, by=by, now=now)
    kinds = categories(session)
    registered = [
        {
            "event_id": event.id, "category_id": kinds[number % len(kinds)].id, "party": 1, "created_at": now,
            "person_key": f"演练嘉宾{number:05}",
        }
        for number in range(1, guests + 1)
    ]
    added = sa.insert(Registration).returning(Registration.id, Registration.category_id, sort_by_parameter_order=True)
    parties = session.execute(added, registered).all()
    session.execute(sa.insert(Attendee), [
        {
            "event_id": event.id, "registration_id": party.id, "category_id": party.category_id, "place": 0,
            "name": f"演练嘉宾{number:05}", "ticket_code": new_code(), "survey_code": new_code(),
        }
        for number, party in enumerate(parties, start=1)
    ])
    session.execute(sa.update(Quota).where(Quota.event_id == event.id).values(taken=guests))
    audit.record(session, "event.rehearse", event, by=by, now=now, guests=guests)
    return event
