"""The page of a questionnaire with conditions: what applies is shown at once, and the browser judges as the server does."""

import doors
import make
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logic import filled, questionnaires
from playwright.sync_api import expect

from engage import events
from surveys.conditions import to_json
from surveys.kinds import KINDS
from surveys.walks import Walk
from webapp.views.survey_scripts import SCRIPTS

pytestmark = pytest.mark.browser

# As the page does it: in the form's order, and what is not shown has no answer.
SHOWN = """({steps, raw, who}) => {
  const answers = new Map(), shown = [];
  for (const [code, gate, names] of steps) {
    if (gate && !engage.holds(gate, answers, who)) continue;
    shown.push(code);
    for (const name of names) if (raw[name]) answers.set(name, raw[name]);
  }
  return shown;
}"""


@pytest.fixture
def asked(live_server):
    event = doors.running(live_server)
    with live_server.session() as session:
        made = make.questionnaire(session, state="draft", asks=[
            {"kind": "single", "text": "您的身份", "required": True, "options": ["业主", "代理", {"label": "专家", "quota": 1}]},
            {"kind": "text", "text": "为什么选“${q1}”", "required": True, "show_if": {"picked": ["q1", "2"]}},
            {"kind": "multiple", "text": "参加了", "options": [{"label": "座谈", "show_if": {"picked": ["q1", "1"]}}, "参观", "培训"]},
        ])
        section = make.questions.add_section(session, made, title="后面", now=make.NOW)
        make.questions.add_question(session, section, kind="number", text="来过几次", required=True, now=make.NOW)
        make.questions.show_section_if(session, section, {"picked": ["q3", "2"]}, now=make.NOW)
        make.questionnaires.open_for_answers(session, made, now=make.NOW)
        events.attach(session, session.merge(event), made, by="system", now=make.NOW)
        make.response(session, made, {"q1": "3"}, context=event.slug)
    return event


def test_what_applies_is_shown_at_once_and_the_rest_is_not_sent(phone, asked, axe):
    phone.goto(f"/q/{asked.survey_code}")
    phone.wait_for_selector("body[data-ready=yes]")
    why, times, seat = phone.locator("#a-q2-question"), phone.locator("#a-q4-question"), phone.get_by_label("座谈")
    assert [each.is_visible() for each in (why, times, seat)] == [False, False, False]
    assert phone.get_by_label("专家").is_disabled()
    phone.get_by_label("代理", exact=True).check()
    expect(why).to_be_visible()
    expect(why.locator("legend, label").first).to_contain_text("为什么选“代理”")
    expect(phone.locator("#conditions-told")).to_have_text("新出现的问题：2。")
    assert phone.evaluate("document.activeElement.value") == "2"
    phone.locator("#a-q2").fill("顺路")
    phone.get_by_label("参观").check()
    expect(times).to_be_visible()
    assert axe(phone) == []
    phone.get_by_label("业主", exact=True).check()
    expect(why).to_be_hidden()
    expect(seat).to_be_visible()
    assert phone.locator("#a-q2").is_disabled()
    assert "q2" not in phone.evaluate("[...new FormData(document.getElementById('survey')).keys()]")
    phone.locator("#a-q4").fill("3")
    phone.wait_for_timeout(1500)  # what comes back sooner was sent by no person
    phone.locator("#send").click()
    phone.wait_for_url("**/thanks")


def test_the_browser_judges_as_the_server_does(phone, asked):
    phone.goto(f"/q/{asked.survey_code}")
    phone.evaluate("async (address) => { globalThis.engage = await import(address); }", f"/q/files/{SCRIPTS.version}/conditions.js")

    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.data())
    def agree(data):
        form = data.draw(questionnaires())
        raw, _, who = data.draw(filled(form))
        walk, shown = Walk(form, **who), []
        for one in form.questions:
            as_put = walk.put(one)
            if form.gates.get(one.code) is None or form.gates[one.code].holds(walk._given):
                shown.append(one.code)
            if as_put is not None:
                kind = KINDS[one.kind]
                walk.answer(one, kind.read(as_put, kind.sent(one, raw), raw.get(f"{one.code}.other")) if kind.sent(one, raw) else [])
        steps = [
            (one.code, to_json(form.gates.get(one.code)), [one.code, *(f"{one.code}.{part.code}" for part in one.parts)]) for one in form.questions
        ]
        person = {"segment": who["segment"], "context": who["context"]}
        typed = {name: [str(one) for one in value] for name, value in raw.items()}  # of files the names
        assert phone.evaluate(SHOWN, {"steps": steps, "raw": typed, "who": person}) == shown

    agree()
