"""Without JavaScript everything but the camera and the live counts works: what guests do, what staff do, what the door does."""

from collections.abc import Iterator

import doors
import pytest
import stage
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_server(serve, tmp_path_factory) -> Iterator[object]:
    """A server with the filled office and nothing else."""
    with serve(tmp_path_factory.mktemp("plain-office")) as server:
        yield server


@pytest.fixture(scope="module")
def places(live_server) -> dict[str, object]:
    with live_server.session() as session:
        return stage.fill(session, doors.now())


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A phone that runs no scripts."""
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN",
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(page: Page, places) -> Page:
    """The same, signed in."""
    page.goto("/desk/")
    page.get_by_label("用户名").fill("stage")
    page.get_by_label("密码").fill("all the world")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今天", exact=True)).to_be_visible()
    return page


def test_an_invitee_accepts_and_answers_the_questionnaire(page, places):
    page.goto(f"/i/{places['opened']}")
    page.get_by_role("link", name="答复邀请").click()
    page.get_by_role("button", name="确认参加").click()
    expect(page.get_by_role("alert")).to_contain_text("请阅读说明并勾选同意")
    page.get_by_label("我已阅读上述说明").check()
    page.get_by_role("button", name="确认参加").click()
    expect(page.get_by_role("img", name="入场凭证的二维码")).to_be_visible()
    page.get_by_role("link", name="填写问卷").click()
    page.get_by_role("button", name="提交问卷").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(3)
    page.get_by_label("收到邀请函").check()
    page.get_by_label("现场参观", exact=True).check()
    page.get_by_role("group", name="您对本次活动的总体评价是？").get_by_label("非常满意", exact=True).check()
    page.get_by_role("button", name="提交问卷").click()
    expect(page.get_by_role("heading", name="问卷已提交，谢谢")).to_be_visible()


def test_a_stranger_registers_and_cancels(page, places):
    page.goto("/")
    page.get_by_role("link", name="走进公共资源交易平台开放日").click()
    page.get_by_role("link", name="我要报名").click()
    page.get_by_label("社会公众").check()
    page.get_by_label("姓名").first.fill("何来")
    page.get_by_label("手机号").first.fill("13911110000")
    page.get_by_text("添加随行人员").click()
    page.get_by_role("group", name="随行人员 1").get_by_label("姓名").fill("何往")
    page.get_by_label("我已阅读上述说明").check()
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_text("一行 2 人")).to_be_visible()
    page.get_by_role("link", name="取消报名").click()
    page.get_by_role("button", name="取消报名").click()
    expect(page.get_by_text("凭证已失效。")).to_be_visible()


def test_the_door_admits_by_name(desk, places):
    desk.get_by_role("link", name="现场签到").click()
    desk.get_by_text("按姓名或电话查找").click()
    desk.get_by_label("姓名或电话").fill("许志强")
    desk.get_by_role("button", name="查找").click()
    desk.get_by_role("button", name="签到：许志强").click()
    expect(desk.locator(".result-yes")).to_contain_text("许志强")
    desk.get_by_label("票码").fill(str(places["ticket"]))
    desk.get_by_role("button", name="签到", exact=True).click()
    expect(desk.locator(".result-look")).to_contain_text("首次签到")


def test_the_door_of_a_room_lets_in_and_out(desk, places):
    desk.goto(f"/desk/events/{places['running']}/door")
    desk.locator("#room").select_option(index=1)
    desk.get_by_role("button", name="切换").click()
    desk.get_by_label("票码").fill(str(places["ticket"]))
    desk.get_by_role("button", name="签到", exact=True).click()
    expect(desk.locator(".result-yes")).to_contain_text("已入场")
    expect(desk.locator("noscript .muted")).to_have_text("场内 1 人")  # texts in there are not found by their words
    desk.locator("#way").select_option("离场")
    desk.get_by_role("button", name="切换").click()
    desk.get_by_label("票码").fill(str(places["ticket"]))
    desk.get_by_role("button", name="登记离场").click()
    expect(desk.locator(".result-yes")).to_contain_text("已离场")


def test_the_menu_leads_everywhere(desk):
    for name in ("活动", "人员", "问卷", "发件", "设置"):
        desk.get_by_text("菜单").click()
        desk.get_by_role("navigation", name="主导航").get_by_role("link", name=name, exact=True).click()
        expect(desk.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_staff_publish_an_event_and_read_a_summary(desk, places):
    desk.goto(f"/desk/events/{places['draft']}/edit")
    desk.get_by_label("开始时间").fill("2030-03-18T09:00")
    desk.get_by_label("结束时间").fill("2030-03-18T11:30")
    desk.get_by_role("textbox", name="地点").fill("交易大厅")
    desk.get_by_role("button", name="保存").click()
    desk.get_by_role("button", name="发布活动").click()
    expect(desk.get_by_text("活动已发布。")).to_be_visible()
    desk.goto(f"/desk/events/{places['running']}/summary")
    expect(desk.get_by_role("heading", name="4. 您对本次活动的总体评价是？")).to_be_visible()
    desk.get_by_text("查看数据表").first.click()
