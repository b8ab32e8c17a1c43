"""Invitations: each person once, by the channel that reaches them, with an answer that can change."""

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import events, invitations, outbox
from engage.events import EventNotPublished
from engage.invitations import Invitation, State
from engage.outbox import Channel, Message


@pytest.fixture
def three(session):
    """One reachable by e-mail, one by mobile phone only, one by landline only."""
    return [
        chain.invitee(session, "张三", email="zhang@example.org"),
        chain.invitee(session, "李四", phone="13800000002", category="deputy"),
        chain.invitee(session, "王五", phone="05331234567", category="village"),
    ]


def test_nobody_is_invited_twice(session, three):
    event = chain.event(session)
    ids = [person.id for person in three]
    assert invitations.invite(session, event, [*ids, ids[0]], by=BY, now=NOW) == 3
    assert invitations.invite(session, event, ids, by=BY, now=NOW) == 0
    tokens = session.scalars(sa.select(Invitation.token)).all()
    assert (len(set(tokens)), {len(token) for token in tokens}) == (3, {26})


def test_the_audience_is_everyone_or_a_category_without_those_invited(session, three):
    event = chain.event(session)
    invitations.invite(session, event, [three[0].id], by=BY, now=NOW)
    deputies = [chain.category(session, "deputy").id]
    assert session.scalars(invitations.audience(event)).all() == [three[1].id, three[2].id]
    assert session.scalars(invitations.audience(event, category_ids=deputies)).all() == [three[1].id]


def test_each_is_told_by_the_channel_that_reaches_them_and_once(session, three):
    event = chain.event(session)
    invitations.invite(session, event, [person.id for person in three], by=BY, now=NOW)
    sent = invitations.send(session, event, by=BY, now=NOW)
    assert sent == {Channel.EMAIL: 1, Channel.SMS: 1, Channel.LETTER: 1}
    queued = session.scalars(outbox.find(event_id=event.id)).all()
    assert [(m.channel, m.name, m.address, m.body) for m in reversed(queued)] == [
        (Channel.EMAIL, "张三", "zhang@example.org", ""), (Channel.SMS, "李四", "13800000002", ""), (Channel.LETTER, "王五", "", "")]
    invited = session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
    assert [m.invitation_id for m in reversed(queued)] == [one.id for one in invited]
    assert [one.channel for one in invited] == [Channel.EMAIL, Channel.SMS, Channel.LETTER]
    assert sum(invitations.send(session, event, by=BY, now=NOW).values()) == 0
    assert set(session.scalars(sa.select(Invitation.state))) == {State.INVITED}


def test_a_limit_sends_to_those_drafted_first(session, three):
    event = chain.event(session)
    invitations.invite(session, event, [person.id for person in three], by=BY, now=NOW)
    counts = [sum(invitations.send(session, event, limit=2, by=BY, now=NOW).values()) for _ in range(3)]
    assert counts == [2, 1, 0]
    assert [m.name for m in session.scalars(sa.select(Message).order_by(Message.id))] == ["张三", "李四", "王五"]


def test_an_unpublished_event_sends_nothing(session, three):
    event = chain.event(session, published=False)
    chain.invitation(session, event, three[0])
    with pytest.raises(EventNotPublished):
        invitations.send(session, event, by=BY, now=NOW)
    assert session.scalars(sa.select(Message)).all() == []


def test_an_answer_takes_back_what_still_waits_to_be_sent(session, three):
    event = chain.event(session)
    invitation = chain.invitation(session, event, three[0])
    invitations.send(session, event, by=BY, now=NOW)
    invitations.answer(session, invitation, State.DECLINED, reason="出差", by="invitee:1", now=NOW)
    assert [m.state for m in session.scalars(sa.select(Message))] == [outbox.State.WITHDRAWN]
    with pytest.raises(invitations.InvitationAnswered):
        invitations.answer(session, invitation, State.DECLINED, by="invitee:1", now=NOW)
    invitations.answer(session, invitation, State.ACCEPTED, by="invitee:1", now=NOW)
    assert invitation.state is State.ACCEPTED


def test_opening_is_noted_once_and_never_undoes_an_answer(session, three):
    event = chain.event(session)
    invitation = chain.invitation(session, event, three[0])
    invitations.opened(session, invitation, now=NOW)
    assert (invitation.state, invitation.opened_at) == (State.OPENED, NOW)
    invitations.answer(session, invitation, State.ACCEPTED, by="invitee:1", now=NOW)
    invitations.opened(session, invitation, now=NOW)
    assert invitation.state is State.ACCEPTED


def test_a_revoked_link_opens_nothing_and_an_answered_one_is_not_revoked(session, three):
    event = chain.event(session)
    first, second = (chain.invitation(session, event, person) for person in three[:2])
    assert invitations.by_token(session, first.token) is first
    token = first.token
    invitations.revoke(session, first, by=BY, now=NOW)
    session.flush()
    with pytest.raises(invitations.InvitationNotFound):
        invitations.by_token(session, token)
    invitations.answer(session, second, State.ACCEPTED, by="invitee:2", now=NOW)
    with pytest.raises(invitations.InvitationAnswered):
        invitations.revoke(session, second, by=BY, now=NOW)


def test_whose_last_message_failed_counts_as_not_reached_until_told_otherwise(session, three):
    event = chain.event(session)
    first, second = (chain.invitation(session, event, person) for person in three[:2])
    invitations.send(session, event, by=BY, now=NOW)
    for message in session.scalars(sa.select(Message)):
        outbox.failed(session, message, "550 gone", now=NOW, final=True)
    invitations.opened(session, second, now=NOW)  # by the link on a letter
    bounced = invitations.of_event(event).where(invitations.BOUNCED)
    assert (session.scalars(bounced).all(), invitations.bounced(session, event)) == ([first], 1)
    with pytest.raises(invitations.NotReachedSo):
        invitations.send_again(session, second, channel=Channel.EMAIL, by=BY, now=NOW)
    assert invitations.send_again(session, first, channel=Channel.LETTER, by=BY, now=NOW).channel is Channel.LETTER
    assert invitations.bounced(session, event) == 0


@pytest.mark.parametrize("end", [events.close, events.cancel])
def test_an_event_that_is_over_takes_no_answers(session, three, end):
    event = chain.event(session)
    invitation = chain.invitation(session, event, three[0])
    end(session, event, by=BY, now=NOW)
    with pytest.raises(events.NotEditable):
        invitations.answer(session, invitation, State.DECLINED, by="invitee:1", now=NOW)
    assert (invitation.state, invitation.answered_at) == (State.DRAFTED, None)


def test_only_what_was_sent_can_come_back(session, three):
    event = chain.event(session)
    chain.invitation(session, event, three[0])
    invitations.send(session, event, by=BY, now=NOW)
    message = session.scalars(sa.select(Message)).one()
    with pytest.raises(outbox.NotSent):
        outbox.bounced(session, message, by=BY, now=NOW)
    outbox.delivered(session, {message.id: outbox.Text("", "您好", "")}, now=NOW)
    outbox.bounced(session, message, by=BY, now=NOW)
    assert (message.state, message.error) == (outbox.State.FAILED, "bounced")
