"""Reminders: at their time, to those who have not answered, each once, while registration is open."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import events, invitations, outbox, reminders
from engage.events import RegistrationOver
from engage.outbox import Channel, Message, Purpose, Text
from engage.reminders import Anchor

DAY = timedelta(days=1)


@pytest.fixture
def event(session):
    """In a week, with three invited: by e-mail, by mobile phone, by landline."""
    made = chain.event(session)
    for name, contact in (("甲", {"email": "a@example.org"}), ("乙", {}), ("丙", {"phone": "05331234567"})):
        chain.invitation(session, made, chain.invitee(session, name, **contact))
    invitations.send(session, made, by=BY, now=NOW)
    outbox.delivered(session, {key: Text("", "已发", "") for key in session.scalars(sa.select(Message.id))}, now=NOW)
    return made


def reminded(session):
    found = session.execute(sa.select(Message.name, Message.channel).where(Message.purpose == Purpose.REMINDER).order_by(Message.id))
    return [tuple(row) for row in found]


BOTH = [("甲", Channel.EMAIL), ("乙", Channel.SMS)]


def test_at_its_time_those_who_have_not_answered_are_reminded_once(session, event):
    reminders.add(session, event, Anchor.START, 1, by=BY, now=NOW)
    then = event.starts_at - DAY
    assert reminders.due(session, now=then - timedelta(seconds=1)) == []
    assert reminders.due(session, now=then) == [event.id]
    assert reminders.send_due(session, event.id, now=then) == 2
    assert (reminders.send_due(session, event.id, now=then), reminders.due(session, now=then)) == (0, [])
    assert reminded(session) == BOTH


def test_the_database_lets_nobody_have_the_same_reminder_twice(session, event):
    reminder = reminders.add(session, event, Anchor.START, 1, by=BY, now=NOW)
    for _ in range(2):
        rows = list(reminders._rows(session, event, reminder_id=reminder.id))
        outbox.post_many(session, rows * 2, now=NOW)
        session.execute(sa.update(Message).values(state=outbox.State.SENT))
    assert reminded(session) == BOTH


@pytest.mark.parametrize("state", [invitations.State.ACCEPTED, invitations.State.DECLINED])
def test_whoever_has_answered_is_not_reminded_and_a_waiting_reminder_is_taken_back(session, event, state):
    first, second, _third = session.scalars(invitations.of_event(event))
    invitations.answer(session, first, state, by="guest", now=NOW)
    assert reminders.send_now(session, event, by=BY, now=NOW) == 1
    invitations.answer(session, second, state, by="guest", now=NOW)
    assert [m.state for m in session.scalars(outbox.find(purpose=Purpose.REMINDER))] == [outbox.State.WITHDRAWN]


def test_two_that_come_due_together_are_one(session, event):
    for days in (5, 3):
        reminders.add(session, event, Anchor.START, days, by=BY, now=NOW)
    assert reminders.send_due(session, event.id, now=event.starts_at - 2 * DAY) == 2
    assert [one.done_at is not None for one in reminders.of_event(session, event)] == [True, True]


def test_nobody_is_reminded_once_registration_is_over_or_the_event_cancelled(session, event):
    reminders.add(session, event, Anchor.START, 1, by=BY, now=NOW)
    after = event.starts_at
    assert reminders.send_due(session, event.id, now=after) == 0
    assert (reminders.due(session, now=after), reminded(session)) == ([], [])
    with pytest.raises(RegistrationOver):
        reminders.send_now(session, event, by=BY, now=after)
    reminders.add(session, event, Anchor.START, 2, by=BY, now=NOW)
    events.cancel(session, event, by=BY, now=NOW)
    assert reminders.due(session, now=after) == []


def test_by_hand_nobody_is_reminded_twice_within_the_hour(session, event):
    assert reminders.to_send(session, event, now=NOW) == {Channel.EMAIL: 1, Channel.SMS: 1}
    assert [reminders.send_now(session, event, by=BY, now=NOW) for _ in range(2)] == [2, 0]
    session.execute(sa.update(Message).values(state=outbox.State.SENT))
    assert reminders.send_now(session, event, by=BY, now=NOW + timedelta(minutes=59)) == 0
    assert reminders.send_now(session, event, by=BY, now=NOW + timedelta(minutes=60)) == 2


def test_whoever_still_waits_for_the_invitation_is_not_reminded_of_it(session, event):
    late = chain.invitation(session, event, chain.invitee(session, "丁", email="d@example.org"))
    assert reminders.send_now(session, event, by=BY, now=NOW) == 2
    invitations.send(session, event, ids=[late.id], by=BY, now=NOW)
    assert reminders.send_now(session, event, by=BY, now=NOW + DAY) == 0


def test_the_time_follows_the_event(session, event):
    reminder = reminders.add(session, event, Anchor.CLOSING, 2, by=BY, now=NOW)
    assert reminder.due_at == event.starts_at - 2 * DAY
    event.registration_closes_at = event.starts_at - DAY
    assert reminder.due_at == event.starts_at - 3 * DAY


@pytest.mark.parametrize("days, refusal", [(-1, reminders.BadReminder), (61, reminders.BadReminder), (7, reminders.ReminderPast),
                                           (0, reminders.ReminderPast), (3, reminders.ReminderExists)])
def test_a_time_that_cannot_be_is_refused(session, event, days, refusal):
    reminders.add(session, event, Anchor.START, 3, by=BY, now=NOW)
    with pytest.raises(refusal):
        reminders.add(session, event, Anchor.START, days, by=BY, now=NOW)
    assert len(reminders.of_event(session, event)) == 1


def test_a_reminder_that_was_sent_can_be_taken_off(session, event):
    reminder = reminders.add(session, event, Anchor.START, 1, by=BY, now=NOW)
    reminders.send_due(session, event.id, now=event.starts_at - DAY)
    reminders.remove(session, reminders.of_id(session, event, reminder.id), by=BY, now=NOW)
    session.flush()
    assert (reminders.of_event(session, event), reminded(session)) == ([], BOTH)
