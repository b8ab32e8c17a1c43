"""People who have lost the link to their ticket or invitation: it is sent again to the contact that is on file, never to a new one.

Asking and sending are two steps, so that whoever asks cannot tell from the answer, nor from the time that it takes, whether
anybody is registered: `ask` keeps every wish alike, `work_off` finds out later what there is to send.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, contains_eager, joinedload, mapped_column

from engage import audit, invitations, outbox, parties
from engage.contacts import InvalidEmail, InvalidPhone, clean_email, clean_phone
from engage.events import Event
from engage.events import State as EventState
from engage.invitations import Invitation
from engage.outbox import Channel, Message, StillQueued
from engage.parties import NEWS, Attendee, State
from engage.people import Invitee
from surveys.base import Base

MOST = 20  # tickets, and invitations, for one wish
AT_ONCE = 20  # wishes in one transaction: nobody who registers meanwhile waits long
GUEST = "guest"
ON_ITS_WAY = (invitations.State.INVITED, invitations.State.OPENED)


class LostLink(Base):
    """A wish that has not been worked off yet. `contact` is clean: a phone number or an e-mail address."""

    __tablename__ = "lost_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact: Mapped[str] = mapped_column(sa.String(254))
    asked_at: Mapped[datetime]


def clean_contact(text: str) -> str:
    """The one phone number or e-mail address in a text. Raises InvalidPhone or InvalidEmail, both of the field `contact`."""
    try:
        return clean_email(text) if "@" in text or "＠" in text else clean_phone(text)
    except (InvalidPhone, InvalidEmail) as error:
        raise type(error)(field="contact", **error.facts) from None


def ask(session: Session, contact: str, *, now: datetime) -> None:
    """Keep the wish to have what belongs to a clean contact sent again, whoever that is."""
    session.add(LostLink(contact=contact, asked_at=now))
    session.flush()


def waiting(session: Session) -> bool:
    """Whether there is a wish to work off."""
    return session.scalar(sa.select(sa.exists(sa.select(LostLink.id)))) or False


def work_off(session: Session, *, now: datetime) -> int:
    """Queue tickets and open invitations of coming events for those who asked first, AT_ONCE of them; answers how many messages.

    What still waits to be sent is not queued twice. Of two who do it at once each wish is worked off by one.
    """
    oldest = sa.select(LostLink.id).order_by(LostLink.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    taken = sa.delete(LostLink).where(LostLink.id.in_(oldest)).returning(LostLink.contact)
    contacts = dict.fromkeys(session.scalars(taken, execution_options={"synchronize_session": False}).all())
    return sum(_tickets(session, contact, now=now) + _invitations(session, contact, now=now) for contact in contacts)


def _coming(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Event.state == EventState.PUBLISHED, sa.func.coalesce(Event.ends_at, Event.starts_at) > now)


def _tickets(session: Session, contact: str, *, now: datetime) -> int:
    """Leaders are told where the party stands, companions about their own seat."""
    queued = sa.select(Message.attendee_id).where(
        Message.attendee_id == Attendee.id, Message.state == outbox.State.QUEUED, Message.purpose.in_(set(NEWS.values())))
    theirs = (
        sa.select(Attendee).join(Event, Event.id == Attendee.event_id)
        .where(sa.or_(Attendee.phone == contact, Attendee.email == contact), Attendee.state != State.CANCELLED, _coming(now))
        .where(sa.or_(Attendee.place == 0, Attendee.state == State.CONFIRMED), ~queued.exists())
        .options(joinedload(Attendee.registration, innerjoin=True)).order_by(Event.starts_at, Attendee.id).limit(MOST)
    )
    reached = [one for one in session.scalars(theirs) if parties.reach(phone=one.phone, email=one.email)]
    for attendee in reached:
        news = NEWS[State.CONFIRMED if attendee.place else attendee.registration.state]
        parties.tell_one(session, attendee, news, now=now)
        audit.record(session, "registration.resend", attendee.registration, by=GUEST, now=now, attendee=attendee.id)
    return len(reached)


def _invitations(session: Session, contact: str, *, now: datetime) -> int:
    """Invitations that were sent before and are not answered; nobody prints a letter for this."""
    theirs = (
        sa.select(Invitation).join(Invitation.invitee).join(Event, Event.id == Invitation.event_id)
        .where(sa.or_(Invitee.phone == contact, Invitee.email == contact), Invitation.state.in_(ON_ITS_WAY), _coming(now))
        .options(contains_eager(Invitation.event), contains_eager(Invitation.invitee)).order_by(Event.starts_at, Invitation.id).limit(MOST)
    )
    count = 0
    for invitation in session.scalars(theirs).all():
        channel, _ = invitations.reach(phone=invitation.invitee.phone, email=invitation.invitee.email)
        if channel is not Channel.LETTER:
            try:
                invitations.send_again(session, invitation, by=GUEST, now=now)
            except StillQueued:
                continue
            count += 1
    return count
