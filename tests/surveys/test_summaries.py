"""Summaries count what was answered, and nothing else."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from surveys import doubts, questionnaires, questions
from surveys.asked import Row, Tally
from surveys.crosstabs import Known, NothingToCross, crosstab
from surveys.questions import NoSuchQuestion
from surveys.raw import raw_rows
from surveys.responses import submit
from surveys.summaries import open_answers, summarise
from surveys.suppression import suppressed
from surveys.tallies import fold
from surveys.templates import create_from_template

LABELS = {"deputy": "人大代表", "enterprise": "企业代表", "media": "媒体"}


@pytest.fixture
def questionnaire(session, now):
    made = questionnaires.create(session, title="问卷", now=now)
    section = questions.add_section(session, made, now=now)
    questions.add_question(session, section, kind="single", text="甲？", text_en="A?", options=["是", "否"],
                           settings={"other": True}, now=now)
    questions.add_question(session, section, kind="multiple", text="乙？", options=["一", "二", "三"], now=now)
    questions.add_question(session, section, kind="scale", text="丙？", now=now)
    questions.add_question(session, section, kind="number", text="丁？", settings={"unit": "次"}, now=now)
    questions.add_question(session, section, kind="long_text", text="戊？", now=now)
    questionnaires.open_for_answers(session, made, now=now)
    return made


@pytest.fixture
def answers(session, questionnaire, now):
    """Four responses on two occasions from two known segments and one that has no label."""
    for context, segment, raw in [
        ("spring", "enterprise", {"q1": "1", "q2": ["1", "2"], "q3": 5, "q4": 2, "q5": "停车不便"}),
        ("spring", "deputy", {"q1": "other", "q1.other": "看情况", "q3": 2, "q5": "很好，50% 满意"}),
        ("spring", "visitor", {"q2": ["2"], "q3": 4, "q4": "2.5"}),
        ("autumn", "deputy", {"q1": "2", "q5": "停车方便多了"}),
    ]:
        submit(session, questionnaire, raw, context=context, segment=segment, now=now)
    return questionnaire


def test_a_summary_counts_by_question_and_segment_in_the_order_given(session, answers):
    summary = summarise(session, answers, context="spring", segments=LABELS)
    assert (summary.responses, summary.by_segment) == (3, {"deputy": 1, "enterprise": 1, "visitor": 1})
    assert list(summary.segments.items()) == [("deputy", "人大代表"), ("enterprise", "企业代表"), ("visitor", "visitor")]
    single, multiple, scale, number, text = summary.questions
    assert single.tally == Tally(2, rows=(
        Row("1", "是", "", 1, 0.5), Row("2", "否", "", 0, 0.0), Row("other", "其他", "Other", 1, 0.5),
    ))
    assert [(row.count, row.share) for row in multiple.tally.rows] == [(1, 0.5), (2, 1.0), (0, 0.0)]
    assert (scale.tally.mean, scale.tally.median, scale.tally.satisfied) == (11 / 3, 4, 2 / 3)
    assert number.tally == Tally(2, mean=2.25, median=2.25, least=2, most=2.5, spread=0.25)
    assert text.tally == Tally(2)
    assert {code: tally.answered for code, tally in multiple.by_segment.items()} == {"deputy": 0, "enterprise": 1, "visitor": 1}
    assert [row.count for row in scale.by_segment["deputy"].rows] == [0, 0, 0, 1, 0]
    assert summary.question("q5") is text


def test_a_summary_of_one_segment_or_of_all_occasions_counts_just_those(session, answers):
    assert summarise(session, answers, segment="deputy").by_segment == {"deputy": 2}
    everything = summarise(session, answers)
    assert (everything.responses, everything.question("q1").tally.answered) == (4, 3)
    assert summarise(session, answers, context="winter").responses == 0


def test_a_summary_takes_as_many_queries_for_one_response_as_for_many(session, now):
    def queries(made):
        session.expire_all()
        session.refresh(made)
        with count_queries(session) as seen:
            summarise(session, made, segments=LABELS)
        return len(seen)

    made = create_from_template(session, "open_day", now=now)
    questionnaires.open_for_answers(session, made, now=now)
    assert queries(made) <= 3  # the form, the counts
    for segment in LABELS:
        submit(session, made, {"q1": "1", "q2": ["1", "2"], "q4": 5, "q10": "好"}, segment=segment, now=now)
    assert queries(made) == 1


def test_open_answers_are_found_by_question_segment_and_words(session, answers):
    def texts(**wanted):
        return sorted((found.question.code, found.choice, found.response.segment, found.text)
                      for found in session.scalars(open_answers(answers, **wanted)))

    assert texts(context="spring") == [
        ("q1", "other", "deputy", "看情况"), ("q5", None, "deputy", "很好，50% 满意"), ("q5", None, "enterprise", "停车不便"),
    ]
    assert texts(question="q1") == [("q1", "other", "deputy", "看情况")]
    assert texts(segment="enterprise") == [("q5", None, "enterprise", "停车不便")]
    assert texts(words="停车 便多") == [("q5", None, "deputy", "停车方便多了")]
    assert [text for *_, text in texts(words="0%")] == ["很好，50% 满意"]
    assert texts(words="%_") == []


def test_reading_a_page_of_open_answers_is_one_query(session, answers):
    session.expunge_all()
    with count_queries(session) as seen:
        page = session.scalars(open_answers(answers).limit(3)).all()
        assert all(found.question.text and found.response.submitted_on for found in page)
    assert len(seen) == 1


def test_raw_rows_have_a_cell_for_every_question_in_order(session, answers):
    rows = list(raw_rows(session, answers, context="spring", language="en"))
    by_segment = {row.segment: row.answers for row in rows}
    assert by_segment == {
        "enterprise": {"q1": "是", "q2": "一; 二", "q3": 5, "q4": 2, "q5": "停车不便"},
        "deputy": {"q1": "Other: 看情况", "q2": None, "q3": 2, "q4": None, "q5": "很好，50% 满意"},
        "visitor": {"q1": None, "q2": "二", "q3": 4, "q4": 2.5, "q5": None},
    }
    assert [list(row.answers) for row in rows] == [["q1", "q2", "q3", "q4", "q5"]] * 3
    assert len(list(raw_rows(session, answers, segment="deputy"))) == 2


def test_a_response_without_any_answer_is_a_row_and_a_response(session, questionnaire, now):
    submit(session, questionnaire, {}, now=now)
    assert [row.answers for row in raw_rows(session, questionnaire)] == [dict.fromkeys(["q1", "q2", "q3", "q4", "q5"])]
    summary = summarise(session, questionnaire)
    assert (summary.responses, summary.question("q1").tally.answered) == (1, 0)


def test_frames_hold_the_same_numbers(session, answers):
    summary = summarise(session, answers, context="spring", segments=LABELS)
    frame = summary.frame("en")
    assert list(frame.columns) == [
        "question", "text", "segment", "segment_label", "part", "part_label", "option", "label", "count", "share"]
    total = frame[frame.segment.isna() & (frame.question == "q1")]
    assert list(zip(total.text, total.segment_label, total.label, total["count"], strict=True)) == [
        ("A?", "Total", "是", 1), ("A?", "Total", "否", 0), ("A?", "Total", "Other", 1),
    ]
    assert summary.frames()["q2"].to_dict() == {
        "合计": {"回答人数": 2, "一": 1, "二": 2, "三": 0}, "人大代表": {"回答人数": 0, "一": 0, "二": 0, "三": 0},
        "企业代表": {"回答人数": 1, "一": 1, "二": 1, "三": 0}, "visitor": {"回答人数": 1, "一": 0, "二": 1, "三": 0},
    }


def test_groups_can_be_what_the_caller_knows_of_those_who_answered_under_a_name(session):
    """Of the activities b has both, c none; nobody knows who the fourth is, and z did not answer."""
    asked = make.questionnaire(session)
    for respondent, level in (("a", "5"), ("b", "4"), ("c", "5"), (None, "1")):
        make.response(session, asked, {"q3": level}, respondent=respondent, segment="deputy")
    pairs = sa.union_all(*(sa.select(sa.literal(name), sa.literal(code)) for name, code in (("a", "visit"), ("b", "visit"), ("b", "talk"), ("z", "talk"))))
    known = Known(text_zh="环节", text_en="Activity", pairs=pairs, labels={"talk": "座谈", "visit": "参观"}, several=True)
    summary = summarise(session, asked, by=known)
    assert (summary.responses, summary.by_segment, list(summary.segments.values())) == (2, {"talk": 1, "visit": 2}, ["座谈", "参观"])
    levels = summary.question("q3")
    assert (levels.tally.answered, levels.tally.mean, {code: tally.mean for code, tally in levels.by_segment.items()}) == (2, 4.5, {"talk": 4, "visit": 4.5})
    assert summarise(session, asked, by=known, given={"q3": "4"}).by_segment == {"talk": 1, "visit": 1}
    assert (summary.crosstab("q3").test, summary.crosstab("q3").base) == (None, 2)
    assert set(suppressed(summary, below=2).by_segment.values()) == {None}  # by subtraction they would tell of a


@pytest.fixture
def parted(session):
    """A matrix, a ranking and a likelihood, answered by two segments."""
    asked = make.questionnaire(session, asks=[
        {"kind": "matrix", "text": "请评价", "options": ["大厅", "网站"]}, {"kind": "ranking", "text": "请排序", "options": ["快", "省"]},
        {"kind": "likelihood", "text": "愿意推荐吗"},
    ])
    for segment, hall, first, points in (("deputy", "5", "1", 9), ("deputy", "4", "2", 3), ("media", "5", "1", 10)):
        raw = {"q1": {"1": hall, "2": "3"}, "q2": {first: 1, str(3 - int(first)): 2}, "q3": points}
        make.response(session, asked, raw, segment=segment)
    return asked


def test_frames_list_the_rows_of_a_matrix_and_what_is_ranked(session, parted):
    summary = summarise(session, parted, segments=LABELS)
    frame = summary.frame()
    hall = frame[frame.segment.isna() & (frame.question == "q1") & (frame.part == "1") & (frame["count"] > 0)]
    assert list(zip(hall.part_label, hall.label, hall["count"], strict=True)) == [("大厅", "非常满意", 2), ("大厅", "满意", 1)]
    ranks = frame[(frame.segment == "deputy") & (frame.question == "q2")]
    assert list(zip(ranks.part, ranks.option, ranks["count"], strict=True)) == [("1", "1", 1), ("1", "2", 1), ("2", "1", 1), ("2", "2", 1)]
    tables = summary.frames("en")
    assert tables["q1"]["Total"]["大厅: Mean"] == pytest.approx(14 / 3)
    assert tables["q2"]["Total"][["快: Score", "省: Score"]].tolist() == [pytest.approx(5 / 3), pytest.approx(4 / 3)]
    assert tables["q3"]["Total"][["Answered", "Net promoter score"]].tolist() == [3, pytest.approx(1 / 3)]


def test_a_summary_crosses_its_segments_with_a_question_as_a_cross_tab_does(session, answers, parted):
    for asked, code in ((answers, "q1"), (answers, "q2"), (answers, "q3"), (parted, "q1.1"), (parted, "q2.2"), (parted, "q3")):
        made, counted = summarise(session, asked, segments=LABELS).crosstab(code), crosstab(session, asked, "segment", code, labels=LABELS)
        kept = [place for place, people in enumerate(made.rows) if people]  # the other has no row for who did not answer
        assert [made.counts[place] for place in kept] == list(counted.counts)
        assert [made.down.options[place] for place in kept] == list(counted.down.options)
        assert (made.across, made.columns, made.base) == (counted.across, counted.columns, counted.base)
        assert (made.test is None) == (counted.test is None)
        assert made.test is None or made.test.p == pytest.approx(counted.test.p)
    with pytest.raises(NothingToCross):
        summarise(session, answers).crosstab("q5")
    with pytest.raises(NoSuchQuestion):
        summarise(session, parted).crosstab("q1.9")


def test_answers_narrow_a_summary_by_row_and_rank_too(session, parted):
    def left(**given):
        return summarise(session, parted, given={code.replace("_", "."): option for code, option in given.items()}).by_segment

    assert left(q1_1="5") == {"deputy": 1, "media": 1}
    assert left(q1_2="5") == {}
    assert left(q2_2="1") == {"deputy": 1}
    assert left(q1_1="5", q3="10") == {"media": 1}
    with pytest.raises(NoSuchQuestion):
        left(q1_3="5")


def test_what_was_kept_and_then_left_out_is_neither_the_least_nor_a_day(session, now):
    asked = make.questionnaire(session, asks=[{"kind": "number", "text": "几次"}, {"kind": "date", "text": "哪天"}])
    out, _ = (make.response(session, asked, {"q1": number, "q2": day}) for number, day in (("1", "2026-04-01"), ("5", "2026-04-02")))
    fold(session, asked, now=now)
    doubts.exclude(session, out, reason="重复", now=now)
    times, days = (one.tally for one in summarise(session, asked).questions)
    assert times == Tally(1, mean=5, median=5, least=5, most=5, spread=0)
    assert [(row.code, row.count) for row in days.days] == [("2026-04-02", 1)]
