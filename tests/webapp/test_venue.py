"""Checking in by the code on the hall's screen, without a browser."""

import re
import uuid
from datetime import timedelta
from http.cookies import SimpleCookie

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import registrations, venue
from engage.parties import Attendee
from engage.presence import Scan
from webapp import create_app
from webapp.settings import Settings
from webapp.wiring import db


@pytest.fixture
def stands(monkeypatch):
    """The clock of the screen and of the guests' pages; `stands[0] += …` moves it."""
    at = [make.NOW]
    for module in ("webapp.views.venue", "webapp.views.desk.venue"):
        monkeypatch.setattr(f"{module}.clock", lambda: at[0])
    return at


@pytest.fixture
def hall(saved, stands):
    """An event whose screen shows codes, and a party of three."""
    with saved() as session:
        event = make.event(session, title="平台开放日")
        venue.renew(session, event, by=make.BY, now=make.NOW)
        party = make.registration(session, event, companions=2, name="王小芳", phone="13812345678", email="wang@example.org")
        assert party.leader.category.name  # loaded while it can be
    return event, party




@pytest.fixture
def scanned(app, saved, stands):
    """`scanned(client, event)` follows the code that the screen shows now."""

    def scan(client, event, **headers):
        with saved() as session:
            code = venue.code_at(venue.of(session, session.merge(event)), stands[0])
        return client.get(f"/v/{event.slug}/{code}", follow_redirects=True, **headers)

    return scan


def form(page):
    """The hidden fields of the form that checks in, and the boxes that can be ticked."""
    inside = re.search(r'<form method="post" action="/v/[^"/]+">.*?</form>', page.text, re.DOTALL)
    assert inside, page.text
    (scan_id,) = re.findall(r'name="id" value="(.*?)"', inside[0])
    return scan_id, re.findall(r'name="with" value="(.*?)"', inside[0])


def arrived(saved, event):
    with saved() as session:
        here = sa.select(Attendee.name).where(Attendee.event_id == event.id, Attendee.arrived_at.is_not(None))
        return sorted(session.scalars(here.order_by(Attendee.id)))


def heading(page):
    return re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)[1]


def stamp(page):
    """Kind, word and name of the answer."""
    return re.search(r'class="result result-(\w+)">.*?class="word">(.*?)</p><p class="name">(.*?)</p>', page.text, re.DOTALL).groups()


def test_a_phone_that_opened_its_ticket_checks_in_at_one_tap(client, hall, scanned, saved):
    event, party = hall
    client.get(f"/t/{party.companions[0].ticket_code}")
    page = scanned(client, event)
    assert (heading(page), form(page)[1]) == ("为“随**”签到", [])
    answer = client.post(f"/v/{event.slug}", data={"id": form(page)[0]})
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert (stamp(page), arrived(saved, event)) == (("yes", "已签到", "随**"), [party.companions[0].name])


def test_a_leader_ticks_who_came_and_checks_in_the_rest_later(client, hall, scanned, saved):
    event, party = hall
    first, second = party.companions
    client.get(f"/t/{first.ticket_code}")
    client.get(f"/t/{party.leader.ticket_code}")
    client.get(f"/t/{second.ticket_code}")  # a leader opens the others' tickets too, to pass them on
    page = scanned(client, event)
    assert heading(page) == "为“王**”签到"
    scan_id, offered = form(page)
    assert offered == [str(first.id), str(second.id)]
    done = client.post(f"/v/{event.slug}", data={"id": scan_id, "with": [first.id]}, follow_redirects=True)
    assert (stamp(done), "一行 3 人，已到 2 人" in done.text) == (("yes", "已签到", "王**"), True)
    page = client.get(f"/v/{event.slug}")
    assert form(page)[1] == [str(second.id)]
    client.post(f"/v/{event.slug}", data={"id": form(page)[0], "all": "1"})
    assert len(arrived(saved, event)) == 3


def test_the_same_tap_twice_is_one(client, hall, scanned, saved):
    event, party = hall
    client.get(f"/t/{party.leader.ticket_code}")
    sent = {"id": form(scanned(client, event))[0]}
    pages = [client.post(f"/v/{event.slug}", data=sent, follow_redirects=True) for _ in range(2)]
    assert [stamp(page) for page in pages] == [("yes", "已签到", "王**")] * 2
    with saved() as session:
        assert session.execute(sa.select(Scan.by, Scan.device, Scan.result)).all() == [("guest", "venue", "admitted")]
    again = client.post(f"/v/{event.slug}", data={"id": str(uuid.uuid4())}, follow_redirects=True)
    assert (stamp(again), "无需重复" in again.text) == (("look", "已签到", "王**"), True)


@pytest.mark.parametrize("stated", [
    {"name": "王小芳", "contact": "138 1234 5678"}, {"name": "王小芳", "contact": "Wang@example.org"}, {"code": "ticket"}, {"code": "link"},
])
def test_a_guest_without_a_ticket_on_the_phone_says_who_they_are(client, hall, scanned, saved, stated):
    event, party = hall
    ticket = {"ticket": party.leader.ticket_code.upper(), "link": f"https://example.org/t/{party.leader.ticket_code}"}
    page = scanned(client, event)
    assert (heading(page), party.leader.name in page.text) == ("来宾签到", False)
    found = client.post(f"/v/{event.slug}/who", data={**stated, **{key: ticket[value] for key, value in stated.items() if key == "code"}},
                        follow_redirects=True)
    assert (heading(found), arrived(saved, event)) == ("为“王**”签到", [])
    client.post(f"/v/{event.slug}", data={"id": form(found)[0]})
    assert arrived(saved, event) == ["王小芳"]
    for secret in (party.leader.ticket_code, party.leader.name, party.leader.phone, party.companions[0].name, party.companions[0].ticket_code):
        assert secret not in found.text


def test_nobody_learns_who_is_registered(client, hall, scanned, saved):
    event, _party = hall
    scanned(client, event)
    wrong = [{"name": "王大芳", "contact": "13812345678"}, {"name": "王小芳", "contact": "13900000000"}, {"name": "王小芳", "contact": "x@example.org"}]
    answers = [client.post(f"/v/{event.slug}/who", data=stated) for stated in wrong]
    told = [re.search(r'<div class="summary".*?</div>', answer.text, re.DOTALL)[0] for answer in answers]
    assert ([answer.status_code for answer in answers], len(set(told)), "没有找到这位来宾" in told[0]) == ([422] * 3, 1, True)
    assert [{cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("venue")} for answer in answers] == [set()] * 3
    assert 'value="13812345678"' in answers[0].text  # what was typed is kept
    unreadable = client.post(f"/v/{event.slug}/who", data={"name": "王小芳", "contact": "1381234"})
    assert (unreadable.status_code, "手机号应为 11 位数字" in unreadable.text) == (422, True)
    code = client.post(f"/v/{event.slug}/who", data={"code": "nonsense"})
    assert (code.status_code, "没有找到这位来宾" in code.text, '<details class="more" open' in code.text) == (422, True, True)


def test_who_guesses_is_stopped_and_the_hall_behind_the_same_address_is_not(tmp_path, initialised, stands):
    settings = Settings(instance=tmp_path, secret_key="only for tests")
    app = create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        db.create_all()
        event = make.event(db.session())
        screen = venue.renew(db.session(), event, by=make.BY, now=make.NOW)
        guests = [make.registration(db.session(), event).leader for _ in range(40)]
        slug, code, known = event.slug, venue.code_at(screen, make.NOW), [(each.name, each.phone) for each in guests]
        db.session.commit()
    guesser = app.test_client()
    guesser.get(f"/v/{slug}/{code}")
    right = [guesser.post(f"/v/{slug}/who", data={"name": name, "contact": phone}).status_code for name, phone in known]
    assert right == [303] * 40
    wrong = [guesser.post(f"/v/{slug}/who", data={"name": "某某", "contact": phone}).status_code for _, phone in known[:32]]
    assert wrong == [422] * 30 + [429] * 2
    assert guesser.post(f"/v/{slug}/who", data={"name": known[0][0], "contact": known[0][1]}).status_code == 429
    with app.app_context():
        db.engine.dispose()


def test_the_code_is_good_for_a_minute_at_most_and_the_visit_for_five(client, hall, saved, stands, scanned):
    event, party = hall
    with saved() as session:
        code = venue.code_at(venue.of(session, session.merge(event)), stands[0])
    for seconds, status in ((30, 303), (59, 303), (60, 403), (3600, 403), (-1, 403)):
        stands[0] = make.NOW + timedelta(seconds=seconds)
        answer = client.application.test_client().get(f"/v/{event.slug}/{code}")
        assert (seconds, answer.status_code, "再扫一次" in answer.text) == (seconds, status, status == 403)
    stands[0] = make.NOW
    client.get(f"/t/{party.leader.ticket_code}")
    page = scanned(client, event)
    stands[0] += timedelta(minutes=4)
    assert client.get(f"/v/{event.slug}/{code}").status_code == 303  # the link of a moment ago, opened once more
    stands[0] += timedelta(minutes=1)
    late = client.post(f"/v/{event.slug}", data={"id": form(page)[0]})
    assert (late.status_code, "再扫一次" in late.text, arrived(saved, event)) == (403, True, [])


def test_a_visit_stays_on_its_phone_and_at_its_event(client, hall, saved, scanned):
    event, party = hall
    scanned(client, event)
    stranger = client.application.test_client()
    stranger.get(f"/t/{party.leader.ticket_code}")
    refused = [stranger.get(f"/v/{event.slug}"), stranger.post(f"/v/{event.slug}", data={"id": str(uuid.uuid4())}),
               stranger.post(f"/v/{event.slug}/who", data={"name": "王小芳", "contact": "13812345678"})]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert arrived(saved, event) == []
    with saved() as session:
        other = make.event(session)
        venue.renew(session, other, by=make.BY, now=make.NOW)
    assert client.get(f"/v/{other.slug}").status_code == 403


def test_both_cookies_are_for_the_server_only_and_changing_them_helps_nobody(client, hall, scanned):
    event, party = hall
    opened = client.get(f"/t/{party.leader.ticket_code}")
    page = scanned(client, event)
    cookies = SimpleCookie()
    for header in [*opened.headers.getlist("Set-Cookie"), *page.history[0].headers.getlist("Set-Cookie")]:
        cookies.load(header)
    kept = {name: (each["httponly"], each["samesite"], each["path"], each["max-age"]) for name, each in cookies.items() if name != "engage"}
    assert kept == {"tickets": (True, "Lax", "/", "5184000"), "venue": (True, "Lax", f"/v/{event.slug}", "300")}
    client.set_cookie("tickets", party.leader.ticket_code)
    assert heading(client.get(f"/v/{event.slug}")) == "来宾签到"


def test_staff_who_look_at_a_ticket_do_not_become_the_guest(signed_in, hall, scanned):
    event, party = hall
    door = signed_in("door")
    door.get(f"/t/{party.leader.ticket_code}")
    assert heading(scanned(door, event)) == "来宾签到"


def test_another_guest_may_use_the_phone(client, hall, scanned, saved):
    event, party = hall
    with saved() as session:
        other = make.registration(session, session.merge(event), name="李四", phone="13700000001").leader
    client.get(f"/t/{party.leader.ticket_code}")
    scanned(client, event)
    page = client.get(f"/v/{event.slug}?who=other")
    assert heading(page) == "来宾签到"
    page = client.post(f"/v/{event.slug}/who", data={"name": "李四", "contact": "13700000001"}, follow_redirects=True)
    client.post(f"/v/{event.slug}", data={"id": form(page)[0]})
    assert arrived(saved, event) == [other.name]


def test_what_the_door_refuses_is_refused_here_in_words(client, hall, scanned, saved, stands):
    event, party = hall
    with saved() as session:
        registrations.cancel(session, session.merge(party), by="guest", now=make.NOW)
        late = make.registration(session, session.merge(event), name="赵六").leader
    client.get(f"/t/{party.leader.ticket_code}")
    cancelled = client.post(f"/v/{event.slug}", data={"id": form(scanned(client, event))[0]}, follow_redirects=True)
    assert (stamp(cancelled), "已经取消" in cancelled.text) == (("no", "已取消", "王**"), True)
    stands[0] += timedelta(days=2)
    other = client.application.test_client()
    other.get(f"/t/{late.ticket_code}")
    closed = other.post(f"/v/{event.slug}", data={"id": form(scanned(other, event))[0]}, follow_redirects=True)
    assert (stamp(closed), "不在签到时间内" in closed.text) == (("no", "未开放", "赵*"), True)
    assert arrived(saved, event) == []


def test_without_a_screen_there_is_nothing_to_scan(client, saved, hall):
    with saved() as session:
        event = make.event(session)
    assert [client.get(f"/v/{event.slug}{rest}").status_code for rest in ("", "/abc", f"/scans/{uuid.uuid4()}")] == [404] * 3
    assert client.get(f"/v/{hall[0].slug}/scans/{uuid.uuid4()}").status_code == 404
    assert client.get("/v/nothing/abc").status_code == 404


def test_the_screen_is_begun_by_hand_and_shows_no_personal_data(signed_in, saved, stands):
    with saved() as session:
        event = make.event(session)
        guest = make.registration(session, event).leader
    door = signed_in("door")
    assert "还没有开启扫码签到" in door.get(f"/desk/events/{event.slug}/venue").text
    assert door.get(f"/desk/events/{event.slug}/venue/code").status_code == 404
    page = door.post(f"/desk/events/{event.slug}/venue", follow_redirects=True)
    assert ("<svg" in page.text, guest.name in page.text) == (True, False)
    stands[0] += timedelta(seconds=12)
    now = door.get(f"/desk/events/{event.slug}/venue/code").get_json()
    stands[0] += timedelta(seconds=18)
    later = door.get(f"/desk/events/{event.slug}/venue/code").get_json()
    assert (now["seconds"], later["seconds"], now["qr"] == later["qr"]) == (18, 30, False)


def test_without_javascript_the_screen_loads_itself_again_when_the_code_changes(signed_in, hall, stands):
    stands[0] += timedelta(seconds=12.5)
    page = signed_in("door").get(f"/desk/events/{hall[0].slug}/venue")
    assert '<noscript><meta http-equiv="refresh" content="19"></noscript>' in page.text


@pytest.mark.parametrize("role, status", [("admin", 200), ("organiser", 200), ("door", 200), ("analyst", 403), ("viewer", 403)])
def test_only_who_may_check_in_has_the_screen(signed_in, hall, role, status):
    staff = signed_in(role)
    assert [staff.get(f"/desk/events/{hall[0].slug}/venue{rest}").status_code for rest in ("", "/code")] == [status] * 2
    assert staff.post(f"/desk/events/{hall[0].slug}/venue").status_code == (303 if status == 200 else 403)


@pytest.mark.parametrize("companions", [0, 3])
def test_a_page_takes_as_many_queries_for_a_party_as_for_one(app, client, saved, scanned, stands, companions):
    with saved() as session:
        event = make.event(session)
        venue.renew(session, event, by=make.BY, now=make.NOW)
        code = make.registration(session, event, companions=companions).leader.ticket_code
    client.get(f"/t/{code}")
    page = scanned(client, event)
    with app.app_context(), count_queries(db.engine) as seen:
        client.get(f"/v/{event.slug}")
    with app.app_context(), count_queries(db.engine) as sent:
        client.post(f"/v/{event.slug}", data={"id": form(page)[0], "all": "1"})
    assert (len(seen), len(sent)) == (6, 10)
