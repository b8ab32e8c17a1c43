"""Telling an event's guests something at once: thanks with the questionnaire, or that it is cancelled."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import events, invitations
from engage.audit import AuditEntry
from engage.outbox import Channel, Message, Purpose, State
from webapp import notices


@pytest.fixture
def organiser(signed_in, monkeypatch):
    for module in ("telling", "events"):
        monkeypatch.setattr(f"webapp.views.desk.{module}.clock", lambda: make.NOW)
    monkeypatch.setattr("webapp.shown.wiring.clock", lambda: make.NOW)
    return signed_in("organiser")


def messages(saved, purpose):
    with saved() as session:
        found = session.scalars(sa.select(Message).where(Message.purpose == purpose).order_by(Message.id)).all()
        return [(message.name, message.channel, message.state) for message in found]


def test_those_who_came_are_thanked_once_after_the_numbers_were_confirmed(organiser, saved):
    with saved() as session:
        event = make.event(session, slug="past")
        events.attach(session, event, make.questionnaire(session), by=make.BY, now=make.NOW)
        for name, phone, email, came in (("张三", "13800138001", "zhang@example.org", True), ("李四", "13800138002", "", True),
                                         ("王五", "0371-60000001", "", True), ("赵六", "13800138004", "", False)):
            leader = make.registration(session, event, name=name, phone=phone, email=email, companions=0).leader
            leader.arrived_at = make.NOW if came else None
    page = "/desk/events/past/tell/thanks"
    assert page in organiser.get("/desk/events/past/questionnaire").text
    asked = organiser.get(page).text
    assert ("将向 2 名到场人员发送" in asked, "另有 1 人没有邮箱和手机号" in asked, messages(saved, Purpose.THANKS)) == (True, True, [])
    told = organiser.post(page, follow_redirects=True)
    assert (told.request.path, "已将 2 条消息放入发件箱" in told.text, "张三" in told.text) == ("/desk/outbox", True, True)
    organiser.post(page)
    assert messages(saved, Purpose.THANKS) == [("张三", Channel.EMAIL, State.QUEUED), ("李四", Channel.SMS, State.QUEUED)]
    assert "没有需要发送的人员" in organiser.get(page).text
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.tell.thanks").order_by(AuditEntry.id)).all()
        assert [entry.detail for entry in noted] == [{"told": 2}, {"told": 0}]


@pytest.mark.parametrize("starts_in, state", [(timedelta(days=1), "published"), (timedelta(days=-1), "draft"), (timedelta(days=-1), "cancelled")])
def test_nobody_is_thanked_for_what_has_not_taken_place(organiser, saved, starts_in, state):
    with saved() as session:
        start = make.NOW + starts_in
        make.event(session, slug="some", state=state, starts_at=start, ends_at=start + timedelta(hours=1), registration_closes_at=start)
    assert "/tell/thanks" not in organiser.get("/desk/events/some/questionnaire").text
    assert [organiser.open("/desk/events/some/tell/thanks", method=method).status_code for method in ("GET", "POST")] == [409, 409]


def test_cancelling_withdraws_what_waits_and_offers_to_tell_those_who_registered(app, organiser, saved):
    with saved() as session:
        event, other = make.event(session, slug="off"), make.event(session, slug="on")
        make.registration(session, event, name="张三", email="zhang@example.org", companions=2)
        for about, state in ((event, State.QUEUED), (event, State.SENT), (other, State.QUEUED)):
            session.add(Message(event_id=about.id, channel=Channel.EMAIL, purpose=Purpose.INVITATION, name="李四", address="li@example.org",
                                subject="邀请", body="您好", state=state, attempts=0, due_at=make.NOW, created_at=make.NOW))
    assert "还有 1 条关于本活动的消息没有发出" in organiser.get("/desk/events/off/cancel").text
    done = organiser.post("/desk/events/off/cancel", follow_redirects=True)
    assert done.request.path == "/desk/events/off/tell/called_off"
    assert ("撤回未发出的消息 1 条" in done.text, "将通知 1 人" in done.text) == (True, True)
    assert [state for *_, state in messages(saved, Purpose.INVITATION)] == [State.WITHDRAWN, State.SENT, State.QUEUED]
    assert messages(saved, Purpose.CALLED_OFF) == []
    organiser.post(done.request.path)
    organiser.post(done.request.path)
    assert messages(saved, Purpose.CALLED_OFF) == [("张三", Channel.EMAIL, State.QUEUED)]
    with app.app_context(), saved() as session:
        (text,) = notices.texts(session, session.scalars(sa.select(Message).where(Message.purpose == Purpose.CALLED_OFF)).all()).values()
        assert ("已取消" in text.subject, "转告随行人员" in text.body, text.link) == (True, True, "")
    assert "/tell/called_off" in organiser.get("/desk/events/off").text


def test_an_event_that_nobody_registered_for_is_cancelled_without_a_further_page(organiser, saved):
    with saved() as session:
        make.event(session, slug="off")
    assert organiser.post("/desk/events/off/cancel").location == "/desk/events/off"


@pytest.mark.parametrize("role", ["analyst", "viewer", "door"])
def test_only_those_who_invite_tell_guests(signed_in, saved, role):
    with saved() as session:
        make.event(session, slug="past")
    assert signed_in(role).get("/desk/events/past/tell/thanks").status_code == 403


def test_those_invited_who_have_not_answered_hear_once_that_nobody_need_come(app, organiser, saved):
    with saved() as session:
        event = make.event(session, slug="off")
        for name, state in (("已答复", invitations.State.DECLINED), ("未答复", None), ("未发送", None)):
            invitation = make.invitation(session, event, name=name)
            if name != "未发送":
                invitations.send(session, event, ids=[invitation.id], by=make.BY, now=make.NOW)
            if state:
                invitations.answer(session, invitation, state, by="guest", now=make.NOW)
        events.cancel(session, event, by=make.BY, now=make.NOW)
    for _ in range(2):
        organiser.post("/desk/events/off/tell/called_off")
    assert messages(saved, Purpose.CALLED_OFF) == [("未答复", Channel.EMAIL, State.QUEUED)]
    with app.app_context(), saved() as session:
        (text,) = notices.texts(session, session.scalars(sa.select(Message).where(Message.purpose == Purpose.CALLED_OFF)).all()).values()
        assert "此前邀请您参加的" in text.body
