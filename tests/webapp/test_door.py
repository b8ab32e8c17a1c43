"""The door's page and its forms, without a browser."""

import itertools
import re
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import registrations
from engage.arrivals import Scan
from engage.audit import AuditEntry
from engage.parties import Attendee


@pytest.fixture
def opened(saved, monkeypatch):
    """An event that is running, with a party of three; the clock starts at its start."""
    with saved() as session:
        event = make.event(session, state="published")
        registration = make.registration(session, event, companions=2)
        guests = sorted(registration.attendees, key=lambda attendee: attendee.place)
        assert guests[0].category.name  # loaded while it can be
    seconds = itertools.count()
    monkeypatch.setattr("webapp.views.desk.door.clock", lambda: event.starts_at + timedelta(seconds=next(seconds)))
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


def test_the_same_form_sent_twice_is_one_scan(signed_in, opened, saved):
    event, guests = opened
    door, form = signed_in("door"), {"id": str(uuid.uuid4()), "code": guests[0].ticket_code}
    first, second = scanned(door, event, **form), scanned(door, event, **form)
    assert band(first) == band(second) == ("yes", "已入场", guests[0].name)
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count(Scan.id))) == 1


def test_every_refusal_is_red_with_its_word(signed_in, opened, saved, monkeypatch):
    event, guests = opened
    with saved() as session:
        other = make.registration(session, make.event(session, state="published")).leader
        gone = make.registration(session, session.merge(event), name="李取消")
        registrations.cancel(session, gone, by=make.BY, now=make.NOW)
    door = signed_in("door")
    shown = [band(scanned(door, event, code=code)) for code in ("nobody has this", gone.leader.ticket_code, other.ticket_code)]
    assert shown == [("no", "无效", ""), ("no", "已取消", "李取消"), ("no", "非本场", "")]
    monkeypatch.setattr("webapp.views.desk.door.clock", lambda: event.starts_at - timedelta(days=3))
    assert band(scanned(door, event, code=guests[0].ticket_code)) == ("no", "未开放", guests[0].name)
    assert arrived(saved) == 0


def test_a_link_with_a_code_admits_nobody_by_itself(signed_in, opened, saved):
    event, guests = opened
    door = signed_in("door")
    page = door.get(f"/desk/events/{event.slug}/door?code={guests[0].ticket_code}")
    assert (band(page), "确认签到" in page.text, arrived(saved)) == (("wait", "待确认", guests[0].name), True, 0)
    form = re.search(r'<div id="confirm">.*?</form>', page.text, re.DOTALL).group()
    answer = door.post(f"/desk/events/{event.slug}/door/scans", data=dict(re.findall(r'name="(id|code)" value="(.*?)"', form)))
    assert (band(door.get(answer.location)), arrived(saved)) == (("yes", "已入场", guests[0].name), 1)


def test_a_ticket_of_another_event_leads_to_its_own_door(signed_in, opened, saved):
    event, _ = opened
    with saved() as session:
        other = make.event(session, state="published", title="代理机构培训")
        code = make.registration(session, other).leader.ticket_code
    page = signed_in("door").get(f"/desk/events/{event.slug}/door?code={code}")
    assert (band(page), f"/desk/events/{other.slug}/door?code={code}" in page.text) == (("no", "非本场", ""), True)


def test_the_leader_brings_the_party_in_at_one_tap_and_one_tap_takes_it_back(signed_in, opened, saved):
    event, guests = opened
    door = signed_in("door")
    assert "同行全部入场（2 人）" in scanned(door, event, code=guests[0].ticket_code).text
    tap = {"id": str(uuid.uuid4()), "attendee": guests[0].id}
    for _ in range(2):  # the second is a repetition
        answer = door.post(f"/desk/events/{event.slug}/door/party", data=tap, follow_redirects=True)
        assert (band(answer)[:2], arrived(saved)) == (("yes", "已入场"), 3)
    page = door.get(f"/desk/events/{event.slug}/door").text
    assert "等 2 人" in page
    form = re.search(r'<form class="lastone".*?</form>', page, re.DOTALL).group()
    picked = re.findall(r'name="attendee" value="(\d+)"', form)
    assert sorted(map(int, picked)) == [guest.id for guest in guests[1:]]
    for _ in range(2):  # whoever has been taken back is passed over
        assert door.post(f"/desk/events/{event.slug}/door/undo", data={"attendee": picked}).status_code == 303
    with saved() as session:
        undone = session.scalars(sa.select(AuditEntry.subject).where(AuditEntry.action == "arrival.undo")).all()
    assert (arrived(saved), sorted(undone)) == (1, [f"attendee:{guest.id}" for guest in guests[1:]])


def test_a_guest_is_found_by_name_or_number_and_the_number_stays_masked(signed_in, opened, saved):
    event, guests = opened
    door = signed_in("door")
    for words in (guests[0].name, guests[0].phone[-6:]):
        page = door.get(f"/desk/events/{event.slug}/door?q={words}").text
        assert (guests[0].name in page, guests[0].phone in page) == (True, False)
    listed = door.get(f"/desk/events/{event.slug}/door/guests?q={guests[1].name}").text
    form = dict(re.findall(r'name="(id|attendee)" value="(.*?)"', listed))
    assert band(scanned(door, event, **form)) == ("yes", "已入场", guests[1].name)
    assert "没有找到" in door.get(f"/desk/events/{event.slug}/door/guests?q=没有这个人").text


def test_the_counts_are_by_category(signed_in, opened):
    event, guests = opened
    door = signed_in("door")
    scanned(door, event, code=guests[0].ticket_code)
    told = re.sub(r"<.*?>|\s", "", door.get(f"/desk/events/{event.slug}/door/counts").text)
    assert told == f"已到1／3人{guests[0].category.name}1／3"


@pytest.mark.parametrize("role,status", [("door", 200), ("organiser", 200), ("admin", 200), ("viewer", 403), ("analyst", 403)])
def test_only_those_who_admit_see_the_door(signed_in, opened, role, status):
    event, guests = opened
    browser = signed_in(role)
    assert browser.get(f"/desk/events/{event.slug}/door").status_code == status
    answer = browser.post(f"/desk/events/{event.slug}/door/scans", data={"id": str(uuid.uuid4()), "code": guests[0].ticket_code})
    assert answer.status_code == {200: 303, 403: 403}[status]


@pytest.mark.parametrize("path,fields,status", [
    ("scans", {"id": "7", "code": "x"}, 400), ("scans", {"code": "x"}, 400), ("scans", {"id": str(uuid.uuid4()), "attendee": "9" * 30}, 404),
    ("party", {"id": str(uuid.uuid4())}, 400), ("party", {"id": str(uuid.uuid4()), "attendee": "x"}, 404), ("undo", {"attendee": "x"}, 303),
])
def test_crafted_forms_are_refused(signed_in, opened, saved, path, fields, status):
    event, _ = opened
    assert signed_in("door").post(f"/desk/events/{event.slug}/door/{path}", data=fields).status_code == status
    assert arrived(saved) == 0


def test_the_page_asks_the_database_as_often_for_a_large_party(app, signed_in, opened, saved):
    event, guests = opened
    door = signed_in("door")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    with count_queries(engine) as few:
        door.get(f"/desk/events/{event.slug}/door?q={guests[0].phone[:3]}")
    with saved() as session:
        make.registration(session, session.merge(event), companions=3, name="刘大队")
    with count_queries(engine) as many:
        door.get(f"/desk/events/{event.slug}/door?q={guests[0].phone[:3]}")
    assert len(few) == len(many)


def test_without_a_script_people_go_into_a_room_and_out_until_it_is_full(signed_in, opened, saved):
    event, guests = opened
    with saved() as session:
        room = make.activity(session, session.merge(event), capacity=1)
        elsewhere = make.activity(session, make.event(session, state="published"))
    door = signed_in("door")
    entered = scanned(door, event, code=guests[0].ticket_code, room=room.id)
    assert band(entered) == ("yes", "已入场", guests[0].name)
    assert f'<option value="{room.id}" selected>{room.title}</option>' in entered.text
    assert "场内 1 人，最多 1 人" in entered.text
    assert band(scanned(door, event, attendee=guests[1].id, room=room.id)) == ("no", "已满员", guests[1].name)
    assert band(scanned(door, event, attendee=guests[0].id, room=room.id, way="out")) == ("yes", "已离场", guests[0].name)
    assert band(scanned(door, event, attendee=guests[1].id, room=room.id)) == ("yes", "已入场", guests[1].name)
    listed = door.get(f"/desk/events/{event.slug}/door", query_string={"room": room.id, "way": "out", "q": guests[1].name}).text
    assert f'aria-label="登记离场：{guests[1].name}"' in listed
    assert band(scanned(door, event, attendee=guests[2].id, room=elsewhere.id)) == ("yes", "已入场", guests[2].name)  # no room of this event: its own door
    with saved() as session:
        seen = session.execute(sa.select(Scan.activity_id, Scan.direction, Scan.result).order_by(Scan.received_at)).all()
    assert [tuple(map(str, row)) for row in seen] == [
        (str(room.id), "in", "admitted"), (str(room.id), "in", "over_capacity"), (str(room.id), "out", "left"),
        (str(room.id), "in", "admitted"), ("None", "in", "admitted"),
    ]
