"""Small cells left out wherever a result leaves the house, together with what would reveal them.

What everybody answered together is shown, once as many have answered as a cell must have. Of the groups within (the segments of a
summary, the cells of a cross-tab) a count from 1 to `below` - 1 is left out, and so are as many others as it takes that nobody
can work it out from the rest by adding and subtracting. Figures left out are None, and so is whatever is made of them: shares,
means, medians. The way is that of statistical offices (cell suppression; Willenborg and de Waal, Elements of Statistical
Disclosure Control, 2001); that nothing can be told is checked cell by cell, see cells.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from surveys.asked import Tally
from surveys.cells import Cell, Grid, left_out
from surveys.crosstabs import Axis, CrossTab
from surveys.kinds import KINDS, Ranking
from surveys.summaries import QuestionSummary, Summary

BELOW = 5
FEWEST_GROUPS = 2  # of one group alone, what was left out is what the total has over the others
NOTHING = Tally(None)
WHOLE = -1  # in place of a row: all of the segment


def suppressed(summary: Summary, *, below: int = BELOW) -> Summary:
    """The summary as it may leave the house. One that is suppressed already must not be given.

    A segment with fewer than `below` responses is left out as a whole, and with it a further one where it is the only one: how
    many responses these have is None too; groups that overlap go as a whole, all of them. `below` 1 leaves nothing out.
    """
    if 0 < summary.responses < below:
        return replace(
            summary, by_segment=dict.fromkeys(summary.by_segment), suppressed=True,
            questions=tuple(_emptied(one) for one in summary.questions),
        )
    sizes = {code: size or 0 for code, size in summary.by_segment.items()}
    veiled = set(sizes) if summary.overlapping else _veiled(sizes, below)
    questions: list[QuestionSummary] = []
    gaps: dict[str, set[str]] = {}  # by question, the segments of which something is left out
    for one in summary.questions:
        relied = summary.form.relies.get(one.question.code)
        # Where a question is asked depends on what was answered before: of how many that was tells what is left out there.
        closed = veiled.union(*(gaps.get(code, set()) for code in relied or ()))
        left = _question(one, sizes, closed, below, gated=relied is not None)
        gaps[one.question.code] = {code for code, tally in left.by_segment.items() if _has_gap(tally)}
        questions.append(left)
    return replace(
        summary, by_segment={code: None if code in veiled else size for code, size in sizes.items()}, suppressed=True,
        questions=tuple(questions),
    )


def _veiled(sizes: Mapping[str, int], below: int, already: Collection[str] = ()) -> set[str]:
    """The groups that are left out as a whole: those that are `already`, the small ones, and with these the next larger while they
    can be told together. Of a group without people there is nothing to leave out.
    """
    veiled = set(already)
    small = {code for code, size in sizes.items() if 0 < size < below} - veiled
    if not small:
        return veiled
    larger = iter(sorted((code for code in sizes.keys() - veiled - small if sizes[code]), key=lambda code: (sizes[code], code)))
    people = sum(sizes[code] for code in veiled)
    groups = len(small) + (len(veiled) if people else 0)
    people, veiled = people + sum(sizes[code] for code in small), veiled | small
    while groups < FEWEST_GROUPS or people < below or people == groups:  # as many as groups: one each
        if (further := next(larger, None)) is None:
            break
        veiled.add(further)
        people, groups = people + sizes[further], groups + 1
    return veiled


def _has_gap(tally: Tally) -> bool:
    return tally.answered is None or any(row.count is None for row in tally.rows)


def _emptied(one: QuestionSummary) -> QuestionSummary:
    return replace(one, tally=_blank(one.tally), by_segment={code: _blank(tally) for code, tally in one.by_segment.items()})


def _blank(tally: Tally) -> Tally:
    """The same options and parts without any figure."""
    return replace(
        NOTHING, rows=tuple(replace(row, count=None, share=None) for row in tally.rows),
        parts=tuple(replace(part, tally=_blank(part.tally)) for part in tally.parts),
    )


def _question(one: QuestionSummary, sizes: Mapping[str, int], closed: set[str], below: int, *, gated: bool) -> QuestionSummary:
    """`closed` are the segments that are left out as a whole anyway; `gated`: whether it is asked follows from other answers."""
    if 0 < (one.tally.answered or 0) < below:
        return _emptied(one)
    closed = _veiled({code: tally.answered or 0 for code, tally in one.by_segment.items()}, below, closed)
    tallies = {code: tally for code, tally in one.by_segment.items() if code not in closed}
    apart = [tally for code, tally in one.by_segment.items() if code in closed]
    if len(one.by_segment) > 1 and tallies:
        by_cell = bool(one.tally.rows) and not one.tally.parts
        left = _cells(one, sizes, closed, below, gated=gated) if by_cell else _columns(tallies, apart, below)
        tallies = {code: _without(tally, left.get(place, set())) for place, (code, tally) in enumerate(tallies.items())}
    return replace(one, tally=_total(one, below), by_segment={
        code: tallies[code] if code in tallies else _blank(tally) for code, tally in one.by_segment.items()
    })


def _total(one: QuestionSummary, below: int) -> Tally:
    """The figures of everybody; of a part that few answered none. How often a rank was given is told by the ranks of all options,
    so of a ranking one option is never left out alone.
    """
    parts = {part.code: part.tally.answered or 0 for part in one.tally.parts}
    few = {code for code, answered in parts.items() if 0 < answered < below}
    if isinstance(KINDS[one.question.kind], Ranking):
        few = _veiled(parts, below)
    return replace(one.tally, parts=tuple(
        replace(part, tally=_blank(part.tally)) if part.code in few else part for part in one.tally.parts
    ))


def _columns(tallies: Mapping[str, Tally], apart: Sequence[Tally], below: int) -> dict[int, set[int]]:
    """Of rankings, matrices, numbers, days and texts whole segments are left out: those with any small figure, and one more.

    Between two segments that are left out, people can change places without any figure that is shown becoming another, as long
    as somebody answered in both; `apart` are left out already.
    """
    answered = [tally.answered or 0 for tally in tallies.values()]
    small = {place for place, tally in enumerate(tallies.values()) if any(0 < n < below for n in _figures(tally))}
    if len(small) == 1 and not any(tally.answered for tally in apart):
        others = [place for place, people in enumerate(answered) if people and place not in small]
        small |= set(sorted(others, key=lambda place: (answered[place], place))[:1])
    return {place: {WHOLE} for place in small}


def _figures(tally: Tally) -> list[int]:
    rows = [row.count or 0 for row in (*tally.rows, *tally.groups, *tally.days)]
    return [tally.answered or 0, *rows, *(n for part in tally.parts for n in _figures(part.tally))]


def _column(tally: Tally, size: int) -> list[int]:
    """The options, how many did not answer, and how many answered."""
    return [*(row.count or 0 for row in tally.rows), size - (tally.answered or 0), tally.answered or 0]


def _cells(one: QuestionSummary, sizes: Mapping[str, int], closed: set[str], below: int, *, gated: bool) -> dict[int, set[int]]:
    """The rows to leave out of each segment, where each person is counted in one of them or, with several picks, once in each."""
    asked, silent = one.question, len(one.tally.rows)
    columns, apart = (
        [_column(tally, sizes[code]) for code, tally in one.by_segment.items() if (code in closed) is left] for left in (False, True)
    )
    picks = KINDS[asked.kind].picks(asked)
    # Of several picks it is known too: how many there may be depends on how many people answered, which therefore stays.
    known = gated or picks is not None or (asked.required and not any(column[silent] for column in (*columns, *apart)))
    return _left_out(columns, apart, picks=picks, known=known, below=below)


def _left_out(
    columns: Sequence[list[int]], closed: Sequence[list[int]], *, picks: tuple[int, int] | None, known: bool, below: int
) -> dict[int, set[int]]:
    """The rows to leave out of each column, whose last two numbers are how many did not answer and how many did.

    So the totals of the columns are all people there. With several picks, at least and at most so many for each person, there is
    a row more, by how many they exceed what is the least; it is never shown. `known`: a reader knows how many answered.
    """
    silent = len(columns[0]) - 2
    small = {
        (row, place) for place, column in enumerate(columns) for row in range(silent + 1)
        if 0 < (column[-1] if row == silent else column[row]) < below
    }
    table = [*columns, *([[sum(values) for values in zip(*closed, strict=True)]] if closed else [])]
    counts = [list(values) for values in zip(*(column[:-1] for column in table), strict=True)]
    fewer, more = counts, [[1] * len(table) for _ in counts]
    if picks:
        answered, given = [column[-1] for column in table], [sum(column[:silent]) for column in table]
        if any(not picks[0] * people <= n <= picks[1] * people for people, n in zip(answered, given, strict=True)):
            picks = (1, silent)  # in an earlier version more could be picked, or fewer
        more = [[people - n for people, n in zip(answered, row, strict=True)] for row in counts[:-1]] + [more[-1]]
        # It stands on the other side of the sum: what makes it larger makes the sum smaller.
        counts = [*counts, [0] * len(table)]
        fewer = [*fewer, [picks[1] * people - n for people, n in zip(answered, given, strict=True)]]
        more = [*more, [n - picks[0] * people for people, n in zip(answered, given, strict=True)]]
    out = left_out(Grid(
        counts=counts, fewer=fewer, more=more, veiled={len(columns)} if closed else (), unseen={silent + 1} if picks else (),
        known={silent} if known else (),
    ), small)
    return {place: {row for row, column in out if column == place} for place in range(len(columns))}


def _without(tally: Tally, out: set[int]) -> Tally:
    """The tally without these rows and without what could be worked out of them; the row after the last is how many answered."""
    if WHOLE in out:
        return _blank(tally)
    if not out:
        return tally
    answered = None if len(tally.rows) in out else tally.answered
    return replace(NOTHING, answered=answered, rows=tuple(
        replace(row, count=None if place in out else row.count, share=None if place in out or answered is None else row.share)
        for place, row in enumerate(tally.rows)
    ))


def suppressed_table(table: CrossTab, *, below: int = BELOW) -> CrossTab:
    """The cross-tab as it may leave the house. One that is suppressed already must not be given.

    As in a summary, groups (of an attribute) with few people go as a whole, what everybody answered to one question is shown. Of
    two questions with several picks each, nothing within is shown as soon as one count is small. Of groups that overlap (an
    attribute of which one can have several) nothing at all is shown: who is in one and not in another is what they differ by.
    """
    if any(axis.attribute and axis.several for axis in (table.down, table.across)):
        return replace(
            table, suppressed=True, test=None, counts=tuple(tuple(None for _ in row) for row in table.counts),
            rows=tuple(None for _ in table.rows), columns=tuple(None for _ in table.columns),
        )
    if (table.across.several and not table.down.several) or (table.down.attribute and not table.across.attribute):
        return _turned(suppressed_table(_turned(table), below=below))
    height, width = len(table.rows), len(table.columns)
    rows = _few(table.down, table.rows, below)
    columns = _few(table.across, table.columns, below)
    if 0 < table.base < below or (table.across.several and any(0 < (n or 0) < below for row in table.counts for n in row)):
        rows, columns = set(range(height)), set(range(width))
    if not table.across.several and len(columns) < width and len(rows) < height:
        out = _crossed(table, rows, columns, below)
    else:
        out = {(row, column) for row in range(height) for column in range(width) if row in rows or column in columns}
    return replace(
        table, suppressed=True, test=None if out else table.test,
        counts=tuple(tuple(None if (i, j) in out else n for j, n in enumerate(row)) for i, row in enumerate(table.counts)),
        rows=tuple(None if i in rows and _hides(table, table.down, below) else n for i, n in enumerate(table.rows)),
        columns=tuple(None if j in columns and _hides(table, table.across, below) else n for j, n in enumerate(table.columns)),
    )


def _hides(table: CrossTab, axis: Axis, below: int) -> bool:
    return axis.attribute or table.base < below


def _few(axis: Axis, people: Sequence[int | None], below: int) -> set[int]:
    if not axis.attribute:
        return set()
    return {int(place) for place in _veiled({str(place): n or 0 for place, n in enumerate(people)}, below)}


def _crossed(table: CrossTab, rows: set[int], columns: set[int], below: int) -> set[Cell]:
    """The cells to leave out, those of the groups that go as a whole among them."""
    shown_rows = [row for row in range(len(table.rows)) if row not in rows]
    shown_columns = [column for column in range(len(table.columns)) if column not in columns]

    def column_of(place: int) -> list[int]:
        own = [table.counts[row][place] or 0 for row in shown_rows]
        rest = [sum(table.counts[row][place] or 0 for row in rows)] if rows else []
        return [*own, *rest, 0, table.columns[place] or 0]

    left = _left_out([column_of(place) for place in shown_columns], [column_of(place) for place in columns],
                     picks=table.down.picks, known=True, below=below)
    out = {(shown_rows[row], shown_columns[place]) for place, those in left.items() for row in those if row < len(shown_rows)}
    whole = {(row, column) for row in range(len(table.rows)) for column in range(len(table.columns)) if row in rows or column in columns}
    return out | whole


def _turned(table: CrossTab) -> CrossTab:
    return replace(table, down=table.across, across=table.down, counts=tuple(zip(*table.counts, strict=True)), rows=table.columns,
                   columns=table.rows)
