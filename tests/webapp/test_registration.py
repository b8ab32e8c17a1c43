"""From an invitation or a public event to a ticket, as a guest's browser does it."""

import re
import shutil
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from sqlalchemy.orm import Session

from engage import events, invitations, parties
from engage.audit import AuditEntry
from engage.events import Visibility
from engage.outbox import Channel, Message, Purpose
from engage.parties import Attendee, Registration, State
from engage.quotas import Quota
from webapp import create_app, notices
from webapp.settings import Settings
from webapp.wiring import db

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("views.public", "views.registration", "asking", "seating", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


def filled(category, /, **changes):
    """What a stranger types."""
    form = {"submission": str(uuid.uuid4()), "category": category.id, "name": "李四", "phone": "13900000001", "email": "",
            "organisation": "甲公司", "consent": "y"}
    return {**form, **changes}


def rows(saved, query):
    with saved() as session:
        return session.scalars(query).all()


def code_of(answer):
    """The ticket's code in the address that the answer leads to."""
    assert answer.status_code == 302, answer.text
    return re.fullmatch(r"/t/([a-z2-7]{26})", answer.location)[1]


@pytest.fixture
def category(saved):
    with saved() as session:
        return make.category(session, companions=2)


@pytest.fixture
def event(saved):
    with saved() as session:
        made = make.event(session)
        make.activity(session, made, title="参观大厅", seats=2)
        make.activity(session, made, title="座谈交流")
        return made


@pytest.fixture
def invitation(saved, event):
    with saved() as session:
        return make.invitation(session, event, name="张三", phone="13800000001", email="zhang@example.org")


def test_a_stranger_registers_a_party_and_gets_tickets_and_a_message(app, client, saved, event, category):
    page = client.get(f"/events/{event.slug}/register")
    assert page.status_code == 200
    assert "个人信息如何使用" in page.text
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(
        category, email="li@example.org", activities=[event.activities[1].id],
        **{"companions-0-name": "王五", "companions-1-name": "", "companions-1-phone": ""})))
    (registration,) = rows(saved, sa.select(Registration).options(sa.orm.selectinload(Registration.attendees)))
    assert (registration.party, registration.language, [a.name for a in registration.attendees]) == (2, "zh", ["李四", "王五"])
    (message,) = rows(saved, sa.select(Message))
    assert (message.channel, message.purpose, message.address) == (Channel.EMAIL, Purpose.TICKET, "li@example.org")
    with app.app_context(), saved() as session:
        (text,) = notices.texts(session, [message]).values()
    assert f"http://127.0.0.1:8000/t/{code}" in text.body
    assert registration.attendees[1].ticket_code in text.body
    ticket = client.get(f"/t/{code}")
    assert [word in ticket.text for word in ("李四", "座谈交流", "一行 2 人", "随行人员的凭证", "更改报名")] == [True] * 5
    guest = client.get(f"/t/{registration.attendees[1].ticket_code}").text
    assert [word in guest for word in ("王五", "李四", "更改报名", "13900000001")] == [True, False, False, False]


def test_a_mobile_number_without_an_email_address_puts_the_ticket_into_the_sms_queue(client, saved, event, category):
    code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    (message,) = rows(saved, sa.select(Message))
    assert (message.channel, message.address) == (Channel.SMS, "13900000001")


def test_the_same_form_sent_twice_is_one_registration_and_one_message(client, saved, event, category):
    form = filled(category)
    first, second = (client.post(f"/events/{event.slug}/register", data=form) for _ in range(2))
    assert code_of(first) == code_of(second)
    assert [len(rows(saved, sa.select(table))) for table in (Registration, Message)] == [1, 1]


def test_the_last_seat_taken_by_the_same_form_sent_twice_still_leads_to_the_ticket(client, saved, category):
    with saved() as session:
        event = make.event(session, seats=1)
    form = filled(category)
    first, second = (client.post(f"/events/{event.slug}/register", data=form) for _ in range(2))
    assert code_of(first) == code_of(second)


@pytest.mark.parametrize("changes,words", [
    ({"name": " "}, "请填写"),
    ({"phone": "", "email": ""}, "手机"),
    ({"phone": "12345"}, "手机号"),
    ({"email": "not an address"}, "邮箱"),
    ({"consent": ""}, "同意"),
    ({"category": "0"}, "请选择您的身份"),
    ({"category": "nonsense"}, "请选择您的身份"),
    ({"category": None}, "请选择您的身份"),
    ({"activities": ["999999"]}, "环节"),
    ({"activities": ["nonsense"]}, "环节"),
    ({"companions-0-phone": "13700000001"}, "随行"),
    ({"companions-0-name": "王五", "companions-0-phone": "12"}, "随行"),
    ({"companions-0-name": "一", "companions-1-name": "二", "companions-2-name": "三"}, "随行"),
    ({"organisation": "很" * 121}, "120"),
    ({"name": "很" * 61}, "60"),
])
def test_a_refusal_stands_next_to_its_field_and_what_was_typed_is_kept(client, saved, event, category, changes, words):
    with saved() as session:
        make.category(session, companions=1)  # a second one, so that there is something to choose
    form = {name: value for name, value in filled(category, **{"organisation": "乙公司", **changes}).items() if value is not None}
    page = client.post(f"/events/{event.slug}/register", data=form)
    assert page.status_code == 200
    summary = page.text.partition('class="summary"')[2].partition("</ul>")[0]
    beside = re.findall(r'<p class="error" id="[^"]+">.*?<span>([^<]+)</span>', page.text, re.DOTALL)
    assert words in summary
    assert any(words in error for error in beside)
    assert "乙公司" in page.text or "organisation" in changes
    assert f'name="submission" type="hidden" value="{form["submission"]}"' in page.text
    assert rows(saved, sa.select(Registration)) == []


def test_companions_are_offered_to_those_who_may_bring_some_and_others_are_told_that_they_may_not(client, saved, event, category):
    with saved() as session:
        session.execute(sa.update(make.Category).values(companions=0))
        session.execute(sa.update(make.Category).where(make.Category.id == category.id).values(companions=2))
        alone = session.scalars(sa.select(make.Category.id).where(make.Category.companions == 0, make.Category.self_chosen)).first()
    address = f"/events/{event.slug}/register"
    assert re.findall(r'class="(?:more companions|companion) asked" data-categories="([\d ]+)"', client.get(address).text) == [str(category.id)] * 3
    page = client.post(address, data=filled(category, category=alone, **{"companions-0-name": "王五"}))
    assert re.findall(r'id="companions-error">.*?<span>(.*?)</span>', page.text) == ["随行人员：您的身份不能带随行人员，请删去填写的随行人员。"]


@pytest.mark.parametrize("sent", [None, "999999", "nonsense"])
def test_where_there_is_one_category_only_nobody_is_asked_for_it(client, saved, event, category, sent):
    with saved() as session:
        session.execute(sa.update(make.Category).where(make.Category.id != category.id).values(self_chosen=False))
    assert 'name="category"' not in client.get(f"/events/{event.slug}/register").text
    form = {name: value for name, value in filled(category, category=sent).items() if value is not None}
    code_of(client.post(f"/events/{event.slug}/register", data=form))
    assert rows(saved, sa.select(Registration.category_id)) == [category.id]


def test_another_events_activity_is_refused(client, saved, event, category):
    with saved() as session:
        other = make.activity(session, make.event(session))
    page = client.post(f"/events/{event.slug}/register", data=filled(category, activities=[other.id]))
    assert "activities-error" in page.text
    assert rows(saved, sa.select(Registration)) == []


def test_an_activity_with_too_few_seats_is_named_and_one_without_any_cannot_be_chosen(client, saved, event, category):
    full = event.activities[0]
    page = client.post(f"/events/{event.slug}/register", data=filled(
        category, activities=[full.id], **{"companions-0-name": "王五", "companions-1-name": "赵六"}))
    assert "“参观大厅”还有 2 个名额，您一行需要 3 个" in page.text
    with saved() as session:
        make.registration(session, session.get(events.Event, event.id), companions=1, activity_ids=[full.id])
    page = client.get(f"/events/{event.slug}/register").text
    assert re.search(rf'name="activities" value="{full.id}"[^>]* disabled', page)
    assert not re.search(rf'name="activities" value="{event.activities[1].id}"[^>]* disabled', page)


def test_a_form_of_somebody_registered_already_changes_nothing(client, saved, event, category):
    code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    answer = client.post(f"/events/{event.slug}/register", data=filled(category))
    assert (answer.status_code, answer.location) == (302, "/resend/repeated")
    assert len(rows(saved, sa.select(Registration))) == 1


@pytest.mark.parametrize("changes,words", [
    ({"seats": 1}, "名额已满"),
    ({"state": "closed"}, "活动已结束"),
    ({"state": "cancelled"}, "活动已取消"),
    ({"registration_closes_at": NOW - timedelta(hours=2)}, "报名已截止"),
    ({"registration_opens_at": NOW + timedelta(hours=1)}, "报名尚未开始"),
])
@pytest.mark.parametrize("place", ["event", "register", "invitation"])
def test_that_nobody_can_register_is_told_before_any_field(client, saved, category, changes, words, place):
    with saved() as session:
        event = make.event(session, **changes)
        address = {"event": f"/events/{event.slug}", "register": f"/events/{event.slug}/register",
                   "invitation": f"/i/{make.invitation(session, event).token}"}[place]
        if changes == {"seats": 1}:
            make.registration(session, event)
    page = client.get(address)
    assert page.status_code == 200
    assert words in page.text
    assert ('name="name"' in page.text, "我要报名" in page.text) == (False, False)


def test_a_category_without_seats_cannot_be_chosen_and_when_all_are_full_nothing_is_asked(client, saved, category):
    with saved() as session:
        session.execute(sa.update(make.Category).where(make.Category.id != category.id).values(self_chosen=False))
        other = make.category(session)
        event = make.event(session, by_category={category.id: 1, other.id: 1})
        make.registration(session, event, category=session.merge(category))
    page = client.get(f"/events/{event.slug}/register").text
    assert re.search(rf'name="category" value="{category.id}"[^>]* disabled', page)
    assert not re.search(rf'name="category" value="{other.id}"[^>]* disabled', page)
    page = client.post(f"/events/{event.slug}/register", data=filled(category)).text
    assert "category-error" in page
    with saved() as session:
        make.registration(session, session.get(events.Event, event.id), category=session.merge(other))
    assert "名额已满" in client.get(f"/events/{event.slug}/register").text


def test_a_draft_or_an_event_for_invited_people_does_not_exist_for_strangers(client, saved, signed_in, category):
    with saved() as session:
        draft, invited = make.event(session, state="draft"), make.event(session, visibility=Visibility.INVITED)
    for event in (draft, invited):
        for address in (f"/events/{event.slug}", f"/events/{event.slug}/register", f"/events/{event.slug}.ics"):
            assert client.get(address).status_code == 404
        assert client.post(f"/events/{event.slug}/register", data=filled(category)).status_code == 404
        preview = signed_in("organiser").get(f"/events/{event.slug}")
        assert (preview.status_code, "预览" in preview.text) == (200, True)
        assert 'name="name"' not in signed_in("organiser").get(f"/events/{event.slug}/register").text
    assert rows(saved, sa.select(Registration)) == []


def test_an_invitee_accepts_with_the_form_filled_in_already(client, saved, event, invitation):
    page = client.get(f"/i/{invitation.token}")
    assert [f'value="{known}"' in page.text for known in ("张三", "13800000001", "zhang@example.org")] == [True] * 3
    code = code_of(client.post(f"/i/{invitation.token}", data={
        "submission": str(uuid.uuid4()), "name": "张三", "phone": "13800000001", "email": "zhang@example.org", "consent": "y"}))
    (now_is,) = rows(saved, sa.select(invitations.Invitation))
    assert (now_is.state, now_is.opened_at, now_is.answered_at) == (invitations.State.ACCEPTED, NOW, NOW)
    again = client.get(f"/i/{invitation.token}").text
    assert ("您已报名" in again, f"/t/{code}" in again, 'name="name"' in again) == (True, True, False)
    (done,) = rows(saved, sa.select(AuditEntry.by).where(AuditEntry.action == "registration.create"))
    assert done == f"invitee:{invitation.invitee_id}"


def test_a_personal_link_registers_once_even_from_two_tabs_with_other_names(client, saved, event, invitation):
    form = {"name": "张三", "phone": "13800000001", "consent": "y"}
    first = client.post(f"/i/{invitation.token}", data={**form, "submission": str(uuid.uuid4())})
    second = client.post(f"/i/{invitation.token}", data={**form, "name": "张小三", "submission": str(uuid.uuid4())})
    assert code_of(first) == code_of(second)
    assert [len(rows(saved, sa.select(table))) for table in (Registration, Message)] == [1, 1]


def test_looking_marks_the_invitation_opened_once_and_staff_looking_does_not(client, saved, signed_in, event, invitation):
    signed_in("organiser").get(f"/i/{invitation.token}")
    assert rows(saved, sa.select(invitations.Invitation.opened_at)) == [None]
    client.head(f"/i/{invitation.token}")
    assert rows(saved, sa.select(invitations.Invitation.opened_at)) == [None]
    client.get(f"/i/{invitation.token}")
    assert rows(saved, sa.select(invitations.Invitation.opened_at)) == [NOW]


def test_an_invitee_declines_with_a_reason_and_may_change_their_mind(client, saved, event, invitation):
    assert client.get(f"/i/{invitation.token}/decline").status_code == 200
    answer = client.post(f"/i/{invitation.token}/decline", data={"reason": "当天另有会议"})
    assert answer.location == f"/i/{invitation.token}"
    (declined,) = rows(saved, sa.select(invitations.Invitation))
    assert (declined.state, declined.reason) == (invitations.State.DECLINED, "当天另有会议")
    client.post(f"/i/{invitation.token}/decline", data={"reason": "再次"})
    assert rows(saved, sa.select(invitations.Invitation.reason)) == ["当天另有会议"]
    page = client.get(f"/i/{invitation.token}").text
    assert ("您已答复不参加" in page, 'name="name"' in page) == (True, True)
    code_of(client.post(f"/i/{invitation.token}", data={"name": "张三", "phone": "13800000001", "consent": "y"}))
    assert rows(saved, sa.select(invitations.Invitation.state)) == [invitations.State.ACCEPTED]


def test_an_invitation_offers_nothing_that_would_be_refused(client, saved, event, invitation):
    page = f"/i/{invitation.token}"
    code = code_of(client.post(page, data={"name": "张三", "phone": "13800000001", "consent": "y"}))
    assert f"/t/{code}/cancel" in client.get(page).text
    with saved() as session:
        session.execute(sa.update(Attendee).values(arrived_at=NOW))
    assert f"/t/{code}/cancel" not in client.get(page).text
    with saved() as session:
        session.execute(sa.update(invitations.Invitation).values(state=invitations.State.OPENED))
        session.execute(sa.update(Registration).values(state=State.CANCELLED))
        events.close(session, session.get_one(events.Event, event.id), by="user:wang", now=NOW)
    assert "/decline" not in client.get(page).text
    assert client.post(f"{page}/decline", data={"reason": ""}).status_code == 409


def test_too_long_a_reason_is_refused_and_kept(client, saved, invitation):
    page = client.post(f"/i/{invitation.token}/decline", data={"reason": "忙" * 301})
    assert ("reason-error" in page.text, "忙" * 301 in page.text) == (True, True)


@pytest.mark.parametrize("address", ["/i/nothing", "/i/nothing/decline", "/t/nothing", "/t/nothing.ics", "/t/nothing.png",
                                     "/t/nothing/change", "/t/nothing/cancel", "/q/nothing", "/q/nothing/thanks"])
def test_a_wrong_link_is_a_page_that_says_what_to_do(client, address):
    page = client.get(address)
    assert (page.status_code, page.headers["X-Robots-Tag"], page.headers["Cache-Control"]) == (404, "noindex", "no-store")
    assert "请" in page.text.partition("<main")[2]


def test_guessing_codes_is_slowed_down_and_looking_at_ones_own_is_not(initialised, tmp_path):
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True)
    client = app.test_client()
    with app.app_context(), Session(db.engine) as session:
        code = make.registration(session, make.event(session)).leader.ticket_code
        session.commit()
    assert {client.get(f"/t/{code}").status_code for _ in range(40)} == {200}
    guesses = [client.get(f"/{door}/{number}").status_code for number in range(11) for door in "itq"]
    assert guesses == [404] * 30 + [429] * 3
    with app.app_context():
        db.engine.dispose()


def test_the_leader_changes_the_party(client, saved, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category, **{"companions-0-name": "王五"})))
    page = client.get(f"/t/{code}/change").text
    assert [f'value="{known}"' in page for known in ("李四", "13900000001", "甲公司", "王五")] == [True] * 4
    answer = client.post(f"/t/{code}/change", data=filled(
        category, name="李四四", activities=[event.activities[0].id], **{"companions-0-name": "赵六"}))
    assert answer.location == f"/t/{code}"
    people = rows(saved, sa.select(Attendee).order_by(Attendee.place))
    assert [(a.name, a.state.value) for a in people] == [("李四四", "confirmed"), ("王五", "cancelled"), ("赵六", "confirmed")]
    assert "凭证已失效" in client.get(f"/t/{people[1].ticket_code}").text


def test_a_change_sent_twice_or_from_two_tabs_leaves_one_party(client, saved, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category, **{"companions-0-name": "王五"})))
    for name in ("赵六", "赵六", "孙八"):  # twice from one tab, then from another that still shows what was before
        assert client.post(f"/t/{code}/change", data=filled(category, **{"companions-0-name": "王五", "companions-1-name": name})).location == f"/t/{code}"
    people = rows(saved, sa.select(Attendee).order_by(Attendee.place))
    assert [a.name for a in people if a.state.value == "confirmed"] == ["李四", "王五", "孙八"]
    assert rows(saved, sa.select(Quota.taken).where(Quota.category_id.is_(None), Quota.activity_id.is_(None))) == [3]


def test_a_change_that_cannot_be_is_refused_and_changes_nothing(client, saved, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    page = client.post(f"/t/{code}/change", data=filled(category, phone="1", name="别人"))
    assert ("phone-error" in page.text, 'value="别人"' in page.text) == (True, True)
    assert rows(saved, sa.select(Attendee.name)) == ["李四"]


def test_the_leader_cancels_and_is_told(client, saved, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category, email="li@example.org")))
    assert "入场凭证随之失效" in client.get(f"/t/{code}/cancel").text
    for _ in range(2):
        assert client.post(f"/t/{code}/cancel", data={"reason": "出差"}).location == f"/t/{code}"
    page = client.get(f"/t/{code}").text
    assert ("凭证已失效" in page, "<path" in page.partition('class="ticket"')[2].partition("</article>")[0]) == (True, False)
    messages = rows(saved, sa.select(Message.purpose).order_by(Message.id))
    assert messages == [Purpose.TICKET, Purpose.CANCELLATION]
    assert "报名已取消" in client.get(f"/t/{code}/change").text
    code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))


def test_a_companion_can_neither_change_nor_cancel(client, saved, event, category):
    code_of(client.post(f"/events/{event.slug}/register", data=filled(category, **{"companions-0-name": "王五"})))
    companion = rows(saved, sa.select(Attendee.ticket_code).where(Attendee.place == 1))[0]
    for address in ("change", "cancel"):
        assert client.get(f"/t/{companion}/{address}").status_code == 403
        assert client.post(f"/t/{companion}/{address}").status_code == 403
    assert rows(saved, sa.select(Registration.state)) == [parties.State.CONFIRMED]


def test_after_arrival_nothing_can_be_changed_or_cancelled(client, saved, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    with saved() as session:
        session.execute(sa.update(Attendee).values(arrived_at=NOW))
    page = client.get(f"/t/{code}").text
    assert "已有人签到，如需更改请联系现场工作人员" in page
    assert re.findall(rf"/t/{code}/(change|cancel|hand-over)", page) == []
    assert "联系现场工作人员" in client.get(f"/t/{code}/change").text
    assert client.post(f"/t/{code}/cancel").status_code == 200
    assert rows(saved, sa.select(Registration.state)) == [parties.State.CONFIRMED]


def test_only_staff_of_the_door_see_the_way_to_admit(client, saved, signed_in, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    way = f"/desk/events/{event.slug}/door?code={code}"
    assert [way in browser.get(f"/t/{code}").text for browser in (client, signed_in("viewer"), signed_in("door"))] == [
        False, False, True]


def test_the_ticket_can_be_kept_as_picture_and_calendar_entry(client, event, category):
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category)))
    entry, picture = client.get(f"/t/{code}.ics"), client.get(f"/t/{code}.png")
    assert (entry.mimetype, b"BEGIN:VEVENT" in entry.data, code.encode() in entry.data.replace(b"\r\n ", b"")) == (
        "text/calendar", True, True)
    assert (picture.mimetype, picture.data[:4]) == ("image/png", b"\x89PNG")
    for answer in (entry, picture, client.get(f"/t/{code}")):
        assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    client.post(f"/t/{code}/cancel", data={})
    assert client.get(f"/t/{code}.ics").location == f"/t/{code}"  # nothing that says it is on


def test_what_people_type_is_shown_as_text(client, event, category):
    nasty = "<script>alert(1)</script>"
    code = code_of(client.post(f"/events/{event.slug}/register", data=filled(category, name=nasty, organisation='"><b>')))
    for page in (client.get(f"/t/{code}").text, client.get(f"/t/{code}/change").text):
        assert ("<script>alert" in page, "&lt;script&gt;alert" in page, '"><b>' in page) == (False, True, False)


@pytest.mark.parametrize("page", ["event", "register", "invitation", "ticket", "change"])
def test_pages_ask_as_often_for_thirty_activities_and_companions_as_for_one(app, client, saved, page):
    counted = []
    for many in (1, 30):
        with saved() as session:
            category = make.category(session, companions=30)
            event = make.event(session)
            activities = [make.activity(session, event) for _ in range(many)]
            party = make.registration(session, event, category=category, companions=many, activity_ids=[a.id for a in activities])
            invitation = make.invitation(session, event)
            code = party.leader.ticket_code
        address = {"event": f"/events/{event.slug}", "register": f"/events/{event.slug}/register",
                   "invitation": f"/i/{invitation.token}", "ticket": f"/t/{code}", "change": f"/t/{code}/change"}[page]
        client.get(address)
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as seen:
            assert client.get(address).status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 14
