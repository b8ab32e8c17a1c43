"""Seats: how many there are, how many are taken. Nothing here can be oversold."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.util import identity_key

from engage.errors import Conflict, Invalid
from surveys.base import Base
from surveys.statements import Statement, among, columns


class Full(Conflict):
    """There are not enough seats left."""


class EventFull(Full):
    """The event has not enough seats left."""


class CategoryFull(Full):
    """The category has not enough seats left."""


class ActivityFull(Full):
    """The activity has not enough seats left."""


class UnknownActivity(Invalid):
    """The activity does not belong to the event."""


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


_event, _party = sa.bindparam("event", type_=sa.Integer), sa.bindparam("party", type_=sa.Integer)
_fits = sa.or_(Quota.seats.is_(None), Quota.taken + _party <= Quota.seats)
_of_the_event = sa.and_(Quota.event_id == _event, Quota.category_id.is_(None), Quota.activity_id.is_(None))
_of_the_party = sa.and_(Quota.event_id == _event, sa.or_(
    Quota.category_id == sa.bindparam("category"), among(cast("sa.ColumnElement[int]", Quota.activity_id), "activities")
))
_rows = Quota.id, Quota.category_id, Quota.activity_id, Quota.seats, Quota.taken  # in the order of _Row
_move = sa.update(Quota).values(taken=Quota.taken + _party).returning(*_rows)
_TAKE_GATE, _TAKE_OTHERS = Statement(_move.where(_of_the_event, _fits)), Statement(_move.where(_of_the_party, _fits))
_MOVE_GATE, _MOVE_OTHERS = Statement(_move.where(_of_the_event)), Statement(_move.where(_of_the_party))
_GATE, _OTHERS = Statement(sa.select(*_rows).where(_of_the_event)), Statement(sa.select(*_rows).where(_of_the_party))
_COUNT_FROM_NOW = Statement(sa.insert(Quota).values(columns(Quota, "id", "activity_id", "seats")))


class _Row(NamedTuple):
    id: int
    category_id: int | None
    activity_id: int | None
    seats: int | None
    taken: int

    @property
    def free(self) -> int:
        return (self.seats or 0) - self.taken


def take(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """Take `party` seats from every limit that applies.

    Raises EventFull, CategoryFull or ActivityFull with what is free, or UnknownActivity. The event's own row comes first and
    is the gate: whoever holds it is alone with the event's other rows, so two registrations can neither pass each other nor
    deadlock. Call it within a savepoint, which a refusal must undo.
    """
    connection = session.connection()
    scope = {"event": event_id, "party": party, "category": category_id, "activities": list(activity_ids)}
    if not _moved(session, connection, _TAKE_GATE, scope):
        raise EventFull(free=_Row(*_GATE.rows(connection, **scope)[0]).free, wanted=party)
    rows = _moved(session, connection, _TAKE_OTHERS, scope)
    if len(rows) == 1 + len(set(activity_ids)):
        return
    moved, all_rows = {row.id for row in rows}, [_Row(*row) for row in _OTHERS.rows(connection, **scope)]
    for row in all_rows:
        if row.id not in moved and row.category_id:
            raise CategoryFull(free=row.free, wanted=party, category_id=row.category_id)
        if row.id not in moved:
            raise ActivityFull(free=row.free, wanted=party, activity_id=row.activity_id)
    if not set(activity_ids) <= {row.activity_id for row in all_rows}:
        raise UnknownActivity(field="activities")
    # A category is counted from its first guest, so that a limit can be set later.
    _COUNT_FROM_NOW.send(connection, [{"event_id": event_id, "category_id": category_id, "taken": party}])


def give_back(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """Free the seats that `take` took with the same arguments."""
    connection = session.connection()
    scope = {"event": event_id, "party": -party, "category": category_id, "activities": list(activity_ids)}
    _moved(session, connection, _MOVE_GATE, scope)
    _moved(session, connection, _MOVE_OTHERS, scope)


def _moved(session: Session, connection: sa.Connection, move: Statement, scope: dict[str, Any]) -> list[_Row]:
    """Change seats in the database, and let quotas that the session holds be read again."""
    rows = [_Row(*row) for row in move.rows(connection, **scope)]
    for row in rows:
        if (held := session.identity_map.get(identity_key(Quota, row.id))) is not None:
            session.expire(held, ["taken"])
    return rows


def resize(session: Session, quota: Quota, seats: int | None, *, field: str = "seats") -> None:
    """Change a limit; None lifts it. Raises QuotaBelowTaken, naming `field`, when more seats are taken already."""
    try:
        with session.begin_nested():
            quota.seats = seats
    except IntegrityError:
        session.refresh(quota)
        raise QuotaBelowTaken(field=field, taken=quota.taken, wanted=seats) from None
