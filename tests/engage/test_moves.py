"""Any order of publishing, registering, changing, cancelling and scanning ends in a legal state."""

import uuid
from dataclasses import replace
from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from engage import arrivals, events, quotas, registrations, undos, waiting
from engage.errors import EngageError
from engage.parties import Attendee, ChosenActivity, Registration, State
from engage.quotas import Full, Quota

SEATS = {"event": 6, "enterprise": 4, "activity": 3}


@pytest.fixture
def door_hours():
    return NOW + timedelta(days=7)


def test_any_order_of_moves_ends_in_a_legal_state(session, door_hours):  # noqa: C901 -- one small rule per move
    class Moves(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.savepoint = session.begin_nested()
            self.event = chain.event(session, seats=SEATS["event"], by_category={"enterprise": SEATS["enterprise"]},
                                    published=False)
            self.activity = chain.activity(session, self.event, seats=SEATS["activity"])
            self.parties = []
            self.people = 0

        def attempt(self, move, *arguments, **keywords):
            """Do it or be refused; a refusal is a legal answer, an exception of another kind is not."""
            try:
                return move(session, *arguments, **keywords)
            except EngageError as refusal:
                self.refusal = refusal
                return None

        def form(self, companions, category, chosen):
            self.people += 1
            return chain.application(
                session, f"来宾{self.people}", phone=f"139{self.people:08}", category=category,
                companions=[f"同行{number}" for number in range(companions)],
                activity_ids=[self.activity.id] if chosen else [],
            )

        @rule()
        def publish(self):
            self.attempt(events.publish, self.event, by=BY, now=NOW)

        @rule(companions=st.integers(0, 2), category=st.sampled_from(["enterprise", "public"]), chosen=st.booleans(), wait=st.booleans())
        def register(self, companions, category, chosen, wait):
            if category == "public":
                companions = 0
            form = replace(self.form(companions, category, chosen), wait=wait)
            party = self.attempt(registrations.register, self.event, form, by="guest", now=NOW)
            if party is not None:
                self.parties.append(party)

        @rule(which=st.integers(0, 9), companions=st.integers(0, 2), chosen=st.booleans())
        def change(self, which, companions, chosen):
            if self.parties:
                party = self.parties[which % len(self.parties)]
                self.attempt(registrations.change, party, self.form(companions, "enterprise", chosen), by="guest", now=NOW)

        @rule(which=st.integers(0, 9))
        def cancel(self, which):
            if self.parties:
                party = self.parties[which % len(self.parties)]
                self.attempt(registrations.cancel, party, by="guest", now=NOW)

        @rule(which=st.integers(0, 9), direction=st.sampled_from(arrivals.Direction))
        def scan(self, which, direction):
            if self.parties:
                ticket = self.parties[which % len(self.parties)].leader.ticket_code
                request = arrivals.ScanRequest(id=str(uuid.uuid4()), code=ticket, at=door_hours, direction=direction)
                arrivals.scan(session, self.event, [request], by=BY, now=door_hours)
                session.expire_all()

        @rule(which=st.integers(0, 9))
        def undo(self, which):
            if self.parties:
                self.attempt(undos.undo, self.parties[which % len(self.parties)].leader, by=BY, now=door_hours)

        @rule(seats=st.integers(1, 8))
        def resize(self, seats):
            self.attempt(events.set_quotas, self.event, seats, {}, by=BY, now=NOW)
            waiting.promote(session, self.event, now=NOW)

        @rule(held=st.integers(0, 3))
        def hold(self, held):
            self.attempt(quotas.hold, self.event.quota, held)
            waiting.promote(session, self.event, now=NOW)

        @rule(which=st.integers(0, 9), move=st.sampled_from([waiting.confirm, waiting.seat]))
        def settle(self, which, move):
            if self.parties:
                self.attempt(move, self.parties[which % len(self.parties)], by=BY, now=NOW)

        @rule(which=st.integers(0, 9), steps=st.integers(-3, 3))
        def reorder(self, which, steps):
            if self.parties:
                self.attempt(waiting.move, self.parties[which % len(self.parties)], steps=steps, by=BY, now=NOW)

        @rule()
        def lapse(self):
            waiting.lapse(session, self.event, now=NOW + timedelta(days=2))

        @invariant()
        def every_limit_counts_who_is_seated_and_is_kept(self):
            session.flush()
            session.expire_all()
            standing = sa.and_(Registration.event_id == self.event.id, Registration.state.in_((State.CONFIRMED, State.OFFERED)))
            seated = sa.select(sa.func.coalesce(sa.func.sum(Registration.party), 0)).where(standing)
            for quota in session.scalars(sa.select(Quota).where(Quota.event_id == self.event.id)):
                if quota.category_id:
                    expected = session.scalar(seated.where(Registration.category_id == quota.category_id))
                elif quota.activity_id:
                    expected = session.scalar(seated.join(ChosenActivity))
                else:
                    expected = session.scalar(seated)
                assert quota.taken == expected
                assert quota.seats is None or quota.taken <= quota.seats
            people = sa.select(sa.func.count(Attendee.id)).where(
                Attendee.event_id == self.event.id, Attendee.state == State.CONFIRMED
            )
            assert session.scalar(people) == session.scalar(seated.where(Registration.state == State.CONFIRMED))

        @invariant()
        def nobody_waits_for_seats_that_are_free(self):
            session.flush()
            if self.event.state is events.State.PUBLISHED:
                free = {(quota.category_id, quota.activity_id): quota.free for quota in self.event.quotas}
                for party in session.scalars(waiting.line(self.event).where(Registration.state == State.WAITING)):
                    keys = [(None, None), (party.category_id, None), *((None, each.id) for each in party.activities)]
                    assert any(free.get(key) is not None and free[key] < party.party for key in keys)

        @invariant()
        def nobody_is_inside_without_a_seat(self):
            inside = sa.select(sa.func.count(Attendee.id)).where(
                Attendee.event_id == self.event.id, Attendee.state != State.CONFIRMED, Attendee.arrived_at.is_not(None)
            )
            assert session.scalar(inside) == 0

        def teardown(self):
            self.savepoint.rollback()
            session.expunge_all()

    run_state_machine_as_test(Moves, settings=settings(max_examples=25, stateful_step_count=25))


def test_a_full_event_says_so_before_anything_is_filled_in(session):
    event = chain.event(session, seats=1)
    chain.registration(session, event)
    with pytest.raises(Full):
        chain.registration(session, event, "王五", phone="13900000002")
    session.expire_all()
    assert event.quota.free == 0
