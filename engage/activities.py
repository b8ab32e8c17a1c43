"""Activities: the parts of an event that a guest can choose, each with its room and hours."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import audit
from engage.errors import Conflict, Invalid
from engage.events import EndsBeforeStart, Event, QuotaAboveCapacity, TitleMissing, require_editable, require_seats
from engage.presence import Scan
from engage.quotas import Quota, lock, resize
from surveys.base import Base

if TYPE_CHECKING:
    from engage.parties import Registration


class ActivityKind(StrEnum):
    """现场参观, 互动体验, 座谈交流, 问卷调查."""

    VISIT = "visit"
    EXPERIENCE = "experience"
    DISCUSSION = "discussion"
    SURVEY = "survey"


class OutsideEvent(Invalid):
    """The activity does not lie within the event."""


class ActivityAttended(Conflict):
    """Somebody was scanned at the activity's door; it cannot be removed."""


class ActivityChosen(Conflict):
    """Somebody has chosen the activity; it cannot be removed."""


@dataclass(frozen=True, kw_only=True)
class ActivityDetails:
    """What an organiser states of an activity; `seats` None is no limit of its own.

    `capacity` is how many people the room holds at once, which its door keeps to; None is no limit.
    """

    title: str
    kind: ActivityKind = ActivityKind.VISIT
    room: str = ""
    host: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    seats: int | None = None
    capacity: int | None = None


class Activity(Base):
    """A part of an event that a guest can choose."""

    __tablename__ = "activity"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ActivityKind]
    title: Mapped[str] = mapped_column(sa.String(120))
    room: Mapped[str] = mapped_column(sa.String(120), default="")
    host: Mapped[str] = mapped_column(sa.String(120), default="")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    capacity: Mapped[int | None]
    inside: Mapped[int] = mapped_column(default=0)  # people in the room now, as its door counts them

    event: Mapped[Event] = relationship(back_populates="activities")
    quota: Mapped[Quota] = relationship(cascade="all, delete-orphan", overlaps="quotas", single_parent=True, lazy="joined")
    chosen_by: Mapped[list["Registration"]] = relationship(secondary="chosen_activity", overlaps="activities")  # who cancelled, too


def add(session: Session, event: Event, details: ActivityDetails, *, by: str, now: datetime) -> Activity:
    """Add a part to the event. Raises Invalid where it does not fit into the event."""
    require_editable(event)
    _check(event, details)
    stated = {name: value for name, value in asdict(details).items() if name != "seats"}
    activity = Activity(**stated, quota=Quota(event_id=event.id, seats=details.seats))
    event.activities.append(activity)
    audit.record(session, "activity.create", activity, by=by, now=now, event=event.id)
    return activity


def edit(session: Session, activity: Activity, details: ActivityDetails, *, by: str, now: datetime) -> None:
    """State anew what an activity is. Raises Invalid, or QuotaBelowTaken where more have chosen it already."""
    require_editable(activity.event)
    _check(activity.event, details)
    resize(session, activity.quota, details.seats)
    for name, value in asdict(details).items():
        if name != "seats":
            setattr(activity, name, value)
    audit.record(session, "activity.edit", activity, by=by, now=now)


def remove(session: Session, activity: Activity, *, by: str, now: datetime) -> None:
    """Take a part out of the event. Raises ActivityChosen or ActivityAttended when somebody has chosen it, perhaps waiting for a seat,
    or was there.
    """
    require_editable(activity.event)
    lock(session, activity.event_id)
    if standing := sum(party.party for party in activity.chosen_by if party.cancelled_at is None):
        raise ActivityChosen(taken=standing)
    if session.scalar(sa.select(sa.exists().where(Scan.activity_id == activity.id))):
        raise ActivityAttended
    audit.record(session, "activity.remove", activity, by=by, now=now, event=activity.event_id, title=activity.title)
    activity.event.activities.remove(activity)


def _check(event: Event, details: ActivityDetails) -> None:
    if not details.title.strip():
        raise TitleMissing(field="title")
    if details.starts_at and details.ends_at and details.ends_at <= details.starts_at:
        raise EndsBeforeStart(field="ends_at")
    if details.starts_at and event.starts_at and details.starts_at < event.starts_at:
        raise OutsideEvent(field="starts_at", starts_at=event.starts_at)
    if details.ends_at and event.ends_at and details.ends_at > event.ends_at:
        raise OutsideEvent(field="ends_at", ends_at=event.ends_at)
    require_seats(details.seats, field="seats")
    require_seats(details.capacity, field="capacity")
    if details.seats is not None and event.capacity is not None and details.seats > event.capacity:
        raise QuotaAboveCapacity(field="seats", quota=details.seats, capacity=event.capacity)
