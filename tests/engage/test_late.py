"""Scans in any order: whoever is heard first, the story that the times tell is the one that stands."""

import uuid
from datetime import timedelta

import chain
import sqlalchemy as sa
from chain import BY
from database import count_queries, undone
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import IN, MINUTE, OPEN, OUT, guest_of, held, presence, scanned, taken_back, walked_in

from engage import quotas, undos, walk_ins
from engage.doubts import Doubt, Kind
from engage.parties import Attendee
from engage.presence import Attendance, Mark, Result, Scan, retell


def doubts(session):
    return sorted(session.scalars(sa.select(Doubt.kind)))


def test_the_first_arrival_is_the_earliest_also_when_it_is_heard_last(session):
    event, guest = guest_of(session)
    late, early = held(guest.ticket_code, 5), held(guest.ticket_code, 2)
    assert scanned(session, event, late, by="device:b", now=OPEN + 5 * MINUTE) == [Result.ADMITTED]
    assert scanned(session, event, early, by="device:a") == [Result.ADMITTED]
    assert presence(session, guest) == [2, None, 2]
    stored = {scan.id: (scan.result, scan.stands) for scan in session.scalars(sa.select(Scan))}
    assert stored == {late.id: (Result.ADMITTED, Result.ALREADY), early.id: (Result.ADMITTED, Result.ADMITTED)}
    assert doubts(session) == [Kind.TWO_DEVICES]
    assert scanned(session, event, late, early) == [Result.ADMITTED, Result.ADMITTED]  # as they were answered


def test_a_late_leaving_falls_into_its_place(session):
    event, guest = guest_of(session)
    assert scanned(session, event, held(guest.ticket_code, 1), held(guest.ticket_code, 9), now=OPEN + 9 * MINUTE) == [
        Result.ADMITTED, Result.ALREADY]
    assert scanned(session, event, held(guest.ticket_code, 5, direction=OUT), now=OPEN + 9 * MINUTE) == [Result.LEFT]
    assert presence(session, guest) == [1, None, 9]
    assert doubts(session) == []


def test_an_undo_is_a_record_of_its_own_and_safe_to_repeat(session):
    event, guest = guest_of(session)
    scan, undo_id = held(guest.ticket_code, 1), str(uuid.uuid4())
    assert taken_back(session, event, scan, 2, id=undo_id) is undos.Result.UNKNOWN
    scanned(session, event, scan, held(guest.ticket_code, 1.1))
    assert [taken_back(session, event, scan, 2, id=undo_id) for _ in range(2)] == [undos.Result.UNDONE] * 2
    assert taken_back(session, event, scan, 3) is undos.Result.ALREADY
    assert presence(session, guest) == [None, None, None]
    assert scanned(session, event, held(guest.ticket_code, 1.5)) == [Result.ALREADY]  # before the undo: it fell as well
    assert scanned(session, event, held(guest.ticket_code, 4)) == [Result.ADMITTED]
    nobody = held("no-such-ticket", 5)
    scanned(session, event, nobody)
    assert taken_back(session, event, nobody, 6) is undos.Result.NOTHING


def test_a_person_taken_back_by_staff_was_never_here(session):
    event, guest = guest_of(session)
    room = chain.activity(session, event)
    scanned(session, event, held(guest.ticket_code, 1), held(guest.ticket_code, 2, activity=room.id))
    undos.undo(session, guest, by=BY, now=OPEN + 3 * MINUTE)
    session.refresh(room)
    assert (presence(session, guest), room.inside) == ([None, None, None], 0)


def test_a_room_holds_what_it_holds_and_going_out_makes_room(session):
    event = chain.event(session)
    room = chain.activity(session, event, capacity=1)
    first = chain.registration(session, event).leader
    second = chain.registration(session, event, "王五", phone="13900000002").leader
    there = {"activity": room.id}
    assert scanned(session, event, held(first.ticket_code, 1, **there), held(second.ticket_code, 2, **there)) == [
        Result.ADMITTED, Result.OVER_CAPACITY]
    assert scanned(session, event, held(first.ticket_code, 31, direction=OUT, **there), held(second.ticket_code, 32, **there)) == [
        Result.LEFT, Result.ADMITTED]
    session.refresh(room)
    assert (room.inside, presence(session, first)[0], presence(session, second)[0]) == (1, 1, 32)
    spent = session.scalars(sa.select(Attendance.seconds).order_by(Attendance.attendee_id)).all()
    assert spent == [30 * 60, 0]


def test_who_leaves_the_house_leaves_its_rooms_until_that_is_taken_back(session):
    event = chain.event(session)
    room = chain.activity(session, event, capacity=1)
    first, second, third = (chain.registration(session, event, f"来宾{number}", phone=f"1390000000{number}").leader for number in range(3))
    there = {"activity": room.id}
    away = held(first.ticket_code, 10, direction=OUT)
    assert scanned(session, event, held(first.ticket_code, 1), held(first.ticket_code, 2, **there), away, held(second.ticket_code, 11, **there)) == [
        Result.ADMITTED, Result.ADMITTED, Result.LEFT, Result.ADMITTED]
    assert scanned(session, event, held(first.ticket_code, 12), held(first.ticket_code, 13, **there)) == [Result.ADMITTED, Result.OVER_CAPACITY]
    session.refresh(room)
    assert (room.inside, session.scalars(sa.select(Attendance.seconds).order_by(Attendance.attendee_id)).all()) == (1, [8 * 60, 0])
    scanned(session, event, held(second.ticket_code, 14, direction=OUT), held(third.ticket_code, 15, **there))
    assert taken_back(session, event, away, 16) is undos.Result.UNDONE  # then there are two in a room for one, which a person shall see
    session.refresh(room)
    assert (room.inside, presence(session, first)) == (2, [1, None, 1])


def test_a_room_of_another_event_is_the_wrong_one(session):
    event, guest = guest_of(session)
    other = chain.activity(session, chain.event(session))
    elsewhere = [held(guest.ticket_code, 1, activity=other.id), held(guest.ticket_code, 1, activity=99999), held("nobody", 1, activity=other.id)]
    assert scanned(session, event, *elsewhere) == [Result.WRONG_EVENT, Result.WRONG_EVENT, Result.UNKNOWN]
    assert session.scalars(sa.select(Scan.activity_id)).all() == [None] * 3


def test_whom_a_device_turned_away_from_a_room_that_it_took_for_full_did_not_go_in(session):
    event, guest = guest_of(session)
    room = chain.activity(session, event, capacity=1)
    full = held(guest.ticket_code, 1, activity=room.id, told=Result.OVER_CAPACITY)
    assert scanned(session, event, full, full) == [Result.OVER_CAPACITY] * 2
    assert scanned(session, event, held(guest.ticket_code, 2, activity=room.id, direction=OUT, told=Result.LEFT)) == [Result.LEFT]
    session.refresh(room)
    assert (room.inside, doubts(session), presence(session, guest)) == (0, [], [2, None, None])


def test_a_room_scan_taken_back_falls_with_what_was_scanned_between(session):
    event, guest = guest_of(session)
    room = chain.activity(session, event)
    first = held(guest.ticket_code, 1, activity=room.id)
    scanned(session, event, first)
    assert taken_back(session, event, first, 5) is undos.Result.UNDONE
    assert scanned(session, event, held(guest.ticket_code, 3, activity=room.id)) == [Result.ALREADY]
    session.refresh(room)
    assert (room.inside, session.scalar(sa.select(Attendance.inside_since))) == (0, None)


def test_rooms_and_late_scans_cost_a_constant_number_of_statements(session):
    event = chain.event(session)
    room = chain.activity(session, event)
    guests = [chain.registration(session, event, f"来宾{number}", phone=f"1390000{number:04}").leader for number in range(30)]

    def cost(some, minute):
        requests = [held(guest.ticket_code, minute, activity=room.id) for guest in some]
        requests += [held(guest.ticket_code, minute) for guest in some]
        with count_queries(session) as seen:
            scanned(session, event, *requests, now=OPEN)
        return len(seen)

    assert cost(guests[:1], 10) == cost(guests[1:], 10) == 9  # rooms, stays, and both written
    assert cost(guests[:1], 5) == cost(guests[1:], 5)  # late


def test_what_a_device_has_told_is_a_doubt_only_where_the_server_sees_it_differently(session):
    event, guest = guest_of(session)
    told = {"told": Result.ADMITTED}
    scanned(session, event, held(guest.ticket_code, 1, **told), held("nobody", 2, told=Result.UNKNOWN), held("nobody", 2, **told), now=OPEN)
    assert doubts(session) == [Kind.UNKNOWN]
    scanned(session, event, held(guest.ticket_code, 3, **told), now=OPEN)
    assert doubts(session) == [Kind.TWO_DEVICES, Kind.UNKNOWN]
    guest = chain.registration(session, event, "王五", phone="13900000002").leader
    scanned(session, event, held(guest.ticket_code, 4, told=Result.UNKNOWN), now=OPEN)
    assert doubts(session) == [Kind.TURNED_AWAY, Kind.TWO_DEVICES, Kind.UNKNOWN]


def test_a_walk_in_is_entered_once_seated_and_here(session):
    event, _ = guest_of(session)
    request = walked_in(1, phone="13900000009")
    first = walk_ins.enter(session, event, [request, request], by="device:a", now=OPEN)
    again = walk_ins.enter(session, event, [request], by="device:a", now=OPEN)
    assert [one.result for one in first + again] == [walk_ins.Result.ADMITTED] * 3
    entered = session.scalars(sa.select(Attendee).where(Attendee.name == "赵六")).one()
    session.refresh(event.quota)
    assert (presence(session, entered), event.quota.taken) == ([1, None, 1], 2)
    assert walk_ins.enter(session, event, [walked_in(2, phone="13900000009")], by="device:a", now=OPEN)[0].result == "registered"


def test_walk_ins_keep_to_the_seats_unless_staff_say_otherwise(session):
    event = chain.event(session, seats=1, walk_ins=True)
    chain.registration(session, event)
    requests = [walked_in(1), walked_in(2, beyond_seats=True), walked_in(3, category="nobody"), walked_in(4, phone="7"),
                walked_in(-60 * 24)]
    results = [one.result for one in walk_ins.enter(session, event, requests, by="device:a", now=OPEN)]
    session.refresh(event.quota)
    assert (results, event.quota.taken, event.quota.seats) == (
        ["event_full", "admitted", "unknown_category", "invalid_phone", "not_open"], 2, 1)
    assert doubts(session) == [Kind.WALK_IN] * 4
    closed = chain.event(session)
    assert walk_ins.enter(session, closed, [walked_in(1)], by="device:a", now=OPEN)[0].result == "not_allowed"


def test_a_walk_in_whom_staff_let_in_beyond_the_seats_gets_one_that_was_held_back(session):
    event = chain.event(session, seats=2, walk_ins=True)
    chain.category(session)
    quotas.hold(session, event.quota, 2)
    requests = [walked_in(1), walked_in(2, beyond_seats=True), walked_in(3, beyond_seats=True), walked_in(4, beyond_seats=True)]
    results = [one.result for one in walk_ins.enter(session, event, requests, by="device:a", now=OPEN)]
    session.refresh(event.quota)
    assert (results, event.quota.taken, event.quota.held, event.quota.seats) == (["event_full", *["admitted"] * 3], 3, 0, 2)


STEPS = st.lists(st.tuples(st.sampled_from(["in", "out", "room in", "room out"]), st.booleans()), min_size=1, max_size=7)


@given(steps=STEPS, data=st.data())
@settings(max_examples=60)
def test_any_order_of_hearing_tells_the_same_story(session, steps, data):
    """One person's scans and undos, heard in any order and in any batches, come to what the times tell."""
    with undone(session):
        event, guest = guest_of(session)
        room = chain.activity(session, event)
        made = [held(guest.ticket_code, minute, direction=OUT if "out" in step else IN, activity=room.id if "room" in step else None)
                for minute, (step, _) in enumerate(steps)]
        backs = {scan.id: scan.at + 90 * timedelta(seconds=1) for scan, (_, back) in zip(made, steps, strict=True) if back}
        heard = data.draw(st.permutations(made))
        cut = data.draw(st.integers(0, len(heard)))
        for part in (heard[:cut], heard[cut:]):
            scanned(session, event, *part)
            for scan in part:
                if scan.id in backs:
                    taken_back(session, event, scan, (backs[scan.id] - OPEN) / MINUTE)
        marks = [Mark(scan.id, scan.activity, scan.direction, scan.at, OPEN, Result.ADMITTED, backs.get(scan.id)) for scan in made]
        stays = retell(marks)
        session.refresh(guest)
        told = stays[None]
        assert (guest.arrived_at, guest.left_at, guest.inside_since) == (told.arrived_at, told.left_at, told.inside_since)
        stood = {scan.id: scan.stands for scan in session.scalars(sa.select(Scan).execution_options(populate_existing=True))}
        assert {mark.id: stood[mark.id] for mark in marks if not mark.undone_at} == {
            mark.id: mark.result for mark in marks if not mark.undone_at}
        session.refresh(room)
        assert room.inside == (1 if room.id in stays and stays[room.id].inside_since else 0)
