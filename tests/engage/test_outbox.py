"""The outbox: claimed, delivered, repeated after a crash, given up after enough failures, never lost."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import outbox
from engage.outbox import Channel, Message, Purpose, State


@pytest.fixture
def message(session):
    told = Message(channel=Channel.EMAIL, purpose=Purpose.TICKET, name="张三", address="zhang@example.org",
                   subject="报名成功", body="您的电子票", event_id=chain.event(session).id)
    outbox.post(session, told, now=NOW)
    session.flush()
    return told


def test_a_message_is_claimed_once_and_again_only_when_its_lease_ran_out(session, message):
    assert outbox.claim(session, Channel.EMAIL, now=NOW) == [message]
    assert outbox.claim(session, Channel.EMAIL, now=NOW) == []
    assert outbox.claim(session, Channel.EMAIL, now=NOW + outbox.LEASE) == [message]
    assert message.attempts == 2


def test_a_delivered_message_is_not_claimed_again(session, message):
    outbox.delivered(session, outbox.claim(session, Channel.EMAIL, now=NOW), now=NOW)
    assert (message.state, message.sent_at) == (State.SENT, NOW)
    assert outbox.claim(session, Channel.EMAIL, now=NOW + timedelta(days=1)) == []


def test_a_passing_failure_is_tried_again_later_and_a_final_one_is_not(session, message):
    now = NOW
    waits = []
    while message.state is State.QUEUED:
        assert outbox.claim(session, Channel.EMAIL, now=now) == [message]
        outbox.failed(session, message, "451 try later", now=now, final=False)
        waits.append(message.due_at - now)
        now = message.due_at
    assert waits[:-1] == [timedelta(minutes=minutes) for minutes in (4, 8, 16, 32)]
    assert (message.state, message.attempts, message.error) == (State.FAILED, outbox.ATTEMPTS, "451 try later")


def test_a_refused_address_fails_at_once_and_can_be_resent(session, message):
    outbox.claim(session, Channel.EMAIL, now=NOW)
    outbox.failed(session, message, "550 no such user", now=NOW, final=True)
    again = outbox.resend(session, message, by=BY, now=NOW)
    session.flush()
    assert (message.state, again.state, again.attempts) == (State.FAILED, State.QUEUED, 0)
    assert (again.address, again.body, again.link) == (message.address, message.body, message.link)
    with pytest.raises(outbox.StillQueued):
        outbox.resend(session, again, by=BY, now=NOW)


def test_messages_are_found_by_channel_state_purpose_and_words(session, message):
    assert session.scalars(outbox.find(channel=Channel.EMAIL, state=State.QUEUED, words="zhang@")).all() == [message]
    assert session.scalars(outbox.find(purpose=Purpose.INVITATION)).all() == []
    assert session.scalar(sa.select(sa.func.count(Message.id))) == 1
