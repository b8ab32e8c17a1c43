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


class TooManyHeld(QuotaBelowTaken):
    """There are not so many seats left to hold back."""


class Quota(Base):
    """One limit of an event: the whole event's (neither key set), a category's, or an activity's.

    `seats` is None where there is no limit. `held` of them are kept back for staff to give by hand. The check is the last judge:
    whatever the code does, `taken` never passes `seats`.
    """

    __tablename__ = "quota"
    __table_args__ = (
        sa.CheckConstraint("taken >= 0 AND (seats IS NULL OR taken <= seats)", name="not_oversold"),
        sa.CheckConstraint("held >= 0", name="held"),
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
    held: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))

    @property
    def free(self) -> int | None:
        """Seats left for everybody; None where there is no limit."""
        return None if self.seats is None else max(self.seats - self.taken - self.held, 0)


_event, _party = sa.bindparam("event", type_=sa.Integer), sa.bindparam("party", type_=sa.Integer)
_fits = sa.or_(Quota.seats.is_(None), Quota.taken + _party <= Quota.seats - Quota.held)
_fits_with_held = sa.or_(Quota.seats.is_(None), Quota.taken + _party <= Quota.seats)
_of_the_event = sa.and_(Quota.event_id == _event, Quota.category_id.is_(None), Quota.activity_id.is_(None))
_of_the_party = sa.and_(Quota.event_id == _event, sa.or_(
    Quota.category_id == sa.bindparam("category"), among(cast("sa.ColumnElement[Any]", Quota.activity_id), "activities")
))
_rows = Quota.id, Quota.category_id, Quota.activity_id, Quota.seats, Quota.taken, Quota.held  # in the order of _Row
_move = sa.update(Quota).values(taken=Quota.taken + _party).returning(*_rows)
_TAKE_GATE, _TAKE_OTHERS = Statement(_move.where(_of_the_event, _fits)), Statement(_move.where(_of_the_party, _fits))
# Given by hand, seats come out of those held back first.
_give = _move.values(held=sa.case((Quota.held > _party, Quota.held - _party), else_=0))
_GIVE_GATE, _GIVE_OTHERS = Statement(_give.where(_of_the_event, _fits_with_held)), Statement(_give.where(_of_the_party, _fits_with_held))
_MOVE_GATE, _MOVE_OTHERS = Statement(_move.where(_of_the_event)), Statement(_move.where(_of_the_party))
_LOCK = Statement(sa.select(Quota.id).where(_of_the_event).with_for_update())
_GATE, _OTHERS = Statement(sa.select(*_rows).where(_of_the_event)), Statement(sa.select(*_rows).where(_of_the_party))
_COUNT_FROM_NOW = Statement(sa.insert(Quota).values(columns(Quota, "id", "activity_id", "seats")))


class _Row(NamedTuple):
    id: int
    category_id: int | None
    activity_id: int | None
    seats: int | None
    taken: int
    held: int


def lock(session: Session, event_id: int) -> None:
    """Hold the gate: until the transaction ends nobody else's seats of this event move."""
    _LOCK.rows(session.connection(), event=event_id)


def take(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """Take `party` seats from every limit that applies, leaving those that are held back.

    Raises EventFull, CategoryFull or ActivityFull with what is free, or UnknownActivity. The event's own row comes first and
    is the gate: whoever holds it is alone with the event's other rows, so two registrations can neither pass each other nor
    deadlock. Call it within a savepoint, which a refusal must undo.
    """
    scope = {"event": event_id, "party": party, "category": category_id, "activities": list(activity_ids)}
    _take(session, scope, _TAKE_GATE, _TAKE_OTHERS)


def give(session: Session, event_id: int, party: int, *, category_id: int, activity_ids: Sequence[int]) -> None:
    """`take` by hand of staff: from the seats held back first. Raises the same."""
    scope = {"event": event_id, "party": party, "category": category_id, "activities": list(activity_ids)}
    _take(session, scope, _GIVE_GATE, _GIVE_OTHERS)


def _take(session: Session, scope: dict[str, Any], gate: Statement, others: Statement) -> None:
    connection, party, activity_ids = session.connection(), scope["party"], set(scope["activities"])
    if not _moved(session, connection, gate, scope):
        raise EventFull(free=_left(_Row(*_GATE.rows(connection, **scope)[0]), gate), wanted=party)
    rows = _moved(session, connection, others, scope)
    if len(rows) == 1 + len(activity_ids):
        return
    moved, all_rows = {row.id for row in rows}, [_Row(*row) for row in _OTHERS.rows(connection, **scope)]
    for row in all_rows:
        if row.id not in moved and row.category_id:
            raise CategoryFull(free=_left(row, gate), wanted=party, category_id=row.category_id)
        if row.id not in moved:
            raise ActivityFull(free=_left(row, gate), wanted=party, activity_id=row.activity_id)
    if not activity_ids <= {row.activity_id for row in all_rows}:
        raise UnknownActivity(field="activities")
    # A category is counted from its first guest, so that a limit can be set later.
    _COUNT_FROM_NOW.send(connection, [{"event_id": scope["event"], "category_id": scope["category"], "taken": party, "held": 0}])


def _left(row: _Row, gate: Statement) -> int:
    """Seats that whoever asked could still have had."""
    return max((row.seats or 0) - row.taken - (row.held if gate is _TAKE_GATE else 0), 0)


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


def hold(session: Session, quota: Quota, held: int) -> None:
    """Keep so many seats back. Raises TooManyHeld (field `held-ID`), ValueError for fewer than none."""
    if held < 0:
        raise ValueError(held)
    lock(session, quota.event_id)
    session.refresh(quota)
    if quota.seats is None or held > quota.seats - quota.taken:
        raise TooManyHeld(field=f"held-{quota.id}", left=(quota.seats or 0) - quota.taken, wanted=held)
    quota.held = held
    session.flush()


def resize(session: Session, quota: Quota, seats: int | None, *, field: str = "seats") -> None:
    """Change a limit; None lifts it. Raises QuotaBelowTaken, naming `field`, when more seats are taken already."""
    try:
        with session.begin_nested():
            quota.seats = seats
    except IntegrityError:
        session.refresh(quota)
        raise QuotaBelowTaken(field=field, taken=quota.taken, wanted=seats) from None
