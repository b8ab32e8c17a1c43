"""The screen in the hall: a code that changes every half minute. Who scans it is there, and checks in on their own phone.

Code and visit are signed with a secret of the event's own: renewing the secret ends all of them at once.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, selectinload

from engage import arrivals, audit
from engage.arrivals import Outcome
from engage.codes import new_code
from engage.contacts import InvalidEmail, InvalidPhone, clean_email, clean_phone
from engage.errors import Denied, NotFound
from engage.events import Event
from engage.parties import Attendee, Registration, State
from engage.people import name_key
from surveys.base import Base

PERIOD = 30  # seconds for which the screen shows a code
GRACE = timedelta(minutes=5)  # for slow phones and slow fingers, from the scan on
BY, DEVICE = "guest", "venue"  # how the scans of guests are told from those of the door
_BYTES = 10  # 80 bits of the HMAC: not to be guessed in a minute, and short enough for a coarse QR code


class VenueNotFound(NotFound):
    """The event shows no code in its hall."""


class VenueCodeOver(Denied):
    """The code is not the one on the screen now, or it was scanned too long ago."""


class GuestUnknown(NotFound):
    """Nobody of this name is registered with this number or address."""


class Venue(Base):
    """The secret behind an event's codes. It is shown to nobody."""

    __tablename__ = "venue"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(sa.String(26))
    renewed_at: Mapped[datetime]


class Visit(NamedTuple):
    """A phone that has scanned the screen: until when it may check in, and as whom, once that is known."""

    until: datetime
    attendee_id: int | None = None


def of(session: Session, event: Event) -> Venue:
    """The event's codes. Raises VenueNotFound before `renew` has begun them."""
    if venue := session.get(Venue, event.id):
        return venue
    raise VenueNotFound


def renew(session: Session, event: Event, *, by: str, now: datetime) -> Venue:
    """Begin to show codes, or begin anew: what was scanned before is worth nothing from now on."""
    venue = session.get(Venue, event.id)
    if venue is None:
        venue = Venue(event_id=event.id, secret=new_code(), renewed_at=now)
        try:
            with session.begin_nested():
                session.add(venue)
        except IntegrityError:  # somebody else began at the same moment
            venue = session.get_one(Venue, event.id)
    else:
        venue.secret, venue.renewed_at = new_code(), now
    audit.record(session, "venue.renew", venue, by=by, now=now)
    return venue


def code_at(venue: Venue, at: datetime) -> str:
    """The code on the screen at a time: 16 characters of a-z and 2-7."""
    return _signature(venue, f"window {_window(at)}")


def change_after(at: datetime) -> datetime:
    """When the code that is shown at `at` gives way to the next."""
    return datetime.fromtimestamp((_window(at) + 1) * PERIOD, UTC)


def begin_visit(venue: Venue, code: str, *, now: datetime) -> Visit:
    """What a phone has won by scanning the code of this half minute or the one before. Raises VenueCodeOver."""
    if not any(_same(code, code_at(venue, at)) for at in (now, now - timedelta(seconds=PERIOD))):
        raise VenueCodeOver
    return Visit(now + GRACE)


def sealed(venue: Venue, visit: Visit) -> str:
    """A visit as a phone carries it along: it can be read there and not be changed."""
    text = f"{int(visit.until.timestamp())}.{visit.attendee_id or 0}"
    return f"{text}.{_signature(venue, f'visit {text}')}"


def visit_in(venue: Venue, text: str, *, now: datetime) -> Visit:
    """The visit that `sealed` wrote. Raises VenueCodeOver when it is over, was changed, or is of another event."""
    stated, _, signature = text.rpartition(".")
    if not _same(signature, _signature(venue, f"visit {stated}")):
        raise VenueCodeOver
    until, _, attendee_id = stated.partition(".")
    visit = Visit(datetime.fromtimestamp(int(until), UTC), int(attendee_id) or None)
    if now >= visit.until:
        raise VenueCodeOver
    return visit


def guest(session: Session, event: Event, *, name: str, contact: str) -> Attendee:
    """Who registered under this name with this phone number or e-mail address; companions may state their leader's.

    Raises InvalidPhone or InvalidEmail for what is neither, and GuestUnknown without saying which of the two is wrong.
    """
    try:
        key = clean_email(contact) if "@" in contact else clean_phone(contact)
    except (InvalidEmail, InvalidPhone) as refusal:
        refusal.field = "contact"
        raise
    theirs = sa.select(Attendee.registration_id).where(
        Attendee.event_id == event.id, sa.or_(Attendee.phone == key, Attendee.email == key))
    party = session.scalars(_whole().where(Attendee.registration_id.in_(theirs)))
    return _first([attendee for attendee in party if name_key(attendee.name) == name_key(name)])


def holder(session: Session, event: Event, ticket_codes: Sequence[str]) -> Attendee:
    """Whose phone this is, by the tickets it has shown: a leader before companions. Raises GuestUnknown."""
    return _first(session.scalars(_whole().where(Attendee.event_id == event.id, Attendee.ticket_code.in_(ticket_codes))).all())


def visitor(session: Session, event: Event, attendee_id: int) -> Attendee:
    """The guest as whom a visit goes on. Raises GuestUnknown when they are gone."""
    return _first(session.scalars(_whole().where(Attendee.event_id == event.id, Attendee.id == attendee_id)).all())


def party(attendee: Attendee) -> list[Attendee]:
    """Whom the guest can check in beside themselves: a leader, everyone who holds a seat in the party and is not here."""
    if attendee.place:
        return []
    others = attendee.registration.attendees[1:]
    return [each for each in others if each.state is State.CONFIRMED and (each.arrived_at is None or each.left_at)]


def admit(
    session: Session, event: Event, attendee: Attendee, with_them: Collection[int], *, scan_id: str, now: datetime
) -> Outcome:
    """Check the guest in, and those of `party` whose ids are in `with_them`; the same `scan_id` again changes nothing.

    Answers for the guest, or for the first of the party where only they are new.
    """
    codes = {each.ticket_code for each in party(attendee) if each.id in with_them} | {attendee.ticket_code}
    requests = [
        replace(request, device=DEVICE)
        for request in arrivals.party(attendee, scan_id=scan_id, at=now) if request.code in codes
    ]
    outcomes = arrivals.scan(session, event, requests, by=BY, now=now)
    return next((each for each in outcomes if each.result is arrivals.Result.ADMITTED), outcomes[0])


def _window(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD


def _signature(venue: Venue, text: str) -> str:
    made = hmac.digest(venue.secret.encode(), f"{venue.event_id} {text}".encode(), hashlib.sha256)
    return base64.b32encode(made[:_BYTES]).decode().lower()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _whole() -> sa.Select[Attendee]:
    return sa.select(Attendee).options(selectinload(Attendee.registration).selectinload(Registration.attendees))


def _first(found: Sequence[Attendee]) -> Attendee:
    if not found:
        raise GuestUnknown
    return min(found, key=lambda attendee: (attendee.state is not State.CONFIRMED, attendee.place, attendee.id))
