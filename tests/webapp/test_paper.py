"""Paper at the desk: the sheet to print, entering sheets, correcting and undoing."""

import re

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import audit
from surveys.paper import PaperSheet
from surveys.responses import Answer, Response

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    monkeypatch.setattr("webapp.views.desk.paper.clock", lambda: NOW)


@pytest.fixture
def clerk(signed_in):
    return signed_in("analyst")


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.asking_event(session)


def stored(saved, *what):
    with saved() as session:
        return [tuple(row) for row in session.execute(sa.select(*what))]


def entered(number="1", **answers):
    return {"form.number": number, "q3": "4", **answers}


def test_a_sheet_is_entered_by_the_numbers_beside_the_boxes_and_the_next_one_follows(clerk, saved, event):
    way = f"/desk/events/{event.slug}/paper"
    assert 'name="form.number" value="1"' in clerk.get(way).text
    sent = clerk.post(way, data=entered(q1="4", q2="1，3", q4="3", q6="很好", **{"q1.other": "教师", "form.segment": "1"}))
    assert (sent.status_code, sent.location) == (303, way)
    page = clerk.get(way).text
    assert ('name="form.number" value="2"' in page, "第 1 号问卷已录入" in page, "第 1 号</span>" in page) == (True, True, True)
    ((context, respondent, language),) = stored(saved, Response.context, Response.respondent, Response.language)
    assert (context, respondent, language) == (event.slug, None, "zh")
    assert [(choice, number, text) for choice, number, text in stored(saved, Answer.choice, Answer.number, Answer.text) if choice] == [
        ("other", None, "教师"), ("1", None, None), ("3", None, None)]
    assert ("paper.enter", {"event": event.slug, "sheet": 1}) in stored(saved, audit.AuditEntry.action, audit.AuditEntry.detail)


def test_a_sheet_that_was_entered_already_is_refused_and_what_was_typed_stays(clerk, saved, event):
    way = f"/desk/events/{event.slug}/paper"
    clerk.post(way, data=entered())
    again = clerk.post(way, data=entered(q6="第二份"))
    assert (again.status_code, "第 1 号问卷已经录入过" in again.text, "第二份" in again.text) == (422, True, True)
    assert len(stored(saved, Response.id)) == 1


@pytest.mark.parametrize("typed,question,words", [
    ({"q3": ""}, "q3", "请回答这一题"), ({"q1": "9"}, "q1", "没有这个选项"), ({"q4": "三次"}, "q4", "请填写数字")])
def test_what_cannot_be_taken_is_told_beside_its_question(clerk, saved, event, typed, question, words):
    page = clerk.post(f"/desk/events/{event.slug}/paper", data=entered(q5="高速", **typed))
    beside = page.text.partition(f'id="a-{question}-options"')[2].partition("</p>")[0]
    assert (page.status_code, words in beside, f'href="#a-{question}"' in page.text, "高速" in page.text) == (422, True, True, True)
    assert stored(saved, Response.id) == []


@pytest.mark.parametrize("number", ["", "0", "x", "9999999999999999999999"])
def test_a_number_that_no_sheet_has_is_refused(clerk, saved, event, number):
    page = clerk.post(f"/desk/events/{event.slug}/paper", data=entered(number))
    assert (page.status_code, "从 1 开始" in page.text, stored(saved, Response.id)) == (422, True, [])


def test_an_entry_is_corrected_with_what_was_typed_before_it(clerk, saved, event):
    way = f"/desk/events/{event.slug}/paper"
    clerk.post(way, data=entered(q1="2", q6="很好"))
    page = clerk.get(f"{way}?sheet=1").text
    assert [re.search(rf'name="{name}" value="{value}"', page) is not None for name, value in (("q1", "2"), ("q3", "4"))] == [True, True]
    assert ("很好" in page, 'name="form.corrects" value="1"' in page) == (True, True)
    assert clerk.post(way, data=entered(q1="3", **{"form.corrects": "1"})).status_code == 303
    assert len(stored(saved, PaperSheet.number)) == 1
    counted = sa.select(sa.func.count()).where(Response.excluded_at.is_(None))
    with saved() as session:
        assert session.scalar(counted) == 1


def test_a_correction_that_is_refused_changes_nothing(clerk, saved, event):
    way = f"/desk/events/{event.slug}/paper"
    clerk.post(way, data=entered())
    assert clerk.post(way, data=entered(q3="9", **{"form.corrects": "1"})).status_code == 422
    assert (stored(saved, PaperSheet.number), stored(saved, Response.excluded_at)) == ([(1,)], [(None,)])


def test_an_entry_is_undone(clerk, saved, event):
    way = f"/desk/events/{event.slug}/paper"
    clerk.post(way, data=entered())
    assert clerk.post(f"{way}/1/withdraw").status_code == 303
    assert (stored(saved, PaperSheet.number), stored(saved, Response.excluded_for)) == ([], [("纸质问卷录入有误，已撤销",)])
    assert clerk.post(f"{way}/1/withdraw").status_code == 404


def test_who_only_looks_or_admits_enters_nothing(signed_in, event):
    for role in ("viewer", "door"):
        assert signed_in(role).get(f"/desk/events/{event.slug}/paper").status_code == 403


def test_the_print_has_every_question_with_the_numbers_that_are_typed(clerk, event):
    page = clerk.get(f"/desk/questionnaires/{event.questionnaire.id}/print?event={event.slug}").text
    assert [words in page for words in (event.title, "1 大厅宽敞", "5 非常满意", "编号（工作人员填写）", "<svg", "您的身份")] == [True] * 6
    english = clerk.get(f"/desk/questionnaires/{event.questionnaire.id}/print?lang=en").text
    assert ("5 Very satisfied" in english, event.title in english) == (True, False)


def test_thirty_sheets_take_as_many_queries_as_one(app, clerk, saved, event):
    way, counted = f"/desk/events/{event.slug}/paper", []
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    for many in (range(1, 2), range(2, 31)):
        for number in many:
            clerk.post(way, data=entered(str(number)))
        clerk.get(way)
        with count_queries(engine) as seen:
            assert clerk.get(way).status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1]
