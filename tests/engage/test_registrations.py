"""Registrations: a party is seated whole or not at all, and a refusal changes nothing."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW
from database import count_queries, undone
from hypothesis import given, settings
from hypothesis import strategies as st

from engage import applications, events, invitations, parties, registrations
from engage.applications import Application, Person
from engage.errors import EngageError
from engage.events import Visibility
from engage.parties import Attendee, Registration, State
from engage.quotas import ActivityFull, CategoryFull, EventFull, Quota


def taken(session, event):
    """Seats taken, by limit: the event's, then a category's or an activity's, as they were made."""
    return session.scalars(sa.select(Quota.taken).where(Quota.event_id == event.id).order_by(Quota.id)).all()


def test_a_party_takes_a_seat_for_each_from_every_limit(session):
    event = chain.event(session, seats=10, by_category={"enterprise": 5})
    visit = chain.activity(session, event, seats=4)
    registration = chain.registration(session, event, companions=["赵一", "钱二"], activity_ids=[visit.id])
    assert taken(session, event) == [3, 3, 3]
    assert [(a.place, a.name, a.state) for a in registration.attendees] == [
        (0, "李四", State.CONFIRMED), (1, "赵一", State.CONFIRMED), (2, "钱二", State.CONFIRMED),
    ]
    codes = {code for a in registration.attendees for code in (a.ticket_code, a.survey_code)}
    assert len(codes) == 6
    assert {len(code) for code in codes} == {26}


@pytest.mark.parametrize(
    "limits, refused, free",
    [
        ({"seats": 2}, EventFull, 2),
        ({"seats": 9, "by_category": {"enterprise": 2}}, CategoryFull, 2),
    ],
)
def test_a_full_day_refuses_a_party_whole_and_changes_nothing(session, limits, refused, free):
    event = chain.event(session, **limits)
    before = taken(session, event)
    with pytest.raises(refused) as refusal:
        chain.registration(session, event, companions=["赵一", "钱二"])
    assert (refusal.value.facts["free"], refusal.value.facts["wanted"]) == (free, 3)
    assert taken(session, event) == before
    assert session.scalars(sa.select(Registration)).all() == []


def test_a_full_activity_refuses_and_gives_the_event_its_seats_back(session):
    event = chain.event(session, seats=10)
    visit = chain.activity(session, event, seats=1)
    with pytest.raises(ActivityFull) as refusal:
        chain.registration(session, event, companions=["赵一"], activity_ids=[visit.id])
    assert refusal.value.facts == {"free": 1, "wanted": 2, "activity_id": visit.id}
    assert taken(session, event) == [0, 0]


def test_the_same_form_sent_twice_is_one_registration(session):
    event = chain.event(session)
    first = chain.registration(session, event, submission="8f14e45f-ceea-467f-a8a0-0c2fdd4f2a10")
    again = chain.registration(session, event, submission="8f14e45f-ceea-467f-a8a0-0c2fdd4f2a10")
    assert again is first
    assert taken(session, event)[0] == 1


def test_the_same_person_is_registered_once_however_the_name_and_number_are_written(session):
    event = chain.event(session)
    chain.registration(session, event, "李四", phone="13900000001")
    with pytest.raises(registrations.AlreadyRegistered):
        chain.registration(session, event, "李 四", phone="+86 139 0000 0001")
    assert taken(session, event)[0] == 1


FORMS = st.lists(st.fixed_dictionaries({
    "name": st.sampled_from("甲乙丙丁戊"), "companions": st.sampled_from([[], ["赵一"], ["赵一", "钱二"]]), "wait": st.booleans(),
    "category": st.sampled_from(["enterprise", "public", "deputy"]), "chosen": st.booleans(), "consent": st.sampled_from([True, True, False]),
    "form": st.integers(0, 12),
}), min_size=1, max_size=9)


def became(one):
    return one.code if isinstance(one, EngageError) else one.state.value


@given(forms=FORMS)
@settings(max_examples=30)
def test_those_who_apply_at_the_same_moment_become_what_they_become_one_after_another(session, forms):
    with undone(session):
        made = []
        for slug in ("together", "alone"):
            event = chain.event(session, seats=5, by_category={"enterprise": 4}, slug=slug)
            visit = chain.activity(session, event, seats=3)
            session.flush()
            applied = [
                registrations.Applied(event, chain.application(
                    session, form["name"], companions=form["companions"], category=form["category"], wait=form["wait"],
                    activity_ids=[visit.id] if form["chosen"] else [], consent=form["consent"], submission=f"{slug} {form['form']}",
                ), "guest") for form in forms
            ]
            if slug == "together":
                seated = registrations.seat_all(session, applied, now=NOW)
            else:
                seated = [registrations.seat_all(session, [one], now=NOW)[0] for one in applied]
            kept = session.execute(
                sa.select(Attendee.name, Attendee.place, Registration.state, Registration.party).join(Attendee.registration)
                .where(Attendee.event_id == event.id).order_by(Registration.id, Attendee.place)
            ).all()
            repeated = [getattr(one, "repeated", None) for one in seated]
            made.append(([became(one) for one in seated], repeated, kept, taken(session, event)))
        together, alone = made
        assert together == alone


def test_records_that_the_session_has_to_read_again_are_read_before_anything_is_sent(session):
    event = chain.event(session)
    invitation = chain.invitation(session, event, chain.invitee(session))
    applied = registrations.Applied(event, chain.application(session, "来宾"), "guest", invitation)
    session.flush()
    session.expire_all()
    assert [became(one) for one in registrations.seat_all(session, [applied], now=NOW)] == ["confirmed"]


def test_however_many_apply_at_once_the_database_is_asked_as_often_as_for_one(session):
    event = chain.event(session, seats=9, by_category={"enterprise": 9})
    sent = []
    for first, many in ((0, 1), (1, 9)):
        applied = [registrations.Applied(event, chain.application(session, f"来宾{number}", phone=f"139{number:08}", wait=True), "guest")
                   for number in range(first, first + many)]
        with count_queries(session) as seen:
            seated = registrations.seat_all(session, applied, now=NOW)
        sent.append([sql for sql in seen if not sql.startswith(("INSERT INTO registration", "INSERT INTO attendee"))])
    assert [len(each) for each in sent] == [8, 8]  # gate, limits, who is known; keys of both tables, who is stored; seats, audit trail
    assert [became(one) for one in seated] == ["confirmed"] * 8 + ["waiting"]


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"consent": False}, "consent_missing", "consent"),
        ({"name": " "}, "name_missing", "name"),
        ({"phone": ""}, "no_contact", "phone"),
        ({"phone": "12"}, "invalid_phone", "phone"),
        ({"companions": ["一", "二", "三", "四"]}, "too_many_companions", "companions"),
        ({"companions": [" "]}, "companion_name_missing", "companions"),
        ({"category": "deputy"}, "category_not_open", "category"),
        ({"activity_ids": [999]}, "unknown_activity", "activities"),
    ],
)
def test_a_wrong_form_is_refused_at_its_field(session, changes, code, field):
    event = chain.event(session)
    with pytest.raises(EngageError) as refusal:
        chain.registration(session, event, **changes)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert taken(session, event)[0] == 0


def test_strangers_need_an_invitation_to_an_event_for_the_invited(session):
    event = chain.event(session, visibility=Visibility.INVITED)
    with pytest.raises(applications.InvitationNeeded):
        chain.registration(session, event)


def test_accepting_an_invitation_takes_a_seat_and_cancelling_gives_it_back(session):
    event = chain.event(session, visibility=Visibility.INVITED, seats=1, by_category={"deputy": 1})
    deputy = chain.invitee(session, category="deputy")
    invitation = chain.invitation(session, event, deputy)
    form = Application(leader=Person(name="张三", phone="13800000001"), category=deputy.category, consent=True)
    registration = registrations.register(session, event, form, invitation=invitation, by="invitee:1", now=NOW)
    assert (invitation.state, taken(session, event)) == (invitations.State.ACCEPTED, [1, 1])
    registrations.cancel(session, registration, reason="临时有会", by="invitee:1", now=NOW)
    assert (invitation.state, invitation.reason) == (invitations.State.DECLINED, "临时有会")
    assert taken(session, event) == [0, 0]
    assert [a.state for a in registration.attendees] == [State.CANCELLED]
    with pytest.raises(registrations.AlreadyCancelled):
        registrations.cancel(session, registration, by=BY, now=NOW)
    again = registrations.register(session, event, form, invitation=invitation, by="invitee:1", now=NOW)
    assert (again.id != registration.id, invitation.state) == (True, invitations.State.ACCEPTED)


def test_a_change_moves_the_seats_and_keeps_the_tickets_of_those_who_stay(session):
    event = chain.event(session, seats=5)
    visit, talk = chain.activity(session, event, seats=3), chain.activity(session, event, "座谈", seats=3)
    registration = chain.registration(session, event, companions=["赵一", "钱二"], activity_ids=[visit.id])
    tickets = {attendee.name: attendee.ticket_code for attendee in registration.attendees}
    form = chain.application(session, companions=["钱二"], activity_ids=[talk.id])
    registrations.change(session, registration, form, by="guest", now=NOW)
    session.expire_all()
    assert taken(session, event) == [2, 0, 2, 2]  # the event, the visit, the talk, and the category from its first guest on
    assert {a.name: (a.state, a.ticket_code) for a in registration.attendees} == {
        "李四": (State.CONFIRMED, tickets["李四"]),
        "赵一": (State.CANCELLED, tickets["赵一"]),
        "钱二": (State.CONFIRMED, tickets["钱二"]),
    }
    assert [a.title for a in registration.activities] == ["座谈"]


def test_a_change_that_does_not_fit_leaves_everything_as_it_was(session):
    event = chain.event(session, seats=2)
    registration = chain.registration(session, event)
    chain.registration(session, event, "王五", phone="13900000002")
    with pytest.raises(EventFull):
        registrations.change(session, registration, chain.application(session, companions=["赵一"]), by="guest", now=NOW)
    session.expire_all()
    assert taken(session, event)[0] == 2
    assert (registration.party, len(registration.attendees)) == (1, 1)


def test_nobody_registers_or_changes_after_registration_is_over(session):
    event = chain.event(session)
    registration = chain.registration(session, event)
    assert event.starts_at is not None
    with pytest.raises(events.RegistrationOver):
        registrations.register(session, event, chain.application(session, "王五"), by="guest", now=event.starts_at)
    with pytest.raises(events.RegistrationOver):
        registrations.change(session, registration, chain.application(session), by="guest", now=event.starts_at)


def test_after_the_event_nobody_becomes_one_who_cancelled(session):
    event = chain.event(session)
    registration = chain.registration(session, event)
    events.close(session, event, by=BY, now=NOW)
    with pytest.raises(events.NotEditable):
        registrations.cancel(session, registration, by="guest", now=NOW)
    assert (registration.state, taken(session, event)) == (State.CONFIRMED, [1, 1])


def test_who_has_arrived_can_no_longer_cancel(session):
    event = chain.event(session)
    registration = chain.registration(session, event)
    registration.leader.arrived_at = NOW + timedelta(days=7)
    with pytest.raises(registrations.AlreadyHere):
        registrations.cancel(session, registration, by="guest", now=NOW)


def test_tickets_and_survey_links_lead_to_their_attendee(session):
    event = chain.event(session)
    registration = chain.registration(session, event, companions=["赵一"])
    session.flush()
    leader, companion = registration.attendees
    assert parties.by_ticket(session, companion.ticket_code) is companion
    assert parties.by_survey_code(session, leader.survey_code) is leader
    for look_up in (parties.by_ticket, parties.by_survey_code):
        with pytest.raises(parties.TicketNotFound):
            look_up(session, "no-such-code")


def test_the_list_of_attendees_is_filtered_by_words_state_and_category(session):
    event = chain.event(session)
    chain.registration(session, event, companions=["赵一"])
    gone = chain.registration(session, event, "王五", phone="13900000002", category="public")
    registrations.cancel(session, gone, by=BY, now=NOW)

    def names(**filters):
        session.flush()
        return [a.name for a in session.scalars(parties.attendees(event, **filters))]

    assert names() == ["李四", "赵一", "王五"]
    assert names(standing=parties.Standing.CANCELLED) == ["王五"]
    assert names(category_id=chain.category(session, "enterprise").id) == ["李四", "赵一"]
    assert names(words="0002") == ["王五"]
    assert session.scalar(sa.select(sa.func.count(Attendee.id))) == 3
