"""Kinds of questions that a script makes easier: ranked by hand, drawn along a line."""

import os
from typing import Any

import doors
import make
import pytest
from everykind import ASKS
from playwright.sync_api import Page, expect

from engage import events
from surveys import raw_rows

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS")


def asking(live_server, asks: Any) -> Any:
    event = doors.running(live_server)
    with live_server.session() as session:
        events.attach(session, session.merge(event), make.questionnaire(session, asks=asks), by="system", now=make.NOW)
    return event


@pytest.fixture
def event(live_server):
    return asking(live_server, ASKS)


@pytest.fixture
def sheet(phone: Page, event: Any) -> Page:
    phone.goto(f"/q/{event.survey_code}")
    phone.wait_for_selector("body[data-kept=yes]")
    return phone


def order(page: Page) -> list[str]:
    return page.locator(".ranks li").evaluate_all("all => all.map((one) => one.querySelector('.rank').textContent + one.querySelector('label').textContent)")


def ranks(page: Page) -> dict[str, str]:
    return page.locator(".ranks select").evaluate_all("all => Object.fromEntries(all.map((one) => [one.name, one.value]))")


def test_options_are_ranked_with_the_keyboard_alone_and_each_move_is_announced(sheet):
    assert order(sheet) == ["–道路", "–学校", "–医院", "–公园"]
    sheet.get_by_role("button", name="上移：医院").focus()
    sheet.keyboard.press("Enter")
    expect(sheet.locator(".ranks ~ [role=status]")).to_have_text("医院：第 2 位，共 4 项")
    sheet.keyboard.press("Enter")
    assert order(sheet) == ["1医院", "2道路", "3学校", "4公园"]
    expect(sheet.get_by_role("button", name="下移：医院")).to_be_focused()  # it is the first now and cannot go further up
    assert ranks(sheet) == {"order.c": "1", "order.a": "2", "order.b": "3", "order.d": "4"}
    sheet.get_by_role("button", name="清除排序").click()
    assert (order(sheet), set(ranks(sheet).values())) == (["–道路", "–学校", "–医院", "–公园"], {""})


def test_a_forgotten_ranking_takes_the_focus(live_server, phone):
    event = asking(live_server, [{"kind": "ranking", "text": "请排序", "required": True, "options": make.OPTIONS}])
    phone.goto(f"/q/{event.survey_code}")
    phone.wait_for_selector("body[data-kept=yes]")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("button", name=f"上移：{make.OPTIONS[0]}")).to_be_focused()


def test_an_option_is_drawn_to_its_place(sheet):
    grip, target = sheet.locator(".ranks li .grip").nth(3), sheet.locator(".ranks li").nth(0)
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), target.bounding_box()
    sheet.mouse.move(start["x"] + 10, start["y"] + 10)
    sheet.mouse.down()
    sheet.mouse.move(end["x"] + 10, end["y"] + 2, steps=8)
    sheet.mouse.up()
    assert order(sheet) == ["1公园", "2道路", "3学校", "4医院"]
    assert min(box["height"] for box in (each.bounding_box() for each in sheet.locator(".ranks button, .grip").all())) >= 44


def test_a_line_is_no_answer_until_it_is_drawn(sheet):
    line, number = sheet.get_by_role("slider"), sheet.locator("#a-wish")
    expect(line).to_have_attribute("aria-valuetext", "未作答")
    assert number.input_value() == ""
    line.focus()
    sheet.keyboard.press("ArrowRight")
    assert number.input_value() == "61"
    expect(line).to_have_attribute("aria-valuetext", "61 分钟")
    number.fill("30")
    assert line.input_value() == "30"
    number.fill("")
    expect(line).to_have_attribute("aria-valuetext", "未作答")


def test_what_was_ranked_and_drawn_is_what_is_stored(live_server, sheet, event):
    if SHOTS:
        sheet.screenshot(path=f"{SHOTS}/kinds-phone.png", full_page=True)
    sheet.get_by_label("满意", exact=True).first.check()
    for row in ("讲解", "餐饮", "交通"):
        sheet.get_by_role("group", name=row, exact=True).get_by_label("满意", exact=True).check()
    sheet.get_by_role("button", name="上移：学校").click()
    sheet.get_by_role("slider").fill("90")
    sheet.get_by_role("button", name="提交问卷").click()
    sheet.wait_for_url("**/thanks")
    with live_server.session() as session:
        (row,) = raw_rows(session, session.merge(event).questionnaire)
    assert {code: cell for code, cell in row.answers.items() if cell is not None} == {
        "service": 4, "parts.talk": 4, "parts.food": 4, "parts.way": 4, "order.a": 2, "order.b": 1, "order.c": 3, "order.d": 4, "wish": 90,
    }


def test_every_kind_reads_well_to_those_who_do_not_see(sheet, axe):
    assert axe(sheet) == []
