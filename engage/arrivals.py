"""At the door: every scan is kept with its answer, and each ticket is admitted once."""

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from engage import audit, events
from engage.codes import digest
from engage.errors import Conflict
from engage.events import Event
from engage.people import Category
from engage.registrations import Attendee, Registration, State
from surveys.base import Base
from surveys.statements import Statement, moment

PARTY_AT_MOST = 200
_ADDRESS = re.compile(r"/t/([A-Za-z2-7]{26})(?![A-Za-z0-9])")
DOOR_MARGIN = timedelta(hours=12)  # scans count this long before the start and after the end


class NotHere(Conflict):
    """This person has not arrived."""


class Direction(StrEnum):
    """Which way somebody goes through the door."""

    IN = "in"
    OUT = "out"


class Result(StrEnum):
    """What the door answers to a scan; clients rely on these words."""

    ADMITTED = "admitted"
    ALREADY = "already"
    LEFT = "left"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    WRONG_EVENT = "wrong_event"
    NOT_OPEN = "not_open"


@dataclass(frozen=True, kw_only=True)
class ScanRequest:
    """A ticket held before a scanner. `id` is the scanner's own UUID for this scan: the same id is the same scan."""

    id: str
    code: str
    at: datetime
    direction: Direction = Direction.IN
    device: str = ""


class Door(NamedTuple):
    """What of an event decides at its door."""

    event_id: int
    state: events.State
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, event: Event) -> "Door":
        """The door of a loaded event."""
        return cls(event.id, event.state, event.starts_at, event.ends_at)

    def hours(self) -> tuple[datetime, datetime] | None:
        """From when until when scans count; a closed event still takes late scans of its own hours. None: they never do."""
        if self.state not in {events.State.PUBLISHED, events.State.CLOSED} or not self.starts_at or not self.ends_at:
            return None
        return self.starts_at - DOOR_MARGIN, self.ends_at + DOOR_MARGIN

    def open(self, at: datetime) -> bool:
        """Whether a scan at this time counts."""
        hours = self.hours()
        return hours is not None and hours[0] <= at <= hours[1]


class Batch(NamedTuple):
    """What one scanner sends at once: `by` is its actor."""

    door: Door
    requests: Sequence[ScanRequest]
    by: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The door's answer. Name, category and party are empty where the ticket is not this event's; times are aware."""

    id: str
    result: Result
    name: str = ""
    category: str = ""
    party: int = 0
    first_at: datetime | None = None
    attendee_id: int | None = None


class Scan(Base):
    """One scan as it was answered. The code itself is not kept, so that the table opens no door."""

    __tablename__ = "scan"
    __table_args__ = (sa.Index("ix_scan_event_received", "event_id", "received_at"),)

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    attendee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), index=True)
    code_digest: Mapped[str] = mapped_column(sa.String(22))
    direction: Mapped[Direction]
    result: Mapped[Result]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    first_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(sa.String(80))
    device: Mapped[str] = mapped_column(sa.String(80), default="")


class Count(NamedTuple):
    """Seats of one category: how many people are expected and how many have arrived."""

    category: Category
    expected: int
    arrived: int


class RosterLine(NamedTuple):
    """What a scanner needs to know of a ticket without a network; `digest` stands for the code."""

    digest: str
    name: str
    category: str
    party: int
    state: str
    arrived_at: datetime | None


_SCANS = cast("sa.Table", Scan.__table__)
_ATTENDEES = cast("sa.Table", Attendee.__table__)


def scan(session: Session, event: Event, requests: Sequence[ScanRequest], *, by: str, now: datetime) -> list[Outcome]:
    """Decide scans in their order, one live or a thousand late ones: an Outcome for each, in the same order.

    A repeated id answers what it answered the first time and changes nothing. A constant number of statements for any number
    of scans. On SQLite begin the transaction with BEGIN IMMEDIATE, as the web app does: there, that is what keeps rows still.
    What the session has loaded of the attendees is not refreshed.
    """
    session.flush()
    return scan_together(session.connection(), [Batch(Door.of(event), requests, by)], now=now)[0]


def scan_together(connection: sa.Connection, batches: Sequence[Batch], *, now: datetime) -> list[list[Outcome]]:
    """`scan` for several scanners at once, in the order of the batches, with no more statements than for one.

    Takes the bare connection: no record is loaded here.
    """
    send = _statements(connection.dialect.name)
    every = [request for batch in batches for request in batch.requests]
    found = send.tickets.rows(connection, keys=[request.code for request in every])
    tickets = {row[1]: _ticket(*row) for row in found}
    holders = {ticket.id: ticket for ticket in tickets.values()}
    known = send.known.rows(connection, keys=[request.id for request in every])
    answered = {row[0]: _outcome(row[0], Result(row[1]), holders.get(row[2]), moment(row[3])) for row in known}
    moved: dict[int, _Ticket] = {}
    added: list[dict[str, Any]] = []
    for batch in batches:
        for request in batch.requests:
            if request.id in answered:
                continue
            ticket = tickets.get(request.code)
            result = _judge(batch.door, ticket, request)
            ours = ticket if ticket is not None and ticket.event_id == batch.door.event_id else None
            if ours is not None and result in {Result.ADMITTED, Result.LEFT}:
                ours.arrived_at = ours.arrived_at or request.at
                ours.left_at = request.at if result is Result.LEFT else None
                moved[ours.id] = ours
            outcome = _outcome(request.id, result, ours, ours and ours.arrived_at)
            answered[request.id] = outcome
            added.append({
                "id": request.id, "event_id": batch.door.event_id, "attendee_id": outcome.attendee_id,
                "code_digest": digest(request.code), "direction": request.direction.value, "result": result.value,
                "at": request.at, "received_at": now, "first_at": outcome.first_at, "by": batch.by, "device": request.device,
            })
    send.arrive.send(connection, [
        {"attendee": ticket.id, "arrived_at": ticket.arrived_at, "left_at": ticket.left_at} for ticket in moved.values()
    ])
    added.sort(key=itemgetter("id"))  # two processes that are sent the same scans then wait for each other in one order
    send.add.send(connection, added)
    return [[answered[request.id] for request in batch.requests] for batch in batches]


def doors(connection: sa.Connection, slugs: Collection[str]) -> dict[str, Door]:
    """What the door must know of the events of these addresses; those that do not exist are left out."""
    rows = _statements(connection.dialect.name).doors.rows(connection, keys=list(slugs))
    return {row[0]: Door(row[1], events.State(row[2]), moment(row[3]), moment(row[4])) for row in rows}


def undo(session: Session, attendee: Attendee, *, by: str, now: datetime) -> None:
    """Take an admission back; the scan that caused it stays on record. Raises NotHere."""
    if attendee.arrived_at is None:
        raise NotHere
    audit.record(session, "arrival.undo", attendee, by=by, now=now, arrived_at=attendee.arrived_at.isoformat())
    attendee.arrived_at = attendee.left_at = None


def party(attendee: Attendee, *, scan_id: str, at: datetime) -> list[ScanRequest]:
    """A scan for each of the attendee's party. From one `scan_id` come the same ids each time, hence the same answers."""
    coming = (a for a in attendee.registration.attendees if a.state is State.CONFIRMED or a is attendee)
    return [ScanRequest(id=str(uuid.uuid5(uuid.UUID(scan_id), a.ticket_code)), code=a.ticket_code, at=at) for a in coming]


def answer_of(session: Session, event: Event, scan_id: str) -> Outcome | None:
    """What a scan was answered; None if it was never decided here."""
    found = session.get(Scan, scan_id)
    if found is None or found.event_id != event.id:
        return None
    person = session.get(Attendee, found.attendee_id) if found.attendee_id else None
    if person is None:
        return Outcome(id=scan_id, result=found.result)
    return Outcome(id=scan_id, result=found.result, name=person.name, category=person.category.name,
                   party=person.registration.party, first_at=found.first_at, attendee_id=person.id)


def last_admitted(session: Session, event: Event, *, by: str) -> list[Attendee]:
    """Whom `by` admitted last at this event and who is still in: one person, or those of a party admitted together."""
    admitted = (
        sa.select(Scan.received_at, Attendee).join(Attendee, Attendee.id == Scan.attendee_id)
        .where(Scan.event_id == event.id, Scan.by == by, Scan.result == Result.ADMITTED, Attendee.arrived_at.is_not(None))
        .order_by(Scan.received_at.desc(), Attendee.id).limit(PARTY_AT_MOST)
    )
    rows = session.execute(admitted).all()
    return [attendee for received_at, attendee in rows if received_at == rows[0].received_at]


def counts(session: Session, event: Event) -> list[Count]:
    """Expected and arrived people of each category that has any, in the categories' order."""
    by_category = (
        sa.select(Category, sa.func.count(Attendee.id), sa.func.count(Attendee.arrived_at))
        .join(Attendee, Attendee.category_id == Category.id)
        .where(Attendee.event_id == event.id, Attendee.state == State.CONFIRMED)
        .group_by(Category.id).order_by(Category.position, Category.id)
    )
    return [Count(category, expected, arrived) for category, expected, arrived in session.execute(by_category)]


def roster(session: Session, event: Event) -> list[RosterLine]:
    """Every ticket of the event, cancelled ones too, for a scanner that must do without the network."""
    tickets = (
        sa.select(
            Attendee.ticket_code, Attendee.name, Category.name, Registration.party, Attendee.state, Attendee.arrived_at
        )
        .join(Category, Category.id == Attendee.category_id)
        .join(Registration, Registration.id == Attendee.registration_id)
        .where(Attendee.event_id == event.id).order_by(Attendee.id)
    )
    rows = session.execute(tickets)
    return [RosterLine(digest(code), name, category, party, state, at) for code, name, category, party, state, at in rows]


def totals(session: Session, event_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Expected and arrived people of several events, by event id; an event without guests is left out."""
    by_event = (
        sa.select(Attendee.event_id, sa.func.count(Attendee.id), sa.func.count(Attendee.arrived_at))
        .where(Attendee.event_id.in_(event_ids), Attendee.state == State.CONFIRMED).group_by(Attendee.event_id)
    )
    return {event_id: (expected, arrived) for event_id, expected, arrived in session.execute(by_event)}


def code_in(text: str) -> str:
    """The ticket's code in what was scanned or typed: its address (…/t/CODE), or the bare code in any case."""
    found = _ADDRESS.search(text)
    return (found[1] if found else printable(text)).lower()


def printable(text: str) -> str:
    """The text without what no database takes and nobody sees (NUL, half a surrogate pair), trimmed."""
    return (text if text.isprintable() else "".join(filter(str.isprintable, text))).strip()


@dataclass
class _Ticket:
    """A ticket as the door sees it, moved along while a batch is decided."""

    id: int
    ticket_code: str
    event_id: int
    state: str
    name: str
    arrived_at: datetime | None
    left_at: datetime | None
    category: str
    party: int


def _ticket(*row: Any) -> _Ticket:
    """From the columns that `_statements` selects."""
    number, code, event_id, state, name, arrived_at, left_at, category, party = row
    return _Ticket(number, code, event_id, state, name, moment(arrived_at), moment(left_at), category, party)


def _judge(door: Door, ticket: _Ticket | None, request: ScanRequest) -> Result:
    if ticket is None:
        return Result.UNKNOWN
    if ticket.event_id != door.event_id:
        return Result.WRONG_EVENT
    if ticket.state == State.CANCELLED:
        return Result.CANCELLED
    if not door.open(request.at):
        return Result.NOT_OPEN
    if request.direction is Direction.OUT:
        return Result.LEFT
    return Result.ALREADY if ticket.arrived_at and not ticket.left_at else Result.ADMITTED


def _outcome(scan_id: str, result: Result, ticket: _Ticket | None, first_at: datetime | None) -> Outcome:
    if ticket is None:
        return Outcome(id=scan_id, result=result)
    return Outcome(
        id=scan_id, result=result, name=ticket.name, category=ticket.category, party=ticket.party, first_at=first_at,
        attendee_id=ticket.id,
    )


class _Statements(NamedTuple):
    doors: Statement
    tickets: Statement
    known: Statement
    arrive: Statement
    add: Statement


@cache
def _statements(database: str) -> _Statements:
    """The door's statements for `sqlite` or `postgresql`. A list of keys is one parameter, so that no text depends on its length."""
    on_sqlite = database == "sqlite"
    insert = sqlite.insert if on_sqlite else postgresql.insert

    def among(column: InstrumentedAttribute[str]) -> sa.ColumnElement[bool]:
        if on_sqlite:
            return column.in_(sa.select(sa.func.json_each(sa.bindparam("keys", type_=sa.JSON)).table_valued("value").c.value))
        return column == sa.any_(sa.bindparam("keys", type_=postgresql.ARRAY(sa.String)))

    door = sa.select(Event.slug, Event.id, Event.state, Event.starts_at, Event.ends_at).where(among(Event.slug))
    tickets = (
        sa.select(
            Attendee.id, Attendee.ticket_code, Attendee.event_id, Attendee.state, Attendee.name, Attendee.arrived_at,
            Attendee.left_at, Category.name, Registration.party,  # in the order of _Ticket
        )
        .join(Category, Category.id == Attendee.category_id)
        .join(Registration, Registration.id == Attendee.registration_id)
        .where(among(Attendee.ticket_code))
        # Whoever holds the row decides: a second scanner with the same ticket waits and then reads what the first wrote.
        .order_by(Attendee.id).with_for_update(of=Attendee)
    )
    known = sa.select(Scan.id, Scan.result, Scan.attendee_id, Scan.first_at).where(among(Scan.id))
    arrive = (
        sa.update(_ATTENDEES).where(_ATTENDEES.c.id == sa.bindparam("attendee"))
        .values(arrived_at=sa.bindparam("arrived_at"), left_at=sa.bindparam("left_at"))
    )
    add = insert(_SCANS).values({column.name: sa.bindparam(column.name) for column in _SCANS.columns}).on_conflict_do_nothing()
    return _Statements(*(Statement(each) for each in (door, tickets, known, arrive, add)))
