"""What guests are told by e-mail and SMS."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import events
from engage.outbox import Channel, Message, Purpose
from webapp import notices

NOW = make.NOW


@pytest.fixture
def writing(app, saved):
    """A session of the app's database, in the app's context as a job has it."""
    with app.app_context(), saved() as session:
        yield session


@pytest.mark.parametrize("channel", list(Channel))
def test_an_invitation_says_who_what_when_where_and_leads_to_the_personal_page(writing, channel):
    event = make.event(writing, title="开放日 <三月>")
    invitation = make.invitation(writing, event, name="张三")
    subject, body, link = notices.invitation_text(invitation, channel)
    assert (subject, link) == ("诚邀您参加“开放日 <三月>”", f"http://127.0.0.1:8000/i/{invitation.token}")
    for words in ("张三", "开放日 <三月>", "2026年3月18日（周三）8:00–11:00", "交易大厅", "0371-60000000"):
        assert words in body, words
    assert (f"{link} " in body or f"{link}\n" in body) == (channel is not Channel.LETTER)  # nothing that would belong to it
    assert ("\n" in body) == (channel is not Channel.SMS)


def test_a_ticket_tells_the_leader_of_every_persons_ticket(writing):
    party = make.registration(writing, make.event(writing), companions=2)
    message = notices.ticket_message(writing, party, now=NOW)
    assert (message.channel, message.purpose, message.address, message.event_id) == (
        Channel.EMAIL, Purpose.TICKET, party.leader.email, party.event_id)
    assert [f"/t/{attendee.ticket_code}" in message.body for attendee in party.attendees] == [True] * 3
    assert message.link == f"http://127.0.0.1:8000/t/{party.leader.ticket_code}"


def test_whoever_has_a_landline_only_is_told_nothing(writing):
    party = make.registration(writing, make.event(writing), phone="0371-60000001", email="")
    assert notices.ticket_message(writing, party, now=NOW) is None


def test_a_message_speaks_the_guests_language_even_when_staff_cause_it(writing):
    party = make.registration(writing, make.event(writing), language="en")
    assert "Wed 18 March 2026, 8:00–11:00" in notices.cancellation_message(writing, party, now=NOW).body


def test_thanks_go_once_to_everybody_who_came_with_their_own_link_to_the_questionnaire(writing):
    event = make.event(writing)
    events.attach(writing, event, make.questionnaire(writing), by=make.BY, now=NOW)
    came, missed = make.registration(writing, event), make.registration(writing, event)
    came.leader.arrived_at = NOW
    assert notices.tell_all(writing, event, Purpose.THANKS, by=make.BY, now=NOW) == 1
    (message,) = writing.scalars(sa.select(Message).where(Message.purpose == Purpose.THANKS)).all()
    assert (message.name, message.link) == (came.leader.name, f"http://127.0.0.1:8000/q/{came.leader.survey_code}")
    missed.leader.arrived_at = NOW
    assert [notices.tell_all(writing, event, Purpose.THANKS, by=make.BY, now=NOW + timedelta(days=1)) for _ in range(2)] == [1, 0]


def test_without_a_questionnaire_thanks_hold_no_link(writing):
    party = make.registration(writing, make.event(writing))
    message = notices.thanks_message(writing, party.leader, now=NOW)
    assert (message.link, "问卷" in message.body) == ("", False)
