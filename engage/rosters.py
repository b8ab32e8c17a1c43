"""The roster: what a scanner needs to know of an event and its tickets to do without a network."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage.activities import Activity
from engage.codes import digest
from engage.events import Event
from engage.parties import Attendee, Registration
from engage.people import Category
from engage.presence import Attendance
from surveys.statements import Statement, moment


class RoomLine(NamedTuple):
    """A ticket at an activity's door."""

    id: int
    arrived_at: datetime | None
    left_at: datetime | None


class Line(NamedTuple):
    """One ticket; `digest` stands for its code. `party_id` joins those who come together, whose leader has `place` 0."""

    digest: str
    name: str
    category: str
    party: int
    party_id: int
    place: int
    state: str
    arrived_at: datetime | None
    left_at: datetime | None
    activities: Sequence[RoomLine]


_TICKETS = Statement(
    sa.select(
        Attendee.id, Attendee.ticket_code, Attendee.name, Category.name, Registration.party, Attendee.registration_id,
        Attendee.place, Attendee.state, Attendee.arrived_at, Attendee.left_at,
    )
    .join(Category, Category.id == Attendee.category_id)
    .join(Registration, Registration.id == Attendee.registration_id)
    .where(Attendee.event_id == sa.bindparam("event", type_=sa.Integer)).order_by(Attendee.id)
)
_IN_ROOMS = Statement(
    sa.select(Attendance.attendee_id, Attendance.activity_id, Attendance.arrived_at, Attendance.left_at)
    .join(Activity, Activity.id == Attendance.activity_id)
    .where(Activity.event_id == sa.bindparam("event", type_=sa.Integer), Attendance.arrived_at.is_not(None))
    .order_by(Attendance.attendee_id, Attendance.activity_id)
)


def roster(session: Session, event: Event) -> Iterator[Line]:
    """Every ticket of the event, cancelled ones too: two statements."""
    session.flush()
    connection = session.connection()
    rooms: dict[int, list[RoomLine]] = {}
    for attendee_id, activity_id, arrived_at, left_at in _IN_ROOMS.rows(connection, event=event.id):
        rooms.setdefault(attendee_id, []).append(RoomLine(activity_id, moment(arrived_at), moment(left_at)))
    for attendee_id, code, name, category, party, party_id, place, state, arrived_at, left_at in _TICKETS.rows(
        connection, event=event.id
    ):
        yield Line(digest(code), name, category, party, party_id, place, state, moment(arrived_at), moment(left_at),
                   rooms.get(attendee_id, ()))


def codes(session: Session, slug: str, digests: Collection[str]) -> dict[str, str]:
    """Ticket codes of the event at this address by their digests; what is no ticket of it is left out."""
    found = session.scalars(sa.select(Attendee.ticket_code).join(Event, Event.id == Attendee.event_id).where(Event.slug == slug))
    return {sent: code for code in found if (sent := digest(code)) in digests}
