"""Attendance of an event and of its activities, from the scans at their doors: who was there, when, and how many minutes.

Who never went out through a door stayed until what goes on behind it ended; who left the event's door has left every room.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from engage.activities import Activity
from engage.events import Event
from engage.parties import Attendee
from engage.presence import Attendance, Result, Scan
from surveys.base import UtcDateTime


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
    """Minutes in the room so far. Who never went out stayed until the activity's end, or until leaving the event."""
    seconds = attendance.seconds
    if attendance.inside_since:
        until = _earliest(now, activity.ends_at, activity.event.ends_at, attendance.attendee.left_at)
        seconds += max(0, _whole(until) - _whole(attendance.inside_since))
    return seconds // 60


def average_minutes(session: Session, event: Event, *, now: datetime) -> Mapping[int, float]:
    """The mean of `minutes` over all who came, to one decimal, for each activity that anybody came to, by its id."""
    last = sa.literal(_earliest(now, event.ends_at), UtcDateTime())
    ends = sa.case((Activity.ends_at < last, Activity.ends_at), else_=last)
    until = sa.case((Attendee.left_at < ends, Attendee.left_at), else_=ends)
    stay = _epoch(until) - _epoch(Attendance.inside_since)
    seconds = Attendance.seconds + sa.case((until > Attendance.inside_since, stay), else_=0)
    by_activity = (
        sa.select(Attendance.activity_id, sa.func.avg(seconds // 60))
        .join(Activity, Activity.id == Attendance.activity_id).join(Attendance.attendee)
        .where(Activity.event_id == event.id, Attendance.arrived_at.is_not(None)).group_by(Attendance.activity_id)
    )
    return {activity_id: round(float(mean), 1) for activity_id, mean in session.execute(by_activity)}


class Presence(NamedTuple):
    """Somebody's minutes at an event: wherever a door has seen them, of these between the event's start and its end, and in rooms
    by the activity's id; a room that the person did not come to is left out.
    """

    minutes: int
    within: int
    rooms: Mapping[int, int]


def presences(session: Session, event: Event, attendee_ids: Collection[int], *, now: datetime) -> dict[int, Presence]:
    """The presence of those of these people who came, by their ids: two statements besides the event's activities.

    Somebody is there from a scan at the event's door or at a room's until the scan on the way out. Without one the stay lasts
    until the end of the event, or of what went on in the room where the event's own door was not used.
    """
    last = _earliest(now, event.ends_at)
    ends = {activity.id: _earliest(last, activity.ends_at) for activity in event.activities}
    rooms = _rooms(session, event, attendee_ids, now=now)
    passed = (
        sa.select(Scan.attendee_id, Scan.activity_id, Scan.at, Scan.stands)
        .where(Scan.attendee_id.in_(attendee_ids), Scan.stands.in_([Result.ADMITTED, Result.LEFT]), Scan.undone_at.is_(None))
        .order_by(Scan.attendee_id, Scan.at, Scan.received_at, Scan.id)
    )
    found: dict[int, Presence] = {}
    for attendee_id, scans in groupby(session.execute(passed), key=lambda row: row.attendee_id or 0):
        stays = list(_stays(((row.activity_id, row.at, row.stands) for row in scans), {None: last, **ends}))
        within = [(max(since, event.starts_at or since), min(until, last)) for since, until in stays]
        found[attendee_id] = Presence(_covered(stays) // 60, _covered(within) // 60, rooms.get(attendee_id, {}))
    return found


def _rooms(session: Session, event: Event, attendee_ids: Collection[int], *, now: datetime) -> dict[int, dict[int, int]]:
    activities = {activity.id: activity for activity in event.activities}
    came = (
        sa.select(Attendance).join(Attendance.attendee).options(contains_eager(Attendance.attendee))
        .where(Attendance.attendee_id.in_(attendee_ids), Attendance.arrived_at.is_not(None))
    )
    rooms: dict[int, dict[int, int]] = {}
    for one in session.scalars(came):
        rooms.setdefault(one.attendee_id, {})[one.activity_id] = minutes(one, activities[one.activity_id], now=now)
    return rooms


def _stays(
    scans: Iterable[tuple[int | None, datetime, Result]], ends: Mapping[int | None, datetime]
) -> Iterator[tuple[datetime, datetime]]:
    """From when until when one person was behind each door; None is the event's."""
    since: dict[int | None, datetime] = {}
    for door, at, result in scans:
        if result is Result.ADMITTED:
            since.setdefault(door, at)
            continue
        for left in ([door] if door else list(since)):
            if left in since:
                yield since.pop(left), at
    for door, start in since.items():
        yield start, max(start, ends[door])


def _covered(stays: Iterable[tuple[datetime, datetime]]) -> int:
    """Seconds in any of these stays; what they share counts once."""
    seconds, counted = 0, 0
    for since, until in sorted(stays):
        start, end = max(counted, _whole(since)), _whole(until)
        seconds += max(0, end - start)
        counted = max(counted, end)
    return seconds


def _earliest(moment: datetime, *others: datetime | None) -> datetime:
    return min([moment, *(other for other in others if other)])


def _whole(at: datetime) -> int:
    """Whole seconds, as the databases count them too."""
    return int(at.timestamp())


def _epoch(at: sa.SQLColumnExpression[datetime | None]) -> sa.ColumnElement[int]:
    seconds = sa.extract("epoch", at)
    return sa.cast(seconds - seconds % 1, sa.BigInteger)
