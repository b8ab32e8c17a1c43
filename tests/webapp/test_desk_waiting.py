"""The organiser's waiting list: who waits, in which order, seats given by hand and kept back, and the minute's job."""

import re
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import events, registrations, waiting
from engage.events import Event
from engage.outbox import Message, Purpose
from engage.parties import Registration
from engage.waiting import line
from webapp import jobs, waiting_lines
from webapp.wiring import clock

START = make.NOW + timedelta(days=3650)  # the office's own clock is used here
LATER = {"starts_at": START, "ends_at": START + timedelta(hours=2), "registration_closes_at": START}
FORM = {
    "title": "开放日", "kind": "open_day", "visibility": "public", "place": "交易大厅", "starts_at": START.strftime("%Y-%m-%dT%H:%M"),
    "ends_at": (START + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"), "contact_phone": "0371-60000000",
}


@pytest.fixture
def organiser(signed_in):
    return signed_in("organiser")


@pytest.fixture
def event(saved):
    """One seat, taken; behind it wait 甲, 乙 with a companion, and 丙."""
    with saved() as session:
        made = make.event(session, slug="open", seats=1, **LATER)
        make.registration(session, made)
        made.quota.seats = made.quota.taken = 2  # when they came there was a seat more
        for name, companions in (("甲子", 0), ("乙丑", 1), ("丙寅", 0)):
            make.registration(session, made, name=name, companions=companions, wait=True, organisation=f"{name}公司")
        made.quota.seats = made.quota.taken = 1
        return made


def named(saved, event):
    """Those on the list in order, with their states."""
    with saved() as session:
        return [(party.leader.name, party.state.value) for party in session.scalars(line(event))]


def party_of(saved, name):
    with saved() as session:
        return session.scalars(sa.select(Registration).join(Registration.attendees).where(registrations.Attendee.name == name)).one()


def gate(saved, event):
    with saved() as session:
        quota = session.get(Event, event.id).quota
        return quota.seats, quota.taken, quota.held


def cells(page):
    """The rows of the table as texts."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    texts = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)[:7] for row in body.split("</tr>")[:-1]]
    return [[re.sub(r"<[^>]*>", "", text).strip() for text in row] for row in texts]


def test_the_page_shows_the_line_with_places_parties_and_states(organiser, saved, event):
    events_page = organiser.get("/desk/events/open").text
    assert "候补 3 组" in events_page
    rows = cells(organiser.get("/desk/events/open/waiting").text)
    assert [[row[0], row[1], row[3], row[4], row[6]] for row in rows] == [
        ["1", "甲子", "甲子公司", "1", "候补"], ["2", "乙丑", "乙丑公司", "2", "候补"], ["3", "丙寅", "丙寅公司", "1", "候补"]]
    found = cells(organiser.get("/desk/events/open/waiting?q=丙寅").text)
    assert [row[:2] for row in found] == [["3", "丙寅"]]
    assert "没有符合条件的候补" in organiser.get("/desk/events/open/waiting?q=没有").text


def test_who_may_not_see_people_sees_and_finds_no_names(signed_in, event):
    viewer = signed_in("viewer")
    page = viewer.get("/desk/events/open/waiting").text
    assert ("甲子</th>" in page, "甲*" in page, '<button class="btn btn-sm' in page, "留出名额" in page) == (False, True, False, False)
    assert cells(viewer.get("/desk/events/open/waiting?q=139").text) == []
    assert len(cells(viewer.get("/desk/events/open/waiting?q=丙寅公司").text)) == 1
    assert viewer.post("/desk/events/open/waiting/held").status_code == 403
    assert viewer.post("/desk/events/open/waiting/1/seat").status_code == 403


def test_staff_reorder_the_line_and_give_a_seat_that_was_held_back(organiser, saved, event):
    def act(name, what):
        answer = organiser.post(f"/desk/events/open/waiting/{party_of(saved, name).id}/{what}?q=x", follow_redirects=True)
        return re.findall(r'role="(?:status|alert)">.*?<p>(.*?)</p>', answer.text, re.DOTALL)

    assert act("丙寅", "first") == ["已将丙寅移到最前。"]
    assert act("丙寅", "down") == ["已将丙寅下移一位。"]
    assert act("乙丑", "up") == ["已将乙丑上移一位。"]
    assert [name for name, _ in named(saved, event)] == ["甲子", "乙丑", "丙寅"]
    assert act("丙寅", "seat") == ["活动名额不足，还剩 0 个。"]
    with saved() as session:
        fresh = session.get(Event, event.id)
        events.set_quotas(session, fresh, 2, {}, by=make.BY, now=clock())
        waiting.hold(session, fresh, {fresh.quota.id: 1}, by=make.BY, now=clock())
    assert act("丙寅", "seat") == ["已为丙寅安排名额，并发送入场凭证。"]
    assert (named(saved, event), gate(saved, event)) == ([("甲子", "waiting"), ("乙丑", "waiting")], (2, 2, 0))
    assert act("丙寅", "seat") == ["这个报名已不在候补名单中，请刷新页面后查看。"]
    assert organiser.post("/desk/events/open/waiting/999/seat").status_code == 404


def test_seats_kept_back_are_saved_and_those_no_longer_kept_go_to_the_line(organiser, saved, event):
    with saved() as session:
        key = session.get(Event, event.id).quota.id
        events.set_quotas(session, session.get(Event, event.id), 4, {}, by=make.BY, now=clock())
    refused = organiser.post("/desk/events/open/waiting/held", data={f"held-{key}": "4"})
    assert (refused.status_code, "这里最多可以留出 3 个名额" in refused.text) == (409, True)
    wrong = organiser.post("/desk/events/open/waiting/held", data={f"held-{key}": "-1"})
    assert (wrong.status_code, "请填写 0 或更大的整数" in wrong.text) == (422, True)
    assert organiser.post("/desk/events/open/waiting/held", data={f"held-{key}": "3"}).status_code == 302
    assert gate(saved, event) == (4, 1, 3)
    page = organiser.post("/desk/events/open/waiting/held", data={f"held-{key}": ""}, follow_redirects=True).text
    assert "有了空余名额，已通知候补的甲子、乙丑，共 2 组" in page
    assert named(saved, event) == [("甲子", "offered"), ("乙丑", "offered"), ("丙寅", "waiting")]
    assert "已通知，保留到" in page


def test_more_seats_for_the_event_go_to_the_line_at_once_and_who_got_them_is_said(organiser, saved, event):
    form = FORM | {"seats": "2", "waiting_list": "y", "confirm_hours": "0"}
    page = organiser.post("/desk/events/open/edit", data=form, follow_redirects=True).text
    assert "有了空余名额，候补的甲子，共 1 组，已获得名额" in page
    assert (gate(saved, event), len(named(saved, event))) == ((2, 2, 0), 2)


def test_more_seats_for_an_activity_go_to_the_line(organiser, saved):
    with saved() as session:
        made = make.event(session, slug="open", **LATER)
        hall = make.activity(session, made, title="大厅", seats=1)
        make.registration(session, made, activity_ids=[hall.id])
        make.registration(session, made, name="甲子", activity_ids=[hall.id], wait=True)
    page = organiser.post(f"/desk/events/open/activities/{hall.id}/edit", follow_redirects=True, data={
        "title": "大厅", "kind": "visit", "seats": "2", "starts_at": FORM["starts_at"], "ends_at": FORM["ends_at"]}).text
    assert "已通知候补的甲子，共 1 组" in page


def test_the_form_states_whether_people_may_wait_and_for_how_long(organiser, saved):
    def stated(**changes):
        organiser.post("/desk/events/new", data=FORM | {"slug": "new-one"} | changes)
        with saved() as session:
            made = events.by_slug(session, "new-one")
            session.delete(made)
            return made.waiting_list, made.confirm_hours

    assert stated(waiting_list="y", confirm_hours="6") == (True, 6)
    assert stated(confirm_hours="") == (False, 24)
    refused = organiser.post("/desk/events/new", data=FORM | {"slug": "new-one", "confirm_hours": "721"})
    assert (refused.status_code, "候补确认时限应为 0 至 720 小时。" in refused.text) == (422, True)


def test_the_registrations_know_who_waits_and_who_was_offered_a_seat(organiser, saved, event):
    with saved() as session:
        fresh = session.get(Event, event.id)
        events.set_quotas(session, fresh, 2, {}, by=make.BY, now=clock())
        waiting.promote(session, fresh, now=clock())
    page = organiser.get("/desk/events/open/registrations").text
    assert ("候补 2 组，待确认 1 组" in page, "/desk/events/open/waiting" in page) == (True, True)
    listed = [[row[0] for row in cells(organiser.get(f"/desk/events/open/registrations?state={state}").text)]
              for state in ("offered", "waiting")]
    assert (listed[0], [name for name in listed[1] if not name.startswith("随行")]) == (["甲子"], ["乙丑", "丙寅"])
    with organiser.get("/desk/events/open/attendees.csv") as answer:
        exported = answer.get_data(as_text=True)
    assert exported.count("候补") == 4


def test_a_party_is_taken_off_the_list_after_asking(organiser, saved, event):
    key = party_of(saved, "乙丑").id
    page = organiser.get(f"/desk/events/open/registrations/{key}/cancel").text
    assert ("将乙丑移出候补名单" in page, "名额释放" in page) == (True, False)
    answer = organiser.post(f"/desk/events/open/registrations/{key}/cancel", data={"reason": ""})
    assert answer.location == "/desk/events/open/waiting"
    assert (named(saved, event), gate(saved, event)) == ([("甲子", "waiting"), ("丙寅", "waiting")], (1, 1, 0))
    with saved() as session:  # it was not ticked
        assert session.scalars(sa.select(Message).where(Message.purpose == Purpose.REMOVED)).all() == []


def test_the_minutes_job_takes_offers_back_and_gives_what_is_free(app, saved, event):
    with saved() as session:
        fresh = session.get(Event, event.id)
        fresh.confirm_hours = 2
        events.set_quotas(session, fresh, 2, {}, by=make.BY, now=clock())
        waiting.promote(session, fresh, now=clock() - timedelta(hours=3))
    assert named(saved, event)[0] == ("甲子", "offered")
    with app.app_context():
        assert [waiting_lines.move_up() for _ in range(2)] == [1, 0]
    assert named(saved, event) == [("丙寅", "offered"), ("乙丑", "waiting")]
    with saved() as session:
        events.set_quotas(session, session.get(Event, event.id), 4, {}, by=make.BY, now=clock())
    with app.app_context():
        assert waiting_lines.move_up() == 0
    assert (named(saved, event), gate(saved, event)) == ([("乙丑", "offered"), ("丙寅", "offered")], (4, 4, 0))
    assert jobs.EVERY_MINUTE["move_waiting_lines"] is waiting_lines.move_up


def test_the_page_asks_as_often_for_thirty_parties_as_for_one(app, organiser, saved):
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    counted = []
    for many in (1, 30):
        with saved() as session:
            made = make.event(session, slug=f"line-{many}", seats=2, **LATER)
            make.registration(session, made, companions=1)
            for _ in range(many):
                make.registration(session, made, companions=1, wait=True)
        organiser.get(f"/desk/events/line-{many}/waiting")
        with count_queries(engine) as seen:
            assert organiser.get(f"/desk/events/line-{many}/waiting").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 16
