"""At the door: every scan is kept with its answer, and each ticket is admitted once."""

import re
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engage import events
from engage.codes import digest
from engage.doubts import DOUBTS, doubt_about
from engage.events import Event
from engage.parties import Attendee, Registration, State
from engage.people import Category
from engage.presence import COUNTED, Direction, Result, Scan, Stay
from engage.retelling import ARRIVE, ATTENDEES, SCANS, Room, Rooms, tell_anew
from surveys.statements import Rows, Statement, among, moment

LATE = timedelta(minutes=1)  # what a device sends later than this it has decided by itself
PARTY_AT_MOST = 200
_ADDRESS = re.compile(r"/t/([A-Za-z2-7]{26})(?![A-Za-z0-9])")
DOOR_MARGIN = timedelta(hours=12)  # scans count this long before the start and after the end


class ScanRequest(msgspec.Struct, frozen=True, gc=False):
    """A ticket held before a scanner. `id` is the scanner's own UUID for this scan: the same id is the same scan.

    `activity` is the id of the activity at whose door it was; None is the event's. `told` is what a device without a network
    told the guest by itself. `clock_at` is what the device's clock said, where `at` is corrected.
    """

    id: str
    code: str
    at: datetime
    direction: Direction = Direction.IN
    activity: int | None = None
    device: str = ""
    told: Result | None = None
    clock_at: datetime | None = None


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
    """What one scanner sends at once, at the event of this address: `by` is its actor."""

    slug: str
    requests: Sequence[ScanRequest]
    by: str


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The door's answer. Name, category and party are empty where the ticket is not this event's; times are aware."""

    id: str
    result: Result
    name: str = ""
    category: str = ""
    party: int = 0
    first_at: datetime | None = None
    attendee_id: int | None = None


class Count(NamedTuple):
    """Seats of one category: how many people are expected and how many have arrived."""

    category: Category
    expected: int
    arrived: int


# Whoever came is counted, also where staff let somebody in whose registration was cancelled.
COUNTS = sa.or_(Attendee.state == State.CONFIRMED, Attendee.arrived_at.is_not(None))
EXPECTED = sa.func.count(sa.case((Attendee.state == State.CONFIRMED, 1)))


def scan(session: Session, event: Event, requests: Sequence[ScanRequest], *, by: str, now: datetime) -> list[Outcome]:
    """Decide scans in their order, one live or a thousand late ones: an Outcome for each, in the same order.

    A repeated id answers what it answered the first time and changes nothing. A constant number of statements for any number
    of scans. On SQLite begin the transaction with BEGIN IMMEDIATE, as the web app does: there, that is what keeps rows still.
    What the session has loaded of the attendees is not refreshed.
    """
    session.flush()
    return scan_together(session.connection(), [Batch(event.slug, requests, by)], now=now)[0] or []


def scan_together(connection: sa.Connection, batches: Sequence[Batch], *, now: datetime) -> list[list[Outcome] | None]:
    """`scan` for several scanners at once, in the order of the batches, with no more statements than for one; None where there is
    no such event.

    Takes the bare connection: no record is loaded here.
    """
    send = _statements(connection.dialect.name)
    every = [request for batch in batches for request in batch.requests]
    events_found = send.doors.asked(connection, keys=list({batch.slug for batch in batches}))
    found = send.tickets.asked(connection, keys=[request.code for request in every])
    known = send.known.asked(connection, keys=[request.id for request in every])
    doors = {row[0]: Door(row[1], events.State(row[2]), moment(row[3]), moment(row[4])) for row in events_found.fetchall()}
    tickets = {row[1]: _ticket(*row) for row in found.fetchall()}
    holders = {ticket.id: ticket for ticket in tickets.values()}
    answered = {row[0]: _outcome(row[0], Result(row[1]), holders.get(row[2]), moment(row[3])) for row in known.fetchall()}
    activities = {request.activity for request in every if request.activity is not None}
    leaving = any(request.direction is Direction.OUT for request in every)
    rooms = Rooms(connection, activities, holders) if activities or leaving else None
    decided: dict[str, _Decided] = {}
    for batch in batches:
        if batch.slug not in doors:
            continue
        scanner = _Scanner(doors[batch.slug].event_id, doors[batch.slug].hours(), batch.by)
        for request in batch.requests:
            if request.id not in answered and request.id not in decided:
                decided[request.id] = _decide(scanner, tickets.get(request.code), rooms, request)
    ARRIVE.send(connection, [
        (*ticket.door.times(), ticket.id) for ticket in holders.values() if ticket.seen and not ticket.late
    ])
    if rooms:
        rooms.write(connection)
    # Sorted: two processes that are sent the same scans then wait for each other in one order.
    _ADD.send(connection, [decided[each].row(now) for each in sorted(decided)])
    if late := [ticket.id for ticket in holders.values() if ticket.late]:
        _decide_late(connection, late, decided, now=now)
    _note_doubts(connection, decided, now=now)
    answered |= {each: one.outcome() for each, one in decided.items()}
    return [[answered[request.id] for request in batch.requests] if batch.slug in doors else None for batch in batches]


def party(attendee: Attendee, *, scan_id: str, at: datetime, only: Collection[int] | None = None) -> list[ScanRequest]:
    """A scan for each of the attendee's party, or for those of these ids.

    From one `scan_id` come the same ids each time, hence the same answers.
    """
    whole = (a for a in attendee.registration.attendees if a.state is State.CONFIRMED or a is attendee)
    coming = (a for a in whole if only is None or a.id in only)
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
        sa.select(Category, EXPECTED, sa.func.count(Attendee.arrived_at))
        .join(Attendee, Attendee.category_id == Category.id)
        .where(Attendee.event_id == event.id, COUNTS)
        .group_by(Category.id).order_by(Category.position, Category.id)
    )
    return [Count(category, expected, arrived) for category, expected, arrived in session.execute(by_category)]


def totals(session: Session, event_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Expected and arrived people of several events, by event id; an event without guests is left out."""
    by_event = (
        sa.select(Attendee.event_id, EXPECTED, sa.func.count(Attendee.arrived_at))
        .where(Attendee.event_id.in_(event_ids), COUNTS).group_by(Attendee.event_id)
    )
    return {event_id: (expected, arrived) for event_id, expected, arrived in session.execute(by_event)}


def code_in(text: str) -> str:
    """The ticket's code in what was scanned or typed: its address (…/t/CODE), or the bare code in any case."""
    found = _ADDRESS.search(text) if "/" in text else None
    return (found[1] if found else printable(text)).lower()


def printable(text: str) -> str:
    """The text without what no database takes and nobody sees (NUL, half a surrogate pair), trimmed."""
    return (text if text.isprintable() else "".join(filter(str.isprintable, text))).strip()


class _Ticket(msgspec.Struct, gc=False):
    """A ticket as the door sees it, moved along while a batch is decided."""

    id: int
    event_id: int
    state: str
    name: str
    category: str
    party: int
    door: Stay
    seen: bool = False
    late: bool = False  # a scan is earlier than what is known: all of this person's are then told anew


def _ticket(*row: Any) -> _Ticket:
    """From the columns that `_statements` selects."""
    number, _, event_id, state, name, category, party, arrived_at, left_at, inside_since, seen_at = row
    door = Stay(moment(arrived_at), moment(left_at), moment(inside_since), moment(seen_at)) if seen_at or arrived_at else Stay()
    return _Ticket(number, event_id, state, name, category, party, door)


_ADD = Rows(Scan, (
    "id", "event_id", "activity_id", "attendee_id", "code_digest", "direction", "result", "stands", "told",
    "at", "clock_at", "received_at", "first_at", "by", "device",
), passing_over=True)


class _Scanner(NamedTuple):
    """Where scans are held before a scanner, when they count there, and whose it is."""

    event_id: int
    hours: tuple[datetime, datetime] | None
    by: str


class _Decided(msgspec.Struct, gc=False):
    """A scan and what it was answered."""

    scanner: _Scanner
    request: ScanRequest
    ticket: _Ticket | None  # only where it is this event's
    room: Room | None
    result: Result
    first_at: datetime | None

    def row(self, now: datetime) -> Sequence[Any]:
        """The scan as it is stored, in the order of _ADD."""
        request, result, ticket, room = self.request, self.result, self.ticket, self.room
        return (
            request.id, self.scanner.event_id, room and room.id, ticket and ticket.id, digest(request.code),
            request.direction, result, result, request.told,
            request.at, request.clock_at or request.at, now, self.first_at, self.scanner.by, request.device,
        )

    def outcome(self) -> Outcome:
        return _outcome(self.request.id, self.result, self.ticket, self.first_at)


def _decide(scanner: _Scanner, ticket: _Ticket | None, rooms: Rooms | None, request: ScanRequest) -> _Decided:
    room = rooms.rooms.get(request.activity) if rooms and request.activity is not None else None
    if room and room.event_id != scanner.event_id:
        room = None
    if ticket is None:
        return _Decided(scanner, request, None, room, Result.UNKNOWN, None)
    if ticket.event_id != scanner.event_id or (request.activity is not None and room is None):
        ours = None if ticket.event_id != scanner.event_id else ticket
        return _Decided(scanner, request, ours, None, Result.WRONG_EVENT, None)
    stay = rooms.stay(ticket.id, room.id) if rooms and room else ticket.door
    refusal = _refusal(scanner, ticket, request)
    if refusal:
        return _Decided(scanner, request, ticket, room, refusal, stay.arrived_at)
    if ticket.door.seen_at and request.at < ticket.door.seen_at:
        ticket.late = True
    if ticket.late:  # decided with all the others of this person
        return _Decided(scanner, request, ticket, room, Result.ADMITTED, None)
    if rooms and room:
        result = rooms.pass_through(ticket.id, room, request.direction, request.at)
        if result is not Result.OVER_CAPACITY:
            ticket.door.seen_inside(request.at)
            ticket.seen = True
    else:
        result = ticket.door.pass_through(request.direction, request.at)
        ticket.seen = True
        if rooms and request.direction is Direction.OUT:
            rooms.leave(ticket.id, request.at)
    return _Decided(scanner, request, ticket, room, result, stay.arrived_at)


def _refusal(scanner: _Scanner, ticket: _Ticket, request: ScanRequest) -> Result | None:
    if ticket.state != State.CONFIRMED:
        return Result.CANCELLED if ticket.state == State.CANCELLED else Result.WAITLISTED
    if scanner.hours is None or not scanner.hours[0] <= request.at <= scanner.hours[1]:
        return Result.NOT_OPEN
    if request.activity is not None and request.direction is Direction.IN and request.told is Result.OVER_CAPACITY:
        return Result.OVER_CAPACITY  # whom a device has turned away from a full room did not go in, though there may have been a place
    return None


def _decide_late(connection: sa.Connection, late: Sequence[int], decided: dict[str, _Decided], *, now: datetime) -> None:
    """What the scans of these people are, told from all of them; correct what `decided` took for granted."""
    fresh = {each for each, one in decided.items() if one.ticket and one.ticket.late and one.result in COUNTED}
    told = tell_anew(connection, late, fresh=fresh, now=now)
    for each, (result, first_at) in told.items():
        decided[each].result, decided[each].first_at = result, first_at
    _statements(connection.dialect.name).correct.send(connection, [
        {"scan": each, "decided": result, "first": first_at} for each, (result, first_at) in told.items()
    ])


def _note_doubts(connection: sa.Connection, decided: dict[str, _Decided], *, now: datetime) -> None:
    """What devices decided without us and a person should look at."""
    _statements(connection.dialect.name).doubt.send(connection, [
        {"event_id": one.scanner.event_id, "scan_id": each, "kind": kind, "noted_at": now}
        for each, one in decided.items()
        if (one.request.told or now - one.request.at > LATE) and (kind := doubt_about(one.result, one.request.told))
    ])


def _outcome(scan_id: str, result: Result, ticket: _Ticket | None, first_at: datetime | None) -> Outcome:
    if ticket is None:
        return Outcome(id=scan_id, result=result)
    return Outcome(scan_id, result, ticket.name, ticket.category, ticket.party, first_at, ticket.id)


class _Statements(NamedTuple):
    doors: Statement
    tickets: Statement
    known: Statement
    correct: Statement
    doubt: Statement


@cache
def _statements(database: str) -> _Statements:
    """The door's statements for `sqlite` or `postgresql`."""
    insert = sqlite.insert if database == "sqlite" else postgresql.insert
    door = sa.select(Event.slug, Event.id, Event.state, Event.starts_at, Event.ends_at).where(among(cast("sa.Table", Event.__table__).c.slug, "keys"))
    tickets = (
        sa.select(
            Attendee.id, Attendee.ticket_code, Attendee.event_id, Attendee.state, Attendee.name, Category.name,
            Registration.party, Attendee.arrived_at, Attendee.left_at, Attendee.inside_since, Attendee.seen_at,  # as in _ticket
        )
        .join(Category, Category.id == Attendee.category_id)
        .join(Registration, Registration.id == Attendee.registration_id)
    )
    known = sa.select(Scan.id, Scan.result, Scan.attendee_id, Scan.first_at)
    if database == "sqlite":  # joined, which is a quarter quicker: IN would sort what it is given
        keys = sa.func.json_each(sa.bindparam("keys", type_=sa.JSON())).table_valued("value")
        tickets = tickets.join(keys, keys.c.value == Attendee.ticket_code)
        known = known.join(keys, keys.c.value == Scan.id)
    else:  # whoever holds the row decides: a second scanner with the same ticket waits and then reads what the first wrote
        tickets = tickets.where(among(ATTENDEES.c.ticket_code, "keys")).order_by(Attendee.id).with_for_update(of=Attendee)
        known = known.where(among(SCANS.c.id, "keys"))
    correct = sa.update(SCANS).where(SCANS.c.id == sa.bindparam("scan")).values(
        result=sa.bindparam("decided"), stands=sa.bindparam("decided"), first_at=sa.bindparam("first")
    )
    doubt = insert(DOUBTS).values(
        settled_by="", reason="", **{name: sa.bindparam(name) for name in ("event_id", "scan_id", "kind", "noted_at")}
    ).on_conflict_do_nothing()
    return _Statements(Statement(door), Statement(tickets), Statement(known), Statement(correct), Statement(doubt))
