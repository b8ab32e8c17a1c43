"""Parties: registrations with their attendees, as they are kept. Who gets a seat is decided by `registrations`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship, selectinload

from engage import outbox
from engage.activities import Activity
from engage.codes import new_code
from engage.contacts import is_mobile
from engage.errors import Conflict, Denied, NotFound
from engage.events import Event
from engage.invitations import Invitation
from engage.outbox import Channel, Purpose
from engage.people import Category
from engage.quotas import Claim
from surveys.base import Base


class State(StrEnum):
    """Whether a registration, or one attendee of it, holds a seat. An offered seat is kept free until it is confirmed or lapses."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"


class Standing(StrEnum):
    """Where a person stands, for a reader: the state, but who waits in a party that has been offered a seat has been offered one,
    and what was cancelled because nobody confirmed the offer in time has lapsed.
    """

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


# What tells a leader where the party stands.
NEWS: Mapping[State, Purpose] = {
    State.CONFIRMED: Purpose.TICKET, State.WAITING: Purpose.WAITING, State.OFFERED: Purpose.OFFER, State.CANCELLED: Purpose.CANCELLATION,
}


class RegistrationNotFound(NotFound):
    """There is no such registration."""


class TicketNotFound(NotFound):
    """There is no such ticket."""


class HandedOver(Conflict):
    """The person who was invited has given the registration to somebody else."""


class NotLeader(Denied):
    """Only whoever registered the party can change or cancel it."""


class ChosenActivity(Base):
    """An activity that a registration's whole party has chosen."""

    __tablename__ = "chosen_activity"

    registration_id: Mapped[int] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"), primary_key=True, index=True)


class Registration(Base):
    """A party that holds seats. The leader is its first attendee."""

    __tablename__ = "registration"
    __table_args__ = (
        sa.Index("uq_registration_person", "event_id", "person_key", unique=True,
                 sqlite_where=sa.text("state <> 'cancelled'"), postgresql_where=sa.text("state <> 'cancelled'")),
        sa.Index("uq_registration_invitation", "invitation_id", unique=True,
                 sqlite_where=sa.text("state <> 'cancelled'"), postgresql_where=sa.text("state <> 'cancelled'")),
        sa.Index("ix_registration_event_category", "event_id", "category_id"),
        sa.Index("ix_registration_event_state", "event_id", "state"),
        sa.Index("ix_registration_offer", "offered_until", sqlite_where=sa.text("state = 'offered'"),
                 postgresql_where=sa.text("state = 'offered'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id"))
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id"))
    state: Mapped[State] = mapped_column(default=State.CONFIRMED)
    party: Mapped[int]
    person_key: Mapped[str] = mapped_column(sa.String(330))  # the leader, recognised: see `applications.person_key`
    submission: Mapped[str | None] = mapped_column(sa.String(36), unique=True)
    language: Mapped[str] = mapped_column(sa.String(10), default="zh")
    consent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    rank: Mapped[int | None]  # the place in the line that staff gave; else the line is in the order of the ids
    offered_until: Mapped[datetime | None]  # when the offer of a seat lapses
    lapsed_at: Mapped[datetime | None]  # when it did, which cancelled the registration
    handed_over_at: Mapped[datetime | None]  # when the leader gave it to somebody else, whom alone it concerns since: see `replacements`

    event: Mapped[Event] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    category: Mapped[Category] = relationship()
    attendees: Mapped[list["Attendee"]] = relationship(
        back_populates="registration", order_by="Attendee.place", cascade="all, delete-orphan"
    )
    activities: Mapped[list[Activity]] = relationship(
        secondary="chosen_activity", order_by=(Activity.starts_at, Activity.id)
    )

    @property
    def leader(self) -> "Attendee":
        """Who registered the party."""
        return self.attendees[0]

    @property
    def companions(self) -> list["Attendee"]:
        """Who comes along, without those who were taken off the list."""
        return [attendee for attendee in self.attendees[1:] if attendee.state is not State.CANCELLED]

    @property
    def claim(self) -> Claim:
        """The seats that the party holds, or waits for."""
        return Claim(self.event_id, self.party, self.category_id, [activity.id for activity in self.activities])


class Attendee(Base):
    """One person of a party, with a ticket of one's own. Both codes are keys: shown to the person and to staff only."""

    __tablename__ = "attendee"
    __table_args__ = (
        sa.Index("ix_attendee_event_state", "event_id", "state"),
        sa.Index("ix_attendee_phone", "phone"),
        sa.Index("ix_attendee_email", "email"),
        # Room in each page: PostgreSQL then keeps who has arrived beside who was expected, and touches none of the indexes.
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id"))
    place: Mapped[int]  # 0 leads, the others follow
    state: Mapped[State] = mapped_column(default=State.CONFIRMED)
    name: Mapped[str] = mapped_column(sa.String(60))
    phone: Mapped[str] = mapped_column(sa.String(24), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    position: Mapped[str] = mapped_column(sa.String(60), default="")
    stands_in_for: Mapped[str | None] = mapped_column(sa.String(60))  # who was to come first; see `origins`
    ticket_code: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_code)
    survey_code: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_code)
    arrived_at: Mapped[datetime | None]  # first admitted at the door: see `arrivals`
    left_at: Mapped[datetime | None]  # out of the house at the moment
    inside_since: Mapped[datetime | None]  # since when the door has had the person in
    seen_at: Mapped[datetime | None]  # the latest that the door knows

    registration: Mapped[Registration] = relationship(back_populates="attendees")
    category: Mapped[Category] = relationship()

    @property
    def standing(self) -> Standing:
        """Where the person stands."""
        if self.state is State.CANCELLED and self.registration.lapsed_at:
            return Standing.LAPSED
        return Standing(self.registration.state if self.state is State.WAITING else self.state)


def by_ticket(session: Session, ticket_code: str) -> Attendee:
    """The attendee who holds this ticket, with the registration. Raises TicketNotFound."""
    return _attendee(session, Attendee.ticket_code == ticket_code)


def led_with(session: Session, ticket_code: str) -> Registration:
    """The registration whose leader holds this ticket. Raises TicketNotFound, or NotLeader for a companion's ticket."""
    attendee = by_ticket(session, ticket_code)
    if attendee.place:
        raise NotLeader
    return attendee.registration


def by_survey_code(session: Session, survey_code: str) -> Attendee:
    """The attendee whose personal questionnaire link this is. Raises TicketNotFound."""
    return _attendee(session, Attendee.survey_code == survey_code)


def read_again(session: Session, registration: Registration) -> None:
    """Forget what was read of the party, so that what is decided next stands on what others have committed.

    Call it once nobody else can change the party: see `quotas.lock`. From here on the door waits with its tickets too.
    """
    session.flush()
    held = sa.select(Attendee.id).where(Attendee.registration_id == registration.id).order_by(Attendee.id).with_for_update()
    session.execute(held).all()
    for attendee in registration.attendees:
        session.expire(attendee)
    session.expire(registration)


def of_invitation(session: Session, invitation: Invitation) -> Registration | None:
    """The standing registration that answered an invitation."""
    standing = sa.and_(Registration.invitation_id == invitation.id, Registration.state != State.CANCELLED)
    return session.scalar(sa.select(Registration).where(standing))


_STANDS: Mapping[Standing, sa.ColumnElement[bool]] = {
    Standing.CONFIRMED: Attendee.state == State.CONFIRMED,
    Standing.WAITING: sa.and_(Attendee.state == State.WAITING, Registration.state == State.WAITING),
    Standing.OFFERED: sa.and_(Attendee.state == State.WAITING, Registration.state == State.OFFERED),
    Standing.CANCELLED: sa.and_(Attendee.state == State.CANCELLED, Registration.lapsed_at.is_(None)),
    Standing.LAPSED: sa.and_(Attendee.state == State.CANCELLED, Registration.lapsed_at.is_not(None)),
}


def attendees(
    event: Event, *, standing: Standing | None = None, category_id: int | None = None, words: str = ""
) -> sa.Select[Attendee]:
    """The event's attendees with category and registration, party by party; `words` looks into name, phone, organisation."""
    found = (
        sa.select(Attendee).join(Attendee.registration).join(Attendee.category)
        .options(contains_eager(Attendee.registration), contains_eager(Attendee.category))
        .where(Attendee.event_id == event.id).order_by(Attendee.registration_id, Attendee.place)
    )
    if standing:
        found = found.where(_STANDS[standing])
    if category_id:
        found = found.where(Attendee.category_id == category_id)
    if words:
        columns = (Attendee.name, Attendee.phone, Attendee.organisation)
        found = found.where(sa.or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return found


def _attendee(session: Session, which: sa.ColumnElement[bool]) -> Attendee:
    attendee = session.scalar(
        sa.select(Attendee).where(which).options(
            selectinload(Attendee.registration).options(
                selectinload(Registration.attendees), selectinload(Registration.activities),
                selectinload(Registration.event),
            )
        )
    )
    if attendee is None:
        raise TicketNotFound
    return attendee


def tell(session: Session, registration: Registration, purpose: Purpose, *, now: datetime) -> None:
    """Queue a message to the leader by the channel that the contact suggests; nobody where there is neither e-mail nor mobile."""
    tell_one(session, registration.leader, purpose, now=now)


def tell_one(session: Session, attendee: Attendee, purpose: Purpose, *, now: datetime) -> None:
    """`tell` for anybody of a party."""
    post_all(session, [(Addressee.of(attendee), purpose)], now=now)


class Addressee(NamedTuple):
    """Whom a message is about and how to reach them."""

    event_id: int
    invitation_id: int | None
    attendee_id: int
    name: str
    phone: str
    email: str

    @classmethod
    def of(cls, attendee: Attendee) -> "Addressee":
        """Somebody of a party."""
        one = attendee
        return cls(one.event_id, one.registration.invitation_id, one.id, one.name, one.phone, one.email)


def post_all(session: Session, told: Iterable[tuple[Addressee, Purpose]], *, now: datetime) -> None:
    """`tell` for many, of whom no record is loaded."""
    outbox.post_many(session, [
        {"event_id": to.event_id, "invitation_id": to.invitation_id, "attendee_id": to.attendee_id, "channel": channel,
         "purpose": purpose, "name": to.name, "address": to.email or to.phone}
        for to, purpose in told if (channel := reach(phone=to.phone, email=to.email))
    ], now=now)


def reach(*, phone: str, email: str) -> Channel | None:
    """E-mail where there is an address, else SMS where there is a mobile number."""
    if email:
        return Channel.EMAIL
    return Channel.SMS if is_mobile(phone) else None
