"""Doubts of the door settled by a person, each with a reason. What was answered stays on record beside what counts now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from engage import audit, walk_ins
from engage.contacts import InvalidPhone, clean_phone
from engage.doubts import Doubt, Kind, Settlement
from engage.errors import Conflict, Invalid, NotFound
from engage.events import Event
from engage.parties import Attendee
from engage.people import Category
from engage.presence import Direction, Result, Scan
from engage.retelling import lock, tell
from engage.walk_ins import WalkIn, WalkInRequest

SETTLEMENTS: Mapping[Kind, tuple[Settlement, ...]] = {  # what can be decided about each kind
    Kind.TWO_DEVICES: (Settlement.LEAVE, Settlement.UNDO),
    Kind.CANCELLED: (Settlement.ADMIT, Settlement.LEAVE),
    Kind.WAITLISTED: (Settlement.ADMIT, Settlement.LEAVE),
    Kind.OVER_CAPACITY: (Settlement.ADMIT, Settlement.LEAVE),
    Kind.OVERFULL: (Settlement.LEAVE, Settlement.UNDO),
    Kind.NOT_OPEN: (Settlement.ADMIT, Settlement.LEAVE),
    Kind.UNKNOWN: (Settlement.LEAVE,),
    Kind.WRONG_EVENT: (Settlement.LEAVE,),
    Kind.TURNED_AWAY: (Settlement.LEAVE, Settlement.UNDO),
    Kind.WALK_IN: (Settlement.ADMIT, Settlement.LEAVE),
}


class DoubtUnknown(NotFound):
    """There is nothing of this number to settle."""


class AlreadySettled(Conflict):
    """Somebody has settled it already."""


class ReasonMissing(Invalid):
    """A decision needs its reason."""


class SettlementImpossible(Conflict):
    """This cannot be decided about it."""


def find(event: Event, *, settled: bool | None = None, kind: Kind | None = None, words: str = "") -> sa.Select[Doubt]:
    """The event's doubts with all that they are about, the oldest first; `words` looks into names. `settled` None: both."""
    found = (
        sa.select(Doubt).options(joinedload(Doubt.scan).joinedload(Scan.attendee), joinedload(Doubt.walk_in).joinedload(WalkIn.attendee))
        .where(Doubt.event_id == event.id).order_by(Doubt.noted_at, Doubt.id)
    )
    if settled is not None:
        found = found.where(Doubt.settled_at.is_not(None) if settled else Doubt.settled_at.is_(None))
    if kind:
        found = found.where(Doubt.kind == kind)
    if words:
        named = Attendee.name.icontains(words, autoescape=True)
        found = found.where(sa.or_(
            Doubt.scan.has(Scan.attendee.has(named)),
            Doubt.walk_in.has(sa.or_(WalkIn.attendee.has(named), WalkIn.name.icontains(words, autoescape=True))),
        ))
    return found


def possible(doubt: Doubt) -> Sequence[Settlement]:
    """What can be decided about it; nothing where it is settled."""
    return () if doubt.settled_at else SETTLEMENTS[doubt.kind]


def open_count(session: Session, event: Event) -> int:
    """How many doubts of the event wait for a person."""
    waiting = sa.select(sa.func.count()).select_from(Doubt).where(Doubt.event_id == event.id, Doubt.settled_at.is_(None))
    return session.scalar(waiting) or 0


def doubt_with_id(session: Session, event: Event, doubt_id: int) -> Doubt:
    """One doubt of the event. Raises DoubtUnknown."""
    if doubt := session.scalar(find(event).where(Doubt.id == doubt_id)):
        return doubt
    raise DoubtUnknown(id=doubt_id)


def settle(session: Session, doubt: Doubt, settlement: Settlement, *, reason: str, by: str, now: datetime) -> None:
    """Decide about a doubt. ADMIT lets the scan or the walk-in count, beyond seats and rooms; UNDO takes back what counted.

    Raises AlreadySettled, ReasonMissing, SettlementImpossible.
    """
    session.refresh(doubt, ["settled_at"], with_for_update=True)
    if doubt.settled_at:
        raise AlreadySettled(at=doubt.settled_at)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if settlement not in possible(doubt):
        raise SettlementImpossible(settlement=settlement)
    before = _counts_as(doubt)
    if doubt.walk_in:
        _settle_walk_in(session, doubt.walk_in, settlement, by=by, now=now)
    elif doubt.scan and doubt.scan.attendee_id:
        _settle_scan(session, doubt.scan, doubt.scan.attendee_id, settlement, now=now)
    doubt.settled_at, doubt.settled_by, doubt.settlement, doubt.reason = now, by, settlement, reason.strip()
    audit.record(session, "door.settle", doubt, by=by, now=now, kind=doubt.kind, settlement=settlement, scan=doubt.scan_id,
                 walk_in=doubt.walk_in_id, told=doubt.scan and doubt.scan.told, answered=doubt.scan and doubt.scan.result,
                 before=before, after=_counts_as(doubt))


def _counts_as(doubt: Doubt) -> str | None:
    if doubt.scan:
        return "undone" if doubt.scan.undone_at else doubt.scan.stands
    return doubt.walk_in and doubt.walk_in.result


def _settle_scan(session: Session, scan: Scan, attendee_id: int, settlement: Settlement, *, now: datetime) -> None:
    lock(session, [attendee_id])
    if settlement is Settlement.ADMIT:
        scan.stands = Result.LEFT if scan.direction is Direction.OUT else Result.ADMITTED
    elif settlement is Settlement.UNDO:
        scan.undone_at = now
        if scan.stands is Result.ALREADY:  # two were let in with one ticket, and neither shall count
            counted = sa.and_(Scan.attendee_id == attendee_id, Scan.activity_id.is_not_distinct_from(scan.activity_id))
            session.execute(sa.update(Scan).where(counted, Scan.undone_at.is_(None)).values(undone_at=now))
    if settlement is not Settlement.LEAVE:
        tell(session, [attendee_id], now=now)


def _settle_walk_in(session: Session, walk_in: WalkIn, settlement: Settlement, *, by: str, now: datetime) -> None:
    if settlement is Settlement.ADMIT:
        event = session.get_one(Event, walk_in.event_id)
        category = session.scalar(sa.select(Category).where(Category.code == walk_in.category_code))
        if category is None:
            raise SettlementImpossible(settlement=settlement)
        request = WalkInRequest(
            id=walk_in.id, name=walk_in.name, category=category.code, at=walk_in.at, clock_at=walk_in.clock_at,
            phone=_phone(walk_in.phone), organisation=walk_in.organisation, beyond_seats=True, device=walk_in.device,
        )
        try:
            walk_in.attendee = walk_ins.seat(session, event, request, category, by=by, now=now)
        except IntegrityError:
            raise SettlementImpossible(settlement=settlement) from None
        walk_in.result = walk_ins.Result.ADMITTED
    walk_in.name = walk_in.phone = walk_in.organisation = ""  # kept with the attendee, or no longer needed


def _phone(typed: str) -> str:
    """The number where it is one; whoever is let in all the same is entered without."""
    try:
        return clean_phone(typed) if typed.strip() else ""
    except InvalidPhone:
        return ""
