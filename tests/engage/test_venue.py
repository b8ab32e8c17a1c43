"""The code on the hall's screen, the visit that scanning it begins, and who checks in with it."""

import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import arrivals, registrations, venue
from engage.audit import AuditEntry
from engage.contacts import InvalidEmail, InvalidPhone
from engage.presence import Result, Scan
from engage.venue import GuestUnknown, VenueCodeOver, VenueNotFound, Visit

HALF_MINUTE = timedelta(seconds=venue.PERIOD)


@pytest.fixture
def event(session):
    return make.event(session)


@pytest.fixture
def shown(session, event, now):
    """The event's codes; `now` is the first second of a half minute."""
    return venue.renew(session, event, by=make.BY, now=now)


def refused(call, *args, **given):
    """The refusal's class, None for an answer."""
    try:
        call(*args, **given)
    except Exception as refusal:  # noqa: BLE001 -- whichever it is, is compared
        return type(refusal)
    return None


def test_a_code_opens_in_its_half_minute_and_the_next_one_only(shown, now):
    code = venue.code_at(shown, now)
    seconds = (-1, 0, 29, 30, 59, 60, 3600)
    answers = {after: refused(venue.begin_visit, shown, code, now=now + timedelta(seconds=after)) for after in seconds}
    assert answers == {-1: VenueCodeOver, 0: None, 29: None, 30: None, 59: None, 60: VenueCodeOver, 3600: VenueCodeOver}


def test_a_code_changes_every_half_minute_and_is_short(shown, now):
    codes = [venue.code_at(shown, now + timedelta(seconds=after)) for after in range(0, 90, 10)]
    assert [len(set(codes[at:at + 3])) for at in (0, 3, 6)] == [1, 1, 1]
    assert len(set(codes)) == 3
    assert {len(code) for code in codes} == {16}
    assert venue.change_after(now + timedelta(seconds=29.9)) == now + HALF_MINUTE == venue.change_after(now)


def test_what_is_not_the_code_opens_nothing(session, shown, now):
    code = venue.code_at(shown, now)
    other = venue.renew(session, make.event(session), by=make.BY, now=now)
    swapped = code[:-1] + ("a" if code[-1] != "a" else "b")
    wrong = [swapped, code.upper(), code[:8], "", "码" * 16, venue.code_at(other, now), venue.code_at(shown, now + HALF_MINUTE)]
    assert [refused(venue.begin_visit, shown, given, now=now) for given in wrong] == [VenueCodeOver] * len(wrong)


def test_a_visit_lasts_five_minutes_from_the_scan_on_and_cannot_be_changed(session, shown, now):
    visit = venue.begin_visit(shown, venue.code_at(shown, now), now=now)
    assert visit == Visit(now + timedelta(minutes=5))
    text = venue.sealed(shown, visit._replace(attendee_id=7))
    assert venue.visit_in(shown, text, now=now + timedelta(minutes=4, seconds=59)) == Visit(now + timedelta(minutes=5), 7)
    assert refused(venue.visit_in, shown, text, now=now + timedelta(minutes=5)) is VenueCodeOver
    other = venue.renew(session, make.event(session), by=make.BY, now=now)
    changed = [text.replace(".7.", ".8."), text[:-1], text + "a", "9" + text, "", "x.y.z", venue.sealed(other, visit)]
    assert [refused(venue.visit_in, shown, each, now=now) for each in changed] == [VenueCodeOver] * len(changed)
    assert refused(venue.begin_visit, shown, text.rpartition(".")[2], now=now) is VenueCodeOver  # a seal is no code


def test_renewing_ends_codes_and_visits_at_once_and_is_on_record(session, event, shown, now):
    code = venue.code_at(shown, now)
    text = venue.sealed(shown, venue.begin_visit(shown, code, now=now))
    venue.renew(session, event, by="user:li", now=now)
    assert refused(venue.begin_visit, venue.of(session, event), code, now=now) is VenueCodeOver
    assert refused(venue.visit_in, venue.of(session, event), text, now=now) is VenueCodeOver
    recorded = sa.select(AuditEntry.by, AuditEntry.action, AuditEntry.detail).where(AuditEntry.subject == f"venue:{event.id}")
    assert session.execute(recorded).all() == [(make.BY, "venue.renew", {}), ("user:li", "venue.renew", {})]


def test_an_event_without_a_screen_has_no_codes(session, event):
    assert refused(venue.of, session, event) is VenueNotFound


@pytest.mark.parametrize("contact", ["13812345678", "138-1234-5678", "＋86 138 1234 5678", "anna@example.org", " Anna@Example.ORG"])
def test_a_guest_is_known_by_name_and_contact_as_people_write_them(session, event, contact):
    party = make.registration(session, event, name="王小芳", phone="13812345678", email="anna@example.org", companions=1)
    assert venue.guest(session, event, name=" 王 小芳", contact=contact) is party.leader
    companion = party.companions[0]
    assert venue.guest(session, event, name=companion.name, contact=contact) is companion


def test_a_wrong_name_and_a_wrong_number_are_refused_alike(session, event):
    make.registration(session, event, name="王小芳", phone="13812345678", email="")
    make.registration(session, make.event(session), name="李四", phone="13812345679")
    asked = [("王大芳", "13812345678"), ("王小芳", "13812345670"), ("", "13812345678"), ("李四", "13812345679"), ("王小芳", "a@b.org")]
    refusals = []
    for name, contact in asked:
        with pytest.raises(GuestUnknown) as refusal:
            venue.guest(session, event, name=name, contact=contact)
        refusals.append((str(refusal.value), refusal.value.facts, refusal.value.field))
    assert len(set(map(str, refusals))) == 1
    for contact, kind in (("1381234", InvalidPhone), ("anna@", InvalidEmail), ("\x00", InvalidPhone)):
        with pytest.raises(kind) as unreadable:
            venue.guest(session, event, name="王小芳", contact=contact)
        assert unreadable.value.field == "contact"


def test_who_cancelled_and_came_back_is_known_by_the_registration_that_stands(session, event, now):
    first = make.registration(session, event, name="王小芳", phone="13812345678")
    registrations.cancel(session, first, by="guest", now=now)
    second = make.registration(session, event, name="王小芳", phone="13812345678")
    assert venue.guest(session, event, name="王小芳", contact="13812345678") is second.leader


def test_a_phone_is_known_by_its_tickets_the_leaders_first(session, event, now):
    party = make.registration(session, event, companions=1)
    codes = [party.companions[0].ticket_code, party.leader.ticket_code]
    elsewhere = make.registration(session, make.event(session)).leader
    assert venue.holder(session, event, codes) is party.leader
    assert venue.holder(session, event, codes[:1]) is party.companions[0]
    assert [refused(venue.holder, session, event, some) for some in ([], ["x" * 26], [elsewhere.ticket_code])] == [GuestUnknown] * 3
    assert venue.visitor(session, event, party.leader.id) is party.leader
    assert [refused(venue.visitor, session, event, key) for key in (elsewhere.id, 0)] == [GuestUnknown] * 2


def test_a_leader_checks_in_with_those_who_came_and_later_with_the_rest(session, event, now):
    party = make.registration(session, event, companions=3)
    leader, first, second, third = party.attendees
    stranger = make.registration(session, event).leader
    scan_id = str(uuid.uuid4())
    outcome = venue.admit(session, event, leader, [first.id, stranger.id], scan_id=scan_id, now=now)
    again = venue.admit(session, event, leader, [first.id, stranger.id], scan_id=scan_id, now=now + timedelta(minutes=1))
    session.expire_all()
    assert (outcome.result, outcome.attendee_id, again) == (Result.ADMITTED, leader.id, outcome)
    assert [each.arrived_at for each in (leader, first, second, third, stranger)] == [now, now, None, None, None]
    assert venue.party(leader) == [second, third]
    later = venue.admit(session, event, leader, [second.id], scan_id=str(uuid.uuid4()), now=now + timedelta(minutes=9))
    assert (later.result, later.attendee_id) == (Result.ADMITTED, second.id)
    kept = session.execute(sa.select(Scan.by, Scan.device, Scan.result).where(Scan.event_id == event.id).order_by(Scan.result)).all()
    assert kept == [("guest", "venue", Result.ADMITTED)] * 3 + [("guest", "venue", Result.ALREADY)]


def test_a_companion_checks_in_alone(session, event, now):
    party = make.registration(session, event, companions=2)
    companion = party.companions[0]
    assert venue.party(companion) == []
    outcome = venue.admit(session, event, companion, [each.id for each in party.attendees], scan_id=str(uuid.uuid4()), now=now)
    session.expire_all()
    assert (outcome.result, [each.arrived_at for each in party.attendees]) == (Result.ADMITTED, [None, now, None])


def test_the_screen_admits_nobody_whom_the_door_would_not(session, event, now):
    gone = make.registration(session, event)
    registrations.cancel(session, gone, by="guest", now=now)
    here = make.registration(session, event).leader
    arrivals.scan(session, event, [arrivals.ScanRequest(id=str(uuid.uuid4()), code=here.ticket_code, at=now)], by=make.BY, now=now)
    late = make.registration(session, event).leader
    answers = [
        venue.admit(session, event, gone.leader, [], scan_id=str(uuid.uuid4()), now=now).result,
        venue.admit(session, event, here, [], scan_id=str(uuid.uuid4()), now=now + timedelta(minutes=1)).result,
        venue.admit(session, event, late, [], scan_id=str(uuid.uuid4()), now=now + timedelta(days=2)).result,
    ]
    assert answers == [Result.CANCELLED, Result.ALREADY, Result.NOT_OPEN]
