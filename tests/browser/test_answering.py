"""Answering on a phone: page by page, begun and resumed, without a network and sent once; and on a tablet in the hall."""

from typing import Any

import doors
import make
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from engage import events
from engage.staff import Role
from surveys import questionnaires, questions
from surveys.responses import Answer, Response

pytestmark = pytest.mark.browser

PAGES = (
    ("总体", {"code": "total", "kind": "scale", "text": "您对服务是否满意", "required": True},
     {"code": "seen", "kind": "multiple", "text": "您看了什么", "options": make.OPTIONS, "required": True}),
    ("来访", {"code": "visits", "kind": "number", "text": "您来过几次"}),
    ("意见", {"code": "said", "kind": "long_text", "text": "您的意见和建议"}),
)
BEYOND = "9999999999999999"  # a number that only the server refuses
AGAIN = 15_000  # milliseconds after which a page tries once more to send what waits


def asking(server: Any, pages: Any = PAGES, **conditions: Any) -> Any:
    """An event in whose hall these pages are asked now; `conditions` by their titles."""
    event = doors.running(server)
    with server.session() as session:
        made = questionnaires.create(session, now=make.NOW, title="满意度问卷", paged=True)
        for title, *asks in pages:
            section = questions.add_section(session, made, now=make.NOW, title=title)
            for ask in asks:
                questions.add_question(session, section, now=make.NOW, **ask)
            questions.show_section_if(session, section, conditions.get(title), now=make.NOW)
        questionnaires.open_for_answers(session, made, now=make.NOW)
        events.attach(session, session.merge(event), made, by="system", now=make.NOW)
    return event


@pytest.fixture
def event(live_server):
    return asking(live_server)


def opened(page: Page, path: str) -> Page:
    """Open a questionnaire and wait until it could do without a network."""
    page.goto(path)
    page.wait_for_selector("body[data-kept=yes]")
    page.wait_for_timeout(1000)  # what comes back sooner was sent by no person
    return page


def first_page(page: Page) -> None:
    page.get_by_label("非常满意", exact=True).check()
    page.get_by_label("大厅宽敞").check()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def stored(server: Any, event: Any) -> list[list[str]]:
    """What was answered at the event: each response as its rows in words."""
    with server.session() as session:
        rows = session.execute(sa.select(Response.id, Answer.choice, Answer.number, Answer.text).join(Answer, Answer.response_id == Response.id)
                               .where(Response.context == event.slug).order_by(Response.id, Answer.question_id, Answer.place)).all()
    found: dict[int, list[str]] = {}
    for response, choice, number, text in rows:
        found.setdefault(response, []).append(str(choice or text or number))
    return sorted(found.values())


def test_pages_are_turned_on_the_phone_and_back_loses_nothing(phone, live_server, event):
    page = opened(phone, f"/q/{event.survey_code}")
    expect(page.get_by_role("button", name="提交问卷")).to_be_hidden()
    press(page, "下一页")
    expect(page.locator("#a-total-error")).to_have_text("请回答这一题。")
    expect(page.locator("#a-seen-error")).to_have_text("请回答这一题。")
    expect(page.locator("#told")).to_have_text("还有 2 题需要回答")
    assert page.evaluate("document.activeElement.name") == "total"
    first_page(page)
    expect(page.locator(".error.here")).to_have_count(0)
    expect(page.locator("#progress-text")).to_have_text("已答 2／4 题")
    press(page, "下一页")
    expect(page.get_by_role("heading", name="来访")).to_be_visible()
    expect(page.get_by_role("heading", name="总体")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == "第 2 页，共 3 页"
    page.get_by_label("您来过几次").fill("3")
    page.go_back()
    expect(page.get_by_label("大厅宽敞")).to_be_checked()
    page.go_forward()
    press(page, "下一页")
    page.get_by_label("您的意见和建议").fill("很好")
    press(page, "上一页")
    expect(page.get_by_label("您来过几次")).to_have_value("3")
    press(page, "下一页")
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["5.0", "1", "3.0", "很好"]]


def test_a_page_that_does_not_apply_is_skipped_there_and_back(phone, live_server):
    event = asking(live_server, 来访={"compared": ["total", "<=", 2]})
    page = opened(phone, f"/q/{event.survey_code}")
    first_page(page)
    expect(page.locator("#progress-text")).to_have_text("已答 2／3 题")
    press(page, "下一页")
    expect(page.get_by_role("heading", name="意见")).to_be_visible()
    expect(page.locator(".survey-page:not(.away) .pagehead")).to_have_text("第 2 页，共 2 页")
    press(page, "上一页")
    page.get_by_label("不满意", exact=True).check()
    press(page, "下一页")
    expect(page.get_by_role("heading", name="来访")).to_be_visible()
    page.get_by_label("您来过几次").fill("7")
    press(page, "上一页")
    page.get_by_label("满意", exact=True).check()
    press(page, "下一页")
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["4.0", "1"]]


def test_what_the_server_refuses_is_told_and_leads_to_its_page(phone, live_server, event):
    page = opened(phone, f"/q/{event.survey_code}")
    first_page(page)
    press(page, "下一页")
    page.get_by_label("您来过几次").fill(BEYOND)
    press(page, "下一页")
    press(page, "提交问卷")
    summary = page.get_by_role("alert").filter(has_text="请检查以下内容")
    expect(summary).to_be_focused()
    expect(page.locator("#a-visits-error")).to_be_visible()
    press(page, "下一页")
    summary.get_by_role("link").click()
    expect(page.get_by_label("您来过几次")).to_be_focused()
    page.get_by_label("您来过几次").fill("3")
    press(page, "下一页")
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["5.0", "1", "3.0"]]


def test_a_questionnaire_answered_without_a_network_is_sent_once_when_it_comes_back(phones, live_server, event):
    phone = phones("offline")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    phone.line.cut()
    page.reload()  # the page itself opens without a network
    page.wait_for_selector("body[data-ready=yes]")
    first_page(page)
    press(page, "下一页")
    press(page, "下一页")
    page.get_by_label("您的意见和建议").fill("断网时写的")
    press(page, "提交问卷")
    expect(page.locator("#kept")).to_contain_text("已保存在本机，联网后自动提交")
    expect(page.get_by_role("button", name="提交问卷")).to_be_hidden()
    phone.kill()
    assert stored(live_server, event) == []

    page = phone.start()
    page.goto(f"/q/{event.survey_code}")
    expect(page.locator("#kept")).to_contain_text("已保存在本机，联网后自动提交")
    phone.line.mend()
    press(page, "立即提交")
    page.wait_for_url("**/thanks")
    page.goto(f"/q/{event.survey_code}?again=1")
    page.wait_for_selector("body[data-ready=yes]")
    expect(page.locator("body")).to_have_attribute("data-waiting", "0")
    assert stored(live_server, event) == [["5.0", "1", "断网时写的"]]


def test_without_a_network_only_what_the_server_will_take_is_kept(phones, live_server):
    event = asking(live_server, (("全部",
        {"code": "age", "kind": "number", "text": "您的年龄", "settings": {"max": 99, "integer": True}},
        {"code": "seen", "kind": "multiple", "text": "您看了什么", "options": make.OPTIONS, "settings": {"max": 2, "other": True}},
        {"code": "room", "kind": "text", "text": "房间", "settings": {"pattern": "[A-Z]\\d{3}"}}),))
    phone = phones("limits")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    phone.line.cut()
    page.get_by_label("您的年龄").fill("150")
    for option in [*make.OPTIONS, "其他"]:
        page.get_by_label(option, exact=True).check()
    page.get_by_label("房间").fill("312")
    press(page, "提交问卷")
    expect(page.locator("#told")).to_have_text("有 3 题需要检查")
    expect(page.get_by_label("您的年龄")).to_be_focused()
    expect(page.locator(".error.here")).to_have_text(["数字不能大于 99。", "选择“其他”时请写明内容。", "格式不符合要求，请按提示填写。"])
    page.get_by_label("您的年龄").fill("５０")
    page.get_by_label("其他", exact=True).uncheck()
    page.get_by_label("房间").fill("A312")
    press(page, "提交问卷")
    expect(page.locator(".error.here")).to_have_text(["最多选 2 项，请取消一些选择。"])
    page.get_by_label(make.OPTIONS[0]).uncheck()
    press(page, "提交问卷")
    expect(page.locator("#kept")).to_contain_text("已保存在本机")
    phone.line.mend()
    press(page, "立即提交")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["50.0", "2", "3", "A312"]]


def test_what_is_refused_when_the_network_comes_back_is_put_right_where_it_was_written(phones, live_server, event):
    phone = phones("late")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    phone.line.cut()
    first_page(page)
    press(page, "下一页")
    page.get_by_label("您来过几次").fill(BEYOND)
    press(page, "下一页")
    press(page, "提交问卷")
    expect(page.locator("#kept")).to_contain_text("已保存在本机")
    phone.line.mend()
    press(page, "立即提交")
    expect(page.locator("#a-visits-error")).to_be_visible()
    expect(page.get_by_label("您来过几次")).to_have_value(BEYOND)
    page.get_by_label("您来过几次").fill("3")
    press(page, "下一页")
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["5.0", "1", "3.0"]]


def test_a_questionnaire_that_closed_meanwhile_says_that_nothing_was_sent(phones, live_server, event):
    phone = phones("closed")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    phone.line.cut()
    first_page(page)
    press(page, "下一页")
    press(page, "下一页")
    press(page, "提交问卷")
    expect(page.locator("#kept")).to_contain_text("已保存在本机")
    with live_server.session() as session:
        questionnaires.close(session, session.merge(event).questionnaire, now=make.NOW)
    phone.line.mend()
    press(page, "立即提交")
    expect(page.locator("#kept")).to_contain_text("问卷已停止收集，保存在本机的回答没有提交")
    press(page, "从本机删除")
    expect(page.locator("#kept")).to_be_empty()
    assert stored(live_server, event) == []


def test_on_a_shared_device_a_sheet_without_a_network_waits_in_the_open_page_only(phones, live_server, event, clockwork):
    phone = phones("shared")
    page = opened(clockwork(phone.start()), f"/q/{event.survey_code}")
    page.get_by_label("这是公用设备，不要保存").check()
    phone.line.cut()
    first_page(page)
    press(page, "下一页")
    press(page, "下一页")
    press(page, "提交问卷")
    expect(page.locator("#kept")).to_contain_text("请不要关闭本页")
    phone.line.mend()
    page.clock.run_for(AGAIN)
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["5.0", "1"]]


def test_a_tablet_without_a_network_takes_one_person_after_the_other(phones, live_server, event, clockwork):
    phone = phones("tablet")
    page = opened(clockwork(phone.start()), f"/q/{event.survey_code}/kiosk?idle=30")
    phone.line.cut()
    for _ in range(2):
        first_page(page)
        press(page, "下一页")
        press(page, "下一页")
        press(page, "提交问卷")
        expect(page.locator("#kept")).to_contain_text("份问卷已保存在本机")
        page.get_by_role("link", name="下一位来宾填写").click()
        page.wait_for_selector("body[data-ready=yes]")
        expect(page.get_by_label("大厅宽敞")).not_to_be_checked()
    expect(page.locator("body")).to_have_attribute("data-waiting", "2")
    phone.line.mend()
    page.clock.run_for(AGAIN)
    expect(page.locator("body")).to_have_attribute("data-waiting", "0")
    assert stored(live_server, event) == [["5.0", "1"], ["5.0", "1"]]


def test_a_draft_is_offered_after_the_browser_was_killed_and_gone_once_it_is_sent(phones, live_server, event):
    phone = phones("draft")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    first_page(page)
    press(page, "下一页")
    page.get_by_label("您来过几次").fill("3")
    page.wait_for_timeout(1500)
    phone.kill()

    page = phone.start()
    page.goto(f"/q/{event.survey_code}")
    press(page, "继续填写")
    expect(page.get_by_label("您来过几次")).to_have_value("3")
    press(page, "上一页")
    expect(page.get_by_label("大厅宽敞")).to_be_checked()
    press(page, "下一页")
    press(page, "下一页")
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    page.goto(f"/q/{event.survey_code}?again=1")
    page.wait_for_selector("body[data-ready=yes]")
    expect(page.get_by_text("您上次填写了一部分")).to_be_hidden()
    assert stored(live_server, event) == [["5.0", "1", "3.0"]]


def test_a_draft_may_be_thrown_away_and_a_shared_device_keeps_none(phone, event):
    page = opened(phone, f"/q/{event.survey_code}")
    first_page(page)
    page.wait_for_timeout(1000)
    other = page.context.new_page()
    other.goto(f"/q/{event.survey_code}")
    press(other, "重新开始")
    expect(other.get_by_label("大厅宽敞")).not_to_be_checked()
    other.get_by_label("这是公用设备，不要保存").check()
    first_page(other)
    other.wait_for_timeout(1000)
    third = opened(page.context.new_page(), f"/q/{event.survey_code}")
    expect(third.get_by_text("您上次填写了一部分")).to_be_hidden()
    expect(third.get_by_label("大厅宽敞")).not_to_be_checked()


def test_a_tablet_gives_each_person_a_blank_form(phone, live_server, event, clockwork):
    page = clockwork(phone)
    page.goto(f"/q/{event.survey_code}/kiosk?idle=30")
    page.wait_for_selector("body[data-ready=yes]")
    first_page(page)
    press(page, "下一页")
    press(page, "下一页")
    press(page, "提交问卷")
    expect(page.get_by_text("8 秒后回到开始页")).to_be_visible()
    page.clock.run_for(12_000)
    page.wait_for_url("**/kiosk?idle=30")
    page.wait_for_selector("body[data-ready=yes]")
    expect(page.get_by_label("大厅宽敞")).not_to_be_checked()
    first_page(page)
    page.clock.run_for(31_000)
    expect(page.get_by_role("dialog", name="还在填写吗？")).to_be_visible()
    press(page, "继续填写")
    expect(page.get_by_label("大厅宽敞")).to_be_checked()
    page.clock.run_for(47_000)
    expect(page.get_by_label("大厅宽敞")).not_to_be_checked()
    page.go_back()
    expect(page.get_by_label("大厅宽敞")).not_to_be_checked()
    assert stored(live_server, event) == [["5.0", "1"]]


@pytest.fixture
def clockwork():
    """`clockwork(page)` is the page with a clock that the test moves."""

    def made(page: Page) -> Page:
        page.clock.install()
        return page

    return made


def test_the_questionnaire_is_answered_with_the_keyboard_alone(desk, live_server, event):
    page = opened(desk, f"/q/{event.survey_code}")
    page.locator("[name=total]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="下一页").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="来访")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.get_by_role("button", name="下一页").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="提交问卷").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == [["5.0", "1", "2.0"]]


def test_without_a_script_it_is_one_page_that_is_sent_once(browser, live_server, event):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"/q/{event.survey_code}")
    page.get_by_label("非常满意", exact=True).check()
    page.get_by_label("您的意见和建议").fill("很好")
    page.wait_for_timeout(1000)
    press(page, "提交问卷")
    expect(page.locator("#a-seen-error")).to_contain_text("请回答这一题")
    expect(page.get_by_label("您的意见和建议")).to_have_value("很好")
    page.get_by_label("大厅宽敞").check()
    press(page, "提交问卷")
    page.wait_for_url("**/thanks")
    page.goto(f"/q/{event.survey_code}/kiosk")
    page.get_by_label("满意", exact=True).check()
    page.get_by_label("流程清楚").check()
    page.wait_for_timeout(1000)
    press(page, "提交问卷")
    page.get_by_role("link", name="下一位来宾填写").click()
    expect(page.get_by_label("流程清楚")).not_to_be_checked()
    context.close()
    assert stored(live_server, event) == [["4.0", "2"], ["5.0", "1", "很好"]]


def test_sheets_of_paper_are_entered_with_the_keyboard_alone(browser, live_server, event):
    with live_server.session() as session:
        name = make.user(session, Role.ANALYST, password=doors.PASSWORD).username
    context = browser.new_context(base_url=live_server.url, locale="zh-CN")
    page = context.new_page()
    page.goto(f"/desk/sign-in?next=/desk/events/{event.slug}/paper")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(doors.PASSWORD)
    press(page, "登录")
    page.wait_for_url("**/paper")
    for answers in (("", "", "5", "1 3", "3", "很好"), ("", "", "4", "2", "", "")):
        expect(page.locator("#number")).to_be_focused()
        for typed in answers:
            page.keyboard.type(typed)
            page.keyboard.press("Enter")
        page.wait_for_url("**/paper")
        expect(page.get_by_role("status").filter(has_text="已录入")).to_be_visible()
    expect(page.locator("#number")).to_have_value("3")
    page.get_by_role("button", name="撤销 第 2 号").press("Enter")
    expect(page.get_by_text("第 2 号问卷的录入已撤销")).to_be_visible()
    context.close()
    with live_server.session() as session:
        left = session.scalars(sa.select(Response.excluded_at).where(Response.context == event.slug)).all()
    assert sorted(each is None for each in left) == [False, True]
    assert stored(live_server, event) == [["4.0", "2"], ["5.0", "1", "3", "3.0", "很好"]]
