"""The door without a network: a phone that was opened once scans, undoes and registers, is killed and started again, and loses nothing."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import doors
import make
import pytest
import sqlalchemy as sa
from doors import at_the_door, says, waiting, wedge
from playwright.sync_api import Page, expect

from engage import registrations
from engage.doubts import Doubt
from engage.parties import Attendee
from engage.presence import Scan

pytestmark = pytest.mark.browser


@pytest.fixture
def event(live_server):
    return doors.running(live_server, walk_ins=True)


@pytest.fixture
def guests(live_server, event):
    """`guests(n)` are n registered guests of one category."""

    def made(count: int, **changes: Any) -> list[Attendee]:
        with live_server.session() as session:
            to, category = session.merge(event), make.category(session)
            return [make.registration(session, to, category=category, **changes).leader for _ in range(count)]

    return made


def burst(page: Page, codes: list[str]) -> None:
    """Many scans as quick as can be, by the scanner's own clock: a busy machine tears none of them apart."""
    page.evaluate("""codes => {
        let timeStamp = performance.now();
        for (const code of codes) for (const key of [...code, "Enter"])
            document.dispatchEvent(Object.defineProperty(new KeyboardEvent("keydown", { key }), "timeStamp", { value: ++timeStamp }));
    }""", codes)


def arrived(live_server: Any, event: Any) -> list[str]:
    with live_server.session() as session:
        here = sa.select(Attendee.name).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
        return sorted(session.scalars(here))


def test_a_phone_without_a_network_scans_is_killed_and_loses_nothing(phones, live_server, event, guests):
    leader, *others = guests(201)
    phone = phones("a", sees=f"{live_server.url}/t/{leader.ticket_code}")
    page = at_the_door(phone.start(), event)
    says(page, "yes", "已入场", leader.name)  # by camera
    waiting(page, 0)
    phone.line.cut()
    expect(page.locator("#state")).to_have_attribute("data-network", "offline")
    burst(page, [guest.ticket_code for guest in others])
    waiting(page, 200)
    says(page, "yes", "已入场", others[-1].name)
    page.get_by_role("button", name=f"撤销入场：{others[-1].name}").tap()
    says(page, "wait", "已撤销", others[-1].name)
    page.get_by_role("button", name="现场登记").tap()
    page.locator("#walk-in-name").fill("路过者")
    page.locator("#walk-in-organisation").fill("丰和建设公司")
    page.get_by_label("来宾已知悉").check()
    page.get_by_role("button", name="登记并入场").tap()
    says(page, "yes", "已入场", "路过者")
    waiting(page, 202)
    phone.kill()

    page = phone.start()
    page.goto(f"/desk/events/{event.slug}/door")
    expect(page.locator("#state")).to_have_attribute("data-network", "offline")
    says(page, "look", "已签到", leader.name)  # the guest still stands before the lens, and this phone knows
    waiting(page, 203)
    expect(page.locator(".counts")).to_contain_text("已到 201／202 人")
    phone.line.mend()
    waiting(page, 0)
    expect(page.locator("#state")).to_have_attribute("data-network", "online")
    assert arrived(live_server, event) == sorted([leader.name, *(guest.name for guest in others[:-1]), "路过者"])
    with live_server.session() as session:
        here = session.execute(sa.select(Scan.attendee_id, Scan.at).where(Scan.event_id == event.id).order_by(Scan.at)).all()
        assert [attendee for attendee, _ in here[:201]] == [guest.id for guest in (leader, *others)]
        assert len(here) == 203  # the walk-in's, and the leader's second one
        assert session.scalar(sa.select(sa.func.count(Doubt.id)).where(Doubt.event_id == event.id)) == 0


def test_two_phones_without_a_network_admit_a_guest_once_and_the_first_by_time_counts(phones, live_server, event, guests):
    both, only_one, only_other = guests(3)
    one, other = phones("one"), phones("other")
    first, second = at_the_door(one.start(), event), at_the_door(other.start(), event)
    one.line.cut()
    other.line.cut()
    wedge(first, both.ticket_code)
    wedge(first, only_one.ticket_code)
    waiting(first, 2)
    wedge(second, both.ticket_code)
    wedge(second, only_other.ticket_code)
    says(second, "yes", "已入场", only_other.name)
    waiting(second, 2)
    other.line.mend()  # whoever comes later is heard first
    waiting(second, 0)
    one.line.mend()
    waiting(first, 0)
    assert arrived(live_server, event) == sorted(guest.name for guest in (both, only_one, only_other))
    with live_server.session() as session:
        scans = session.execute(sa.select(Scan.stands, Scan.at).where(Scan.attendee_id == both.id).order_by(Scan.at)).all()
        assert [stands for stands, _ in scans] == ["admitted", "already"]
        assert session.get(Attendee, both.id).arrived_at == scans[0].at
        doubtful = sa.select(Doubt.kind, Scan.attendee_id).join(Scan, Scan.id == Doubt.scan_id).where(Doubt.event_id == event.id)
        assert session.execute(doubtful).all() == [("two_devices", both.id)]


def test_what_the_server_knows_better_is_shown(phones, live_server, event, guests):
    gone, *_ = guests(1)
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    with live_server.session() as session:
        registrations.cancel(session, session.get(Attendee, gone.id).registration, by=make.BY, now=doors.now())
    wedge(page, gone.ticket_code)
    says(page, "yes", "已入场", gone.name)
    wedge(page, "nobody-has-this-code")
    says(page, "no", "无效")
    phone.line.mend()
    expect(page.get_by_role("log")).to_contain_text(f"{gone.name}：本机为“已入场”，服务器为“已取消”")
    page.get_by_role("button", name="知道了").tap()
    expect(page.get_by_role("log")).to_be_empty()
    waiting(page, 0)
    assert arrived(live_server, event) == []


def test_a_guest_who_registered_a_moment_ago_is_asked_of_the_server(phones, event, guests):
    page = at_the_door(phones("a").start(), event)
    (late,) = guests(1)
    wedge(page, late.ticket_code)
    says(page, "yes", "已入场", late.name)


def test_a_party_comes_in_as_it_is_ticked_without_a_network(phones, live_server, event, guests):
    (leader,) = guests(1, companions=3, name="王建国")
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    wedge(page, leader.ticket_code)
    party = page.get_by_role("region", name="王建国一行 4 人，已到 1 人")
    boxes = party.get_by_role("checkbox")
    expect(boxes).to_have_count(4)
    boxes.nth(1).check()
    boxes.nth(3).check()
    party.get_by_role("button", name="2 人入场").tap()
    expect(page.get_by_role("button", name="撤销入场：")).to_be_enabled()
    phone.line.mend()
    waiting(page, 0)
    with live_server.session() as session:
        here = sa.select(Attendee.place).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None)).order_by(Attendee.place)
        assert session.scalars(here).all() == [0, 1, 3]


def test_a_guest_is_found_by_name_without_a_network(phones, live_server, event, guests):
    (guest,) = guests(1, name="欧阳明月")
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    page.get_by_role("button", name="查找").tap()
    page.locator("#q").fill("明月")
    page.get_by_role("button", name="签到：欧阳明月").tap()
    says(page, "yes", "已入场", "欧阳明月")
    expect(page.locator("#guests")).to_contain_text("到场")
    phone.line.mend()
    waiting(page, 0)
    assert arrived(live_server, event) == [guest.name]


def test_a_wedge_scanner_is_heard_wherever_the_focus_is_but_not_in_a_search(phones, event, guests):
    one, other = guests(2)
    page = at_the_door(phones("a").start(), event)
    page.locator("#mute").focus()
    wedge(page, one.ticket_code)
    says(page, "yes", "已入场", one.name)
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")  # Enter did not press it
    page.get_by_role("button", name="查找").tap()
    page.locator("#q").focus()
    wedge(page, other.ticket_code)
    says(page, "wait", "请扫码")
    expect(page.locator("#q")).to_have_value(other.ticket_code)


def test_yes_look_and_no_sound_and_shake_differently_and_muted_shake_only(phones, event, guests):
    (guest,) = guests(1)
    page = phones("a").start()
    page.add_init_script("""
        const felt = window.felt = [], start = OscillatorNode.prototype.start;
        Navigator.prototype.vibrate = (pattern) => felt.push(pattern);
        OscillatorNode.prototype.start = function (...at) { felt.push(`${this.type} ${this.frequency.value}`); start.apply(this, at); };
        Object.defineProperty(AudioContext.prototype, "state", { value: "running" }); // a machine of tests has no loudspeaker
    """)
    at_the_door(page, event)
    felt = []
    for kind, word, code in [("yes", "已入场", guest.ticket_code), ("look", "已签到", guest.ticket_code), ("no", "无效", "no-ticket"),
                             ("look", "已签到", guest.ticket_code)]:
        wedge(page, code)
        says(page, kind, word, "" if kind == "no" else guest.name)
        felt.append(page.evaluate("felt.splice(0)"))
        if kind == "no":
            page.locator("#mute").tap()
    assert felt == [[[80], "sine 880"], [[80, 80, 80], "sine 520", "sine 520"], [[400], "square 180"], [[80, 80, 80]]]


def test_signing_out_takes_the_names_along_and_sends_what_waits(phones, live_server, event, guests):
    guest, *_ = guests(2)
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    wedge(page, guest.ticket_code)
    waiting(page, 1)
    page.goto("about:blank")
    phone.line.mend()
    page.goto("/desk/")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/desk/sign-in")
    assert arrived(live_server, event) == [guest.name]
    left = page.evaluate("""async () => {
        const open = indexedDB.open("engage-door");
        const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
        const all = (name) => new Promise((resolve) => { const asked = database.transaction(name).objectStore(name).getAll();
                                                         asked.onsuccess = () => resolve(asked.result); });
        return [await all("rosters"), await all("entries"), await caches.keys()];
    }""")
    assert left == [[], [], []]


def test_a_sign_in_that_has_ended_keeps_the_queue_until_the_next(phones, live_server, event, guests):
    guest, *_ = guests(1)
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    kept = page.context.cookies()
    page.context.clear_cookies()
    wedge(page, guest.ticket_code)
    says(page, "yes", "已入场", guest.name)
    expect(page.get_by_role("log")).to_contain_text("登录已过期")
    expect(page.get_by_role("link", name="重新登录")).to_be_visible()
    waiting(page, 1)
    page.context.add_cookies(kept)
    page.reload()
    waiting(page, 0)
    assert arrived(live_server, event) == [guest.name]


def test_a_browser_that_keeps_nothing_says_so_and_still_admits(phones, live_server, event, guests):
    guest, *_ = guests(1)
    page = phones("a").start()
    page.add_init_script("indexedDB.open = () => { throw new DOMException('private', 'SecurityError'); }")
    page.goto(f"/desk/events/{event.slug}/door")
    expect(page.get_by_role("log")).to_contain_text("浏览器不允许保存数据")
    wedge(page, guest.ticket_code)
    says(page, "yes", "已入场", guest.name)
    waiting(page, 0)
    assert arrived(live_server, event) == [guest.name]


def test_out_and_in_again(phones, live_server, event, guests):
    guest, *_ = guests(1)
    page = at_the_door(phones("a").start(), event)
    wedge(page, guest.ticket_code)
    says(page, "yes", "已入场", guest.name)
    page.get_by_role("button", name="登记离场").tap()
    wedge(page, guest.ticket_code)
    says(page, "yes", "已离场", guest.name)
    page.get_by_role("button", name="登记离场").tap()
    wedge(page, guest.ticket_code)
    says(page, "yes", "已入场", guest.name)
    waiting(page, 0)
    with live_server.session() as session:
        scans = sa.select(Scan.result).where(Scan.attendee_id == guest.id).order_by(Scan.at)
        assert session.scalars(scans).all() == ["admitted", "left", "admitted"]


def test_the_door_can_be_installed(phones, event):
    page = at_the_door(phones("a").start(), event)
    errors = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
    manifest = page.request.get(page.locator("link[rel=manifest]").get_attribute("href")).json()
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("签到扫码", "/desk/scanner", "/desk/")
    assert [page.request.get(icon["src"]).status for icon in manifest["icons"]] == [200] * len(manifest["icons"])


def test_the_first_page_of_the_app_opens_without_a_network_and_so_does_what_leads_nowhere(phones, live_server, event):
    for _ in range(30):  # before it in the list: whatever runs besides, no door is left out
        doors.running(live_server, starts_at=event.starts_at - timedelta(minutes=1))
    phone = phones("a")
    page = at_the_door(phone.start(), event)
    phone.line.cut()
    page.goto("/desk/scanner")
    expect(page.locator(f"[data-slug={event.slug}]")).to_contain_text("离线可用")
    page.goto("/desk/people")
    assert page.url.endswith("/desk/scanner")
    page.locator(f"[data-slug={event.slug}]").tap()
    expect(page.locator("#state")).to_have_attribute("data-network", "offline")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_of_the_door_is_accessible(phones, axe, live_server, event, guests, language):
    (leader,) = guests(1, companions=2)
    guest, gone = guests(2)
    phone = phones("a")
    page = phone.start()
    page.context.add_cookies([{"name": "lang", "value": language, "url": phone.line.url}])
    at_the_door(page, event)
    with live_server.session() as session:
        registrations.cancel(session, session.get(Attendee, gone.id).registration, by=make.BY, now=doors.now())
    faults = {"waiting": axe(page)}
    for state, code in [("yes", guest.ticket_code), ("look", guest.ticket_code), ("no", "nobody-has-this-code"), ("party", leader.ticket_code)]:
        wedge(page, code)
        expect(page.locator(".band .result:not(.result-wait)")).to_be_visible()
        faults[state] = axe(page)
    page.locator("#close-party").tap()
    page.locator("#open-find").tap()
    page.locator("#q").fill("来宾")
    faults["found"] = axe(page)
    page.locator("#open-walk-in").tap()
    faults["walk-in"] = axe(page)
    page.locator("#open-walk-in").tap()
    phone.line.cut()
    wedge(page, gone.ticket_code)
    waiting(page, 1)
    faults["offline"] = axe(page)
    phone.line.mend()
    expect(page.get_by_role("log").get_by_role("button")).to_be_visible()
    faults["differs"] = axe(page)
    page.goto("/desk/scanner")
    faults["first page"] = axe(page)
    assert faults == {state: [] for state in faults}
    small = "[...document.querySelectorAll('button, a, input, select')].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 48 && !e.closest('.choice, .skip')).map(e => e.outerHTML)"
    assert page.evaluate(small) == []


def test_the_scripts_of_one_version_come_from_one_address(phones, event):
    page = at_the_door(phones("a").start(), event)
    loaded = page.evaluate("performance.getEntriesByType('resource').map(e => new URL(e.name).pathname).filter(p => p.endsWith('.js') && p.includes('/scanner/files/'))")
    assert len({Path(path).parent for path in loaded}) == 1
    facts = json.loads(page.locator("#facts").text_content() or "")
    assert set(loaded) <= set(facts["files"])
