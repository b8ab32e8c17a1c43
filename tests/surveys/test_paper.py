"""Entering answers from paper: what is typed, each sheet once, withdrawn and entered again."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from surveys import doubts, forms, paper, questionnaires, questions, summarise
from surveys.kinds import KINDS
from surveys.paper import BadSheetNumber, NoSuchSheet, SheetEntered
from surveys.responses import Answer, InvalidAnswers, NotOpen, Response

NOW = make.NOW
OF_EVERY_KIND = (
    {"code": "who", "kind": "single", "text": "身份", "options": make.OPTIONS, "settings": {"other": True}},
    {"code": "seen", "kind": "multiple", "text": "看了什么", "options": make.OPTIONS},
    {"code": "level", "kind": "scale", "text": "满意吗"},
    {"code": "again", "kind": "likelihood", "text": "会推荐吗"},
    {"code": "rooms", "kind": "matrix", "text": "各厅怎样", "options": ("一号厅", "二号厅")},
    {"code": "order", "kind": "ranking", "text": "排个先后", "options": make.OPTIONS},
    {"code": "visits", "kind": "number", "text": "几次"},
    {"code": "day", "kind": "date", "text": "哪天来"},
    {"code": "said", "kind": "long_text", "text": "意见"},
)
TYPED = {
    "who": "4", "who.other": "教师", "seen": "1 3", "level": "5", "again": "9", "rooms.1": "5", "rooms.2": "3",
    "order.1": "2", "order.2": "1", "order.3": "3", "visits": "3", "day": "2026-03-18", "said": "很好",
}


@pytest.fixture
def asked(session):
    return make.questionnaire(session, asks=OF_EVERY_KIND)


def enter(session, asked, number=1, typed=TYPED, **changes):
    raw = paper.read(forms.form_of(session, asked), typed)
    return paper.enter(session, asked, number, raw, **{"now": NOW, "context": "open-day", **changes})


def test_what_is_typed_is_stored_and_can_be_typed_again(session, asked):
    enter(session, asked, segment="deputy")
    sheet = paper.get(session, asked, 1, context="open-day")
    assert (sheet.response.segment, sheet.response.context) == ("deputy", "open-day")
    assert paper.answers(session, asked, sheet) == TYPED


def test_the_numbers_beside_the_boxes_are_counted_unless_options_are_numbers(session, asked):
    form = forms.form_of(session, asked)
    assert {code: paper.numbers(form.question(code)) for code in ("who", "level")} == {
        "who": {"1": "1", "2": "2", "3": "3", "4": "other"}, "level": {n: n for n in "54321"}}


def test_several_options_are_typed_with_anything_between_them(session, asked):
    form = forms.form_of(session, asked)
    assert [paper.read(form, {"seen": text})["seen"] for text in ("1,3", "1，3", "1、 3", " 1  3 ", "7")] == [["1", "3"]] * 4 + [["7"]]


def test_every_kind_that_asks_has_a_field_but_for_what_is_handed_in_with_the_sheet(session, now):
    asks = [{"kind": kind, "text": "问题", "options": make.OPTIONS if each.has_options else ()} for kind, each in KINDS.items()]
    form = forms.form_of(session, make.questionnaire(session, asks=asks))
    assert [asked.kind for asked in form.questions if not paper.names(asked)] == ["photo", "file"]
    wanted = make.questionnaire(session, asks=[{"kind": "photo", "text": "照片", "required": True}])
    paper.enter(session, wanted, 1, paper.read(forms.form_of(session, wanted), {}), now=now)
    assert paper.answers(session, wanted, paper.get(session, wanted, 1)) == {}


def test_a_sheet_is_entered_once(session, asked):
    enter(session, asked)
    with pytest.raises(SheetEntered):
        enter(session, asked)
    enter(session, asked, number=2)
    enter(session, asked, context="another-day")
    assert session.scalar(sa.select(sa.func.count()).select_from(Response)) == 3


@pytest.mark.parametrize("number", [0, -1, paper.LARGEST + 1])
def test_a_number_that_no_sheet_has_is_refused(session, asked, number):
    with pytest.raises(BadSheetNumber):
        enter(session, asked, number=number)
    assert session.scalar(sa.select(sa.func.count()).select_from(Response)) == 0


def test_answers_that_cannot_be_taken_are_told_by_their_questions(session, asked):
    with pytest.raises(InvalidAnswers) as refused:
        enter(session, asked, typed={"level": "6", "visits": "三"})
    assert list(refused.value.problems) == ["level", "visits"]


def test_a_withdrawn_sheet_counts_no_more_and_is_entered_again(session, asked):
    enter(session, asked)
    paper.withdraw(session, asked, 1, context="open-day", reason="录错了", now=NOW)
    assert summarise(session, asked).responses == 0
    with pytest.raises(NoSuchSheet):
        paper.withdraw(session, asked, 1, context="open-day", reason="录错了", now=NOW)
    enter(session, asked, typed={"level": "1"})
    assert summarise(session, asked).responses == 1
    assert paper.answers(session, asked, paper.get(session, asked, 1, context="open-day")) == {"level": "1"}


def test_an_option_that_is_gone_is_not_taken_for_another_ones_number(session, asked):
    enter(session, asked, typed={"seen": "1 3"})
    question = asked.sections[0].questions[1]
    questions.edit_question(session, question, options=[{"label": "新的"}, *question.options[1:]], now=NOW)
    questionnaires.publish(session, asked, now=NOW)
    typed = paper.answers(session, asked, paper.get(session, asked, 1, context="open-day"))
    assert typed == {"seen": "?1 3"}
    with pytest.raises(InvalidAnswers):
        enter(session, asked, number=2, typed=typed)


def test_sheets_whose_responses_count_are_counted(session, asked):
    assert paper.count(session, asked, context="open-day") == 0
    left_out, *_ = [enter(session, asked, number=number) for number in (1, 2, 3)]
    make.response(session, asked, {"level": "5"}, context="open-day")
    doubts.exclude(session, left_out, reason="重复", now=NOW)
    assert (paper.count(session, asked, context="open-day"), paper.count(session, asked)) == (2, 0)


def test_the_next_number_follows_the_highest(session, asked):
    assert paper.next_number(session, asked, context="open-day") == 1
    enter(session, asked, number=7)
    assert paper.next_number(session, asked, context="open-day") == 8
    assert [sheet.number for sheet in session.scalars(paper.find(asked, context="open-day"))] == [7]


def test_a_sheet_entered_after_the_end_counts_for_the_last_moment(session, asked):
    asked.closes_at = NOW - timedelta(days=3)
    response = enter(session, asked)
    assert response.submitted_at == NOW - timedelta(days=3, seconds=1)


def test_a_closed_questionnaire_takes_no_sheet(session):
    with pytest.raises(NotOpen):
        enter(session, make.questionnaire(session, asks=OF_EVERY_KIND, state="closed"))


def test_an_anonymous_sheet_has_no_time(session):
    response = enter(session, make.questionnaire(session, asks=OF_EVERY_KIND, anonymous=True), typed={"level": "5"})
    assert (response.submitted_at, response.respondent) == (None, None)
    assert session.scalars(sa.select(Answer.number)).all() == [5.0]
