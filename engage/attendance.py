"""Attendance of an event's activities, from the scans at their rooms' doors: who was there, when, and how many minutes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from engage.activities import Activity
from engage.events import Event
from engage.parties import Attendee
from engage.presence import Attendance


class Turnout(NamedTuple):
    """People of one activity: who came at all, and who is in the room now."""

    came: int
    inside: int


def turnouts(session: Session, event: Event) -> Mapping[int, Turnout]:
    """The turnout of each activity that anybody came to, by its id."""
    by_activity = (
        sa.select(Attendance.activity_id, sa.func.count(Attendance.arrived_at), sa.func.count(Attendance.inside_since))
        .join(Activity, Activity.id == Attendance.activity_id).where(Activity.event_id == event.id).group_by(Attendance.activity_id)
    )
    return {activity_id: Turnout(came, inside) for activity_id, came, inside in session.execute(by_activity) if came}


def find(activity: Activity, *, category_id: int | None = None, inside: bool | None = None, words: str = "") -> sa.Select[Attendance]:
    """Of those who came, with the attendee and the category, in the order of their coming; `words` looks into name and organisation."""
    found = (
        sa.select(Attendance).join(Attendance.attendee).join(Attendee.category)
        .options(contains_eager(Attendance.attendee).contains_eager(Attendee.category))
        .where(Attendance.activity_id == activity.id, Attendance.arrived_at.is_not(None))
        .order_by(Attendance.arrived_at, Attendee.id)
    )
    if category_id:
        found = found.where(Attendee.category_id == category_id)
    if inside is not None:
        found = found.where(Attendance.inside_since.is_not(None) if inside else Attendance.inside_since.is_(None))
    if words:
        columns = (Attendee.name, Attendee.organisation)
        found = found.where(sa.or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return found


def minutes(attendance: Attendance, activity: Activity, *, now: datetime) -> int:
    """Minutes in the room so far. Who never went out stayed until the activity's end."""
    seconds = attendance.seconds
    if attendance.inside_since:
        until = min(now, activity.ends_at) if activity.ends_at else now
        seconds += max(0, round((until - attendance.inside_since).total_seconds()))
    return seconds // 60
