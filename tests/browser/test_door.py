"""The door on a phone: what the camera sees, what is typed and searched, what happens without a network."""

import re

import doors
import make
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from engage import registrations
from engage.arrivals import Scan
from engage.audit import AuditEntry
from engage.parties import Attendee

pytestmark = pytest.mark.browser


@pytest.fixture
def event(live_server):
    return doors.running(live_server)


@pytest.fixture
def party(live_server, event):
    """A leader and two companions who are expected."""
    with live_server.session() as session:
        registration = make.registration(session, session.merge(event), companions=2, name="王建国", phone="13812345678")
        return list(registration.attendees)


def at_the_door(page, doorkeeper, event, query=""):
    page.context.add_cookies(doorkeeper)
    page.goto(f"/desk/events/{event.slug}/door{query}")
    return page


def says(page, kind, word, name=""):
    """Wait for the band."""
    expect(page.locator(f".band .result-{kind} .word")).to_have_text(word)
    expect(page.locator(".band .name")).to_have_text(name)


def enter(page, code):
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")


def sent(page):
    """Wait until the server has answered all that happened."""
    expect(page.locator("#state")).to_have_attribute("data-waiting", "0", timeout=30_000)


def arrived(live_server, event):
    with live_server.session() as session:
        here = sa.select(Attendee.name).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
        return sorted(session.scalars(here))


def test_the_camera_sees_a_ticket_and_the_guest_is_in(camera, live_server, doorkeeper, event, party):
    leader = party[0]
    page = at_the_door(camera(f"{live_server.url}/t/{leader.ticket_code}"), doorkeeper, event)
    says(page, "yes", "已入场", "王建国")
    name = page.locator(".band .name")
    assert name.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 32
    assert name.evaluate("e => e.closest('.result').getBoundingClientRect().width") == 390
    sent(page)
    expect(page.locator(".counts")).to_contain_text("已到 1／3 人")
    assert arrived(live_server, event) == ["王建国"]
    expect(page.locator(".band .result-wait")).to_be_visible()  # the guest lingers before the lens: scanned once
    with live_server.session() as session:
        assert session.scalar(sa.select(sa.func.count(Scan.id)).where(Scan.event_id == event.id)) == 1


def test_twice_is_amber_with_the_first_time_and_a_cancelled_ticket_is_red(desk, live_server, doorkeeper, event, party):
    with live_server.session() as session:
        gone = make.registration(session, session.merge(event), name="李取消")
        registrations.cancel(session, gone, by=make.BY, now=doors.now())
        cancelled = gone.leader.ticket_code
    at_the_door(desk, doorkeeper, event)
    expect(desk.locator("#code")).to_be_focused()
    enter(desk, party[0].ticket_code)  # a keyboard-wedge scanner types and presses Enter
    says(desk, "yes", "已入场", "王建国")
    enter(desk, f"{live_server.url}/t/{party[0].ticket_code}")
    says(desk, "look", "已签到", "王建国")
    expect(desk.locator(".band .detail")).to_contain_text("首次签到")
    enter(desk, cancelled)
    says(desk, "no", "已取消", "李取消")
    expect(desk.locator("#code")).to_be_focused()
    enter(desk, "nobody-has-this")
    says(desk, "no", "无效")
    sent(desk)
    assert arrived(live_server, event) == ["王建国"]


def test_a_party_is_ticked_and_one_tap_takes_it_back(phone, live_server, doorkeeper, event, party):
    at_the_door(phone, doorkeeper, event)
    enter(phone, party[0].ticket_code)
    says(phone, "yes", "已入场", "王建国")
    phone.get_by_role("button", name="全选").tap()
    phone.get_by_role("button", name="2 人入场").tap()
    sent(phone)
    expect(phone.locator(".counts")).to_contain_text("已到 3／3 人")
    phone.get_by_role("button", name=re.compile("撤销")).tap()
    sent(phone)
    expect(phone.locator(".counts")).to_contain_text("已到 1／3 人")
    assert arrived(live_server, event) == ["王建国"]
    with live_server.session() as session:
        scans = session.scalars(sa.select(Scan.id).where(Scan.event_id == event.id))
        undone = sa.select(sa.func.count(AuditEntry.id)).where(
            AuditEntry.action == "arrival.undo", AuditEntry.subject.in_([f"scan:{scan}" for scan in scans]))
        assert session.scalar(undone) == 2


@pytest.mark.parametrize("words", ["王建", "345678"])
def test_a_guest_without_a_ticket_is_found_by_name_or_number(phone, live_server, doorkeeper, event, party, words):
    at_the_door(phone, doorkeeper, event)
    phone.get_by_role("button", name="查找").tap()
    phone.locator("#q").fill(words)
    phone.locator("#q").press("Enter")
    phone.get_by_role("button", name="签到：王建国").tap()
    says(phone, "yes", "已入场", "王建国")
    expect(phone.locator("#guests .state-here").first).to_contain_text("到场")
    sent(phone)
    assert arrived(live_server, event) == ["王建国"]


def test_a_guests_own_code_opened_by_staff_asks_for_one_tap(phone, live_server, doorkeeper, event, party):
    phone.context.add_cookies(doorkeeper)
    phone.goto(f"/t/{party[0].ticket_code}")
    phone.get_by_text("确认签到").tap()
    says(phone, "wait", "待确认", "王建国")
    assert arrived(live_server, event) == []
    phone.get_by_role("button", name="确认签到").tap()
    says(phone, "yes", "已入场", "王建国")
    expect(phone.locator("#confirm")).to_have_count(0)


def test_an_answer_that_got_lost_is_asked_for_again(phone, live_server, doorkeeper, event, party):
    at_the_door(phone, doorkeeper, event)
    lost = []

    def lose(route):
        lost.append(route.fetch())  # it arrives, and its answer does not come back
        route.abort()

    phone.route("**/api/v1/events/*/scans", lose, times=1)
    enter(phone, party[0].ticket_code)
    says(phone, "yes", "已入场", "王建国")
    sent(phone)
    expect(phone.locator(".counts")).to_contain_text("已到 1／3 人")
    with live_server.session() as session:
        assert session.scalar(sa.select(sa.func.count(Scan.id)).where(Scan.event_id == event.id)) == len(lost) == 1


def test_the_counts_follow_another_door_without_reloading(phone, live_server, doorkeeper, event, party):
    at_the_door(phone, doorkeeper, event)
    with live_server.session() as session:
        session.get(Attendee, party[0].id).arrived_at = doors.now()
    expect(phone.locator(".counts")).to_contain_text("已到 1／3 人")


def test_without_javascript_the_door_works_too(browser, live_server, doorkeeper, event, party):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    page = at_the_door(context.new_page(), doorkeeper, event)
    enter(page, party[0].ticket_code)
    says(page, "yes", "已入场", "王建国")
    expect(page.locator(".counts")).to_contain_text("已到 1／3 人")
    page.get_by_role("button", name=re.compile("同行全部入场")).click()
    expect(page.locator(".counts")).to_contain_text("已到 3／3 人")
    context.close()
