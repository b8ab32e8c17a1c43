"""What the doors decided by themselves and the server sees differently: settled by a person, with a reason, both on record."""

import chain
import pytest
import sqlalchemy as sa
from marks import MINUTE, OPEN, guest_of, held, presence, scanned, taken_back, walked_in

from engage import registrations, settling, walk_ins
from engage.audit import AuditEntry
from engage.doubts import Doubt, Kind, Settlement
from engage.parties import Attendee
from engage.presence import Direction, Result

BY = "user:li"
LATER = OPEN + 120 * MINUTE


def the_doubt(session, event, kind):
    return session.scalars(settling.find(event, settled=False, kind=kind)).one()


def settled(session, doubt, settlement, reason="当面核对过"):
    settling.settle(session, doubt, settlement, reason=reason, by=BY, now=LATER)
    session.flush()


def test_a_guest_whose_registration_was_cancelled_meanwhile_is_admitted_all_the_same(session):
    event, guest = guest_of(session)
    registrations.cancel(session, guest.registration, by=BY, now=chain.NOW)
    assert scanned(session, event, held(guest.ticket_code, 1, told=Result.ADMITTED)) == [Result.CANCELLED]
    doubt = the_doubt(session, event, Kind.CANCELLED)
    for settlement, reason, refusal in ((Settlement.ADMIT, " ", settling.ReasonMissing), (Settlement.UNDO, "…", settling.SettlementImpossible)):
        with pytest.raises(refusal):
            settled(session, doubt, settlement, reason)
    settled(session, doubt, Settlement.ADMIT)
    assert presence(session, guest) == [1, None, 1]
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "door.settle")).one()
    assert entry.detail == {"kind": "cancelled", "settlement": "admit", "scan": doubt.scan_id, "walk_in": None, "told": "admitted",
                            "answered": "cancelled", "before": "cancelled", "after": "admitted"}
    with pytest.raises(settling.AlreadySettled):
        settled(session, doubt, Settlement.LEAVE)
    assert settling.open_count(session, event) == 0


def test_a_ticket_on_two_devices_is_left_or_taken_back_whole(session):
    event, guest = guest_of(session)
    other = chain.registration(session, event, "王五", phone="13900000002").leader
    for person in (guest, other):
        scanned(session, event, held(person.ticket_code, 2, told=Result.ADMITTED), by="device:a")
        scanned(session, event, held(person.ticket_code, 1, told=Result.ADMITTED), by="device:b")
    first, second = session.scalars(settling.find(event, settled=False, kind=Kind.TWO_DEVICES)).all()
    settled(session, first, Settlement.LEAVE)
    settled(session, second, Settlement.UNDO)
    assert (presence(session, guest), presence(session, other)) == ([1, None, 1], [None, None, None])


def test_who_was_turned_away_is_taken_off_the_list_of_those_who_came(session):
    event, guest = guest_of(session)
    scanned(session, event, held(guest.ticket_code, 1, told=Result.UNKNOWN))
    settled(session, the_doubt(session, event, Kind.TURNED_AWAY), Settlement.UNDO)
    assert presence(session, guest) == [None, None, None]


def test_a_room_may_be_overfilled_by_a_person_only(session):
    event = chain.event(session)
    room = chain.activity(session, event, capacity=1)
    first = chain.registration(session, event).leader
    second = chain.registration(session, event, "王五", phone="13900000002").leader
    there = {"activity": room.id, "told": Result.ADMITTED}
    scanned(session, event, held(first.ticket_code, 1, **there), held(second.ticket_code, 2, **there))
    settled(session, the_doubt(session, event, Kind.OVER_CAPACITY), Settlement.ADMIT)
    session.refresh(room)
    assert (room.inside, presence(session, second)[0]) == (2, 2)


def test_who_never_left_is_put_back_into_a_room_that_is_full_by_now_and_a_person_looks_at_it(session):
    event = chain.event(session)
    room = chain.activity(session, event, capacity=1)
    first = chain.registration(session, event).leader
    second = chain.registration(session, event, "王五", phone="13900000002").leader
    left = held(first.ticket_code, 2, activity=room.id, direction=Direction.OUT)
    scanned(session, event, held(first.ticket_code, 1, activity=room.id), left, held(second.ticket_code, 3, activity=room.id))
    taken_back(session, event, left, 4)
    doubt = the_doubt(session, event, Kind.OVERFULL)
    session.refresh(room)
    assert (room.inside, doubt.attendee, doubt.scan.direction) == (2, first, Direction.IN)
    assert scanned(session, event, held(second.ticket_code, 5, activity=room.id, direction=Direction.OUT),
                   held(second.ticket_code, 6, activity=room.id)) == [Result.LEFT, Result.OVER_CAPACITY]  # the door still lets nobody in
    settled(session, doubt, Settlement.UNDO)
    session.refresh(room)
    assert (room.inside, scanned(session, event, held(second.ticket_code, 7, activity=room.id))) == (0, [Result.ADMITTED])


def test_a_walk_in_beyond_the_seats_is_entered_and_a_refused_one_forgotten(session):
    event = chain.event(session, seats=1, walk_ins=True)
    chain.registration(session, event)
    walk_ins.enter(session, event, [walked_in(1), walked_in(2, name="钱七", phone="13900000007")], by="device:a", now=OPEN)
    first, second = session.scalars(settling.find(event, settled=False)).all()
    assert [each.name for each in session.scalars(settling.find(event, words="钱"))] == ["钱七"]
    settled(session, first, Settlement.ADMIT)
    settled(session, second, Settlement.LEAVE)
    assert [each.name for each in session.scalars(sa.select(Attendee).where(Attendee.arrived_at.is_not(None)))] == ["赵六"]
    kept = session.execute(sa.select(walk_ins.WalkIn.name, walk_ins.WalkIn.phone, walk_ins.WalkIn.result)).all()
    assert sorted(kept) == [("", "", "admitted"), ("", "", "event_full")]
    assert {doubt.settlement for doubt in session.scalars(sa.select(Doubt))} == {Settlement.ADMIT, Settlement.LEAVE}
