"""The hall's screen and the phones before it: what a camera reads opens the way in, and the code moves on by itself."""

import io
from datetime import timedelta

import doors
import make
import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from engage import codes, venue
from engage.parties import Attendee

pytestmark = pytest.mark.browser


@pytest.fixture
def event(live_server):
    """An open day that is running now, without a screen yet."""
    return doors.running(live_server)


@pytest.fixture
def party(live_server, event):
    """A leader and two companions who are expected."""
    with live_server.session() as session:
        registration = make.registration(session, session.merge(event), companions=2, name="王建国", phone="13812345678")
        return list(registration.attendees)


@pytest.fixture
def screen(desk, doorkeeper, event):
    """The hall's screen, begun by hand."""
    desk.set_viewport_size({"width": 1920, "height": 1080})
    desk.context.add_cookies(doorkeeper)
    desk.goto(f"/desk/events/{event.slug}/venue")
    desk.get_by_role("button", name="开启扫码签到").click()
    expect(desk.locator("#code svg")).to_be_visible()
    return desk


def read(screen):
    """What a camera sees on the screen."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(screen.screenshot())))
    return found.text


def arrived(live_server, event):
    with live_server.session() as session:
        here = sa.select(Attendee.name).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
        return sorted(session.scalars(here))


def test_a_guest_scans_the_screen_and_is_in_at_one_tap(screen, phone, live_server, event, party):
    phone.goto(f"/t/{party[1].ticket_code}")
    address = read(screen)  # good for half a minute at least
    assert address.startswith(f"{live_server.url}/v/{event.slug}/")
    phone.goto(address)
    phone.get_by_role("button", name="确认签到").tap()
    expect(phone.locator(".result-yes .word")).to_have_text("已签到")
    assert arrived(live_server, event) == [party[1].name]


def test_the_code_changes_without_loading_the_page_and_the_one_before_still_opens(screen, phone, live_server, event):
    screen.clock.install()
    screen.reload()
    if (left := venue.PERIOD - doors.now().timestamp() % venue.PERIOD) < 5:
        phone.wait_for_timeout(left * 1000)  # or what is the code before would be the one before that in a moment
    with live_server.session() as session:
        code = venue.code_at(session.get(venue.Venue, event.id), doors.now() - timedelta(seconds=venue.PERIOD))
    before = f"{live_server.url}/v/{event.slug}/{code}"
    phone.goto(before)
    expect(phone.get_by_role("heading", name="来宾签到")).to_be_visible()
    screen.evaluate("""drawn => {  // the screen as it was half a minute ago
        document.getElementById("code").innerHTML = drawn;
        window.kept = document.querySelector("#code svg");
    }""", codes.qr_svg(before))
    assert read(screen) == before
    screen.clock.run_for(venue.PERIOD * 1000)
    screen.wait_for_function("() => window.kept && !window.kept.isConnected")
    assert read(screen) != before
    phone.goto(read(screen))
    expect(phone.get_by_role("heading", name="来宾签到")).to_be_visible()


def test_a_screen_without_a_network_says_so_and_goes_on_by_itself(screen, live_server, event):
    screen.clock.install()
    screen.reload()
    screen.context.set_offline(True)
    screen.clock.run_for(31_000)
    expect(screen.locator("#lost")).to_contain_text("网络不通")
    expect(screen.locator("#code svg")).to_be_visible()  # the code before counts for half a minute more
    screen.clock.run_for(61_000)
    expect(screen.locator("#code")).not_to_be_visible()
    screen.context.set_offline(False)
    screen.clock.run_for(3_000)
    expect(screen.locator("#lost")).to_be_hidden()
    expect(screen.locator("#code svg")).to_be_visible()


def test_without_javascript_a_leader_checks_in_the_party(browser, live_server, event, party):
    with live_server.session() as session:
        screen = venue.renew(session, session.merge(event), by=make.BY, now=make.NOW)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"/v/{event.slug}/{venue.code_at(screen, doors.now())}")
    page.get_by_label("姓名").fill("王大国")
    page.get_by_label("手机号或电子邮箱").fill("13812345678")
    page.get_by_role("button", name="下一步").first.click()
    expect(page.get_by_role("alert")).to_contain_text("没有找到这位来宾")
    page.get_by_label("姓名").fill("王建国")
    page.get_by_role("button", name="下一步").first.click()
    page.get_by_label("随**").first.check()
    page.get_by_role("button", name="确认签到", exact=True).click()
    expect(page.locator(".result-yes .name")).to_have_text("王**")
    expect(page.get_by_text("一行 3 人，已到 2 人")).to_be_visible()
    assert arrived(live_server, event) == sorted([party[0].name, party[1].name])
    context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_guests_pages_are_accessible(phone, axe, live_server, event, party, language):
    with live_server.session() as session:
        screen = venue.renew(session, session.merge(event), by=make.BY, now=make.NOW)
    faults = {}

    def look(what):
        wide = phone.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        faults[what] = axe(phone) + ([f"{wide} px too wide"] if wide > 0 else [])

    def scan():
        phone.goto(f"/v/{event.slug}/{venue.code_at(screen, doors.now())}?lang={language}")

    phone.context.add_cookies([{"name": "lang", "value": language, "url": live_server.url}])
    scan()
    look("who")
    phone.locator("#contact").fill("1")
    phone.locator("main form button").first.tap()
    expect(phone.locator(".summary")).to_be_visible()
    look("refused")
    phone.goto(f"/t/{party[0].ticket_code}")
    scan()
    look("party")
    phone.locator("main form button").first.tap()
    expect(phone.locator(".stamp")).to_be_visible()
    look("done")
    assert faults == {"who": [], "refused": [], "party": [], "done": []}
