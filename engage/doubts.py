"""What a person should look at after the doors were without a network: a scan whose answer is not what the guest was told."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engage.presence import COUNTED, Result, Scan
from surveys.base import Base

if TYPE_CHECKING:
    from engage.parties import Attendee
    from engage.walk_ins import WalkIn


class Kind(StrEnum):
    """What is doubtful."""

    TWO_DEVICES = "two_devices"  # one ticket let in twice
    CANCELLED = "cancelled"
    WAITLISTED = "waitlisted"
    OVER_CAPACITY = "over_capacity"
    OVERFULL = "overfull"  # a correction put somebody back into a room that is full by now
    NOT_OPEN = "not_open"
    UNKNOWN = "unknown"
    WRONG_EVENT = "wrong_event"
    TURNED_AWAY = "turned_away"  # sent away at the door, but the ticket is good
    WALK_IN = "walk_in"  # came without a ticket and could not be entered


class Settlement(StrEnum):
    """What was decided about a doubt."""

    ADMIT = "admit"  # it counts after all
    UNDO = "undo"  # it does not count
    LEAVE = "leave"  # nothing changes


class Doubt(Base):
    """One thing to be settled: about a scan, or about a walk-in."""

    __tablename__ = "door_doubt"
    __table_args__ = (sa.Index("ix_door_doubt_event_id_settled_at", "event_id", "settled_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"))
    scan_id: Mapped[str | None] = mapped_column(sa.ForeignKey("scan.id", ondelete="CASCADE"), unique=True)
    walk_in_id: Mapped[str | None] = mapped_column(sa.ForeignKey("walk_in.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[Kind]
    noted_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(sa.String(80), default="")
    settlement: Mapped[Settlement | None]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")

    scan: Mapped[Scan | None] = relationship()
    walk_in: Mapped["WalkIn | None"] = relationship()

    @property
    def attendee(self) -> "Attendee | None":
        """Whom it is about, where that is known."""
        about = self.scan or self.walk_in
        return about and about.attendee

    @property
    def name(self) -> str:
        """The name of whom it is about; empty where nobody knows."""
        return self.attendee.name if self.attendee else self.walk_in.name if self.walk_in else ""


DOUBTS = cast("sa.Table", Doubt.__table__)
_REFUSED: Mapping[Result, Kind] = {
    Result.CANCELLED: Kind.CANCELLED,
    Result.WAITLISTED: Kind.WAITLISTED,
    Result.OVER_CAPACITY: Kind.OVER_CAPACITY,
    Result.NOT_OPEN: Kind.NOT_OPEN,
    Result.UNKNOWN: Kind.UNKNOWN,
    Result.WRONG_EVENT: Kind.WRONG_EVENT,
}


def doubt_about(result: Result, told: Result | None) -> Kind | None:
    """What is doubtful about a scan that the door decided without the server; `told` is None where the device does not say."""
    if result == told:
        return None
    if result is Result.ALREADY:
        return Kind.TWO_DEVICES if told in {None, Result.ADMITTED} else None
    if result in COUNTED:
        return None if told is None or told in COUNTED else Kind.TURNED_AWAY
    return _REFUSED[result]
