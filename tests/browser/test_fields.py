"""The registration form's own questions in a browser: shown live to whom they concern, refused in place, kept."""

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


def opened(browser: Browser, live_server, places, **context) -> Page:
    page = browser.new_context(base_url=live_server.url, locale="zh-CN", **context).new_page()
    page.goto(f"/events/{places['running']}/register")
    return page


def test_what_is_asked_follows_the_category_and_the_answers(browser, live_server, places):
    page = opened(browser, live_server, places, viewport={"width": 390, "height": 844})
    plate, code, when = page.get_by_label("车牌号").first, page.get_by_label("统一社会信用代码"), page.get_by_text("仅当“是否自驾前来”为“是”时填写。")
    for hidden in (plate, code, when.first):
        expect(hidden).to_be_hidden()
    drives = page.get_by_role("group", name="是否自驾前来")
    drives.get_by_label("是", exact=True).check()
    expect(plate).to_be_visible()
    page.get_by_label("企业代表").check()
    expect(code).to_be_visible()
    page.get_by_text("添加随行人员").click()
    expect(page.locator("#a-companions-0-f2")).to_be_visible()
    page.get_by_label("社会公众").check()
    drives.get_by_label("否", exact=True).check()
    for hidden in (plate, code, page.locator("#a-companions-0-f2")):
        expect(hidden).to_be_hidden()
    expect(when.first).to_be_hidden()
    expect(page.get_by_text("添加随行人员")).to_be_visible()
    page.get_by_label("新闻媒体").check()  # who bring nobody
    expect(page.get_by_text("添加随行人员")).to_be_hidden()


def test_a_guest_hands_in_a_file_and_a_number_that_needs_its_own_consent(browser, live_server, places):
    page = opened(browser, live_server, places, viewport={"width": 390, "height": 844})
    page.get_by_label("社会公众").check()
    page.get_by_label("姓名").first.fill("何一鸣")
    page.get_by_label("手机号").first.fill("13812340001")
    page.get_by_label("身份证号", exact=False).first.fill("110101199001010041")
    page.get_by_label("单位介绍信").set_input_files({"name": "介绍信.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    page.get_by_label("我已阅读上述说明").check()
    page.get_by_role("button", name="提交报名").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("身份证号：身份证号应为 18 位，请逐位核对出生日期和最后一位校验码。")
    expect(page.get_by_text("此前选择的文件没有保存，需要的请重新选择。")).to_be_visible()
    alert.get_by_role("link").first.click()
    expect(page.locator("#a-f7")).to_be_focused()
    page.locator("#a-f7").fill("11010119900101004X")
    page.get_by_label("我单独同意").check()
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_role("heading", name="您填写的内容")).to_be_visible()
    expect(page.get_by_text("已填写，加密保存")).to_be_visible()


def test_without_a_script_everything_is_shown_with_a_line_that_says_when(browser, live_server, places):
    page = opened(browser, live_server, places, java_script_enabled=False)
    expect(page.get_by_label("车牌号").first).to_be_visible()
    expect(page.get_by_text("仅当“是否自驾前来”为“是”时填写。").first).to_be_visible()
    expect(page.get_by_text("仅当您的身份为企业代表时填写。").first).to_be_visible()
    page.get_by_label("社会公众").check()
    page.get_by_label("姓名").first.fill("何二鸣")
    page.get_by_label("手机号").first.fill("13812340002")
    page.get_by_label("车牌号").first.fill("不该填写的内容")
    page.get_by_label("我已阅读上述说明").check()
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_role("img", name="入场凭证的二维码")).to_be_visible()
    expect(page.get_by_text("不该填写的内容")).to_have_count(0)


def test_a_preview_shows_and_hides_like_the_form_and_sends_nothing(browser, live_server, places):
    page = browser.new_context(base_url=live_server.url, locale="zh-CN").new_page()
    page.goto("/desk/sign-in")
    page.get_by_label("用户名").fill("stage")
    page.get_by_label("密码").fill("all the world")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/desk/")
    page.goto(f"/desk/events/{places['running']}/fields")
    page.get_by_role("link", name="预览报名表").click()
    form, plate, code = page.locator("form[method=dialog]"), page.get_by_label("车牌号").first, page.get_by_label("统一社会信用代码")
    expect(form.get_by_role("button", name="提交报名")).to_be_disabled()
    form.get_by_role("group", name="是否自驾前来").get_by_label("是", exact=True).check()
    expect(plate).to_be_visible()
    form.get_by_label("企业代表").check()
    expect(code).to_be_visible()
    plate.fill("鲁K12345")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    plate.press("Enter")
    form.get_by_text("添加随行人员").click()
    expect(plate).to_have_value("鲁K12345")
    assert sent == []
    page.get_by_label("以谁的身份预览").select_option(label="受邀的企业代表")
    page.get_by_role("button", name="预览").click()
    expect(code).to_be_visible()
    expect(form.get_by_role("group", name="您的身份")).to_have_count(0)
