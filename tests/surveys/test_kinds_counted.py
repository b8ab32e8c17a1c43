"""Whatever a kind reads it stores, shows, and counts to the same numbers as a plain count over what was given."""

import statistics
from collections import Counter
from datetime import date, timedelta

import make
import pytest
from everykind import ASKS
from hypothesis import given
from hypothesis import strategies as st

from surveys.asked import PLACES, Asked, Counts, placed
from surveys.errors import Invalid
from surveys.kinds import KINDS

OPTIONS = [{"code": code, "label": label} for code, label in zip("abcde", "甲乙丙丁戊", strict=True)]


def asked(kind, **settings):
    complete = KINDS[kind].settings(settings)
    options = OPTIONS if KINDS[kind].has_options else []
    return Asked(1, "q1", kind, 1, "问题", options=KINDS[kind].offered(options, complete), parts=KINDS[kind].parts(options, complete),
                 settings=complete)


def rows_of(question, value):
    return KINDS[question.kind].read(question, value, "别的")


def counted(answers):
    """As the database counts them, by the places alone."""
    total = Counts()
    for rows in answers:
        for place, row in placed(rows) if rows else ():
            total.answered += place == 0
            counts = total.parts.setdefault(row.part, Counts()) if row.part else total
            if row.part:
                counts.answered += place % PLACES == 0
            for heap, value in ((counts.choices, row.choice), (counts.numbers, row.number)):
                if value is not None:
                    heap[value] = heap.get(value, 0) + 1
    return total


def tallied(question, values):
    return KINDS[question.kind].tally(question, counted([rows_of(question, value) for value in values]))


def picked(row):
    return {row.code: row.count for row in row.rows}


CODES = st.sampled_from("abcde")


@given(st.lists(st.one_of(st.sets(CODES, max_size=5), st.just({"other"}), st.just({"none"}))))
def test_picks_are_counted_as_they_were_given(values):
    tally = tallied(asked("multiple", other=True, none=True), [sorted(value) for value in values])
    plain = Counter(code for value in values for code in value)
    assert tally.answered == sum(bool(value) for value in values)
    assert picked(tally) == {code: plain[code] for code in [*"abcde", "other", "none"]}


@given(st.lists(st.integers(0, 10), min_size=1))
def test_a_recommendation_is_promoters_less_detractors(values):
    tally = tallied(asked("likelihood"), values)
    promoters, detractors = sum(value >= 9 for value in values), sum(value <= 6 for value in values)
    assert [row.count for row in tally.groups] == [promoters, len(values) - promoters - detractors, detractors]
    assert tally.nps == pytest.approx((promoters - detractors) / len(values))
    assert picked(tally) == {str(level): values.count(level) for level in range(11)}


@given(st.lists(st.integers(-10**6, 10**6), min_size=1))
def test_the_figures_of_numbers_are_those_of_the_statistics_module(values):
    tally = tallied(asked("number"), values)
    assert (tally.answered, tally.least, tally.most, tally.median) == (len(values), min(values), max(values), statistics.median(values))
    assert (tally.mean, tally.spread) == (pytest.approx(statistics.fmean(values)), pytest.approx(statistics.pstdev(values), abs=1e-6))


@given(st.lists(st.dictionaries(CODES, st.integers(1, 5), min_size=1)))
def test_each_row_of_a_matrix_is_counted_by_itself(values):
    tally = tallied(asked("matrix"), values)
    assert tally.answered == len(values)
    for part in tally.parts:
        plain = [value[part.code] for value in values if part.code in value]
        assert (part.tally.answered, picked(part.tally)) == (len(plain), {str(level): plain.count(level) for level in range(5, 0, -1)})
        assert part.tally.mean == (pytest.approx(statistics.fmean(plain)) if plain else None)


@given(st.lists(st.dictionaries(CODES, st.sets(st.sampled_from("12"), min_size=1), min_size=1)))
def test_each_row_of_a_grid_is_counted_by_itself(values):
    tally = tallied(asked("grid"), [{row: sorted(columns) for row, columns in value.items()} for value in values])
    for part in tally.parts:
        plain = [value[part.code] for value in values if part.code in value]
        assert part.tally.answered == len(plain)
        assert picked(part.tally) == {column: sum(column in columns for columns in plain) for column in "12"}


@given(st.lists(st.lists(CODES, min_size=1, max_size=3, unique=True), min_size=1))
def test_ranks_are_counted_and_a_score_is_the_mean_of_the_points(values):
    tally = tallied(asked("ranking", max=3), values)
    assert tally.answered == len(values)
    for part in tally.parts:
        plain = [value.index(part.code) + 1 for value in values if part.code in value]
        assert (part.tally.answered, picked(part.tally)) == (len(plain), {str(rank): plain.count(rank) for rank in (1, 2, 3)})
        assert part.tally.score == pytest.approx(sum(6 - rank for rank in plain) / len(values))


@given(st.lists(st.dates(date(1900, 1, 1), date(2199, 12, 31)), min_size=1))
def test_days_are_counted_one_by_one(values):
    question = asked("date")
    tally = tallied(question, [value.isoformat() for value in values])
    shown = [KINDS["date"].figure(number) for number in (tally.least, tally.most)]
    assert shown == [min(values).isoformat(), max(values).isoformat()]
    assert {row.code: row.count for row in tally.days} == Counter(value.isoformat() for value in values)


@given(st.datetimes(date_time := make.NOW.replace(tzinfo=None) - timedelta(days=9000), date_time + timedelta(days=20000)))
def test_a_moment_is_shown_as_it_was_given(moment):
    question = asked("datetime")
    assert KINDS["datetime"].show(question, rows_of(question, moment)) == f"{moment:%Y-%m-%d %H:%M}"
    hour = asked("time")
    assert KINDS["time"].show(hour, rows_of(hour, f"{moment:%H:%M}")) == f"{moment:%H:%M}"


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.sampled_from(["a", "b", "1", "9", "other", "none"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcde"), inner, max_size=5)), max_leaves=6,
)


@pytest.mark.parametrize("ask", [ask for ask in ASKS if KINDS[ask["kind"]].asks], ids=lambda ask: ask["code"])
@given(value=ANYTHING)
def test_anything_is_either_refused_or_stored_so_that_it_can_be_shown_and_counted(ask, value):
    question = asked(ask["kind"], **ask.get("settings", {}))
    kind = KINDS[question.kind]
    try:
        rows = kind.read(question, value, value)
    except Invalid:
        return
    assert all(row.choice is None or row.number is None for row in rows)
    places = [place for place, _ in placed(rows)] if rows else []
    parts = list(dict.fromkeys(row.part for row in rows))
    assert [place for place in places if place % PLACES == 0] == [PLACES * n for n in range(len(parts))]
    assert bool(kind.show(question, rows)) == bool(rows)
    assert kind.tally(question, counted([rows])).answered == bool(rows)
