"""The live board in a hall: a scan is seen within two seconds, on many boards at once, on every screen."""

import uuid

import doors
import make
import pytest
from playwright.sync_api import expect

from engage import arrivals, board
from engage.arrivals import ScanRequest
from engage.events import Event

pytestmark = pytest.mark.browser

SCREENS = [(1920, 1080), (1366, 768), (390, 844)]


@pytest.fixture
def hall(live_server):
    """An open day that is running now with a public board: `(event, path, codes of twelve expected guests)`."""
    event = doors.running(live_server)
    with live_server.session() as session:
        event = session.merge(event)
        kind = make.category(session, name=f"企业{uuid.uuid4().hex[:6]}")
        visit = make.activity(session, event, title="参观开标大厅")
        guests = [make.registration(session, event, category=kind, name=f"张小{number}", activity_ids=[visit.id]) for number in range(12)]
        path = f"/b/{board.renew(session, event, by=make.BY, now=doors.now()).code}"
        return event, path, [guest.leader.ticket_code for guest in guests]


def come(live_server, event, code):
    now = doors.now()
    with live_server.session() as session:
        arrivals.scan(session, session.get_one(Event, event.id), [ScanRequest(id=str(uuid.uuid4()), code=code, at=now)], by=make.BY, now=now)


def test_every_scan_comes_to_the_board_and_the_page_stays(desk, live_server, hall):
    event, path, codes = hall
    desk.goto(path)
    desk.evaluate("window.kept = true")
    expect(desk.locator("[data-sum=arrived]")).to_have_text("0")
    expect(desk.get_by_text("还没有人到场。")).to_be_visible()
    for number, code in enumerate(codes[:6], start=1):
        come(live_server, event, code)
        expect(desk.locator("[data-sum=arrived]")).to_have_text(str(number))
    expect(desk.locator(".live-last li")).to_have_count(6)
    assert desk.locator(".live-last li").first.inner_text().startswith("张**")
    expect(desk.locator("[data-sum=share]")).to_have_text("50%")
    expect(desk.locator(".live-rows .num").first).to_have_text("6／12")
    expect(desk.locator(".live-rows rect").first).to_have_attribute("width", "50.00%")
    assert sum(int(text or 0) for text in desk.locator(".live-pace text").all_text_contents()) == 6
    assert desk.evaluate("window.kept")
    assert "张小" not in desk.content()


def test_the_first_guest_of_a_category_brings_its_row(desk, live_server, hall):
    event, path, _ = hall
    desk.goto(path)
    with live_server.session() as session:
        guest = make.registration(session, session.get_one(Event, event.id), category=make.category(session, name=f"媒体{uuid.uuid4().hex[:6]}"))
        name = guest.leader.category.name
    expect(desk.get_by_text(name)).to_be_visible(timeout=4000)


def test_a_board_without_a_network_says_so_and_goes_on_by_itself(desk, live_server, hall):
    event, path, codes = hall
    desk.goto(path)
    desk.context.set_offline(True)
    expect(desk.get_by_text("网络不通，数字暂停更新。")).to_be_visible(timeout=8000)
    come(live_server, event, codes[0])
    desk.context.set_offline(False)
    expect(desk.locator("[data-sum=arrived]")).to_have_text("1")
    expect(desk.get_by_text("网络不通，数字暂停更新。")).to_be_hidden()


@pytest.mark.parametrize("width, height", SCREENS)
def test_the_board_fits_the_screen(desk, axe, live_server, hall, width, height):
    event, path, codes = hall
    for code in codes:
        come(live_server, event, code)
    desk.set_viewport_size({"width": width, "height": height})
    desk.goto(path)
    expect(desk.locator("[data-sum=arrived]")).to_have_text("12")
    over = desk.evaluate("[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]")
    assert (over[0], over[1] if width > height else 0, axe(desk)) == (0, 0, [])


def test_what_moves_stands_still_for_those_who_asked_for_it(browser, live_server, hall):
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    page = context.new_page()
    page.goto(hall[1])
    come(live_server, hall[0], hall[2][0])
    expect(page.locator(".live-last .new")).to_have_count(1)
    assert page.locator(".live-last .new").evaluate("each => getComputedStyle(each).animationName") == "none"
    context.close()


def test_without_javascript_the_board_is_read_and_comes_again(browser, live_server, hall):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(hall[1])
    come(live_server, hall[0], hall[2][0])
    expect(page.locator("[data-sum=arrived]")).to_have_text("1")
    context.close()
