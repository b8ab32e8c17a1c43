"""Photos and files with answers: picked on a phone, kept where something else is refused or the network is gone, looked through at the desk."""

from typing import Any

import doors
import make
import pytest
from everykind import picture
from playwright.sync_api import Browser, Page, expect

from engage import events
from engage.staff import Role
from surveys import gallery
from surveys.files import Upload

pytestmark = pytest.mark.browser
ASKS = (
    {"code": "shot", "kind": "photo", "text": "请拍下需要改进的地方", "text_en": "Photos of what should be better", "settings": {"max_files": 2}, "required": True},
    {"code": "proof", "kind": "file", "text": "证明材料", "text_en": "Documents"},
    {"code": "times", "kind": "number", "text": "您来过几次", "text_en": "How often were you here?"},
)


def given(name: str, content: bytes, kind: str) -> Any:
    return {"name": name, "mimeType": kind, "buffer": content}


DOOR = given("门口.jpg", picture("JPEG", (1200, 900)), "image/jpeg")
SIGN = given("指示牌.png", picture("PNG", (400, 600)), "image/png")
PROOF = given("证明.pdf", b"%PDF-1.7\n", "application/pdf")


@pytest.fixture
def event(live_server):
    event = doors.running(live_server)
    with live_server.session() as session:
        events.attach(session, session.merge(event), make.questionnaire(session, asks=ASKS), by="system", now=make.NOW)
    return event


def opened(page: Page, path: str) -> Page:
    page.goto(path)
    page.wait_for_selector("body[data-kept=yes]")
    page.wait_for_timeout(1000)  # what comes back sooner was sent by no person
    return page


def stored(server: Any, event: Any) -> list[str]:
    with server.session() as session:
        return [one.name for one in session.scalars(gallery.find(session.merge(event).questionnaire))]


def shown(page: Page) -> list[str]:
    return page.locator(".picked .what").all_inner_texts()


def test_photos_are_picked_taken_back_and_kept_when_something_else_is_refused(phone, live_server, event, axe):
    page = opened(phone, f"/q/{event.survey_code}")
    page.get_by_role("button", name="提交问卷").click()
    expect(page.locator("#a-shot-error")).to_have_text("请回答这一题。")
    expect(page.get_by_label("请拍下需要改进的地方")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="拍照").click()
    assert page.locator("#a-shot").get_attribute("capture") == "environment"
    chooser.value.set_files([DOOR])
    expect(page.locator(".error.here")).to_have_count(0)
    page.get_by_label("请拍下需要改进的地方").set_input_files([SIGN])  # adds up
    assert [name.split(" (")[0] for name in shown(page)] == ["门口.jpg", "指示牌.png"]
    expect(page.locator(".picked img")).to_have_count(2)
    page.wait_for_function("() => [...document.querySelectorAll('.picked img')].every((one) => one.naturalWidth > 0)")
    page.get_by_label("请拍下需要改进的地方").set_input_files([given("第三张.jpg", picture("JPEG", (10, 10)), "image/jpeg")])
    expect(page.get_by_role("alert").filter(has_text="最多 2 个文件，“第三张.jpg”没有加入")).to_be_visible()
    page.get_by_role("button", name="移除：门口.jpg").click()
    assert [name.split(" (")[0] for name in shown(page)] == ["指示牌.png"]
    page.get_by_label("请拍下需要改进的地方").set_input_files([DOOR])
    page.get_by_label("证明材料").set_input_files([given("run.exe", b"MZ", "application/x-msdownload")])
    expect(page.get_by_role("alert").filter(has_text="“run.exe”不是可以上传的类型")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("证明材料").set_input_files([PROOF])
    page.get_by_label("您来过几次").fill("9999999999999999")
    page.get_by_role("button", name="提交问卷").click()
    expect(page.locator("#a-times-error")).to_be_visible()
    expect(page.locator(".picked .what")).to_have_count(3)  # put back by the page itself
    expect(page.locator(".again")).to_have_count(0)
    page.get_by_label("您来过几次").fill("3")
    page.get_by_role("button", name="提交问卷").click()
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == ["指示牌.png", "门口.jpg", "证明.pdf"]


def test_the_desk_looks_through_what_came(live_server, event, browser: Browser, axe):
    with live_server.session() as session:
        asked = session.merge(event).questionnaire
        sent = [Upload(one["name"], one["buffer"]) for one in (DOOR, SIGN, PROOF)]
        make.response(session, asked, {"shot": sent[:2], "proof": sent[2:]}, context=event.slug)
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.add_cookies(doors.sign_in(browser, live_server, role=Role.ANALYST))
    desk = context.new_page()
    desk.goto(f"/desk/events/{event.slug}/summary")
    desk.get_by_role("link", name="查看 2 个文件").click()
    expect(desk.locator(".gallery img")).to_have_count(2)
    desk.wait_for_function("() => [...document.querySelectorAll('.gallery img')].every((one) => one.naturalWidth > 0)")
    assert axe(desk) == []
    with desk.expect_download() as download:
        desk.get_by_role("link", name="下载 门口.jpg").click()
    assert download.value.suggested_filename == "门口.jpg"
    context.close()


def test_a_photo_taken_without_a_network_is_sent_once_when_it_comes_back(phones, live_server, event):
    phone = phones("photo")
    page = opened(phone.start(), f"/q/{event.survey_code}")
    page.get_by_label("请拍下需要改进的地方").set_input_files([DOOR])
    page.wait_for_timeout(1500)
    phone.kill()
    page = phone.start()
    page.goto(f"/q/{event.survey_code}")
    page.get_by_role("button", name="继续填写").click()  # the draft has it
    assert [name.split(" (")[0] for name in shown(page)] == ["门口.jpg"]
    phone.line.cut()
    page.get_by_role("button", name="提交问卷").click()
    expect(page.locator("#kept")).to_contain_text("已保存在本机，联网后自动提交")
    phone.kill()
    page = phone.start()
    page.goto(f"/q/{event.survey_code}")
    expect(page.locator("#kept")).to_contain_text("已保存在本机，联网后自动提交")
    phone.line.mend()
    page.get_by_role("button", name="立即提交").click()
    page.wait_for_url("**/thanks")
    assert stored(live_server, event) == ["门口.jpg"]
