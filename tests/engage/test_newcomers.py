"""Who did not fill in the form with their party: what the next person is asked, and that nothing of the last one's is taken over."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import answers, fields, newcomers, replacements
from engage.answers import AnswersRefused, Keeping, Sent, SeparateConsentMissing
from engage.applications import Person
from engage.audit import AuditEntry
from engage.fields import Answer, AnswerFile, Condition
from engage.files import Upload
from engage.sealing import Cipher
from surveys.kinds import Missing

CIPHER = Cipher(["the secret of these tests"])
IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard
WANG = Person(name="王五", phone="13800138001")


@pytest.fixture
def event(session, now):
    """Tomorrow. It asks of the party whether it drives (f1), for an empowerment (f2) and how the leader got to know of it (f3); of each its
    meal (f4), its plate if the party drives (f5), its identity number (f6), and what the vegetarian may not eat (f7).
    """
    start = now + timedelta(days=1)
    event = make.event(session, starts_at=start, ends_at=start + timedelta(hours=3), registration_closes_at=now + timedelta(hours=10))
    drives = make.field(session, event, "yes_no", label="是否自驾")
    make.field(session, event, "file", label="委托书")
    make.field(session, event, label="来源")
    meal = make.field(session, event, "single", label="用餐", options=["素食", "普通"], per_person=True, required=True)
    make.field(session, event, label="车牌号", per_person=True, required=True, condition=Condition(drives.id, ["yes"]))
    make.field(session, event, label="身份证号", settings={"check": "identity"}, per_person=True)
    make.field(session, event, label="忌口", condition=Condition(meal.id, ["1"]))
    return event


def party_of(session, event, *people):
    """A party that has answered so: values by code for each person, the leader first."""
    party = make.registration(session, event, companions=len(people) - 1)
    came = [{code: value if isinstance(value, Sent) else Sent([value], consent=True) for code, value in person.items()} for person in people]
    judged = answers.read(fields.asked(session, event), came, category_id=party.category_id, now=make.NOW)
    answers.keep(session, party, [guest.name for guest in party.attendees], asked=fields.asked(session, event), judged=judged,
                 keeping=Keeping(CIPHER, "guest", make.NOW))
    return party


def codes(form):
    return [field.code for field in form.fields]


def told(form, **came):
    sent = {code: value if isinstance(value, Sent) else Sent([value]) for code, value in came.items()}
    return newcomers.read(form, sent, cipher=CIPHER, now=make.NOW)


def kept(session, attendee):
    session.flush()
    return {line.field.code: line.text() for line in answers.of_people(session, [attendee.id])[attendee.id]}


def noted(session):
    found = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "registration.answers").order_by(AuditEntry.id))
    return [entry.detail for entry in found]


def test_who_is_swapped_in_is_asked_what_everybody_is_and_keeps_only_that(session, event, now):
    party = party_of(session, event, {"f1": "yes", "f4": "2", "f5": "鲁K1"}, {"f4": "1", "f5": "鲁K2", "f6": IDENTITY})
    old = party.companions[0]
    form = newcomers.replacing(session, old)
    assert (codes(form), form.lines) == (["f4", "f5", "f6"], ())
    new = replacements.swap(session, old, WANG, told=told(form, f4="2", f5="鲁K9", f1="no"), by="guest", now=now)
    assert kept(session, new) == {"f4": "普通", "f5": "鲁K9"}
    assert kept(session, old) == {"f4": "素食", "f5": "鲁K2", "f6": "******"}
    assert kept(session, party.leader) == {"f1": "是", "f4": "普通", "f5": "鲁K1"}
    assert noted(session)[1:] == [{"fields": ["f4", "f5"]}]


def test_what_hangs_on_what_the_leader_said_is_asked_only_then(session, event):
    party = party_of(session, event, {"f1": "no", "f4": "2"}, {"f4": "1"})
    assert codes(newcomers.replacing(session, party.companions[0])) == ["f4", "f6"]


def test_fields_of_other_categories_are_not_asked(session, event):
    party = party_of(session, event, {"f4": "2"}, {"f4": "1"})
    other = make.category(session)
    make.field(session, event, label="编制", per_person=True, category_ids=[other.id])
    ours = make.field(session, event, label="委员证号", per_person=True, category_ids=[party.category_id])
    assert codes(newcomers.replacing(session, party.companions[0])) == ["f4", "f6", ours.code]


def test_what_is_missing_is_refused_and_told_by_its_field(session, event):
    party = party_of(session, event, {"f1": "yes", "f4": "2", "f5": "鲁K1"}, {"f4": "1", "f5": "鲁K2"})
    form = newcomers.replacing(session, party.companions[0])
    with pytest.raises(AnswersRefused) as refused:
        told(form, f4="1", f6=IDENTITY)
    assert {key: type(error) for key, error in refused.value.problems.items()} == {(0, "f5"): Missing, (0, "f6"): SeparateConsentMissing}


def test_the_next_leader_takes_over_what_the_party_said_and_nothing_of_the_person(session, event, now):
    upload = Sent(upload=Upload("委托书.pdf", b"%PDF-1.7 for the party"))
    party = party_of(session, event, {"f1": "yes", "f2": upload, "f3": "报纸", "f4": "1", "f5": "鲁K1", "f6": IDENTITY, "f7": "花生"}, {"f4": "2", "f5": "鲁K2"})
    old = party.leader
    form = newcomers.replacing(session, old)
    assert (codes(form), form.lines) == (["f4", "f5", "f6", "f7"], ())
    replacements.hand_over(session, old, WANG, told=told(form, f4="1", f5="鲁K9", f7="海鲜"), by="guest", now=now)
    assert kept(session, party.leader) == {"f1": "是", "f2": "委托书.pdf", "f3": "报纸", "f4": "素食", "f5": "鲁K9", "f7": "海鲜"}
    assert kept(session, old) == {"f4": "素食", "f5": "鲁K1", "f6": "******", "f7": "花生"}
    field_id = session.scalar(sa.select(AnswerFile.field_id))
    assert answers.file_of(session, party.leader, field_id, Keeping(CIPHER, "guest", now)).content == b"%PDF-1.7 for the party"
    assert fields.answer_counts(session, event)[field_id] == 1


def test_a_leader_who_does_not_eat_vegetarian_is_not_asked_what_hangs_on_it(session, event, now):
    party = party_of(session, event, {"f4": "1", "f7": "花生"})
    form = newcomers.replacing(session, party.leader)
    replacements.hand_over(session, party.leader, WANG, told=told(form, f4="2", f7="海鲜"), by="guest", now=now)
    assert kept(session, party.leader) == {"f4": "普通"}


def test_what_comes_a_second_time_changes_no_answer(session, event, now):
    party = party_of(session, event, {"f4": "1"}, {"f4": "1"})
    old, former = party.companions[0], party.leader
    swaps, hands = newcomers.replacing(session, old), newcomers.replacing(session, former)
    new = replacements.swap(session, old, WANG, told=told(swaps, f4="2"), by="guest", now=now)
    assert replacements.swap(session, old, WANG, told=told(swaps, f4="1"), by="guest", now=now) is new
    zhao = Person(name="赵六", phone="13800138002")
    for meal in ("2", "1"):
        replacements.hand_over(session, former, zhao, told=told(hands, f4=meal), by="guest", now=now)
    assert (kept(session, new), kept(session, party.leader)) == ({"f4": "普通"}, {"f4": "普通"})


def test_an_event_that_asks_nothing_asks_nobody_anything(session, now):
    start = now + timedelta(days=1)
    event = make.event(session, starts_at=start, ends_at=start + timedelta(hours=3))
    party = make.registration(session, event)
    form = newcomers.replacing(session, party.leader)
    replacements.hand_over(session, party.leader, WANG, told=told(form), by="guest", now=now)
    assert (codes(form), session.scalars(sa.select(Answer)).all(), noted(session)) == ([], [], [])
