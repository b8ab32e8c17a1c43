"""A questionnaire is built in a browser: by the keyboard alone, by dragging, and with the phone beside it."""

from urllib.parse import urlsplit

import doors
import make
import pytest
from playwright.sync_api import Browser, Page, expect

from engage.staff import Role
from surveys import KINDS, draft_of, questionnaires, questions

pytestmark = pytest.mark.browser

WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def editor(browser: Browser, live_server) -> Page:
    cookies = doors.sign_in(browser, live_server, role=Role.ORGANISER)
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport=WIDE)
    context.add_cookies(cookies)
    yield context.new_page()
    context.close()


@pytest.fixture
def draft(live_server):
    with live_server.session() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": text} for text in ("甲", "乙", "丙")])
        made.sections[0].title = "一"
        return made.id


def outline(live_server, questionnaire_id):
    with live_server.session() as session:
        return [[one.text for one in section.questions] for section in draft_of(questionnaires.get(session, questionnaire_id)).sections]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText).trim()").startswith(name):
            return
    raise AssertionError(f"{name} is not reached")


def enter(page: Page) -> None:
    """Press Enter, which leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_questionnaire_is_built_with_the_keyboard_alone(editor, live_server):
    keys = editor.keyboard
    editor.goto("/desk/questionnaires/new")
    tab_to(editor, "问卷名称")
    keys.type("键盘问卷")
    enter(editor)
    tab_to(editor, "添加分组")
    enter(editor)
    tab_to(editor, "分组标题")
    keys.type("总体")
    enter(editor)
    for kind, text, options in (("single", "您的身份", "投标人\n代理机构"), ("text", "一个词", "")):
        tab_to(editor, "题型")
        for _ in range(list(KINDS).index(kind)):
            keys.press("ArrowDown")
        tab_to(editor, "添加问题")
        enter(editor)
        tab_to(editor, "问题")
        keys.type(text)
        if options:
            tab_to(editor, "选项")
            keys.type(options)
        tab_to(editor, "保存")
        enter(editor)
    number = int(urlsplit(editor.url).path.rpartition("/")[2])
    assert outline(live_server, number) == [["您的身份", "一个词"]]
    tab_to(editor, "上移第 2 题")
    enter(editor)
    assert outline(live_server, number) == [["一个词", "您的身份"]]
    tab_to(editor, "更多：第 1 题")
    keys.press("Enter")
    tab_to(editor, "删除第 1 题")
    enter(editor)
    expect(editor.get_by_role("button", name="撤销删除")).to_be_focused()
    assert outline(live_server, number) == [["您的身份"]]
    enter(editor)
    expect(editor.get_by_role("link", name="编辑第 2 题")).to_be_visible()
    assert outline(live_server, number) == [["一个词", "您的身份"]]


def test_after_a_move_the_focus_is_on_the_same_button(editor, draft):
    editor.goto(f"/desk/questionnaires/{draft}")
    editor.get_by_role("button", name="下移第 1 题").press("Enter")
    expect(editor.get_by_role("button", name="下移第 2 题")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("listitem").filter(has_text="甲").first.get_by_role("heading")).to_contain_text("3.")


def test_a_question_is_dragged_to_another_place_and_into_another_section(editor, live_server, draft):
    with live_server.session() as session:
        made = questionnaires.get(session, draft)
        section = questions.add_section(session, made, title="二", now=make.NOW)
        questions.add_question(session, section, kind="text", text="丁", now=make.NOW)
    editor.goto(f"/desk/questionnaires/{draft}")

    def drag(text: str, onto: str) -> None:
        grip = editor.locator(".item", has_text=text).locator(".grip").bounding_box()
        there = editor.locator(".item", has_text=onto).bounding_box()
        editor.mouse.move(grip["x"] + 20, grip["y"] + 20)
        editor.mouse.down()
        editor.mouse.move(grip["x"] + 20, there["y"] + there["height"] - 5, steps=12)
        with editor.expect_navigation():
            editor.mouse.up()

    drag("甲", "乙")
    assert outline(live_server, draft) == [["乙", "甲", "丙"], ["丁"]]
    drag("乙", "丁")
    assert outline(live_server, draft) == [["甲", "丙"], ["丁", "乙"]]


def test_the_grip_leads_to_the_list_of_places(editor, live_server, draft):
    editor.goto(f"/desk/questionnaires/{draft}")
    editor.get_by_role("link", name="移动第 1 题到…").click()
    editor.get_by_label("移到").select_option(label="排在“丙”之后")
    editor.get_by_role("button", name="移动", exact=True).click()
    expect(editor.get_by_role("link", name="移动第 3 题到…")).to_be_focused()
    assert outline(live_server, draft) == [["乙", "丙", "甲"]]


def test_the_phone_stands_beside_the_editor_on_a_wide_screen_only(editor, draft):
    editor.goto(f"/desk/questionnaires/{draft}")
    phone = editor.frame_locator("iframe")
    expect(phone.get_by_label("甲")).to_be_visible()
    assert editor.locator("iframe").bounding_box()["width"] == 392
    editor.set_viewport_size({"width": 1024, "height": 768})
    expect(editor.locator("iframe")).to_be_hidden()
