"""The live board: how many are expected and here, by category and activity, how they come in, and who came last."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import addresses, arrivals
from engage.activities import Activity
from engage.addresses import Address
from engage.arrivals import Count, Door
from engage.errors import NotFound
from engage.events import Event
from engage.parties import Attendee, ChosenActivity

STEP = 300  # seconds: arrivals are counted in steps of five minutes
STEPS = 24  # shown: two hours
LAST = 8  # arrivals shown by name


class BoardNotFound(NotFound):
    """There is no such board, or its address was renewed."""


class Board(Address):
    """The address of an event's public board."""

    __tablename__ = "board"


class ActivityCount(NamedTuple):
    """People who chose an activity: how many are expected and how many of them have arrived at the event."""

    activity_id: int
    title: str
    expected: int
    arrived: int


class Arrival(NamedTuple):
    """Somebody who came."""

    name: str
    category_id: int
    at: datetime


class Figures(NamedTuple):
    """What a board shows. `pace` has the first admissions of `STEPS` steps of five minutes, the first one from `pace_from` on.

    `last` is the newest first; `open` tells whether the event's scans count now.
    """

    expected: int
    arrived: int
    categories: Sequence[Count]
    activities: Sequence[ActivityCount]
    pace_from: datetime
    pace: Sequence[int]
    last: Sequence[Arrival]
    open: bool

    def steps(self) -> list[tuple[datetime, int]]:
        """`pace` with the time at which each step begins."""
        return [(self.pace_from + timedelta(seconds=STEP * number), count) for number, count in enumerate(self.pace)]


def of(session: Session, event: Event) -> Board | None:
    """The event's public board; None while it has none."""
    return session.get(Board, event.id)


def event_of(session: Session, code: str) -> Event:
    """The event whose public board has this code. Raises BoardNotFound."""
    event = addresses.event_of(session, Board, code)
    if event is None:
        raise BoardNotFound
    return event


def renew(session: Session, event: Event, *, by: str, now: datetime) -> Board:
    """Give the event a public board, or the board it has another code: the address before is dead from now on."""
    return addresses.renew(session, Board, event, by=by, now=now)


def withdraw(session: Session, event: Event, *, by: str, now: datetime) -> None:
    """The event has no public board any more; where it has none nothing changes."""
    addresses.withdraw(session, Board, event, by=by, now=now)


def figures(session: Session, event: Event, *, now: datetime) -> Figures:
    """The board as it stands: four statements for any number of guests."""
    counts = arrivals.counts(session, event)
    arrived = sum(count.arrived for count in counts)
    last = _last(session, event)
    pace_from = _pace_from(event, last[0].at if last else now, now)
    return Figures(
        expected=sum(count.expected for count in counts), arrived=arrived, categories=counts,
        activities=_by_activity(session, event), pace_from=pace_from, pace=_pace(session, event, pace_from), last=last,
        open=Door.of(event).open(now),
    )


def _by_activity(session: Session, event: Event) -> list[ActivityCount]:
    counted = (
        sa.select(Activity.id, Activity.title, arrivals.EXPECTED, sa.func.count(Attendee.arrived_at))
        .join(ChosenActivity, ChosenActivity.activity_id == Activity.id)
        .join(Attendee, Attendee.registration_id == ChosenActivity.registration_id)
        .where(Activity.event_id == event.id, arrivals.COUNTS)
        .group_by(Activity.id).order_by(Activity.starts_at, Activity.id)
    )
    return [ActivityCount(*row) for row in session.execute(counted)]


def _last(session: Session, event: Event) -> list[Arrival]:
    came = (
        sa.select(Attendee.name, Attendee.category_id, Attendee.arrived_at)
        .where(_came(event)).order_by(Attendee.arrived_at.desc(), Attendee.id.desc()).limit(LAST)
    )
    return [Arrival(name, category_id, at) for name, category_id, at in session.execute(came) if at]


def _pace(session: Session, event: Event, since: datetime) -> list[int]:
    second = sa.extract("epoch", Attendee.arrived_at)
    step = (second - second % STEP).label("step")
    until = since + timedelta(seconds=STEP * STEPS)
    counted = (
        sa.select(step, sa.func.count()).where(_came(event), Attendee.arrived_at >= since, Attendee.arrived_at < until).group_by(step)
    )
    found = {int(start): count for start, count in session.execute(counted)}
    first = int(since.timestamp())
    return [found.get(first + number * STEP, 0) for number in range(STEPS)]


def _pace_from(event: Event, last: datetime, now: datetime) -> datetime:
    """The last two hours while the event goes on; afterwards the two hours up to the last arrival."""
    upto = now if event.ends_at is None or now < event.ends_at else last
    step = int(upto.timestamp()) // STEP
    return datetime.fromtimestamp((step - STEPS + 1) * STEP, UTC)


def _came(event: Event) -> sa.ColumnElement[bool]:
    return sa.and_(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
