"""Whatever a kind reads it stores, shows and counts; that the numbers are right is in test_plain_count.py."""

from datetime import timedelta

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


def counted(rows):
    """One answer as the database counts it, by the places alone."""
    total = Counts()
    for place, row in placed(rows) if rows else ():
        total.answered += place == 0
        counts = total.parts.setdefault(row.part, Counts()) if row.part else total
        if row.part:
            counts.answered += place % PLACES == 0
        for heap, value in ((counts.choices, row.choice), (counts.numbers, row.number)):
            if value is not None:
                heap[value] = heap.get(value, 0) + 1
    return total


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
    assert kind.tally(question, counted(rows)).answered == bool(rows)
