"""Conditions and quotas on the desk, and what guests see of them without a script."""

import html
import re
import uuid
from datetime import timedelta

import make
import pytest

from engage import events
from surveys import questionnaires
from surveys.responses import Answer
from webapp import robots

DEEP = {"any": [{"all": [{"picked": ["q1", "1"]}, {"compared": ["q3", ">=", 3]}]}, {"segment": "deputy"}]}


@pytest.fixture
def asked(saved):
    """q1 single, q2 multiple, q3 number, q4 day, q5 text in one section, on an event of its own."""
    with saved() as session:
        made = make.questionnaire(session, asks=(
            {"kind": "single", "text": "您的身份", "required": True, "options": ["业主", "代理"]},
            {"kind": "multiple", "text": "参加了", "options": ["参观", "座谈"]},
            {"kind": "number", "text": "来过几次"},
            {"kind": "date", "text": "哪天来的"},
            {"kind": "text", "text": "为什么", "required": True},
        ), title="满意度")
        event = make.event(session, title="开放日")
        events.attach(session, event, made, by=make.BY, now=make.NOW)
    return made


def read(response):
    return html.unescape(re.sub(r"<[^>]+>", "", response.get_data(as_text=True)))


def question(asked, saved, number):
    with saved() as session:
        return questionnaires.get(session, asked.id).sections[0].questions[number - 1]


def sent(rows, **more):
    """All that a browser sends of the form."""
    blank = {}
    for number in range(1, 6):
        blank |= row(number, "", "is")
    return {"join": "all", **blank, **rows, **more}


def row(number, subject, sign, value="", typed=""):
    return {f"question-{number}": subject, f"is-{number}": sign, f"value-{number}": value, f"typed-{number}": typed}


@pytest.mark.parametrize("rows, stored, words", [
    (row(1, "q1", "is", "q1:2"), {"picked": ["q1", "2"]}, "第 1 题选了“代理”"),
    ({**row(1, "q1", "not", "q1:1"), **row(2, "q3", ">=", typed="３"), "join": "any"},
     {"any": [{"not": {"picked": ["q1", "1"]}}, {"compared": ["q3", ">=", 3]}]}, "第 1 题没有选“业主”，或者第 3 题不低于 3"),
    (row(1, "q4", "<", typed="2026年3月18日"), {"compared": ["q4", "<", 20530]}, "第 4 题小于 2026-03-18"),
    ({**row(1, "@segment", "is", "@segment:deputy"), **row(2, "q2", "unanswered"), "join": "all"},
     {"all": [{"segment": "deputy"}, {"not": {"answered": "q2"}}]}, "身份为“人大代表”，并且第 2 题没有回答"),
    ({}, None, ""),
])
def test_a_condition_is_put_together_in_rows_and_told_in_words(signed_in, saved, asked, rows, stored, words):
    desk, last = signed_in("organiser"), question(asked, saved, 5)
    address = f"/desk/questions/{last.id}/conditions"
    assert desk.post(address, data=sent(rows)).status_code == 302
    assert question(asked, saved, 5).show_if == stored
    assert words in read(desk.get(f"/desk/questionnaires/{asked.id}"))
    again = desk.get(address).get_data(as_text=True)
    form = {name: html.unescape(value) for name, value in re.findall(r'<input[^>]* name="(typed-\d)"[^>]* value="([^"]*)"', again)}
    for select in re.findall(r"<select.*?</select>", again, re.DOTALL):
        picked = re.search(r'<option selected value="([^"]*)"', select) or re.search(r'<option value="([^"]*)"', select)
        form[re.search(r'name="([^"]+)"', select)[1]] = html.unescape(picked[1])
    join = re.search(r'checked[^>]* name="join"[^>]* value="(\w+)"', again)
    assert desk.post(address, data={**form, "join": join[1]}).status_code == 302  # saved as it is shown, it stays what it is
    assert question(asked, saved, 5).show_if == stored


@pytest.mark.parametrize("rows, field, words", [
    (row(1, "q1", "is"), "value-1", "第 1 行：请选择答案"), (row(1, "q1", "<", "q1:1"), "is-1", "第 1 行：不能这样比较"),
    (row(2, "q1", "is", "q2:1"), "value-2", "第 2 行：请选择答案"), (row(1, "q3", "is", typed="三"), "typed-1", "第 1 行：请填写数字"),
    (row(1, "q3", "is"), "typed-1", "第 1 行：请填写答案"),
    ({**row(1, "q1", "is", "q1:1"), **row(2, "q1", "is", "q1:2")}, "", "第 5 题的显示条件前后矛盾"),
])
def test_a_row_that_says_nothing_or_can_never_hold_is_refused_and_kept_on_the_page(signed_in, saved, asked, rows, field, words):
    last = question(asked, saved, 5)
    answer = signed_in("organiser").post(f"/desk/questions/{last.id}/conditions", data=sent(rows))
    assert (answer.status_code, words in read(answer), question(asked, saved, 5).show_if) == (422, True, None)
    assert re.findall(r'class="error" id="(.*?)-error"', answer.get_data(as_text=True)) == [field][:bool(field)]
    assert '<option selected value="q' in answer.get_data(as_text=True)


def test_what_rows_cannot_show_is_shown_in_words_and_kept_unless_replaced(signed_in, saved, asked):
    with saved() as session:
        make.questions.edit_question(session, session.merge(question(asked, saved, 5)), show_if=DEEP, now=make.NOW)
    desk, address = signed_in("organiser"), f"/desk/questions/{question(asked, saved, 5).id}/conditions"
    assert "（第 1 题选了“业主”，并且第 3 题不低于 3），或者身份为“人大代表”" in read(desk.get(address))
    for data, stored in (({}, DEEP), (row(1, "q2", "answered"), {"answered": "q2"})):
        desk.post(address, data=sent(data))
        assert question(asked, saved, 5).show_if == stored
    with saved() as session:
        make.questions.edit_question(session, session.merge(question(asked, saved, 5)), show_if=DEEP, now=make.NOW)
    desk.post(address, data=sent({}, remove="y"))
    assert question(asked, saved, 5).show_if is None


def test_a_section_and_an_option_have_conditions_and_options_have_quotas(signed_in, saved, asked):
    desk, second = signed_in("organiser"), question(asked, saved, 2)
    assert desk.post(f"/desk/questions/{second.id}/options/1/conditions", data=sent(row(1, "q1", "is", "q1:1"))).status_code == 302
    assert desk.post(f"/desk/questions/{second.id}/quotas", data={"quota-1": "", "quota-2": "30"}).status_code == 302
    assert question(asked, saved, 2).options == [
        {"code": "1", "label": "参观", "label_en": "", "show_if": {"picked": ["q1", "1"]}}, {"code": "2", "label": "座谈", "label_en": "", "quota": 30},
    ]
    with saved() as session:
        section = make.questions.add_section(session, questionnaires.get(session, asked.id), title="后面", now=make.NOW)
        make.questions.add_question(session, section, kind="text", text="还有吗", now=make.NOW)
    assert desk.post(f"/desk/sections/{section.id}/conditions", data=sent(row(1, "q2", "answered"))).status_code == 302
    page = read(desk.get(f"/desk/questionnaires/{asked.id}"))
    assert "参观：仅当第 1 题选了“业主”时显示。" in page
    assert "座谈：名额 30 个。" in page
    assert "仅当第 2 题已回答时显示。" in page
    assert desk.get(f"/desk/questions/{second.id}/options/9/conditions").status_code == 404
    refused = desk.post(f"/desk/questions/{second.id}/quotas", data={"quota-1": "0"})
    assert (refused.status_code, "第 1 个选项的名额应为 1 以上的整数" in read(refused)) == (422, True)


def test_without_a_script_everything_is_shown_with_a_line_and_what_does_not_apply_is_dropped(client, saved, asked, monkeypatch):
    with saved() as session:
        made = questionnaires.get(session, asked.id)
        last = made.sections[0].questions[4]
        make.questions.edit_question(session, last, show_if={"picked": ["q1", "2"]}, text="为什么是${q1}", now=make.NOW)
        questionnaires.publish(session, made, now=make.NOW)
        code = session.scalar(make.sa.select(make.Event.survey_code).where(make.Event.questionnaire_id == asked.id))
    page = client.get(f"/q/{code}")
    assert "仅当第 1 题选了“代理”时填写。" in read(page)
    assert "data-show-if='{\"picked\": [\"q1\", \"2\"]}'" in page.get_data(as_text=True)
    assert "为什么是〔第1题答案〕" in read(page)
    for module in ("views.public", "views.registration", "asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: make.NOW)
    sheet = {"form.submission": str(uuid.uuid4()), "form.issued": robots.issued("only for tests", now=make.NOW - timedelta(minutes=1))}
    refused = read(client.post(f"/q/{code}", data={**sheet, "q1": "2"}))
    assert "第 5 题：" in refused
    assert "为什么是代理" in refused
    assert client.post(f"/q/{code}", data={**sheet, "q1": "1", "q5": "不适用"}).status_code == 302
    with saved() as session:
        assert [(answer.choice, answer.text) for answer in session.scalars(make.sa.select(Answer))] == [("1", None)]
