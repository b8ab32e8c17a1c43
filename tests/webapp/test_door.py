"""The door's page and its forms, without a browser."""

import re
import uuid

import make
import pytest
import sqlalchemy as sa

from engage.arrivals import Scan
from engage.audit import AuditEntry
from engage.registrations import Attendee
from webapp import wiring


@pytest.fixture
def opened(saved, monkeypatch):
    """An event that is running, with a party of three; the clock stands at its start."""
    with saved() as session:
        event = make.event(session, state="published")
        registration = make.registration(session, event, companions=2)
        guests = sorted(registration.attendees, key=lambda attendee: attendee.place)
        session.flush()
    monkeypatch.setattr("webapp.views.desk.door.clock", lambda: event.starts_at)
    return event, guests


def scanned(client, event, **fields):
    """The page that a form without JavaScript leads to."""
    answer = client.post(f"/desk/events/{event.slug}/door/scans", data={"id": str(uuid.uuid4()), **fields})
    assert answer.status_code == 303
    return client.get(answer.location)


def band(page):
    """Kind, word and name of the band."""
    found = re.search(r'class="result result-(\w+)">.*?class="word">(.*?)</p><p class="name">(.*?)</p>', page.text, re.DOTALL)
    return found.groups()


def arrived(saved):
    with saved() as session:
        return session.scalar(sa.select(sa.func.count(Attendee.arrived_at)))


def test_a_typed_ticket_is_admitted_and_twice_is_amber_with_the_first_time(signed_in, opened, saved):
    event, guests = opened
    door = signed_in("door")
    assert band(scanned(door, event, code=guests[0].ticket_code)) == ("yes", "已入场", guests[0].name)
    again = scanned(door, event, code=f"https://kfr.example.cn/t/{guests[0].ticket_code}")
    assert band(again) == ("look", "已签到", guests[0].name)
    assert "首次签到" in again.text
    assert arrived(saved) == 1
