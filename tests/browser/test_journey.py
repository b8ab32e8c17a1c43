"""The main job from the first account to the opinion summary, as people do it: on empty ground, by what the pages say."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import zxingcpp
from docx import Document
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from workbooks import xlsx

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
REMARK = "=1+1，希望多公开评标过程"
LIST = (
    ["2026年平台开放日邀请名单"],
    ["填表单位：办公室", None, None, None, None],
    ["序号", "姓 名", "身份", "工作单位", "联系方式", "电子邮件"],
    [1, "李　敏", "投标企业", "省建设投资集团", 13800000001, "limin@example.com"],
    [2, "张大山", "村集体经济组织负责人", "东风村", "138-0000-0002", None],
    [3, "王思远", "市人大代表", "省水利厅", "0371-65550000", None],
    [4, "李敏", "企业代表", "省建投", "13800000001", None],  # once more
    [5, "无号码", "政协委员", "市一中", None, None],
    [6, "某某", "观察员", "不详", "13800000006", None],
    ["合计", None, None, None, 6, None],
)


@pytest.fixture(scope="module")
def live_server(serve, tmp_path_factory) -> Iterator[object]:
    """A server that nobody has used before."""
    with serve(tmp_path_factory.mktemp("new-office")) as server:
        yield server


def test_from_an_invitation_list_to_an_opinion_summary(desk, phone, camera, live_server, tmp_path):
    make_the_first_account(desk, live_server.log)
    add_a_doorkeeper(desk)
    prepare_an_open_day(desk)
    import_the_list(desk, tmp_path)
    link = invite_everyone(desk)
    ticket = accept_with_a_companion(phone, link)
    admit(camera(ticket))
    answer_the_questionnaire(phone, ticket)
    register_by_the_poster(desk, phone)
    read_the_summary(desk)
    open_the_exports(desk)


def make_the_first_account(page: Page, log: Path) -> None:
    """By the link that the server printed; then in by the front door."""
    link = re.search(r"http\S+/desk/setup/\S+", log.read_text())
    assert link
    page.goto(link[0])
    sign_in(page, "wang", "创建并登录", "新密码")
    expect(page.get_by_role("heading", name="今天", exact=True)).to_be_visible()
    page.get_by_role("button", name="退出").click()
    page.goto("/desk/events")  # asks who is there, and goes on to where one wanted
    sign_in(page, "wang", "登录", "密码")
    expect(page.get_by_role("heading", name="还没有活动")).to_be_visible()


def sign_in(page: Page, name: str, button: str, password: str) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label(password).fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def add_a_doorkeeper(page: Page) -> None:
    main(page, "设置")
    page.get_by_role("main").get_by_role("link", name="用户").first.click()
    page.get_by_role("link", name="添加用户").click()
    page.get_by_label("角色").select_option(label="签到员")
    sign_in(page, "menwei", "添加用户", "新密码")
    expect(page.get_by_role("link", name="menwei")).to_be_visible()


def prepare_an_open_day(page: Page) -> None:
    """Draft, refused moves, activities, questionnaire, preview, publication."""
    start = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")) - timedelta(hours=1)  # noqa: TID251 -- the server's clock
    at = {hours: f"{start + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 0, 1, 3)}
    main(page, "活动")
    page.get_by_role("link", name="新建活动").first.click()
    page.get_by_label("活动名称").fill("三月平台开放日")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="发布活动").click()
    refused(page, page.get_by_label("开始时间"), "请填写开始时间。")
    page.get_by_label("活动目的").fill("走进交易大厅，听取意见建议。")
    page.get_by_label("开始时间").fill(at[0])
    page.get_by_label("结束时间").fill(at[-1])
    page.get_by_role("textbox", name="地点").fill("交易大厅")
    page.get_by_label("详细地址").fill("文化路1号")
    page.get_by_label("向社会公开").check()
    page.get_by_label("报名截止").fill(at[3])
    page.get_by_label("联系人").fill("王老师")
    page.get_by_label("联系电话").fill("0371-60000000")
    page.get_by_label("总名额").fill("60")
    page.get_by_label("人大代表").fill("100")
    page.get_by_role("button", name="保存").click()
    refused(page, page.get_by_label("结束时间"), "结束时间应晚于开始时间。")
    page.get_by_label("结束时间").fill(at[3])
    page.get_by_role("button", name="保存").click()
    refused(page, page.get_by_label("人大代表"), "名额不能超过活动总名额 60。")
    page.get_by_label("人大代表").fill("20")
    page.get_by_role("button", name="保存").click()
    for title, kind, seats in (("参观开标大厅", "现场参观", "30"), ("座谈交流", "座谈交流", "")):
        page.get_by_role("link", name="添加环节").click()
        page.get_by_label("环节名称").fill(title)
        page.get_by_label("环节类型").select_option(label=kind)
        page.get_by_label("开始时间").fill(at[0])
        page.get_by_label("结束时间").fill(at[1])
        page.get_by_label("名额").fill(seats)
        page.get_by_role("button", name="保存").click()
    tab(page, "问卷")
    page.get_by_role("button", name="公共资源交易平台开放日问卷").click()
    page.get_by_role("button", name="开放作答").click()
    expect(page.get_by_text("收集中")).to_be_visible()
    tab(page, "概况")
    page.get_by_role("link", name="预览页面").click()
    expect(page.get_by_text("活动尚未发布，只有工作人员能看到这一页。")).to_be_visible()
    expect(page.get_by_role("heading", name="参观开标大厅")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="发布活动").click()
    expect(page.get_by_text("活动已发布。")).to_be_visible()


def refused(page: Page, field: Locator, why: str) -> None:
    """The reason stands next to its field, for eyes and for a screen reader, and leads there from the summary on top."""
    expect(field).to_have_accessible_description(re.compile(re.escape(why)))
    page.get_by_role("alert").get_by_role("link", name=why).click()
    expect(field).to_be_focused()


def main(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="主导航").get_by_role("link", name=name, exact=True).click()


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="活动页面").get_by_role("link", name=name, exact=True).click()


def figures(page: Page, heading: str) -> dict[str, str]:
    """The large numbers of the page under this heading, by their words."""
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    shown = page.locator("main .figures").first
    return dict(zip(shown.locator("dt").all_inner_texts(), shown.locator(".value").all_inner_texts(), strict=True))


def import_the_list(page: Page, folder: Path) -> None:
    """Dry run, confirmation; and the same list again adds nobody."""
    file = folder / "名单.xlsx"
    file.write_bytes(xlsx(LIST))
    for counted, done in (
        ({"新增": "3", "已有": "1", "不导入": "2"}, {"新增": "3", "已有": "1", "未导入": "2"}),
        ({"新增": "0", "已有": "4", "不导入": "2"}, {"新增": "0", "已有": "4", "未导入": "2"}),
    ):
        main(page, "人员")
        page.get_by_role("link", name="导入名单").first.click()
        page.get_by_label("名单文件").set_input_files(file)
        page.get_by_role("button", name="上传并核对").click()
        assert figures(page, "核对名单").items() >= counted.items()
        expect(page.get_by_role("row", name="无号码")).to_contain_text("没有电话，也没有电子邮箱")
        expect(page.get_by_role("row", name="某某")).to_contain_text("无法判断属于哪个类别")
        page.get_by_role("button", name="确认导入").click()
        assert figures(page, "导入结果").items() >= done.items()
    page.get_by_role("link", name="查看人员").click()
    expect(page.get_by_text("共 3 条")).to_be_visible()


def invite_everyone(page: Page) -> str:
    """Answers the personal link of 李敏."""
    open_day(page)
    tab(page, "邀请")
    page.get_by_role("main").get_by_role("link", name="加入人员").first.click()
    page.get_by_role("button", name="加入所有人员").click()
    page.get_by_role("link", name="发送全部待发（3）").click()
    assert figures(page, "发送邀请") == {"电子邮件": "1", "短信": "1", "纸质信函": "1"}
    page.get_by_role("button", name="确认发送").click()
    expect(page.get_by_role("row", name="张大山")).to_contain_text("短信")
    page.get_by_role("link", name="打印邀请函", exact=True).click()
    expect(page.get_by_text("王思远")).to_be_visible()
    page.get_by_role("link", name="返回邀请名单").click()
    page.get_by_role("main").get_by_role("link", name="短信").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="导出 1 条短信").click()
    rows = [list(map(str, row)) for row in openpyxl.load_workbook(io.BytesIO(saved.value.path().read_bytes())).active.iter_rows(values_only=True)]
    told = next(row for row in rows if "张大山" in row)
    assert "13800000002" in told
    page.goto(page.url.removesuffix("/sms"))
    page.get_by_role("link", name="李敏").click()
    link = page.get_by_role("textbox", name="链接").input_value()
    assert seen(page.get_by_role("img", name="个人链接的二维码")) == link
    return link


def seen(code: Locator) -> str:
    """What a camera reads from a QR code on the screen."""
    with Image.open(io.BytesIO(code.screenshot())) as picture:
        found = zxingcpp.read_barcodes(picture)
    return found[0].text if found else ""


def accept_with_a_companion(page: Page, link: str) -> str:
    """The form is filled in already; a forgotten consent is asked for, then the ticket is there. Answers its address."""
    page.goto(link)
    expect(page.get_by_role("heading", name="诚邀您参加“三月平台开放日”")).to_be_visible()
    expect(page.get_by_label("姓名").first).to_have_value("李敏")
    expect(page.get_by_label("手机号").first).to_have_value("13800000001")
    page.get_by_label("参观开标大厅").check()
    page.get_by_text("添加随行人员").click()
    page.get_by_role("group", name="随行人员 1").get_by_label("姓名").fill("赵助理")
    page.get_by_role("button", name="确认参加").click()
    refused(page, page.get_by_label("我已阅读上述说明"), "请阅读说明并勾选同意，否则不能为您登记。")
    page.get_by_label("我已阅读上述说明").check()
    page.get_by_role("button", name="确认参加").click()
    expect(page.get_by_text("一行 2 人")).to_be_visible()
    ticket = seen(page.get_by_role("img", name="入场凭证的二维码"))
    assert ticket == page.url.partition("#")[0]
    assert "/t/" in ticket
    return ticket


def admit(page: Page) -> None:
    """The doorkeeper's phone sees the ticket: in; and once more: already in."""
    page.goto("/desk/")
    sign_in(page, "menwei", "登录", "密码")
    page.get_by_role("link", name="现场签到").click()
    expect(page.locator(".result-yes")).to_contain_text("已入场")
    expect(page.locator(".result-yes .name")).to_have_text("李敏")
    page.reload()
    expect(page.locator(".result-look")).to_contain_text("已签到")
    expect(page.locator(".result-look .detail")).to_contain_text("首次签到")


def answer_the_questionnaire(page: Page, ticket: str) -> None:
    """By the personal link on the ticket: a required answer left out, then sent, then sent already."""
    page.goto(ticket)
    page.get_by_role("link", name="填写问卷").click()
    page.get_by_label("收到邀请函").check()
    page.get_by_label("现场参观", exact=True).check()
    page.get_by_label("这是您第几次走进交易中心").fill("2")
    page.get_by_label("您对交易中心的工作有哪些意见和建议").fill(REMARK)
    page.get_by_role("button", name="提交问卷").click()
    expect(page.get_by_role("alert")).to_have_text("还有 1 题需要回答")
    overall = page.get_by_role("group", name="您对本次活动的总体评价是？")
    expect(overall.get_by_label("非常满意", exact=True)).to_be_focused()
    expect(page.get_by_label("这是您第几次走进交易中心")).to_have_value("2")
    overall.get_by_label("满意", exact=True).check()
    page.get_by_role("button", name="提交问卷").click()
    expect(page.get_by_role("heading", name="问卷已提交，谢谢")).to_be_visible()
    page.goto(ticket)
    page.get_by_role("link", name="填写问卷").click()
    expect(page.get_by_text("您已提交过这份问卷，每人只能提交一次。")).to_be_visible()


def register_by_the_poster(desk: Page, phone: Page) -> None:
    """A stranger scans the poster, and comes with a colleague."""
    open_day(desk)
    desk.get_by_role("link", name="打印海报").click()
    phone.goto(seen(desk.get_by_role("img", name="报名页面的二维码")))
    phone.get_by_label("代理机构").check()
    phone.get_by_label("姓名").first.fill("陌生人")
    phone.get_by_label("手机号").first.fill("13900000009")
    phone.get_by_text("添加随行人员").click()
    phone.get_by_role("group", name="随行人员 1").get_by_label("姓名").fill("同事")
    phone.get_by_label("我已阅读上述说明").check()
    phone.get_by_role("button", name="提交报名").click()
    expect(phone.get_by_text("一行 2 人")).to_be_visible()
    expect(phone.get_by_role("link", name="同事", exact=True)).to_be_visible()


def read_the_summary(page: Page) -> None:
    open_day(page)
    tab(page, "汇总")
    assert figures(page, "三月平台开放日") == {"邀请": "3", "报名人数": "4", "到场人数": "1", "回收问卷": "1", "满意率": "100.0%"}
    shares = page.get_by_role("row", name="企业代表").first.get_by_role("cell").all_inner_texts()
    # invited, opened, accepted, declined, registered, arrived, of these walk-ins and stand-ins, answers
    assert shares == ["1", "1", "1", "0", "2", "1", "0", "0", "50.0%", "1"]
    overall = page.get_by_role("region", name="4. 您对本次活动的总体评价是？")
    expect(overall).to_contain_text("1 人回答")
    page.get_by_role("link", name="查看文字回答").first.click()
    expect(page.get_by_text(REMARK)).to_be_visible()
    page.go_back()


def open_the_exports(page: Page) -> None:
    """Each format tells the same figures, and no text has become a formula."""
    book = openpyxl.load_workbook(io.BytesIO(download(page, "Excel 表格")))
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    total = next(row for row in rows if row[0] == "合计")
    assert total[1:11] == (3, 1, 1, 0, 4, 1, 0, 0, 0.25, 1)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == REMARK]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}

    report = Document(io.BytesIO(download(page, "Word 报告")))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in report.tables]
    assert ["合计", "3", "1", "0", "4", "1", "0", "0", "25.0%", "1"] in [row for table in tables for row in table]
    assert REMARK in "".join(paragraph.text for paragraph in report.paragraphs)

    lines = list(csv.DictReader(io.StringIO(download(page, "CSV 数据").decode("utf-8-sig"))))
    everyone = {line["选项或指标"]: line["人数"] for line in lines if (line["部分"], line["题目"], line["类别"]) == ("参与情况", "", "全部")}
    assert everyone == {"邀请": "3", "已查看": "1", "接受": "1", "谢绝": "0", "报名人数": "4", "到场人数": "1", "其中现场登记": "0",
                        "其中代替他人": "0", "问卷": "1"}

    told = json.loads(download(page, "JSON 数据"))
    assert told["total"] == {"invited": 3, "opened": 1, "accepted": 1, "declined": 0, "registered": 4, "arrived": 1, "walk_ins": 0,
                             "stand_ins": 0, "responses": 1, "arrival_share": 0.25}
    assert [answer["text"] for answer in told["open_answers"]] == [REMARK]


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as saved:
        page.get_by_role("link", name=name).click()
    return saved.value.path().read_bytes()


def open_day(page: Page) -> None:
    page.goto("/desk/events")
    page.get_by_role("link", name="三月平台开放日").click()
