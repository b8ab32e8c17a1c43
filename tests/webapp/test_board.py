"""The live board: what it says, to whom, how seldom it asks the database, and how it is kept up to date."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import make
import pytest
from database import count_queries

from engage import arrivals, board
from engage.board import BoardNotFound
from engage.events import Event
from webapp import live
from webapp.beats import BEAT, Shared
from webapp.wiring import db


@pytest.fixture
def stands(monkeypatch):
    """The clock of the boards, at the begin of a beat."""
    at = [make.NOW]
    monkeypatch.setattr("webapp.live.clock", lambda: at[0])
    return at


def come(session, event, guest, at=make.NOW):
    arrivals.scan(session, session.get_one(Event, event.id), [arrivals.ScanRequest(id=str(uuid.uuid4()), code=guest.ticket_code, at=at)], by=make.BY, now=at)


@pytest.fixture
def hall(saved, stands):
    """An event with a public board, two guests and one of them here."""
    with saved() as session:
        event = make.event(session, title="平台开放日")
        code = board.renew(session, event, by=make.BY, now=make.NOW).code
        kind = make.category(session, name="测试企业", name_en="Tested firms")
        talk = make.activity(session, event, title="座谈交流")
        here = make.registration(session, event, name="张小三", category=kind, activity_ids=[talk.id]).leader
        make.registration(session, event, name="李四", category=kind)
        come(session, event, here)
    return event, code, kind, talk


def test_the_public_board_tells_numbers_and_surnames(client, hall):
    _event, code, kind, talk = hall
    page = client.get(f"/b/{code}")
    assert (page.status_code, "张**" in page.text, "张小三" in page.text, "李四" in page.text) == (200, True, False, False)
    assert re.findall(r'data-sum="(\w+)">(.*?)<', page.text) == [("arrived", "1"), ("expected", "2"), ("share", "50%")]
    answer = client.get(f"/b/{code}/figures")
    told = answer.get_json()
    assert told | {"pace": [step for step in told["pace"] if step[1]]} == {
        "expected": 2, "arrived": 1, "rows": {f"category-{kind.id}": [1, 2], f"activity-{talk.id}": [1, 1]},
        "pace": [["9:00", 1]], "last": [["张**", 0, "9:00"]],
    }
    assert (len(told["pace"]), len(answer.data) < 1000, answer.headers["Cache-Control"]) == (24, True, "no-store")
    assert [page.headers["X-Robots-Tag"], answer.headers["X-Robots-Tag"]] == ["noindex"] * 2


@pytest.mark.parametrize("role, name", [("admin", "张小三"), ("organiser", "张小三"), ("door", "张小三"), ("analyst", "张**"), ("viewer", "张**")])
def test_whole_names_are_for_those_who_may_read_them(signed_in, hall, role, name):
    event, _, kind, _ = hall
    staff = signed_in(role)
    page, told = staff.get(f"/desk/events/{event.slug}/board"), staff.get(f"/desk/events/{event.slug}/board/figures").get_json()
    assert (re.search(r'class="live-last">.*?<strong[^>]*>(.*?)<', page.text, re.DOTALL)[1], told["last"][0][0]) == (name, name)
    assert told["last"][0][1] == (kind.id if name == "张小三" else 0)


def test_a_guest_sees_no_board_of_the_desk(client, hall):
    assert [client.get(f"/desk/events/{hall[0].slug}/board{rest}").status_code for rest in ("", "/figures")] == [302] * 2


def test_names_leave_the_public_board_when_the_door_closes(client, hall, stands):
    stands[0] += timedelta(days=2)
    assert client.get(f"/b/{hall[1]}/figures").get_json()["last"] == []
    page = client.get(f"/b/{hall[1]}").text
    assert ("张**" in page, "不在签到时间内" in page) == (False, True)


def test_the_address_can_be_renewed_and_withdrawn(client, signed_in, saved, stands):
    with saved() as session:
        event = make.event(session)
    organiser = signed_in("organiser")
    addresses = []
    for path in ("", ""):
        page = organiser.post(f"/desk/events/{event.slug}/board{path}", follow_redirects=True)
        addresses.append(re.search(r"/b/[a-z2-7]{26}", page.text)[0])
        stands[0] += timedelta(seconds=BEAT)
    assert [client.get(f"{address}{rest}").status_code for address in addresses for rest in ("", "/figures")] == [404, 404, 200, 200]
    organiser.post(f"/desk/events/{event.slug}/board/withdraw")
    stands[0] += timedelta(seconds=BEAT)
    assert [client.get(f"{addresses[1]}{rest}").status_code for rest in ("", "/figures")] == [404] * 2
    for role in ("door", "viewer"):
        staff = signed_in(role)
        assert [staff.post(f"/desk/events/{event.slug}/board{rest}").status_code for rest in ("", "/withdraw")] == [403] * 2


def test_a_board_that_knows_the_figures_is_told_so_in_no_bytes(client, hall, saved, stands):
    event, code, *_ = hall
    first = client.get(f"/b/{code}/figures")
    again = client.get(f"/b/{code}/figures", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    with saved() as session:
        come(session, event, make.registration(session, session.get_one(Event, event.id)).leader)
    stands[0] += timedelta(seconds=BEAT)
    new = client.get(f"/b/{code}/figures", headers={"If-None-Match": first.headers["ETag"]})
    assert (new.status_code, new.get_json()["arrived"]) == (200, 2)


def test_a_board_is_told_when_there_can_be_something_new(client, hall, stands):
    told = []
    for _ in range(3):
        told.append(int(client.get(f"/b/{hall[1]}/figures").headers[live.NEXT]))
        stands[0] += timedelta(seconds=0.5)
    assert told == [1250, 750, 250]


def test_however_many_boards_ask_the_database_is_asked_once_a_beat(app, client, hall, saved, signed_in, stands):
    event, code, *_ = hall
    organiser = signed_in("organiser")

    def asked():
        with app.app_context(), count_queries(db.engine) as seen:
            for _ in range(30):
                client.get(f"/b/{code}/figures")
        return len(seen)

    counted = [asked(), asked()]
    stands[0] += timedelta(seconds=BEAT)
    counted.append(asked())
    with saved() as session:
        for _ in range(30):
            come(session, event, make.registration(session, session.get_one(Event, event.id)).leader)
    stands[0] += timedelta(seconds=BEAT)
    counted.append(asked())
    assert counted == [6, 0, 6, 6]
    with app.app_context(), count_queries(db.engine) as seen:
        organiser.get(f"/desk/events/{event.slug}/board/figures")
    assert len(seen) == 2  # who asks, and for which event


def test_the_page_of_the_desk_takes_as_many_queries_for_many_guests(app, hall, saved, signed_in, stands):
    event, *_ = hall
    organiser, counted = signed_in("organiser"), []
    for guests in (1, 30):
        with saved() as session:
            for _ in range(guests):
                come(session, event, make.registration(session, session.get_one(Event, event.id)).leader)
        stands[0] += timedelta(seconds=BEAT)
        with app.app_context(), count_queries(db.engine) as seen:
            organiser.get(f"/desk/events/{event.slug}/board")
        counted.append(len(seen))
    assert counted == [7, 7]


def test_without_javascript_the_boards_load_themselves_again(client, hall, signed_in):
    refresh = '<noscript><meta http-equiv="refresh" content="5"></noscript>'
    assert refresh in client.get(f"/b/{hall[1]}").text
    assert refresh in signed_in("viewer").get(f"/desk/events/{hall[0].slug}/board").text


def test_an_empty_board_says_so_and_an_english_one_is_in_english(client, saved, stands, hall):
    with saved() as session:
        code = board.renew(session, make.event(session), by=make.BY, now=make.NOW).code
    page = client.get(f"/b/{code}").text
    assert ["还没有人报名" in page, "还没有人到场" in page, 'data-sum="share">–<' in page] == [True] * 3
    assert ["Tested firms" in client.get(f"/b/{hall[1]}?lang=en").text, "测试企业" in client.get(f"/b/{hall[1]}").text] == [True] * 2


def test_a_value_is_made_by_one_thread_and_nobody_who_has_the_one_before_waits():
    shared, made, go = Shared(), [], threading.Event()

    def make_slowly(number):
        made.append(number)
        go.wait(10)
        return number

    go.set()
    assert shared.value("a", lambda: make_slowly(1), now=make.NOW) == (1, True)
    go.clear()
    later = make.NOW + timedelta(seconds=BEAT)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(shared.value, "a", lambda: make_slowly(2), now=later)
        while len(made) < 2:
            pass
        assert [shared.value("a", lambda: make_slowly(3), now=later) for _ in range(5)] == [(1, False)] * 5
        go.set()
        assert slow.result() == (2, True)
    assert (shared.value("a", lambda: make_slowly(4), now=later), made) == ((2, True), [1, 2])


def test_the_first_who_ask_wait_for_one_answer():
    shared, made, barrier = Shared(), [], threading.Barrier(8)

    def ask():
        barrier.wait(10)
        return shared.value("a", lambda: made.append(1) or len(made), now=make.NOW)

    with ThreadPoolExecutor(8) as pool:
        answers = [each.result() for each in [pool.submit(ask) for _ in range(8)]]
    assert (answers, made) == ([(1, True)] * 8, [1])


def test_a_failure_is_told_to_who_asked_and_leaves_nothing_behind():
    shared = Shared()

    def fail():
        raise BoardNotFound

    for _ in range(2):
        with pytest.raises(BoardNotFound):
            shared.value("a", fail, now=make.NOW)
    assert shared.value("a", lambda: 5, now=make.NOW) == (5, True)
    assert list(shared._kept) == ["a"]
    shared.value("b", lambda: 6, now=make.NOW + timedelta(hours=1))
    assert list(shared._kept) == ["b"]  # what nobody asks for is forgotten


