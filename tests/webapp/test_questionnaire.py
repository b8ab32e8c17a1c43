"""Answering a questionnaire in the hall and by a personal link."""

import re
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import events
from engage.parties import Attendee
from surveys.kinds import KINDS
from surveys.responses import Answer, Changed, Response
from webapp import robots

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("views.public", "views.registration", "asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


def ask(session, *, event=None, **changes):
    """An event whose guests are asked every kind of question, see make.questionnaire."""
    event = event or make.event(session)
    events.attach(session, event, make.questionnaire(session, **changes), by="system", now=NOW)
    session.flush()
    return event


@pytest.fixture
def event(saved):
    with saved() as session:
        return ask(session)


@pytest.fixture
def guest(saved, event):
    with saved() as session:
        leader = make.registration(session, session.merge(event)).leader
        assert leader.category  # loaded, to be compared later
        return leader


def stored(saved, what=Response):
    with saved() as session:
        return session.scalars(sa.select(what)).all()


def sheet(**answers):
    """A filled-in form that was handed out a minute ago."""
    issued = robots.issued("only for tests", now=NOW - timedelta(minutes=1))
    return {"form.submission": str(uuid.uuid4()), "form.issued": issued, "q3": "4", **answers}


def test_every_kind_of_question_is_asked_and_what_is_answered_is_stored(client, saved, event):
    page = client.get(f"/q/{event.survey_code}").text
    asked = {question.kind for question in event.questionnaire.sections[0].questions}
    assert asked < set(KINDS)
    answers = sheet(q1="other", q2=["1", "2"], q4="3", q5="高速公路", q6="很好\n继续", **{"q1.other": "教师"})
    assert [f'name="{name}"' in page for name in answers] == [True] * len(answers)
    answer = client.post(f"/q/{event.survey_code}", data=answers)
    assert answer.location == f"/q/{event.survey_code}/thanks"
    (response,) = stored(saved)
    assert (response.context, response.segment, response.respondent, response.language) == (event.slug, "", None, "zh")
    texts = sorted(str(row.choice or row.text or row.number) + (f"={row.text}" if row.choice and row.text else "")
                   for row in stored(saved, Answer))
    assert texts == sorted(["other=教师", "1", "2", "4.0", "3.0", "高速公路", "很好\n继续"])
    assert "接下来" in client.get(answer.location).text


def test_in_the_hall_one_may_say_to_which_group_one_belongs(client, saved, event):
    assert 'name="form.segment" value="deputy"' in client.get(f"/q/{event.survey_code}").text
    client.post(f"/q/{event.survey_code}", data=sheet(**{"form.segment": "deputy"}))
    client.post(f"/q/{event.survey_code}", data=sheet(**{"form.segment": "nonsense"}))
    assert sorted(response.segment for response in stored(saved)) == ["", "deputy"]


def test_the_same_sheet_sent_twice_is_one_response(client, saved, event):
    answers = sheet()
    places = [client.post(f"/q/{event.survey_code}", data=answers).location for _ in range(2)]
    assert places == [f"/q/{event.survey_code}/thanks"] * 2
    assert len(stored(saved)) == 1


def test_a_device_that_has_answered_is_told_so_and_may_be_handed_on(client, saved, event):
    client.post(f"/q/{event.survey_code}", data=sheet())
    page = client.get(f"/q/{event.survey_code}").text
    assert ("这台设备已提交过" in page, 'name="q3"' in page) == (True, False)
    assert 'name="q3"' in client.get(f"/q/{event.survey_code}?again=1").text
    client.post(f"/q/{event.survey_code}?again=1", data=sheet())
    assert len(stored(saved)) == 2


def test_a_personal_link_answers_once_under_the_guests_category(client, saved, event, guest):
    assert 'name="form.segment"' not in client.get(f"/q/{guest.survey_code}").text
    answers = sheet()
    places = [client.post(f"/q/{guest.survey_code}", data=answers).location for _ in range(2)]
    assert places == [f"/q/{guest.survey_code}/thanks"] * 2
    (response,) = stored(saved)
    assert (response.respondent, response.segment) == (f"attendee:{guest.id}", guest.category.code)
    page = client.get(f"/q/{guest.survey_code}")
    assert ("每人只能提交一次" in page.text, 'name="q3"' in page.text) == (True, False)
    again = client.post(f"/q/{guest.survey_code}", data=sheet())
    assert "每人只能提交一次" in again.text
    assert len(stored(saved)) == 1


@pytest.mark.parametrize("answers,question,words", [
    ({"q3": ""}, "q3", "请回答这一题"),
    ({"q1": "nothing"}, "q1", "没有这个选项"),
    ({"q1": "other", "q1.other": " "}, "q1", "请写明内容"),
    ({"q3": "9"}, "q3", "没有这个选项"),
    ({"q4": "三次"}, "q4", "请填写数字"),
    ({"q5": "长" * 101}, "q5", "100"),
    ({"q6": "长" * 2001}, "q6", "2000"),
])
def test_a_refused_answer_is_told_on_top_and_beside_and_what_was_written_is_kept(client, saved, event, answers, question, words):
    sent = sheet(**{"q5": "<b>高速</b>", "q6": "已经写了很多", "q2": ["2"], **answers})
    page = client.post(f"/q/{event.survey_code}", data=sent).text
    summary = page.partition('class="summary"')[2].partition("</ul>")[0]
    beside = page.partition(f'id="a-{question}-error"')[2].partition("</p>")[0]
    assert (f'href="#a-{question}"' in summary, words in summary, words in beside) == (True, True, True)
    assert re.search(rf'id="a-{question}"', page)
    assert re.search(r'value="2" checked|value="2"[^>]* checked', page)
    assert ("已经写了很多" in page) == ("q6" not in answers)
    assert ("&lt;b&gt;高速" in page, "<b>高速" in page) == ("q5" not in answers, False)
    assert sent["form.submission"] in page
    assert stored(saved) == []


@pytest.mark.parametrize("changes,words", [
    ({"state": "draft"}, "尚未开放"),
    ({"state": "closed"}, "问卷已结束"),
    ({"opens_at": NOW + timedelta(hours=1)}, "开放，请届时再来"),
    ({"closes_at": NOW - timedelta(hours=1)}, "问卷已结束"),
])
def test_a_questionnaire_that_is_not_open_says_so_and_takes_nothing(client, saved, changes, words):
    with saved() as session:
        event = ask(session, **changes)
    for page in (client.get(f"/q/{event.survey_code}"), client.post(f"/q/{event.survey_code}", data=sheet())):
        assert (page.status_code, words in page.text, 'name="q3"' in page.text) == (200, True, False)
    assert stored(saved) == []


def test_answers_to_a_questionnaire_that_is_being_changed_are_refused_aloud(client, event, monkeypatch):
    def changed(*_args, **_options):
        raise Changed

    monkeypatch.setattr("webapp.asking.responses.store", changed)
    assert client.post(f"/q/{event.survey_code}", data=sheet()).status_code == 409


def test_an_event_without_a_questionnaire_has_no_such_page(client, saved):
    with saved() as session:
        event = make.event(session)
    assert client.get(f"/q/{event.survey_code}").status_code == 404


def test_an_anonymous_questionnaire_keeps_no_person_and_no_small_group(client, saved):
    with saved() as session:
        event = ask(session, anonymous=True)
        large, small = make.category(session), make.category(session)
        guests = [make.registration(session, event, category=category).leader for category in [large] * 5 + [small]]
    page = client.get(f"/q/{event.survey_code}").text
    assert ("匿名填写" in page, f'value="{large.code}"' in page, f'value="{small.code}"' in page) == (True, True, False)
    client.post(f"/q/{event.survey_code}", data=sheet(**{"form.segment": small.code}))
    for guest in (guests[0], guests[5]):
        assert "两者无法对应" in client.get(f"/q/{guest.survey_code}").text
        client.post(f"/q/{guest.survey_code}", data=sheet())
        assert "每人只能提交一次" in client.get(f"/q/{guest.survey_code}").text
    assert sorted((r.segment, r.respondent, r.submitted_at) for r in stored(saved)) == [
        ("", None, None), ("", None, None), (large.code, None, None)]


def test_the_questionnaire_speaks_the_readers_language(client, saved):
    with saved() as session:
        event = ask(session, title="满意度", title_en="Your opinion", intro="请填写", intro_en="Please answer", asks=[
            {"kind": "scale", "text": "满意吗", "text_en": "Are you satisfied?", "required": True}])
    page = client.get(f"/q/{event.survey_code}?lang=en").text
    assert [words in page for words in ("Your opinion", "Please answer", "Are you satisfied?", "Very satisfied", "满意吗")] == [
        True, True, True, True, False]


def test_the_ticket_leads_to_the_questionnaire_once_the_event_has_begun(client, saved, event, guest):
    way = f"/q/{guest.survey_code}"
    assert way in client.get(f"/t/{guest.ticket_code}").text
    with saved() as session:
        later = ask(session, event=make.event(session, starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2)))
        early = make.registration(session, later).leader
    assert f"/q/{early.survey_code}" not in client.get(f"/t/{early.ticket_code}").text


def test_whoever_cancelled_is_asked_nothing(client, saved, event, guest):
    with saved() as session:
        session.execute(sa.update(Attendee).values(state="cancelled"))
    assert client.get(f"/q/{guest.survey_code}").status_code == 404
    assert client.post(f"/q/{guest.survey_code}", data=sheet()).status_code == 404


def test_thirty_questions_take_as_many_queries_as_one(app, client, saved):
    counted = []
    for many in (1, 30):
        with saved() as session:
            asks = [{"kind": kind, "text": "问题", "options": ["甲", "乙"] if KINDS[kind].has_options else ()}
                    for kind in list(KINDS) * 5][:many]
            event = ask(session, asks=asks)
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        client.get(f"/q/{event.survey_code}")
        with count_queries(engine) as seen:
            assert client.get(f"/q/{event.survey_code}").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 6
