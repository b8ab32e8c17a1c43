"""What was answered on the occasions of a series, side by side."""

from datetime import timedelta

import make
import pytest

from engage import comparisons, events, series
from engage.comparisons import Figure, NotInSeries
from surveys import questionnaires

ASKS = (
    {"kind": "single", "text": "从哪里得知", "text_en": "How did you hear of it?", "options": ["通知", "网站"]},
    {"kind": "scale", "text": "总体评价"},
    {"kind": "likelihood", "text": "愿意推荐吗"},
    {"kind": "matrix", "text": "各环节", "options": [{"label": "讲解", "label_en": "Talk"}, "参观"]},
    {"kind": "ranking", "text": "请排序", "options": ["快", "省"]},
    {"kind": "number", "text": "来过几次"},
    {"kind": "grid", "text": "用过哪些", "options": ["网站"], "settings": {"columns": ["常用", "偶尔"]}},
    {"kind": "long_text", "text": "意见"},
)


def occasion(session, month, asked, held=None):
    start = make.NOW.replace(month=month)
    made = make.event(session, title=f"{month}月", starts_at=start, ends_at=start + timedelta(hours=2), registration_closes_at=start)
    events.attach(session, made, asked, by=make.BY, now=make.NOW)
    if held is None:
        held = series.start(session, made, series.SeriesDetails(title="开放日", slug=f"s{made.id}", interval=series.Interval.MONTH), by=make.BY, now=make.NOW)
    else:
        series.add(session, held, made, by=make.BY, now=make.NOW)
    session.flush()
    return made, held


def answer(session, event, times, **raw):
    for _ in range(times):
        make.response(session, event.questionnaire, raw, context=event.slug)


def lines(made):
    return {
        f"{one.question.code} {line.name} {line.label()}": [figure and round(figure.value, 3) for figure in line.figures]
        for one in made.questions for line in one.lines
    }


def test_each_kind_of_question_is_compared_by_its_own_figures(session):
    asked = make.questionnaire(session, asks=ASKS)
    first, held = occasion(session, 1, asked)
    second, _ = occasion(session, 2, asked, held)
    empty, _ = occasion(session, 3, asked, held)
    answer(session, first, 2, q1="1", q2="5", q3=10, q4={"1": "5"}, q5={"1": 1, "2": 2}, q6="2", q7={"1": ["1"]}, q8="好")
    answer(session, first, 2, q1="2", q2="2", q3=0)
    answer(session, second, 4, q1="1", q2="3", q3=9, q4={"1": "4", "2": "3"}, q6="4", q7={"1": ["1", "2"]})
    made = comparisons.side_by_side(session, second, now=make.NOW)
    assert [(one.slug, one.title, one.responses) for one in made.occasions] == [
        (first.slug, "1月", 4), (second.slug, "2月", 4), (empty.slug, "3月", 0)]
    assert lines(made) == {
        "q1 share 通知": [0.5, 1, None], "q1 share 网站": [0.5, 0, None],
        "q2 satisfied 满意率": [0.5, 1, None], "q2 mean 平均": [3.5, 3, None],
        "q3 nps 净推荐值": [0, 1, None], "q3 share 推荐者": [0.5, 1, None], "q3 share 中立者": [0, 0, None], "q3 share 贬损者": [0.5, 0, None],
        "q4 mean 讲解：平均": [5, 4, None], "q4 mean 参观：平均": [None, 3, None],
        "q5 score 快：得分": [2, None, None], "q5 score 省：得分": [1, None, None],
        "q6 mean 平均": [2, 4, None], "q6 median 中位数": [2, 4, None],
        "q7 share 网站：常用": [1, 1, None], "q7 share 网站：偶尔": [0, 1, None],
    }
    assert made.questions[0].answered == (4, 4, None)
    assert made.questions[3].lines[0].label("en") == "Talk: Mean"


def test_a_change_is_that_over_the_last_occasion_that_has_the_figure_and_marked_where_it_is_no_chance(session):
    asked = make.questionnaire(session, asks=ASKS)
    first, held = occasion(session, 1, asked)
    occasion(session, 2, asked, held)
    third, _ = occasion(session, 3, asked, held)
    for event, yes, no in ((first, 30, 10), (third, 10, 30)):
        answer(session, event, yes, q1="1")
        answer(session, event, no, q1="2")
    share = comparisons.side_by_side(session, first, now=make.NOW).questions[0].lines[0]
    assert share.figures == (Figure(0.75), None, Figure(0.25, -0.5, "***"))


def test_a_copy_of_the_questionnaire_is_compared_where_code_and_wording_are_the_same(session):
    asked = make.questionnaire(session, asks=ASKS[:2])
    first, held = occasion(session, 1, asked)
    answer(session, first, 1, q1="1", q2="5")
    copied = questionnaires.copy(session, asked, title="又一份", now=make.NOW)
    copied.sections[0].questions[1].text = "总体感受"
    questionnaires.open_for_answers(session, copied, now=make.NOW)
    second, _ = occasion(session, 2, copied, held)
    answer(session, second, 1, q1="2", q2="5")
    assert lines(comparisons.side_by_side(session, first, now=make.NOW)) == {
        "q1 share 通知": [1, 0], "q1 share 网站": [0, 1], "q2 satisfied 满意率": [1, None], "q2 mean 平均": [5, None],
    }


def test_of_anonymous_questionnaires_only_what_is_over_and_no_small_number_is_compared(session):
    asked = make.questionnaire(session, asks=ASKS, anonymous=True)
    first, held = occasion(session, 1, asked)
    second, _ = occasion(session, 2, asked, held)
    going_on, _ = occasion(session, 3, asked, held)
    answer(session, first, 5, q1="1")
    answer(session, second, 4, q1="1")
    answer(session, going_on, 9, q1="2")
    make.released(session, asked)
    made = comparisons.side_by_side(session, going_on, now=make.NOW)
    assert ([one.slug for one in made.occasions], lines(made)) == ([first.slug, second.slug], {"q1 share 通知": [1, None], "q1 share 网站": [0, None]})


def test_an_event_that_stands_alone_is_not_compared(session):
    with pytest.raises(NotInSeries):
        comparisons.side_by_side(session, make.asking_event(session), now=make.NOW)
