"""Minutes at an event and in its rooms: of people who were scanned out, forgot it, or were seen at one door only."""

import chain
import pytest
import sqlalchemy as sa
from database import count_queries, undone
from doorday import CAME, OVER, door_day
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import MINUTE, OPEN, OUT, guest_of, held, scanned, taken_back

from engage import attendance
from engage.attendance import Presence
from engage.parties import Attendee
from engage.presence import Attendance


def present(session, event, *, now=OVER):
    """The presence of everybody who came, by name."""
    names = dict(iter(session.execute(sa.select(Attendee.id, Attendee.name).where(Attendee.event_id == event.id))))
    return {names[each]: one for each, one in attendance.presences(session, event, list(names), now=now).items()}


def test_minutes_are_right_for_everybody_however_they_came_and_went(session):
    day = door_day(session)
    expected = {
        name: Presence(minutes, minutes, {room: spent for room, spent in ((day.visit.id, visit), (day.talk.id, talk)) if spent is not None})
        for name, (minutes, _, _, visit, talk) in CAME.items()
    }
    assert present(session, day.event) == expected


def test_the_mean_of_an_activity_is_that_of_the_single_minutes(session):
    day = door_day(session)
    rooms = [one.rooms for one in present(session, day.event).values()]
    means = {each: sum(spent) / len(spent) for each in (day.visit.id, day.talk.id) if (spent := [room[each] for room in rooms if each in room])}
    assert attendance.average_minutes(session, day.event, now=OVER) == means == {day.visit.id: 30, day.talk.id: 60}


def test_before_the_end_minutes_are_those_so_far(session):
    event, guest = guest_of(session)
    room = chain.activity(session, event, ends_at=OPEN + 60 * MINUTE)
    session.flush()
    scanned(session, event, held(guest.ticket_code, 0), held(guest.ticket_code, 10, activity=room.id))
    session.expire_all()
    seen = {
        minute: (*present(session, event, now=OPEN + minute * MINUTE)[guest.name], *attendance.average_minutes(session, event, now=OPEN + minute * MINUTE).values())
        for minute in (5, 30, 600)
    }
    assert seen == {5: (5, 5, {room.id: 0}, 0), 30: (30, 30, {room.id: 20}, 20), 600: (180, 180, {room.id: 50}, 50)}


def test_an_activity_without_an_end_lasts_as_long_as_the_event(session):
    event, guest = guest_of(session)
    room = chain.activity(session, event)
    session.flush()
    scanned(session, event, held(guest.ticket_code, 100, activity=room.id), now=OPEN + 100 * MINUTE)
    session.expire_all()
    assert present(session, event) == {guest.name: Presence(80, 80, {room.id: 80})}
    assert attendance.average_minutes(session, event, now=OVER) == {room.id: 80}


def test_what_is_before_the_start_and_after_the_end_is_presence_but_not_within(session):
    event, guest = guest_of(session)
    scanned(session, event, held(guest.ticket_code, -30), held(guest.ticket_code, 200, direction=OUT), now=OVER)
    assert present(session, event) == {guest.name: Presence(230, 180, {})}


def test_who_comes_after_the_end_was_there_for_no_minute(session):
    event, guest = guest_of(session)
    scanned(session, event, held(guest.ticket_code, 200), now=OVER)
    assert present(session, event) == {guest.name: Presence(0, 0, {})}


def test_a_stay_that_was_taken_back_is_none(session):
    event, guest = guest_of(session)
    came = held(guest.ticket_code, 0)
    scanned(session, event, came)
    taken_back(session, event, came, 10)
    assert present(session, event) == {}
    scanned(session, event, held(guest.ticket_code, 20), held(guest.ticket_code, 50, direction=OUT))
    assert present(session, event) == {guest.name: Presence(30, 30, {})}


MOVES = st.lists(st.tuples(st.integers(-60, 300), st.sampled_from([None, "first", "second"]), st.booleans()), max_size=12)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=40)
@given(moves=MOVES, asked=st.integers(-60, 400))
def test_whatever_is_scanned_no_minute_is_negative_or_counted_twice(session, moves, asked):
    with undone(session):
        event, guest = guest_of(session)
        rooms = {name: chain.activity(session, event, name, ends_at=OPEN + end * MINUTE) for name, end in (("first", 60), ("second", 120))}
        session.flush()
        code, now = guest.ticket_code, OPEN + asked * MINUTE
        for minute, name, out in moves:  # in any order of time, as devices without a network send them
            way = {"direction": OUT} if out else {}
            scanned(session, event, held(code, minute, activity=rooms[name].id if name else None, **way), now=OVER)
        session.expire_all()
        whole = 0
        for one in present(session, event, now=now).values():
            whole = max([asked, *(minute for minute, *_ in moves)]) - min(minute for minute, *_ in moves)
            assert 0 <= one.within <= min(one.minutes, 180)
            assert one.minutes <= whole
            assert all(0 <= spent <= whole for spent in one.rooms.values())
        averages = attendance.average_minutes(session, event, now=now)
        alone = session.scalars(sa.select(Attendance).where(Attendance.arrived_at.is_not(None)))
        assert averages == {one.activity_id: attendance.minutes(one, next(r for r in rooms.values() if r.id == one.activity_id), now=now) for one in alone}


def test_presences_take_as_many_statements_for_thirty_as_for_one(session):
    event = chain.event(session)
    room = chain.activity(session, event)
    session.flush()
    counted = []
    for number in range(31):
        guest = chain.registration(session, event, f"来宾{number}", phone=f"139000010{number:02}").leader
        scanned(session, event, held(guest.ticket_code, 0), held(guest.ticket_code, 1, activity=room.id))
        if number in {0, 30}:
            session.expire_all()
            event.slug  # noqa: B018 -- loaded again before counting
            with count_queries(session) as seen:
                present(session, event)
            counted.append(len(seen))
    assert counted == [4, 4]  # the names, the activities, rooms, scans
