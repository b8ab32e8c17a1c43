"""The organiser's pages of events, through HTTP: what is made, what is refused and where, who may, and at what cost."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import audit, events
from engage.activities import Activity
from engage.events import Event, State
from engage.outbox import Channel, Message, Purpose, post
from engage.outbox import State as MessageState
from engage.parties import Registration
from engage.people import Category

FORM = {
    "title": "第三季度平台开放日", "kind": "open_day", "visibility": "invited", "purpose": "走进交易大厅", "place": "交易大厅",
    "address": "文化路1号", "starts_at": "2026-09-16T09:00", "ends_at": "2026-09-16T11:30", "contact_name": "王老师",
    "contact_phone": "0371-60000000", "seats": "60", "slug": "open-day-q3",
}
ACTIVITY = {"title": "参观开标大厅", "kind": "visit", "starts_at": "2026-09-16T09:00", "ends_at": "2026-09-16T10:00", "seats": "30"}


@pytest.fixture
def organiser(signed_in):
    return signed_in("organiser")


@pytest.fixture
def stored(saved):
    """`stored(Event)`: every row of a table, as it now stands."""

    def read(table):
        with saved() as session:
            return list(session.scalars(sa.select(table).order_by(table.id)))

    return read


def errors(page):
    """What stands next to each field: its id to the words."""
    return dict(re.findall(r'<p class="error" id="([\w.-]+)-error">.*?<span>(.*?)</span>', page.text))


def path(answer):
    return urlsplit(answer.location).path


def test_a_time_that_is_not_sent_stays_and_one_that_is_emptied_goes(organiser, stored):
    organiser.post("/desk/events/new", data=FORM | {"registration_closes_at": "2026-09-15T18:00"})
    rest = {name: text for name, text in FORM.items() if name not in {"starts_at", "ends_at"}}
    for _ in range(2):
        assert organiser.post("/desk/events/open-day-q3/edit", data=rest | {"registration_closes_at": ""}).status_code == 302
        (event,) = stored(Event)
        moments = [event.starts_at, event.ends_at, event.registration_closes_at]
        assert moments == [datetime.fromisoformat("2026-09-16T09:00+08:00"), datetime.fromisoformat("2026-09-16T11:30+08:00"), None]
    refused = organiser.post("/desk/events/open-day-q3/edit", data=rest | {"title": ""})
    assert 'value="2026-09-16T09:00"' in refused.text


def test_from_a_draft_to_a_published_event_and_on(organiser, saved, stored):
    with saved() as session:
        deputy, enterprise = session.scalars(sa.select(Category).where(Category.code.in_(("deputy", "enterprise"))).order_by(Category.id))
    made = organiser.post("/desk/events/new", data=FORM | {f"category-{deputy.id}": "10", f"category-{enterprise.id}": "20"})
    assert (made.status_code, path(made)) == (302, "/desk/events/open-day-q3")

    assert organiser.post("/desk/events/open-day-q3/activities/new", data=ACTIVITY).status_code == 302
    assert organiser.post("/desk/events/open-day-q3/questionnaire/create", data={"template": "open_day"}).status_code == 302
    assert organiser.post("/desk/events/open-day-q3/publish").status_code == 302

    changed = {name: value for name, value in FORM.items() if name != "slug"} | {
        "title": "秋季开放日", "seats": "80", f"category-{deputy.id}": "", f"category-{enterprise.id}": "25"}
    assert path(organiser.post("/desk/events/open-day-q3/edit", data=changed)) == "/desk/events/open-day-q3"

    with saved() as session:
        event = events.by_slug(session, "open-day-q3")
        assert (event.title, event.state, event.capacity, event.questionnaire.title) == ("秋季开放日", State.PUBLISHED, 80, FORM["title"])
        assert [event.category_quota(each.id).seats for each in (deputy, enterprise)] == [None, 25]
        assert [(each.title, each.quota.seats) for each in event.activities] == [("参观开标大厅", 30)]
        assert event.starts_at == datetime.fromisoformat("2026-09-16T09:00+08:00")
        actions = session.scalars(sa.select(audit.AuditEntry.action).order_by(audit.AuditEntry.id)).all()
    assert actions == ["event.create", "event.quotas", "activity.create", "questionnaire.create", "event.attach", "event.published",
                       "event.edit", "event.quotas"]


@pytest.mark.parametrize("changes, field, words", [
    ({"title": ""}, "title", "请填写此项。"),
    ({"title": " "}, "title", "请填写名称。"),
    ({"starts_at": "", "ends_at": "16.9."}, "ends_at", "请填写日期和时间，例如 2026-03-18 09:00。"),
    ({"ends_at": "2026-09-16T09:00"}, "ends_at", "结束时间应晚于开始时间。"),
    ({"registration_opens_at": "2026-09-02T09:00", "registration_closes_at": "2026-09-01T09:00"}, "registration_closes_at",
     "报名截止时间应晚于报名开始时间。"),
    ({"registration_closes_at": "2026-09-17T09:00"}, "registration_closes_at", "报名截止时间不能晚于活动结束时间。"),
    ({"seats": "0"}, "seats", "名额应为 1 以上的整数，不限请留空。"),
    ({"seats": "许多"}, "seats", "请填写整数，例如 60。"),
    ({"category-1": "61"}, "category-1", "名额不能超过活动总名额 60。"),
    ({"contact_phone": "abc"}, "contact_phone", "请填写 11 位手机号、带区号的座机号，或服务热线，例如 12345。"),
    ({"slug": "Open Day"}, "slug", "网址名称只能使用小写字母、数字和连字符。"),
    ({"slug": "new"}, "slug", "这个网址名称已被系统使用，请换一个。"),
])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept_but_the_text(organiser, stored, changes, field, words):
    page = organiser.post("/desk/events/new", data=FORM | changes)
    assert page.status_code == 422
    assert errors(page) == {field: words}
    assert 'value="文化路1号"' in page.text
    assert stored(Event) == []


def test_what_is_emptied_is_empty(organiser, stored):
    filled = FORM | {"kind": "training", "topic": "system", "hours": "2.5", "registration_opens_at": "2026-09-01T09:00",
                     "registration_closes_at": "2026-09-15T18:00"}
    organiser.post("/desk/events/new", data=filled)
    names = ("address", "starts_at", "ends_at", "registration_opens_at", "registration_closes_at", "topic", "hours", "seats")
    assert organiser.post("/desk/events/open-day-q3/edit", data=filled | dict.fromkeys(names, "")).status_code == 302
    (event,) = stored(Event)
    assert [getattr(event, name) for name in names[:-1]] == ["", None, None, None, None, None, None]
    assert 'name="seats" type="number" value=""' in organiser.get("/desk/events/open-day-q3/edit").text


def test_an_address_that_is_taken_is_refused_to_the_second(organiser, stored):
    organiser.post("/desk/events/new", data=FORM)
    page = organiser.post("/desk/events/new", data=FORM | {"title": "另一场"})
    assert errors(page) == {"slug": "网址名称“open-day-q3”已被其他活动使用，请换一个。"}
    assert [event.title for event in stored(Event)] == [FORM["title"]]


def test_an_incomplete_draft_is_not_published_and_the_form_says_what_is_missing(organiser, stored):
    organiser.post("/desk/events/new", data={"title": "座谈会", "kind": "symposium", "visibility": "invited", "slug": "talk"})
    page = organiser.post("/desk/events/talk/publish")
    assert page.status_code == 422
    assert errors(page) == {"starts_at": "请填写开始时间。", "ends_at": "请填写结束时间。", "place": "请填写地点。",
                            "contact_phone": "请填写联系电话。"}
    assert [event.state for event in stored(Event)] == [State.DRAFT]
    overview = organiser.get("/desk/events/talk").text
    assert [field for field in ("starts_at", "ends_at", "place", "contact_phone") if f"/edit#{field}" in overview] == [
        "starts_at", "ends_at", "place", "contact_phone"]


def test_publishing_twice_is_refused_with_the_reason(organiser):
    organiser.post("/desk/events/new", data=FORM)
    organiser.post("/desk/events/open-day-q3/publish")
    page = organiser.post("/desk/events/open-day-q3/publish")
    assert (page.status_code, "活动当前为“已发布”，不能进行这项操作。" in page.text) == (409, True)


def test_a_published_event_stays_complete(organiser, saved, stored):
    with saved() as session:
        make.event(session, slug="open", title="不变")
    page = organiser.post("/desk/events/open/edit", data=FORM | {"place": ""})
    assert errors(page) == {"place": "请填写地点。"}
    assert [(event.slug, event.title) for event in stored(Event)] == [("open", "不变")]


def test_a_limit_below_what_is_taken_is_refused_at_its_field(organiser, saved):
    with saved() as session:
        event = make.event(session, slug="open")
        registration = make.registration(session, event, companions=2)
        category_id = registration.category_id
    page = organiser.post("/desk/events/open/edit", data=FORM | {f"category-{category_id}": "2"})
    assert errors(page) == {f"category-{category_id}": "已有 3 人报名，名额不能少于这个数。"}
    page = organiser.post("/desk/events/open/edit", data=FORM | {"seats": "2"})
    assert errors(page) == {"seats": "已有 3 人报名，名额不能少于这个数。"}


@pytest.mark.parametrize("move, state", [("close", State.CLOSED), ("cancel", State.CANCELLED)])
def test_closing_and_cancelling_ask_first_and_cannot_be_repeated(organiser, saved, stored, move, state):
    with saved() as session:
        make.event(session, slug="open")
    assert organiser.get(f"/desk/events/open/{move}").status_code == 200
    assert [event.state for event in stored(Event)] == [State.PUBLISHED]
    assert organiser.post(f"/desk/events/open/{move}").status_code == 302
    assert [event.state for event in stored(Event)] == [state]
    assert organiser.post(f"/desk/events/open/{move}").status_code == 409
    assert organiser.post("/desk/events/open/edit", data=FORM).status_code == 422


@pytest.mark.parametrize("changes, field, words", [
    ({"title": ""}, "title", "请填写此项。"),
    ({"starts_at": "2026-09-16T08:00"}, "starts_at", "环节时间应在活动时间之内。"),
    ({"ends_at": "2026-09-16T12:00"}, "ends_at", "环节时间应在活动时间之内。"),
    ({"ends_at": "2026-09-16T08:59"}, "ends_at", "结束时间应晚于开始时间。"),
    ({"seats": "61"}, "seats", "名额不能超过活动总名额 60。"),
])
def test_an_activity_that_does_not_fit_is_refused_at_its_field(organiser, stored, changes, field, words):
    organiser.post("/desk/events/new", data=FORM)
    page = organiser.post("/desk/events/open-day-q3/activities/new", data=ACTIVITY | changes)
    assert (page.status_code, errors(page)) == (422, {field: words})
    assert stored(Activity) == []


def test_an_activity_is_changed_and_removed_unless_somebody_chose_it(organiser, saved, stored):
    with saved() as session:
        event = make.event(session, slug="open")
        free, chosen = make.activity(session, event), make.activity(session, event)
        make.registration(session, event, activity_ids=[chosen.id])
        times = {"starts_at": "2026-03-18T09:00", "ends_at": "2026-03-18T10:00"}
    edited = organiser.post(f"/desk/events/open/activities/{free.id}/edit", data=times | {"title": "体验投标", "kind": "experience"})
    assert edited.status_code == 302
    assert [each.title for each in stored(Activity)] == ["体验投标", chosen.title]
    refused = organiser.post(f"/desk/events/open/activities/{chosen.id}/remove")
    assert (refused.status_code, "已有 1 人选择这个环节，不能删除。" in refused.text) == (409, True)
    assert organiser.post(f"/desk/events/open/activities/{free.id}/remove").status_code == 302
    assert [each.id for each in stored(Activity)] == [chosen.id]
    assert organiser.get("/desk/events/open/activities/999/edit").status_code == 404


def test_the_list_searches_filters_and_sorts(organiser, saved):
    with saved() as session:
        for title, kind, day in (("甲培训", "training", 1), ("乙培训", "training", 2), ("丙开放日", "open_day", 3)):
            start = make.NOW + timedelta(days=day)
            make.event(session, title=title, kind=events.Kind(kind), starts_at=start, ends_at=start + timedelta(hours=2),
                       registration_closes_at=None, state="draft" if day == 2 else "published")

    def titles(query):
        return re.findall(r'<th scope="row"><a href="[^"]+">(.*?)</a>', organiser.get(f"/desk/events?{query}").text)

    assert titles("") == ["丙开放日", "乙培训", "甲培训"]
    assert titles("sort=date") == ["甲培训", "乙培训", "丙开放日"]
    assert titles("q=培训&sort=-date") == ["乙培训", "甲培训"]
    assert titles("kind=training&state=published") == ["甲培训"]
    assert titles("q=没有") == []


def test_attaching_and_taking_away_a_questionnaire(organiser, saved, stored):
    with saved() as session:
        make.event(session, slug="open")
        asked = make.questionnaire(session)
    organiser.post("/desk/events/open/questionnaire/attach", data={"questionnaire": asked.id})
    assert [event.questionnaire_id for event in stored(Event)] == [asked.id]
    page = organiser.get("/desk/events/open/questionnaire").text
    assert stored(Event)[0].survey_code in page
    organiser.post("/desk/events/open/questionnaire/attach", data={"questionnaire": ""})
    assert [event.questionnaire_id for event in stored(Event)] == [None]


def test_attendees_are_shown_in_full_only_to_those_who_need_it(organiser, signed_in, saved):
    with saved() as session:
        event = make.event(session, slug="open")
        made = make.registration(session, event, name="欧阳文静", phone="13800001234", organisation="恒信代理")
        ticket = made.leader.ticket_code
    full = organiser.get("/desk/events/open/registrations").text
    masked = signed_in("viewer").get("/desk/events/open/registrations").text
    assert [word in full for word in ("欧阳文静", "13800001234", "恒信代理", ticket)] == [True] * 4
    assert [word in masked for word in ("欧阳文静", "13800001234", "恒信代理", ticket)] == [False, False, True, False]
    assert "没有符合条件的报名" in signed_in("viewer").get("/desk/events/open/registrations?q=13800001234").text


def test_a_registration_is_cancelled_with_its_party_but_not_once_somebody_is_here(organiser, saved, stored):
    with saved() as session:
        event = make.event(session, slug="open")
        away, here, absent = make.registration(session, event, companions=2), make.registration(session, event), make.registration(session, event)
        here.leader.arrived_at = make.NOW
        leader = away.leader.id
    address = "/desk/events/open/registrations/{}/cancel"
    assert organiser.get(address.format(away.id)).status_code == 200
    assert organiser.post(address.format(away.id), data={"reason": "出差", "notify": "y"}).status_code == 302
    (notice,) = stored(Message)
    assert (notice.purpose, notice.attendee_id) == (Purpose.REMOVED, leader)
    assert [word in organiser.get(f"/desk/outbox/{notice.id}").text for word in ("的报名已由主办单位取消", "出差")] == [True, False]
    refused = organiser.post(address.format(here.id))
    assert (refused.status_code, "已有人到场签到" in refused.text) == (409, True)
    assert organiser.get("/desk/events/open/registrations/999/cancel").status_code == 404
    offered = address.format(absent.id)
    assert offered in organiser.get("/desk/events/open/registrations").text
    with saved() as session:
        events.close(session, session.get_one(events.Event, event.id), by=make.BY, now=make.NOW)
    assert (offered in organiser.get("/desk/events/open/registrations").text, organiser.post(offered).status_code) == (False, 409)
    assert [each.state.value for each in stored(Registration)] == ["cancelled", "confirmed", "confirmed"]


@pytest.mark.parametrize("role, sees, changes", [("admin", 200, 200), ("organiser", 200, 200), ("analyst", 200, 403),
                                                        ("viewer", 200, 403), ("door", 403, 403)])
def test_each_role_sees_and_changes_what_it_may(signed_in, saved, role, sees, changes):
    with saved() as session:
        event = make.event(session, slug="open")
        activity, registration = make.activity(session, event), make.registration(session, event)
    browser = signed_in(role)
    looking = ["", "/open", "/open/questionnaire", "/open/registrations"]
    changing = ["/new", "/open/edit", "/open/close", "/open/cancel", "/open/activities/new", f"/open/activities/{activity.id}/edit",
                f"/open/activities/{activity.id}/remove", f"/open/registrations/{registration.id}/cancel"]
    assert {browser.get(f"/desk/events{each}").status_code for each in looking} == {sees}
    assert {browser.get(f"/desk/events{each}").status_code for each in changing} == {changes}


@pytest.mark.parametrize("page", ["/desk/events", "/desk/events/open", "/desk/events/open/registrations", "/desk/"])
def test_a_page_costs_the_same_for_one_and_for_thirty(app, organiser, saved, monkeypatch, page):
    monkeypatch.setattr("webapp.views.desk.today.clock", lambda: make.NOW)

    def cost():
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as seen:
            assert organiser.get(page).status_code == 200
        return len(seen)

    def more(number):
        with saved() as session:
            event = session.scalar(sa.select(Event).where(Event.slug == "open")) or make.event(session, slug="open", seats=None)
            for _ in range(number):
                make.event(session)
                make.event(session, state="draft")
                make.activity(session, event)
                make.registration(session, event, companions=1)
                make.questionnaire(session)

    more(1)
    first = cost()
    more(29)
    assert cost() == first


def test_today_shows_each_role_what_it_may_do(signed_in, saved, monkeypatch):
    monkeypatch.setattr("webapp.views.desk.today.clock", lambda: make.NOW)
    with saved() as session:
        today = make.event(session, slug="now", title="今天的开放日")
        soon = make.NOW + timedelta(days=13)
        make.event(session, title="十三天后", starts_at=soon, ends_at=soon + timedelta(hours=2), registration_closes_at=None)
        late = make.NOW + timedelta(days=15)
        make.event(session, title="十五天后", starts_at=late, ends_at=late + timedelta(hours=2), registration_closes_at=None)
        make.event(session, title="未完成的草稿", state="draft", place="")
        make.questionnaire(session, title="正在收集")
        make.registration(session, today, companions=1).leader.arrived_at = make.NOW
        for state, channel in ((MessageState.FAILED, Channel.EMAIL), (MessageState.QUEUED, Channel.SMS)):
            message = Message(channel=channel, purpose=Purpose.TICKET, name="甲", address="乙", subject="丙", body="丁")
            post(session, message, now=make.NOW).state = state
    words = ["今天的开放日", "1／2", "/desk/events/now/door", "十三天后", "十五天后", "未完成的草稿", "请填写地点。", "有 1 条消息发送失败",
             "1 条短信等待导出", "正在收集"]
    shown = {role: [word in signed_in(role).get("/desk/").text for word in words] for role in ("organiser", "viewer", "door")}
    yes, no = True, False
    assert shown == {
        "organiser": [yes, yes, yes, yes, no, yes, yes, yes, yes, yes],
        "viewer": [yes, yes, no, yes, no, no, no, no, no, yes],
        "door": [yes, yes, yes, no, no, no, no, no, no, no],
    }


def test_nothing_to_do_is_said(signed_in):
    assert "今天没有活动" in signed_in("organiser").get("/desk/").text
    assert "今天没有活动" in signed_in("door").get("/desk/").text
    assert "还没有活动" in signed_in("viewer").get("/desk/events").text
