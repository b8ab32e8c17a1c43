"""The tab of invitations: filling the list, sending, telling again, taking back; texts and letters for people to carry."""

import re
from datetime import timedelta
from io import BytesIO

import make
import openpyxl
import pytest
import sqlalchemy as sa
import zxingcpp
from database import count_queries
from PIL import Image

from engage import codes, invitations, people
from engage.audit import AuditEntry
from engage.invitations import Invitation
from engage.invitations import State as Invited
from engage.outbox import Channel, Message, State
from engage.people import InviteeForm


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock, to be moved: `clock[0] += …`."""
    moment = [make.NOW]
    for module in ("invitations", "invitation", "handover", "outbox"):
        monkeypatch.setattr(f"webapp.views.desk.{module}.clock", lambda: moment[0])
    return moment


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.event(session, title="平台开放日")


@pytest.fixture
def three(saved):
    """One reached by e-mail, one by a mobile phone only, one by a landline only."""
    with saved() as session:
        kind = make.category(session, name="监督员")
        return [make.invitee(session, name=name, phone=phone, email=email, category=kind) for name, phone, email in (
            ("甲有邮箱", "13800138001", "jia@example.com"), ("乙有手机", "13800138002", ""), ("丙有座机", "0533-7654321", ""))]


@pytest.fixture
def sent(app, saved, event, three):
    """Their invitations, sent."""
    with app.app_context(), saved() as session:
        invitations.invite(session, event, [one.id for one in three], by=make.BY, now=make.NOW)
        invitations.send(session, session.merge(event), by=make.BY, now=make.NOW)
    return all_invitations(saved)


def all_invitations(saved):
    with saved() as session:
        return session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()


def messages(saved, **columns):
    with saved() as session:
        return session.scalars(sa.select(Message).filter_by(**columns).order_by(Message.id)).all()


def noted(saved, action):
    with saved() as session:
        return session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == action).order_by(AuditEntry.id)).all()


def tab(event, rest=""):
    return f"/desk/events/{event.slug}/invitations{rest}"


# ---- the list ----

def test_everyone_a_category_or_picked_people_are_put_on_the_list_once(signed_in, saved, event, three):
    browser = signed_in("organiser")
    with saved() as session:
        other = make.invitee(session, name="丁另类")
    browser.post(tab(event, "/pick?q=甲"), data={"person": [three[0].id]})
    assert [one.invitee_id for one in all_invitations(saved)] == [three[0].id]
    assert "甲有邮箱" not in browser.get(tab(event, "/pick")).text
    browser.post(tab(event, "/add"), data={"category": [three[0].category_id]})
    assert {one.invitee_id for one in all_invitations(saved)} == {one.id for one in three}
    browser.post(tab(event, "/add"), data={"everyone": "1"})
    assert {one.invitee_id for one in all_invitations(saved)} == {*(one.id for one in three), other.id}
    assert "所有人员都已在名单中" in browser.get(tab(event, "/add")).text
    assert [detail["added"] for detail in noted(saved, "event.invite")] == [1, 2, 1]


def test_adding_without_a_choice_adds_nobody(signed_in, saved, event, three):
    browser = signed_in("organiser")
    browser.post(tab(event, "/add"))
    browser.post(tab(event, "/pick"))
    browser.post(tab(event, "/pick"), data={"person": ["999999", "x"]})
    assert all_invitations(saved) == []


def test_the_list_is_searched_filtered_and_sorted(signed_in, event, sent):
    browser = signed_in("organiser")
    for query, there in {"q=乙": "乙有手机", "channel=letter": "丙有座机", "q=13800138001": "甲有邮箱"}.items():
        page = browser.get(tab(event, f"?{query}")).text
        assert [name for name in ("甲有邮箱", "乙有手机", "丙有座机") if name in page] == [there]
    assert "没有符合条件的邀请" in browser.get(tab(event, "?state=declined")).text
    page = browser.get(tab(event, "?sort=-name")).text
    assert page.index("甲有邮箱") < page.index("乙有手机") < page.index("丙有座机")  # by code point
    for told in ("邮件待发送", "短信待导出", "信函待打印"):
        assert told in page


def test_a_viewer_sees_masks_and_no_way_to_a_link(signed_in, event, sent):
    page = signed_in("viewer").get(tab(event)).text
    assert "监督员" in page
    for secret in ("甲有邮箱", "13800138002", "jia@example.com", sent[0].token, tab(event, f"/{sent[0].id}")):
        assert secret not in page
    assert "乙有手机" not in signed_in("viewer").get(tab(event, "?q=13800138002")).text


@pytest.mark.parametrize("rest", ["/add", "/pick", "/send", "/sms", "/{id}", "/{id}/revoke"])
def test_only_those_who_may_invite_come_further_than_the_list(signed_in, event, sent, rest):
    address = tab(event, rest.format(id=sent[0].id))
    for role in ("viewer", "analyst", "door"):
        assert signed_in(role).get(address).status_code == 403
    assert signed_in("organiser").get(address).status_code == 200


def test_thirty_invitations_take_no_more_queries_than_one(app, signed_in, saved, event, three):
    browser = signed_in("organiser")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    counts = []
    for more in (1, 29):
        with app.app_context(), saved() as session:
            here = session.merge(event)
            for _ in range(more):
                make.invitation(session, here)
            invitations.send(session, here, by=make.BY, now=make.NOW)
        browser.get(tab(event))
        seen = {}
        for rest in ("", "/pick", "/send", "/sms", "/add"):
            with count_queries(engine) as asked:
                browser.get(tab(event, rest))
            seen[rest] = len(asked)
        counts.append(seen)
    assert counts[0] == counts[1]


# ---- sending ----

def test_numbers_by_channel_are_asked_before_sending_and_nothing_is_sent_by_looking(signed_in, saved, event, three):
    browser = signed_in("organiser")
    browser.post(tab(event, "/add"), data={"everyone": "1"})
    page = browser.get(tab(event, "/send")).text
    assert "将向 3 人发送邀请" in page
    assert messages(saved) == []
    assert browser.post(tab(event, "/send")).location == tab(event)
    assert {(m.channel, m.address) for m in messages(saved)} == {
        (Channel.EMAIL, "jia@example.com"), (Channel.SMS, "13800138002"), (Channel.LETTER, "")}
    browser.post(tab(event, "/send"))
    assert len(messages(saved)) == 3


def test_only_the_ticked_ones_are_sent_and_none_ticked_is_not_all(signed_in, saved, event, three):
    browser = signed_in("organiser")
    browser.post(tab(event, "/add"), data={"everyone": "1"})
    second = all_invitations(saved)[1]
    assert browser.get(tab(event, "/send?picked=1")).location == tab(event)
    assert browser.post(tab(event, "/send"), data={"picked": "1"}).location == tab(event)
    assert messages(saved) == []
    assert "将向 1 人发送邀请" in browser.get(tab(event, f"/send?picked=1&invitation={second.id}")).text
    browser.post(tab(event, "/send"), data={"picked": "1", "invitation": second.id})
    assert [m.invitation_id for m in messages(saved)] == [second.id]


def test_nothing_is_sent_for_a_draft_whose_links_lead_nowhere(signed_in, saved, three):
    with saved() as session:
        draft = make.event(session, state="draft")
    browser = signed_in("organiser")
    browser.post(tab(draft, "/add"), data={"everyone": "1"})
    assert "活动发布后才能发送邀请" in browser.get(tab(draft, "/send")).text
    assert browser.post(tab(draft, "/send")).status_code == 409
    assert messages(saved) == []


def test_a_closed_event_takes_nobody_onto_its_list(signed_in, saved, three):
    with saved() as session:
        closed = make.event(session, state="closed")
    browser = signed_in("organiser")
    assert browser.post(tab(closed, "/add"), data={"everyone": "1"}).status_code == 409
    assert all_invitations(saved) == []


# ---- one invitation ----

def test_the_page_of_an_invitation_has_its_link_and_qr_code(signed_in, event, sent):
    page = signed_in("organiser").get(tab(event, f"/{sent[0].id}")).text
    link = f"http://127.0.0.1:8000/i/{sent[0].token}"
    assert f'value="{link}"' in page
    drawn = re.search(r'<path[^>]* d="([^"]+)"', page)[1]
    assert drawn in codes.qr_svg(link)


def test_telling_again_uses_the_contact_known_now(signed_in, saved, event, three, sent):
    browser = signed_in("organiser")
    again = tab(event, f"/{sent[1].id}/send")
    refused = browser.post(again)
    assert refused.status_code == 409
    assert "仍在等待发送" in refused.text
    with saved() as session:
        person = session.merge(three[1])
        people.edit_invitee(session, person, InviteeForm(name=person.name, category=person.category, email="yi@example.com"),
                            by=make.BY, now=make.NOW)
    assert browser.post(again).status_code == 302
    assert [(m.channel, m.address, m.state) for m in messages(saved, invitation_id=sent[1].id)] == [
        (Channel.SMS, "13800138002", State.WITHDRAWN), (Channel.EMAIL, "yi@example.com", State.QUEUED)]


def test_revoking_asks_then_ends_the_link_and_withdraws_its_messages(signed_in, client, saved, event, sent):
    browser = signed_in("organiser")
    revoke = tab(event, f"/{sent[0].id}/revoke")
    assert "收回对“甲有邮箱”的邀请？" in browser.get(revoke).text
    assert client.get(f"/i/{sent[0].token}").status_code == 200
    assert browser.post(revoke).location == tab(event)
    assert client.get(f"/i/{sent[0].token}").status_code == 404
    assert [m.state for m in messages(saved, channel=Channel.EMAIL)] == [State.WITHDRAWN]


def test_an_answered_invitation_is_not_revoked(signed_in, saved, event, sent):
    with saved() as session:
        invitations.answer(session, session.get(Invitation, sent[0].id), Invited.DECLINED, by="guest", now=make.NOW)
    refused = signed_in("organiser").post(tab(event, f"/{sent[0].id}/revoke"))
    assert refused.status_code == 409
    assert "已经答复" in refused.text
    assert len(all_invitations(saved)) == 3


def test_an_invitation_is_found_under_its_own_event_only(signed_in, saved, sent):
    with saved() as session:
        other = make.event(session)
    assert signed_in("organiser").get(tab(other, f"/{sent[0].id}")).status_code == 404


# ---- texts for the SMS portal ----

def test_texts_are_exported_once_and_can_be_taken_out_again(signed_in, saved, event, sent, clock):
    browser = signed_in("organiser")
    assert "有 1 条短信待导出" in browser.get(tab(event, "/sms")).text
    assert [m.state for m in messages(saved, channel=Channel.SMS)] == [State.QUEUED]
    first = browser.post(tab(event, "/sms.xlsx"))
    lines = list(openpyxl.load_workbook(BytesIO(first.data)).active.iter_rows(values_only=True))
    assert [line[:2] for line in lines] == [("姓名", "手机号码"), ("乙有手机", "13800138002")]
    assert f"http://127.0.0.1:8000/i/{sent[1].token}" in lines[1][2]
    assert [(m.state, m.sent_at) for m in messages(saved, channel=Channel.SMS)] == [(State.SENT, make.NOW)]
    clock[0] += timedelta(hours=1)
    assert browser.post(tab(event, "/sms.xlsx")).location == tab(event, "/sms")
    page = browser.get(tab(event, "/sms")).text
    again = browser.get(re.search(r'href="([^"]*sms\.xlsx\?at=[^"]+)"', page)[1].replace("&amp;", "&"))
    assert list(openpyxl.load_workbook(BytesIO(again.data)).active.iter_rows(values_only=True)) == lines
    assert noted(saved, "event.hand_over") == [{"channel": "sms", "messages": 1}]
    assert noted(saved, "event.hand_over_again") == [{"channel": "sms", "messages": 1}]


@pytest.mark.parametrize("at", ["", "yesterday", "2026-03-18T09:00:00", "2020-01-01T00:00:00+00:00"])
def test_an_export_that_never_was_is_not_found(signed_in, event, sent, at):
    assert signed_in("organiser").get(tab(event, "/sms.xlsx"), query_string={"at": at}).status_code == 404


# ---- letters ----

def test_queued_letters_are_printed_one_a_page_and_then_count_as_delivered(signed_in, saved, event, sent):
    browser = signed_in("organiser")
    letters = f"/desk/events/{event.slug}/letters"
    page = browser.get(letters).text
    assert page.count('class="sheet letter"') == 1
    assert "丙有座机" in page
    assert "甲有邮箱" not in page
    (waiting,) = messages(saved, channel=Channel.LETTER)
    assert waiting.state is State.QUEUED
    browser.post(letters, data={"message": [waiting.id]})
    assert [m.state for m in messages(saved, channel=Channel.LETTER)] == [State.SENT]
    assert noted(saved, "event.hand_over") == [{"channel": "letter", "messages": 1}]
    assert "没有待打印的邀请函" in browser.get(letters).text


def test_a_letter_can_be_printed_for_whoever_is_ticked_or_for_all(signed_in, event, sent):
    browser = signed_in("organiser")
    letters = f"/desk/events/{event.slug}/letters"
    ticked = browser.get(f"{letters}?picked=1&invitation={sent[0].id}").text
    assert "甲有邮箱" in ticked
    assert "丙有座机" not in ticked
    assert browser.get(f"{letters}?all=1").text.count('class="sheet letter"') == 3


def test_marking_letters_touches_no_other_events_messages(signed_in, saved, event, sent):
    with saved() as session:
        other = make.event(session)
    (waiting,) = messages(saved, channel=Channel.LETTER)
    signed_in("organiser").post(f"/desk/events/{other.slug}/letters", data={"message": [waiting.id]})
    assert [m.state for m in messages(saved, channel=Channel.LETTER)] == [State.QUEUED]


def test_the_qr_code_in_a_mail_and_on_a_letter_is_the_personal_link():
    link = "http://127.0.0.1:8000/i/" + codes.new_code()
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(codes.qr_png(link))))] == [link]
