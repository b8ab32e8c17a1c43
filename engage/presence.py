"""Presence: what a person's scans come to. Who is in, since when and for how long, at the event's door and at each room's.

`retell` tells it from all scans in the order of their times, so that it does not matter which of two devices was heard first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.base import Base

if TYPE_CHECKING:
    from engage.parties import Attendee


class Direction(StrEnum):
    """Which way somebody goes through the door."""

    IN = "in"
    OUT = "out"


class Result(StrEnum):
    """What the door answers to a scan; clients rely on these words."""

    ADMITTED = "admitted"
    ALREADY = "already"
    LEFT = "left"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    WAITLISTED = "waitlisted"
    WRONG_EVENT = "wrong_event"
    NOT_OPEN = "not_open"
    OVER_CAPACITY = "over_capacity"


COUNTED = frozenset({Result.ADMITTED, Result.ALREADY, Result.LEFT})  # the ticket was good, and its holder was there


class Scan(Base):
    """One scan as it was answered. The code itself is not kept, so that the table opens no door.

    `result` and `first_at` are the answer, which a repetition repeats. `stands` is what the scan is now: another one, of an
    earlier time, may have come in later. `at` is corrected by what the device's clock was wrong, `clock_at` is what it said.
    """

    __tablename__ = "scan"
    __table_args__ = (
        sa.Index("ix_scan_event_received", "event_id", "received_at"),
        # Most scans are at the event's own door and cost nothing here.
        sa.Index("ix_scan_activity_id", "activity_id", sqlite_where=sa.text("activity_id IS NOT NULL"), postgresql_where=sa.text("activity_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id"))
    attendee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), index=True)
    code_digest: Mapped[str] = mapped_column(sa.String(22))
    direction: Mapped[Direction]
    result: Mapped[Result]
    stands: Mapped[Result]
    told: Mapped[Result | None]  # what a device without a network told the guest by itself
    at: Mapped[datetime]
    clock_at: Mapped[datetime]
    received_at: Mapped[datetime]
    first_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]  # taken back: see `undos`
    by: Mapped[str] = mapped_column(sa.String(80))
    device: Mapped[str] = mapped_column(sa.String(80), default="")

    attendee: Mapped["Attendee | None"] = relationship()


class Attendance(Base):
    """One person at one activity, as the scans at its door tell it. `inside_since` is None while the person is out."""

    __tablename__ = "attendance"
    __table_args__ = (sa.Index("ix_attendance_activity_id", "activity_id"),)

    attendee_id: Mapped[int] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True)
    arrived_at: Mapped[datetime | None]  # None: every scan was taken back
    left_at: Mapped[datetime | None]
    inside_since: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seconds: Mapped[int] = mapped_column(default=0)  # of all stays that have ended

    attendee: Mapped["Attendee"] = relationship()


@dataclass(slots=True)
class Stay:
    """A person at one door. `seen_at` is the latest that is known: an earlier scan makes the story be told anew."""

    arrived_at: datetime | None = None
    left_at: datetime | None = None
    inside_since: datetime | None = None
    seen_at: datetime | None = None
    seconds: int = 0
    _taken_back_until: datetime | None = field(default=None, init=False, repr=False, compare=False)

    def pass_through(self, direction: Direction, at: datetime) -> Result:
        """Somebody comes in or goes out, later than all before."""
        self.known(at)
        if direction is Direction.OUT:
            if self.inside_since:
                self.seconds += _seconds(at - self.inside_since)
            self.arrived_at = self.arrived_at or at
            self.inside_since, self.left_at = None, at
            return Result.LEFT
        if self.inside_since:
            return Result.ALREADY
        if self._taken_back_until and at < self._taken_back_until:
            return Result.ALREADY  # the same ticket once more, before the admission was taken back: that meant this one too
        self.arrived_at = self.arrived_at or at
        self.inside_since, self.left_at = at, None
        return Result.ADMITTED

    def leave(self, at: datetime) -> None:
        """Whoever leaves the house has left each of its rooms, though nobody scanned that there."""
        if self.inside_since:
            self.pass_through(Direction.OUT, at)

    def times(self) -> tuple[datetime | None, ...]:
        """As they are stored, in the order of the fields."""
        return self.arrived_at, self.left_at, self.inside_since, self.seen_at

    def seen_inside(self, at: datetime) -> None:
        """Scanned in a room: then the person has come, though nobody at the event's door knows when."""
        self.known(at)
        self.arrived_at = self.arrived_at or at

    def take_back(self, at: datetime, until: datetime) -> None:
        """A scan of the time `at` was taken back at `until`."""
        self.known(max(at, until))
        self._taken_back_until = max(self._taken_back_until or at, at, until)

    def known(self, at: datetime) -> None:
        """Something of this time is known."""
        self.seen_at = max(self.seen_at or at, at)


@dataclass(slots=True)
class Mark:
    """A scan of the story; `retell` sets `result`. `undone_at` is when it was taken back."""

    id: str
    activity_id: int | None
    direction: Direction
    at: datetime
    received_at: datetime
    result: Result
    undone_at: datetime | None = None


def retell(marks: Iterable[Mark]) -> Mapping[int | None, Stay]:
    """Tell one person's story from all counted scans (results in COUNTED): a Stay by activity, None being the event's door.

    Sets each mark's `result` to what it is now; scans that were taken back keep theirs.
    """
    stays: dict[int | None, Stay] = {None: Stay()}
    for mark in sorted(marks, key=lambda mark: (mark.at, mark.received_at, mark.id)):
        stay = stays.setdefault(mark.activity_id, Stay())
        if mark.undone_at:
            if mark.direction is Direction.IN:
                stay.take_back(mark.at, mark.undone_at)
                stays[None].known(max(mark.at, mark.undone_at))  # by the event's door is judged which scans are late
            continue
        mark.result = stay.pass_through(mark.direction, mark.at)
        if mark.activity_id is not None:
            stays[None].seen_inside(mark.at)
        elif mark.direction is Direction.OUT:
            for room in stays.values():
                room.leave(mark.at)
    return stays


def _seconds(spent: timedelta) -> int:
    return round(spent.total_seconds())
