"""At the door: each ticket is admitted once, each scan is answered once, and every refusal says why."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import chain
import make
import pytest
import sqlalchemy as sa
from chain import BY, NOW
from database import count_queries
from sqlalchemy.orm import Session

from engage import arrivals, events, registrations, rehearsals, rosters, undos
from engage.arrivals import Direction, Outcome, Result, Scan, ScanRequest
from engage.codes import digest
from engage.parties import Attendee, ChosenActivity, State

DOOR = "device:gate-1"
OPEN = NOW + timedelta(days=7)  # the made event starts then


def held(ticket, at=OPEN, **changes):
    return ScanRequest(**{"id": str(uuid.uuid4()), "code": ticket, "at": at} | changes)


def results(session, event, *requests):
    return [outcome.result for outcome in arrivals.scan(session, event, requests, by=DOOR, now=OPEN)]


def test_a_ticket_is_admitted_once_and_then_answered_with_the_first_time(session):
    event = chain.event(session)
    guest = chain.registration(session, event, companions=["赵一"]).leader
    first, second = held(guest.ticket_code), held(guest.ticket_code, OPEN + timedelta(minutes=5))
    assert arrivals.scan(session, event, [first], by=DOOR, now=OPEN) == [
        Outcome(id=first.id, result=Result.ADMITTED, name="李四", category="企业代表", party=2, first_at=OPEN,
                attendee_id=guest.id)
    ]
    (again,) = arrivals.scan(session, event, [second], by=DOOR, now=OPEN)
    assert (again.result, again.first_at) == (Result.ALREADY, OPEN)
    session.refresh(guest)
    assert guest.arrived_at == OPEN


def test_repeating_a_scan_repeats_its_answer_and_changes_nothing(session):
    event = chain.event(session)
    guest = chain.registration(session, event).leader
    request = held(guest.ticket_code)
    first = arrivals.scan(session, event, [request], by=DOOR, now=OPEN)
    again = arrivals.scan(session, event, [request, request], by=DOOR, now=OPEN + timedelta(hours=1))
    assert again == first * 2
    assert session.scalar(sa.select(sa.func.count(Scan.id))) == 1


def test_every_refusal_has_its_own_word(session):
    event, other = chain.event(session), chain.event(session)
    gone = chain.registration(session, event)
    registrations.cancel(session, gone, by=BY, now=NOW)
    stranger = chain.registration(session, other)
    early = chain.registration(session, event, "王五", phone="13900000002")
    requests = [
        held("no-such-code"),
        held(gone.leader.ticket_code),
        held(stranger.leader.ticket_code),
        held(early.leader.ticket_code, OPEN - arrivals.DOOR_MARGIN - timedelta(seconds=1)),
    ]
    outcomes = arrivals.scan(session, event, requests, by=DOOR, now=OPEN)
    assert [(o.result, o.name) for o in outcomes] == [
        (Result.UNKNOWN, ""), (Result.CANCELLED, "李四"), (Result.WRONG_EVENT, ""), (Result.NOT_OPEN, "王五"),
    ]
    assert session.scalars(sa.select(Attendee.arrived_at)).all() == [None, None, None]


def test_a_guest_leaves_and_comes_back_and_the_first_arrival_stays(session):
    event = chain.event(session)
    guest = chain.registration(session, event).leader
    later = [OPEN + timedelta(minutes=minute) for minute in range(4)]
    scanned = results(
        session, event,
        held(guest.ticket_code, later[0]), held(guest.ticket_code, later[1], direction=Direction.OUT),
        held(guest.ticket_code, later[2]), held(guest.ticket_code, later[3]),
    )
    assert scanned == [Result.ADMITTED, Result.LEFT, Result.ADMITTED, Result.ALREADY]
    session.refresh(guest)
    assert (guest.arrived_at, guest.left_at) == (later[0], None)


def test_a_closed_event_takes_late_scans_of_its_hours_and_a_cancelled_one_none(session):
    event, cancelled = chain.event(session), chain.event(session)
    guest, other = chain.registration(session, event).leader, chain.registration(session, cancelled).leader
    events.close(session, event, by=BY, now=OPEN + timedelta(days=1))
    events.cancel(session, cancelled, by=BY, now=NOW)
    assert results(session, event, held(guest.ticket_code)) == [Result.ADMITTED]
    assert results(session, cancelled, held(other.ticket_code)) == [Result.NOT_OPEN]


def test_an_admission_can_be_taken_back_and_the_scan_stays_on_record(session):
    event = chain.event(session)
    guest = chain.registration(session, event).leader
    with pytest.raises(undos.NotHere):
        undos.undo(session, guest, by=BY, now=OPEN)
    results(session, event, held(guest.ticket_code))
    session.refresh(guest)
    undos.undo(session, guest, by=BY, now=OPEN)
    session.flush()
    assert (guest.arrived_at, session.scalar(sa.select(sa.func.count(Scan.id)))) == (None, 1)
    assert results(session, event, held(guest.ticket_code)) == [Result.ADMITTED]


def test_counts_tell_expected_and_arrived_people_by_category(session):
    event = chain.event(session)
    chain.registration(session, event, companions=["赵一"])
    citizen = chain.registration(session, event, "王五", phone="13900000002", category="public").leader
    results(session, event, held(citizen.ticket_code))
    assert [(c.category.code, c.expected, c.arrived) for c in arrivals.counts(session, event)] == [
        ("enterprise", 2, 0), ("public", 1, 1),
    ]


def test_the_roster_has_digests_and_no_codes(session):
    event = chain.event(session)
    guest = chain.registration(session, event).leader
    session.flush()
    assert list(rosters.roster(session, event)) == [
        (digest(guest.ticket_code), "李四", "企业代表", 1, guest.registration_id, 0, "confirmed", None, None, False, (), ())
    ]


def test_the_roster_tells_what_was_chosen_and_who_was_seen_in_rooms_only(session):
    event = chain.event(session)
    room = chain.activity(session, event)
    session.flush()
    guest = chain.registration(session, event, activity_ids=[room.id]).leader
    chain.registration(session, event, "王五", phone="13900000002")
    marks = [rosters.mark(session, event)]
    for request in (held(guest.ticket_code, activity=room.id), held(guest.ticket_code, OPEN + timedelta(minutes=1))):
        assert results(session, event, request) == [Result.ADMITTED]
        first, second = rosters.roster(session, event)
        assert (first.arrived_at, first.left_at, first.inside) == (OPEN, None, request.activity is None)
        assert (first.activities, first.chosen) == ([(room.id, OPEN, None)], [room.id])
        assert (second.activities, second.chosen) == ((), ())
        marks.append(rosters.mark(session, event))
    session.execute(sa.delete(ChosenActivity))
    marks.append(rosters.mark(session, event))
    assert len(set(marks)) == len(marks)


def test_a_thousand_scans_cost_as_many_statements_as_one(session):
    chain.category(session)
    event = rehearsals.rehearse(session, 1000, by=BY, now=OPEN)
    codes = session.scalars(sa.select(Attendee.ticket_code)).all()
    with count_queries(session) as one:
        assert results(session, event, held(codes[0])) == [Result.ADMITTED]
    with count_queries(session) as many:
        outcomes = arrivals.scan(session, event, [held(code) for code in codes], by=DOOR, now=OPEN)
    assert [outcome.result for outcome in outcomes] == [Result.ALREADY] + [Result.ADMITTED] * 999
    assert (many, len(many)) == (one, 5)


def test_16_scanners_with_one_ticket_admit_it_once(fresh_engine):
    with Session(fresh_engine) as session, session.begin():
        event = chain.event(session)
        code = chain.registration(session, event).leader.ticket_code
        slug = event.slug

    def one(_):
        with Session(fresh_engine) as session, session.begin():
            return results(session, events.by_slug(session, slug), held(code))[0]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(one, range(16)))
    assert sorted(answers) == [Result.ADMITTED, *[Result.ALREADY] * 15]


def test_a_rehearsal_is_open_at_once_and_counts_its_guests(session):
    chain.category(session)
    event = rehearsals.rehearse(session, 20, by=BY, now=NOW)
    assert (event.state, event.quota.taken) == (events.State.PUBLISHED, 20)
    assert sum(count.expected for count in arrivals.counts(session, event)) == 20
    code = session.scalars(sa.select(Attendee.ticket_code)).first()
    assert results(session, event, held(code, NOW)) == [Result.ADMITTED]
    with pytest.raises(rehearsals.NoGuests):
        rehearsals.rehearse(session, 0, by=BY, now=NOW)


def test_the_rosters_mark_changes_with_what_it_tells_and_with_nothing_else(session, now):
    event, other = make.event(session), make.event(session)
    guest, stranger = make.registration(session, event).leader, make.registration(session, other).leader
    marks = [rosters.mark(session, event)]
    stranger.name, guest.phone = "别人", "13900000000"
    assert rosters.mark(session, event) == marks[0]
    for change in ({"name": "改名"}, {"arrived_at": now}, {"left_at": now}, {"state": State.CANCELLED}):
        for name, value in change.items():
            setattr(guest, name, value)
        marks.append(rosters.mark(session, event))
    guest.category.name = "另一类"
    marks.append(rosters.mark(session, event))
    assert len(set(marks)) == len(marks)
