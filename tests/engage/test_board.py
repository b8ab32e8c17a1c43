"""The figures of the live board, and its public address."""

import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import arrivals, board, registrations, reports, undos
from engage.arrivals import ScanRequest
from engage.audit import AuditEntry
from engage.board import ActivityCount, Arrival, BoardNotFound
from engage.contacts import surname_only
from engage.parties import State


def came(session, event, attendee, at):
    arrivals.scan(session, event, [ScanRequest(id=str(uuid.uuid4()), code=attendee.ticket_code, at=at)], by=make.BY, now=at)


def test_the_board_counts_by_category_and_activity_and_tells_who_came_last(session, now):
    event = make.event(session)
    deputy, enterprise = make.category(session, name="人大代表", position=1), make.category(session, name="企业代表", position=2)
    visit = make.activity(session, event, title="参观", ends_at=now)
    talk = make.activity(session, event, title="座谈", starts_at=now)
    make.activity(session, event, title="无人问津")
    party = make.registration(session, event, category=deputy, companions=2, name="张小三", activity_ids=[visit.id, talk.id])
    alone = make.registration(session, event, category=enterprise, name="李四", activity_ids=[talk.id])
    gone = make.registration(session, event, category=enterprise, activity_ids=[visit.id])
    registrations.cancel(session, gone, by="guest", now=now)
    other = make.event(session)
    came(session, other, make.registration(session, other).leader, now)
    came(session, event, party.leader, now - timedelta(minutes=11))
    came(session, event, alone.leader, now)
    shown = board.figures(session, event, now=now)
    assert (shown.expected, shown.arrived, shown.open) == (4, 2, True)
    assert [(each.category.name, each.expected, each.arrived) for each in shown.categories] == [("人大代表", 3, 1), ("企业代表", 1, 1)]
    assert shown.activities == [ActivityCount(visit.id, "参观", 3, 1), ActivityCount(talk.id, "座谈", 4, 2)]
    assert shown.last == [Arrival("李四", enterprise.id, now), Arrival("张小三", deputy.id, now - timedelta(minutes=11))]
    assert shown.pace_from == now - timedelta(minutes=115)
    assert shown.pace == [0] * 20 + [1, 0, 0, 1]


def test_board_door_and_report_agree_on_who_came(session, now):
    """Also on somebody whose registration was cancelled after staff had let them in."""
    event = make.event(session)
    visit = make.activity(session, event)
    let_in = make.registration(session, event, category=make.category(session), activity_ids=[visit.id])
    absent = make.registration(session, event, category=let_in.category, activity_ids=[visit.id])
    came(session, event, let_in.leader, now)
    session.expire_all()
    let_in.state = let_in.leader.state = State.CANCELLED
    session.flush()
    shown, reported = board.figures(session, event, now=now), reports.event_summary(session, event, now=now).total
    told = {
        "board": (shown.expected, shown.arrived), "activity": (shown.activities[0].expected, shown.activities[0].arrived),
        "pace": (1, sum(shown.pace)), "last": (1, len(shown.last)), "totals": arrivals.totals(session, [event.id])[event.id],
        "report": (reported.registered, reported.arrived),
    }
    assert told == dict.fromkeys(told, (1, 1))
    assert absent.leader.arrived_at is None


def test_arrivals_are_counted_in_steps_of_five_minutes_of_the_last_two_hours(session, now):
    event = make.event(session, starts_at=now - timedelta(hours=4))
    for before in (600, 120, 119.9, 115, 5, 4.9, 0.1, 0):
        came(session, event, make.registration(session, event).leader, now - timedelta(minutes=before))
    shown = board.figures(session, event, now=now)
    assert (shown.pace[0], shown.pace[22:], sum(shown.pace)) == (1, [3, 1], 5)
    assert board.figures(session, event, now=now + timedelta(minutes=5)).pace[21:] == [3, 1, 0]


def test_after_the_event_the_two_hours_up_to_the_last_arrival_stand(session, now):
    event = make.event(session)
    assert board.figures(session, event, now=now + timedelta(days=9)).pace == [0] * 24
    came(session, event, make.registration(session, event).leader, now)
    later = board.figures(session, event, now=now + timedelta(days=9))
    assert (later.pace, later.open) == ([0] * 23 + [1], False)


def test_an_admission_that_was_taken_back_is_on_no_board(session, now):
    event = make.event(session)
    guest = make.registration(session, event).leader
    came(session, event, guest, now)
    session.refresh(guest)
    undos.undo(session, guest, by=make.BY, now=now)
    shown = board.figures(session, event, now=now)
    assert (shown.expected, shown.arrived, shown.last, sum(shown.pace)) == (1, 0, [], 0)


def test_the_board_takes_as_many_statements_for_many_guests_as_for_one(session, now):
    event = make.event(session)
    counted = []
    for guests in (1, 30):
        for _ in range(guests):
            came(session, event, make.registration(session, event).leader, now)
        session.expire_all()
        event_id = event.id
        with count_queries(session) as seen:
            board.figures(session, event, now=now)
        counted.append(len(seen))
        assert event_id
    assert counted == [4, 4]


def test_a_public_board_has_a_code_that_can_be_renewed_and_withdrawn(session, now):
    event = make.event(session)
    assert board.of(session, event) is None
    first = board.renew(session, event, by=make.BY, now=now).code
    assert (len(first), board.event_of(session, first)) == (26, event)
    second = board.renew(session, event, by=make.BY, now=now).code
    assert board.event_of(session, second) is event
    with pytest.raises(BoardNotFound):
        board.event_of(session, first)
    board.withdraw(session, event, by=make.BY, now=now)
    board.withdraw(session, event, by=make.BY, now=now)
    with pytest.raises(BoardNotFound):
        board.event_of(session, second)
    recorded = sa.select(AuditEntry.action).where(AuditEntry.subject == f"board:{event.id}").order_by(AuditEntry.id)
    assert session.scalars(recorded).all() == ["board.renew", "board.renew", "board.withdraw"]


def test_of_a_name_strangers_read_the_first_character_only():
    names = ["张小三", "李四", "欧阳建国", "王", "Anna Lee", "X", ""]
    assert [surname_only(name) for name in names] == ["张**", "李*", "欧**", "王*", "A***", "X***", ""]
