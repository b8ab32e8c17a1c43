"""Batches: many invited and sent step by step, repeated after a crash without doing anything twice."""

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import batches, events, invitations
from engage.batches import Kind
from engage.events import EventNotPublished
from engage.invitations import Invitation, State
from engage.outbox import Message


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A step of two."""
    monkeypatch.setattr(batches, "STEP", 2)


@pytest.fixture
def five(session):
    return [chain.invitee(session, f"来宾{place}", phone=f"1380000000{place}", category="deputy" if place == 4 else "enterprise")
            for place in range(5)]


def through(session, batch):
    """The batch done, with how far it had come after each step."""
    seen = []
    while batches.step(session, batch.id, now=NOW):
        seen.append(batch.done)
    return seen


def test_everybody_is_invited_and_then_sent_step_by_step(session, five):
    event = chain.event(session)
    batch = batches.start(session, event, Kind.INVITE, by=BY, now=NOW)
    assert (batch.total, through(session, batch), batch.done, batch.finished_at) == (5, [2, 4, 5], 5, NOW)
    batch = batches.start(session, event, Kind.SEND, by=BY, now=NOW)
    assert (batch.total, through(session, batch), batch.done) == (5, [2, 4, 5], 5)
    assert session.scalar(sa.select(sa.func.count(Message.id))) == 5
    assert set(session.scalars(sa.select(Invitation.state))) == {State.INVITED}
    assert batches.unfinished(session) == []


def test_whom_others_did_meanwhile_is_not_done_twice(session, five):
    event = chain.event(session)
    batch = batches.start(session, event, Kind.INVITE, by=BY, now=NOW)
    batches.step(session, batch.id, now=NOW)
    invitations.invite(session, event, [person.id for person in five[:4]], by=BY, now=NOW)
    through(session, batch)
    assert session.scalar(sa.select(sa.func.count(Invitation.id))) == 5
    assert batches.step(session, batch.id, now=NOW) is False


def test_a_category_leaves_the_others_out(session, five):
    event = chain.event(session)
    batch = batches.start(session, event, Kind.INVITE, category_ids=[chain.category(session, "deputy").id], by=BY, now=NOW)
    through(session, batch)
    assert session.scalars(sa.select(Invitation.invitee_id)).all() == [five[4].id]


def test_asking_twice_is_one_batch_and_one_after_another_is_done_in_that_order(session, five):
    event = chain.event(session)
    first = batches.start(session, event, Kind.INVITE, by=BY, now=NOW)
    assert batches.start(session, event, Kind.INVITE, by=BY, now=NOW) is first
    second = batches.start(session, event, Kind.SEND, by=BY, now=NOW)
    assert batches.unfinished(session) == [first.id]
    through(session, first)
    assert batches.unfinished(session) == [second.id]
    assert batches.latest(session, event, since=NOW) == [first, second]


def test_what_is_cancelled_meanwhile_stops_and_says_why(session, five):
    event = chain.event(session)
    batch = batches.start(session, event, Kind.INVITE, by=BY, now=NOW)
    batches.step(session, batch.id, now=NOW)
    events.cancel(session, event, by=BY, now=NOW)
    assert batches.step(session, batch.id, now=NOW) is False
    assert (batch.done, batch.total, batch.refusal) == (2, 5, "event_not_published")


def test_a_draft_sends_nothing(session, five):
    with pytest.raises(EventNotPublished):
        batches.start(session, chain.event(session, published=False), Kind.SEND, by=BY, now=NOW)
