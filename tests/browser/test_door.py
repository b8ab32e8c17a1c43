"""The door on a phone: what the camera sees, what is typed and searched, what happens without a network."""

import re
from datetime import UTC, datetime, timedelta

import make
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from engage import registrations
from engage.arrivals import Scan
from engage.audit import AuditEntry
from engage.registrations import Attendee
from engage.staff import Role

pytestmark = pytest.mark.browser

PASSWORD = "a long enough word"


@pytest.fixture
def doorkeeper(live_server):
    with live_server.session() as session:
        return make.user(session, Role.DOOR, password=PASSWORD).username


@pytest.fixture
def event(live_server):
    """An open day that is running now."""
    now = datetime.now(UTC)
    with live_server.session() as session:
        return make.event(session, starts_at=now - timedelta(minutes=5), ends_at=now + timedelta(hours=2), title="平台开放日",
                          registration_closes_at=now + timedelta(hours=1))


@pytest.fixture
def party(live_server, event):
    """A leader and two companions who are expected."""
    with live_server.session() as session:
        registration = make.registration(session, session.merge(event), companions=2, name="王建国", phone="13812345678")
        return list(registration.attendees)


def sign_in(page, name):
    page.goto("/desk/sign-in")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/desk/**")


def at_the_door(page, doorkeeper, event, query=""):
    sign_in(page, doorkeeper)
    page.goto(f"/desk/events/{event.slug}/door{query}")
    return page


def says(page, kind, word, name=""):
    """Wait for the band."""
    expect(page.locator(f".band .result-{kind} .word")).to_have_text(word)
    expect(page.locator(".band .name")).to_have_text(name)


def enter(page, code):
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")


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
    expect(page.locator(".counts")).to_contain_text("已到 1／3 人")
    assert arrived(live_server, event) == ["王建国"]
    expect(page.locator(".band .result-wait")).to_be_visible()  # the guest lingers before the lens: scanned once
    with live_server.session() as session:
        assert session.scalar(sa.select(sa.func.count(Scan.id)).where(Scan.event_id == event.id)) == 1
