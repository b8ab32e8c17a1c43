"""What guests answer: asked of the right people, judged, kept, encrypted, shown; on both databases."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries, undone
from hypothesis import given, settings
from hypothesis import strategies as some

from engage import answers, fields
from engage.answers import AnswersRefused, FileMissing, Judged, Keeping, Sent, SeparateConsentMissing
from engage.audit import AuditEntry
from engage.contacts import InvalidCreditCode, InvalidIdentityNumber, InvalidPhone, NotMobile
from engage.errors import EngageError
from engage.field_kinds import KINDS, NotADate
from engage.fields import Answer, AnswerFile, Condition, Definition
from engage.files import Upload
from engage.sealing import Cipher, SealedWithAnotherKey
from surveys import kinds
from surveys.errors import SurveyError
from surveys.files import FileTooLarge, FileTypeRefused

PDF = b"%PDF-1.7 the secret file"
IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard
CIPHER = Cipher(["the secret of these tests"])


def sent(value="", **more):
    return Sent([value] if isinstance(value, str) else value, **more)


def read(asked, *people, now, category_id=1, kept=()):
    return answers.read(asked, people, category_id=category_id, kept=kept, now=now)


def keep(session, party, asked, judged, *, cipher=CIPHER, by="guest"):
    names = [party.leader.name, *(guest.name for guest in party.companions)]
    answers.keep(session, party, names, asked=asked, judged=judged, keeping=Keeping(cipher, by, make.NOW))
    session.flush()


def shown(session, *people):
    lines = answers.of_people(session, [person.id for person in people])
    return [[(line.field.label, line.text()) for line in lines[person.id]] for person in people]


@pytest.mark.parametrize("kind, changes, typed, stored, text", [
    ("text", {}, "  鲁K  12345 ", "鲁K 12345", "鲁K 12345"),
    ("text", {"settings": {"check": "mobile"}}, "+86 138-0013-8000", "13800138000", "13800138000"),
    ("text", {"settings": {"check": "phone"}}, "0631—5231234", "06315231234", "06315231234"),
    ("text", {"settings": {"check": "uscc"}}, "91350100m000100y43", "91350100M000100Y43", "91350100M000100Y43"),
    ("long_text", {}, "第一行\r\n第二行", "第一行\n第二行", "第一行\n第二行"),
    ("single", {}, "2", "2", "流程清楚"),
    ("multiple", {"settings": {"max": 2}}, ["3", "1"], "1\n3", "大厅宽敞；讲解细致"),
    ("number", {"settings": {"unit": "人", "min": 0, "max": 9}}, "３", "3", "3人"),
    ("number", {}, "2.50", "2.5", "2.5"),
    ("date", {}, "2026-03-18", "2026-03-18", "2026-03-18"),
    ("date", {}, "2026年3月8日", "2026-03-08", "2026-03-08"),
    ("yes_no", {}, "no", "no", "否"),
])
def test_each_kind_is_read_kept_and_shown(session, now, kind, changes, typed, stored, text):
    event = make.event(session)
    field = make.field(session, event, kind, label="事项", **changes)
    party = make.registration(session, event)
    judged = read([field], {"f1": sent(typed)}, now=now)
    keep(session, party, [field], judged)
    assert judged == [{field.id: Judged(stored)}]
    assert shown(session, party.leader) == [[("事项", text)]]


@pytest.mark.parametrize("kind, changes, typed, refusal", [
    ("text", {"required": True}, "  ", kinds.Missing),
    ("text", {}, "长" * 201, kinds.TooLong),
    ("text", {"settings": {"check": "mobile"}}, "0631-5231234", NotMobile),
    ("text", {"settings": {"check": "phone"}}, "12345", InvalidPhone),
    ("text", {"settings": {"check": "uscc"}}, "91350100M000100Y42", InvalidCreditCode),
    ("text", {"settings": {"check": "identity"}}, "110101199001010011", InvalidIdentityNumber),
    ("long_text", {}, "长" * 2001, kinds.TooLong),
    ("single", {}, "4", kinds.UnknownOption),
    ("single", {}, ["1", "2"], kinds.MoreThanOne),
    ("multiple", {"settings": {"max": 1}}, ["1", "2"], kinds.TooManyPicks),
    ("multiple", {"settings": {"min": 2}}, ["1"], kinds.TooFewPicks),
    ("multiple", {"required": True}, [], kinds.Missing),
    ("number", {"settings": {"max": 9}}, "10", kinds.AboveMaximum),
    ("number", {"settings": {"integer": True}}, "1.5", kinds.NotWhole),
    ("number", {}, "十", kinds.NotANumber),
    ("date", {}, "2026-02-30", NotADate),
    ("date", {}, "0026-02-03", NotADate),
    ("date", {}, "昨天", NotADate),
    ("yes_no", {}, "maybe", kinds.UnknownOption),
    ("yes_no", {}, ["yes", "no"], kinds.MoreThanOne),
    ("file", {"required": True}, "name.pdf", kinds.Missing),
])
def test_what_is_wrong_is_refused_at_its_place(session, now, kind, changes, typed, refusal):
    field = make.field(session, make.event(session), kind, **changes)
    with pytest.raises(AnswersRefused) as refused:
        read([field], {}, {}, {"f1": sent(typed, consent=True)}, now=now) if field.per_person else read(
            [field], {"f1": sent(typed, consent=True)}, now=now)
    assert {place: type(error) for place, error in refused.value.problems.items()} == {(0, "f1"): refusal}


def test_all_that_is_wrong_is_told_at_once_and_of_everybody(session, now):
    event = make.event(session)
    asked = [make.field(session, event, required=True), make.field(session, event, "number", per_person=True, required=True)]
    with pytest.raises(AnswersRefused) as refused:
        read(asked, {"f2": sent("多")}, {}, {"f2": sent("2")}, now=now)
    assert {place: type(error) for place, error in refused.value.problems.items()} == {
        (0, "f1"): kinds.Missing, (0, "f2"): kinds.NotANumber, (1, "f2"): kinds.Missing}


def test_only_who_is_meant_is_asked_and_nothing_else_is_kept(session, now):
    event, ours, others = make.event(session), make.category(session), make.category(session)
    for_others = make.field(session, event, required=True, category_ids=[others.id])
    of_leader = make.field(session, event)
    of_all = make.field(session, event, per_person=True)
    everything = {code: sent("答") for code in ("f1", "f2", "f3")}
    judged = read([for_others, of_leader, of_all], everything, everything, category_id=ours.id, now=now)
    assert judged == [{of_leader.id: Judged("答"), of_all.id: Judged("答")}, {of_all.id: Judged("答")}]


def test_a_field_is_asked_where_its_condition_holds_and_a_chain_ends_where_one_does_not(session, now):
    event = make.event(session)
    drives = make.field(session, event, "yes_no")
    kind = make.field(session, event, "single", required=True, condition=Condition(drives.id, ["yes"]))
    plate = make.field(session, event, required=True, condition=Condition(kind.id, ["1", "2"]))
    asked = [drives, kind, plate]
    everything = {"f2": sent("1"), "f3": sent("鲁K12345")}
    assert read(asked, {"f1": sent("no"), **everything}, now=now) == [{drives.id: Judged("no")}]
    assert read(asked, everything, now=now) == [{}]
    assert read(asked, {"f1": sent("yes"), "f2": sent("3"), "f3": sent("x")}, now=now) == [{drives.id: Judged("yes"), kind.id: Judged("3")}]
    with pytest.raises(AnswersRefused) as refused:
        read(asked, {"f1": sent("yes"), "f2": sent("2")}, now=now)
    assert list(refused.value.problems) == [(0, "f3")]


def test_companions_follow_the_leaders_answer_where_only_the_leader_is_asked_and_their_own_elsewhere(session, now):
    event = make.event(session)
    stays = make.field(session, event, "yes_no")
    room = make.field(session, event, required=True, per_person=True, condition=Condition(stays.id, ["yes"]))
    eats = make.field(session, event, "yes_no", per_person=True)
    diet = make.field(session, event, required=True, per_person=True, condition=Condition(eats.id, ["yes"]))
    asked = [stays, room, eats, diet]
    leader = {"f1": sent("yes"), "f2": sent("101"), "f3": sent("yes"), "f4": sent("素")}
    assert read(asked, leader, {"f2": sent("102"), "f3": sent("no"), "f4": sent("荤")}, {"f2": sent("103")}, now=now)[1:] == [
        {room.id: Judged("102"), eats.id: Judged("no")}, {room.id: Judged("103")}]


def test_sensitive_answers_need_their_own_consent_and_lie_encrypted(session, now):
    event = make.event(session)
    field = make.field(session, event, settings={"check": "identity"}, label="身份证号")
    party = make.registration(session, event)
    with pytest.raises(AnswersRefused) as refused:
        read([field], {"f1": sent(IDENTITY)}, now=now)
    assert isinstance(refused.value.problems[0, "f1"], SeparateConsentMissing)
    keep(session, party, [field], read([field], {"f1": sent(IDENTITY.lower(), consent=True)}, now=now))
    row = session.execute(sa.select(sa.text("*")).select_from(sa.table("field_answer"))).mappings().one()
    assert IDENTITY not in str(dict(row))
    assert CIPHER.open_text(row["value"]) == IDENTITY
    stored = session.get(Answer, (party.leader.id, field.id))
    assert (stored.sealed, stored.consent_at) == (True, now)
    assert shown(session, party.leader) == [[("身份证号", "******")]]


def test_showing_sensitive_answers_in_full_is_noted_without_them(session, now):
    event = make.event(session)
    asked = [make.field(session, event, settings={"check": "identity"}), make.field(session, event, "yes_no", sensitive=True)]
    party = make.registration(session, event)
    keep(session, party, asked, read(asked, {"f1": sent(IDENTITY, consent=True), "f2": sent("yes", consent=True)}, now=now))
    lines = answers.of_people(session, [party.leader.id])[party.leader.id]
    revealed = answers.reveal(session, party, lines, Keeping(CIPHER, make.BY, now), language="en")
    assert revealed == {(party.leader.id, asked[0].id): IDENTITY, (party.leader.id, asked[1].id): "Yes"}
    noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == f"registration:{party.id}").order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.by, entry.detail.get("fields")) for entry in noted[-2:]] == [
        ("registration.answers", "guest", ["f1", "f2"]), ("registration.reveal", make.BY, ["f1", "f2"])]
    assert IDENTITY not in str([entry.detail for entry in noted])


def test_the_wrong_key_is_refused_clearly(session, now):
    event = make.event(session)
    field = make.field(session, event, settings={"check": "identity"})
    party = make.registration(session, event)
    keep(session, party, [field], read([field], {"f1": sent(IDENTITY, consent=True)}, now=now))
    wrong = Keeping(Cipher(["another secret"]), make.BY, now)
    lines = answers.of_people(session, [party.leader.id])[party.leader.id]
    with pytest.raises(SealedWithAnotherKey):
        answers.reveal(session, party, lines, wrong)
    with pytest.raises(SealedWithAnotherKey):
        answers.reseal(session, wrong)


def test_after_resealing_the_new_key_alone_reads_everything(session, now):
    event = make.event(session)
    asked = [make.field(session, event, settings={"check": "identity"}), make.field(session, event, "file", sensitive=True)]
    for _ in range(3):
        party = make.registration(session, event)
        keep(session, party, asked, read(asked, {
            "f1": sent(IDENTITY, consent=True), "f2": sent(upload=Upload("证件.pdf", PDF), consent=True)}, now=now))
    new = Cipher(["a new secret"])
    both = Cipher(["a new secret", "the secret of these tests"])
    done = answers.reseal(session, Keeping(both, "system", now))
    session.expire_all()
    assert (done.answers, done.files) == (6, 3)
    lines = answers.of_people(session, [party.leader.id])[party.leader.id]
    revealed = answers.reveal(session, party, lines, Keeping(new, make.BY, now))
    assert set(revealed.values()) == {IDENTITY, "证件.pdf"}
    assert answers.file_of(session, party.leader, asked[1].id, Keeping(new, make.BY, now)) == Upload("证件.pdf", PDF, "pdf")


def test_a_file_is_kept_beside_its_answer_encrypted_where_it_is_sensitive(session, now):
    event = make.event(session)
    plain, secret = make.field(session, event, "file"), make.field(session, event, "file", sensitive=True)
    party = make.registration(session, event)
    handed_in = {code: sent(upload=Upload("证件.pdf", PDF), consent=True) for code in ("f1", "f2")}
    keep(session, party, [plain, secret], read([plain, secret], handed_in, now=now))
    stored = {file.field_id: file.content for file in session.scalars(sa.select(AnswerFile))}
    assert stored[plain.id] == PDF
    assert b"secret" not in stored[secret.id]
    keeping = Keeping(CIPHER, make.BY, now)
    assert answers.file_of(session, party.leader, plain.id, keeping) == Upload("证件.pdf", PDF, "pdf")
    assert answers.file_of(session, party.leader, secret.id, keeping) == Upload("证件.pdf", PDF, "pdf")
    taken = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "registration.file")).all()
    assert [entry.detail for entry in taken] == [{"field": secret.id}]
    with pytest.raises(FileMissing):
        answers.file_of(session, make.registration(session, event).leader, plain.id, keeping)


@pytest.mark.parametrize("upload, refusal", [
    (Upload("证件.pdf", PDF + bytes(1_000_000)), FileTooLarge), (Upload("证件.pdf", b"MZ"), FileTypeRefused),
])
def test_a_file_that_is_too_large_or_something_else_is_refused(session, now, upload, refusal):
    field = make.field(session, make.event(session), "file", settings={"megabytes": 1})
    with pytest.raises(AnswersRefused) as refused:
        read([field], {"f1": sent(upload=upload)}, now=now)
    assert type(refused.value.problems[0, "f1"]) is refusal


def test_a_change_replaces_what_is_asked_keeps_what_is_not_shown_again_and_drops_the_rest(session, now):
    event = make.event(session)
    asked = [make.field(session, event), make.field(session, event, settings={"check": "identity"}, required=True),
             make.field(session, event, "file"), make.field(session, event, "yes_no")]
    party = make.registration(session, event)
    first = {"f1": sent("旧"), "f2": sent(IDENTITY, consent=True), "f3": sent(upload=Upload("a.pdf", PDF)), "f4": sent("yes")}
    keep(session, party, asked, read(asked, first, now=now))
    stays = answers.staying(answers.of_people(session, [party.leader.id])[party.leader.id])
    assert stays == {asked[1].id, asked[2].id}
    judged = read(asked, {"f1": sent("新")}, kept=[stays], now=now)
    assert judged == [{asked[0].id: Judged("新"), asked[1].id: Judged(unchanged=True), asked[2].id: Judged(unchanged=True)}]
    keep(session, party, asked, judged)
    assert [text for _, text in shown(session, party.leader)[0]] == ["新", "******", "a.pdf"]
    keep(session, party, asked, read(asked, {"f1": sent("新"), "f3": sent(discard=True)}, kept=[stays], now=now))
    assert [text for _, text in shown(session, party.leader)[0]] == ["新", "******"]
    assert session.scalars(sa.select(AnswerFile)).all() == []
    with pytest.raises(AnswersRefused):
        read(asked, {"f2": sent(discard=True)}, kept=[stays], now=now)
    changes = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "registration.answers").order_by(AuditEntry.id)).all()
    assert changes == [{"fields": ["f1", "f2", "f3", "f4"]}, {"fields": ["f1", "f4"]}, {"fields": ["f3"]}]


def test_nothing_changed_is_nothing_noted(session, now):
    event = make.event(session)
    field = make.field(session, event)
    party = make.registration(session, event)
    for _ in range(2):
        keep(session, party, [field], read([field], {"f1": sent("同")}, now=now))
    assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "registration.answers")) == 1


def test_answers_belong_to_their_person_whatever_the_order_and_however_often_a_name_occurs(session, now):
    event = make.event(session)
    field = make.field(session, event, per_person=True, label="餐")
    party = make.registration(session, event, companions=2)
    first, second = party.companions
    second.name = first.name = "李想"
    judged = read([field], {"f1": sent("甲")}, {"f1": sent("乙")}, {"f1": sent("丙")}, now=now)
    keep(session, party, [field], judged)
    assert shown(session, party.leader, first, second) == [[("餐", "甲")], [("餐", "乙")], [("餐", "丙")]]
    first.name, second.name = "李想", "王宁"
    answers.keep(session, party, [party.leader.name, "王宁", "李想"], asked=[field], judged=judged, keeping=Keeping(CIPHER, "guest", now))
    assert shown(session, party.leader, first, second) == [[("餐", "甲")], [("餐", "丙")], [("餐", "乙")]]


def test_answers_to_what_was_taken_off_stay_and_are_shown_last(session, now):
    event = make.event(session)
    gone, stays = make.field(session, event, label="旧项"), make.field(session, event, label="现项")
    party = make.registration(session, event)
    keep(session, party, [gone, stays], read([gone, stays], {"f1": sent("一"), "f2": sent("二")}, now=now))
    fields.remove(session, event, gone, by=make.BY, now=now)
    keep(session, party, [stays], read([stays], {"f2": sent("三")}, now=now))
    assert shown(session, party.leader) == [[("现项", "三"), ("旧项", "一")]]


def test_reading_a_page_of_answers_takes_one_statement(session, now):
    event = make.event(session)
    asked = [make.field(session, event) for _ in range(3)]
    people = []
    for _ in range(5):
        party = make.registration(session, event)
        keep(session, party, asked, read(asked, {field.code: sent("答") for field in asked}, now=now))
        people.append(party.leader)
    with count_queries(session) as seen:
        assert [len(lines) for lines in shown(session, *people)] == [3] * 5
    assert len(seen) == 1


# ---- whatever can be saved never traps a guest ----

SETTINGS = {
    "text": some.fixed_dictionaries({"check": some.sampled_from(["", "uscc", "mobile", "phone", "identity"])}),
    "number": some.fixed_dictionaries({}, optional={
        "min": some.integers(-50, 50), "max": some.integers(-50, 50), "integer": some.booleans(),
        "unit": some.sampled_from(["", "人"])}),
    "multiple": some.fixed_dictionaries({}, optional={"min": some.integers(1, 5), "max": some.integers(1, 5)}),
    "file": some.fixed_dictionaries({}, optional={"megabytes": some.integers(0, 12)}),
}
wishes = some.lists(some.fixed_dictionaries({
    "kind": some.sampled_from(sorted(KINDS)),
    "required": some.booleans(), "per_person": some.booleans(), "sensitive": some.booleans(),
    "options": some.integers(0, 4), "restricted": some.booleans(), "leads": some.integers(0, 6),
    "values": some.lists(some.sampled_from(["1", "2", "3", "yes", "no"]), max_size=2, unique=True), "settings": some.data(),
    "move": some.sampled_from([None, "up", "down"]), "remove": some.booleans(),
}), max_size=6)


def typed(field):
    """What a willing guest can answer."""
    if field.kind == "file":
        return sent(upload=Upload("a.pdf", PDF), consent=True)
    if options := list(KINDS[field.kind].conditions(field.shape)):
        return sent(options[: (field.settings.get("min") or 1)], consent=True)
    if field.kind == "number":
        low, high = field.settings["min"], field.settings["max"]
        value = low if low is not None else high if high is not None else 0
        if field.settings["integer"] and value != int(value):
            value = int(value) + (low is not None)
        return sent(str(value), consent=True)
    checked = {"uscc": "91350100M000100Y43", "mobile": "13800138000", "phone": "06315231234", "identity": IDENTITY}
    texts = {"text": checked.get(field.settings.get("check"), "答"), "long_text": "答", "date": "2026-03-18"}
    return sent(texts[field.kind], consent=True)


@settings(max_examples=60)
@given(wishes=wishes)
def test_any_form_that_can_be_saved_lets_a_willing_guest_register_and_change_again(session, now, wishes):
    with undone(session):
        event, ours, others = make.event(session), make.category(session), make.category(session)
        for wish in wishes:
            live = list(fields.asked(session, event))
            leads = live[wish["leads"]].id if wish["leads"] < len(live) else None
            try:
                with session.begin_nested():
                    made = fields.add(session, event, Definition(
                        kind=wish["kind"], label="事项", required=wish["required"], per_person=wish["per_person"], sensitive=wish["sensitive"],
                        purpose="登记", options=[f"选项{n}" for n in range(wish["options"])] if KINDS[wish["kind"]].has_options else [],
                        settings=wish["settings"].draw(SETTINGS.get(wish["kind"], some.just({}))),
                        category_ids=[ours.id if wish["sensitive"] else others.id] if wish["restricted"] else [],
                        condition=Condition(leads, wish["values"]) if leads and wish["values"] else None,
                    ), by=make.BY, now=now)
                    if wish["move"]:
                        fields.move(session, event, made, wish["move"], by=make.BY, now=now)
                    if wish["remove"] and live:
                        fields.remove(session, event, live[0], by=make.BY, now=now)
            except (EngageError, SurveyError):
                session.expire_all()
        asked = fields.asked(session, event)
        assert len(asked) == event.extra_fields
        party = make.registration(session, event, companions=1, category=ours)
        willing = {field.code: typed(field) for field in asked}
        judged = read(asked, willing, willing, category_id=ours.id, now=now)
        keep(session, party, asked, judged)
        kept = answers.of_people(session, [party.leader.id, *(guest.id for guest in party.companions)])
        again = [{line.field.code: sent(line.answer.value.split("\n")) for line in lines if not answers.staying([line])} for lines in kept.values()]
        repeated = read(asked, *again, category_id=ours.id, kept=[answers.staying(lines) for lines in kept.values()], now=now)
        assert [own.keys() for own in repeated] == [own.keys() for own in judged]
