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
from engage.people import Invitee
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
    picked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # whom to invite: those in BatchInvitee
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[str] = mapped_column(sa.String(60), default="")  # the code of what stopped it
    by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()


class BatchInvitee(Base):
    """Somebody whom a batch is to invite because they were picked; kept until the batch is finished."""

    __tablename__ = "invitation_batch_invitee"

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation_batch.id", ondelete="CASCADE"), primary_key=True)
    invitee_id: Mapped[int] = mapped_column(sa.ForeignKey("invitee.id", ondelete="CASCADE"), primary_key=True)


def start(
    session: Session, event: Event, kind: Kind, *, category_ids: Sequence[int] | None = None, by: str, now: datetime
) -> Batch:
    """Note what is to be done; `step` does it. An unfinished batch of the same kind for the same people is that batch.

    Raises EventNotPublished where sending is asked for an event whose links lead nowhere.
    """
    if kind is Kind.SEND and event.state is not EventState.PUBLISHED:
        raise EventNotPublished(state=event.state)
    _one_at_a_time(session, event)
    categories = None if category_ids is None else sorted(category_ids)
    asked = sa.and_(Batch.event_id == event.id, Batch.kind == kind, Batch.finished_at.is_(None), ~Batch.picked)
    for batch in session.scalars(sa.select(Batch).where(asked)):
        if batch.category_ids == categories:
            return batch
    batch = Batch(event_id=event.id, kind=kind, category_ids=categories, done=0, refusal="", by=by, created_at=now,
                  total=to_do(session, event, kind, category_ids=categories))
    session.add(batch)
    audit.record(session, f"event.batch.{kind}", event, by=by, now=now, total=batch.total)
    return batch


def start_picked(session: Session, event: Event, picked: sa.Select[int], *, by: str, now: datetime) -> int:
    """Note that these people, a query of invitees' ids, are to be invited; `step` does it. Answers how many there are to do.

    Whoever an unfinished batch of picked people will invite is left to it, so that asking twice does nothing more.
    """
    _one_at_a_time(session, event)
    coming = sa.select(BatchInvitee.invitee_id).join(Batch, Batch.id == BatchInvitee.batch_id).where(
        Batch.event_id == event.id, Batch.finished_at.is_(None))
    left = invitations.audience(event).where(Invitee.id.in_(picked), Invitee.id.not_in(coming)).order_by(None)
    total = session.scalar(sa.select(sa.func.count()).select_from(left.subquery())) or 0
    if total:
        batch = Batch(event_id=event.id, kind=Kind.INVITE, picked=True, total=total, done=0, refusal="", by=by, created_at=now)
        session.add(batch)
        audit.record(session, "event.batch.invite", event, by=by, now=now, total=total)
        rows = left.with_only_columns(sa.literal(batch.id), Invitee.id)
        session.execute(sa.insert(BatchInvitee).from_select(["batch_id", "invitee_id"], rows))
    return total


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
        session.execute(sa.delete(BatchInvitee).where(BatchInvitee.batch_id == batch.id))
    session.flush()
    return batch.finished_at is None


def latest(session: Session, event: Event, *, since: datetime) -> Sequence[Batch]:
    """The event's batches that are under way or were finished `since`, in the order in which they are done."""
    recent = sa.or_(Batch.finished_at.is_(None), Batch.finished_at >= since)
    return session.scalars(sa.select(Batch).where(Batch.event_id == event.id, recent).order_by(Batch.id)).all()


def _one_at_a_time(session: Session, event: Event) -> None:
    """Of two who ask at once the second finds what the first has asked."""
    session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update(key_share=True))


def _left(event: Event, kind: Kind, category_ids: Sequence[int] | None) -> sa.Select[int]:
    if kind is Kind.INVITE:
        return invitations.audience(event, category_ids=category_ids)
    return sa.select(Invitation.id).where(Invitation.event_id == event.id, Invitation.state == State.DRAFTED)


def _advance(session: Session, batch: Batch, *, now: datetime) -> int:
    if batch.kind is Kind.SEND:
        return sum(invitations.send(session, batch.event, limit=STEP, by=batch.by, now=now).values())
    if batch.event.state not in {EventState.DRAFT, EventState.PUBLISHED}:
        raise EventNotPublished(state=batch.event.state)
    left = _left(batch.event, batch.kind, batch.category_ids)
    if batch.picked:
        left = left.where(Invitee.id.in_(sa.select(BatchInvitee.invitee_id).where(BatchInvitee.batch_id == batch.id)))
    some = session.scalars(left.limit(STEP)).all()
    return invitations.invite(session, batch.event, some, by=batch.by, now=now)
