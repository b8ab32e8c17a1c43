"""The outbox on the desk: finding messages, reading one, sending again, and what waits for somebody's hands."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import invitations, outbox
from engage.invitations import Invitation
from engage.outbox import Channel, Message, Purpose, State
from webapp.forms.invitations import fault


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.event(session, title="平台开放日")


@pytest.fixture
def post(saved, event):
    """`post(name="李")` puts a message into the outbox."""

    def posted(state=State.QUEUED, error="", **changes):
        stated = {"event_id": event.id, "channel": Channel.EMAIL, "purpose": Purpose.INVITATION, "name": "李明", "subject": "诚邀您参加",
                  "address": "li@example.com", "body": "第一行\n第二行 <b>", "link": "https://engage.example.org/i/x", **changes}
        with saved() as session:
            message = outbox.post(session, Message(**stated), now=make.NOW)
            session.flush()
            message.state, message.error = state, error
        return message

    return posted


def all_messages(saved):
    with saved() as session:
        return session.scalars(sa.select(Message).order_by(Message.id)).all()


def test_messages_are_found_by_every_filter(signed_in, post, event):
    post()
    post(channel=Channel.SMS, purpose=Purpose.TICKET, name="王芳", address="13800138000", state=State.SENT, event_id=None)
    browser = signed_in("organiser")
    for query, there in {"channel=sms": "王芳", "state=sent": "王芳", "purpose=invitation": "李明", f"event={event.slug}": "李明",
                         "q=13800138": "王芳", "q=李": "李明", "state=nonsense&q=王": "王芳"}.items():
        page = browser.get(f"/desk/outbox?{query}").text
        assert [name for name in ("李明", "王芳") if f">{name}</a>" in page] == [there], query


def test_a_message_is_read_as_it_was_written_and_cannot_run_anything(signed_in, post):
    page = signed_in("organiser").get(f"/desk/outbox/{post().id}").text
    assert "第一行<br>" in page
    assert "第二行 &lt;b&gt;" in page


def test_what_has_not_left_yet_is_shown_as_it_would_be_sent_and_not_kept(app, signed_in, saved, event):
    with app.app_context(), saved() as session:
        here = session.merge(event)
        make.invitation(session, here, name="赵敏")
        invitations.send(session, here, by=make.BY, now=make.NOW)
    (waiting,) = all_messages(saved)
    page = signed_in("organiser").get(f"/desk/outbox/{waiting.id}").text
    assert ("我们诚邀您参加“平台开放日”" in page, "以上为按现在的情况显示" in page) == (True, True)
    assert [m.body for m in all_messages(saved)] == [""]
    with saved() as session:
        session.execute(sa.delete(Invitation))
    page = signed_in("organiser").get(f"/desk/outbox/{waiting.id}").text
    assert ("这条消息没有写出" in page, "/resend" in page) == (True, False)


def test_a_failed_message_is_sent_again_as_a_message_of_its_own(signed_in, post, saved):
    failed = post(state=State.FAILED, error="550 no such user")
    browser = signed_in("organiser")
    page = browser.get(f"/desk/outbox/{failed.id}").text
    assert "收件地址不存在或被拒收" in page
    assert "550 no such user" in page
    assert browser.post(f"/desk/outbox/{failed.id}/resend").status_code == 302
    assert [m.state for m in all_messages(saved)] == [State.FAILED, State.QUEUED]


def test_what_still_waits_is_not_sent_twice(signed_in, post, saved):
    refused = signed_in("organiser").post(f"/desk/outbox/{post().id}/resend")
    assert refused.status_code == 409
    assert len(all_messages(saved)) == 1


def test_what_waits_for_hands_is_told_with_the_way_there(signed_in, post, event):
    post(channel=Channel.SMS)
    post(channel=Channel.LETTER, address="")
    page = signed_in("organiser").get("/desk/outbox").text
    assert "“平台开放日”有 1 条短信待导出" in page
    assert f"/desk/events/{event.slug}/invitations/sms" in page
    assert "“平台开放日”有 1 封信函待打印" in page
    assert f"/desk/events/{event.slug}/letters" in page


def test_only_those_who_may_invite_read_messages(signed_in, post):
    message = post()
    for role in ("viewer", "analyst", "door"):
        browser = signed_in(role)
        answers = [browser.get("/desk/outbox"), browser.get(f"/desk/outbox/{message.id}"), browser.post(f"/desk/outbox/{message.id}/resend")]
        assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_a_message_that_is_not_there_is_not_found(signed_in):
    assert signed_in("organiser").get("/desk/outbox/1").status_code == 404


def test_thirty_messages_take_no_more_queries_than_one(app, signed_in, post):
    browser = signed_in("organiser")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    post()
    browser.get("/desk/outbox")
    with count_queries(engine) as one:
        browser.get("/desk/outbox")
    for _ in range(29):
        post()
    with count_queries(engine) as thirty:
        browser.get("/desk/outbox")
    assert len(one) == len(thirty)


@pytest.mark.parametrize("error, told", [
    ("550 5.1.1 gone", "收件地址不存在或被拒收，请核对邮箱"), ("451 later", "对方邮件服务器暂时不接收"), ("521 no", "邮件被拒收"),
    ("connection", "与邮件服务器的连接中断"), ("", ""), ("something else", "something else"),
])
def test_errors_are_told_in_words(app, error, told):
    with app.test_request_context():
        assert str(fault(error)) == told
