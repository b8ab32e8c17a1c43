"""Invitations: who is asked to come, by which personal link, and what they answered."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from engage import audit, events, outbox
from engage.codes import new_code
from engage.contacts import is_mobile
from engage.errors import Conflict, NotFound
from engage.events import Event, EventNotPublished
from engage.events import State as EventState
from engage.outbox import Channel, Message, Purpose, StillQueued, in_portions
from engage.people import Invitee
from surveys.base import Base
from surveys.statements import Statement, columns


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


class NotReachedSo(Conflict):
    """The invitee has no address for this channel."""


class Invitation(Base):
    """One person asked to one event. `token` opens the personal page without a log-in, so it is as good as a key."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "invitee_id"),
        sa.Index("ix_invitation_asked", "invitee_id", "state", "invited_at", "opened_at", "answered_at"),  # see `coverage`
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    invitee_id: Mapped[int] = mapped_column(sa.ForeignKey("invitee.id"))
    token: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_code)
    state: Mapped[State] = mapped_column(default=State.DRAFTED)
    channel: Mapped[Channel | None]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why it was declined
    substitute_name: Mapped[str] = mapped_column(sa.String(60), default="")  # whom somebody who declined has named instead
    substitute_phone: Mapped[str] = mapped_column(sa.String(24), default="")
    substitute_email: Mapped[str] = mapped_column(sa.String(254), default="")
    stands_in_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()
    invitee: Mapped[Invitee] = relationship()


_DRAFT = Statement(sa.insert(Invitation).values(columns(Invitation, "id")))


def invite(session: Session, event: Event, invitees: Sequence[int], *, by: str, now: datetime) -> int:
    """Draft an invitation for each invitee id that has none yet; answers how many were added."""
    # Of two who invite at once the second finds whom the first has added.
    session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update(key_share=True))
    known = {
        key for some in in_portions(invitees)
        for key in session.scalars(sa.select(Invitation.invitee_id).where(
            Invitation.event_id == event.id, Invitation.invitee_id.in_(some)))
    }
    new = [invitee for invitee in dict.fromkeys(invitees) if invitee not in known]
    blank = {"event_id": event.id, "state": State.DRAFTED, "channel": None, "reason": "", "substitute_name": "",
             "substitute_phone": "", "substitute_email": "", "stands_in_for_id": None, "created_at": now, "invited_at": None,
             "opened_at": None, "answered_at": None}
    _DRAFT.send(session.connection(), [{**blank, "invitee_id": invitee, "token": new_code()} for invitee in new])
    audit.record(session, "event.invite", event, by=by, now=now, added=len(new))
    return len(new)


def audience(event: Event, *, category_ids: Collection[int] | None = None) -> sa.Select[int]:
    """The ids of invitees not invited to the event yet, of all categories or of these."""
    invited = sa.select(Invitation.invitee_id).where(Invitation.event_id == event.id)
    found = sa.select(Invitee.id).where(Invitee.id.not_in(invited)).order_by(Invitee.id)
    return found if category_ids is None else found.where(Invitee.category_id.in_(category_ids))


def channels(*, phone: str, email: str) -> dict[Channel, str]:
    """How somebody can be reached, with the address for it, the best first: e-mail, SMS to a mobile number, a letter."""
    known = {Channel.EMAIL: email, Channel.SMS: phone if is_mobile(phone) else ""}
    return {channel: address for channel, address in known.items() if address} | {Channel.LETTER: ""}


def reach(*, phone: str, email: str) -> tuple[Channel, str]:
    """The best way to reach somebody, and the address for it."""
    return next(iter(channels(phone=phone, email=email).items()))


def send(
    session: Session, event: Event, *, ids: Collection[int] | None = None, limit: int | None = None, by: str, now: datetime
) -> dict[Channel, int]:
    """Put a message for each invitation still drafted (or just for these ids) into the outbox; answers how many by channel.

    At most `limit`, those drafted first. Raises EventNotPublished: a link must lead somewhere.
    """
    if event.state is not EventState.PUBLISHED:
        raise EventNotPublished(state=event.state)
    told: dict[Channel, list[int]] = {channel: [] for channel in Channel}
    rows: list[dict[str, Any]] = []
    # Of two who send at once each invitation goes out once.
    mine = _drafted(event, ids).order_by(Invitation.id).limit(limit).with_for_update(of=Invitation, skip_locked=True)
    for key, name, phone, email in session.execute(mine):
        channel, address = reach(phone=phone, email=email)
        told[channel].append(key)
        rows.append(_row(event.id, key, channel) | {"name": name, "address": address})
    outbox.post_many(session, rows, now=now)
    for channel, keys in told.items():
        for some in in_portions(keys):
            change = sa.update(Invitation).where(Invitation.id.in_(some))
            session.execute(change.values(state=State.INVITED, channel=channel, invited_at=now))
    sent = {channel: len(keys) for channel, keys in told.items()}
    audit.record(session, "event.send", event, by=by, now=now, **{str(key): count for key, count in sent.items()})
    return sent


def send_again(session: Session, invitation: Invitation, *, channel: Channel | None = None, by: str, now: datetime) -> Message:
    """Tell somebody once more by the contact known now, or by this channel; what still waits for another one is withdrawn.

    Raises EventNotPublished, NotReachedSo, or StillQueued when such a message is on its way already.
    """
    if invitation.event.state is not EventState.PUBLISHED:
        raise EventNotPublished(state=invitation.event.state)
    invitee = invitation.invitee
    ways = channels(phone=invitee.phone, email=invitee.email)
    channel = channel or next(iter(ways))
    if channel not in ways:
        raise NotReachedSo
    address = ways[channel]
    waiting = sa.and_(Message.invitation_id == invitation.id, Message.purpose == Purpose.INVITATION,
                      Message.state == outbox.State.QUEUED)
    for message in session.scalars(sa.select(Message).where(waiting)):
        if (message.channel, message.address) == (channel, address):
            raise StillQueued
        message.state = outbox.State.WITHDRAWN
    row = _row(invitation.event_id, invitation.id, channel)
    message = outbox.post(session, Message(**row, name=invitee.name, address=address), now=now)
    invitation.channel, invitation.invited_at = channel, now
    if invitation.state is State.DRAFTED:
        invitation.state = State.INVITED
    audit.record(session, "invitation.send_again", invitation, by=by, now=now, channel=str(channel))
    return message


def _row(event_id: int, invitation_id: int, channel: Channel) -> dict[str, Any]:
    return {"event_id": event_id, "invitation_id": invitation_id, "channel": channel, "purpose": Purpose.INVITATION}


def _drafted(event: Event, ids: Collection[int] | None) -> sa.Select[int, str, str, str]:
    drafted = (
        sa.select(Invitation.id, Invitee.name, Invitee.phone, Invitee.email).join(Invitation.invitee)
        .where(Invitation.event_id == event.id, Invitation.state == State.DRAFTED)
    )
    return drafted if ids is None else drafted.where(Invitation.id.in_(ids))


def to_send(session: Session, event: Event, *, ids: Collection[int] | None = None) -> Counter[Channel]:
    """How many messages `send` would put in, by channel."""
    waiting = session.execute(_drafted(event, ids))
    return Counter(reach(phone=phone, email=email)[0] for _key, _name, phone, email in waiting)


def counts(session: Session, event: Event) -> dict[State, int]:
    """How many invitations of the event are in each state."""
    counted = sa.select(Invitation.state, sa.func.count()).where(Invitation.event_id == event.id).group_by(Invitation.state)
    found = dict(session.execute(counted).all())
    return {state: found.get(state, 0) for state in State}


def latest_messages(session: Session, invitations: Collection[Invitation]) -> dict[int, Message]:
    """The last message that carried each invitation or reminded of it, by the invitation's id."""
    sent = sa.and_(Message.invitation_id.in_([i.id for i in invitations]),
                   Message.purpose.in_(_CARRIED))
    found = session.scalars(sa.select(Message).where(sent).order_by(Message.id))
    return {message.invitation_id: message for message in found if message.invitation_id}


_CARRIED = (Purpose.INVITATION, Purpose.REMINDER)
_last, _later = (cast("sa.Table", Message.__table__).alias(name).c for name in ("last_message", "later_message"))
_newer = sa.exists().where(_later.invitation_id == _last.invitation_id, _later.purpose.in_(_CARRIED), _later.id > _last.id)
_came_back = sa.select(_last.invitation_id).where(
    _last.state == outbox.State.FAILED, _last.purpose.in_(_CARRIED), _last.invitation_id.is_not(None), ~_newer)
# Whose last message came back, or was refused for good, and who has not been heard of otherwise.
BOUNCED = sa.and_(Invitation.state == State.INVITED, Invitation.id.in_(_came_back))


def bounced(session: Session, event: Event) -> int:
    """How many invitations of the event are BOUNCED."""
    return session.scalar(sa.select(sa.func.count(Invitation.id)).where(Invitation.event_id == event.id, BOUNCED)) or 0


def opened(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """The personal page was looked at for the first time."""
    if State.OPENED in NEXT[invitation.state]:
        invitation.state, invitation.opened_at = State.OPENED, now
        session.flush()


def answer(session: Session, invitation: Invitation, state: State, *, reason: str = "", by: str, now: datetime) -> None:
    """Keep the invitee's yes or no. Raises InvitationAnswered when it is that already, or NotEditable once the event is over."""
    events.require_editable(invitation.event)
    if state not in NEXT[invitation.state]:
        raise InvitationAnswered(state=invitation.state)
    invitation.state, invitation.reason, invitation.answered_at = state, reason, now
    outbox.withdraw(session, invitation_id=invitation.id)
    audit.record(session, f"invitation.{state}", invitation, by=by, now=now)


def revoke(session: Session, invitation: Invitation, *, by: str, now: datetime) -> None:
    """Take back an invitation that nobody has answered: its link stops working. Raises InvitationAnswered."""
    if invitation.state in {State.ACCEPTED, State.DECLINED}:
        raise InvitationAnswered(state=invitation.state)
    outbox.withdraw(session, invitation_id=invitation.id)  # a message would lead nowhere
    audit.record(session, "invitation.revoke", invitation, by=by, now=now, event=invitation.event_id)
    session.delete(invitation)


def of_id(session: Session, event: Event, invitation_id: int) -> Invitation:
    """The event's invitation of this id. Raises InvitationNotFound."""
    invitation = session.scalar(of_event(event).where(Invitation.id == invitation_id))
    if invitation is None:
        raise InvitationNotFound
    return invitation


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
