"""Cross-tabs: counted as pandas counts them, tested as statisticians do, and suppressed as summaries are."""

import math

import make
import pandas as pd
import pytest
import sqlalchemy as sa
from database import count_queries

from surveys.chi_square import independence, upper_tail
from surveys.crosstabs import CrossedWithItself, Known, NothingToCross, crosstab
from surveys.questions import NoSuchQuestion
from surveys.suppression import suppressed_table

PEOPLE = [("deputy", "1", ["1", "2"], "5")] * 12 + [("deputy", "2", ["2"], "3")] * 6 + [("media", "2", ["3"], "1")] * 9 + [
    ("media", "1", ["1", "2", "3"], "5"), ("", "2", ["1"], "4"), ("", None, ["1"], "4")]


@pytest.fixture
def asked(session):
    made = make.questionnaire(session)
    for segment, single, several, level in PEOPLE:
        raw = {"q1": single, "q2": several, "q3": level, "q5": "停车"}
        make.response(session, made, {code: value for code, value in raw.items() if value}, segment=segment, context="spring")
    return made


def test_two_questions_are_counted_as_pandas_counts_them(session, asked):
    table = crosstab(session, asked, "q1", "q3")
    plain = pd.DataFrame(PEOPLE, columns=["segment", "q1", "q2", "q3"])
    plain = pd.crosstab(plain.q1, plain.q3)
    found = {(row.code, column.code): n for row, counts in zip(table.down.options, table.counts, strict=True)
             for column, n in zip(table.across.options, counts, strict=True) if n}
    assert found == {(row, column): plain.loc[row, column] for row in plain.index for column in plain.columns if plain.loc[row, column]}
    assert (table.base, table.rows[:2], sum(table.columns)) == (29, (13, 16), 29)
    assert table.row_shares()[0][0] == 13 / 13
    assert table.frame("en").loc["People", "People"] == 29


def test_several_picks_are_counted_by_picks_on_the_base_of_people(session, asked):
    table = crosstab(session, asked, "segment", "q2", labels={"deputy": "人大代表", "media": "媒体"})
    assert [option.label() for option in table.down.options] == ["人大代表", "媒体", ""]
    assert table.counts[0] == (12, 18, 0, 0)
    assert (table.rows, table.columns, table.base, table.test) == ((18, 10, 2), (15, 19, 10, 0), 30, None)
    assert table.row_shares()[0][1] == 1.0


def test_what_the_caller_knows_of_the_respondents_is_crossed_too(session):
    """Three people named a to c; of the activities b has both, c none."""
    asked = make.questionnaire(session)
    for respondent, level in (("a", "5"), ("b", "4"), ("c", "5"), (None, "1")):
        make.response(session, asked, {"q3": level}, respondent=respondent)
    pairs = sa.union_all(*(sa.select(sa.literal(name), sa.literal(code)) for name, code in (("a", "visit"), ("b", "visit"), ("b", "talk"), ("z", "talk"))))
    known = {"activity": Known(text_zh="环节", text_en="Activity", pairs=pairs, labels={"talk": "座谈", "visit": "参观"}, several=True)}
    table = crosstab(session, asked, "activity", "q3", known=known)
    assert [(option.code, option.label()) for option in table.down.options] == [("talk", "座谈"), ("visit", "参观")]
    assert (table.counts, table.rows, table.columns, table.base) == (((0, 1, 0, 0, 0), (1, 1, 0, 0, 0)), (1, 2), (1, 1, 0, 0, 0), 2)
    assert table.test is None
    left = suppressed_table(table)
    assert {n for row in left.counts for n in row} | set(left.rows) == {None}


def test_a_cross_tab_is_one_statement(session, asked):
    crosstab(session, asked, "q1", "q3")
    with count_queries(session) as seen:
        crosstab(session, asked, "segment", "q3", context="spring")
    assert len(seen) == 1


def test_what_cannot_be_crossed_is_refused(session, asked):
    with pytest.raises(NothingToCross):
        crosstab(session, asked, "segment", "q5")
    with pytest.raises(NoSuchQuestion):
        crosstab(session, asked, "q99", "q1")
    with pytest.raises(CrossedWithItself):
        crosstab(session, asked, "q1", "q1")


@pytest.mark.parametrize("statistic, degrees, p", [
    (3.841458820694124, 1, 0.05), (6.634896601021213, 1, 0.01), (18.307038053275146, 10, 0.05), (0.0, 3, 1.0),
    (1.0, 1, 0.31731050786291415), (2.0, 100, 1.0), (23.209251158954356, 10, 0.01),
])
def test_the_upper_tail_is_that_of_the_tables(statistic, degrees, p):
    assert upper_tail(statistic, degrees) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("statistic", [0.1, 5.0, 30.0, 100.0, 400.0])
@pytest.mark.parametrize("degrees", [2, 10, 50])
def test_for_even_degrees_the_upper_tail_is_a_sum_of_poisson_terms(statistic, degrees):
    half = statistic / 2
    terms = (math.exp(step * math.log(half) - half - math.lgamma(step + 1)) for step in range(degrees // 2))
    assert upper_tail(statistic, degrees) == pytest.approx(sum(terms), rel=1e-9)


def test_independence_is_tested_where_the_sample_allows_it():
    tea = independence([[20, 30], [30, 20]])
    assert (tea.statistic, tea.degrees, round(tea.p, 6), tea.mark, tea.reliable) == (4.0, 1, 0.0455, "*", True)
    assert independence([[2, 1], [1, 3]]).reliable is False
    assert independence([[2, 1], [1, 3]]).mark == ""
    assert independence([[5, 0], [7, 0]]) is None
    assert independence([[0, 0], [3, 4]]) is None


def test_small_cells_go_with_what_would_tell_them(session, asked):
    left = suppressed_table(crosstab(session, asked, "segment", "q1", labels={"deputy": "人大代表", "media": "媒体"}))
    assert left.rows == (18, None, None)  # two people without a group, and the next larger group with them
    assert left.counts == ((12, 6, 0, 0), (None,) * 4, (None,) * 4)
    assert (left.columns, left.base, left.test) == ((13, 16, 0, 0), 29, None)
    assert left.frame().isna().to_numpy().sum() == 10  # two groups, four options and how many they are
