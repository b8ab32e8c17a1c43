"""Conditions: how they are written, what they say, and that they trap nobody."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logic import SHAPES, filled, questionnaires, trees

from surveys.asked import Stored
from surveys.conditions import (
    All,
    Answered,
    AnyOf,
    BadCondition,
    Compared,
    Context,
    Given,
    Not,
    Picked,
    Says,
    Segment,
    asked_of,
    leaves,
    parse,
    to_json,
)
from surveys.kinds import KINDS
from surveys.responses import check

TREE = {"all": [{"picked": ["q1", "2"]}, {"not": {"any": [{"compared": ["q4.r1", ">=", 3]}, {"segment": "deputy"}]}}]}


def test_the_stored_form_and_the_tree_say_the_same():
    tree = All((Picked("q1", "2"), Not(AnyOf((Compared("q4.r1", ">=", 3), Segment("deputy"))))))
    assert (parse(TREE), to_json(tree), parse(json.loads(json.dumps(TREE)))) == (tree, TREE, tree)
    assert (parse(None), parse({}), to_json(None)) == (None, None, None)
    assert parse({"says": ["q5", " a \u3000b "]}) == Says("q5", "a b")
    assert (asked_of(tree), [at for at, _ in leaves(tree)]) == ({"q1", "q4"}, ["all.1", "all.2.not.any.1", "all.2.not.any.2"])


@pytest.mark.parametrize("stored, at", [
    ([], ""), ("q1", ""), ({"all": [], "any": []}, ""), ({"all": []}, "all"), ({"any": "q1"}, "any"), ({"xor": []}, "xor"),
    ({"all": [{"answered": "q1"}, {"answered": ""}]}, "all.2.answered"), ({"picked": ["q1"]}, "picked"),
    ({"not": {"compared": ["q1", "!=", 3]}}, "not.compared"), ({"compared": ["q1", "=", True]}, "compared"),
    ({"compared": ["q1", "=", float("nan")]}, "compared"), ({"compared": ["q1", "=", 10**16]}, "compared"),
    ({"says": ["q1", "a\x00"]}, "says"), ({"segment": 5}, "segment"), ({"any": [{"answered": "q1"}] * 101}, ""),
])
def test_what_is_no_condition_is_refused_with_the_place(stored, at):
    with pytest.raises(BadCondition) as caught:
        parse(stored)
    assert caught.value.facts["at"] == at


def test_a_tree_that_is_too_deep_is_refused():
    deep = {"answered": "q1"}
    for _ in range(10):
        deep = {"not": deep}
    with pytest.raises(BadCondition):
        parse(deep)


@pytest.mark.parametrize("condition, holds", [
    (Answered("q1"), True), (Answered("q9"), False), (Picked("q1", "1"), True), (Picked("q1", "2"), False),
    (Compared("q4", ">", 2), True), (Compared("q4", "<=", 2), False), (Not(Compared("q4", "=", 2)), True), (Compared("q9", "<", 2), False),
    (Not(Compared("q9", "<", 2)), True), (Says("q5", "好"), True), (Says("q5", "好 "), False), (Segment("deputy"), True),
    (Context("autumn"), False), (All((Answered("q1"), Answered("q9"))), False), (AnyOf((Answered("q1"), Answered("q9"))), True),
    (Compared("q7.r2", "=", 4), True), (Compared("q7.r1", "=", 4), False),
])
def test_a_condition_is_judged_by_what_was_answered(condition, holds):
    rows = {
        "q1": [Stored(choice="1"), Stored(choice="3")], "q4": [Stored(number=3)], "q5": [Stored(text="好")], "q7.r2": [Stored(number=4)],
    }
    assert condition.holds(Given(rows, "deputy", "spring")) is holds


@given(st.data())
def test_a_condition_survives_being_stored(data):
    stored = data.draw(trees([]))
    assert to_json(parse(json.loads(json.dumps(stored)))) == stored


def test_every_kind_is_among_what_hypothesis_invents():
    assert {shape["kind"] for shape in SHAPES} == KINDS.keys()


@settings(max_examples=60)
@given(st.data())
def test_conditions_trap_nobody_and_what_is_not_shown_is_not_stored(data):
    """Whoever answers what is put to them, leaving out what may be left out, is taken, whatever else was sent with it."""
    form = data.draw(questionnaires())
    raw, put, who = data.draw(filled(form))
    stored = check(form, raw, **who)
    codes = {asked.id: asked.code for asked in form.questions}
    assert {codes[one.question_id] for one in stored} <= put
    hidden = [asked for asked in form.questions if asked.code not in put]
    noise = {name: ["1"] for asked in hidden for name in (asked.code, *(f"{asked.code}.{part.code}" for part in asked.parts))}
    assert check(form, raw | noise, **who) == stored
