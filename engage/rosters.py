"""The roster: what a scanner needs to know of an event and its tickets to do without a network."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage.activities import Activity
from engage.codes import digest
from engage.events import Event
from engage.parties import Attendee, ChosenActivity, Registration
from engage.people import Category
from engage.presence import Attendance
from surveys.statements import Statement, moment


class RoomLine(NamedTuple):
    """A ticket at an activity's door."""

    id: int
    arrived_at: datetime | None
    left_at: datetime | None


class Line(NamedTuple):
    """One ticket; `digest` stands for its code. `party_id` joins those who come together, whose leader has `place` 0.

    `inside` is what the event's own door says: who was seen in rooms only has arrived, and is not inside. `chosen` are ids of the
    activities that the party has chosen.
    """

    digest: str
    name: str
    category: str
    party: int
    party_id: int
    place: int
    state: str
    arrived_at: datetime | None
    left_at: datetime | None
    inside: bool
    activities: Sequence[RoomLine]
    chosen: Sequence[int]


_LINES = (
    sa.select(
        Attendee.id, Attendee.ticket_code, Attendee.name, Attendee.category_id, Registration.party, Attendee.registration_id,
        Attendee.place, Attendee.state, Attendee.arrived_at, Attendee.left_at, Attendee.inside_since.is_not(None).label("inside"),
    )
    .join(Registration, Registration.id == Attendee.registration_id)
    .where(Attendee.event_id == sa.bindparam("event", type_=sa.Integer)).order_by(Attendee.id)
)
_ROOM_LINES = (
    sa.select(Attendance.attendee_id, Attendance.activity_id, Attendance.arrived_at, Attendance.left_at)
    .join(Activity, Activity.id == Attendance.activity_id)
    .where(Activity.event_id == sa.bindparam("event", type_=sa.Integer), Attendance.arrived_at.is_not(None))
    .order_by(Attendance.attendee_id, Attendance.activity_id)
)
_CHOSEN_LINES = (
    sa.select(ChosenActivity.registration_id, ChosenActivity.activity_id)
    .join(Activity, Activity.id == ChosenActivity.activity_id)
    .where(Activity.event_id == sa.bindparam("event", type_=sa.Integer))
    .order_by(ChosenActivity.registration_id, ChosenActivity.activity_id)
)
_TICKETS, _IN_ROOMS, _CHOSEN = Statement(_LINES), Statement(_ROOM_LINES), Statement(_CHOSEN_LINES)


def roster(session: Session, event: Event) -> Iterator[Line]:
    """Every ticket of the event, cancelled ones too: four statements, and no more tickets in memory than are being looked at."""
    session.flush()
    connection = session.connection()
    categories = _categories(session)
    rooms: dict[int, list[RoomLine]] = {}
    for attendee_id, activity_id, arrived_at, left_at in _IN_ROOMS.each(connection, event=event.id):
        rooms.setdefault(attendee_id, []).append(RoomLine(activity_id, moment(arrived_at), moment(left_at)))
    chosen: dict[int, list[int]] = {}
    for registration_id, activity_id in _CHOSEN.each(connection, event=event.id):
        chosen.setdefault(registration_id, []).append(activity_id)
    for attendee_id, code, name, category_id, party, party_id, place, state, arrived_at, left_at, inside in _TICKETS.each(
        connection, event=event.id
    ):
        yield Line(digest(code), name, categories[category_id], party, party_id, place, state, moment(arrived_at), moment(left_at),
                   bool(inside), rooms.get(attendee_id, ()), chosen.get(party_id, ()))


def mark(session: Session, event: Event) -> str:
    """A short text that is another one as soon as `roster` would give anything else.

    The database puts together what is in it: some ten times as quick as the roster, and nobody who writes has to think of it.
    """
    session.flush()
    connection = session.connection()
    told = hashlib.blake2b(f"{_categories(session)}".encode(), digest_size=16)
    for statement in _marks(connection.dialect.name):
        told.update(f"{statement.rows(connection, event=event.id)[0][0]};".encode())
    return told.hexdigest()


@cache
def _marks(database: str) -> tuple[Statement, Statement, Statement]:
    """For `sqlite` or `postgresql`: all tickets, rooms' lines and choices in one text each, of which PostgreSQL sends a digest."""
    def whole(lines: sa.SelectBase) -> Statement:
        inner = lines.subquery()
        if database == "sqlite":
            return Statement(sa.select(sa.func.group_concat(sa.func.json_array(*inner.c))))
        line = sa.cast(sa.func.json_build_array(*inner.c), sa.Text)
        return Statement(sa.select(sa.func.md5(sa.func.string_agg(line, sa.literal_column("','")))))

    # Sorted on PostgreSQL, where the order of rows may change by itself; on SQLite it is that of an index.
    lines = _LINES if database == "postgresql" else _LINES.order_by(None)
    return whole(lines), whole(_ROOM_LINES), whole(_CHOSEN_LINES)


def _categories(session: Session) -> dict[int, str]:
    """Names by id."""
    return dict(iter(session.execute(sa.select(Category.id, Category.name).order_by(Category.id))))


def codes(session: Session, slug: str, digests: Collection[str]) -> dict[str, str]:
    """Ticket codes of the event at this address by their digests; what is no ticket of it is left out."""
    found = session.scalars(sa.select(Attendee.ticket_code).join(Event, Event.id == Attendee.event_id).where(Event.slug == slug))
    return {sent: code for code in found if (sent := digest(code)) in digests}
