"""Reminders: at set times before an event those invited who have not answered are told again, each once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import audit, events, outbox
from engage.errors import Conflict, EngageError, Invalid, NotFound
from engage.events import Event
from engage.events import State as EventState
from engage.invitations import Invitation, State, reach
from engage.outbox import Channel, Message, Purpose
from engage.people import Invitee
from surveys.base import Base

LONGEST = 60  # days before the anchor
PAUSE = timedelta(hours=1)  # for so long nobody is reminded again by hand
UNANSWERED = (State.INVITED, State.OPENED)


class Anchor(StrEnum):
    """What a reminder is counted back from."""

    START = "start"
    CLOSING = "closing"


class ReminderNotFound(NotFound):
    """There is no such reminder."""


class BadReminder(Invalid):
    """A reminder is set for a whole number of days, from 0 to 60."""


class ReminderPast(Invalid):
    """The time of the reminder has passed, or nobody can register any more by then."""


class ReminderExists(Conflict):
    """There is such a reminder already."""


class Reminder(Base):
    """A time at which an event's invited are reminded: so many days before it starts, or before registration closes.

    The time follows the event when that is moved. `done_at` is when it was sent, or passed over for a later one.
    """

    __tablename__ = "reminder"
    __table_args__ = (sa.UniqueConstraint("event_id", "anchor", "days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    anchor: Mapped[Anchor]
    days: Mapped[int]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()

    @property
    def due_at(self) -> datetime | None:
        """When it is sent; None while the event has no date."""
        return _moment(self.event, self.anchor, self.days)


def add(session: Session, event: Event, anchor: Anchor, days: int, *, by: str, now: datetime) -> Reminder:
    """Remind so many days before. Raises BadReminder, ReminderPast or ReminderExists."""
    if not 0 <= days <= LONGEST:
        raise BadReminder(field="days")
    at, closing = _moment(event, anchor, days), _moment(event, Anchor.CLOSING, 0)
    if at and closing and not now < at < closing:
        raise ReminderPast(field="days")
    reminder = Reminder(event_id=event.id, anchor=anchor, days=days, created_at=now)
    try:
        with session.begin_nested():
            session.add(reminder)
    except IntegrityError as error:
        raise ReminderExists(field="days") from error
    audit.record(session, "reminder.add", reminder, by=by, now=now, event=event.id, anchor=str(anchor), days=days)
    return reminder


def remove(session: Session, reminder: Reminder, *, by: str, now: datetime) -> None:
    """Take a reminder off; what it has sent stays sent."""
    audit.record(session, "reminder.remove", reminder, by=by, now=now, event=reminder.event_id)
    session.delete(reminder)


def of_event(session: Session, event: Event) -> Sequence[Reminder]:
    """The event's reminders in the order in which they are sent."""
    found = session.scalars(sa.select(Reminder).where(Reminder.event_id == event.id))
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at, one.id))


def of_id(session: Session, event: Event, reminder_id: int) -> Reminder:
    """The event's reminder of this id. Raises ReminderNotFound."""
    found = session.scalar(sa.select(Reminder).where(Reminder.event_id == event.id, Reminder.id == reminder_id))
    if found is None:
        raise ReminderNotFound
    return found


def due(session: Session, *, now: datetime) -> Sequence[int]:
    """The ids of events of which a reminder is to be sent now."""
    waiting = sa.select(Reminder).join(Reminder.event).where(Reminder.done_at.is_(None), Event.state == EventState.PUBLISHED)
    return sorted({one.event_id for one in session.scalars(waiting) if one.due_at and one.due_at <= now})


def send_due(session: Session, event_id: int, *, now: datetime) -> int:
    """Send the latest reminder whose time has come and pass over those before it; answers how many messages.

    Nobody is told while registration is not open; such a reminder waits, or is passed over once registration has closed.
    """
    event = session.get_one(Event, event_id, with_for_update={"key_share": True}, populate_existing=True)
    ready = [one for one in of_event(session, event) if one.done_at is None and one.due_at and one.due_at <= now]
    try:
        events.require_open(event, now=now)
    except events.RegistrationOver:
        count = 0
    except EngageError:
        return 0
    else:
        count = outbox.post_many(session, _rows(session, event, reminder_id=ready[-1].id), now=now) if ready else 0
    for one in ready:
        one.done_at = now
        audit.record(session, "reminder.send", one, by="system", now=now, event=event_id, messages=count if one is ready[-1] else 0)
    return count


def send_now(session: Session, event: Event, *, by: str, now: datetime) -> int:
    """Remind at once whoever has not answered and was not reminded within PAUSE; answers how many.

    Raises EventNotPublished, RegistrationNotYetOpen or RegistrationOver.
    """
    session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update(key_share=True))  # two who press at once
    events.require_open(event, now=now)
    count = outbox.post_many(session, _rows(session, event, not_since=now - PAUSE), now=now)
    audit.record(session, "event.remind", event, by=by, now=now, messages=count)
    return count


def to_send(session: Session, event: Event, *, now: datetime) -> Counter[Channel]:
    """How many `send_now` would remind, by channel."""
    return Counter(row["channel"] for row in _rows(session, event, not_since=now - PAUSE))


def _moment(event: Event, anchor: Anchor, days: int) -> datetime | None:
    closing = event.registration_closes_at or event.starts_at
    counted_from = closing if anchor is Anchor.CLOSING else event.starts_at
    return counted_from and counted_from - timedelta(days=days)


def _rows(
    session: Session, event: Event, *, reminder_id: int | None = None, not_since: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Messages to those who were told and have not answered, for whom nothing waits to be sent; a letter would come too late."""
    told = sa.select(Message.invitation_id).where(Message.event_id == event.id, Message.invitation_id.is_not(None))
    waiting = Message.state == outbox.State.QUEUED
    recent = sa.and_(Message.purpose == Purpose.REMINDER, Message.created_at > not_since) if not_since else sa.false()
    open_ones = (
        sa.select(Invitation.id, Invitee.name, Invitee.phone, Invitee.email).join(Invitation.invitee)
        .where(Invitation.event_id == event.id, Invitation.state.in_(UNANSWERED), Invitation.invited_at.is_not(None))
        .where(Invitation.id.not_in(told.where(sa.or_(waiting, recent)))).order_by(Invitation.id)
    )
    for key, name, phone, email in session.execute(open_ones).all():
        channel, address = reach(phone=phone, email=email)
        if channel is not Channel.LETTER:
            yield {"event_id": event.id, "invitation_id": key, "reminder_id": reminder_id, "channel": channel,
                   "purpose": Purpose.REMINDER, "name": name, "address": address}
