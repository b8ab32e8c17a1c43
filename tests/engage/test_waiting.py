"""The waiting list: who gets a seat that becomes free, until when, and in which order."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import events, parties, quotas, registrations, waiting
from engage.audit import AuditEntry
from engage.events import NotEditable
from engage.outbox import Message, Purpose
from engage.parties import Standing, State
from engage.quotas import EventFull, NeverFits, TooManyHeld, UnknownActivity
from engage.waiting import NotOffered, NotWaiting

LATER = NOW + timedelta(hours=1)


def join(session, event, name, **changes):
    """Register, ready to wait."""
    number = session.scalar(sa.select(sa.func.count(registrations.Attendee.id))) + 1
    form = chain.application(session, name, phone=f"139{number:08}", wait=True, **changes)
    return registrations.register(session, event, form, by="guest", now=NOW)


def states(*parties):
    return [party.state.value for party in parties]


def line(session, event):
    return [party.leader.name for party in session.scalars(waiting.line(event))]


def told(session, purpose):
    return session.scalars(sa.select(Message.name).where(Message.purpose == purpose).order_by(Message.id)).all()


def taken(session, event):
    session.expire_all()
    return event.quota.taken


def test_when_full_people_wait_by_choice_and_the_others_are_refused(session):
    event = chain.event(session, seats=1)
    first, second = join(session, event, "甲"), join(session, event, "乙")
    with pytest.raises(EventFull):
        chain.registration(session, event, "丙", phone="13700000003")
    assert (states(first, second), line(session, event), taken(session, event)) == (["confirmed", "waiting"], ["乙"], 1)
    assert [attendee.state for attendee in second.attendees] == [State.WAITING]
    assert waiting.place(session, second) == 1


def test_a_party_larger_than_all_seats_is_told_so_instead_of_waiting_for_ever(session):
    event, small = chain.event(session, seats=4, by_category={"enterprise": 2}), chain.event(session, seats=1)
    join(session, event, "甲", companions=["乙"])
    with pytest.raises(NeverFits) as of_the_category:
        join(session, event, "丙", companions=["丁", "戊"])
    with pytest.raises(NeverFits) as of_the_event:
        join(session, small, "丙", companions=["丁"])
    waits = join(session, event, "辛")
    larger = chain.application(session, "辛", phone=waits.leader.phone, companions=["壬", "癸"])
    with pytest.raises(NeverFits):
        registrations.change(session, waits, larger, by=BY, now=NOW)
    assert [refusal.value.facts for refusal in (of_the_category, of_the_event)] == [
        {"seats": 2, "wanted": 3, "activity_id": None}, {"seats": 1, "wanted": 2, "activity_id": None}]
    assert (line(session, event), waits.party) == (["辛"], 1)


def test_an_event_without_a_waiting_list_refuses_whoever_would_wait(session):
    event = chain.event(session, seats=1, waiting_list=False)
    join(session, event, "甲")
    with pytest.raises(EventFull):
        join(session, event, "乙")
    assert line(session, event) == []


def test_a_freed_seat_is_offered_to_the_first_whose_whole_party_fits(session):
    event = chain.event(session, seats=2)
    one, other = join(session, event, "甲"), join(session, event, "乙")
    pair, single = join(session, event, "丙", companions=["丁"]), join(session, event, "戊")
    registrations.cancel(session, one, by="guest", now=LATER)
    assert (states(pair, single), taken(session, event)) == (["waiting", "offered"], 2)
    assert single.offered_until == LATER + timedelta(hours=24)
    assert told(session, Purpose.OFFER) == ["戊"]
    registrations.cancel(session, single, by="guest", now=LATER)
    registrations.cancel(session, other, by="guest", now=LATER)
    assert (states(pair), taken(session, event)) == (["offered"], 2)
    assert [attendee.state for attendee in pair.attendees] == [State.WAITING, State.WAITING]


def test_an_offer_is_confirmed_in_time_and_the_ticket_sent(session):
    event = chain.event(session, seats=1)
    first, second = join(session, event, "甲"), join(session, event, "乙")
    registrations.cancel(session, first, by="guest", now=NOW)
    waiting.confirm(session, second, by="guest", now=LATER)
    assert (states(second), [a.state for a in second.attendees], second.offered_until) == (["confirmed"], [State.CONFIRMED], None)
    assert (told(session, Purpose.TICKET), taken(session, event)) == (["乙"], 1)
    with pytest.raises(NotOffered):
        waiting.confirm(session, second, by="guest", now=LATER)


def test_an_offer_that_nobody_confirms_moves_on(session):
    event = chain.event(session, seats=1, confirm_hours=2)
    first, second, third = (join(session, event, name) for name in "甲乙丙")
    registrations.cancel(session, first, by="guest", now=NOW)
    assert waiting.lapse(session, event, now=NOW + timedelta(minutes=119)) == 0
    with pytest.raises(NotOffered):
        waiting.confirm(session, second, by="guest", now=NOW + timedelta(hours=2))
    assert waiting.lapse(session, event, now=NOW + timedelta(hours=2)) == 1
    assert (states(second, third), taken(session, event)) == (["cancelled", "offered"], 1)
    assert (told(session, Purpose.LAPSED), told(session, Purpose.OFFER)) == (["乙"], ["乙", "丙"])
    assert third.offered_until == NOW + timedelta(hours=4)


def test_who_did_not_confirm_in_time_is_told_apart_from_who_cancelled(session):
    event = chain.event(session, seats=1, confirm_hours=2)
    first, _, third = (join(session, event, name) for name in "甲乙丙")
    registrations.cancel(session, first, by="guest", now=NOW)
    waiting.lapse(session, event, now=LATER + timedelta(hours=2))
    registrations.cancel(session, third, by="guest", now=LATER + timedelta(hours=2))
    stand = {standing: [each.name for each in session.scalars(parties.attendees(event, standing=standing))] for standing in Standing}
    assert stand == {"confirmed": [], "waiting": [], "offered": [], "cancelled": ["甲", "丙"], "lapsed": ["乙"]}
    assert [each.standing for each in session.scalars(parties.attendees(event))] == ["cancelled", "lapsed", "cancelled"]
    assert waiting.counts(session, event) == {"lapsed": 1}


def test_an_offer_never_outlasts_the_start_and_after_it_nothing_is_offered(session):
    event = chain.event(session, seats=1)
    first, second = join(session, event, "甲"), join(session, event, "乙")
    registrations.cancel(session, first, by="guest", now=event.starts_at - timedelta(hours=1))
    assert second.offered_until == event.starts_at
    waiting.lapse(session, event, now=event.starts_at)
    third = chain.event(session, seats=1, slug="third")
    join(session, third, "丙")
    assert waiting.promote(session, third, now=third.starts_at) == []


def test_without_confirmation_the_seat_is_theirs_at_once(session):
    event = chain.event(session, seats=1, confirm_hours=0)
    first, second = join(session, event, "甲"), join(session, event, "乙")
    registrations.cancel(session, first, by="guest", now=NOW)
    assert (states(second), told(session, Purpose.TICKET), told(session, Purpose.OFFER)) == (["confirmed"], ["乙"], [])


def test_more_seats_are_given_to_the_line_in_order(session):
    event = chain.event(session, seats=1)
    parties = [join(session, event, name) for name in "甲乙丙丁"]
    events.set_quotas(session, event, 3, {}, by=BY, now=NOW)
    assert waiting.promote(session, event, now=NOW) == parties[1:3]
    assert states(*parties) == ["confirmed", "offered", "offered", "waiting"]


def test_category_and_activity_limits_hold_for_the_line_too(session):
    event = chain.event(session, seats=3, by_category={"enterprise": 1})
    hall = chain.activity(session, event, seats=1)
    enterprise = join(session, event, "甲", activity_ids=[hall.id])
    held_up = join(session, event, "乙")
    public = join(session, event, "丙", category="public")
    crowded = join(session, event, "丁", category="public", activity_ids=[hall.id])
    assert states(enterprise, held_up, public, crowded) == ["confirmed", "waiting", "confirmed", "waiting"]
    registrations.cancel(session, enterprise, by="guest", now=NOW)
    assert states(held_up, crowded) == ["offered", "offered"]


def test_seats_held_back_are_for_staff_to_give(session):
    event = chain.event(session, seats=2)
    quotas.hold(session, event.quota, 1)
    first, second, third = (join(session, event, name) for name in "甲乙丙")
    assert (states(first, second), event.quota.free) == (["confirmed", "waiting"], 0)
    waiting.seat(session, third, by=BY, now=NOW)
    session.expire_all()
    assert (states(second, third), event.quota.taken, event.quota.held) == (["waiting", "confirmed"], 2, 0)
    with pytest.raises(EventFull):
        waiting.seat(session, second, by=BY, now=NOW)
    with pytest.raises(NotWaiting):
        waiting.seat(session, third, by=BY, now=NOW)
    with pytest.raises(TooManyHeld):
        quotas.hold(session, event.quota, 1)


def test_seats_no_longer_held_back_go_to_the_line(session):
    event = chain.event(session, seats=2)
    quotas.hold(session, event.quota, 1)
    _first, second = join(session, event, "甲"), join(session, event, "乙")
    quotas.hold(session, event.quota, 0)
    assert waiting.promote(session, event, now=NOW) == [second]


def test_staff_reorder_the_line_and_newcomers_stay_behind(session):
    event = chain.event(session, seats=1)
    join(session, event, "甲")
    _second, third, fourth = (join(session, event, name) for name in "乙丙丁")
    waiting.move(session, fourth, steps=-99, by=BY, now=NOW)
    waiting.move(session, third, steps=-1, by=BY, now=NOW)
    join(session, event, "戊")
    session.expire_all()
    assert (line(session, event), waiting.place(session, fourth)) == (["丁", "丙", "乙", "戊"], 1)
    moves = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "registration.move")).all()
    assert moves == [{"place": 1, "before": 3}, {"place": 2, "before": 3}]


def test_who_waits_may_change_the_party_and_leave(session):
    event = chain.event(session, seats=2)
    join(session, event, "甲")
    pair = join(session, event, "乙", companions=["丙"])
    registrations.change(session, pair, chain.application(session, "乙", phone=pair.leader.phone), by="guest", now=NOW)
    assert (states(pair), taken(session, event)) == (["offered"], 2)
    registrations.cancel(session, pair, by="guest", now=NOW)
    assert (states(pair), taken(session, event), line(session, event)) == (["cancelled"], 1, [])


def test_who_waits_cannot_change_to_an_activity_of_another_event(session):
    event, other = chain.event(session, seats=1), chain.event(session, title="另一场")
    elsewhere = chain.activity(session, other)
    first, second = join(session, event, "甲"), join(session, event, "乙")
    form = chain.application(session, "乙", phone=second.leader.phone, activity_ids=[elsewhere.id])
    with pytest.raises(UnknownActivity):
        registrations.change(session, second, form, by="guest", now=NOW)
    registrations.cancel(session, first, by="guest", now=NOW)  # the line moves on
    assert (second.activities, states(second)) == ([], ["offered"])


def test_the_line_is_searched_by_name(session):
    event = chain.event(session, seats=1)
    for name in ("甲", "乙", "丙"):
        join(session, event, name)
    assert [party.leader.name for party in session.scalars(waiting.line(event, words="丙"))] == ["丙"]


def test_places_are_those_of_the_line_whoever_is_looked_for(session):
    event = chain.event(session, seats=1)
    first, second, third, fourth = (join(session, event, name) for name in "甲乙丙丁")
    waiting.move(session, fourth, steps=-1, by=BY, now=NOW)
    registrations.cancel(session, first, by="guest", now=NOW)
    keys = [party.id for party in (first, second, third, fourth)]
    assert waiting.places(session, event, keys) == {fourth.id: 1, third.id: 2}
    assert waiting.places(session, event, [third.id]) == {third.id: 2}
    assert waiting.counts(session, event) == {State.WAITING: 2, State.OFFERED: 1}


def test_a_line_is_due_while_an_offer_is_over_or_a_seat_is_free(session):
    event = chain.event(session, seats=1, confirm_hours=2)
    quiet = chain.event(session, seats=1, slug="quiet")
    first, second = join(session, event, "甲"), join(session, event, "乙")
    join(session, quiet, "丙"), join(session, quiet, "丁")
    assert waiting.due(session, now=NOW) == []
    registrations.cancel(session, first, by="guest", now=NOW)
    over = NOW + timedelta(hours=2)
    assert (waiting.due(session, now=over - timedelta(minutes=1)), waiting.due(session, now=over)) == ([], [event.id])
    assert (waiting.lapse(session, event, now=over), states(second), waiting.due(session, now=over)) == (1, ["cancelled"], [])
    events.set_quotas(session, quiet, 2, {}, by=BY, now=NOW)
    assert waiting.due(session, now=over) == [quiet.id]
    assert waiting.due(session, now=quiet.starts_at) == []


def test_of_a_cancelled_event_nothing_is_taken_back_and_nobody_is_moved(session):
    event = chain.event(session, seats=1)
    first, second, third = (join(session, event, name) for name in "甲乙丙")
    registrations.cancel(session, first, by="guest", now=NOW)
    events.cancel(session, event, by=BY, now=NOW)
    assert (waiting.due(session, now=event.starts_at), waiting.lapse(session, event, now=event.starts_at)) == ([], 0)
    for move in (lambda: waiting.seat(session, third, by=BY, now=NOW), lambda: waiting.move(session, third, steps=-1, by=BY, now=NOW),
                 lambda: waiting.hold(session, event, {event.quota.id: 1}, by=BY, now=NOW)):
        with pytest.raises(NotEditable):
            move()
    with pytest.raises(NotOffered):
        waiting.confirm(session, second, by="guest", now=NOW)
    assert (states(second, third), told(session, Purpose.LAPSED)) == (["offered", "waiting"], [])


def test_seats_are_held_back_of_each_limit_and_noted(session):
    event = chain.event(session, seats=5, by_category={"enterprise": 3})
    limit = event.category_quota(chain.category(session).id)
    waiting.hold(session, event, {event.quota.id: 2, limit.id: 0}, by=BY, now=NOW)
    assert [quota.held for quota in (event.quota, limit)] == [2, 0]
    with pytest.raises(TooManyHeld) as refused:
        waiting.hold(session, event, {limit.id: 4}, by=BY, now=NOW)
    assert (refused.value.field, refused.value.facts) == (f"held-{limit.id}", {"left": 3, "wanted": 4})
    entries = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "event.hold")).all()
    assert entries == [{"held": {str(event.quota.id): 2}}]
