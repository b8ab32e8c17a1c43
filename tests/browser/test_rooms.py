"""A phone at a room's door: in and out without a network, by the room's own capacity, and what the server makes of it."""

from typing import Any

import doors
import make
import pytest
import sqlalchemy as sa
from doors import at_the_door, says, waiting, wedge
from marks import OUT, held, scanned
from playwright.sync_api import Page, expect

from engage.activities import Activity
from engage.doubts import Doubt
from engage.events import Event
from engage.parties import Attendee
from engage.presence import Attendance, Scan

pytestmark = pytest.mark.browser


@pytest.fixture
def event(live_server):
    return doors.running(live_server, walk_ins=True)


@pytest.fixture
def room(live_server, event):
    """A room for two."""
    with live_server.session() as session:
        return make.activity(session, session.get_one(Event, event.id), title="座谈交流", room="二楼会议室", capacity=2)


@pytest.fixture
def guests(live_server, event):
    """`guests(n)` are n guests."""

    def made(count: int, **changes: Any) -> list[Attendee]:
        with live_server.session() as session:
            to, category = session.get_one(Event, event.id), make.category(session)  # as it is now, with its room
            return [make.registration(session, to, category=category, **changes).leader for _ in range(count)]

    return made


def stand_at(page: Page, label: str) -> None:
    page.get_by_label("签到位置").select_option(label=label)


def way(page: Page, leaving: bool) -> None:
    toggle = page.get_by_role("button", name="登记离场")
    if (toggle.get_attribute("aria-pressed") == "true") != leaving:
        toggle.tap()


def scans_of(live_server: Any, event: Any) -> list[tuple[Any, ...]]:
    """What the server has of each scan, in the order of their times."""
    with live_server.session() as session:
        found = sa.select(Attendee.name, Scan.activity_id, Scan.direction, Scan.result, Scan.told).join(Attendee, Attendee.id == Scan.attendee_id)
        return [tuple(row) for row in session.execute(found.where(Scan.event_id == event.id).order_by(Scan.at))]


def test_a_phone_without_a_network_lets_into_a_room_out_and_in_again(phones, live_server, event, room, guests):
    one, other, third = guests(3)
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    stand_at(page, "座谈交流，二楼会议室")
    expect(page.locator("#place-count")).to_have_text("目前 0／2 人")
    expect(page.get_by_role("button", name="现场登记")).to_be_disabled()
    phone.line.cut()
    expect(page.locator("#state")).to_have_attribute("data-network", "offline")
    for guest in (one, other):
        wedge(page, guest.ticket_code)
        says(page, "yes", "已入场", guest.name)
    expect(page.locator("#place-count")).to_have_text("目前 2／2 人")
    wedge(page, one.ticket_code)
    says(page, "look", "已签到", one.name)
    wedge(page, third.ticket_code)
    says(page, "no", "已满员", third.name)
    way(page, leaving=True)
    wedge(page, one.ticket_code)
    says(page, "yes", "已离场", one.name)
    expect(page.locator("#place-count")).to_have_text("目前 1／2 人")
    way(page, leaving=False)
    wedge(page, one.ticket_code)
    says(page, "yes", "已入场", one.name)
    expect(page.locator(".counts")).to_contain_text("已到 2／3 人")
    waiting(page, 6)
    page.evaluate("localStorage.clear()")  # the browser had no time to write down where it stands
    phone.kill()

    page = phone.start()  # and it stands where it stood
    page.goto(f"/desk/events/{event.slug}/door")
    expect(page.get_by_label("签到位置")).to_have_value(str(room.id))
    expect(page.locator("#place-count")).to_have_text("目前 2／2 人")
    page.get_by_role("button", name=f"撤销入场：{one.name}").tap()
    says(page, "wait", "已撤销", one.name)
    expect(page.locator("#place-count")).to_have_text("目前 1／2 人")
    phone.line.mend()
    waiting(page, 0)
    here, at = room.id, ("in", "out")
    assert scans_of(live_server, event) == [
        (one.name, here, at[0], "admitted", "admitted"), (other.name, here, at[0], "admitted", "admitted"),
        (one.name, here, at[0], "already", "already"), (third.name, here, at[0], "over_capacity", "over_capacity"),
        (one.name, here, at[1], "left", "left"), (one.name, here, at[0], "admitted", "admitted"),
    ]
    with live_server.session() as session:
        assert session.get(Activity, room.id).inside == 1
        stays = sa.select(Attendance.attendee_id, Attendance.inside_since.is_not(None)).where(Attendance.activity_id == room.id)
        assert dict(session.execute(stays).all()) == {one.id: False, other.id: True}
        came = sa.select(Attendee.name).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
        assert sorted(session.scalars(came)) == sorted([one.name, other.name])
        assert session.scalars(sa.select(Doubt).where(Doubt.event_id == event.id)).all() == []
    expect(page.locator("#place-count")).to_have_text("目前 1／2 人")


def test_who_goes_out_by_the_front_door_has_left_the_room_also_without_a_network(phones, live_server, event, room, guests):
    (guest,) = guests(1)
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    stand_at(page, "座谈交流，二楼会议室")
    wedge(page, guest.ticket_code)
    expect(page.locator("#place-count")).to_have_text("目前 1／2 人")
    page.get_by_label("签到位置").select_option(index=0)
    way(page, leaving=True)
    wedge(page, guest.ticket_code)
    says(page, "yes", "已离场", guest.name)
    stand_at(page, "座谈交流，二楼会议室")
    expect(page.locator("#place-count")).to_have_text("目前 0／2 人")
    phone.line.mend()
    waiting(page, 0)
    with live_server.session() as session:
        assert session.get(Activity, room.id).inside == 0


def test_two_phones_without_a_network_overfill_a_room_and_the_server_says_so(phones, live_server, event, room, guests):
    three = guests(3)
    one, other = phones("one"), phones("other")
    first, second = at_the_door(one.start(), event), at_the_door(other.start(), event)
    for page in (first, second):
        stand_at(page, "座谈交流，二楼会议室")
    one.line.cut()
    other.line.cut()
    for guest in three[:2]:
        wedge(first, guest.ticket_code)
        says(first, "yes", "已入场", guest.name)
    wedge(second, three[2].ticket_code)
    says(second, "yes", "已入场", three[2].name)
    one.line.mend()
    waiting(first, 0)
    other.line.mend()
    expect(second.get_by_role("log")).to_contain_text(f"{three[2].name}：本机为“已入场”，服务器为“已满员”")
    expect(second.locator("#place-count")).to_have_text("目前 2／2 人")
    with live_server.session() as session:
        doubtful = sa.select(Doubt.kind, Scan.attendee_id).join(Scan, Scan.id == Doubt.scan_id).where(Doubt.event_id == event.id)
        assert session.execute(doubtful).all() == [("over_capacity", three[2].id)]
        assert session.get(Activity, room.id).inside == 2


def test_with_a_network_the_server_is_asked_whether_there_is_a_place(phones, live_server, event, room, guests):
    one, other, third = guests(3)
    page = at_the_door(phones("a").start(), event)
    stand_at(page, "座谈交流，二楼会议室")
    with live_server.session() as session:  # at the room's other door
        others = [held(guest.ticket_code, 0, activity=room.id, at=doors.now()) for guest in (one, other)]
        assert scanned(session, session.get_one(Event, event.id), *others, now=doors.now()) == ["admitted", "admitted"]
    wedge(page, third.ticket_code)
    says(page, "no", "已满员", third.name)
    with live_server.session() as session:
        leaving = held(one.ticket_code, 0, activity=room.id, at=doors.now(), direction=OUT)
        assert scanned(session, session.get_one(Event, event.id), leaving, now=doors.now()) == ["left"]
    wedge(page, third.ticket_code)
    says(page, "yes", "已入场", third.name)
    expect(page.get_by_role("log")).to_be_empty()


def test_who_has_not_chosen_the_room_is_let_in_with_a_word_about_it(phones, live_server, event, room, guests):
    chose, *_ = guests(1, activity_ids=[room.id])
    (did_not,) = guests(1)
    page = at_the_door(phones("a").start(), event)
    stand_at(page, "座谈交流，二楼会议室")
    wedge(page, chose.ticket_code)
    says(page, "yes", "已入场", chose.name)
    wedge(page, did_not.ticket_code)
    says(page, "look", "已入场", did_not.name)
    expect(page.locator(".band .detail")).to_contain_text("没有选择本环节")
    page.get_by_role("button", name="查找").tap()
    page.locator("#q").fill(did_not.name)
    expect(page.locator("#guests")).to_contain_text("到场")
    expect(page.locator("#guests").get_by_role("button")).to_have_count(0)
    stand_at(page, "活动入口")
    expect(page.locator("#guests").get_by_role("button", name=f"签到：{did_not.name}")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_choice_of_the_door_is_accessible(phones, axe, event, room, guests, language):
    (guest,) = guests(1)
    phone = phones("a")
    page = phone.start()
    page.context.add_cookies([{"name": "lang", "value": language, "url": phone.line.url}])
    at_the_door(page, event)
    page.locator("#place").select_option(str(room.id))
    wedge(page, guest.ticket_code)
    expect(page.locator(".band .result-yes")).to_be_visible()
    assert axe(page) == []
    assert page.locator("#place").bounding_box()["height"] >= 48
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
