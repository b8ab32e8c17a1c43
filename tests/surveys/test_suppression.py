"""What was left out of a summary or a cross-tab cannot be told from what is shown: every world that fits is tried."""

from collections import Counter
from dataclasses import replace

import pytest
from attacker import TableWorld, World, told
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from surveys.asked import Asked, Counts, Option, Stored
from surveys.conditions import Answered, Picked
from surveys.crosstabs import Axis
from surveys.forms import Form
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary, Summary
from surveys.suppression import suppressed, suppressed_table

BELOW = 3
LABELS = ("甲", "乙", "丙")


LABELLED = [{"code": str(n), "label": label, "label_en": ""} for n, label in enumerate(LABELS, start=1)]


def asked_of(kind, *, settings=None, options=None, **changes):
    """A question with three options, or two rows or options to rank."""
    of, complete = KINDS[kind], KINDS[kind].complete(settings or {})
    listed = (options or (LABELLED[:2] if of.parts(LABELLED, complete) else LABELLED)) if of.has_options else []
    made = {"id": 1, "code": "q1", "number": 1, "text": "？", "settings": complete} | changes
    return Asked(kind=kind, options=of.offered(listed, complete), parts=of.parts(listed, complete), **made)


def summary_of(asked, groups):
    """`groups` maps a segment to what each of its people answered: a tuple of options, empty for who did not answer."""
    kind, counted = KINDS[asked.kind], {}
    for segment, people in groups.items():
        said = [each for each in people if each]
        picks = Counter(code for each in said for code in each)
        counted[segment] = Counts(len(said), dict(picks))
    total = Counts()
    for counts in counted.values():
        total.add(counts)
    one = QuestionSummary(asked, kind.tally(asked, total), {code: kind.tally(asked, counts) for code, counts in counted.items()})
    sizes = {segment: len(people) for segment, people in groups.items()}
    return Summary(form=Form(()), responses=sum(sizes.values()), by_segment=sizes, segments={code: code for code in groups}, questions=(one,))


def picked(*codes):
    return [Stored(choice=code) for code in codes]


def numbers(*values):
    return [[Stored(number=value)] for value in values]


def of_parts(one, other):
    """All answers to two rows, each with one of these; [] is none."""
    first, second = ([[replace(row, part=part) for row in each] for each in those] for part, those in (("1", one), ("2", other)))
    return [[*row, *next_] for row in first for next_ in second]


def ranked(*orders):
    return [[Stored(number=float(rank), part=part) for rank, part in enumerate(order, start=1)] for order in orders]


def only(kind, answers, **changes):
    """A world in which one question is asked."""
    return lambda: World([asked_of(kind, **changes)], [{"q1": rows} for rows in answers])


def gated(kind, answers, **changes):
    """A world in which who says 1 must answer another question, and after it a third one."""
    yes = Picked("q1", "1")
    asks = [asked_of("single", required=True), asked_of(kind, id=2, code="q2", show_if=yes, **changes),
            asked_of("text", id=3, code="q3", required=True, show_if=Answered("q2"))]
    said = [{"q1": picked("1"), "q2": rows, "q3": [Stored(text="x")] if rows else []} for rows in answers]
    return lambda: World(asks, [{"q1": picked("2"), "q2": [], "q3": []}, *said])


ONE, TWO = picked("1"), picked("2")
LEVELS = {"labels": ["好", "差"], "labels_en": []}
FEW = {"min": 0, "max": 2, "integer": True}
WORLDS = {
    "single": only("single", [[], ONE, TWO, picked("3")]), "single, required": only("single", [ONE, TWO, picked("3")], required=True),
    "multiple": only("multiple", [[], ONE, TWO, picked("1", "2")], options=LABELLED[:2]),
    "multiple, two of three": only("multiple", [[], picked("1", "2"), picked("1", "3"), picked("2", "3")], settings={"min": 2, "max": 2}),
    "scale": only("scale", [[], *numbers(5.0, 3.0, 1.0)]), "likelihood": only("likelihood", [[], *numbers(0.0, 7.0, 9.0)]),
    "number": only("number", [[], *numbers(0.0, 1.0, 2.0)], settings=FEW),
    "number, required": only("number", numbers(0.0, 1.0, 2.0), settings=FEW, required=True),
    "date": only("date", [[], *numbers(20_000.0, 20_001.0)]), "text": only("text", [[], [Stored(text="x")]]),
    "matrix": only("matrix", of_parts([[], *numbers(1.0, 2.0)], [[], *numbers(1.0)]), settings=LEVELS),
    "matrix, required": only("matrix", of_parts(*[numbers(1.0, 2.0)] * 2), settings=LEVELS, required=True),
    "grid": only("grid", of_parts([[], ONE, picked("1", "2")], [[], TWO]), settings={"columns": ["有", "想"], "columns_en": []}),
    "ranking": only("ranking", ranked("", "1", "2", "12", "21")),
    "ranking, the first of three": only("ranking", ranked("", "1", "2", "3"), settings={"max": 1}, options=LABELLED),
    "gated single": gated("single", [ONE, TWO], required=True), "gated single, not required": gated("single", [[], ONE, TWO]),
    "gated number": gated("number", numbers(0.0, 1.0), settings=FEW, required=True),
    "gated matrix": gated("matrix", of_parts(*[numbers(1.0, 2.0)] * 2), settings=LEVELS, required=True),
}
GROUPS = st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 11), min_size=1, max_size=5), min_size=2)


@pytest.mark.parametrize("world", WORLDS)
def test_nothing_small_that_was_left_out_of_a_summary_can_be_told(world):
    world = WORLDS[world]()

    @settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(groups=GROUPS)
    def nothing_is_told(groups):
        true = world.summary({code: [place % len(world.steps) for place in people] for code, people in groups.items()})
        assert told(world, true, suppressed(true, below=BELOW), below=BELOW) == []

    nothing_is_told()


def axis(options, picks=None, *, attribute=False):
    return Axis("x", "x", "x", tuple(Option(str(n), str(n)) for n in range(options)), picks, attribute)


TABLES = {
    "questions": (axis(3), axis(3)), "small": (axis(2), axis(2)), "group and question": (axis(3, attribute=True), axis(2)),
    "groups": (axis(2, attribute=True), axis(3, attribute=True)), "picks": (axis(3, (1, 2)), axis(2)),
    "exactly two picks": (axis(2), axis(3, (2, 2))), "picks of a group": (axis(3, (1, 2)), axis(2, attribute=True)),
    "picks and picks": (axis(2, (1, 2)), axis(2, (1, 2))), "several groups": (axis(2, (1, 2), attribute=True), axis(2)),
}


@pytest.mark.parametrize("sides", TABLES)
def test_no_small_cell_of_a_cross_tab_can_be_told(sides):
    world = TableWorld(*TABLES[sides])

    @settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(people=st.lists(st.integers(0, 29), min_size=2, max_size=7))
    def nothing_is_told(people):
        true = world.table(people)
        assert world.told(true, suppressed_table(true, below=BELOW), below=BELOW) == []

    nothing_is_told()


def counts(summary):
    return {code: [row.count for row in tally.rows] for code, tally in summary.questions[0].by_segment.items()}


def test_a_small_count_goes_with_what_would_tell_it():
    big = [("1",)] * 20 + [("2",)] * 20 + [("3",)] * 20
    left = suppressed(summary_of(asked_of("single"), {"a": big, "b": [*big, ("3",)], "c": [("1",)] * 30 + [("2",)] * 30 + [("3",)] * 2}))
    assert [row.count for row in left.questions[0].tally.rows] == [70, 70, 43]
    assert counts(left) == {"a": [None, 20, None], "b": [20, 20, 21], "c": [None, 30, None]}
    only = left.questions[0].by_segment["c"]
    assert (only.answered, [row.share for row in only.rows]) == (62, [None, 30 / 62, None])


def test_a_small_segment_is_left_out_as_a_whole_and_the_next_one_with_it():
    people = [("1",)] * 10 + [("2",)] * 10
    left = suppressed(summary_of(asked_of("single"), {"a": people, "b": [*people, ("1",)], "c": [("1",)]}))
    assert dict(left.by_segment) == {"a": None, "b": 21, "c": None}
    assert counts(left) == {"a": [None] * 3, "b": [11, 10, 0], "c": [None] * 3}
    assert left.questions[0].by_segment["a"].answered is None


def test_figures_of_a_segment_with_a_gap_say_nothing_of_it():
    asked = asked_of("scale")
    kind = KINDS["scale"]
    tallied = {code: kind.tally(asked, Counts(41, numbers=numbers)) for code, numbers in {
        "a": {5.0: 40, 1.0: 1}, "b": {5.0: 20, 1.0: 21}, "c": {5.0: 20, 4.0: 21}}.items()}
    total = kind.tally(asked, Counts(123, numbers={5.0: 80, 4.0: 21, 1.0: 22}))
    left = suppressed(Summary(Form(()), 123, dict.fromkeys("abc", 41), {}, (QuestionSummary(asked, total, tallied),)))
    a, b, c = left.questions[0].by_segment.values()
    assert (a.mean, a.median, a.satisfied, a.spread) == (None,) * 4
    assert [row.count for row in a.rows if row.code == "1"] == [None]
    assert left.questions[0].tally == total
    assert [one.mean is None for one in (b, c)].count(True) >= 1


def test_nothing_is_shown_of_fewer_people_than_a_cell_must_have():
    left = suppressed(summary_of(asked_of("single"), {"a": [("1",)] * 4}))
    assert (left.questions[0].tally.answered, counts(left)) == (None, {"a": [None] * 3})
