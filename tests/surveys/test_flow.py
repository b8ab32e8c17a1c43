"""What of conditions and references is refused when a questionnaire is saved, and what is not."""

import make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logic import built, filled, questionnaires, trees

from surveys import flow, forms, questions
from surveys.conditions import BadCondition, parse
from surveys.flow import (
    ConditionLater,
    ConditionMismatch,
    ConditionMissingOption,
    ConditionNever,
    ConditionUnknown,
    PipeLater,
    PipeUnknown,
    Place,
)
from surveys.questionnaires import copy
from surveys.quotas import BadQuota, LimitMisplaced
from surveys.ways import Ways
from surveys.ways import _agrees as agrees

ASKS = (
    {"kind": "single", "text": "您的身份", "options": ["业主", "代理", "供应商"]},
    {"kind": "multiple", "text": "参加了", "options": ["参观", "座谈", "培训"], "settings": {"max": 2, "none": True}},
    {"kind": "number", "text": "来过几次", "settings": {"min": 1, "max": 9, "integer": True}},
    {"kind": "scale", "text": "是否满意"},
    {"kind": "text", "text": "最关心", "settings": {"max_length": 5}},
    {"kind": "matrix", "text": "评价", "options": ["态度", "效率"]},
    {"kind": "text", "text": "为什么"},
)


@pytest.fixture
def asked(session):
    """q1 to q7, one of each kind of ASKS."""
    return make.questionnaire(session, state="draft", asks=ASKS)


def last(questionnaire):
    return questionnaire.sections[0].questions[-1]


@pytest.mark.parametrize("condition", [
    {"all": [{"picked": ["q1", "1"]}, {"picked": ["q1", "2"]}]},
    {"all": [{"picked": ["q1", "1"]}, {"not": {"answered": "q1"}}]},
    {"all": [{"answered": "q1"}, *({"not": {"picked": ["q1", code]}} for code in "123")]},
    {"all": [{"picked": ["q2", code]} for code in "123"]},
    {"all": [{"picked": ["q2", "1"]}, {"picked": ["q2", "none"]}]},
    {"compared": ["q3", "<", 1]}, {"compared": ["q3", ">", 9]}, {"compared": ["q3", "=", 2.5]}, {"compared": ["q4", "=", 6]},
    {"all": [{"compared": ["q3", ">", 3]}, {"compared": ["q3", "<", 4]}]},
    {"all": [{"compared": ["q3", "=", 1]}, {"compared": ["q3", "=", 2]}]},
    {"all": [{"compared": ["q3", ">=", 8]}, {"not": {"compared": ["q3", "=", 8]}}, {"not": {"compared": ["q3", "=", 9]}}]},
    {"all": [{"compared": ["q4", ">", 2]}, {"not": {"compared": ["q4", ">=", 3]}}]},
    {"all": [{"says": ["q5", "好"]}, {"says": ["q5", "不好"]}]}, {"says": ["q5", "一二三四五六"]},
    {"all": [{"compared": ["q6.1", "=", 5]}, {"not": {"answered": "q6"}}]},
    {"all": [{"segment": "deputy"}, {"segment": "enterprise"}]}, {"all": [{"context": "a"}, {"not": {"context": "a"}}]},
    {"not": {"any": [{"answered": "q1"}, {"not": {"answered": "q1"}}]}},
    {"all": [{"any": [{"picked": ["q1", "1"]}, {"picked": ["q1", "2"]}]}, {"picked": ["q1", "3"]}]},
])
def test_what_can_never_hold_is_refused(session, asked, now, condition):
    with pytest.raises(ConditionNever) as caught:
        questions.edit_question(session, last(asked), show_if=condition, now=now)
    assert (caught.value.facts["place"], last(asked).show_if) == (Place(1, "q7", 7), None)


@pytest.mark.parametrize("condition", [
    {"all": [{"picked": ["q2", "1"]}, {"picked": ["q2", "2"]}]},
    {"any": [{"all": [{"picked": ["q1", "1"]}, {"picked": ["q1", "2"]}]}, {"picked": ["q1", "3"]}]},
    {"all": [{"answered": "q2"}, *({"not": {"picked": ["q2", code]}} for code in "123")]},
    {"all": [{"compared": ["q3", ">", 3]}, {"compared": ["q3", "<", 5]}]}, {"not": {"compared": ["q3", "<=", 9]}},
    {"all": [{"not": {"picked": ["q1", code]}} for code in "123"]}, {"says": ["q5", "一二三四五"]},
    {"all": [{"compared": ["q6.1", "=", 5]}, {"compared": ["q6.2", "=", 1]}]}, {"all": [{"segment": "deputy"}, {"context": "a"}]},
])
def test_what_may_hold_is_taken(session, asked, now, condition):
    questions.edit_question(session, last(asked), show_if=condition, now=now)
    assert last(asked).show_if == condition


@pytest.mark.parametrize("condition, refusal, at", [
    ({"answered": "q9"}, ConditionUnknown, ""), ({"compared": ["q6.9", "=", 1]}, ConditionUnknown, ""),
    ({"all": [{"answered": "q1"}, {"answered": "q7"}]}, ConditionLater, "all.2"),
    ({"not": {"picked": ["q1", "9"]}}, ConditionMissingOption, "not"), ({"picked": ["q3", "1"]}, ConditionMismatch, ""),
    ({"compared": ["q1", "=", 1]}, ConditionMismatch, ""), ({"compared": ["q6", "=", 1]}, ConditionMismatch, ""),
    ({"says": ["q2", "参观"]}, ConditionMismatch, ""), ({"any": []}, BadCondition, "any"),
])
def test_what_a_condition_relies_on_must_be_there_and_before_it(session, asked, now, condition, refusal, at):
    with pytest.raises(refusal) as caught:
        questions.edit_question(session, last(asked), show_if=condition, now=now)
    assert (caught.value.facts["at"], last(asked).show_if) == (at, None)


def test_what_a_condition_relies_on_cannot_be_taken_from_it(session, asked, now):
    section = asked.sections[0]
    first = section.questions[0]
    questions.edit_question(session, last(asked), show_if={"picked": ["q1", "3"]}, now=now)
    for change in (
        lambda: questions.remove_question(session, first, now=now),
        lambda: questions.place_question(session, first, section, 9, now=now),
        lambda: questions.edit_question(session, first, kind="text", now=now),
        lambda: questions.edit_question(session, first, options=["业主", "代理"], now=now),
        lambda: questions.edit_question(session, first, code="who", now=now),
    ):
        with pytest.raises((ConditionUnknown, ConditionLater, ConditionMismatch, ConditionMissingOption)) as caught:
            change()
        assert caught.value.facts["place"] == Place(1, "q7", 7)
    session.flush()
    session.expire_all()
    assert [(one.code, one.kind, len(one.options)) for one in section.questions][:2] == [("q1", "single", 3), ("q2", "multiple", 3)]
    questions.edit_question(session, last(asked), show_if=None, now=now)
    questions.remove_question(session, first, now=now)
    assert [one.code for one in section.questions] == [f"q{number}" for number in range(2, 8)]


def test_an_option_and_a_section_have_conditions_too_and_all_of_them_count_together(session, asked, now):
    section = asked.sections[0]
    options = [{**option, "show_if": {"picked": ["q1", "1"]}} if option["code"] == "3" else option for option in section.questions[1].options]
    questions.edit_question(session, section.questions[1], options=options, now=now)
    with pytest.raises(ConditionNever):  # the option is not shown to who picked the other
        questions.edit_question(session, last(asked), show_if={"all": [{"picked": ["q1", "2"]}, {"picked": ["q2", "3"]}]}, now=now)
    options[0] = {**options[0], "show_if": {"picked": ["q1", "2"]}}
    questions.edit_question(session, section.questions[1], options=options, now=now)
    with pytest.raises(ConditionNever):  # nobody is shown both
        questions.edit_question(session, last(asked), show_if={"all": [{"picked": ["q2", "1"]}, {"picked": ["q2", "3"]}]}, now=now)
    behind = questions.add_section(session, asked, title="后面", now=now)
    questions.add_question(session, behind, kind="text", text="还有吗", now=now)
    questions.show_section_if(session, behind, {"picked": ["q1", "1"]}, now=now)
    with pytest.raises(ConditionNever) as caught:
        questions.edit_question(session, behind.questions[0], show_if={"picked": ["q1", "2"]}, now=now)
    assert caught.value.facts["place"] == Place(2, "q8", 8)
    with pytest.raises(ConditionLater) as caught:
        questions.show_section_if(session, behind, {"answered": "q8"}, now=now)
    assert (caught.value.facts["place"], behind.show_if) == (Place(2), {"picked": ["q1", "1"]})


def test_only_options_of_choices_have_limits(session, asked, now):
    first, matrix = asked.sections[0].questions[0], asked.sections[0].questions[5]
    with pytest.raises(BadQuota):
        questions.edit_question(session, first, options=[{"label": "业主", "quota": 0}, "代理"], now=now)
    with pytest.raises(LimitMisplaced):
        questions.edit_question(session, matrix, options=[{**matrix.options[0], "quota": 3}, matrix.options[1]], now=now)
    questions.edit_question(session, first, options=[{**first.options[0], "quota": 3}, *first.options[1:]], text="身份", now=now)
    assert (first.options[0]["quota"], forms.draft_of(asked).quotas) == (3, {(first.id, "1"): 3})


def test_a_wording_holds_only_earlier_answers_and_says_in_words_whose(session, asked, now):
    for text, refusal in (("${q9}吗", PipeUnknown), ("${q6}吗", PipeUnknown), ("${q7}吗", PipeLater)):
        with pytest.raises(refusal) as caught:
            questions.edit_question(session, last(asked), text=text, now=now)
        assert caught.value.facts["place"] == Place(1, "q7", 7)
    questions.edit_question(session, last(asked), text="为什么是 ${q1}", text_en="Why ${ q1 }", now=now)
    piped = forms.draft_of(asked).question("q7")
    assert (piped.label("zh"), piped.label("en")) == ("为什么是 〔第1题答案〕", "Why [answer to question 1]")
    assert (piped.piped[piped.text], piped.piped[piped.text_en]) == ("为什么是 ${q1}", "Why ${ q1 }")
    with pytest.raises(PipeUnknown):
        questions.remove_question(session, asked.sections[0].questions[0], now=now)


def test_a_copy_keeps_its_conditions(session, asked, now):
    questions.edit_question(session, last(asked), show_if={"answered": "q1"}, now=now)
    twin = copy(session, asked, now=now)
    assert last(twin).show_if == {"answered": "q1"}


def chain(length):
    """Each question is asked of those who said yes to the one before."""
    options = [{"code": code, "label": label, "label_en": ""} for code, label in (("1", "是"), ("2", "否"))]
    plain = {"kind": "single", "text": "甲", "required": False, "options": options, "settings": {}, "show_if": None}
    plain |= dict.fromkeys(("text_en", "hint", "hint_en"), "")
    asks = [plain | {"id": n, "code": f"q{n}"} | ({"show_if": {"picked": [f"q{n - 1}", "1"]}} if n > 1 else {}) for n in range(1, length + 1)]
    return built({"sections": [{"id": 1, "title": "", "title_en": "", "show_if": None, "questions": asks}]})


def test_a_long_chain_of_conditions_is_judged_to_its_end_and_each_link_once(monkeypatch):
    form, seen = chain(300), []
    monkeypatch.setattr("surveys.ways._agrees", lambda *said: seen.append(said) or agrees(*said))
    flow.judge(form)
    assert len(seen) == 299
    assert Ways(form).possible(parse({"all": [{"picked": ["q300", "2"]}, {"picked": ["q3", "1"]}]}))
    assert not Ways(form).possible(parse({"all": [{"picked": ["q300", "2"]}, {"picked": ["q3", "2"]}]}))


@settings(max_examples=60)
@given(st.data())
def test_what_somebody_has_answered_is_never_called_impossible(data):
    form = data.draw(questionnaires())
    _, put, who = data.draw(filled(form))
    for code in put & form.gates.keys():  # its gate has just held
        assert Ways(form).possible(form.gates[code]), (code, who)


@settings(max_examples=60)
@given(st.data())
def test_what_is_not_looked_at_again_would_not_change_the_judgement(data):
    form = data.draw(questionnaires())
    short, whole = Ways(form), Ways(form)
    whole._apart = lambda _: set()
    for _ in range(5):
        condition = parse(data.draw(trees(list(form.questions))))
        assert short.possible(condition) == whole.possible(condition), condition
