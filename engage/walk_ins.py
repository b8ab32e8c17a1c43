"""Walk-ins: people who come without a registration and are entered at the door, where the event allows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import arrivals, audit
from engage.arrivals import Door, ScanRequest
from engage.codes import new_code
from engage.contacts import InvalidPhone, clean_phone
from engage.doubts import Doubt, Kind
from engage.errors import Conflict
from engage.events import Event
from engage.parties import Attendee, Registration
from engage.people import Category, name_key
from engage.quotas import CategoryFull, Claim, Full, Limits
from surveys.base import Base


class Result(StrEnum):
    """What became of a walk-in; clients rely on these words."""

    ADMITTED = "admitted"
    NOT_ALLOWED = "not_allowed"  # the event takes registered guests only
    NOT_OPEN = "not_open"
    UNKNOWN_CATEGORY = "unknown_category"
    INVALID_PHONE = "invalid_phone"
    REGISTERED = "registered"  # this person has a ticket: to be picked from the list
    EVENT_FULL = "event_full"
    CATEGORY_FULL = "category_full"


class NotEntered(Conflict):
    """This person cannot be entered."""


@dataclass(frozen=True, kw_only=True)
class WalkInRequest:
    """Somebody at the door, who has agreed that the name is kept. `id` is the device's own UUID for this person.

    `category` is a category's code. `beyond_seats`: staff let the person in although all seats are taken.
    """

    id: str
    name: str
    category: str
    at: datetime
    clock_at: datetime
    phone: str = ""
    organisation: str = ""
    beyond_seats: bool = False
    device: str = ""


class WalkIn(Base):
    """One walk-in as it was answered. What was refused keeps the name until a person has looked at it."""

    __tablename__ = "walk_in"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    attendee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), unique=True)
    result: Mapped[Result]
    name: Mapped[str] = mapped_column(sa.String(60))
    category_code: Mapped[str] = mapped_column(sa.String(40))
    phone: Mapped[str] = mapped_column(sa.String(24), default="")
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    at: Mapped[datetime]
    clock_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    device: Mapped[str] = mapped_column(sa.String(80), default="")

    attendee: Mapped[Attendee | None] = relationship()


_REFUSED: Mapping[type[Exception], Result] = {  # the first that fits
    InvalidPhone: Result.INVALID_PHONE,
    KeyError: Result.UNKNOWN_CATEGORY,
    CategoryFull: Result.CATEGORY_FULL,
    Full: Result.EVENT_FULL,
    IntegrityError: Result.REGISTERED,
}


def enter(session: Session, event: Event, requests: Sequence[WalkInRequest], *, by: str, now: datetime) -> list[WalkIn]:
    """Enter people at the door, in their order: each gets a seat, a ticket and a scan with the same id, and is here.

    A repeated id answers what it answered the first time and changes nothing. What is refused is kept for a person to settle:
    whoever came has come.
    """
    session.refresh(event.quota, with_for_update=True)  # the gate: the same walk-ins sent twice at a time come one by one
    sent = sa.select(WalkIn).where(WalkIn.event_id == event.id, WalkIn.id.in_([request.id for request in requests]))
    known = {walk_in.id: walk_in for walk_in in session.scalars(sent)}
    categories = {category.code: category for category in session.scalars(sa.select(Category))}
    for request in requests:
        if request.id not in known:
            known[request.id] = _enter(session, event, request, categories, by=by, now=now)
    return [known[request.id] for request in requests]


def enter_now(session: Session, event: Event, request: WalkInRequest, *, by: str, now: datetime) -> WalkIn:
    """Enter one person where staff see the answer at once: what is refused is not kept. Raises NotEntered with the `result`."""
    with session.begin_nested():
        (walk_in,) = enter(session, event, [request], by=by, now=now)
        if walk_in.attendee is None:
            raise NotEntered(result=walk_in.result)
    return walk_in


def seat(session: Session, event: Event, request: WalkInRequest, category: Category, *, by: str, now: datetime) -> Attendee:
    """Give a walk-in a seat, a ticket and the scan of `request.id`. Raises Full, or IntegrityError for who is registered."""
    with session.begin_nested():
        with Limits(session, event.id) as limits:
            take = limits.add if request.beyond_seats else limits.take
            take(Claim(event.id, 1, category.id, ()))
        key = f"{name_key(request.name)}|{request.phone or request.id}"
        attendee = Attendee(event_id=event.id, category_id=category.id, place=0, name=request.name, phone=request.phone,
                            organisation=request.organisation, ticket_code=new_code())
        registration = Registration(event_id=event.id, category_id=category.id, party=1, person_key=key, submission=request.id,
                                    consent_at=request.at, created_at=now, attendees=[attendee])
        session.add(registration)
        session.flush()
        scan = ScanRequest(id=request.id, code=attendee.ticket_code, at=request.at, clock_at=request.clock_at,
                           told=arrivals.Result.ADMITTED, device=request.device)
        arrivals.scan(session, event, [scan], by=by, now=now)
        session.expire(attendee)
        audit.record(session, "registration.walk_in", registration, by=by, now=now, event=event.id,
                     beyond_seats=request.beyond_seats)
    return attendee


def _enter(
    session: Session, event: Event, request: WalkInRequest, categories: Mapping[str, Category], *, by: str, now: datetime
) -> WalkIn:
    result, attendee = _try(session, event, request, categories, by=by, now=now)
    kept = {} if attendee else {"name": request.name, "phone": request.phone, "organisation": request.organisation}
    walk_in = WalkIn(id=request.id, event_id=event.id, attendee=attendee, result=result, category_code=request.category,
                     at=request.at, clock_at=request.clock_at, received_at=now, by=by, device=request.device,
                     **{"name": "", **kept})
    session.add(walk_in)
    session.flush()
    if attendee is None:
        session.add(Doubt(event_id=event.id, walk_in_id=walk_in.id, kind=Kind.WALK_IN, noted_at=now))
    return walk_in


def _try(
    session: Session, event: Event, request: WalkInRequest, categories: Mapping[str, Category], *, by: str, now: datetime
) -> tuple[Result, Attendee | None]:
    if not event.walk_ins:
        return Result.NOT_ALLOWED, None
    if not Door.of(event).open(request.at):
        return Result.NOT_OPEN, None
    try:
        phone = clean_phone(request.phone) if request.phone.strip() else ""
        category = categories[request.category]
        return Result.ADMITTED, seat(session, event, replace(request, phone=phone), category, by=by, now=now)
    except (InvalidPhone, KeyError, Full, IntegrityError) as refusal:
        return next(result for kind, result in _REFUSED.items() if isinstance(refusal, kind)), None
