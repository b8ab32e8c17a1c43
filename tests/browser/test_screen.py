"""The hall's screen of a questionnaire: an answer is seen on it without a reload, and words only once they are approved."""

import re

import doors
import make
import pytest
from playwright.sync_api import expect

from engage import screens
from engage.events import Event
from engage.staff import Role
from surveys import form_of

pytestmark = pytest.mark.browser

ASKS = ({"kind": "single", "text": "您从哪里来", "options": ("单位通知", "公众号")}, {"kind": "long_text", "text": "请用几个词说说您的印象"})


@pytest.fixture
def hall(live_server):
    """An event that is running and asks in its hall, with a screen on the first question; `(slug, path of the screen)`."""
    event = doors.running(live_server)
    with live_server.session() as session:
        event = session.merge(event)
        event.questionnaire = make.questionnaire(session, asks=ASKS, title="现场问卷")
        screen, form = screens.renew(session, event, by=make.BY, now=doors.now()), form_of(session, event.questionnaire)
        screens.turn(session, screen, form, form.questions[0].id, now=doors.now())
        return event.slug, f"/s/{screen.code}"


def answer(live_server, slug, choice, words=""):
    with live_server.session() as session:
        event = session.query(Event).filter_by(slug=slug).one()
        make.response(session, event.questionnaire, {"q1": choice, "q2": words}, context=slug, now=doors.now())


def test_bars_rise_and_words_come_when_staff_let_them(browser, phone, desk, live_server, hall, axe):
    """Staff hold the phone; the desk's page is the projector's."""
    slug, path = hall
    screen, staff = desk, phone
    staff.context.add_cookies(doors.sign_in(browser, live_server, role=Role.ORGANISER))
    screen.set_viewport_size({"width": 1920, "height": 1080})
    screen.goto(path)
    screen.evaluate("window.kept = true")
    expect(screen.get_by_text("请先作答，结果稍后公布。")).to_be_visible()
    answer(live_server, slug, "1", "公开透明")
    expect(screen.locator("[data-answers]")).to_have_text("1")
    assert "100%" not in screen.content()

    staff.goto(f"/desk/events/{slug}/screen")
    staff.get_by_role("button", name="显示全部结果").click()
    first = screen.locator(".rising tbody tr").first
    expect(first.locator(".num").first).to_have_text("100%")
    answer(live_server, slug, "2", "讲解细致")
    expect(first.locator("rect")).to_have_attribute("width", "50.00%")
    expect(first.locator(".num").first).to_have_text("50%")
    expect(staff.locator(".preview [data-answers]")).to_have_text("2")
    assert axe(screen) == []

    staff.get_by_role("button", name="下一页").click()
    expect(screen.get_by_text("经工作人员确认后显示在这里")).to_be_visible()
    assert not re.search("透明|讲解", screen.locator("main").inner_html())
    staff.get_by_role("link", name="确认词语（4 个待定）").click()
    staff.get_by_role("checkbox", name="透明").check()
    staff.get_by_role("button", name="显示勾选的").click()
    expect(screen.locator(".cloud text")).to_have_text(["透明"])
    expect(screen.locator("#words li")).to_have_text(["透明：1 人提到"])
    answer(live_server, slug, "2", "透明，细致")
    expect(screen.locator("#words li")).to_have_text(["透明：2 人提到"])
    assert "细致" not in screen.locator("main").inner_html()
    over = screen.evaluate("[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]")
    assert (over, screen.evaluate("window.kept")) == ([0, 0], True)
