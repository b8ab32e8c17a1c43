from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
import sqlalchemy as sa

from engage import afterwards, events, registrations
from engage.afterwards import Afterwards
from engage.events import Event
from engage.outbox import Message, Purpose
from webapp import aftermath, notices

ZONE = ZoneInfo("Asia/Shanghai")
PAGE = "/desk/events/past/afterwards"
EVENING = datetime(2026, 3, 18, 20, 0, tzinfo=ZONE)
MORNING = datetime(2026, 3, 19, 9, 1, tzinfo=ZONE)


@pytest.fixture
def past(saved):
    """Yesterday's event: 张三 came, 李四 did not, 王五 had cancelled, 赵六 cannot be reached."""
    with saved() as session:
        event = make.event(session, slug="past", title="开放日")
        came = make.registration(session, event, name="张三", email="zhang@example.org", companions=0)
        make.registration(session, event, name="李四", email="", phone="13800138002")
        cancelled = make.registration(session, event, name="王五", email="wang@example.org")
        make.registration(session, event, name="赵六", email="", phone="0371-60000001")
        registrations.cancel(session, cancelled, by="guest", now=make.NOW)
        came.leader.arrived_at = make.NOW
        events.attach(session, event, make.questionnaire(session), by=make.BY, now=make.NOW)
        return event.id


@pytest.fixture
def tick(saved, past):
    def ticked(**chosen):
        with saved() as session:
            afterwards.choose(session, session.get_one(Event, past), **{"thanks": True, "missed": True, **chosen}, by=make.BY, now=make.NOW)

    return ticked


@pytest.fixture
def job(app, monkeypatch):
    """`job(at)` is the periodic job at that time; answers how many it told."""

    def run(at):
        monkeypatch.setattr(aftermath, "clock", lambda: at)
        with app.app_context():
            return aftermath.tell_next_morning()

    return run


def told(saved):
    with saved() as session:
        return [tuple(row) for row in session.execute(sa.select(Message.name, Message.purpose).order_by(Message.id))]


def test_nothing_is_told_by_itself_unless_it_is_ticked(job, past, saved):
    assert (job(MORNING), told(saved)) == (0, [])


def test_the_next_morning_each_is_told_once(job, tick, saved):
    tick()
    assert (job(EVENING), job(MORNING.replace(hour=8)), told(saved)) == (0, 0, [])
    assert job(MORNING) == 2
    assert told(saved) == [("张三", Purpose.THANKS), ("李四", Purpose.MISSED)]
    assert (job(MORNING + timedelta(minutes=1)), job(MORNING + timedelta(days=1)), len(told(saved))) == (0, 0, 2)


@pytest.mark.parametrize("ticked, who", [({"missed": False}, ["张三"]), ({"thanks": False}, ["李四"]), ({"thanks": False, "missed": False}, [])])
def test_only_what_is_ticked_is_told(job, tick, saved, ticked, who):
    tick(**ticked)
    job(MORNING)
    assert [name for name, _ in told(saved)] == who


def test_a_cancelled_event_and_one_long_past_tell_nobody(job, tick, saved, past):
    tick()
    assert job(MORNING + timedelta(days=5)) == 0
    with saved() as session:
        events.cancel(session, session.get_one(Event, past), by=make.BY, now=make.NOW)
    assert (job(MORNING), told(saved)) == (0, [])


def test_where_nobody_was_checked_in_nobody_is_said_to_have_been_missed(job, tick, saved):
    tick()
    with saved() as session:
        session.execute(sa.update(registrations.Attendee).values(arrived_at=None))
    assert (job(MORNING), told(saved)) == (0, [])


def test_whoever_was_told_by_the_button_is_not_told_again(job, tick, saved, signed_in):
    tick()
    browser = signed_in("organiser")
    assert "将向 1 名报名但未到场的人员发送" in browser.get("/desk/events/past/tell/missed").text
    browser.post("/desk/events/past/tell/missed")
    browser.post("/desk/events/past/tell/missed")
    assert told(saved) == [("李四", Purpose.MISSED)]
    job(MORNING)
    assert told(saved) == [("李四", Purpose.MISSED), ("张三", Purpose.THANKS)]


def test_of_two_processes_one_tells(tick, saved, past):
    tick()
    with saved() as session:
        event = session.get_one(Event, past)
        first, second = (afterwards.claim(session, event, now=MORNING) for _ in range(2))
        assert (first.thanks, first.sent_at, second) == (True, MORNING, None)


def test_what_is_said_and_that_it_is_not_said_to_who_came_after_all(app, tick, job, saved):
    tick(thanks=False)
    job(MORNING)
    with saved() as session, app.app_context():
        (message,) = session.scalars(sa.select(Message))
        text = notices.texts(session, [message])[message.id]
        assert ("李四，您好：您报名了“开放日”，当天未能见到您" in text.body, text.link) == (True, "http://127.0.0.1:8000/")
        session.get_one(registrations.Attendee, message.attendee_id).arrived_at = make.NOW
        session.flush()
        assert notices.texts(session, [message]) == {}


def test_the_organiser_ticks_it_on_the_desk(signed_in, past, saved):
    browser = signed_in("organiser")
    assert PAGE in browser.get("/desk/events/past").text
    done = browser.post(PAGE, data={"missed": "y"}, follow_redirects=True)
    assert ("设置已保存" in done.text, "/tell/missed" in done.text, "/tell/thanks" in done.text) == (True, True, True)
    with saved() as session:
        chosen = session.get_one(Afterwards, past)
        assert (chosen.thanks, chosen.missed, chosen.sent_at) == (False, True, None)


def test_nobody_is_missed_before_the_end(signed_in, saved):
    browser = signed_in("organiser")
    with saved() as session:
        start = datetime.now(ZONE) - timedelta(minutes=5)  # noqa: TID251 -- the pages go by the real clock
        make.event(session, slug="on", starts_at=start, ends_at=start + timedelta(hours=2), registration_closes_at=None)
    page = browser.get("/desk/events/on/afterwards").text
    assert ("/tell/thanks" in page, "/tell/missed" in page, browser.get("/desk/events/on/tell/missed").status_code) == (True, False, 409)


@pytest.mark.parametrize("role", ["viewer", "analyst", "door"])
def test_only_those_who_invite_decide_it(signed_in, past, role):
    browser = signed_in(role)
    assert [browser.get(PAGE).status_code, browser.post(PAGE, data={"missed": "y"}).status_code] == [403, 403]
