"""Somebody else comes: seats stay, old tickets are void, and of two who replace the same person at once one does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import applications, arrivals, events, parties, registrations, replacements, waiting
from engage.applications import CompanionNameMissing, CompanionRepeated, Person
from engage.arrivals import ScanRequest
from engage.audit import AuditEntry
from engage.contacts import InvalidPhone, NotMobile
from engage.errors import EngageError
from engage.events import Details, SwapLimitOutOfRange, SwapOver
from engage.outbox import Message, Purpose
from engage.outbox import State as MessageState
from engage.parties import Attendee, NotLeader, Registration, State
from engage.people import NameMissing, NoContact
from engage.quotas import Full, Quota
from engage.registrations import AlreadyCancelled, AlreadyRegistered
from engage.replacements import AlreadyReplaced, NobodyNew, PersonHere

NOW = make.NOW
WANG = Person(name="王五", phone="13800138001")


def later(session, **changes):
    """An event tomorrow, for which one can register until this evening."""
    start = NOW + timedelta(days=1)
    return make.event(session, **{"starts_at": start, "ends_at": start + timedelta(hours=3),
                                  "registration_closes_at": NOW + timedelta(hours=10), **changes})


def swap(session, attendee, person=WANG, *, now=NOW):
    return replacements.swap(session, attendee, person, by="guest", now=now)


def hand_over(session, attendee, person=WANG, *, now=NOW):
    return replacements.hand_over(session, attendee, person, by="guest", now=now)


def seats(session, event):
    return session.scalars(sa.select(Quota.taken).where(Quota.event_id == event.id).order_by(Quota.id)).all()


def listed(session, party):
    """The party as the database has it: place, name, state."""
    found = sa.select(Attendee.place, Attendee.name, Attendee.state).where(Attendee.registration_id == party.id).order_by(Attendee.place)
    return [(place, name, state.value) for place, name, state in session.execute(found)]


def test_extra_guests_count_against_every_limit_and_a_swap_against_none(session):
    category = make.category(session, companions=5)
    event = later(session, seats=4, by_category={category.id: 4})
    visit = make.activity(session, event, seats=4)
    party = make.registration(session, event, category=category, companions=2, activity_ids=[visit.id])
    assert seats(session, event) == [3, 3, 3]
    for scarce in ("event", "category", "activity"):
        event_quota, category_quota, visit_quota = event.quota, event.category_quota(category.id), visit.quota
        for quota in (event_quota, category_quota, visit_quota):
            quota.seats = 4 if quota is {"event": event_quota, "category": category_quota, "activity": visit_quota}[scarce] else 50
        session.flush()
        with pytest.raises(Full):
            make.registration(session, event, category=category, companions=1, activity_ids=[visit.id])
    assert seats(session, event) == [3, 3, 3]
    swap(session, party.companions[0])
    hand_over(session, party.leader, Person(name="赵六", email="zhao@example.org"))
    assert seats(session, event) == [3, 3, 3]


def test_a_swapped_companions_ticket_is_void_and_the_newcomer_has_one_with_a_new_code(session):
    event = later(session)
    party = make.registration(session, event, companions=2)
    old = party.companions[0]
    before = old.ticket_code, old.survey_code
    new = swap(session, old)
    assert listed(session, party) == [(0, party.leader.name, "confirmed"), (1, old.name, "cancelled"),
                                      (2, party.companions[0].name, "confirmed"), (3, "王五", "confirmed")]
    assert (old.ticket_code, old.survey_code) == before
    assert not {new.ticket_code, new.survey_code} & set(before)
    assert (new.phone, new.category_id, parties.by_ticket(session, new.ticket_code)) == ("13800138001", old.category_id, new)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "registration.swap")).one()
    assert (entry.subject, entry.by, entry.detail) == (f"registration:{party.id}", "guest", {"out": old.id, "come": new.id})
    with pytest.raises(AlreadyReplaced):
        swap(session, old, Person(name="孙八"))
    assert swap(session, old) is new  # the same form again


def test_the_door_refuses_the_old_ticket_and_admits_the_new_one(session):
    event = make.event(session, swap_until_hours=0, starts_at=NOW + timedelta(minutes=30), ends_at=NOW + timedelta(hours=2))
    party = make.registration(session, event, companions=1)
    old = party.companions[0]
    new = swap(session, old)
    session.flush()
    scans = [ScanRequest(id=f"00000000-0000-4000-8000-00000000000{place}", code=one.ticket_code, at=NOW) for place, one in enumerate((old, new))]
    assert [done.result.value for done in arrivals.scan(session, event, scans, by="user:door", now=NOW)] == ["cancelled", "admitted"]
    session.expire_all()
    with pytest.raises(PersonHere):
        swap(session, new, Person(name="孙八"))


@pytest.mark.parametrize("person, refused", [
    (Person(name=" "), CompanionNameMissing), (Person(name="王五", phone="12"), InvalidPhone),
    (Person(name="来宾", phone="139 0000 0001"), CompanionRepeated), (Person(name="随 行甲"), NobodyNew),
])
def test_a_wrong_swap_changes_nothing(session, person, refused):
    event = later(session)
    party = make.registration(session, event, name="来宾", phone="13900000001", companions=1)
    party.companions[0].name = "随行甲"
    before = listed(session, party)
    with pytest.raises(refused):
        swap(session, party.companions[0], person)
    assert listed(session, party) == before


@pytest.mark.parametrize("hours, last", [(None, timedelta(hours=10)), (2, timedelta(hours=22)), (0, timedelta(hours=24))])
def test_people_are_replaced_until_the_set_time(session, hours, last):
    event = later(session, swap_until_hours=hours)
    party = make.registration(session, event, companions=1)
    for replace_one, attendee in ((swap, party.companions[0]), (hand_over, party.leader)):
        with pytest.raises(SwapOver):
            replace_one(session, attendee, now=NOW + last)
        replace_one(session, attendee, now=NOW + last - timedelta(seconds=1))


def test_the_set_time_is_at_most_a_month_before_the_start(session):
    for hours in (-1, 721):
        with pytest.raises(SwapLimitOutOfRange):
            events.create(session, Details(title="开放日", swap_until_hours=hours), by="user:wang", now=NOW)


def test_a_registration_is_handed_over_whole_and_both_are_told(session):
    event = later(session)
    party = make.registration(session, event, name="李四", phone="13900000001", email="li@example.org", companions=1)
    parties.tell(session, party, Purpose.TICKET, now=NOW)
    old, guest = party.leader, party.companions[0]
    hand_over(session, old, Person(name="王五", phone="138-0013-8001", organisation="乙公司"))
    new = party.leader
    assert listed(session, party) == [(0, "王五", "confirmed"), (1, guest.name, "confirmed"), (2, "李四", "cancelled")]
    assert (new.phone, new.organisation, new.category_id) == ("13800138001", "乙公司", old.category_id)
    assert (new.ticket_code == old.ticket_code, party.handed_over_at) == (False, NOW)
    told = session.execute(sa.select(Message.purpose, Message.attendee_id, Message.address, Message.state).order_by(Message.id)).all()
    assert told == [
        (Purpose.TICKET, old.id, "li@example.org", MessageState.WITHDRAWN), (Purpose.TICKET, new.id, "13800138001", MessageState.QUEUED),
        (Purpose.HANDED_OVER, old.id, "li@example.org", MessageState.QUEUED),
    ]
    with pytest.raises(NotLeader):
        parties.led_with(session, old.ticket_code)
    assert parties.led_with(session, new.ticket_code) is party
    assert hand_over(session, old, Person(name="王五", phone="13800138001")) is party  # the same form again
    with pytest.raises(AlreadyReplaced):
        hand_over(session, old, Person(name="孙八", phone="13800138008"))
    assert session.scalar(sa.select(sa.func.count(Message.id))) == 3
    back = hand_over(session, new, Person(name="李四", phone="13900000001"))  # and back again
    assert (back.leader.name, back.leader.ticket_code not in {old.ticket_code, new.ticket_code}) == ("李四", True)


def test_the_name_of_who_handed_over_is_free_again(session):
    event = later(session)
    party = make.registration(session, event, name="李四", phone="13900000001")
    hand_over(session, party.leader)
    assert make.registration(session, event, name="李四", phone="13900000001").state is State.CONFIRMED
    with pytest.raises(AlreadyRegistered):
        make.registration(session, event, name="王五", phone="13800138001")


@pytest.mark.parametrize("person, refused", [
    (Person(name=" ", phone="13800138001"), NameMissing), (Person(name="王五"), NoContact),
    (Person(name="王五", phone="0631-5231234"), NotMobile), (Person(name="李　四", phone="139-0000-0001"), NobodyNew),
    (Person(name="张三", phone="13900000009"), AlreadyRegistered),
])
def test_what_cannot_be_handed_over_changes_nothing(session, person, refused):
    event = later(session)
    make.registration(session, event, name="张三", phone="13900000009")
    party = make.registration(session, event, name="李四", phone="13900000001", companions=1)
    before = listed(session, party), seats(session, event)
    with pytest.raises(refused):
        hand_over(session, party.leader, person)
    with pytest.raises(NotLeader):
        hand_over(session, party.companions[0])
    with pytest.raises(NotLeader):
        swap(session, party.leader)
    assert ((listed(session, party), seats(session, event)), session.scalars(sa.select(Message)).all()) == (before, [])


def test_a_place_in_the_line_is_handed_over_with_what_it_is_worth(session):
    category = make.category(session)
    event = later(session, seats=1, waiting_list=True)
    first = make.registration(session, event, category=category)
    wish = make.application(session, category=category)
    party = registrations.register(session, event, replace(wish, wait=True), by="guest", now=NOW)
    assert party.state is State.WAITING
    hand_over(session, party.leader)
    assert (party.leader.name, party.leader.state, waiting.place(session, party)) == ("王五", State.WAITING, 1)
    registrations.cancel(session, first, by="guest", now=NOW)
    session.refresh(party)
    assert party.state is State.OFFERED
    hand_over(session, party.leader, Person(name="赵六", phone="13800138002"))
    purposes = session.scalars(sa.select(Message.purpose).where(Message.name == "赵六")).all()
    assert purposes == [Purpose.OFFER]


def test_a_cancelled_registration_can_be_neither_swapped_nor_handed_over(session):
    party = make.registration(session, later(session), companions=1)
    registrations.cancel(session, party, by="guest", now=NOW)
    for replace_one, attendee in ((swap, party.attendees[1]), (hand_over, party.attendees[0])):
        with pytest.raises(AlreadyCancelled):
            replace_one(session, attendee)


# ---- at the same moment ----

def at_once(engine, acts):
    """Do these in threads, each in a transaction of its own; answers the code of each refusal, or "done"."""

    def one(act):
        with Session(engine) as session, session.begin():
            try:
                act(session)
            except EngageError as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(one, acts))


@pytest.fixture
def stored(fresh_engine):
    with Session(fresh_engine) as session, session.begin():
        party = make.registration(session, later(session, seats=50), companions=2)
        return party.id, party.attendees[0].id, party.attendees[1].id


def standing(engine, party_id):
    """Names that hold seats, and seats taken of the event."""
    with Session(engine) as session:
        party = session.get_one(Registration, party_id)
        names = [one.name for one in party.attendees if one.state is not State.CANCELLED]
        return len(names), party.party, session.scalar(sa.select(Quota.taken).where(Quota.event_id == party.event_id, Quota.category_id.is_(None)))


def test_eight_swaps_of_one_person_at_once_bring_one(fresh_engine, stored):
    party_id, _, guest_id = stored
    acts = [lambda session, number=number: swap(session, session.get_one(Attendee, guest_id), Person(name=f"新人{number}")) for number in range(8)]
    assert at_once(fresh_engine, acts) == ["already_replaced"] * 7 + ["done"]
    assert standing(fresh_engine, party_id) == (3, 3, 3)


def test_eight_equal_forms_at_once_hand_over_once(fresh_engine, stored):
    party_id, leader_id, _ = stored
    assert at_once(fresh_engine, [lambda session: hand_over(session, session.get_one(Attendee, leader_id))] * 8) == ["done"] * 8
    assert standing(fresh_engine, party_id) == (3, 3, 3)
    with Session(fresh_engine) as session:
        told = session.execute(sa.select(Message.purpose, sa.func.count()).group_by(Message.purpose).order_by(Message.purpose)).all()
        assert told == [(Purpose.HANDED_OVER, 1), (Purpose.TICKET, 1)]


def test_two_parties_handed_to_the_same_person_at_once_go_to_one(fresh_engine):
    with Session(fresh_engine) as session, session.begin():
        event = later(session)
        leaders = [make.registration(session, event).leader.id for _ in range(6)]
    acts = [lambda session, key=key: hand_over(session, session.get_one(Attendee, key)) for key in leaders]
    assert at_once(fresh_engine, acts) == ["already_registered"] * 5 + ["done"]


def test_changes_swaps_and_a_cancellation_at_once_leave_seats_and_people_equal(fresh_engine, stored):
    party_id, _, guest_id = stored
    with Session(fresh_engine) as session:
        stated = session.get_one(Registration, party_id)
        leader, category = Person(name=stated.leader.name, phone=stated.leader.phone, email=stated.leader.email), stated.category

    def change(session, names):
        form = applications.Application(leader=leader, category=session.merge(category), consent=True,
                                         companions=[Person(name=name) for name in names])
        party = session.get_one(Registration, party_id)
        _ = party.leader, party.companions  # read before the lock, as a page does
        registrations.change(session, party, form, by="guest", now=NOW)

    acts = [
        lambda session: change(session, ["甲", "乙", "丙"]), lambda session: change(session, ["丁"]), lambda session: change(session, []),
        lambda session: swap(session, session.get_one(Attendee, guest_id)),
    ]
    at_once(fresh_engine, acts)
    people, party, taken = standing(fresh_engine, party_id)
    assert people == party == taken
    cancelled = [lambda session: registrations.cancel(session, session.get_one(Registration, party_id), by="guest", now=NOW)] * 4
    assert at_once(fresh_engine, cancelled) == ["already_cancelled"] * 3 + ["done"]
    assert standing(fresh_engine, party_id)[::2] == (0, 0)


def test_two_of_one_name_stay_two_when_a_party_changes(session):
    category = make.category(session)
    event = later(session)
    party = make.registration(session, event, category=category, name="李四", phone="13900000001", email="")
    form = applications.Application(leader=Person(name="李四", phone="13900000001"), category=category, consent=True,
                                     companions=[Person(name="张伟", phone="13800138001"), Person(name="张伟")])
    registrations.change(session, party, form, by="guest", now=NOW)
    codes = [one.ticket_code for one in party.companions]
    for _ in range(2):
        registrations.change(session, party, replace(form, companions=[Person(name="张伟", phone="13800138009"), Person(name="张伟")]),
                             by="guest", now=NOW)
    assert [(one.name, one.phone) for one in party.companions] == [("张伟", "13800138009"), ("张伟", "")]
    assert ([one.ticket_code for one in party.companions], seats(session, event)[0]) == (codes, 3)
