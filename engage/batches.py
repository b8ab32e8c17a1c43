"""Batches: many people put on an event's list, or sent their invitations, in the background and in small transactions.

A step takes those who are still to be done, so that doing it again after a crash repeats nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import audit, invitations
from engage.errors import EngageError
from engage.events import Event, EventNotPublished
from engage.events import State as EventState
from engage.invitations import Invitation, State
from surveys.base import Base

STEP = 500  # invitations in one transaction: others who write need not wait long


class Kind(StrEnum):
    """What is done to each of many."""

    INVITE = "invite"
    SEND = "send"


class Batch(Base):
    """Something that an organiser asked to be done to many. `total` is how many there were to do when it was asked."""

    __tablename__ = "invitation_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind]
    category_ids: Mapped[list[Any] | None]  # whom to invite; None: everybody
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[str] = mapped_column(sa.String(60), default="")  # the code of what stopped it
    by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()


def start(
    session: Session, event: Event, kind: Kind, *, category_ids: Sequence[int] | None = None, by: str, now: datetime
) -> Batch:
    """Note what is to be done; `step` does it. An unfinished batch of the same kind for the same people is that batch.

    Raises EventNotPublished where sending is asked for an event whose links lead nowhere.
    """
    if kind is Kind.SEND and event.state is not EventState.PUBLISHED:
        raise EventNotPublished(state=event.state)
    session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update(key_share=True))
    categories = None if category_ids is None else sorted(category_ids)
    asked = sa.and_(Batch.event_id == event.id, Batch.kind == kind, Batch.finished_at.is_(None))
    for batch in session.scalars(sa.select(Batch).where(asked)):
        if batch.category_ids == categories:
            return batch
    batch = Batch(event_id=event.id, kind=kind, category_ids=categories, done=0, refusal="", by=by, created_at=now,
                  total=to_do(session, event, kind, category_ids=categories))
    session.add(batch)
    audit.record(session, f"event.batch.{kind}", event, by=by, now=now, total=batch.total)
    return batch


def to_do(session: Session, event: Event, kind: Kind, *, category_ids: Sequence[int] | None = None) -> int:
    """How many a batch would have to do now."""
    return session.scalar(sa.select(sa.func.count()).select_from(_left(event, kind, category_ids).order_by(None).subquery())) or 0


def unfinished(session: Session) -> Sequence[int]:
    """The ids of batches that are still to be done, for each event the one asked for first."""
    first = sa.select(sa.func.min(Batch.id)).where(Batch.finished_at.is_(None)).group_by(Batch.event_id)
    return session.scalars(first).all()


def step(session: Session, batch_id: int, *, now: datetime) -> bool:
    """Do the next STEP of a batch; answers whether there is more to do. A refusal ends the batch and is kept in it."""
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    if batch.finished_at is not None:
        return False
    try:
        count = _advance(session, batch, now=now)
    except EngageError as error:
        batch.refusal, count = error.code, 0
    batch.done += count
    if count == 0:
        batch.finished_at = now
        batch.total = batch.done if not batch.refusal else batch.total  # others may have done some of it meanwhile
    session.flush()
    return batch.finished_at is None


def latest(session: Session, event: Event, *, since: datetime) -> Sequence[Batch]:
    """The event's batches that are under way or were finished `since`, in the order in which they are done."""
    recent = sa.or_(Batch.finished_at.is_(None), Batch.finished_at >= since)
    return session.scalars(sa.select(Batch).where(Batch.event_id == event.id, recent).order_by(Batch.id)).all()


def _left(event: Event, kind: Kind, category_ids: Sequence[int] | None) -> sa.Select[int]:
    if kind is Kind.INVITE:
        return invitations.audience(event, category_ids=category_ids)
    return sa.select(Invitation.id).where(Invitation.event_id == event.id, Invitation.state == State.DRAFTED)


def _advance(session: Session, batch: Batch, *, now: datetime) -> int:
    if batch.kind is Kind.SEND:
        return sum(invitations.send(session, batch.event, limit=STEP, by=batch.by, now=now).values())
    if batch.event.state not in {EventState.DRAFT, EventState.PUBLISHED}:
        raise EventNotPublished(state=batch.event.state)
    some = session.scalars(_left(batch.event, batch.kind, batch.category_ids).limit(STEP)).all()
    return invitations.invite(session, batch.event, some, by=batch.by, now=now)
