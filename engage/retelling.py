"""People's presence told anew in the database, from their scans: when one came late, was taken back, or counts after all."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engage.activities import Activity
from engage.doubts import DOUBTS, Doubt, Kind
from engage.parties import Attendee
from engage.presence import COUNTED, Attendance, Direction, Mark, Result, Scan, Stay, retell
from surveys.statements import Rows, Statement, among, columns, moment

ATTENDEES, SCANS = cast("sa.Table", Attendee.__table__), cast("sa.Table", Scan.__table__)
_TIMES = "arrived_at", "left_at", "inside_since", "seen_at"  # as Stay.times
ARRIVE = Rows(Attendee, (*_TIMES, "id"), key="id")
_ACTIVITIES = cast("sa.Table", Activity.__table__)


class Room(NamedTuple):
    """An activity's room as its door sees it."""

    id: int
    event_id: int
    capacity: int | None


class Rooms:
    """The locked rows of some activities, and who of some people is in them. Changes are written by `write`."""

    def __init__(self, connection: sa.Connection, activity_ids: Collection[int], attendee_ids: Collection[int]) -> None:
        """Lock the rows; call it when the attendees' rows are locked.

        Rooms where these people have been are locked with them, as whoever leaves the house leaves them: their stories may have to be told anew, and whoever locked these
        afterwards could wait for somebody who waits for the first ones.
        """
        send = statements(connection.dialect.name)
        found = send.rooms.rows(connection, activities=list(activity_ids), attendees=list(attendee_ids)) if activity_ids or attendee_ids else ()
        self.rooms = {row[0]: Room(*row[:3]) for row in found}
        self._inside = {row[0]: row[3] for row in found}
        rows = send.stays.rows(connection, attendees=list(attendee_ids), activities=list(self.rooms)) if found else ()
        self._stays = {(row[0], row[1]): _stay(row[2:]) for row in rows}
        self._changed: set[tuple[int, int]] = set()
        self._moved: set[int] = set()

    def stay(self, attendee_id: int, activity_id: int) -> Stay:
        """A person's stay in a room."""
        return self._stays.setdefault((attendee_id, activity_id), Stay())

    def full(self, room: Room) -> bool:
        """Whether nobody else fits in."""
        return room.capacity is not None and self._inside[room.id] >= room.capacity

    def overfull(self, room: Room) -> bool:
        """Whether more are in than fit."""
        return room.capacity is not None and self._inside[room.id] > room.capacity

    def pass_through(self, attendee_id: int, room: Room, direction: Direction, at: datetime) -> Result:
        """Somebody comes in or goes out; OVER_CAPACITY changes nothing."""
        stay = self.stay(attendee_id, room.id)
        if direction is Direction.IN and not stay.inside_since and self.full(room):
            return Result.OVER_CAPACITY
        before = stay.inside_since
        result = stay.pass_through(direction, at)
        self._note(attendee_id, room.id, before, stay)
        return result

    def leave(self, attendee_id: int, at: datetime) -> None:
        """Somebody leaves the house, and with it all rooms."""
        for activity_id in self.rooms:
            stay = self._stays.get((attendee_id, activity_id))
            if stay and stay.inside_since:
                before = stay.inside_since
                stay.leave(at)
                self._note(attendee_id, activity_id, before, stay)

    def put(self, attendee_id: int, activity_id: int, stay: Stay) -> None:
        """This is the person's stay now, whether or not the room is full."""
        before = self.stay(attendee_id, activity_id)
        if stay != before:
            self._stays[attendee_id, activity_id] = stay
            self._note(attendee_id, activity_id, before.inside_since, stay)

    def write(self, connection: sa.Connection) -> None:
        """Two statements at most."""
        send = statements(connection.dialect.name)
        send.attend.send(connection, [
            {"attendee_id": person, "activity_id": activity, **dict(zip(_TIMES, stay.times(), strict=True)),
             "seconds": stay.seconds} for person, activity in sorted(self._changed) for stay in [self._stays[person, activity]]
        ])
        send.fill.send(connection, [{"activity": each, "now_inside": self._inside[each]} for each in sorted(self._moved)])

    def _note(self, attendee_id: int, activity_id: int, before: datetime | None, stay: Stay) -> None:
        self._changed.add((attendee_id, activity_id))
        if bool(before) != bool(stay.inside_since):
            self._inside[activity_id] += 1 if stay.inside_since else -1
            self._moved.add(activity_id)


def lock(session: Session, attendee_ids: Iterable[int]) -> None:
    """Hold these people's rows until the transaction ends: whoever holds them decides what their scans come to."""
    held = sa.select(Attendee.id).where(Attendee.id.in_(sorted(attendee_ids))).order_by(Attendee.id).with_for_update()
    session.execute(held).all()


def tell(session: Session, attendee_ids: Iterable[int], *, now: datetime) -> None:
    """`tell_anew` for a session, which then reads again what it holds of people, scans and rooms."""
    session.flush()
    if people := sorted(attendee_ids):
        tell_anew(session.connection(), people, now=now)
    for record in session.identity_map.values():
        if isinstance(record, (Attendee, Scan, Attendance, Activity)):
            session.expire(record)


def tell_anew(
    connection: sa.Connection, attendee_ids: Collection[int], *, fresh: Collection[str] = (), now: datetime
) -> dict[str, tuple[Result, datetime | None]]:
    """Tell the story of these people again and write it; their rows must be locked.

    `fresh` are scans that are being decided: one of them that would overfill a room is refused. What is corrected about the past is
    told as it was, though a room be overfull by it: then a person shall look at that. Answers, for the fresh ones, what they
    are and when the person first arrived at that door. A constant number of statements for any number of people.
    """
    send = statements(connection.dialect.name)
    stories: dict[int, list[Mark]] = {each: [] for each in attendee_ids}
    for row in send.history.rows(connection, attendees=list(attendee_ids)):
        stories[row[0]].append(_mark(row))
    before = {mark.id: mark.result for story in stories.values() for mark in story}
    named = {mark.activity_id for story in stories.values() for mark in story if mark.activity_id}
    rooms = Rooms(connection, named, attendee_ids if named else ())
    arrived: list[Sequence[Any]] = []
    overfull: list[str] = []
    decided: dict[str, tuple[Result, datetime | None]] = {}
    for attendee_id, story in stories.items():
        stays, entered, refused = _fitting(story, rooms, attendee_id, fresh)
        for activity_id in named:
            rooms.put(attendee_id, activity_id, stays.get(activity_id, Stay()))
        overfull += [scan for activity_id, scan in entered.items() if rooms.overfull(rooms.rooms[activity_id])]
        arrived.append((*stays[None].times(), attendee_id))
        decided |= {mark.id: (mark.result, stays[mark.activity_id].arrived_at) for mark in story if mark.id in fresh}
        decided |= {mark.id: (mark.result, stays.get(mark.activity_id, Stay()).arrived_at) for mark in refused}
    ARRIVE.send(connection, arrived)
    rooms.write(connection)
    after = {mark.id: mark.result for story in stories.values() for mark in story}
    changed = {each: now_is for each, now_is in after.items() if now_is != before[each] and each not in fresh}
    _note_changes(connection, changed, now=now)
    send.doubt_of.send(connection, [{"scan": each, "about": Kind.OVERFULL, "now": now} for each in overfull])
    return decided


def _fitting(
    story: list[Mark], rooms: Rooms, attendee_id: int, fresh: Collection[str]
) -> tuple[dict[int | None, Stay], dict[int, str], list[Mark]]:
    """The story without those fresh scans that would bring one more person into a full room; the scans by which the person is now in
    rooms, by activity, and was not; those fresh ones.
    """
    refused: list[Mark] = []
    while True:
        stays, brought = dict(retell(story)), dict[int, str]()
        for activity_id, stay in stays.items():
            if activity_id is None or not stay.inside_since or rooms.stay(attendee_id, activity_id).inside_since:
                continue
            entered = next(mark for mark in story if mark.activity_id == activity_id and mark.at == stay.inside_since
                           and mark.result is Result.ADMITTED and not mark.undone_at)
            if entered.id in fresh and rooms.full(rooms.rooms[activity_id]):
                entered.result = Result.OVER_CAPACITY
                story.remove(entered)
                refused.append(entered)
                break
            brought[activity_id] = entered.id
        else:
            return stays, brought, refused


def _note_changes(connection: sa.Connection, changed: dict[str, Result], *, now: datetime) -> None:
    """Write what scans are now; two devices that let the same ticket in are a doubt, and no longer when it is cleared up."""
    send = statements(connection.dialect.name)
    send.stand.send(connection, [{"scan": each, "now_stands": result} for each, result in changed.items()])
    twice = [each for each, result in changed.items() if result is Result.ALREADY]
    send.doubt_of.send(connection, [{"scan": each, "about": Kind.TWO_DEVICES, "now": now} for each in twice])
    send.cleared.send(connection, [{"scan": each} for each, result in changed.items() if result is not Result.ALREADY])


def _stay(row: Sequence[Any]) -> Stay:
    arrived_at, left_at, inside_since, seen_at, seconds = row
    return Stay(moment(arrived_at), moment(left_at), moment(inside_since), moment(seen_at), seconds)


def _mark(row: Sequence[Any]) -> Mark:
    _, scan_id, activity_id, direction, at, received_at, stands, undone_at = row
    at, received_at = cast("datetime", moment(at)), cast("datetime", moment(received_at))
    return Mark(scan_id, activity_id, Direction(direction), at, received_at, Result(stands), moment(undone_at))


class Statements(NamedTuple):
    """What is sent."""

    rooms: Statement
    stays: Statement
    history: Statement
    attend: Statement
    fill: Statement
    stand: Statement
    doubt_of: Statement
    cleared: Statement


@cache
def statements(database: str) -> Statements:
    """For `sqlite` or `postgresql`."""
    insert = sqlite.insert if database == "sqlite" else postgresql.insert
    presence = cast("sa.Table", Attendance.__table__)
    been = _ACTIVITIES.c.id.in_(sa.select(presence.c.activity_id).where(among(presence.c.attendee_id, "attendees")))
    rooms = (
        sa.select(Activity.id, Activity.event_id, Activity.capacity, Activity.inside)  # in the order of Room
        .where(sa.or_(among(_ACTIVITIES.c.id, "activities"), been)).order_by(Activity.id).with_for_update(of=Activity)
    )
    stays = sa.select(
        Attendance.attendee_id, Attendance.activity_id, Attendance.arrived_at, Attendance.left_at, Attendance.inside_since,
        Attendance.seen_at, Attendance.seconds,  # in the order of Stay
    ).where(among(presence.c.attendee_id, "attendees"), among(presence.c.activity_id, "activities"))
    history = sa.select(
        Scan.attendee_id, Scan.id, Scan.activity_id, Scan.direction, Scan.at, Scan.received_at, Scan.stands, Scan.undone_at,
    ).where(among(SCANS.c.attendee_id, "attendees"), sa.or_(*(Scan.stands == each for each in sorted(COUNTED))))
    attend = insert(Attendance).values(columns(Attendance))
    attend = attend.on_conflict_do_update(index_elements=["attendee_id", "activity_id"], set_={
        name: attend.excluded[name] for name in ("arrived_at", "left_at", "inside_since", "seen_at", "seconds")
    })
    fill = sa.update(_ACTIVITIES).where(_ACTIVITIES.c.id == sa.bindparam("activity")).values(inside=sa.bindparam("now_inside"))
    stand = sa.update(SCANS).where(SCANS.c.id == sa.bindparam("scan")).values(stands=sa.bindparam("now_stands"))
    scan = sa.bindparam("scan", type_=sa.String(36))
    doubt_of = insert(Doubt).from_select(
        ["event_id", "scan_id", "kind", "noted_at", "settled_by", "reason"],
        sa.select(Scan.event_id, Scan.id, sa.bindparam("about", type_=DOUBTS.c.kind.type),
                  sa.bindparam("now", type_=DOUBTS.c.noted_at.type), sa.literal(""), sa.literal("")).where(Scan.id == scan),
    ).on_conflict_do_nothing()
    cleared = sa.delete(Doubt).where(
        Doubt.scan_id == scan, Doubt.settled_at.is_(None), Doubt.kind == Kind.TWO_DEVICES
    )
    return Statements(*(Statement(each) for each in (rooms, stays, history, attend, fill, stand, doubt_of, cleared)))
