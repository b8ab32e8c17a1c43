"""The waiting list as guests meet it: full, ready to wait, offered a seat, confirmed, too late."""

import re
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import registrations, waiting
from engage.outbox import Message, Purpose
from engage.parties import Attendee, Registration, State

NOW = make.NOW
START = NOW + timedelta(days=3)
LATER = {"starts_at": START, "ends_at": START + timedelta(hours=2), "registration_closes_at": START}
PHONES = iter(range(10**7))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW; `clock(moment)` puts it forward."""

    def put(moment):
        for module in ("views.public", "views.registration", "seating", "wiring"):
            monkeypatch.setattr(f"webapp.{module}.clock", lambda: moment)

    put(NOW)
    return put


@pytest.fixture
def category(saved):
    with saved() as session:
        return make.category(session, companions=2)


@pytest.fixture
def event(saved, category):
    """Of two seats both are taken."""
    with saved() as session:
        made = make.event(session, seats=2, **LATER)
        make.registration(session, made, category=category, companions=1)
        return made


def filled(category, /, **changes):
    """What a stranger types who is ready to wait."""
    form = {"submission": str(uuid.uuid4()), "category": category.id, "name": "李四", "phone": f"1390{next(PHONES):07}", "wait": "y",
            "consent": "y"}
    return {**form, **changes}


def code_of(answer):
    assert answer.status_code == 302, answer.text
    return re.fullmatch(r"/t/([a-z2-7]{26})", answer.location)[1]


def waits(client, event, category, **changes):
    """The ticket's code of somebody who registers now."""
    return code_of(client.post(f"/events/{event.slug}/register", data=filled(category, **changes)))


def states(saved):
    with saved() as session:
        return [state.value for state in session.scalars(sa.select(Registration.state).order_by(Registration.id))]


def free_a_seat(saved, event, now=NOW):
    """The first who are seated cancel."""
    with saved() as session:
        first = session.scalars(sa.select(Registration).where(
            Registration.event_id == event.id, Registration.state == State.CONFIRMED).order_by(Registration.id)).first()
        registrations.cancel(session, first, by="guest", now=now)


def button(page):
    return re.findall(r"<button class=\"btn btn-[a-z-]+ btn-lg[^>]*>(?:<svg.*?</svg>)?(.*?)</button>", page.text)


def wish(page):
    """The hidden field that says whether the form is ready to wait."""
    return re.search(r'<input[^>]*name="wait"[^>]*value="(\w*)"', page.text)[1]


def test_a_full_event_offers_the_waiting_list_instead_of_seats(client, event):
    page = client.get(f"/events/{event.slug}/register")
    assert ("名额已满，可以登记候补" in page.text, wish(page), button(page)) == (True, "y", ["登记候补"])
    assert "名额已满，可候补" in client.get("/").text
    about = client.get(f"/events/{event.slug}").text
    assert ("名额已满，可候补" in about, f'href="/events/{event.slug}/register">登记候补' in about) == (True, True)


def test_without_a_waiting_list_a_full_event_offers_nothing(client, saved, event, category):
    with saved() as session:
        session.get(type(event), event.id).waiting_list = False
    page = client.get(f"/events/{event.slug}/register")
    assert ("<form method" in page.text, "目前没有空余名额" in page.text, "候补" in page.text) == (False, True, False)
    refused = client.post(f"/events/{event.slug}/register", data=filled(category))
    assert (refused.status_code, "还剩 0 个" in refused.text, "候补" in refused.text) == (200, True, False)
    assert "候补" not in client.get("/").text + client.get(f"/events/{event.slug}").text


def test_who_waits_sees_the_place_in_the_line_and_no_code_for_admission(client, saved, event, category):
    waits(client, event, category)
    code = waits(client, event, category, name="王五", **{"companions-0-name": "赵六"})
    page = client.get(f"/t/{code}").text
    assert [words in page for words in ("您正在候补，排在第 2 位", "在收到确认通知前请先不要前来", "更改登记", "退出候补", "一行 2 人")] == [True] * 5
    assert [words in page for words in ("<path", "加入日历", "保存二维码", "凭证已失效")] == [False] * 4
    assert [client.get(f"/t/{code}.{kind}").location for kind in ("png", "ics")] == [f"/t/{code}"] * 2
    with saved() as session:
        companion = session.scalars(sa.select(Attendee.ticket_code).where(Attendee.name == "赵六")).one()
        assert session.scalars(sa.select(Message.purpose)).all() == [Purpose.WAITING] * 2
    shown = client.get(f"/t/{companion}").text
    assert [words in shown for words in ("您正在候补", "退出候补")] == [True, False]
    assert states(saved) == ["confirmed", "waiting", "waiting"]


def test_a_form_that_no_longer_fits_comes_back_with_all_that_was_typed_and_offers_to_wait(client, saved, category):
    with saved() as session:
        event = make.event(session, seats=3, **LATER)
        hall = make.activity(session, event, title="开标大厅", seats=2)
        make.registration(session, event, category=category, activity_ids=[hall.id])
    form = filled(category, wait="", organisation="甲公司", **{"companions-0-name": "赵六"})
    crowded = client.post(f"/events/{event.slug}/register", data=form | {"activities": hall.id})
    assert [words in crowded.text for words in ("您一行需要 2 个", 'value="李四"', 'value="甲公司"', 'value="赵六"')] == [True] * 4
    assert (wish(crowded), button(crowded)) == ("", ["提交报名", "登记候补"])
    waiting_for = client.post(f"/events/{event.slug}/register", data=form | {"activities": hall.id, "wait": ["", "y"]})
    assert "您正在候补" in client.get(f"/t/{code_of(waiting_for)}").text
    with saved() as session:
        make.registration(session, event, category=category)
    full = client.post(f"/events/{event.slug}/register", data=filled(category, wait="", **{"companions-0-name": "钱七"}))
    assert ("还剩 1 个" in full.text, button(full)) == (True, ["提交报名", "登记候补"])
    too_many = {"companions-0-name": "赵六", "companions-1-name": "钱七", "activities": hall.id}
    never = client.post(f"/events/{event.slug}/register", data=filled(category, **too_many))
    assert ("“开标大厅”共有 2 个名额，您一行需要 3 个" in never.text, states(saved)) == (True, ["confirmed", "waiting", "confirmed"])


def test_a_category_or_an_activity_that_is_full_can_be_chosen_to_wait_for_it(client, saved):
    with saved() as session:
        category, other = make.category(session, name="企业"), make.category(session, name="公众")
        event = make.event(session, by_category={category.id: 1}, **LATER)
        hall = make.activity(session, event, seats=1)
        make.registration(session, event, category=category, activity_ids=[hall.id])
    page = client.get(f"/events/{event.slug}/register")
    assert (page.text.count("已满，可候补"), " disabled" in page.text, button(page)) == (2, False, ["提交报名"])
    refused = client.post(f"/events/{event.slug}/register", data=filled(category, wait=""))
    assert ("这个类别的名额不足" in refused.text, button(refused)) == (True, ["提交报名", "登记候补"])
    code_of(client.post(f"/events/{event.slug}/register", data=filled(other, wait="", activities=[])))
    with saved() as session:
        session.get(type(event), event.id).waiting_list = False
    assert client.get(f"/events/{event.slug}/register").text.count(" disabled") == 2
    assert states(saved) == ["confirmed", "confirmed"]


def test_whoever_is_invited_to_a_full_event_may_wait(client, saved, event):
    with saved() as session:
        invitation = make.invitation(session, event, name="张三")
    page = client.get(f"/i/{invitation.token}")
    assert (wish(page), button(page)) == ("y", ["登记候补"])
    code = code_of(client.post(f"/i/{invitation.token}", data={"name": "张三", "phone": "13900000001", "consent": "y", "wait": "y"}))
    after = client.get(f"/i/{invitation.token}").text
    assert [words in after for words in ("您已登记候补。", "查看候补情况", f"/t/{code}", "您已报名")] == [True, True, True, False]


def test_an_offer_is_confirmed_with_one_button_and_twice_does_no_harm(client, saved, event, category):
    code = waits(client, event, category)
    free_a_seat(saved, event)
    page = client.get(f"/t/{code}")
    assert ("已为您保留到 2026年3月19日（周四）9:00" in page.text, button(page), "<path" in page.text) == (True, ["确认参加"], False)
    assert "有了空余名额，请您确认" not in client.get("/").text
    for _ in range(2):
        assert client.post(f"/t/{code}/confirm").location == f"/t/{code}"
    ticket = client.get(f"/t/{code}").text
    assert ("<path" in ticket, "候补" in ticket) == (True, False)
    assert states(saved) == ["cancelled", "confirmed"]
    with saved() as session:
        assert session.scalars(sa.select(Message.purpose).order_by(Message.id)).all() == [Purpose.WAITING, Purpose.OFFER, Purpose.TICKET]


def test_an_answer_that_comes_too_late_says_what_happened_and_what_to_do(client, saved, clock, event, category):
    code = waits(client, event, category, **{"companions-0-name": "赵六"})
    next_code = waits(client, event, category, name="王五")
    with saved() as session:
        session.get(type(event), event.id).confirm_hours = 2
    free_a_seat(saved, event)
    clock(NOW + timedelta(hours=2))
    stale = client.get(f"/t/{code}").text
    assert ("确认时限已过" in stale, "确认参加" in stale) == (True, False)
    late = client.post(f"/t/{code}/confirm")
    assert (late.status_code, "现在没有为您保留的名额" in late.text, "登记候补" in late.text) == (409, True, True)
    with saved() as session:
        waiting.lapse(session, session.get(type(event), event.id), now=NOW + timedelta(hours=2))
    assert ("名额没有保留" in client.get(f"/t/{code}").text, client.post(f"/t/{code}/confirm").status_code) == (True, 409)
    assert client.post(f"/t/{next_code}/confirm").status_code == 302
    assert states(saved) == ["cancelled", "cancelled", "confirmed"]


def test_only_the_leader_confirms_and_no_cookie_is_read_or_set(client, saved, event, category):
    code = waits(client, event, category, **{"companions-0-name": "赵六"})
    free_a_seat(saved, event)
    with saved() as session:
        companion = session.scalars(sa.select(Attendee.ticket_code).where(Attendee.name == "赵六")).one()
    shown = client.get(f"/t/{companion}").text
    assert ("请报名的人在此之前确认" in shown, "确认参加" in shown) == (True, False)
    assert client.post(f"/t/{companion}/confirm").status_code == 403
    assert client.post(f"/t/{code}/confirm", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert client.get(f"/t/{code}/confirm").status_code == 405
    answer = client.post(f"/t/{code}/confirm", headers={"Cookie": "session=nonsense"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (302, [])


def test_who_waits_changes_the_registration_and_keeps_the_place(client, saved, event, category):
    code = waits(client, event, category, phone="13912345678")
    waits(client, event, category, name="王五")
    page = client.get(f"/t/{code}/change").text
    assert [words in page for words in ("更改候补登记", "仍保留原来的登记顺序", "入场凭证</a>")] == [True, True, False]
    changed = filled(category, phone="13912345678", **{"companions-0-name": "赵六"})
    assert client.post(f"/t/{code}/change", data=changed).location == f"/t/{code}"
    page = client.get(f"/t/{code}").text
    assert [words in page for words in ("排在第 1 位", "一行 2 人")] == [True, True]


@pytest.mark.parametrize("offered, act, consequence", [(False, "退出候补", "退出后不再保留排位"), (True, "放弃名额", "让给下一位")])
def test_who_waits_leaves_the_list_or_gives_the_offer_up(client, saved, event, category, offered, act, consequence):
    code = waits(client, event, category)
    if offered:
        free_a_seat(saved, event)
    page = client.get(f"/t/{code}/cancel").text
    assert [words in page for words in (f'danger">{act}</button>', consequence, "入场凭证随之失效")] == [True, True, False]
    client.post(f"/t/{code}/cancel", data={})
    assert states(saved)[1:] == ["cancelled"]
    assert "重新报名" in client.get(f"/t/{code}").text


def test_once_the_event_has_begun_nobody_hopes_in_vain(client, saved, clock, event, category):
    code = waits(client, event, category)
    with saved() as session:
        session.get(type(event), event.id).registration_closes_at = event.ends_at
    clock(event.starts_at)
    assert "候补" not in client.get(f"/events/{event.slug}/register").text
    page = client.get(f"/t/{code}").text
    assert ("候补没有轮到" in page, "您正在候补" in page) == (True, False)


def test_a_guest_reads_it_in_english(client, saved, event, category):
    client.set_cookie("lang", "en")
    code = waits(client, event, category)
    for page in (f"/events/{event.slug}/register", f"/t/{code}", f"/t/{code}/change", f"/t/{code}/cancel"):
        assert client.get(page).status_code == 200
    with saved() as session:
        assert session.scalars(sa.select(Registration.language).order_by(Registration.id)).all() == ["zh", "en"]
