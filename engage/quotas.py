"""Seats: how many there are, how many are taken. Nothing here can be oversold."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage.errors import Conflict
from surveys.base import Base


class Full(Conflict):
    """There are not enough seats left."""


class EventFull(Full):
    """The event has not enough seats left."""


class CategoryFull(Full):
    """The category has not enough seats left."""


class ActivityFull(Full):
    """The activity has not enough seats left."""


class QuotaBelowTaken(Conflict):
    """More seats are taken than the new limit allows."""


class Quota(Base):
    """One limit of an event: the whole event's (neither key set), a category's, or an activity's.

    `seats` is None where there is no limit. The check is the last judge: whatever the code does, `taken` never passes `seats`.
    """

    __tablename__ = "quota"
    __table_args__ = (
        sa.CheckConstraint("taken >= 0 AND (seats IS NULL OR taken <= seats)", name="not_oversold"),
        sa.CheckConstraint("category_id IS NULL OR activity_id IS NULL", name="one_scope"),
        sa.Index("uq_quota_event", "event_id", unique=True,
                 sqlite_where=sa.text("category_id IS NULL AND activity_id IS NULL"),
                 postgresql_where=sa.text("category_id IS NULL AND activity_id IS NULL")),
        sa.UniqueConstraint("event_id", "category_id"),
        sa.UniqueConstraint("activity_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(sa.ForeignKey("category.id"))
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    seats: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)

    @property
    def free(self) -> int | None:
        """Seats left; None where there is no limit."""
        return None if self.seats is None else self.seats - self.taken


_OF_THE_EVENT = sa.and_(Quota.category_id.is_(None), Quota.activity_id.is_(None))


def take(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """Take `party` seats from every limit that applies, or raise EventFull, CategoryFull or ActivityFull with what is free.

    The event's own row comes first and is the gate: whoever holds it is alone with the event's other rows, so two
    registrations can neither pass each other nor deadlock. Call it within a savepoint, which a refusal must undo.
    """
    gate = (
        sa.update(Quota)
        .where(Quota.event_id == event_id, _OF_THE_EVENT, sa.or_(Quota.seats.is_(None), Quota.taken + party <= Quota.seats))
        .values(taken=Quota.taken + party)
        .returning(Quota.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(gate).first() is None:
        event_quota = sa.select(Quota.seats - Quota.taken).where(Quota.event_id == event_id, _OF_THE_EVENT)
        raise EventFull(free=session.scalar(event_quota), wanted=party)
    others = sa.select(Quota.id, Quota.category_id, Quota.activity_id, Quota.seats, Quota.taken).where(
        Quota.event_id == event_id,
        sa.or_(Quota.category_id == category_id, Quota.activity_id.in_(activity_ids)),
    )
    rows = session.execute(others).all()
    for row in rows:
        if row.seats is not None and row.taken + party > row.seats:
            free = row.seats - row.taken
            if row.category_id is not None:
                raise CategoryFull(free=free, wanted=party, category_id=row.category_id)
            raise ActivityFull(free=free, wanted=party, activity_id=row.activity_id)
    if rows:
        _add(session, Quota.id.in_([row.id for row in rows]), party)
    if not any(row.category_id for row in rows):  # counted from the first guest, so that a limit can be set later
        session.execute(sa.insert(Quota).values(event_id=event_id, category_id=category_id, taken=party))


def give_back(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """Free the seats that `take` took with the same arguments."""
    _add(session, sa.and_(Quota.event_id == event_id, _OF_THE_EVENT), -party)
    scope = sa.or_(Quota.category_id == category_id, Quota.activity_id.in_(activity_ids))
    _add(session, sa.and_(Quota.event_id == event_id, scope), -party)


def _add(session: Session, which: sa.ColumnElement[bool], seats: int) -> None:
    change = sa.update(Quota).where(which).values(taken=Quota.taken + seats)
    session.execute(change.execution_options(synchronize_session="fetch"))


def resize(session: Session, quota: Quota, seats: int | None, *, field: str = "seats") -> None:
    """Change a limit; None lifts it. Raises QuotaBelowTaken, naming `field`, when more seats are taken already."""
    try:
        with session.begin_nested():
            quota.seats = seats
    except IntegrityError:
        session.refresh(quota)
        raise QuotaBelowTaken(field=field, taken=quota.taken, wanted=seats) from None
