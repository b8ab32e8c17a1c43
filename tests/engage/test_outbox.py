"""The outbox: claimed, delivered, repeated after a crash, given up after enough failures, never lost."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import outbox
from engage.outbox import Channel, Message, Purpose, State, Text


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
    (claimed,) = outbox.claim(session, Channel.EMAIL, now=NOW)
    outbox.delivered(session, {claimed.id: Text("报名成功", "您的电子票已更新", "https://example.org/t/x")}, now=NOW)
    assert (message.state, message.sent_at) == (State.SENT, NOW)
    assert (message.body, message.link) == ("您的电子票已更新", "https://example.org/t/x")  # what was sent is kept
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


def row(**changes):
    return {"channel": Channel.SMS, "purpose": Purpose.TICKET, "name": "李四", "address": "13800000002"} | changes


def test_many_messages_are_put_in_with_few_statements_and_are_not_written_yet(session, monkeypatch):
    event = chain.event(session)
    sent = []
    send = outbox._ADD.send
    monkeypatch.setattr(outbox._ADD, "send", lambda connection, rows: sent.append(len(rows)) or send(connection, rows))
    assert outbox.post_many(session, (row(event_id=event.id) for _ in range(2001)), now=NOW) == 2001
    assert sent == [1000, 1000, 1]
    message = session.scalars(outbox.find(channel=Channel.SMS).limit(1)).one()
    assert (message.event_id, message.attendee_id, message.subject, message.body, message.link) == (event.id, None, "", "", "")
    assert (message.state, message.attempts, message.due_at, message.created_at) == (State.QUEUED, 0, NOW, NOW)


def test_a_message_outlives_the_attendee_it_is_about(session):
    party = chain.registration(session, chain.event(session))
    outbox.post_many(session, [row(attendee_id=party.leader.id)], now=NOW)
    message = session.scalars(outbox.find()).one()
    assert message.attendee_id == party.leader.id
    session.delete(party)
    session.flush()
    session.refresh(message)
    assert (message.attendee_id, message.name) == (None, "李四")


def test_what_is_handed_over_keeps_its_text_and_leaves_once(session):
    event = chain.event(session)
    outbox.post_many(session, [row(event_id=event.id), row(event_id=event.id, name="王五")], now=NOW)
    first, second = session.scalars(outbox.find(event_id=event.id).order_by(None).order_by(Message.id)).all()
    texts = {first.id: Text("", "您已报名", "")}
    taken = outbox.hand_over(session, Channel.SMS, texts, event_id=event.id, by=BY, now=NOW)
    assert [(m.name, m.body, m.state, m.sent_at, m.attempts) for m in taken] == [("李四", "您已报名", State.SENT, NOW, 1)]
    assert outbox.hand_over(session, Channel.SMS, texts, event_id=event.id, by=BY, now=NOW) == []
    assert second.state is State.QUEUED


def test_only_what_is_queued_is_withdrawn(session, message):
    outbox.withdraw_messages(session, [message.id])
    assert message.state is State.WITHDRAWN
    again = outbox.resend(session, message, by=BY, now=NOW)
    outbox.delivered(session, {again.id: Text("", "您好", "")}, now=NOW)
    outbox.withdraw_messages(session, [again.id])
    assert again.state is State.SENT
