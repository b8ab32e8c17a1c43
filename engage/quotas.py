"""Seats: how many there are, how many are taken. Nothing here can be oversold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self, cast

import sqlalchemy as sa
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


class NeverFits(Conflict):
    """The party is larger than all the seats that there are."""


class UnknownActivity(Invalid):
    """The activity does not belong to the event."""


class QuotaBelowTaken(Conflict):
    """More seats are taken than the new limit allows."""


class TooManyHeld(QuotaBelowTaken):
    """There are not so many seats left to hold back."""


class Quota(Base):
    """One limit of an event: the whole event's (neither key set), a category's, or an activity's.

    `seats` is None where there is no limit. `held` of them are kept back for staff to give by hand. `beyond` is how many staff
    gave when there was none left: the limit stays as it is. The check is the last judge: whatever the code does, `taken` never
    passes `seats` by more than that.
    """

    __tablename__ = "quota"
    __table_args__ = (
        sa.CheckConstraint("taken >= 0 AND beyond >= 0 AND (seats IS NULL OR taken <= seats + beyond)", name="not_oversold"),
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
    beyond: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))

    @property
    def free(self) -> int | None:
        """Seats left for everybody; None where there is no limit."""
        return None if self.seats is None else max(self.seats - self.taken - self.held, 0)


_TABLE = cast("sa.Table", Quota.__table__)
_ALL = Statement(sa.select(
    Quota.id, Quota.event_id, Quota.category_id, Quota.activity_id, Quota.seats, Quota.taken, Quota.held, Quota.beyond,  # as in _Limit
).where(among(_TABLE.c.event_id, "events")))
# The gate: whoever holds the row of an event is alone with all of its limits. In the order of the keys, so that nobody deadlocks.
_LOCK = Statement(sa.select(Quota.id).where(
    among(_TABLE.c.event_id, "events"), Quota.category_id.is_(None), Quota.activity_id.is_(None),
).order_by(Quota.id).with_for_update())
_MOVE = Statement(sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("key")).values(
    {name: sa.bindparam(f"now_{name}") for name in ("taken", "held", "beyond")}
))
_COUNT_FROM_NOW = Statement(sa.insert(Quota).values(columns(Quota, "id", "activity_id", "seats")))


class Claim(NamedTuple):
    """Seats for a whole party: of the event's limit, of its category's, and of that of each activity it has chosen."""

    event_id: int
    party: int
    category_id: int
    activity_ids: Sequence[int]


@dataclass
class _Limit:
    """A Quota's row as it is decided on; `id` is None where a category is counted from now."""

    id: int | None
    event_id: int
    category_id: int | None
    activity_id: int | None
    seats: int | None
    taken: int
    held: int
    beyond: int

    def require(self, party: int, *, spare: int) -> None:
        """Raise what says that this limit has no seats for the party, `spare` of those that are left being for nobody."""
        if self.seats is None or self.taken + party <= self.seats - spare:
            return
        free = max(self.seats - self.taken - spare, 0)
        if self.category_id:
            raise CategoryFull(free=free, wanted=party, category_id=self.category_id)
        if self.activity_id:
            raise ActivityFull(free=free, wanted=party, activity_id=self.activity_id)
        raise EventFull(free=free, wanted=party)

    def move(self, party: int) -> None:
        """So many more are taken, or fewer; of what staff gave beyond the limit remains what is still beyond it."""
        self.taken += party
        self.beyond = min(self.beyond, self.over)

    @property
    def over(self) -> int:
        """How many more seats are taken than there are."""
        return 0 if self.seats is None else max(self.taken - self.seats, 0)


class Limits:
    """The limits of some events, which nobody else moves until the transaction ends. Who fits is decided here, one claim after
    another, and written when the block ends without an exception:

        with Limits(session, event.id) as limits:
            limits.take(claim)
    """

    def __init__(self, session: Session, *event_ids: int) -> None:
        session.flush()
        lock(session, *event_ids)
        self._session, self._connection = session, session.connection()
        found = [_Limit(*row) for row in _ALL.rows(self._connection, events=list(event_ids))]
        self._limits = {(limit.event_id, limit.category_id, limit.activity_id): limit for limit in found}
        self._before = {limit.id: replace(limit) for limit in found}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if not failed:
            self._write()

    def take(self, claim: Claim) -> None:
        """Take seats, leaving those that are held back. Raises EventFull, CategoryFull or ActivityFull with what is free, or
        UnknownActivity; then nothing is taken.
        """
        for limit in self._of(claim):
            limit.require(claim.party, spare=limit.held)
        for limit in self._of(claim):
            limit.move(claim.party)

    def require_possible(self, claim: Claim) -> None:
        """Of a claim that takes nothing yet: raise UnknownActivity, or NeverFits where a limit has seats, but never so many."""
        for limit in self._of(claim):
            if limit.seats and limit.seats < claim.party:
                raise NeverFits(field="companions", seats=limit.seats, wanted=claim.party, activity_id=limit.activity_id)

    def give(self, claim: Claim) -> None:
        """`take` by hand of staff: from the seats held back first. Raises the same."""
        for limit in self._of(claim):
            limit.require(claim.party, spare=0)
        self.add(claim)

    def add(self, claim: Claim) -> None:
        """`give` beyond the limits, if need be, which stay as they are: the next seat that becomes free makes up for it."""
        for limit in self._of(claim):
            limit.held = max(limit.held - claim.party, 0)
            limit.taken += claim.party
            limit.beyond = max(limit.beyond, limit.over)

    def give_back(self, claim: Claim) -> None:
        """Free the seats that were taken for the same claim."""
        for limit in self._of(claim):
            limit.move(-claim.party)

    def full(self, event_id: int) -> bool:
        """Whether the event itself has no seat left for everybody."""
        limit = self._limits[event_id, None, None]
        return limit.seats is not None and limit.taken + limit.held >= limit.seats

    def _of(self, claim: Claim) -> list[_Limit]:
        event, category = claim.event_id, claim.category_id
        chosen = [self._limits.get((event, None, activity)) for activity in dict.fromkeys(claim.activity_ids)]
        if None in chosen:
            raise UnknownActivity(field="activities")
        # A category is counted from its first guest, so that a limit can be set later.
        counted = self._limits.setdefault((event, category, None), _Limit(None, event, category, None, None, 0, 0, 0))
        return [self._limits[event, None, None], counted, *filter(None, chosen)]

    def _write(self) -> None:
        """The database is the last judge; limits that the session holds are read again."""
        moved = [limit for limit in self._limits.values() if limit.id and limit != self._before[limit.id]]
        _MOVE.send(self._connection, [
            {"key": limit.id, "now_taken": limit.taken, "now_held": limit.held, "now_beyond": limit.beyond} for limit in moved
        ])
        _COUNT_FROM_NOW.send(self._connection, [
            {"event_id": limit.event_id, "category_id": limit.category_id, "taken": limit.taken, "held": 0, "beyond": 0}
            for limit in self._limits.values() if limit.id is None and limit.taken
        ])
        for limit in moved:
            if (held := self._session.identity_map.get(identity_key(Quota, limit.id))) is not None:
                self._session.expire(held, ["taken", "held", "beyond"])


def lock(session: Session, *event_ids: int) -> None:
    """Hold the gates: until the transaction ends nobody else's seats of these events move."""
    _LOCK.rows(session.connection(), events=list(event_ids))


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
    lock(session, quota.event_id)
    session.refresh(quota)
    over = 0 if seats is None else max(quota.taken - seats, 0)
    if over > quota.beyond:
        raise QuotaBelowTaken(field=field, taken=quota.taken, wanted=seats)
    quota.seats, quota.beyond = seats, over
    session.flush()
