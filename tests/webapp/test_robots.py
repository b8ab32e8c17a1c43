"""Open links take what people send and no more: a form has been handed out, a hidden field stays empty, a link is of the right kind."""

import re
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage.audit import AuditEntry
from engage.events import Event
from surveys.questionnaires import Access
from surveys.responses import Response
from webapp import robots

NOW = make.NOW
KEY = "only for tests"
WORDS = "希望多举办这样的活动，让企业当面了解"


@pytest.fixture(autouse=True)
def clock_stands(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


def sheet(**answers):
    """A filled-in form that was handed out a minute ago."""
    issued = robots.issued(KEY, now=NOW - timedelta(minutes=1))
    return {"form.submission": str(uuid.uuid4()), "form.issued": issued, "q3": "4", **answers}


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.asking_event(session)


def stored(saved):
    with saved() as session:
        return session.scalars(sa.select(Response)).all()


def hidden(page, name):
    return re.search(rf'name="{re.escape(name)}"[^>]*value="([^"]*)"', page)[1]


@pytest.mark.parametrize("issued", [
    "", "1", "nonsense.nonsense", "nan.nan", "…", robots.issued("another key", now=NOW - timedelta(minutes=1)), robots.issued(KEY, now=NOW),
    robots.issued(KEY, now=NOW - timedelta(seconds=0.5)), robots.issued(KEY, now=NOW + timedelta(hours=1)),
])
def test_what_comes_sooner_than_a_person_can_send_it_is_asked_to_be_sent_again_and_lost_in_no_case(client, saved, monkeypatch, event, issued):
    page = client.post(f"/q/{event.survey_code}", data=sheet(q6="已经写了很多", **{"form.issued": issued}))
    assert (page.status_code, "请再点一次" in page.text, "已经写了很多" in page.text, stored(saved)) == (200, True, True, [])
    later = max(NOW, NOW + timedelta(hours=1 if robots.is_ours(KEY, issued) else 0)) + timedelta(seconds=2)
    monkeypatch.setattr("webapp.asking.clock", lambda: later)
    again = client.post(f"/q/{event.survey_code}", data=sheet(q6="已经写了很多", **{"form.issued": hidden(page.text, "form.issued")}))
    assert (again.status_code, len(stored(saved))) == (302, 1)


def test_a_form_that_was_kept_open_for_weeks_can_still_be_sent(client, saved, event):
    old = robots.issued(KEY, now=NOW - timedelta(days=40))
    assert client.post(f"/q/{event.survey_code}", data=sheet(**{"form.issued": old})).status_code == 302


def test_the_page_hands_out_what_it_wants_to_have_back(client, event):
    page = client.get(f"/q/{event.survey_code}").text
    assert robots.is_ours(KEY, hidden(page, "form.issued"))
    assert ('name="form.website"' in page, 'tabindex="-1"' in page) == (True, True)


def test_a_personal_link_needs_none_of_this(client, saved, event):
    with saved() as session:
        guest = make.registration(session, session.get(Event, event.id)).leader
    page = client.get(f"/q/{guest.survey_code}").text
    assert ("form.issued" in page, "form.website" in page) == (False, False)
    assert client.post(f"/q/{guest.survey_code}", data=sheet(**{"form.issued": ""})).status_code == 302


def test_a_filled_in_trap_is_taken_shown_to_staff_and_left_out_by_them_with_a_reason(client, saved, signed_in, event):
    client.post(f"/q/{event.survey_code}", data=sheet(q6=WORDS, **{"form.website": "http://example.com"}))
    (response,) = stored(saved)
    assert response.trapped
    analyst, way = signed_in("analyst"), f"/desk/questionnaires/{event.questionnaire_id}/doubtful"
    assert WORDS in analyst.get(way).text
    one = f"/desk/responses/{response.id}"
    assert WORDS in analyst.get(f"{one}/exclude").text
    assert analyst.post(f"{one}/exclude", data={"reason": " "}).status_code == 422
    assert analyst.post(f"{one}/exclude", data={"reason": "广告"}).location == way
    assert ("广告" in analyst.get(way).text, WORDS in analyst.get(f"{way}?state=counted").text) == (True, False)
    assert "0" in analyst.get(f"/desk/events/{event.slug}/summary").text
    assert analyst.post(f"{one}/include", data={"reason": "看错了"}).location == way
    with saved() as session:
        assert session.get(Response, response.id).excluded_at is None
        noted = session.execute(sa.select(AuditEntry.action, AuditEntry.subject, AuditEntry.detail).where(AuditEntry.action.startswith("response.")))
        assert [tuple(row) for row in noted] == [
            ("response.exclude", f"response:{response.id}", {"reason": "广告"}), ("response.include", f"response:{response.id}", {"reason": "看错了"})]
    assert analyst.get("/desk/responses/4711/exclude").status_code == 404
    assert signed_in("viewer").get(way).status_code == 403


def test_of_a_doubtful_response_one_sees_the_event_and_finds_those_it_resembles(saved, signed_in):
    with saved() as session:
        event = make.asking_event(session)
        alike = [make.response(session, event.questionnaire, {"q3": "5", "q6": WORDS}, context=event.slug) for _ in range(2)]
        spam = make.response(session, event.questionnaire, {"q3": "1", "q6": "另一条垃圾广告，与别的不同"}, trapped=True)
    analyst, way = signed_in("analyst"), f"/desk/questionnaires/{event.questionnaire_id}/doubtful"
    page, one = analyst.get(way).text, analyst.get(f"/desk/responses/{alike[1].id}/exclude").text
    for shown in (page, one):
        assert (event.title in shown, f'href="{way}?like={alike[1].id}">与另外 1 份几乎相同' in shown) == (True, True)
    assert ("不属于任何活动" in page, "不属于任何活动" in one, f"/{spam.id}/exclude" in page) == (True, False, True)
    only = analyst.get(f"{way}?like={alike[1].id}").text
    assert [f"/{each.id}/exclude" in only for each in (*alike, spam)] == [True, True, False]
    assert analyst.get(f"{way}?like=4711").status_code == 404


def test_the_list_of_doubtful_responses_costs_the_same_for_one_as_for_thirty(app, saved, signed_in):
    counted, analyst = [], signed_in("analyst")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    for many in (1, 30):
        with saved() as session:
            made = make.questionnaire(session)
            for _ in range(many):
                make.response(session, made, {"q3": "5", "q6": WORDS}, trapped=True)
        analyst.get(f"/desk/questionnaires/{made.id}/doubtful")
        with count_queries(engine) as seen:
            assert analyst.get(f"/desk/questionnaires/{made.id}/doubtful").text.count(WORDS) == many
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_where_only_personal_links_count_the_link_of_the_hall_says_so(client, saved, event):
    with saved() as session:
        session.get(Event, event.id).questionnaire.access = Access.PERSONAL
        guest = make.registration(session, session.get(Event, event.id)).leader
    for answer in (client.get(f"/q/{event.survey_code}"), client.post(f"/q/{event.survey_code}", data=sheet())):
        assert (answer.status_code, "个人链接" in answer.text) == (409, True)
    assert client.post(f"/q/{guest.survey_code}", data=sheet()).status_code == 302
    assert len(stored(saved)) == 1


def test_where_only_the_link_of_the_hall_counts_nobody_is_known(client, saved, event):
    with saved() as session:
        session.get(Event, event.id).questionnaire.access = Access.OPEN
        guest = make.registration(session, session.get(Event, event.id)).leader
    for _ in range(2):
        assert client.post(f"/q/{guest.survey_code}", data=sheet()).status_code == 302
    assert [response.respondent for response in stored(saved)] == [None, None]


def test_a_full_questionnaire_says_so_and_takes_nothing(client, saved):
    with saved() as session:
        event = make.asking_event(session, most_responses=1)
    last = sheet()
    assert [client.post(f"/q/{event.survey_code}", data=last).status_code for _ in range(2)] == [302, 302]
    for answer in (client.get(f"/q/{event.survey_code}?again=1"), client.post(f"/q/{event.survey_code}", data=sheet())):
        assert (answer.status_code, "问卷已结束" in answer.text) == (200, True)
    assert len(stored(saved)) == 1


def test_staff_set_who_may_answer_and_how_many(saved, signed_in, event):
    organiser, way = signed_in("organiser"), f"/desk/questionnaires/{event.questionnaire_id}/edit"
    assert organiser.post(way, data={"title": "问卷", "access": "personal", "most_responses": "0"}).status_code == 422
    assert organiser.post(way, data={"title": "问卷", "access": "personal", "most_responses": "300"}).status_code == 302
    with saved() as session:
        found = session.get(Event, event.id).questionnaire
        assert (found.access, found.most_responses) == (Access.PERSONAL, 300)
    assert 'value="300"' in organiser.get(way).text
