"""At the door: every scan is kept with its answer, and each ticket is admitted once."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit, events
from engage.codes import digest
from engage.errors import Conflict
from engage.events import Event
from engage.people import Category
from engage.registrations import Attendee, Registration, State
from surveys.base import Base

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


_TICKETS = (
    sa.select(
        Attendee.id, Attendee.ticket_code, Attendee.event_id, Attendee.state, Attendee.name, Attendee.arrived_at,
        Attendee.left_at, Category.name, Registration.party,  # in the order of _Ticket
    )
    .join(Category, Category.id == Attendee.category_id)
    .join(Registration, Registration.id == Attendee.registration_id)
    .where(Attendee.ticket_code.in_(sa.bindparam("codes", expanding=True)))
    # Whoever holds the row decides: a second scanner with the same ticket waits and then reads what the first wrote.
    .order_by(Attendee.id)
    .with_for_update(of=Attendee)
)
_SCANS = cast("sa.Table", Scan.__table__)
_ATTENDEES = cast("sa.Table", Attendee.__table__)
_KNOWN = sa.select(Scan).where(Scan.id.in_(sa.bindparam("ids", expanding=True)))
_ARRIVE = (
    sa.update(_ATTENDEES)
    .where(_ATTENDEES.c.id == sa.bindparam("attendee"))
    .values(arrived_at=sa.bindparam("arrived"), left_at=sa.bindparam("left"))
)


def scan(session: Session, event: Event, requests: Sequence[ScanRequest], *, by: str, now: datetime) -> list[Outcome]:
    """Decide scans in their order, one live or a thousand late ones: an Outcome for each, in the same order.

    A repeated id answers what it answered the first time and changes nothing. A constant number of statements for any number
    of scans. On SQLite begin the transaction with BEGIN IMMEDIATE, as the web app does: there, that is what keeps rows still.
    """
    found = session.execute(_TICKETS, {"codes": [request.code for request in requests]})
    tickets = {row.ticket_code: _Ticket(*row) for row in found}
    known = session.scalars(_KNOWN, {"ids": [request.id for request in requests]})
    answered = {scan.id: _repeated(scan, tickets) for scan in known}
    moved: dict[int, _Ticket] = {}
    added: list[dict[str, Any]] = []
    for request in requests:
        if request.id in answered:
            continue
        ticket = tickets.get(request.code)
        result = _judge(event, ticket, request)
        ours = ticket if ticket is not None and ticket.event_id == event.id else None
        if ours is not None and result in {Result.ADMITTED, Result.LEFT}:
            ours.arrived_at = ours.arrived_at or request.at
            ours.left_at = request.at if result is Result.LEFT else None
            moved[ours.id] = ours
        outcome = _outcome(request.id, result, ours, ours and ours.arrived_at)
        answered[request.id] = outcome
        added.append({
            "id": request.id, "event_id": event.id, "attendee_id": outcome.attendee_id, "code_digest": digest(request.code),
            "direction": request.direction, "result": result, "at": request.at, "received_at": now,
            "first_at": outcome.first_at, "by": by, "device": request.device,
        })
    connection = session.connection()
    if moved:
        arrived = [{"attendee": t.id, "arrived": t.arrived_at, "left": t.left_at} for t in moved.values()]
        connection.execute(_ARRIVE, arrived)
    if added:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(_SCANS).on_conflict_do_nothing(), added)
    return [answered[request.id] for request in requests]


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


def door_hours(event: Event) -> tuple[datetime | None, datetime | None]:
    """From when until when scans count; a closed event still takes late scans of its own hours. None where they never do."""
    if event.state not in {events.State.PUBLISHED, events.State.CLOSED} or not event.starts_at or not event.ends_at:
        return None, None
    return event.starts_at - DOOR_MARGIN, event.ends_at + DOOR_MARGIN


def door_open(event: Event, at: datetime) -> bool:
    """Whether a scan at this time counts."""
    opens, closes = door_hours(event)
    return opens is not None and closes is not None and opens <= at <= closes


def code_in(text: str) -> str:
    """The ticket's code in what was scanned or typed: its address (…/t/CODE), or the bare code in any case."""
    found = _ADDRESS.search(text)
    return (found[1] if found else "".join(filter(str.isprintable, text)).strip()).lower()


@dataclass
class _Ticket:
    """A ticket as the door sees it, moved along while a batch is decided."""

    id: int
    ticket_code: str
    event_id: int
    state: State
    name: str
    arrived_at: datetime | None
    left_at: datetime | None
    category: str
    party: int


def _judge(event: Event, ticket: _Ticket | None, request: ScanRequest) -> Result:
    if ticket is None:
        return Result.UNKNOWN
    if ticket.event_id != event.id:
        return Result.WRONG_EVENT
    if ticket.state is State.CANCELLED:
        return Result.CANCELLED
    if not door_open(event, request.at):
        return Result.NOT_OPEN
    if request.direction is Direction.OUT:
        return Result.LEFT
    return Result.ALREADY if ticket.arrived_at and not ticket.left_at else Result.ADMITTED


def _repeated(scan: Scan, tickets: dict[str, _Ticket]) -> Outcome:
    """The answer that a scan was given before."""
    ticket = next((ticket for ticket in tickets.values() if ticket.id == scan.attendee_id), None)
    return _outcome(scan.id, scan.result, ticket, scan.first_at)


def _outcome(scan_id: str, result: Result, ticket: _Ticket | None, first_at: datetime | None) -> Outcome:
    if ticket is None:
        return Outcome(id=scan_id, result=result)
    return Outcome(
        id=scan_id, result=result, name=ticket.name, category=ticket.category, party=ticket.party, first_at=first_at,
        attendee_id=ticket.id,
    )
