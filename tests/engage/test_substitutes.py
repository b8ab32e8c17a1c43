"""Substitutes: named by whoever declined, invited once, in the same category."""

import chain
import pytest
from chain import BY, NOW

from engage import invitations, outbox, substitutes
from engage.contacts import InvalidPhone
from engage.invitations import State
from engage.people import NameMissing, NoContact
from engage.substitutes import Proposed

GUEST = "invitee:1"


@pytest.fixture
def declined(session):
    event = chain.event(session)
    invitation = chain.invitation(session, event, chain.invitee(session, "张三", category="deputy", organisation="市人大"))
    invitations.answer(session, invitation, State.DECLINED, reason="出差", by=GUEST, now=NOW)
    return invitation


def propose(session, invitation, name="李四", phone="138 0000 0009", email=""):
    substitutes.propose(session, invitation, Proposed(name, phone, email), by=GUEST, now=NOW)


def test_whom_somebody_names_is_invited_in_the_same_category_and_told(session, declined):
    propose(session, declined)
    made = substitutes.invite(session, declined, by=BY, now=NOW)
    person = made.invitee
    assert (person.name, person.phone, person.organisation, person.category.code) == ("李四", "13800000009", "市人大", "deputy")
    assert (made.state, made.stands_in_for_id) == (State.INVITED, declined.id)
    assert [m.name for m in session.scalars(outbox.find(state=outbox.State.QUEUED))] == ["李四"]
    assert substitutes.standing_in(session, declined) is made
    with pytest.raises(substitutes.NoSubstitute):
        substitutes.invite(session, declined, by=BY, now=NOW)
    with pytest.raises(substitutes.SubstituteInvited):
        propose(session, declined, name="王五")


def test_somebody_known_is_that_person_and_is_not_invited_twice(session, declined):
    known = chain.invitee(session, "李四", phone="13800000009")
    propose(session, declined)
    assert substitutes.invite(session, declined, by=BY, now=NOW).invitee is known
    other = chain.invitation(session, declined.event, chain.invitee(session, "赵六", phone="13800000007"))
    invitations.answer(session, other, State.DECLINED, by=GUEST, now=NOW)
    propose(session, other)
    with pytest.raises(substitutes.NoSubstitute):
        substitutes.invite(session, other, by=BY, now=NOW)


@pytest.mark.parametrize("changes, refusal", [({"name": " "}, NameMissing), ({"phone": ""}, NoContact), ({"phone": "123"}, InvalidPhone)])
def test_a_name_and_a_contact_are_needed(session, declined, changes, refusal):
    with pytest.raises(refusal):
        propose(session, declined, **changes)
    assert declined.substitute_name == ""
    with pytest.raises(substitutes.NoSubstitute):
        substitutes.invite(session, declined, by=BY, now=NOW)


def test_only_somebody_who_declined_names_another(session):
    with pytest.raises(substitutes.NotDeclined):
        propose(session, chain.invitation(session, chain.event(session), chain.invitee(session)))
