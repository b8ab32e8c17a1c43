"""What an event's registration form asks: defined, restricted, ordered, taken off, copied; on both databases."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import events, fields
from engage.audit import AuditEntry
from engage.fields import (
    Answer,
    Condition,
    ConditionImpossible,
    ConditionNotEarlier,
    Definition,
    FieldAnswered,
    FieldNeeded,
    FieldNotFound,
    LabelMissing,
    PurposeMissing,
    TooManyFields,
    UnknownCategory,
)
from engage.people import TooLong
from surveys.kinds import BadOption, BadSetting, OptionsMissing, UnknownKind


def labels(session, event):
    return [field.label for field in fields.asked(session, event)]


def answer(session, event, field, value="1"):
    """Somebody's answer, straight to the table: what answers are is the other test file's."""
    leader = make.registration(session, event).leader
    session.add(Answer(attendee_id=leader.id, field_id=field.id, value=value))
    session.flush()
    return leader


def edited(session, event, field, now, **changes):
    stated = {"kind": field.kind, "label": field.label, "options": field.shape.offered, "settings": field.settings, **changes}
    fields.edit(session, event, field, Definition(**stated), by=make.BY, now=now)


def test_an_event_that_asks_nothing_costs_no_statement(session):
    event = make.event(session)
    with count_queries(session) as seen:
        assert fields.asked(session, event) == ()
    assert seen == []


def test_fields_are_asked_in_the_order_in_which_they_were_added(session):
    event = make.event(session)
    made = [make.field(session, event, kind) for kind in ("text", "yes_no", "file")]
    assert [field.code for field in made] == ["f1", "f2", "f3"]
    assert fields.asked(session, event) == made
    assert event.extra_fields == 3


def test_a_field_is_kept_as_it_was_defined(session, now):
    event, category = make.event(session), make.category(session)
    meal = make.field(session, event, "yes_no", label="是否用餐")
    definition = Definition(
        kind="multiple", label=" 用餐要求 ", label_en="Meal", hint="可多选", hint_en="Pick any", required=True, per_person=True,
        options=["素食", {"label": "清真", "label_en": "Halal"}], settings={"max": 2}, category_ids=[category.id],
        condition=Condition(meal.id, ["yes"]),
    )
    field = fields.add(session, event, definition, by=make.BY, now=now)
    assert (field.label, field.words("label", "en"), field.words("hint", "zh"), field.required, field.per_person) == (
        "用餐要求", "Meal", "可多选", True, True)
    assert field.options == [
        {"code": "1", "label": "素食", "label_en": ""}, {"code": "2", "label": "清真", "label_en": "Halal"}]
    assert field.settings == {"min": None, "max": 2}
    assert (field.category_ids, field.depends_on_id, field.depends_values) == ([category.id], meal.id, ["yes"])


@pytest.mark.parametrize("changes, refusal, field", [
    ({"kind": "drawing"}, UnknownKind, "kind"),
    ({"label": " "}, LabelMissing, "label"),
    ({"label": "长" * 201}, TooLong, "label"),
    ({"purpose": "长" * 501}, TooLong, "purpose"),
    ({"kind": "single", "options": ["唯一"]}, OptionsMissing, "options"),
    ({"kind": "single", "options": ["甲", " "]}, BadOption, "options"),
    ({"settings": {"check": "dna"}}, BadSetting, "settings"),
    ({"settings": {"colour": "red"}}, BadSetting, "settings"),
    ({"kind": "number", "settings": {"min": 3, "max": 2}}, BadSetting, "settings"),
    ({"kind": "number", "settings": {"min": 2.2, "max": 2.8, "integer": True}}, BadSetting, "settings"),
    ({"kind": "multiple", "options": ["甲", "乙"], "settings": {"min": 3}}, BadSetting, "settings"),
    ({"kind": "file", "settings": {"megabytes": 11}}, BadSetting, "settings"),
    ({"sensitive": True}, PurposeMissing, "purpose"),
    ({"settings": {"check": "identity"}}, PurposeMissing, "purpose"),
    ({"category_ids": [10**6]}, UnknownCategory, "category_ids"),
    ({"condition": Condition(10**6, ["yes"])}, ConditionNotEarlier, "condition"),
])
def test_what_could_never_be_asked_or_answered_is_refused_and_changes_nothing(session, now, changes, refusal, field):
    event = make.event(session)
    with pytest.raises(refusal) as refused:
        fields.add(session, event, Definition(**{"kind": "text", "label": "车牌号", **changes}), by=make.BY, now=now)
    assert refused.value.field == field
    assert (labels(session, event), event.extra_fields) == ([], 0)


def test_an_identity_card_number_is_sensitive_whatever_was_stated(session):
    assert make.field(session, make.event(session), settings={"check": "identity"}).sensitive


def test_a_condition_names_an_earlier_choice_of_the_same_form_and_what_can_be_picked(session, now):
    event, other = make.event(session), make.event(session)
    secret = make.field(session, event, "yes_no", sensitive=True, label="是否残疾")
    words = make.field(session, event, "text", label="备注")
    choice = make.field(session, event, "single", label="交通")
    elsewhere = make.field(session, other, "yes_no")

    def refusal(field_id, values):
        with pytest.raises((ConditionImpossible, ConditionNotEarlier)) as refused:
            make.field(session, event, condition=Condition(field_id, values))
        return type(refused.value), refused.value.facts

    assert refusal(secret.id, ["yes"]) == (ConditionImpossible, {"label": "是否残疾"})
    assert refusal(words.id, ["好"]) == (ConditionImpossible, {"label": "备注"})
    assert refusal(choice.id, ["9"]) == (ConditionImpossible, {"label": "交通"})
    assert refusal(choice.id, []) == (ConditionImpossible, {"label": "交通"})
    assert refusal(elsewhere.id, ["yes"]) == (ConditionNotEarlier, {"other": "", "place": 0})


def test_a_condition_on_a_later_field_is_refused_with_its_place(session, now):
    event = make.event(session)
    first, second = make.field(session, event, label="车牌号"), make.field(session, event, "yes_no", label="是否开车")
    with pytest.raises(ConditionNotEarlier) as refused:
        edited(session, event, first, now, condition=Condition(second.id, ["yes"]))
    assert refused.value.facts == {"other": "是否开车", "place": 2}
    assert first.depends_on_id is None


def test_a_condition_on_a_field_that_was_taken_off_is_refused(session, now):
    event = make.event(session)
    gone = make.field(session, event, "yes_no")
    answer(session, event, gone, "yes")
    fields.remove(session, event, gone, by=make.BY, now=now)
    with pytest.raises(ConditionNotEarlier) as refused:
        make.field(session, event, condition=Condition(gone.id, ["yes"]))
    assert refused.value.facts == {"other": "", "place": 0}


def test_fields_move_up_and_down_and_stop_at_the_ends(session, now):
    event = make.event(session)
    first, second, third = (make.field(session, event, label=label) for label in "甲乙丙")
    fields.move(session, event, third, "up", by=make.BY, now=now)
    assert labels(session, event) == ["甲", "丙", "乙"]
    fields.move(session, event, first, "up", by=make.BY, now=now)
    fields.move(session, event, second, "down", by=make.BY, now=now)
    assert labels(session, event) == ["甲", "丙", "乙"]
    fields.move(session, event, first, "down", by=make.BY, now=now)
    assert labels(session, event) == ["丙", "甲", "乙"]


@pytest.mark.parametrize("which, way", [(0, "down"), (1, "up")])
def test_a_field_does_not_move_past_the_one_it_depends_on(session, now, which, way):
    event = make.event(session)
    leads = make.field(session, event, "yes_no", label="是否开车")
    follows = make.field(session, event, label="车牌号", condition=Condition(leads.id, ["yes"]))
    with pytest.raises(ConditionNotEarlier) as refused:
        fields.move(session, event, (leads, follows)[which], way, by=make.BY, now=now)
    assert refused.value.facts == {"label": "车牌号", "place": 1, "other": "是否开车"}
    assert labels(session, event) == ["是否开车", "车牌号"]


def test_what_another_field_depends_on_stays_as_it_is_needed(session, now):
    event = make.event(session)
    leads = make.field(session, event, "single", label="交通", options=["自驾", "公交"])
    make.field(session, event, label="车牌号", condition=Condition(leads.id, ["1"]))
    for changes in ({"options": ["公交", "步行"]}, {"kind": "text", "options": [], "settings": {}}, {"sensitive": True, "purpose": "登记"}):
        with pytest.raises(FieldNeeded) as refused:
            edited(session, event, leads, now, **changes)
        assert refused.value.facts == {"label": "车牌号"}
    with pytest.raises(FieldNeeded):
        fields.remove(session, event, leads, by=make.BY, now=now)
    assert (leads.kind, [option["label"] for option in leads.shape.offered], leads.sensitive) == ("single", ["自驾", "公交"], False)
    edited(session, event, leads, now, options=["公交", "自驾", "步行"])
    assert [option["code"] for option in leads.options] == ["2", "1", "3"]


def test_an_option_that_was_picked_and_is_taken_off_stays_readable_and_its_code_is_never_given_again(session, now):
    event = make.event(session)
    choice = make.field(session, event, "single", options=["素食", "清真", "普通"])
    edited(session, event, choice, now, options=["素食", "普通"])
    edited(session, event, choice, now, options=["素食", "普通", "无麸质"])
    assert [(option["code"], option["label"]) for option in choice.shape.offered] == [("1", "素食"), ("3", "普通"), ("4", "无麸质")]
    assert choice.show("2") == "清真"
    edited(session, event, choice, now, options=["清真", "普通"])
    assert [(option["code"], option["label"]) for option in choice.shape.offered] == [("2", "清真"), ("3", "普通")]


@pytest.mark.parametrize("changes, named", [
    ({"kind": "long_text", "settings": {}}, "kind"), ({"per_person": True}, "per_person"), ({"sensitive": True, "purpose": "登记"}, "sensitive"),
])
def test_once_answered_kind_people_and_encryption_are_settled(session, now, changes, named):
    event = make.event(session)
    field = make.field(session, event, label="车牌号")
    edited(session, event, field, now, **changes)
    edited(session, event, field, now, kind="text", settings={}, per_person=False, sensitive=False)
    answer(session, event, field)
    with pytest.raises(FieldAnswered) as refused:
        edited(session, event, field, now, **changes)
    assert (refused.value.field, refused.value.facts) == (named, {"answers": 1})
    edited(session, event, field, now, label="车辆号牌", required=True)
    assert (field.label, field.required) == ("车辆号牌", True)


def test_a_field_without_answers_is_deleted_and_one_with_answers_is_archived_and_comes_back(session, now):
    event = make.event(session)
    unasked, answered = make.field(session, event, label="甲"), make.field(session, event, label="乙")
    answer(session, event, answered)
    assert fields.remove(session, event, unasked, by=make.BY, now=now) is False
    assert fields.remove(session, event, answered, by=make.BY, now=now) is True
    assert (labels(session, event), event.extra_fields) == ([], 0)
    assert [(field.label, field.archived_at) for field in fields.all_of(session, event)] == [("乙", now)]
    assert fields.answer_counts(session, event) == {answered.id: 1}
    fields.restore(session, event, answered, by=make.BY, now=now)
    assert (labels(session, event), event.extra_fields) == (["乙"], 1)


def test_what_comes_back_drops_a_condition_that_cannot_hold_any_more(session, now):
    event = make.event(session)
    leads = make.field(session, event, "yes_no")
    follows = make.field(session, event, condition=Condition(leads.id, ["yes"]))
    answer(session, event, follows)
    fields.remove(session, event, follows, by=make.BY, now=now)
    fields.remove(session, event, leads, by=make.BY, now=now)
    session.expire_all()
    fields.restore(session, event, follows, by=make.BY, now=now)
    assert (follows.depends_on_id, follows.depends_values) == (None, [])


def test_a_field_of_another_event_is_not_found(session):
    field = make.field(session, make.event(session))
    with pytest.raises(FieldNotFound):
        fields.get(session, make.event(session), field.id)


def test_a_form_that_is_over_is_not_changed(session, now):
    event = make.event(session)
    field = make.field(session, event)
    events.close(session, event, by=make.BY, now=now)
    with pytest.raises(events.NotEditable):
        make.field(session, event)
    with pytest.raises(events.NotEditable):
        fields.remove(session, event, field, by=make.BY, now=now)


def test_a_form_has_at_most_fifty_fields(session, now, monkeypatch):
    monkeypatch.setattr(fields, "MOST", 2)
    event, other = make.event(session), make.event(session)
    make.field(session, event)
    make.field(session, event)
    make.field(session, other)
    with pytest.raises(TooManyFields):
        make.field(session, event)
    with pytest.raises(TooManyFields):
        fields.copy(session, event, other, by=make.BY, now=now)
    assert other.extra_fields == 1


def test_a_copy_asks_the_same_with_its_own_conditions_and_without_what_was_taken_off(session, now):
    source, target, category = make.event(session), make.event(session), make.category(session)
    leads = make.field(session, source, "single", label="交通", options=["自驾", "公交"], category_ids=[category.id])
    make.field(session, source, label="车牌号", required=True, per_person=True, condition=Condition(leads.id, ["1"]))
    identity = make.field(session, source, settings={"check": "identity"}, label="身份证号")
    archived = make.field(session, source, label="旧项")
    answer(session, source, archived)
    fields.remove(session, source, archived, by=make.BY, now=now)
    make.field(session, target, label="原有")
    assert fields.copy(session, source, target, by=make.BY, now=now) == 3
    own, choice, plate, number = fields.asked(session, target)
    assert [field.label for field in (own, choice, plate, number)] == ["原有", "交通", "车牌号", "身份证号"]
    assert (plate.depends_on_id, plate.depends_values, plate.required, plate.per_person) == (choice.id, ["1"], True, True)
    assert (choice.category_ids, choice.options) == ([category.id], leads.options)
    assert (number.sensitive, number.purpose, number.settings) == (True, identity.purpose, {"check": "identity"})
    assert target.extra_fields == 4


def test_every_change_stands_in_the_audit_trail_without_what_was_answered(session, now):
    event = make.event(session)
    field = make.field(session, event, label="车牌号")
    edited(session, event, field, now, label="车辆号牌")
    make.field(session, event)
    fields.move(session, event, field, "down", by=make.BY, now=now)
    fields.remove(session, event, field, by=make.BY, now=now)
    noted = session.execute(
        sa.select(AuditEntry.action, AuditEntry.by).where(AuditEntry.subject == f"event_field:{field.id}").order_by(AuditEntry.id)
    ).all()
    assert [tuple(row) for row in noted] == [
        (f"event_field.{done}", make.BY) for done in ("create", "edit", "move", "remove")]
