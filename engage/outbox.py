"""The outbox: what is told to whom, kept in the same transaction as what it tells of, and delivered afterwards.

A message says whom it is about; its text is written when it leaves, so that it says what is true then, and putting it in
costs next to nothing. Delivery is at least once: a message is claimed for a while, handed to its channel, and marked. A crash in between lets the
claim run out, so that the message may be repeated and is never lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.audit import AuditEntry
from engage.errors import Conflict, NotFound
from surveys.base import Base
from surveys.statements import Rows, Statement

T = TypeVar("T")

ATTEMPTS = 5
LEASE = timedelta(minutes=5)  # how long whoever claimed a message has to deliver it
RETRY = timedelta(minutes=2)  # doubled with each failed attempt
AT_ONCE = 1000  # rows or ids in one statement


class Channel(StrEnum):
    """How a message travels: by mail server, in a workbook for the office's SMS portal, or printed."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"


class Purpose(StrEnum):
    """What a message is for."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    TICKET = "ticket"
    WAITING = "waiting"
    OFFER = "offer"
    LAPSED = "lapsed"
    CANCELLATION = "cancellation"
    REMOVED = "removed"
    HANDED_OVER = "handed_over"
    CALLED_OFF = "called_off"
    THANKS = "thanks"
    MISSED = "missed"


class State(StrEnum):
    """Where a message stands. SMS and letters are delivered by people: exporting or printing them is what is known."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class MessageNotFound(NotFound):
    """There is no such message."""


class StillQueued(Conflict):
    """The message is still waiting to be sent."""


class NotSent(Conflict):
    """Only what has been sent can come back."""


class Text(NamedTuple):
    """What a message says, in `language`. `link` is what the body leads to, drawn as a QR code where the channel can."""

    subject: str
    body: str
    link: str
    language: str = "zh"


class Message(Base):
    """One message to one person, about an attendee or an invitation. Its text is empty until it is written: see `Text`."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    attendee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attendee.id", ondelete="SET NULL"), index=True)
    reminder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("reminder.id", ondelete="SET NULL"))
    channel: Mapped[Channel]
    purpose: Mapped[Purpose]
    name: Mapped[str] = mapped_column(sa.String(60))
    address: Mapped[str] = mapped_column(sa.String(254))  # an e-mail address or a phone number; empty for a letter
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    link: Mapped[str] = mapped_column(sa.String(300), default="")
    state: Mapped[State] = mapped_column(default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_message_waiting", "state", "channel", "due_at"),
        sa.Index("uq_message_reminder", "reminder_id", "invitation_id", unique=True,
                 sqlite_where=sa.text("reminder_id IS NOT NULL"), postgresql_where=sa.text("reminder_id IS NOT NULL")),
    )


def in_portions(things: Iterable[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Rows or ids, as many at a time as one statement takes."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


_COLUMNS = [column.name for column in Message.__table__.columns if column.name != "id"]
_ADD = Rows(Message, _COLUMNS, passing_over=True)  # somebody who has had the same reminder
_UNSENT: Mapping[str, Any] = {
    "event_id": None, "invitation_id": None, "attendee_id": None, "reminder_id": None, "subject": "", "body": "", "link": "",
    "state": State.QUEUED, "attempts": 0, "error": "", "sent_at": None,
}


def post_many(session: Session, rows: Iterable[Mapping[str, Any]], *, now: datetime) -> int:
    """Put messages into the outbox, due at once; answers how many. A row needs `channel`, `purpose`, `name` and `address`.

    It may have the other columns of a message, above all whom it is about; without `body` it is written when it leaves.
    """
    session.flush()  # what the messages are about needs its keys
    count, blank = 0, {**_UNSENT, "due_at": now, "created_at": now}
    for some in in_portions(rows):
        whole = ({**blank, **row} for row in some)
        _ADD.send(session.connection(), [[row[name] for name in _COLUMNS] for row in whole])
        count += len(some)
    return count


def post(session: Session, message: Message, *, now: datetime) -> Message:
    """Put one message into the outbox, due at once."""
    message.state, message.attempts, message.due_at, message.created_at = State.QUEUED, 0, now, now
    session.add(message)
    session.flush()
    return message


def due(channel: Channel, *, now: datetime) -> sa.Select[int]:
    """The ids of messages whose turn has come, the longest waiting first."""
    waiting = sa.and_(Message.state == State.QUEUED, Message.channel == channel, Message.due_at <= now)
    return sa.select(Message.id).where(waiting).order_by(Message.due_at, Message.id)


def claim(session: Session, channel: Channel, *, now: datetime, limit: int = 50) -> Sequence[Message]:
    """Take up to `limit` due messages for delivery. Commit before delivering: until the lease ends nobody else takes them."""
    first = due(channel, now=now).limit(limit).with_for_update(skip_locked=True)
    taken = (
        sa.update(Message)
        .where(Message.id.in_(first), Message.state == State.QUEUED, Message.due_at <= now)
        .values(due_at=now + LEASE, attempts=Message.attempts + 1)
        .returning(Message)
    )
    return session.scalars(taken.execution_options(populate_existing=True)).all()


_DELIVERED = Statement(
    sa.update(Message).where(Message.id == sa.bindparam("key"))
    .values(state=State.SENT, error="", **{name: sa.bindparam(name) for name in ("sent_at", "subject", "body", "link")})
)


def delivered(session: Session, texts: Mapping[int, Text], *, now: datetime) -> None:
    """The channel took the messages with these ids, saying this: the mail server accepted them, the letters are printed."""
    session.flush()
    _DELIVERED.send(session.connection(), [
        {"key": key, "sent_at": now, "subject": text.subject, "body": text.body, "link": text.link} for key, text in texts.items()
    ])
    for message in session.identity_map.values():
        if isinstance(message, Message) and message.id in texts:
            session.expire(message)


def failed(session: Session, message: Message, error: str, *, now: datetime, final: bool) -> None:
    """The channel refused. Tried again later, up to ATTEMPTS times, unless the refusal is final (a 5xx of the mail server)."""
    message.error = error[:300]
    if final or message.attempts >= ATTEMPTS:
        message.state = State.FAILED
    else:
        message.due_at = now + RETRY * 2**message.attempts
    session.flush()


def bounced(session: Session, message: Message, *, by: str, now: datetime) -> None:
    """The message came back, as somebody at the office found out. Raises NotSent."""
    if message.state is not State.SENT:
        raise NotSent
    message.state, message.error = State.FAILED, "bounced"
    audit.record(session, "message.bounced", message, by=by, now=now)


def release(session: Session, messages: Collection[Message], *, now: datetime) -> None:
    """Give claimed messages back untried, because the channel broke down before their turn: they are due at once."""
    change = sa.update(Message).where(Message.id.in_([m.id for m in messages]), Message.state == State.QUEUED)
    session.execute(change.values(due_at=now, attempts=Message.attempts - 1))


def hand_over(
    session: Session, channel: Channel, texts: Mapping[int, Text], *, event_id: int, by: str, now: datetime
) -> Sequence[Message]:
    """An event's queued messages with these ids leave in people's hands, saying this: exported for the SMS portal, or printed.

    What is handed over together has the same `sent_at`. Of two who do it at once each message goes to one.
    """
    waiting = (Message.event_id == event_id, Message.channel == channel, Message.state == State.QUEUED)
    change = sa.update(Message).where(*waiting).values(state=State.SENT, attempts=Message.attempts + 1).returning(Message.id)
    taken = [
        key for some in in_portions(texts)
        for key in session.scalars(change.where(Message.id.in_(some)), execution_options={"synchronize_session": False})
    ]
    if not taken:
        return []
    delivered(session, {key: texts[key] for key in taken}, now=now)
    session.add(AuditEntry(at=now, by=by, action="event.hand_over", subject=f"event:{event_id}",
                           detail={"channel": str(channel), "messages": len(taken)}))
    return [
        message for some in in_portions(sorted(taken))
        for message in session.scalars(sa.select(Message).where(Message.id.in_(some)).order_by(Message.id))
    ]


def handed_over(session: Session, channel: Channel, *, event_id: int) -> Sequence[tuple[datetime, int]]:
    """When messages of an event were handed over and how many each time, the latest first."""
    sent = sa.and_(Message.event_id == event_id, Message.channel == channel, Message.sent_at.is_not(None))
    counted = sa.select(Message.sent_at, sa.func.count()).where(sent).group_by(Message.sent_at)
    return [(at, count) for at, count in session.execute(counted.order_by(Message.sent_at.desc())) if at]


def note_repeat(session: Session, channel: Channel, *, event_id: int, messages: int, by: str, now: datetime) -> None:
    """Put into the audit trail that what was handed over before is taken out once more."""
    session.add(AuditEntry(at=now, by=by, action="event.hand_over_again", subject=f"event:{event_id}",
                           detail={"channel": str(channel), "messages": messages}))


def resend(session: Session, message: Message, *, by: str, now: datetime) -> Message:
    """Queue the same once more as a message of its own. Raises StillQueued when the first has not left yet."""
    if message.state is State.QUEUED:
        raise StillQueued(message=message.id)
    told = ("event_id", "invitation_id", "attendee_id", "channel", "purpose", "name", "address", "subject", "body", "link")
    again = post(session, Message(**{name: getattr(message, name) for name in told}), now=now)
    audit.record(session, "message.resend", again, by=by, now=now, first=message.id)
    return again


def withdraw(session: Session, *, invitation_id: int) -> None:
    """Take back what is still queued for an invitation."""
    _withdraw(session, Message.invitation_id == invitation_id)


def withdraw_all(session: Session, *, event_id: int) -> int:
    """Take back what is still queued for anybody about an event; answers how many messages."""
    return _withdraw(session, Message.event_id == event_id)


def withdraw_messages(session: Session, ids: Collection[int]) -> None:
    """Take back these messages where they are still queued: what they were about is no more."""
    _withdraw(session, Message.id.in_(ids))


def _withdraw(session: Session, whose: sa.ColumnElement[bool]) -> int:
    change = sa.update(Message).where(whose, Message.state == State.QUEUED).values(state=State.WITHDRAWN).returning(Message.id)
    return len(session.scalars(change, execution_options={"synchronize_session": "fetch"}).all())


def of_invitation(invitation_id: int) -> sa.Select[Message]:
    """All messages of an invitation, newest first."""
    return sa.select(Message).where(Message.invitation_id == invitation_id).order_by(Message.id.desc())


def find(
    *, event_id: int | None = None, channel: Channel | None = None, state: State | None = None,
    purpose: Purpose | None = None, words: str = "",
) -> sa.Select[Message]:
    """Messages that match every given filter; `words` looks into name and address. Newest first."""
    given = {Message.event_id: event_id, Message.channel: channel, Message.state: state, Message.purpose: purpose}
    found = sa.select(Message).where(*(column == value for column, value in given.items() if value is not None))
    if words:
        found = found.where(sa.or_(Message.name.icontains(words, autoescape=True),
                                   Message.address.icontains(words, autoescape=True)))
    return found.order_by(Message.id.desc())
