"""Reminders, addresses that fail, and substitutes, as the organiser sees them."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import invitations, people
from engage.outbox import Channel, Message, Purpose, State

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    moment = [make.NOW]
    for module in ("desk.reminders", "desk.invitation", "desk.invitations", "desk.outbox", "substitutes", "registration"):
        monkeypatch.setattr(f"webapp.views.{module}.clock", lambda: moment[0])
    return moment


@pytest.fixture
def event(saved):
    """In a week, with two people invited whose messages have left."""
    with saved() as session:
        start = make.NOW + 7 * DAY
        made = make.event(session, slug="open", starts_at=start, ends_at=start + DAY, registration_closes_at=None)
        for name, email in (("甲", "jia@example.com"), ("乙", "")):
            make.invitation(session, made, name=name, email=email)
        invitations.send(session, made, by=make.BY, now=make.NOW)
        session.execute(sa.update(Message).values(state=State.SENT))
    return made


def invitation(saved, name):
    with saved() as session:
        return session.scalars(invitations.of_event(session.scalars(sa.select(invitations.Event)).one()).where(people.Invitee.name == name)).one()


def messages(saved, *wanted):
    with saved() as session:
        return [(m.name, m.channel, m.state) for m in session.scalars(sa.select(Message).where(*wanted).order_by(Message.id))]


def test_times_are_set_listed_and_taken_off(signed_in, event):
    browser = signed_in("organiser")
    assert "还没有设置提醒" in browser.get("/desk/events/open/reminders").text
    for days in ("3", "1"):
        assert browser.post("/desk/events/open/reminders", data={"anchor": "start", "days": days}).status_code == 302
    page = browser.get("/desk/events/open/reminders").text
    assert page.index("活动开始前 3 天") < page.index("活动开始前 1 天")
    for data, told in (({"anchor": "start", "days": "3"}, "已有相同的提醒"), ({"anchor": "start", "days": "7"}, "这个时间已过"),
                       ({"anchor": "start", "days": "x"}, "整数"), ({"anchor": "", "days": "1"}, "summary")):
        refused = browser.post("/desk/events/open/reminders", data=data)
        assert (refused.status_code, told in refused.text) == (422, True), data
    browser.post("/desk/events/open/reminders/1/delete")
    assert "活动开始前 3 天" not in browser.get("/desk/events/open/reminders").text
    assert browser.post("/desk/events/open/reminders/1/delete").status_code == 404


def test_reminding_now_tells_first_how_many(signed_in, saved, event, clock):
    browser = signed_in("organiser")
    assert "将提醒 2 人" in browser.get("/desk/events/open/reminders").text
    assert messages(saved, Message.purpose == Purpose.REMINDER) == []
    told = browser.post("/desk/events/open/reminders/now")
    assert told.location == "/desk/outbox?event=open&purpose=reminder"
    browser.post("/desk/events/open/reminders/now")
    assert messages(saved, Message.purpose == Purpose.REMINDER) == [("甲", Channel.EMAIL, State.QUEUED), ("乙", Channel.SMS, State.QUEUED)]
    assert "没有需要提醒的人员" in browser.get("/desk/events/open/reminders").text
    clock[0] += 8 * DAY
    assert browser.post("/desk/events/open/reminders/now").status_code == 409


def test_an_address_that_fails_shows_and_another_channel_is_one_click_away(signed_in, saved, event):
    with saved() as session:
        first = session.scalars(sa.select(Message).order_by(Message.id)).first()
        first.state, first.error = State.FAILED, "550 no such user"
    browser = signed_in("organiser")
    page = browser.get("/desk/events/open/invitations").text
    assert ("有 1 人的邀请被退回或拒收" in page, "未送达" in page) == (True, True)
    filtered = browser.get("/desk/events/open/invitations?state=bounced").text
    assert [f">{name}</a>" in filtered for name in ("甲", "乙")] == [True, False]
    one = invitation(saved, "甲")
    assert "改用短信发送" in browser.get(f"/desk/events/open/invitations/{one.id}").text
    assert browser.post(f"/desk/events/open/invitations/{one.id}/send", data={"channel": "sms"}).status_code == 302
    assert messages(saved, Message.invitation_id == one.id) == [("甲", Channel.EMAIL, State.FAILED), ("甲", Channel.SMS, State.QUEUED)]
    assert "没有符合条件的邀请" in browser.get("/desk/events/open/invitations?state=bounced").text


def test_a_channel_without_an_address_is_refused(signed_in, saved, event):
    refused = signed_in("organiser").post(f"/desk/events/open/invitations/{invitation(saved, '乙').id}/send", data={"channel": "email"})
    assert (refused.status_code, "没有这种联系方式" in refused.text) == (409, True)


def test_staff_mark_what_came_back(signed_in, saved, event):
    browser = signed_in("organiser")
    assert browser.post("/desk/outbox/1/bounced").status_code == 302
    assert messages(saved)[0][2] is State.FAILED
    assert "已被退回" in browser.get("/desk/outbox/1").text
    assert browser.post("/desk/outbox/1/bounced").status_code == 409
    assert "未送达" in browser.get("/desk/events/open/invitations?state=bounced").text


def test_whoever_declines_names_a_substitute_whom_the_organiser_invites(client, signed_in, saved, event):
    one = invitation(saved, "甲")
    assert client.get(f"/i/{one.token}/substitute").location == f"/i/{one.token}"
    client.post(f"/i/{one.token}/decline", data={"reason": "出差"})
    assert f"/i/{one.token}/substitute" in client.get(f"/i/{one.token}").text
    refused = client.post(f"/i/{one.token}/substitute", data={"name": "丙", "phone": "12"})
    assert ("手机号应为 11 位数字" in refused.text, 'value="丙"' in refused.text) == (True, True)
    assert client.post(f"/i/{one.token}/substitute", data={"name": "丙", "phone": "13800138003"}).location == f"/i/{one.token}"
    page = client.get(f"/i/{one.token}").text
    assert ("您推荐了 丙" in page, f"/i/{one.token}/substitute" in page) == (True, True)  # who was mistaken names another
    browser = signed_in("organiser")
    page = browser.get(f"/desk/events/open/invitations/{one.id}").text
    assert "推荐 丙 代为参加" in page
    made = browser.post(f"/desk/events/open/invitations/{one.id}/substitute")
    assert "由 甲 推荐代为参加" in browser.get(made.location).text
    assert browser.post(f"/desk/events/open/invitations/{one.id}/substitute").status_code == 409
    assert messages(saved, Message.name == "丙") == [("丙", Channel.SMS, State.QUEUED)]
    assert "已经收到邀请，不能再更改" in client.post(f"/i/{one.token}/substitute", data={"name": "丁", "phone": "13800138004"}).text


@pytest.mark.parametrize("role", ["viewer", "analyst", "door"])
def test_only_those_who_invite_remind(signed_in, event, role):
    browser = signed_in(role)
    assert [browser.get("/desk/events/open/reminders").status_code, browser.post("/desk/events/open/reminders/now").status_code,
            browser.post("/desk/outbox/1/bounced").status_code] == [403] * 3


def test_thirty_more_invited_take_no_more_queries(app, signed_in, saved, event):
    browser = signed_in("organiser")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    browser.get("/desk/events/open/reminders")
    counts = []
    for more in (0, 30):
        with saved() as session:
            here = session.merge(event)
            for _ in range(more):
                make.invitation(session, here)
            invitations.send(session, here, by=make.BY, now=make.NOW)
            session.execute(sa.update(Message).values(state=State.SENT))
        with count_queries(engine) as asked:
            browser.get("/desk/events/open/reminders")
        counts.append(len(asked))
    assert counts[0] == counts[1]
