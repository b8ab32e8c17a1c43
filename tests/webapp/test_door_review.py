"""The desk's pages beside the door: what to look at after a dead network, walk-ins, stand-ins, and attendance by activity."""

import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import arrivals, undos, walk_ins
from engage.arrivals import ScanRequest
from engage.audit import AuditEntry
from engage.doubts import Doubt
from engage.events import Event
from engage.fields import Answer
from engage.parties import Attendee
from engage.people import Category
from engage.presence import Result
from engage.walk_ins import WalkInRequest
from webapp.wiring import clock, db

IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard


@pytest.fixture
def event(saved):
    """An open day that is on now, with a room for one."""
    with saved() as session:
        now = clock()
        made = make.event(session, state="published", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=2),
                          registration_closes_at=now + timedelta(hours=1), walk_ins=True)
        make.activity(session, made, starts_at=None, ends_at=None, capacity=1)
        session.flush()
        return made


def guests(saved, event, number, **changes):
    with saved() as session:
        made = [make.registration(session, session.get(Event, event.id), **changes) for _ in range(number)]
        return [registration.leader for registration in made]


def told_admitted(saved, event, codes):
    """A device without a network let these in."""
    with saved() as session:
        requests = [ScanRequest(id=str(uuid.uuid4()), code=code, at=clock(), told=Result.ADMITTED, device="东门") for code in codes]
        arrivals.scan(session, session.get(Event, event.id), requests, by="device:东门", now=clock())


def test_a_doubt_is_listed_and_settled_with_its_reason(saved, signed_in, event):
    (guest,) = guests(saved, event, 1, name="王建国")
    told_admitted(saved, event, [guest.ticket_code, guest.ticket_code, "nobody-has-this"])
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/review"
    assert "待核对 2 条" in door.get(f"/desk/events/{event.slug}/door").text
    listed = door.get(page).text
    assert "同一凭证在两台设备上入场" in listed
    assert "没有这张入场凭证" in listed
    assert "王建国" not in door.get(f"{page}?kind=unknown").text
    assert "王建国" in door.get(f"{page}?q=建国").text
    with saved() as session:
        doubt = session.scalars(sa.select(Doubt).where(Doubt.kind == "two_devices")).one()
    refused = door.post(f"{page}/{doubt.id}", data={"settlement": "undo", "reason": ""})
    assert (refused.status_code, "请填写此项。" in refused.text) == (422, True)
    assert door.post(f"{page}/{doubt.id}", data={"settlement": "admit", "reason": "…"}).status_code == 422
    assert door.post(f"{page}/{doubt.id}", data={"settlement": "undo", "reason": "冒用"}).status_code == 302
    assert door.post(f"{page}/{doubt.id}", data={"settlement": "undo", "reason": "冒用"}).status_code == 422
    with saved() as session:
        assert session.get(Attendee, guest.id).arrived_at is None
        assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "door.settle")) == 1
    assert "冒用" in door.get(f"{page}?settled=1").text
    assert "已处理" in door.get(f"{page}/{doubt.id}").text
    assert door.get(f"{page}/99999").status_code == 404
    assert signed_in("viewer").get(page).status_code == 403


def test_the_lists_cost_the_same_for_one_as_for_thirty(saved, signed_in, event, app):
    with saved() as session:
        room = session.get(Event, event.id).activities[0]
        room.capacity, number = None, room.id
    people = guests(saved, event, 31)
    door = signed_in("door")

    def cost(path):
        with app.app_context(), count_queries(db.engine) as seen:
            assert door.get(path).status_code == 200
        return len(seen)

    def fill(some):
        codes = [guest.ticket_code for guest in some]
        told_admitted(saved, event, codes * 2)
        with saved() as session:
            requests = [ScanRequest(id=str(uuid.uuid4()), code=code, at=clock(), activity=number) for code in codes]
            arrivals.scan(session, session.get(Event, event.id), requests, by="device:东门", now=clock())

    pages = [f"/desk/events/{event.slug}{page}" for page in ("/door/review", "/attendance", f"/attendance/{number}")]
    fill(people[:1])
    for page in pages:
        door.get(page)
    one = [cost(page) for page in pages]
    fill(people[1:])
    assert [cost(page) for page in pages] == one


def test_a_walk_in_is_entered_at_the_desk(saved, signed_in, event):
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/walk-in"
    form = {"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "organisation": "", "phone": ""}
    refused = door.post(page, data=form)
    assert (refused.status_code, "请先征得本人同意。" in refused.text, 'value="赵六"' in refused.text) == (422, True, True)
    wrong = door.post(page, data=form | {"consent": "y", "phone": "7"})
    assert (wrong.status_code, "电话号码不可用" in wrong.text) == (422, True)
    for _ in range(2):  # sent twice
        assert door.post(page, data=form | {"consent": "y"}).status_code == 303
    with saved() as session:
        assert [each.name for each in session.scalars(sa.select(Attendee).where(Attendee.arrived_at.is_not(None)))] == ["赵六"]
        assert session.scalar(sa.select(sa.func.count(Doubt.id))) == 0  # refusals were seen at once
        session.get(Event, event.id).walk_ins = False
    assert "不接受现场登记" in door.get(page).text


def test_a_full_event_takes_a_walk_in_only_when_staff_say_so(saved, signed_in, event):
    guests(saved, event, 1)
    with saved() as session:
        session.get(Event, event.id).quota.seats = 1
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/walk-in"
    form = {"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "consent": "y"}
    full = door.post(page, data=form)
    assert (full.status_code, "活动名额已满" in full.text) == (422, True)
    assert door.post(page, data=form | {"beyond_seats": "y"}).status_code == 303


@pytest.fixture
def asks(saved, event):
    """The event requires of everybody a meal (f1), of enterprises a code (f3) and, for access, an identity number (f4); f2 may be left out."""
    with saved() as session:
        day, enterprise = session.get(Event, event.id), session.scalars(sa.select(Category).where(Category.code == "enterprise")).one()
        make.field(session, day, label="用餐", required=True)
        make.field(session, day, label="来源")
        make.field(session, day, label="信用代码", required=True, settings={"check": "uscc"}, category_ids=[enterprise.id])
        make.field(session, day, label="身份证号", required=True, settings={"check": "identity"}, category_ids=[enterprise.id])


def test_a_walk_in_is_asked_what_the_category_must_answer(saved, signed_in, event, asks):
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/walk-in"
    shown = door.get(page).text
    assert [label for label in ("用餐", "来源", "信用代码", "身份证号") if label in shown] == ["用餐", "信用代码", "身份证号"]
    assert ("已征得本人单独同意，为上述用途处理“身份证号”这项敏感个人信息。" in shown, "我单独同意" in shown) == (True, False)
    form = {"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "consent": "y", "f1": "素食", "f4": IDENTITY}
    refused = door.post(page, data=form)
    assert (refused.status_code, 'href="#a-f3"' in refused.text, 'href="#a-f4"' in refused.text, 'value="素食"' in refused.text) == (422, True, True, True)
    with saved() as session:
        assert session.scalars(sa.select(Attendee)).all() == []
    whole = form | {"f3": "91350100M000100Y43", "f4.consent": "y"}
    assert door.post(page, data=whole).status_code == 303
    assert door.post(page, data=whole | {"f1": "改过的"}).status_code == 303  # sent again after going back: nothing changes
    with saved() as session:
        kept = [(answer.sealed, "" if answer.sealed else answer.value) for answer in session.scalars(sa.select(Answer).order_by(Answer.field_id))]
        assert kept == [(False, "素食"), (False, "91350100M000100Y43"), (True, "")]
        assert session.scalar(sa.select(sa.func.count(Attendee.arrived_at))) == 1
    assert door.post(page, data={"id": str(uuid.uuid4()), "name": "孙七", "category": "public", "consent": "y", "f1": "普通"}).status_code == 303


def test_what_a_walk_in_could_not_answer_is_completed_later(saved, signed_in, event, asks):
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/walk-in"
    form = {"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "consent": "y", "f1": "素食", "later": "y"}
    assert door.post(page, data=form | {"f3": "123"}).status_code == 422  # what is wrong stays wrong
    assert door.post(page, data=form).status_code == 303
    with saved() as session:  # from a scanner without a network, which asks nothing more
        known = session.get(Event, event.id)
        entered = WalkInRequest(id=str(uuid.uuid4()), name="孙七", category="public", at=clock(), clock_at=clock())
        walk_ins.enter(session, known, [entered], by="device:东门", now=clock())
        first, second = session.scalars(sa.select(Attendee).order_by(Attendee.id))
        party = first.registration_id
    assert "有 2 人的报名表内容待补充。" in door.get(f"/desk/events/{event.slug}/door/review").text
    organiser = signed_in("organiser")
    listed = organiser.get(f"/desk/events/{event.slug}/registrations?missing=1").text
    assert [name for name in ("赵六", "孙七") if name in listed] == ["赵六", "孙七"]
    answered = f"/desk/events/{event.slug}/registrations/{party}/answers"
    assert ("待补充" in organiser.get(answered).text, "信用代码、身份证号" in organiser.get(answered).text) == (True, True)
    one = f"{answered}/{first.id}"
    assert 'value="素食"' in organiser.get(one).text
    refused = organiser.post(one, data={"f1": "素食", "f3": "91350100M000100Y43", "f4": IDENTITY})
    assert (refused.status_code, 'href="#a-f4"' in refused.text) == (422, True)
    assert organiser.post(one, data={"f1": "素食", "f3": "91350100M000100Y43"}).status_code == 302
    assert "信用代码、身份证号" not in organiser.get(answered).text
    organiser.post(one, data={"f1": "素食", "f3": "91350100M000100Y43", "f4": IDENTITY, "f4.consent": "y"})
    assert ("待补充" in organiser.get(answered).text, "******" in organiser.get(answered).text) == (False, True)
    assert "有 1 人的报名表内容待补充。" in door.get(f"/desk/events/{event.slug}/door/review").text
    assert "赵六" not in organiser.get(f"/desk/events/{event.slug}/registrations?missing=1").text
    assert organiser.get(f"{answered}/{second.id}").status_code == 404
    assert door.get(one).status_code == 403
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "registration.answers").order_by(AuditEntry.id))
        assert [(entry.by.partition("-")[0], entry.detail) for entry in noted] == [
            ("user:door", {"fields": ["f1"]}), ("user:organiser", {"fields": ["f3"]}), ("user:organiser", {"fields": ["f4"]})]


def test_somebody_else_comes_with_the_ticket(saved, signed_in, event):
    (guest,) = guests(saved, event, 1, name="王建国")
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/stand-in/{guest.id}"
    assert door.post(page, data={"name": " "}).status_code == 422
    assert door.post(page, data={"name": "孙八"}).status_code == 303
    with saved() as session:
        changed = session.get(Attendee, guest.id)
        assert (changed.name, changed.phone, changed.ticket_code) == ("孙八", "", guest.ticket_code)
        assert session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "attendee.stand_in")).one().detail == {
            "registration": guest.registration_id}
    told_admitted(saved, event, [guest.ticket_code])
    late = door.post(page, data={"name": "周九"})
    assert (late.status_code, "已经到场，不能换人" in late.text) == (409, True)


def test_some_of_a_party_come_now_and_the_rest_later(saved, signed_in, event):
    with saved() as session:
        party = make.registration(session, session.get(Event, event.id), companions=2).attendees
        ids = [each.id for each in party]
    door, page = signed_in("door"), f"/desk/events/{event.slug}/door/party"
    form = {"id": str(uuid.uuid4()), "attendee": ids[0], "tick": "1"}
    assert door.post(page, data=form).status_code == 400
    assert door.post(page, data=form | {"coming": ids[:2]}).status_code == 302 or 303
    with saved() as session:
        assert [session.get(Attendee, each).arrived_at is not None for each in ids] == [True, True, False]


def test_attendance_of_an_activity_shows_minutes_and_masks_names(saved, signed_in, event):
    (guest,) = guests(saved, event, 1, name="王建国")
    with saved() as session:
        room = session.get(Event, event.id).activities[0]
        at = clock() - timedelta(minutes=50)
        requests = [ScanRequest(id=str(uuid.uuid4()), code=guest.ticket_code, at=at, activity=room.id),
                    ScanRequest(id=str(uuid.uuid4()), code=guest.ticket_code, at=at + timedelta(minutes=40), activity=room.id,
                                direction=arrivals.Direction.OUT)]
        arrivals.scan(session, session.get(Event, event.id), requests, by="device:东门", now=clock())
        page = f"/desk/events/{event.slug}/attendance/{room.id}"
    seen = signed_in("organiser").get(page).text
    assert "王建国" in seen
    assert ">40<" in seen
    masked = signed_in("viewer").get(f"{page}?q=王建国").text
    assert "王建国" not in masked.replace("q=", "").split("<main", 1)[1].split("<table", 1)[1]
    with saved() as session:
        undos.undo(session, session.get(Attendee, guest.id), by=make.BY, now=clock())
    assert "还没有人在这个环节签到" in signed_in("organiser").get(page).text
