"""Whatever comes to the doors in whatever order, live or late, again or taken back: each ends in a legal state."""

import uuid
from dataclasses import replace

import chain
import sqlalchemy as sa
from chain import BY, NOW
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from marks import MINUTE, OPEN, held, walked_in

from engage import arrivals, attendance, board, quotas, registrations, rosters, settling, stand_ins, undos, walk_ins
from engage.doubts import Doubt, Kind, Settlement
from engage.errors import EngageError
from engage.parties import Attendee, Registration, State
from engage.presence import COUNTED, Attendance, Direction, Mark, Result, Scan, retell
from engage.quotas import Quota
from engage.undos import UndoRequest
from engage.walk_ins import WalkIn

WHO = st.integers(0, 11)
DOORS = st.sampled_from(["event", "room", "hall"])
WAYS = st.sampled_from(Direction)
TOLD = st.sampled_from([None, Result.ADMITTED, Result.ALREADY, Result.LEFT, Result.UNKNOWN, Result.OVER_CAPACITY])
LATE = st.lists(st.tuples(WHO, DOORS, WAYS, st.integers(0, 30), TOLD), min_size=1, max_size=5)
EXAMPLES = {"sqlite": 30, "postgresql": 6}


def told(stay):
    return stay.arrived_at, stay.left_at, stay.inside_since, stay.seen_at


def test_any_order_at_the_doors_ends_in_a_legal_state(session, database):  # noqa: C901 -- one small rule per move
    class Doors(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.savepoint = session.begin_nested()
            self.event = chain.event(session, seats=6, by_category={"enterprise": 4}, walk_ins=True)
            room, hall = chain.activity(session, self.event, "座谈", capacity=2), chain.activity(session, self.event, "参观", seats=3)
            session.flush()
            self.enterprise = chain.category(session).id
            self.doors = {"event": None, "room": room.id, "hall": hall.id}
            self.minute, self.number, self.sent, self.entered, self.refusal = 0, 0, [], [], None

        def later(self):
            self.minute += 1
            return OPEN + self.minute * MINUTE

        def attempt(self, move, *arguments, **keywords):
            """Do it or be refused, which changes nothing; an exception of another kind is no legal answer."""
            self.refusal = None
            try:
                with session.begin_nested():
                    return move(session, *arguments, **keywords)
            except EngageError as refusal:
                self.refusal = refusal
                return None
            finally:
                session.expire_all()

        def picked(self, which, found):
            every = session.scalars(found).all()
            return every[which % len(every)] if every else None

        def person(self, which):
            return self.picked(which, sa.select(Attendee).where(Attendee.event_id == self.event.id).order_by(Attendee.id))

        def people_in_the_room(self):
            inside = sa.select(sa.func.count()).where(Attendance.activity_id == self.doors["room"], Attendance.inside_since.is_not(None))
            return session.scalar(inside)

        def send(self, requests, now):
            before = self.people_in_the_room()
            outcomes = arrivals.scan(session, self.event, requests, by=BY, now=now)
            session.expire_all()
            assert self.people_in_the_room() <= max(2, before)  # its door lets nobody into a full room
            self.sent.append((requests, outcomes))

        @rule(companions=st.integers(0, 2), category=st.sampled_from(["enterprise", "public"]), chosen=st.booleans())
        def register(self, companions, category, chosen):
            self.number += 1
            form = chain.application(
                session, f"来宾{self.number}", phone=f"139{self.number:08}", category=category,
                companions=[f"同行{number}" for number in range(companions if category == "enterprise" else 0)],
                activity_ids=[self.doors["hall"]] if chosen else [],
            )
            self.attempt(registrations.register, self.event, replace(form, wait=True), by="guest", now=NOW)

        @rule(which=WHO)
        def cancel(self, which):
            if person := self.person(which):
                self.attempt(registrations.cancel, person.registration, by=BY, now=OPEN + self.minute * MINUTE)

        @rule(held=st.integers(0, 3))
        def hold(self, held):
            self.attempt(quotas.hold, self.event.quota, held)

        @rule(which=WHO, door=DOORS, way=WAYS)
        def scan(self, which, door, way):
            if person := self.person(which):
                now = self.later()
                self.send([held(person.ticket_code, self.minute, direction=way, activity=self.doors[door])], now)

        @rule(scans=LATE)
        def sync(self, scans):
            now, requests = self.later(), []
            for place, (which, door, way, ago, told) in enumerate(scans):
                person = self.person(which)
                code = person.ticket_code if person and which < 11 else "nobody-has-this"
                at = self.minute - ago + place / 100  # no two of one batch at the same moment: which of these is first is nobody's business
                requests.append(held(code, at, direction=way, activity=self.doors[door], told=told))
            self.send(requests, now)

        @rule(which=WHO)
        def send_again(self, which):
            if self.sent:
                requests, outcomes = self.sent[which % len(self.sent)]
                again = arrivals.scan(session, self.event, requests, by=BY, now=self.later())
                assert [(each.id, each.result, each.first_at) for each in again] == [
                    (each.id, each.result, each.first_at) for each in outcomes]

        @rule(which=st.integers(0, 40), after=st.integers(0, 5))
        def take_back(self, which, after):
            scan = self.picked(which, sa.select(Scan).where(Scan.event_id == self.event.id).order_by(Scan.at, Scan.id))
            if scan is None:
                return
            at = scan.at + after * MINUTE
            request = UndoRequest(id=str(uuid.uuid4()), scan=scan.id, at=at, clock_at=at)
            now = self.later()
            first = undos.take_back(session, self.event, [request], by=BY, now=now)
            assert undos.take_back(session, self.event, [request, request], by=BY, now=now) == first * 2

        @rule(which=WHO)
        def was_never_here(self, which):
            if person := self.person(which):
                self.attempt(undos.undo, person, by=BY, now=self.later())

        @rule(category=st.sampled_from(["enterprise", "public", "nobody"]), number=st.integers(0, 4), beyond=st.booleans(), ago=st.integers(0, 9))
        def walk_in(self, category, number, beyond, ago):
            """Somebody with a number, which may be one that registered; without one for 0."""
            phone = f"139{number:08}" if number else ""
            request = walked_in(self.minute - ago, category=category, phone=phone, beyond_seats=beyond)
            (result,) = {one.result for one in walk_ins.enter(session, self.event, [request, request], by=BY, now=self.later())}
            assert not (beyond and result in {walk_ins.Result.EVENT_FULL, walk_ins.Result.CATEGORY_FULL})
            self.entered.append((request, result))

        @rule(which=WHO)
        def walk_in_again(self, which):
            if self.entered:
                request, result = self.entered[which % len(self.entered)]
                (again,) = walk_ins.enter(session, self.event, [request], by=BY, now=self.later())
                assert again.result in {result, walk_ins.Result.ADMITTED}  # staff may have let the person in since

        @rule(which=WHO)
        def stand_in(self, which):
            if person := self.person(which):
                had = person.name, person.ticket_code, person.arrived_at
                self.number += 1
                came = f"替{self.number}"
                stood = self.attempt(stand_ins.stand_in, person, came, by=BY, now=self.later())
                refused = bool(had[2]) or person.state is not State.CONFIRMED
                assert stood is None
                assert (person.name, person.ticket_code) == (had[0] if refused else came, had[1])

        @rule(which=WHO, settlement=st.sampled_from(Settlement))
        def settle(self, which, settlement):
            waiting = sa.select(Doubt).where(Doubt.event_id == self.event.id, Doubt.settled_at.is_(None)).order_by(Doubt.id)
            if doubt := self.picked(which, waiting):
                self.attempt(settling.settle, doubt, settlement, reason="当面核对过", by=BY, now=self.later())
                assert self.refusal is None or isinstance(self.refusal, settling.SettlementImpossible)

        @invariant()
        def seats_taken_are_those_of_standing_parties_and_walk_ins_and_too_many_only_by_hand(self):
            session.flush()
            session.expire_all()
            standing = sa.and_(Registration.event_id == self.event.id, Registration.state.in_((State.CONFIRMED, State.OFFERED)))
            seated = sa.select(sa.func.coalesce(sa.func.sum(Registration.party), 0)).where(standing)
            for quota in session.scalars(sa.select(Quota).where(Quota.event_id == self.event.id, Quota.activity_id.is_(None))):
                ours = seated.where(Registration.category_id == quota.category_id) if quota.category_id else seated
                assert quota.taken == session.scalar(ours)
                assert quota.seats == (None if quota.category_id not in {None, self.enterprise} else 4 if quota.category_id else 6)
                assert quota.beyond == (0 if quota.seats is None else max(quota.taken - quota.seats, 0))

        @invariant()
        def presence_is_what_the_scans_tell(self):
            stories = {person.id: [] for person in session.scalars(sa.select(Attendee).where(Attendee.event_id == self.event.id))}
            scans = session.scalars(sa.select(Scan).where(Scan.event_id == self.event.id, Scan.attendee_id.is_not(None))).all()
            for scan in scans:
                if scan.stands in COUNTED:
                    mark = Mark(scan.id, scan.activity_id, scan.direction, scan.at, scan.received_at, scan.stands, scan.undone_at)
                    stories[scan.attendee_id].append(mark)
            stands = {scan.id: scan.stands for scan in scans}
            for person_id, story in stories.items():
                stays = retell(story)
                assert told(session.get(Attendee, person_id)) == told(stays[None])
                rooms = session.scalars(sa.select(Attendance).where(Attendance.attendee_id == person_id))
                kept = {room.activity_id: (*told(room), room.seconds) for room in rooms if room.arrived_at}
                assert kept == {each: (*told(stay), stay.seconds) for each, stay in stays.items() if each and stay.arrived_at}
                assert {mark.id: mark.result for mark in story} == {mark.id: stands[mark.id] for mark in story}

        @invariant()
        def everybody_counts_the_same_people(self):
            people = session.scalars(sa.select(Attendee).where(Attendee.event_id == self.event.id).order_by(Attendee.id)).all()
            arrived = [person for person in people if person.arrived_at]
            expected = [person for person in people if person.state is State.CONFIRMED]
            counted = arrivals.counts(session, self.event)
            assert (sum(each.expected for each in counted), sum(each.arrived for each in counted)) == (len(expected), len(arrived))
            assert arrivals.totals(session, [self.event.id]).get(self.event.id, (0, 0)) == (len(expected), len(arrived))
            assert board.figures(session, self.event, now=OPEN).arrived == len(arrived)
            lines = list(rosters.roster(session, self.event))
            assert [(line.name, line.state, line.arrived_at, line.left_at, line.inside) for line in lines] == [
                (person.name, person.state, person.arrived_at, person.left_at, bool(person.inside_since)) for person in people]
            turnouts = attendance.turnouts(session, self.event)
            for activity in self.event.activities:
                here = [room for line in lines for room in line.activities if room.id == activity.id]
                turnout = turnouts.get(activity.id, attendance.Turnout(0, 0))
                assert turnout == (len(here), sum(room.left_at is None for room in here))
                assert activity.inside == turnout.inside

        @invariant()
        def who_is_here_holds_a_seat_or_was_let_in_by_staff(self):
            here = sa.select(Attendee.id).where(
                Attendee.event_id == self.event.id, Attendee.state != State.CONFIRMED, Attendee.arrived_at.is_not(None))
            let_in = sa.select(Scan.attendee_id).join(Doubt, Doubt.scan_id == Scan.id).where(Doubt.settlement == Settlement.ADMIT)
            assert set(session.scalars(here)) <= set(session.scalars(let_in))

        @invariant()
        def doubts_are_about_what_is_doubtful(self):
            for doubt in session.scalars(sa.select(Doubt).where(Doubt.event_id == self.event.id, Doubt.settled_at.is_(None))):
                if doubt.kind is Kind.TWO_DEVICES:
                    assert doubt.scan.stands is Result.ALREADY
                if doubt.kind is Kind.WALK_IN:
                    assert (doubt.walk_in.attendee_id, bool(doubt.walk_in.name)) == (None, True)

        @invariant()
        def a_walk_in_is_one_person_or_waits_to_be_settled(self):
            entered = session.scalars(sa.select(WalkIn).where(WalkIn.event_id == self.event.id)).all()
            assert len(entered) == len(self.entered)
            settled = dict(iter(session.execute(sa.select(Doubt.walk_in_id, Doubt.settled_at).where(Doubt.walk_in_id.is_not(None)))))
            for one in entered:
                if one.attendee_id:
                    assert (one.result, one.attendee.registration.party, one.name) == (walk_ins.Result.ADMITTED, 1, "")
                    assert session.get(Scan, one.id).attendee_id == one.attendee_id
                else:
                    assert one.result is not walk_ins.Result.ADMITTED
                    assert one.id in settled
                    assert bool(one.name) is (settled[one.id] is None)

        def teardown(self):
            self.savepoint.rollback()
            session.expunge_all()

    run_state_machine_as_test(Doors, settings=settings(max_examples=EXAMPLES[database], stateful_step_count=25))
