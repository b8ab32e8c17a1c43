"""What is required and not answered yet is told in SQL as the form itself would tell it."""

from itertools import product

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import answers, fields, missing, newcomers, registrations, stand_ins
from engage.answers import AnswersRefused, Keeping, Sent, Standing
from engage.fields import Answer, Condition
from engage.newcomers import Form
from engage.parties import Attendee
from engage.sealing import Cipher

CIPHER = Cipher(["the secret of these tests"])


@pytest.fixture
def event(session):
    """It asks whether the party drives (f1), then for each one's plate (f2); what each wants to see (f3), then the other thing (f4); and of
    the leaders of one category a number (f5).
    """
    event = make.event(session, seats=None)
    drives = make.field(session, event, "yes_no")
    make.field(session, event, required=True, per_person=True, condition=Condition(drives.id, ["yes"]))
    sights = make.field(session, event, "multiple", per_person=True, options=[f"看点{number}" for number in range(1, 12)])
    make.field(session, event, required=True, per_person=True, condition=Condition(sights.id, ["1", "2"]))
    make.field(session, event, "number", required=True, category_ids=[make.category(session, code="asked").id])
    return event


def complete(session, attendee, **values):
    """Staff write down what there is, without regard to what is missing."""
    form = newcomers.completing(session, attendee)
    came = {code: Sent([value] if isinstance(value, str) else value, consent=True) for code, value in values.items()}
    newcomers.keep(session, attendee, newcomers.read(form, came, cipher=CIPHER, now=make.NOW), by=make.BY, now=make.NOW)


def lacking(session, event, *people):
    found = missing.of_people(session, fields.asked(session, event), [one.id for one in people])
    return [[field.code for field in found.get(one.id, ())] for one in people]


def refused(session, event, party):
    """What the form would miss, had it come with what was kept: by place."""
    lines = answers.of_people(session, [one.id for one in party.attendees])
    came = [{line.field.code: Sent(line.answer.value.split("\n")) for line in lines[one.id]} for one in party.attendees]
    try:
        answers.read(fields.asked(session, event), came, category_id=party.category_id, now=make.NOW)
    except AnswersRefused as error:
        return [sorted(code for place, code in error.problems if place == at) for at in range(len(came))]
    return [[]] * len(came)


def test_it_tells_what_the_form_would_refuse(session, event):
    asked = session.scalars(sa.select(make.Category).where(make.Category.code == "asked")).one()
    parties = []
    choices = product([asked, make.category(session)], [None, "yes", "no"], [None, "鲁K1"], [None, ["1"], ["11", "3"], ["2", "3"]])
    for category, drives, plate, sights in choices:
        party = make.registration(session, event, category=category, companions=1)
        given = {"f1": drives, "f2": plate, "f3": sights}
        for one in party.attendees:
            complete(session, one, **{code: value for code, value in given.items() if value})
        parties.append(party)
    session.flush()
    told = [lacking(session, event, *party.attendees) for party in parties]
    assert told == [refused(session, event, party) for party in parties]
    assert {tuple(codes) for both in told for codes in both} > {(), ("f2",), ("f4",), ("f5",), ("f2", "f4", "f5")}
    wanting = session.scalars(sa.select(Attendee.id).where(missing.incomplete(fields.asked(session, event)))).all()
    assert sorted(wanting) == sorted(one.id for party, both in zip(parties, told, strict=True) for one, codes in zip(party.attendees, both, strict=True) if codes)
    assert missing.count(session, event) == len(wanting)


def test_who_is_cancelled_lacks_nothing_and_an_event_without_fields_asks_nothing(session, event):
    make.field(session, event, required=True)
    party = make.registration(session, event)
    assert lacking(session, event, party.leader) == [["f6"]]
    registrations.cancel(session, party, by=make.BY, now=make.NOW)
    assert (lacking(session, event, party.leader), missing.count(session, event)) == ([[]], 0)
    plain = make.event(session)
    alone = make.registration(session, plain).leader
    with count_queries(session) as seen:
        assert (missing.of_people(session, fields.asked(session, plain), [alone.id]), missing.count(session, plain)) == ({}, 0)
    assert seen == []


def test_the_door_asks_what_is_required_and_what_hangs_on_it(session):
    event = make.event(session)
    make.field(session, event)
    vote = make.field(session, event, "yes_no", required=True)
    why = make.field(session, event, required=True, condition=Condition(vote.id, ["yes"]))
    drives = make.field(session, event, "yes_no")
    make.field(session, event, required=True, condition=Condition(drives.id, ["yes"]))
    asked = newcomers.at_the_door(session, event)
    assert asked == [vote, why]
    with pytest.raises(AnswersRefused):
        newcomers.read(Form(asked, Standing(1)), {vote.code: Sent(["yes"])}, cipher=CIPHER, now=make.NOW)
    later = newcomers.read(Form(asked, Standing(1, later=True)), {vote.code: Sent(["yes"])}, cipher=CIPHER, now=make.NOW)
    assert [answer.value for answer in later.judged.values()] == ["yes"]


def test_who_stands_in_for_somebody_has_answered_nothing_yet(session, event):
    number = make.field(session, event, label="身份证号", settings={"check": "identity"}, per_person=True)
    party = make.registration(session, event, companions=1)
    complete(session, party.leader, f1="yes", f2="鲁K1", **{number.code: "11010119900101004X"})
    complete(session, party.companions[0], f2="鲁K2")
    for one in party.attendees:
        stand_ins.stand_in(session, one, "王五", by=make.BY, now=make.NOW)
    kept = [(one.value, one.attendee_id) for one in session.scalars(sa.select(Answer))]
    assert kept == [("yes", party.leader.id)]
    assert lacking(session, event, *party.attendees) == [["f2"], ["f2"]]


def test_what_staff_complete_keeps_what_is_not_shown_again(session, event):
    number = make.field(session, event, label="身份证号", settings={"check": "identity"})
    leader = make.registration(session, event).leader
    complete(session, leader, f1="no", **{number.code: "11010119900101004X"})
    (sealed,) = session.scalars(sa.select(Answer).where(Answer.sealed))
    before = sealed.value
    complete(session, leader, f1="yes", f2="鲁K1")
    held = answers.of_people(session, [leader.id])[leader.id]
    assert [(line.field.code, line.text()) for line in held] == [("f1", "是"), ("f2", "鲁K1"), (number.code, "******")]
    assert sealed.value == before
    keeping = Keeping(CIPHER, make.BY, make.NOW)
    assert answers.reveal(session, leader.registration, held, keeping) == {(leader.id, number.id): "11010119900101004X"}
