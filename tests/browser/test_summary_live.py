"""The summary on the desk while people answer."""

import doors
import make
import pytest
from playwright.sync_api import expect

from engage.events import Event
from engage.staff import Role

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(live_server, desk, browser):
    """An event that is asked about now, with two answers; somebody of the office has signed in."""
    desk.context.add_cookies(doors.sign_in(browser, live_server, role=Role.ANALYST))
    with live_server.session() as session:
        event = make.asking_event(session)
    send(live_server, event, "5", "4")
    return event


def send(live_server, event, *levels):
    with live_server.session() as session:
        event = session.get_one(Event, event.id)
        for level in levels:
            make.response(session, event.questionnaire, {"q3": level, "q4": "2"}, context=event.slug, now=doors.now())


def test_an_answer_is_seen_without_loading_anew_and_what_is_open_stays_open(desk, live_server, asked):
    desk.goto(f"/desk/events/{asked.slug}/summary")
    card = desk.get_by_role("region", name="3. 您对服务是否满意")
    expect(card.get_by_text("2 人回答 · 满意率 100.0% · 平均 4.5 分（中位数 4.5，标准差 0.5）")).to_be_visible()
    expect(desk.get_by_role("link", name="刷新数据")).to_have_count(0)
    card.get_by_text("查看数据表").click()
    card.get_by_role("region").focus()
    desk.evaluate("document.activeElement.kept = true")
    top = desk.evaluate("scrollY")
    send(live_server, asked, "1")
    expect(card.get_by_text("3 人回答 · 满意率 66.7% · 平均 3.33 分（中位数 4，标准差 1.7）")).to_be_visible()
    expect(card.get_by_role("cell", name="66.7%")).to_be_visible()
    assert desk.evaluate("[document.activeElement.kept, scrollY]") == [True, top]
    expect(desk.locator("#live [role=status]")).to_have_text("已收到 3 份回答")


def test_the_page_of_a_selection_follows_too_and_the_first_answer_brings_the_questions(desk, live_server, asked):
    desk.goto(f"/desk/events/{asked.slug}/summary?given=q3:1")
    expect(desk.get_by_text("没有符合条件的回答")).to_be_visible()
    send(live_server, asked, "1")
    expect(desk.get_by_text("共收到 3 份，符合条件的 1 份")).to_be_visible()
    expect(desk.get_by_role("region", name="3. 您对服务是否满意")).to_contain_text("1 人回答")
