"""The desk's page of who and what was not invited for some months."""

from datetime import datetime
from io import BytesIO

import make
import openpyxl
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import batches
from engage.audit import AuditEntry
from engage.coverage import By
from engage.invitations import Invitation, State
from webapp import mailings


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    for module in ("webapp.views.desk.coverage", "webapp.mailings"):
        monkeypatch.setattr(f"{module}.clock", lambda: make.NOW)


@pytest.fixture
def office(saved):
    """欧阳敏 was invited in 2024, 诸葛亮 of the same organisation last month, 司马光 never."""
    with saved() as session:
        kind = make.category(session, name="监督员", code="watcher")
        some = {
            "欧阳敏": make.invitee(session, name="欧阳敏", phone="13812345678", organisation="一局", district="东区", category=kind),
            "诸葛亮": make.invitee(session, name="诸葛亮", organisation="一局", district="西区", category=kind),
            "司马光": make.invitee(session, name="司马光", organisation="=二局", district="南区", category=kind),
        }
        past = make.event(session, title="秋季开放日", slug="autumn")
        for name, on in (("欧阳敏", datetime(2024, 9, 18, 9, tzinfo=make.NOW.tzinfo)), ("诸葛亮", datetime(2026, 2, 18, 9, tzinfo=make.NOW.tzinfo))):
            made = make.invitation(session, past, invitee=some[name])
            made.state, made.invited_at = State.INVITED, on
        make.event(session, title="春季开放日", slug="spring", state="draft")
        return some


def shown(page, *names):
    return [name for name in names if name in page]


def invited(saved, slug="spring"):
    with saved() as session:
        found = sa.select(Invitation).join(Invitation.event).where(Invitation.event.property.mapper.class_.slug == slug)
        return sorted(each.invitee.name for each in session.scalars(found))


def test_people_are_listed_with_when_and_to_what_they_were_last_invited(signed_in, office):
    page = signed_in("organiser").get("/desk/coverage").text
    assert shown(page, *office) == ["欧阳敏", "司马光"]
    assert page.index("司马光") < page.index("欧阳敏")
    assert "从未邀请" in page
    assert "2024年9月18日（周三）" in page
    assert "秋季开放日" in page
    assert "共 2 条" in page


@pytest.mark.parametrize("query, found", [
    ("", ["欧阳敏", "司马光"]), ("months=24", ["司马光"]), ("months=1", ["欧阳敏", "司马光"]),
    ("months=0", ["欧阳敏", "司马光"]), ("months=many", ["欧阳敏", "司马光"]), ("months=9999999", ["欧阳敏", "司马光"]),
    ("q=欧阳", ["欧阳敏"]), ("q=13812345678", ["欧阳敏"]), ("district=南区", ["司马光"]), ("by=nonsense", ["欧阳敏", "司马光"]),
    ("page=99", []),
])
def test_months_search_and_filters_choose_whom_to_look_at(signed_in, office, query, found):
    assert shown(signed_in("organiser").get(f"/desk/coverage?{query}").text, *office) == found


@pytest.mark.parametrize("query, found", [
    ("by=organisation", ["=二局"]), ("by=organisation&district=东区", ["一局"]), ("by=district", ["东区</a>", "南区</a>"]), ("by=district&q=东", ["东区</a>"]),
    ("by=category&q=监督", []), ("by=category&q=媒体", ["新闻媒体"]), ("by=organisation&q=没有", []),
])
def test_groups_are_listed_where_nobody_of_them_was_invited(signed_in, office, query, found):
    page = signed_in("organiser").get(f"/desk/coverage?{query}").text.partition("<tbody>")[2]
    assert shown(page, "一局", "=二局", "东区</a>", "西区</a>", "南区</a>", "监督员", "新闻媒体") == found


def test_whoever_may_not_see_personal_data_reads_masks_and_cannot_find_out(signed_in, office):
    browser = signed_in("viewer")
    page = browser.get("/desk/coverage").text
    assert shown(page, *office) == []
    assert "一局" in page
    assert "加入所选" not in page
    assert "共 2 条" not in browser.get("/desk/coverage?q=13812345678").text
    assert browser.get("/desk/coverage?sort=name").text.partition("<tbody>")[2] == page.partition("<tbody>")[2]
    assert "南区" in browser.get("/desk/coverage?by=district").text
    assert browser.get("/desk/coverage.xlsx").status_code == 403
    assert browser.post("/desk/coverage", data={"event": "spring", "all": "1"}).status_code == 403
    assert signed_in("door").get("/desk/coverage").status_code == 403


@pytest.mark.parametrize("by", By)
def test_thirty_take_no_more_queries_than_one(app, signed_in, saved, office, by):
    browser = signed_in("organiser")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    browser.get(f"/desk/coverage?by={by}")
    with count_queries(engine) as one:
        browser.get(f"/desk/coverage?by={by}")
    with saved() as session:
        past = make.event(session)
        for number in range(30):
            person = make.invitee(session, organisation=f"{number}局", district=f"{number}区")
            made = make.invitation(session, past, invitee=person)
            made.state, made.invited_at = State.INVITED, datetime(2024, 1, 1, tzinfo=make.NOW.tzinfo)
    with count_queries(engine) as thirty:
        browser.get(f"/desk/coverage?by={by}")
    assert len(thirty) == len(one)


def test_those_ticked_are_put_on_the_list_of_an_event_and_told_as_waiting(signed_in, saved, office):
    browser = signed_in("organiser")
    answer = browser.post("/desk/coverage", data={"event": "spring", "picked": [office["司马光"].id, office["诸葛亮"].id]})
    assert answer.location == "/desk/events/spring/invitations"
    assert invited(saved) == ["司马光"]  # the other one was invited a month ago
    assert "已将 1 人加入邀请名单" in browser.get(answer.location).text
    assert "已在待发名单" in browser.get("/desk/coverage").text
    browser.post("/desk/coverage?by=district", data={"event": "spring", "picked": ["东区"]})
    assert invited(saved) == ["司马光", "欧阳敏"]


def test_all_that_was_found_is_put_on_the_list_once_it_is_confirmed(signed_in, saved, office):
    browser = signed_in("organiser")
    page = browser.post("/desk/coverage?by=organisation&q=二", data={"event": "spring", "all": "1"})
    assert "将加入 1 人" in page.text
    assert invited(saved) == []
    browser.post("/desk/coverage?by=organisation&q=二", data={"event": "spring", "all": "1", "confirmed": "1"})
    assert invited(saved) == ["司马光"]


@pytest.mark.parametrize("sent, words", [
    ({"event": "spring"}, "请先勾选要邀请的对象"), ({"picked": "{id}"}, "请选择要邀请他们参加的活动"),
    ({"picked": "{id}", "event": "no-such"}, "请选择要邀请他们参加的活动"), ({"picked": "x", "event": "spring"}, "请先勾选要邀请的对象"),
    ({"all": "1"}, "请选择要邀请他们参加的活动"),
])
def test_what_is_missing_is_said_and_nothing_ticked_is_lost(signed_in, saved, office, sent, words):
    data = {name: value.format(id=office["司马光"].id) for name, value in sent.items()}
    answer = signed_in("organiser").post("/desk/coverage", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert ("checked" in answer.text) == (sent.get("picked") == "{id}")
    assert ('value="spring" selected' in answer.text) == (sent.get("event") == "spring")
    assert invited(saved) == []


def test_events_that_are_over_are_not_offered(signed_in, saved, office):
    with saved() as session:
        make.event(session, title="已结束的", slug="closed", state="closed")
        make.event(session, title="已取消的", slug="cancelled", state="cancelled")
    browser = signed_in("organiser")
    page = browser.get("/desk/coverage?event=spring").text
    assert 'value="spring" selected' in page
    assert 'href="/desk/events/spring/invitations"' in page
    assert shown(page, 'value="closed"', 'value="cancelled"') == []
    assert browser.post("/desk/coverage", data={"event": "closed", "all": "1", "confirmed": "1"}).status_code == 422


def test_many_are_invited_in_the_background(app, signed_in, saved, office, monkeypatch):
    monkeypatch.setattr(batches, "STEP", 2)
    browser = signed_in("organiser")
    for _ in range(2):
        browser.post("/desk/coverage", data={"event": "spring", "all": "1", "confirmed": "1"})
    assert invited(saved) == []
    assert "正在加入名单：0 / 2 人" in browser.get("/desk/events/spring/invitations").text
    with app.app_context():
        mailings.work_off()
    assert invited(saved) == ["司马光", "欧阳敏"]


def test_the_export_is_what_is_shown(signed_in, saved, office):
    def lines(query):
        return list(openpyxl.load_workbook(BytesIO(signed_in("organiser").get(f"/desk/coverage.xlsx?{query}").data)).active.iter_rows(values_only=True))

    assert lines("sort=-name") == [
        ("姓名", "类别", "工作单位", "区县", "上次邀请", "上次邀请的活动"), ("欧阳敏", "监督员", "一局", "东区", "2024年9月18日（周三）", "秋季开放日"),
        ("司马光", "监督员", "=二局", "南区", "从未邀请", None)]
    assert lines("by=organisation") == [("单位", "人数", "上次邀请", "上次邀请的活动"), ("=二局", "1", "从未邀请", None)]
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "invitee.export")).all()
    assert noted == [{"people": 2}]


def test_an_office_that_has_invited_everybody_or_finds_nothing_is_told_so(signed_in, office):
    browser = signed_in("organiser")
    assert "最近都邀请过" in browser.get("/desk/coverage?months=120&district=东区").text
    for query in ("q=没有这个人", "page=99"):
        assert "没有符合条件的记录" in browser.get(f"/desk/coverage?{query}").text


def test_an_office_without_people_is_told_what_to_do_next(signed_in):
    page = signed_in("organiser").get("/desk/coverage").text
    assert "还没有可以查看的内容" in page
    assert "/desk/people/import" in page


@pytest.mark.parametrize("address", ["/desk/people", "/desk/events/spring/invitations", "/desk/events/spring/invitations/add"])
def test_the_page_is_found_from_people_and_invitations(signed_in, office, address):
    assert "/desk/coverage" in signed_in("organiser").get(address).text
