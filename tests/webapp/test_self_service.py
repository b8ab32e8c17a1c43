"""What guests do for themselves: fill in a list, swap somebody, hand the registration over, find a lost link. Nothing done
twice does harm, and nobody learns who is registered.
"""

import csv
import io
import re
import shutil
import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from workbooks import xlsx

from engage import invitations
from engage.audit import AuditEntry
from engage.fields import Answer
from engage.lost_links import LostLink
from engage.outbox import Message, Purpose
from engage.parties import Attendee, Registration
from engage.people import Category
from engage.quotas import Quota
from webapp import create_app, lost_links
from webapp.settings import Settings
from webapp.wiring import db

NOW = make.NOW
IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW; `clock(moment)` puts it forward."""

    def put(moment):
        for module in ("views.public", "views.registration", "views.replacements", "seating", "lost_links", "wiring"):
            monkeypatch.setattr(f"webapp.{module}.clock", lambda: moment)

    put(NOW)
    return put


@pytest.fixture
def queue(monkeypatch):
    """Jobs that were asked for, by name; none is done by itself."""
    asked = []
    monkeypatch.setattr("webapp.jobs.soon", asked.append)
    return asked


@pytest.fixture
def category(saved):
    with saved() as session:
        session.execute(sa.update(Category).values(self_chosen=False))
        return make.category(session, companions=5)


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.event(session, title="平台开放日", starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=1, hours=3),
                          registration_closes_at=NOW + timedelta(hours=20))


@pytest.fixture
def party(saved, event, category):
    with saved() as session:
        made = make.registration(session, session.merge(event), category=session.merge(category), name="李四", phone="13900000001",
                                 email="li@example.org", companions=2)
        _ = made.leader, made.companions
        return made


def rows(saved, query):
    with saved() as session:
        return session.scalars(query).all()


def people(saved, event):
    """Everybody of the event's parties, with state, by place."""
    with saved() as session:
        found = session.scalars(sa.select(Attendee).where(Attendee.event_id == event.id).order_by(Attendee.registration_id, Attendee.place))
        return [(one.name, one.phone, one.state.value) for one in found]


def taken(saved, event):
    with saved() as session:
        return session.scalars(sa.select(Quota.taken).where(Quota.event_id == event.id).order_by(Quota.id)).all()


def filled(**changes):
    return {"submission": str(uuid.uuid4()), "name": "周七", "phone": "13900000077", "organisation": "甲公司", "consent": "y"} | changes


def row_values(page):
    """What the companions' rows hold, as (name, phone)."""
    found = dict(re.findall(r'name="(companions-\d+-(?:name|phone))"[^>]*?value="([^"]*)"', page))
    numbers = sorted({int(name.split("-")[1]) for name in found})
    return [(found[f"companions-{n}-name"], found[f"companions-{n}-phone"]) for n in numbers if found[f"companions-{n}-name"] or found[f"companions-{n}-phone"]]


# ---- lists of names ----

def test_a_pasted_list_fills_rows_and_stores_nothing(client, saved, event, category):
    page = client.post(f"/events/{event.slug}/register", data=filled(
        **{"fill": "y", "list": "1、王五 13800138001\n赵六\n周七", "companions-0-name": "孙八", "companions-1-name": ""})).text
    assert row_values(page) == [("孙八", ""), ("王五", "13800138001"), ("赵六", "")]
    assert ("已填入 2 人" in page, "您本人已略去" in page, 'value="13900000077"' in page) == (True, True, True)
    assert ('class="summary"' in page, rows(saved, sa.select(Registration))) == (False, [])


def test_the_filled_rows_are_sent_as_they_stand_and_everybody_gets_a_ticket(client, saved, event, category):
    page = client.post(f"/events/{event.slug}/register", data=filled(fill="y", list="王五 13800138001\n赵六")).text
    rest = {f"companions-{row}-{key}": text for row, person in enumerate(row_values(page)) for key, text in zip(("name", "phone"), person, strict=True)}
    answer = client.post(f"/events/{event.slug}/register", data=filled(**rest))
    assert people(saved, event) == [("周七", "13900000077", "confirmed"), ("王五", "13800138001", "confirmed"), ("赵六", "", "confirmed")]
    ticket = client.get(answer.location).text
    codes = rows(saved, sa.select(Attendee.ticket_code).where(Attendee.place > 0))
    assert all(f"/t/{code}" in ticket for code in codes)


@pytest.mark.parametrize("made", [
    lambda: (xlsx([["某单位参会名单"], ["序号", "姓名", "手机号码"], [1, "王五", 13800138001], [2, "赵六", ""]]), "名单.xlsx"),
    lambda: ("姓名,电话\n王五,13800138001\n赵六,\n".encode("gbk"), "名单.csv"),
    lambda: ("王五 13800138001\n赵六\n".encode(), "名单.txt"),
])
def test_a_file_fills_rows_too(client, saved, event, category, made):
    content, name = made()
    page = client.post(f"/events/{event.slug}/register", data=filled(fill="y", list_file=(io.BytesIO(content), name)),
                       content_type="multipart/form-data").text
    assert row_values(page) == [("王五", "13800138001"), ("赵六", "")]


def test_what_is_wrong_with_a_row_stands_next_to_it(client, saved, event, category):
    page = client.post(f"/events/{event.slug}/register", data=filled(fill="y", list="王五 123\n13800138001\n赵六 13800138002\n赵六 13800138002")).text
    wrong = set(re.findall(r'id="(companions-\d-\w+)-error"', page))
    assert wrong == {"companions-0-phone", "companions-1-name", "companions-3-name"}
    assert all(f'href="#{field}"' in page for field in wrong)
    sent = client.post(f"/events/{event.slug}/register", data=filled(**{
        "companions-0-name": "", "companions-1-name": "王五", "companions-1-phone": "123", "companions-4-phone": "13800138001"})).text
    assert set(re.findall(r'id="(companions-\d-\w+)-error"', sent)) == {"companions-1-phone", "companions-4-name"}
    assert rows(saved, sa.select(Registration)) == []


@pytest.mark.parametrize("sent, words", [
    ({"fill": "y"}, "请粘贴名单或选择文件"),
    ({"list_file": "名单.xlsx"}, "请重新选择文件"),  # the name alone, when the other button was pressed
    ({"fill": "y", "list_file": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}, "文件不是 .xlsx 表格"),
    ({"fill": "y", "list_file": (io.BytesIO(b"x" * 1_001), "a.csv")}, "表格内容过多"),
])
def test_a_list_that_cannot_be_read_is_refused_and_what_was_typed_stays(client, saved, event, category, sent, words, monkeypatch):
    monkeypatch.setattr("engage.party_lists.BYTES", 1_000)
    page = client.post(f"/events/{event.slug}/register", data=filled(**sent, **{"companions-0-name": "孙八"}),
                       content_type="multipart/form-data").text
    assert (words in page, 'id="list-error"' in page, row_values(page)) == (True, True, [("孙八", "")])
    assert rows(saved, sa.select(Registration)) == []


def test_a_list_that_was_not_filled_in_is_never_lost(client, saved, event, category):
    page = client.post(f"/events/{event.slug}/register", data=filled(list="王五")).text
    assert (row_values(page), rows(saved, sa.select(Registration))) == ([("王五", "")], [])


def test_more_people_than_the_category_brings_are_shown_and_refused_as_a_whole(client, saved, event, category):
    names = "\n".join(f"来宾{number}" for number in range(300))
    page = client.post(f"/events/{event.slug}/register", data=filled(fill="y", list=names)).text
    assert (len(row_values(page)), "最多可带 5 位" in page) == (200, True)
    rest = {f"companions-{row}-name": name for row, (name, _) in enumerate(row_values(page))}
    assert "最多可带 5 位" in client.post(f"/events/{event.slug}/register", data=filled(**rest)).text
    assert rows(saved, sa.select(Registration)) == []


def test_a_list_can_be_filled_in_when_changing(client, saved, event, party):
    code = party.leader.ticket_code
    page = client.post(f"/t/{code}/change", data=filled(name="李四", phone="13900000001", list="王五", **{"companions-0-name": "孙八"})).text
    assert row_values(page) == [("孙八", ""), ("王五", "")]
    assert [state for *_, state in people(saved, event)] == ["confirmed"] * 3


# ---- swapping somebody ----

def test_the_leader_swaps_a_companion_until_the_set_time(client, saved, event, party):
    before = taken(saved, event)
    guest, code = party.companions[0], party.leader.ticket_code
    assert f"/t/{code}/swap/{guest.id}" in client.get(f"/t/{code}").text
    assert guest.name in client.get(f"/t/{code}/swap/{guest.id}").text
    for _ in range(2):  # the button pressed twice
        answer = client.post(f"/t/{code}/swap/{guest.id}", data={"name": "王五", "phone": "13800138001"})
        assert answer.location == f"/t/{code}"
    assert [(name, state) for name, _, state in people(saved, event)] == [
        ("李四", "confirmed"), (guest.name, "cancelled"), (party.companions[1].name, "confirmed"), ("王五", "confirmed")]
    assert taken(saved, event) == before
    page = client.get(f"/t/{code}").text
    assert ("王五" in page, guest.name in page) == (True, False)
    void = client.get(f"/t/{guest.ticket_code}").text
    assert ("凭证已失效" in void, "已换成其他人" in void, "王五" in void) == (True, True, False)
    (entry,) = rows(saved, sa.select(AuditEntry).where(AuditEntry.action == "registration.swap"))
    assert (entry.subject, entry.by, set(entry.detail)) == (f"registration:{party.id}", "guest", {"out", "come"})


def test_two_tabs_swap_the_same_person_once(client, saved, event, party):
    guest, code = party.companions[0], party.leader.ticket_code
    client.post(f"/t/{code}/swap/{guest.id}", data={"name": "王五"})
    late = client.post(f"/t/{code}/swap/{guest.id}", data={"name": "赵六"})
    assert (late.status_code, "已经换成其他人" in late.text) == (409, True)
    assert "赵六" not in [name for name, *_ in people(saved, event)]
    back = client.get(f"/t/{code}/swap/{guest.id}").text
    assert ("已经换成其他人" in back, 'name="name"' in back) == (True, False)


@pytest.mark.parametrize("sent, field", [
    ({"name": ""}, "name"), ({"name": "王五", "phone": "1"}, "phone"), ({"name": "长" * 61}, "name"),
    ({"name": "李四", "phone": "13900000001"}, "name"),
])
def test_a_wrong_swap_is_refused_next_to_its_field_and_keeps_what_was_typed(client, saved, event, party, sent, field):
    before = people(saved, event)
    page = client.post(f"/t/{party.leader.ticket_code}/swap/{party.companions[0].id}", data=sent).text
    assert (f'id="{field}-error"' in page, f'value="{sent["name"]}"' in page, people(saved, event)) == (True, True, before)


def test_after_the_set_time_nobody_is_swapped(client, saved, event, party, clock):
    with saved() as session:
        session.merge(event).swap_until_hours = 12
    limit = event.starts_at - timedelta(hours=12)
    guest, code = party.companions[0], party.leader.ticket_code
    for minutes, allowed in ((-1, True), (0, False)):
        clock(limit + timedelta(minutes=minutes))
        shown = client.get(f"/t/{code}").text, client.get(f"/t/{code}/swap/{guest.id}").text, client.get(f"/t/{code}/hand-over").text
        assert (f"/swap/{guest.id}" in shown[0], 'name="name"' in shown[1], 'name="name"' in shown[2]) == (allowed, allowed, allowed)
    for page in ("hand-over", f"swap/{guest.id}"):
        late = client.post(f"/t/{code}/{page}", data={"name": "王五", "phone": "13800138001"})
        assert (late.status_code, "截止" in late.text) == (409, True)
    assert [state for *_, state in people(saved, event)] == ["confirmed"] * 3


def test_only_the_leader_swaps_and_only_ones_own_companions(client, saved, event, party):
    with saved() as session:
        other = make.registration(session, session.merge(event), companions=1)
        theirs = other.companions[0].id
    own = party.companions[0]
    assert client.get(f"/t/{own.ticket_code}/swap/{own.id}").status_code == 403
    assert client.post(f"/t/{own.ticket_code}/hand-over", data={"name": "王五", "phone": "13800138001"}).status_code == 403
    for number in (theirs, party.leader.id, 999):
        assert client.post(f"/t/{party.leader.ticket_code}/swap/{number}", data={"name": "王五"}).status_code == 404
    assert {state for *_, state in people(saved, event)} == {"confirmed"}


# ---- handing over ----

def test_a_registration_is_handed_to_a_colleague(client, saved, event, party):
    before, code = taken(saved, event), party.leader.ticket_code
    assert f"/t/{code}/hand-over" in client.get(f"/t/{code}").text
    sent = {"name": "王五", "phone": "13800138001", "organisation": "乙公司"}
    for _ in range(2):
        assert client.post(f"/t/{code}/hand-over", data=sent).location == f"/t/{code}"
    with saved() as session:
        leader = session.scalars(sa.select(Attendee).where(Attendee.place == 0)).one()
        assert (leader.name, leader.phone, leader.organisation, leader.category_id) == ("王五", "13800138001", "乙公司", party.category_id)
        told = session.execute(sa.select(Message.purpose, Message.channel, Message.address).order_by(Message.id)).all()
    assert told == [(Purpose.TICKET, "sms", "13800138001"), (Purpose.HANDED_OVER, "email", "li@example.org")]
    assert taken(saved, event) == before
    void = client.get(f"/t/{code}").text
    assert ("凭证已失效" in void, leader.ticket_code in void) == (True, False)
    assert [client.get(f"/t/{code}/{page}").status_code for page in ("change", "cancel")] == [403, 403]
    assert client.get(f"/t/{leader.ticket_code}/change").status_code == 200
    assert all(guest.name in client.get(f"/t/{leader.ticket_code}").text for guest in party.companions)


def test_two_tabs_hand_over_once(client, saved, event, party):
    code = party.leader.ticket_code
    client.post(f"/t/{code}/hand-over", data={"name": "王五", "phone": "13800138001"})
    late = client.post(f"/t/{code}/hand-over", data={"name": "赵六", "phone": "13800138002"})
    assert (late.status_code, "已经换成其他人" in late.text) == (409, True)
    assert "赵六" not in [name for name, *_ in people(saved, event)]


@pytest.mark.parametrize("sent, field", [
    ({"name": "王五"}, "phone"), ({"name": "王五", "phone": "0631-5231234"}, "phone"), ({"name": "王五", "email": "x"}, "email"),
    ({"name": "李 四", "phone": "13900000001"}, "name"),
])
def test_handing_over_needs_somebody_new_who_can_be_reached(client, saved, event, party, sent, field):
    before = people(saved, event)
    page = client.post(f"/t/{party.leader.ticket_code}/hand-over", data=sent).text
    assert (f'id="{field}-error"' in page, people(saved, event), rows(saved, sa.select(Message))) == (True, before, [])


def test_who_is_registered_already_takes_nothing_over(client, saved, event, party):
    with saved() as session:
        make.registration(session, session.merge(event), name="王五", phone="13800138001")
    before = people(saved, event)
    page = client.post(f"/t/{party.leader.ticket_code}/hand-over", data={"name": "王五", "phone": "13800138001"}).text
    assert ('id="name-error"' in page, "已报名" in page.partition("<form")[2], people(saved, event)) == (True, False, before)


def test_the_invitations_link_leads_no_more_to_what_was_handed_over(client, saved, event):
    with saved() as session:
        asked = make.invitation(session, session.merge(event), name="张三", phone="13800000001")
        session.flush()
        token, code = asked.token, make.registration(session, asked.event, invitation=asked, name="张三", phone="13800000001").leader.ticket_code
    client.post(f"/t/{code}/hand-over", data={"name": "王五", "phone": "13800138001"})
    (new,) = rows(saved, sa.select(Attendee.ticket_code).where(Attendee.place == 0))
    answers = [client.get(f"/i/{token}"), client.get(f"/i/{token}/decline"), client.post(f"/i/{token}/decline", data={}),
               client.post(f"/i/{token}", data=filled(name="张三", phone="13800000001"))]
    assert [new in answer.text + (answer.location or "") for answer in answers] == [False] * 4
    assert "您已将报名转给他人" in answers[0].text
    assert [name for name, _, state in people(saved, event) if state == "confirmed"] == ["王五"]
    assert rows(saved, sa.select(invitations.Invitation.state)) == [invitations.State.ACCEPTED]
    client.post(f"/t/{new}/cancel", data={})
    assert rows(saved, sa.select(AuditEntry.by).where(AuditEntry.action == "registration.cancel")) == ["guest"]


def test_who_has_arrived_is_neither_swapped_nor_handed_over(client, saved, event, party):
    with saved() as session:
        for one in (party.leader, party.companions[0]):
            session.get(Attendee, one.id).arrived_at = NOW
    code = party.leader.ticket_code
    for page in ("hand-over", f"swap/{party.companions[0].id}"):
        answer = client.post(f"/t/{code}/{page}", data={"name": "王五", "phone": "13800138001"})
        assert (answer.status_code, "签到" in answer.text) == (409, True)
    assert client.post(f"/t/{code}/swap/{party.companions[1].id}", data={"name": "王五"}).location == f"/t/{code}"


# ---- what the event asks beyond it ----


@pytest.fixture
def asks(saved, event):
    """The event asks the party whether it drives (f1), of each the meal (f2) and the identity number (f3)."""
    with saved() as session:
        day = session.merge(event)
        make.field(session, day, "yes_no", label="是否自驾")
        make.field(session, day, label="餐食", per_person=True, required=True)
        make.field(session, day, label="身份证号", settings={"check": "identity"}, per_person=True)


def answered(client, event):
    """A party's leader and companion with all answers, through the form; their tickets."""
    code = client.post(f"/events/{event.slug}/register", data=filled(f1="yes", f2="素食", f3=IDENTITY, **{
        "f3.consent": "y", "companions-0-name": "王五", "companions-0-f2": "清真"})).location
    return code.rpartition("/")[2]


def told(saved):
    """Everybody's answers, sealed ones as such, by name."""
    with saved() as session:
        found = session.execute(sa.select(Attendee.name, Answer).join(Answer, Answer.attendee_id == Attendee.id).order_by(Answer.attendee_id, Answer.field_id))
        listed = [(name, "sealed" if answer.sealed else answer.value) for name, answer in found]
    return {name: [value for whose, value in listed if whose == name] for name, _ in listed}


def test_who_is_swapped_in_answers_for_themselves(client, saved, event, category, asks):
    code = answered(client, event)
    (guest,) = rows(saved, sa.select(Attendee.id).where(Attendee.place == 1))
    path = f"/t/{code}/swap/{guest}"
    page = client.get(path).text
    assert ("餐食" in page, "身份证号" in page, "是否自驾" in page, "清真" in page) == (True, True, False, False)
    for sent, missing in ({}, ["name", "a-f2"]), ({"name": "赵六"}, ["a-f2"]):
        assert re.findall(r'<a href="#([^"]+)">[^<]+：请填写此项。</a>', client.post(path, data=sent).text) == missing
    assert client.post(path, data={"name": "赵六", "f2": "无忌口", "f3": IDENTITY, "f3.consent": "y"}).location == f"/t/{code}"
    assert told(saved) == {"周七": ["yes", "素食", "sealed"], "王五": ["清真"], "赵六": ["无忌口", "sealed"]}


def test_who_takes_over_answers_for_themselves_and_what_the_party_said_stays(client, signed_in, saved, event, category, asks):
    code = answered(client, event)
    page = client.get(f"/t/{code}/hand-over").text
    assert ("餐食" in page, "身份证号" in page, "是否自驾" in page, "素食" in page, "已填写" in page) == (True, True, False, False, False)
    refused = client.post(f"/t/{code}/hand-over", data={"name": "赵六", "phone": "13800138001", "f2": "普通", "f3": "123"}).text
    assert ('href="#a-f3"' in refused, 'value="普通"' in refused) == (True, True)
    for meal in ("普通", "面食"):  # the second time from the old ticket
        client.post(f"/t/{code}/hand-over", data={"name": "赵六", "phone": "13800138001", "f2": meal})
    assert told(saved) == {"周七": ["素食", "sealed"], "王五": ["清真"], "赵六": ["yes", "普通"]}
    (new,) = rows(saved, sa.select(Attendee.ticket_code).where(Attendee.name == "赵六"))
    change = client.get(f"/t/{new}/change").text
    assert ("已填写，加密保存" in change, 'value="普通"' in change, "素食" in change) == (False, True, False)
    with signed_in("organiser").get(f"/desk/events/{event.slug}/attendees.csv") as answer:
        table = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    shown = {row["姓名"]: (row["报名状态"], row["是否自驾"], row["餐食"], row["身份证号"]) for row in table}
    assert shown == {"赵六": ("已报名", "是", "普通", ""), "王五": ("已报名", "", "清真", ""), "周七": ("已取消", "", "素食", "******")}


# ---- lost links ----

def seen(answer):
    """Everything about an answer that a stranger can compare."""
    return answer.status_code, sorted(answer.headers.items()), answer.data


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_tells_whether_somebody_is_registered(app, client, saved, party, queue, language):
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    answers, sent = [], []
    for contact in ("13900000001", "13900000009", "li@example.org", "nobody@example.org"):
        with count_queries(engine) as statements:
            answer = client.post(f"/resend?lang={language}", data={"contact": contact})
        answers.append((seen(answer), seen(client.get(answer.location))))
        sent.append(list(statements))
    assert answers[1:] == answers[:-1]
    assert sent[1:] == sent[:-1]
    assert queue == ["find_lost_links"] * 4


def test_the_ticket_goes_to_the_address_on_file_once(app, client, saved, event, party, queue):
    with saved() as session:
        session.get(Attendee, party.companions[0].id).phone = "13800138001"
        over = make.event(session)
        make.registration(session, over, name="李四", phone="13900000001")
        over.ends_at = NOW - timedelta(minutes=1)
    for contact in ("139 0000 0001", "+86 13900000001", "13800138001", "13700000000"):
        assert client.post("/resend", data={"contact": contact}).location == "/resend/done"
    with app.app_context():
        assert lost_links.work_off() == 2
        assert lost_links.work_off() == 0
    with saved() as session:
        told = session.execute(sa.select(Message.purpose, Message.channel, Message.address, Message.attendee_id).order_by(Message.id)).all()
        assert session.scalars(sa.select(LostLink)).all() == []
    assert told == [(Purpose.TICKET, "email", "li@example.org", party.leader.id), (Purpose.TICKET, "sms", "13800138001", party.companions[0].id)]


def test_asking_again_and_again_is_slowed_down_by_address_and_quietly_by_contact(initialised, tmp_path, monkeypatch):
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    monkeypatch.setattr("webapp.jobs.soon", lambda _name: None)
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True)

    def ask(number, contact):
        return app.test_client().post("/resend", data={"contact": contact}, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})

    assert [ask(1, f"1390000000{place}").status_code for place in range(6)] == [302] * 5 + [429]
    assert {ask(number, "13800000001").status_code for number in range(10, 16)} == {302}
    with app.app_context():
        kept = db.session.scalars(sa.select(LostLink.contact).where(LostLink.contact == "13800000001")).all()
        db.session.remove()
        db.engine.dispose()
    assert len(kept) == lost_links.PER_CONTACT.amount


def test_what_is_no_contact_is_refused_next_to_the_field(client, saved, queue):
    for contact in ("", "张三", "1390000", "a@b"):
        page = client.post("/resend", data={"contact": contact})
        assert ('id="contact-error"' in page.text, f'value="{contact}"' in page.text) == (True, True)
    assert (rows(saved, sa.select(LostLink)), queue) == ([], [])


def test_a_form_of_somebody_registered_reveals_nothing_and_sends_the_ticket_again(app, client, saved, event, party, queue):
    before = people(saved, event)
    answer = client.post(f"/events/{event.slug}/register", data=filled(name="李 四", phone="139-0000-0001"))
    page = client.get(answer.location).text
    assert (answer.location, party.leader.ticket_code in page, "li@example.org" in page, "李四" in page) == ("/resend/repeated", False, False, False)
    assert ("如果您已报名" in page, 'href="/resend"' in page) == (True, True)
    with app.app_context():
        lost_links.work_off()
    assert (people(saved, event), rows(saved, sa.select(Message.address))) == (before, ["li@example.org"])


def test_an_invitees_form_with_somebody_elses_name_reveals_nothing_either(client, saved, event, party, queue):
    with saved() as session:
        token = make.invitation(session, session.merge(event)).token
    answer = client.post(f"/i/{token}", data=filled(name="李四", phone="13900000001"))
    assert answer.location == "/resend/repeated"


def test_home_event_and_wrong_links_lead_to_the_page(client, event):
    for address in ("/", f"/events/{event.slug}", "/t/nothing", "/i/nothing"):
        assert 'href="/resend"' in client.get(address).text
    assert 'href="/resend"' not in client.get("/no-such-page").text


@pytest.mark.parametrize("page", ["swap", "hand-over"])
def test_pages_ask_as_often_for_thirty_companions_as_for_one(app, client, saved, event, page):
    counted = []
    for many in (1, 30):
        with saved() as session:
            party = make.registration(session, session.merge(event), category=make.category(session, companions=30), companions=many)
            address = f"/t/{party.leader.ticket_code}/{page}" + (f"/{party.companions[-1].id}" if page == "swap" else "")
        client.get(address)
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as statements:
            assert client.get(address).status_code == 200
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 6
