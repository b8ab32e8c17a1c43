"""What was left out of a summary cannot be told from what is shown: every table that fits is tried."""

from collections import Counter
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.asked import Asked, Counts, Option
from surveys.forms import Form
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary, Summary
from surveys.suppression import suppressed

BELOW = 3
LABELS = ("甲", "乙", "丙")


def asked_of(kind, **changes):
    parts = tuple(Option(str(n), label) for n, label in enumerate(LABELS, start=1))
    stated = {"options": parts, "settings": KINDS[kind].complete({})} | changes
    return Asked(id=1, code="q1", kind=kind, number=1, text="？", **stated)


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


def columns_that_fit(asked, size, tally, totals):
    """Every column (options, then who did not answer) that a segment can have, as far as a reader of its tally can say."""
    several = asked.kind == "multiple"
    fitting, most = [], sum(totals)
    for answered in range(most + 1):
        if tally.answered not in {None, answered} or (size is not None and answered > size):
            continue
        silents = [size - answered] if size is not None else range(totals[-1] + 1)
        choices = [range(min(answered, total) + 1) if row.count is None else [row.count] for row, total in zip(tally.rows, totals, strict=False)]
        for picked in product(*choices):
            fits = answered <= sum(picked) and max(picked) <= answered if several else sum(picked) == answered
            if fits:
                fitting += [(*picked, silent) for silent in silents if not (asked.required and silent)]
    return fitting


def can_be(summary):
    """For each segment and row the values that some table has which fits all that is shown."""
    one = summary.questions[0]
    totals = (*(row.count for row in one.tally.rows), summary.responses - one.tally.answered)
    columns = [columns_that_fit(one.question, summary.by_segment[code], tally, totals) for code, tally in one.by_segment.items()]
    columns = [[each for each in column if all(n <= total for n, total in zip(each, totals, strict=True))] for column in columns]

    def reached(those):
        sums = {(0,) * len(totals)}
        for column in those:
            added = {tuple(map(sum, zip(old, each, strict=True))) for old in sums for each in column}
            sums = {each for each in added if all(n <= total for n, total in zip(each, totals, strict=True))}
        return sums

    values = {}
    for place, code in enumerate(one.by_segment):
        others = reached([*columns[:place], *columns[place + 1:]])
        for each in columns[place]:
            if tuple(total - n for n, total in zip(each, totals, strict=True)) in others:
                for row, n in enumerate(each):
                    values.setdefault((code, row), set()).add(n)
    return values


def check(summary):
    left = suppressed(summary, below=BELOW)
    before, after = summary.questions[0], left.questions[0]
    if after.tally.answered is None:
        return
    values = can_be(left)
    for code, tally in after.by_segment.items():
        for row, option in enumerate(tally.rows):
            true = before.by_segment[code].rows[row].count
            assert option.count in {None, true}
            if option.count is None and 0 < true < BELOW:
                assert len(values[code, row]) > 1, (code, row, true)


ANSWER = st.sampled_from([(), ("1",), ("1",), ("2",), ("3",)])
PICKS = st.sampled_from([(), ("1",), ("1", "2"), ("1", "2", "3"), ("3",)])


def groups_of(answer):
    return st.dictionaries(st.sampled_from("abc"), st.lists(answer, min_size=1, max_size=5), min_size=1)


@settings(max_examples=60)
@given(groups=groups_of(ANSWER), required=st.booleans())
def test_no_small_count_of_a_single_choice_can_be_told(groups, required):
    if required:
        groups = {code: [each or ("1",) for each in people] for code, people in groups.items()}
    check(summary_of(asked_of("single", required=required), groups))


@settings(max_examples=30)
@given(groups=groups_of(PICKS))
def test_no_small_count_of_a_multiple_choice_can_be_told(groups):
    check(summary_of(asked_of("multiple"), groups))


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
    asked = asked_of("scale", options=KINDS["scale"].offered([], KINDS["scale"].complete({})))
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
