"""Invitations: who is asked to come, by which personal link, and what they answered."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from engage import audit, outbox
from engage.codes import new_code
from engage.contacts import is_mobile
from engage.errors import Conflict, NotFound
from engage.events import Event, EventNotPublished
from engage.events import State as EventState
from engage.outbox import Channel, Message, Purpose
from engage.people import Invitee
from surveys.base import Base


class State(StrEnum):
    """How far an invitation has come; whether its message arrived is the outbox's to say."""

    DRAFTED = "drafted"
    INVITED = "invited"
    OPENED = "opened"
    ACCEPTED = "accepted"
    DECLINED = "declined"


NEXT: Mapping[State, frozenset[State]] = {
    State.DRAFTED: frozenset({State.INVITED, State.OPENED, State.ACCEPTED, State.DECLINED}),
    State.INVITED: frozenset({State.OPENED, State.ACCEPTED, State.DECLINED}),
    State.OPENED: frozenset({State.ACCEPTED, State.DECLINED}),
    State.ACCEPTED: frozenset({State.DECLINED}),
    State.DECLINED: frozenset({State.ACCEPTED}),
}


class InvitationNotFound(NotFound):
    """There is no such invitation."""


class InvitationAnswered(Conflict):
    """The invitation has this answer already."""


class Invitation(Base):
    """One person asked to one event. `token` opens the personal page without a log-in, so it is as good as a key."""

    __tablename__ = "invitation"
    __table_args__ = (sa.UniqueConstraint("event_id", "invitee_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    invitee_id: Mapped[int] = mapped_column(sa.ForeignKey("invitee.id"), index=True)
    token: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_code)
    state: Mapped[State] = mapped_column(default=State.DRAFTED)
    channel: Mapped[Channel | None]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why it was declined
    created_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()
    invitee: Mapped[Invitee] = relationship()


def invite(session: Session, event: Event, invitees: Sequence[int], *, by: str, now: datetime) -> int:
    """Draft an invitation for each invitee id that has none yet; answers how many were added."""
    known = set(session.scalars(sa.select(Invitation.invitee_id).where(Invitation.event_id == event.id)))
    new = [invitee for invitee in dict.fromkeys(invitees) if invitee not in known]
    rows = [
        {"event_id": event.id, "invitee_id": invitee, "token": new_code(), "state": State.DRAFTED, "created_at": now}
        for invitee in new
    ]
    if rows:
        session.execute(sa.insert(Invitation), rows)
    audit.record(session, "event.invite", event, by=by, now=now, added=len(new))
    return len(new)


def audience(event: Event, *, category_ids: Collection[int] | None = None) -> sa.Select[int]:
    """The ids of invitees not invited to the event yet, of all categories or of these."""
    invited = sa.select(Invitation.invitee_id).where(Invitation.event_id == event.id)
    found = sa.select(Invitee.id).where(Invitee.id.not_in(invited)).order_by(Invitee.id)
    return found if category_ids is None else found.where(Invitee.category_id.in_(category_ids))


def channel_for(invitee: Invitee) -> Channel:
    """E-mail where there is an address, else SMS where there is a mobile number, else a letter."""
    if invitee.email:
        return Channel.EMAIL
    if is_mobile(invitee.phone):
        return Channel.SMS
    return Channel.LETTER


def send(
    session: Session,
    event: Event,
    write: Callable[[Invitation, Channel], tuple[str, str, str]],
    *,
    ids: Collection[int] | None = None,
    by: str,
    now: datetime,
) -> dict[Channel, int]:
    """Put a message for each invitation still drafted (or just for these ids) into the outbox; answers how many by channel.

    `write` gives subject, body and link. Raises EventNotPublished: a link must lead somewhere.
    """
    if event.state is not EventState.PUBLISHED:
        raise EventNotPublished(state=event.state)
    drafted = of_event(event).where(Invitation.state == State.DRAFTED)
    if ids is not None:
        drafted = drafted.where(Invitation.id.in_(ids))
    sent = dict.fromkeys(Channel, 0)
    for invitation in session.scalars(drafted).all():
        invitee = invitation.invitee
        chosen = channel_for(invitee)
        address = {Channel.EMAIL: invitee.email, Channel.SMS: invitee.phone, Channel.LETTER: ""}[chosen]
        subject, body, link = write(invitation, chosen)
        message = Message(
            event_id=event.id, invitation_id=invitation.id, channel=chosen, purpose=Purpose.INVITATION,
            name=invitee.name, address=address, subject=subject, body=body, link=link,
        )
        outbox.post(session, message, now=now)
        invitation.state, invitation.channel, invitation.invited_at = State.INVITED, chosen, now
        sent[chosen] += 1
    audit.record(session, "event.send", event, by=by, now=now, **{str(key): count for key, count in sent.items()})
    return sent


def opened(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """The personal page was looked at for the first time."""
    if State.OPENED in NEXT[invitation.state]:
        invitation.state, invitation.opened_at = State.OPENED, now
        session.flush()


def answer(session: Session, invitation: Invitation, state: State, *, reason: str = "", by: str, now: datetime) -> None:
    """Keep the invitee's yes or no. Raises InvitationAnswered when it is that already."""
    if state not in NEXT[invitation.state]:
        raise InvitationAnswered(state=invitation.state)
    invitation.state, invitation.reason, invitation.answered_at = state, reason, now
    outbox.withdraw(session, invitation_id=invitation.id)
    audit.record(session, f"invitation.{state}", invitation, by=by, now=now)


def revoke(session: Session, invitation: Invitation, *, by: str, now: datetime) -> None:
    """Take back an invitation that nobody has answered: its link stops working. Raises InvitationAnswered."""
    if invitation.state in {State.ACCEPTED, State.DECLINED}:
        raise InvitationAnswered(state=invitation.state)
    audit.record(session, "invitation.revoke", invitation, by=by, now=now, event=invitation.event_id)
    session.delete(invitation)


def by_token(session: Session, token: str) -> Invitation:
    """The invitation that a personal link opens. Raises InvitationNotFound."""
    invitation = session.scalar(
        sa.select(Invitation).join(Invitation.invitee).options(contains_eager(Invitation.invitee))
        .where(Invitation.token == token)
    )
    if invitation is None:
        raise InvitationNotFound
    return invitation


def of_event(
    event: Event, *, state: State | None = None, category_id: int | None = None, words: str = ""
) -> sa.Select[Invitation]:
    """The event's invitations with their invitees; `words` looks into name, phone and organisation."""
    found = (
        sa.select(Invitation).join(Invitation.invitee).options(contains_eager(Invitation.invitee))
        .where(Invitation.event_id == event.id).order_by(Invitation.id)
    )
    if state:
        found = found.where(Invitation.state == state)
    if category_id:
        found = found.where(Invitee.category_id == category_id)
    if words:
        columns = (Invitee.name, Invitee.phone, Invitee.organisation)
        found = found.where(sa.or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return found
