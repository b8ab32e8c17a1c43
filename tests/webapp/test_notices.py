"""What guests are told by e-mail and SMS."""

from datetime import timedelta
from pathlib import Path

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import events, invitations, outbox, parties, registrations
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
    subject, body, link, _ = notices.invitation_text(invitation, channel)
    assert (subject, link) == ("诚邀您参加“开放日 <三月>”", f"http://127.0.0.1:8000/i/{invitation.token}")
    for words in ("张三", "开放日 <三月>", "2026年3月18日（周三）8:00–11:00", "交易大厅", "0371-60000000"):
        assert words in body, words
    assert (f"{link} " in body or f"{link}\n" in body) == (channel is not Channel.LETTER)  # nothing that would belong to it
    assert ("\n" in body) == (channel is not Channel.SMS)


def told(writing):
    """The messages in the outbox, and what they say."""
    messages = writing.scalars(sa.select(Message).order_by(Message.id)).all()
    return messages, notices.texts(writing, messages)


def test_a_ticket_tells_the_leader_of_every_persons_ticket(writing):
    party = make.registration(writing, make.event(writing), companions=2)
    parties.tell(writing, party, Purpose.TICKET, now=NOW)
    (message,), texts = told(writing)
    assert (message.channel, message.purpose, message.address, message.event_id, message.attendee_id) == (
        Channel.EMAIL, Purpose.TICKET, party.leader.email, party.event_id, party.leader.id)
    assert [f"/t/{attendee.ticket_code}" in texts[message.id].body for attendee in party.attendees] == [True] * 3
    assert texts[message.id].link == f"http://127.0.0.1:8000/t/{party.leader.ticket_code}"


def test_queueing_a_ticket_is_one_insert(writing, monkeypatch):
    party = make.registration(writing, make.event(writing), companions=2)
    assert party.leader.id  # its attendees are loaded
    with count_queries(writing) as seen:
        parties.tell(writing, party, Purpose.TICKET, now=NOW)
    assert [sql.partition(" (")[0] for sql in seen] == ["INSERT INTO message"]


def test_whoever_has_a_landline_only_is_told_nothing(writing):
    parties.tell(writing, make.registration(writing, make.event(writing), phone="0371-60000001", email=""), Purpose.TICKET, now=NOW)
    assert told(writing) == ([], {})


def test_a_message_speaks_the_guests_language_even_when_staff_cause_it(writing):
    event = make.event(writing)
    for language in ("en", "zh", "en"):
        parties.tell(writing, make.registration(writing, event, language=language), Purpose.TICKET, now=NOW)
    messages, texts = told(writing)
    assert ["Wed 18 March 2026, 8:00–11:00" in texts[message.id].body for message in messages] == [True, False, True]


def test_a_message_says_what_holds_when_it_leaves(writing):
    event = make.event(writing, place="旧大厅")
    party = make.registration(writing, event)
    parties.tell(writing, party, Purpose.TICKET, now=NOW)
    event.place = "新大厅"
    (message,), texts = told(writing)
    assert "新大厅" in texts[message.id].body


def test_what_was_written_stays_as_it_was_written(writing):
    party = make.registration(writing, make.event(writing))
    parties.tell(writing, party, Purpose.TICKET, now=NOW)
    (message,), texts = told(writing)
    outbox.delivered(writing, texts, now=NOW)
    party.event.title = "改了名字"
    assert told(writing) == ([message], texts)
    typed = Message(channel=Channel.EMAIL, purpose=Purpose.TICKET, name="张三", address="z@example.org", subject="说明", body="手写的内容")
    outbox.post(writing, typed, now=NOW)
    assert told(writing)[1][typed.id] == ("说明", "手写的内容", "", "zh")


def test_what_holds_no_longer_is_told_to_nobody(writing):
    event, off = make.event(writing), make.event(writing)
    cancelled, called_off, gone, standing = (make.registration(writing, one) for one in (event, off, event, event))
    for party in (cancelled, called_off, gone, standing):
        parties.tell(writing, party, Purpose.TICKET, now=NOW)
    registrations.cancel(writing, cancelled, by="guest", now=NOW)
    parties.tell(writing, cancelled, Purpose.CANCELLATION, now=NOW)
    off.state = events.State.CANCELLED
    writing.delete(gone)
    writing.flush()
    writing.expire_all()
    messages, texts = told(writing)
    assert [message.id in texts for message in messages] == [False, False, False, True, True]
    assert "已取消" in texts[messages[-1].id].body


def test_an_invitation_taken_back_or_of_an_event_that_is_over_is_not_sent(writing):
    event, over = make.event(writing), make.event(writing)
    for to in (event, event, over):
        make.invitation(writing, to)
    for to in (event, over):
        invitations.send(writing, to, by=make.BY, now=NOW)
    first = writing.scalars(invitations.of_event(event)).first()
    writing.delete(first)
    events.close(writing, over, by=make.BY, now=NOW)
    writing.flush()
    writing.expire_all()
    messages, texts = told(writing)
    assert [message.id in texts for message in messages] == [False, True, False]


def test_thirty_texts_take_no_more_queries_than_one(writing):
    asked = []
    for more in (1, 29):
        event = make.event(writing)
        for _ in range(more):
            parties.tell(writing, make.registration(writing, event, companions=1), Purpose.TICKET, now=NOW)
            make.invitation(writing, event)
        invitations.send(writing, event, by=make.BY, now=NOW)
        writing.expire_all()
        messages = writing.scalars(sa.select(Message)).all()
        with count_queries(writing) as seen:
            notices.texts(writing, messages)
        asked.append(len(seen))
    assert asked[0] == asked[1]


def test_every_purpose_has_words_for_every_channel_it_travels_by():
    folder = Path(notices.__file__).parent / "templates" / "messages"
    letters = {Purpose.INVITATION}
    wanted = {f"{purpose}.{channel}.txt" for purpose, _ in notices.KINDS for channel in Channel
              if channel is not Channel.LETTER or purpose in letters}
    assert wanted <= {path.name for path in folder.iterdir()}
    assert {purpose for purpose, _ in notices.KINDS} == set(Purpose)


def test_thanks_go_once_to_everybody_who_came_with_their_own_link_to_the_questionnaire(writing):
    event = make.event(writing)
    events.attach(writing, event, make.questionnaire(writing), by=make.BY, now=NOW)
    came, missed = make.registration(writing, event), make.registration(writing, event)
    came.leader.arrived_at = NOW
    assert notices.tell_all(writing, event, Purpose.THANKS, by=make.BY, now=NOW) == 1
    (message,), texts = told(writing)
    assert (message.name, texts[message.id].link) == (came.leader.name, f"http://127.0.0.1:8000/q/{came.leader.survey_code}")
    missed.leader.arrived_at = NOW
    assert [notices.tell_all(writing, event, Purpose.THANKS, by=make.BY, now=NOW + timedelta(days=1)) for _ in range(2)] == [1, 0]


def test_without_a_questionnaire_thanks_hold_no_link(writing):
    party = make.registration(writing, make.event(writing))
    party.leader.arrived_at = NOW
    notices.tell_all(writing, party.event, Purpose.THANKS, by=make.BY, now=NOW)
    (message,), texts = told(writing)
    assert (texts[message.id].link, "问卷" in texts[message.id].body) == ("", False)
