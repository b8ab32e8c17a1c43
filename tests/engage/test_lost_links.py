"""Lost links: what is sent again, to whom, and that asking leaves the same trace for everybody."""

from dataclasses import replace
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import invitations, lost_links, parties, registrations
from engage.audit import AuditEntry
from engage.contacts import InvalidEmail, InvalidPhone
from engage.events import Visibility
from engage.lost_links import LostLink
from engage.outbox import Channel, Message, Purpose

NOW = make.NOW


def asked(session, *contacts):
    """Ask by these contacts and work off; how many messages were queued."""
    for contact in contacts:
        lost_links.ask(session, lost_links.clean_contact(contact), now=NOW)
    return lost_links.work_off(session, now=NOW)


def told(session):
    return session.execute(sa.select(Message.purpose, Message.channel, Message.address).order_by(Message.id)).all()


def test_the_ticket_goes_to_the_address_on_file_by_either_contact_and_never_to_the_one_typed(session):
    party = make.registration(session, make.event(session), phone="13900000001", email="li@example.org", companions=1)
    assert asked(session, "139 0000 0001", "Li@Example.org", "13900000002") == 1
    assert told(session) == [(Purpose.TICKET, Channel.EMAIL, "li@example.org")]
    assert session.scalars(sa.select(LostLink)).all() == []
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "registration.resend")).one()
    assert (entry.subject, entry.by, entry.detail) == (f"registration:{party.id}", "guest", {"attendee": party.leader.id})


def test_companions_hear_about_themselves_and_who_waits_about_the_line(session):
    category = make.category(session)
    event = make.event(session, seats=2, waiting_list=True, starts_at=NOW + timedelta(hours=1))
    party = make.registration(session, event, category=category, phone="13900000001", email="", companions=1)
    party.companions[0].phone = "13900000002"
    form = replace(make.application(session, category=category, phone="13900000003", email=""), wait=True)
    registrations.register(session, event, form, by="guest", now=NOW)
    assert asked(session, "13900000001", "13900000002", "13900000003") == 3
    assert told(session) == [(Purpose.TICKET, Channel.SMS, "13900000001"), (Purpose.TICKET, Channel.SMS, "13900000002"),
                             (Purpose.WAITING, Channel.SMS, "13900000003")]


def test_what_is_over_cancelled_or_cannot_be_reached_is_left_alone(session):
    stated = {"name": "李四", "phone": "13900000001", "email": ""}
    over, off = make.event(session), make.event(session)
    for event in (over, off):
        make.registration(session, event, **stated)
    over.ends_at = NOW
    cancelled = make.registration(session, make.event(session), **stated)
    registrations.cancel(session, cancelled, by="guest", now=NOW)
    make.registration(session, make.event(session), name="座机", phone="0631-5231234", email="")
    session.flush()
    assert asked(session, "0631-5231234") == 0
    assert asked(session, "13900000001") == 1
    assert session.scalars(sa.select(Message.event_id)).all() == [off.id]


def test_what_still_waits_is_not_queued_twice(session):
    party = make.registration(session, make.event(session), phone="13900000001", email="")
    parties.tell(session, party, Purpose.TICKET, now=NOW)
    assert asked(session, "13900000001") == 0
    session.execute(sa.update(Message).values(state="sent"))
    assert asked(session, "13900000001", "13900000001") == 1


def test_open_invitations_are_sent_again_but_no_letters(session):
    event = make.event(session, visibility=Visibility.INVITED)
    made = {name: make.invitation(session, event, name=name, phone=phone, email="") for name, phone in (
        ("已发", "13800000001"), ("草稿", "13800000002"), ("座机", "0631-5231234"), ("婉拒", "13800000004"))}
    sent = [made[name].id for name in ("已发", "座机", "婉拒")]
    invitations.send(session, event, ids=sent, by="user:wang", now=NOW - timedelta(days=1))
    session.execute(sa.update(Message).values(state="sent"))
    session.expire_all()
    invitations.answer(session, made["婉拒"], invitations.State.DECLINED, by="guest", now=NOW)
    assert asked(session, "13800000001", "13800000002", "0631-5231234", "13800000004") == 1
    latest = session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert (latest.invitation_id, latest.purpose, latest.address) == (made["已发"].id, Purpose.INVITATION, "13800000001")


def test_asking_leaves_the_same_trace_whoever_it_is(session):
    make.registration(session, make.event(session), phone="13900000001")
    for contact in ("13900000001", "13900000009"):
        lost_links.ask(session, contact, now=NOW)
    assert lost_links.waiting(session)
    rows = session.execute(sa.select(LostLink.contact, LostLink.asked_at).order_by(LostLink.id)).all()
    assert rows == [("13900000001", NOW), ("13900000009", NOW)]
    assert session.scalars(sa.select(Message)).all() == []


@pytest.mark.parametrize("text, clean", [(" 139-0000-0001 ", "13900000001"), ("Ａ@Example.org", "a@example.org"), ("a＠b.cn", "a@b.cn")])
def test_a_contact_is_understood_as_it_is_typed(text, clean):
    assert lost_links.clean_contact(text) == clean


@pytest.mark.parametrize("text, refused", [("李四", InvalidPhone), ("", InvalidPhone), ("a@b", InvalidEmail)])
def test_what_is_no_contact_is_refused(text, refused):
    with pytest.raises(refused) as refusal:
        lost_links.clean_contact(text)
    assert refusal.value.field == "contact"


def test_many_wishes_are_worked_off_in_portions_the_oldest_first(session):
    make.registration(session, make.event(session), phone="13900000001")
    for number in range(lost_links.AT_ONCE):
        lost_links.ask(session, f"137{number:08}", now=NOW)
    lost_links.ask(session, "13900000001", now=NOW)
    assert [(lost_links.work_off(session, now=NOW), lost_links.waiting(session)) for _ in range(2)] == [(0, True), (1, False)]
