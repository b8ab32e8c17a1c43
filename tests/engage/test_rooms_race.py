"""Rooms hold what they hold, however many scanners stand at their doors; and no scanner waits for another one for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY
from marks import OPEN, OUT, held, scanned
from sqlalchemy.orm import Session

from engage import events, registrations
from engage.activities import Activity
from engage.parties import Attendee
from engage.presence import Attendance, Result

SCANNERS = 16
CAPACITY = 5


@pytest.fixture
def doors(fresh_engine):
    """An event with two rooms and a guest for each scanner: its address, the tickets and the rooms' ids."""
    with Session(fresh_engine) as session, session.begin():
        event = chain.event(session)
        rooms = [chain.activity(session, event, title, capacity=CAPACITY) for title in ("座谈", "参观")]
        guests = [chain.registration(session, event, f"来宾{number}", phone=f"139{number:08}").leader for number in range(SCANNERS)]
        session.flush()
        return event.slug, [guest.ticket_code for guest in guests], [room.id for room in rooms]


def at_once(engine, slug, batches):
    """Each batch by a scanner of its own, all at the same moment: their answers."""
    start = threading.Barrier(len(batches))

    def one(batch):
        start.wait()
        with Session(engine) as session, session.begin():
            return scanned(session, events.by_slug(session, slug), *batch)

    with ThreadPoolExecutor(len(batches)) as threads:
        return list(threads.map(one, batches))


def inside(engine, room):
    """People in a room as its row says, and as their attendance does."""
    with Session(engine) as session:
        here = sa.select(sa.func.count()).where(Attendance.activity_id == room, Attendance.inside_since.is_not(None))
        return session.get_one(Activity, room).inside, session.scalar(here)


def test_16_scanners_at_a_room_for_5_let_exactly_5_in_and_one_more_for_each_who_leaves(fresh_engine, doors):
    slug, tickets, (room, _) = doors
    answers = at_once(fresh_engine, slug, [[held(ticket, 1, activity=room)] for ticket in tickets])
    assert sorted(answers) == [[Result.ADMITTED]] * CAPACITY + [[Result.OVER_CAPACITY]] * (SCANNERS - CAPACITY)
    assert inside(fresh_engine, room) == (CAPACITY, CAPACITY)
    let_in = [ticket for ticket, answer in zip(tickets, answers, strict=True) if answer == [Result.ADMITTED]]
    refused = [ticket for ticket in tickets if ticket not in let_in]
    leaving = [[held(ticket, 2, activity=room, direction=OUT)] for ticket in let_in[:2]]
    coming = [[held(ticket, 3, activity=room)] for ticket in refused]
    assert at_once(fresh_engine, slug, leaving) == [[Result.LEFT]] * 2
    assert sorted(at_once(fresh_engine, slug, coming)) == [[Result.ADMITTED]] * 2 + [[Result.OVER_CAPACITY]] * (len(refused) - 2)
    assert inside(fresh_engine, room) == (CAPACITY, CAPACITY)


def test_one_ticket_at_16_scanners_takes_one_place_in_the_room(fresh_engine, doors):
    slug, tickets, (room, _) = doors
    answers = at_once(fresh_engine, slug, [[held(tickets[0], 1, activity=room)] for _ in range(SCANNERS)])
    assert sorted(answers) == [[Result.ADMITTED]] + [[Result.ALREADY]] * (SCANNERS - 1)
    assert inside(fresh_engine, room) == (1, 1)


def test_late_scans_of_people_who_were_in_both_rooms_wait_for_each_other_in_one_order(fresh_engine, doors):
    """Each batch is of one room, and makes the story of both be told anew."""
    slug, tickets, rooms = doors
    with Session(fresh_engine) as session, session.begin():
        event = events.by_slug(session, slug)
        session.execute(sa.update(Activity).values(capacity=None))
        scanned(session, event, *[held(ticket, 30, activity=room) for ticket in tickets for room in rooms])
    for late in range(10):
        batches = [[held(ticket, late, activity=rooms[number % 2])] for number, ticket in enumerate(tickets)]
        assert at_once(fresh_engine, slug, batches) == [[Result.ADMITTED if late == 0 else Result.ALREADY]] * SCANNERS
    assert [inside(fresh_engine, room) for room in rooms] == [(SCANNERS, SCANNERS)] * 2


def test_a_guest_who_is_being_admitted_cannot_be_cancelled(fresh_engine, doors):
    slug, tickets, _ = doors
    asked = threading.Event()

    def cancel():
        with Session(fresh_engine) as session, session.begin():
            guest = session.scalars(sa.select(Attendee).where(Attendee.ticket_code == tickets[0])).one()
            asked.set()
            registrations.cancel(session, guest.registration, by=BY, now=OPEN + timedelta(minutes=1))

    with ThreadPoolExecutor(1) as threads, Session(fresh_engine) as session:
        with session.begin():
            assert scanned(session, events.by_slug(session, slug), held(tickets[0], 1)) == [Result.ADMITTED]
            cancelled = threads.submit(cancel)
            asked.wait(0.5)  # on SQLite it waits already
            threading.Event().wait(0.3)
        with pytest.raises(registrations.AlreadyHere):
            cancelled.result()
