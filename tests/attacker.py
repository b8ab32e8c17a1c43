"""An exact attacker: what somebody who has everything that is shown, and knows all that people were asked, can still not tell.

Few people give few kinds of answers, so that every world there may be is tried: for each group all the counts that its people can
add up to, kept where they agree with each figure that is shown, then those that some counts of the other groups complete to
totals that are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, reduce
from itertools import combinations
from typing import Any

from surveys.asked import Asked, Counts, Stored, Tally
from surveys.chi_square import Test, independence
from surveys.crosstabs import Axis, CrossTab
from surveys.forms import Form, FormSection
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary, Summary

Answer = Mapping[str, Sequence[Stored]]  # of one person, by the codes of the questions
Vector = tuple[int, ...]


class World:
    """A form, and all that a person can answer to it."""

    def __init__(self, asked: Sequence[Asked], answers: Sequence[Answer]) -> None:
        self.form = Form((FormSection(1, "", "", tuple(asked)),))
        features = [self._features(answer) for answer in answers]
        self.names = sorted({name for one in features for name in one}, key=repr)
        self.steps = [tuple(int(name in one) for name in self.names) for one in features]
        self.tally = cache(self._tally)
        self.sums = cache(self._sums)

    def _features(self, answer: Answer) -> set[tuple[Any, ...]]:
        """What one answer counts for: see tallies.py."""
        found: set[tuple[Any, ...]] = {("sheet",)}
        for code, rows in answer.items():
            found |= {(code, "answered")} if rows else set()
            for row in rows:
                found |= {(code, row.part, "answered")} if row.part else set()
                found.add((code, row.part, "choice", row.choice) if row.choice else (code, row.part, "number", row.number))
        return found

    def _sums(self, people: int) -> frozenset[Vector]:
        """All that so many people can add up to."""
        if not people:
            return frozenset({(0,) * len(self.names)})
        return frozenset(added(one, step) for one in self.sums(people - 1) for step in self.steps)

    def people(self, one: Vector) -> int:
        return one[self.names.index(("sheet",))]

    def _tally(self, code: str, one: Vector) -> Tally:
        asked, total = self.form.question(code), Counts()
        for name, n in zip(self.names, one, strict=True):
            if name[0] != code or not n:
                continue
            if name[1] == "answered":
                total.answered = n
                continue
            counts = total.parts.setdefault(name[1], Counts()) if name[1] else total
            if name[2] == "answered":
                counts.answered = n
            else:
                (counts.choices if name[2] == "choice" else counts.numbers)[name[3]] = n
        return KINDS[asked.kind].tally(asked, total)

    def summary(self, groups: Mapping[str, Sequence[int]]) -> Summary:
        """What is known of people whose answers are given by their places among all answers."""
        sums = {code: reduce(added, (self.steps[place] for place in people)) for code, people in groups.items()}
        total = reduce(added, sums.values())
        return Summary(
            form=self.form, responses=self.people(total), by_segment={code: self.people(one) for code, one in sums.items()},
            segments={code: code for code in sums}, questions=tuple(
                QuestionSummary(asked, self.tally(asked.code, total), {code: self.tally(asked.code, one) for code, one in sums.items()})
                for asked in self.form.questions
            ),
        )

    def possible(self, shown: Summary) -> dict[str, list[Vector]]:
        """For each group what its people may have answered, as far as the summary tells."""
        sizes = shown.by_segment
        most = shown.responses - sum(size or 1 for size in sizes.values()) + 1
        totals = self.totals(shown)
        caps = [max(values) for values in zip(*totals, strict=True)]
        fitting = {
            code: [one for people in ([size] if size is not None else range(1, most + 1)) for one in self.sums(people)
                   if all(n <= cap for n, cap in zip(one, caps, strict=True))
                   and all(agrees(each.by_segment[code], self.tally(each.question.code, one)) for each in shown.questions)]
            for code, size in sizes.items()
        }
        found: dict[str, list[Vector]] = {}
        for code in sizes:
            rest = {(0,) * len(self.names)}
            for other in sizes.keys() - {code}:
                rest = {added(one, each) for one in rest for each in fitting[other]}
            found[code] = [one for one in fitting[code] if any(tuple(t - n for t, n in zip(total, one, strict=True)) in rest for total in totals)]
        return found


    def totals(self, shown: Summary) -> list[Vector]:
        """What all may have answered together: most kinds show all of it."""
        stated: dict[Any, int | None] = {("sheet",): shown.responses}
        for one in shown.questions:
            stated |= _stated(one.question.code, one.tally)
        plain = tuple(stated.get(name) for name in self.names)
        if None not in plain:
            return [plain]
        return [one for one in self.sums(shown.responses)
                if all(agrees(each.tally, self.tally(each.question.code, one)) for each in shown.questions)]


def _stated(code: str, tally: Tally, part: str = "") -> dict[Any, int | None]:
    """The figures of a tally as features; a row of levels or ranks counts numbers."""
    found: dict[Any, int | None] = {(code, part, "answered") if part else (code, "answered"): tally.answered}
    for row in tally.rows:
        found |= {(code, part, "choice", row.code): row.count}
        found |= {(code, part, "number", float(row.code)): row.count} if row.code.isdecimal() else {}
    for each in tally.parts:
        found |= _stated(code, each.tally, each.code)
    return found


class TableWorld:
    """Two sides of a cross-tab, and all that a person can have of both."""

    def __init__(self, down: Axis, across: Axis) -> None:
        self.down, self.across = down, across
        self.steps = [self._flat(rows, columns) for rows in _having(down) for columns in _having(across)]
        self.sums = cache(self._sums)

    def _flat(self, rows: Sequence[int], columns: Sequence[int]) -> Vector:
        """The cells, row by row, then how many people rows and columns have, and all together."""
        height, width = range(len(self.down.options)), range(len(self.across.options))
        cells = (int(row in rows and column in columns) for row in height for column in width)
        return (*cells, *(int(row in rows) for row in height), *(int(column in columns) for column in width), 1)

    def _sums(self, people: int) -> frozenset[Vector]:
        if not people:
            return frozenset({(0,) * len(self.steps[0])})
        return frozenset(added(one, step) for one in self.sums(people - 1) for step in self.steps)

    def table(self, people: Sequence[int]) -> CrossTab:
        """What is known of people whose answers are given by their places among all there are."""
        one = reduce(added, (self.steps[place % len(self.steps)] for place in people))
        height, width = len(self.down.options), len(self.across.options)
        cells, rows, columns = one[: height * width], one[height * width : -width - 1], one[-width - 1 : -1]
        counts = tuple(tuple(cells[row * width : (row + 1) * width]) for row in range(height))
        return CrossTab(self.down, self.across, counts, rows, columns, one[-1],
                        None if self.down.several or self.across.several else independence(counts))

    def told(self, true: CrossTab, shown: CrossTab, *, below: int) -> list[tuple[int, int]]:
        """The small cells, row and column, that are shown or can be told, though they could not be told of what is beside the table."""
        everything, width = _flat(true), len(true.columns)
        cells, beside = len(true.counts) * width, _flat(shown)[len(true.counts) * width :]
        small = [place for place in range(cells) if 0 < (everything[place] or 0) < below]
        if not small:
            return []
        worlds = [one for one in self.sums(true.base) if agrees(beside, one[cells:])]
        secret = [place for place in small if len({one[place] for one in worlds}) > 1]
        worlds = [one for one in worlds if agrees(_flat(shown), one)]
        tested = [one for one in worlds if shown.test is None or self._tested(one) == shown.test]
        return [divmod(place, width) for place in secret if len({one[place] for one in tested}) < 2]

    def _tested(self, one: Vector) -> Test | None:
        width = len(self.across.options)
        return independence([one[row * width : (row + 1) * width] for row in range(len(self.down.options))])


def _having(axis: Axis) -> list[Sequence[int]]:
    """The options that a person can have together, by their places."""
    least, most = axis.picks or (1, 1)
    return [those for n in range(least, most + 1) for those in combinations(range(len(axis.options)), n)]


def _flat(table: CrossTab) -> tuple[int | None, ...]:
    return (*(n for row in table.counts for n in row), *table.rows, *table.columns, table.base)


def added(one: Vector, other: Vector) -> Vector:
    return tuple(n + m for n, m in zip(one, other, strict=True))


def agrees(shown: Any, found: Any) -> bool:
    """Whether everything that is shown is so."""
    if shown is None:
        return True
    if isinstance(shown, tuple):
        return len(shown) == len(found) and all(map(agrees, shown, found)) if shown else True
    if is_dataclass(shown):
        return all(agrees(getattr(shown, field.name), getattr(found, field.name)) for field in fields(shown))
    return shown == found


def figures(tally: Tally, name: str = "") -> dict[str, int | None]:
    """All counts of a tally by what they count."""
    found = {f"{name}answered": tally.answered}
    found |= {f"{name}{row.code}": row.count for row in (*tally.rows, *tally.groups, *tally.days)}
    for part in tally.parts:
        found |= figures(part.tally, f"{name}{part.code}.")
    return found


def _left_out(true: Summary, shown: Summary) -> bool:
    return true.by_segment != shown.by_segment or any(
        before.by_segment != after.by_segment for before, after in zip(true.questions, shown.questions, strict=True))


def told(world: World, true: Summary, shown: Summary, *, below: int) -> list[tuple[str, str, str, int]]:
    """The small figures that were left out, and can be told all the same: question, group ("" for all), figure and number."""
    if not _left_out(true, shown) or true.responses == len(true.by_segment):  # each is alone in a group: no secret
        return []
    possible = world.possible(shown)
    totals = world.totals(shown) if shown.responses >= below and len(true.questions) == 1 else []  # else another's tell how many answered
    found: list[tuple[str, str, str, int]] = []
    for before, after in zip(true.questions, shown.questions, strict=True):
        groups = [(code, tally, after.by_segment[code], possible[code]) for code, tally in before.by_segment.items()]
        for code, tally, shown_tally, worlds in [*groups, *([("", before.tally, after.tally, totals)] if totals else [])]:
            left = figures(shown_tally)
            for name, n in figures(tally).items():
                if n and n < below and left.get(name) is None:
                    values = {figures(world.tally(before.question.code, one)).get(name, 0) for one in worlds}
                    if len(values) < 2:
                        found.append((before.question.code, code, name, n))
    for code, size in true.by_segment.items():
        if size and size < below and len({world.people(one) for one in possible[code]}) < 2:
            found.append(("", code, "size", size))
    return found
