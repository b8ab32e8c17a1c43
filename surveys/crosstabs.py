"""Cross-tabs: two questions, or a question and what is known of a response, counted against each other."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from surveys.asked import PLACES, Asked, Option, in_language
from surveys.chi_square import Test, independence
from surveys.errors import Invalid
from surveys.forms import Form, whole_form
from surveys.kinds import KINDS
from surveys.kinds.ranking import Ranking
from surveys.questionnaires import Questionnaire
from surveys.questions import NoSuchQuestion
from surveys.responses import Answer, Response
from surveys.tallies import Which

if TYPE_CHECKING:
    from pandas import DataFrame

ATTRIBUTES = {"segment": ("类别", "Category"), "context": ("活动", "Occasion"), "language": ("语言", "Language"), "day": ("日期", "Date")}


class NothingToCross(Invalid):
    """The answers to this question do not fall into options."""


class CrossedWithItself(Invalid):
    """A cross-tab needs two different questions or attributes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the caller knows of those who answered under a name, as a further attribute: `pairs` selects the `respondent` and the
    code of each value one has, `labels` are the words for the codes in their order. `several`: one can have more than one.
    """

    text_zh: str
    text_en: str
    pairs: sa.SelectBase
    labels: Mapping[str, str]
    several: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of a cross-tab: a code as it was asked for, what it says, its options in order. `picks`: the fewest and the most of
    them that a person has, None where it is one; `attribute`: it is no question but what is known of the response.
    """

    code: str
    text_zh: str
    text_en: str
    options: tuple[Option, ...]
    picks: tuple[int, int] | None = None
    attribute: bool = False

    @property
    def several(self) -> bool:
        """Whether a person can have more than one of the options."""
        return self.picks is not None

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.text_zh, self.text_en)


@dataclass(frozen=True, slots=True)
class CrossTab:
    """How many people have both of two values: `counts[i][j]` for the i-th value of `down` and the j-th of `across`.

    `rows` and `columns` are how many people have the value and answered the other question too, `base` how many answered both.
    Where several options can be picked a person is counted in several cells, and the cells add up to more than the base. `test` is
    missing where there is nothing to test: with several picks, or fewer than two rows or columns. In one that is `suppressed`
    small figures are None, with those that would reveal them.
    """

    down: Axis
    across: Axis
    counts: tuple[tuple[int | None, ...], ...]
    rows: tuple[int | None, ...]
    columns: tuple[int | None, ...]
    base: int
    test: Test | None
    suppressed: bool = False

    @property
    def several(self) -> bool:
        """Whether picks are counted."""
        return self.down.several or self.across.several

    def row_shares(self) -> tuple[tuple[float | None, ...], ...]:
        """Each count as a part of the people of its row, 0 to 1."""
        return tuple(tuple(_share(n, people) for n in row) for row, people in zip(self.counts, self.rows, strict=True))

    def column_shares(self) -> tuple[tuple[float | None, ...], ...]:
        """Each count as a part of the people of its column, 0 to 1."""
        return tuple(tuple(_share(n, people) for n, people in zip(row, self.columns, strict=True)) for row in self.counts)

    def frame(self, language: str = "zh") -> "DataFrame":
        """The counts with the labels of both sides, and the people of rows and columns at the end."""
        from pandas import DataFrame  # noqa: PLC0415 -- slow import

        everyone = in_language(language, "人数", "People")
        heads = [*(value.label(language) for value in self.across.options), everyone]
        names = [*(value.label(language) for value in self.down.options), everyone]
        table = [*([*row, people] for row, people in zip(self.counts, self.rows, strict=True)), [*self.columns, self.base]]
        made = DataFrame(table, index=names, columns=heads, dtype="Int64")
        return made.rename_axis(index=self.down.label(language), columns=self.across.label(language))


def _share(count: int | None, people: int | None) -> float | None:
    return None if count is None or not people else count / people


def crosstab(  # noqa: PLR0913 -- what is counted, and the words for it
    session: Session, questionnaire: Questionnaire, down: str, across: str, *, context: str | None = None,
    labels: Mapping[str, str] | None = None, known: Mapping[str, Known] | None = None,
) -> CrossTab:
    """Count two sides against each other, of one context or all, in one statement.

    A side is the code of a question, `q3.ROW` for a row of a matrix or an option of a ranking, one of ATTRIBUTES, or a key of
    `known`, which counts only those who answered under a name; `labels` are the words for codes of segments and contexts, in
    their order. Raises NoSuchQuestion, NothingToCross or CrossedWithItself.
    """
    if down == across:
        raise CrossedWithItself(field="across")
    form = whole_form(session, questionnaire)
    sides = [_side(form, code, known or {}) for code in (down, across)]
    values = [side.value for side in sides]
    statement: sa.Select[*tuple[Any, ...]] = sa.select(*values, *_people(*sides)).select_from(Response)
    for side in sides:
        statement = side.joined(statement)
    statement = statement.where(*Which(context=context).among(Response, questionnaire)).group_by(*values)
    cells: dict[tuple[str, str], int] = {}
    people: list[dict[str, int]] = [{}, {}]
    base = 0
    for one_value, other_value, times, of_row, of_column, of_both in session.execute(statement):
        pair = str(one_value), str(other_value)
        cells[pair] = cells.get(pair, 0) + times
        for counted, code, n in zip(people, pair, (of_row, of_column), strict=True):
            counted[code] = counted.get(code, 0) + int(n)
        base += int(of_both)
    one, other = (side.axis(list(counted), labels or {}) for side, counted in zip(sides, people, strict=True))
    counts = tuple(tuple(cells.get((row.code, column.code), 0) for column in other.options) for row in one.options)
    return CrossTab(
        one, other, counts, tuple(people[0].get(value.code, 0) for value in one.options),
        tuple(people[1].get(value.code, 0) for value in other.options), base,
        None if one.several or other.several else independence(counts),
    )


def sides_of(form: Form) -> list[tuple[str, str, str]]:
    """What can be crossed: codes with what they say in Chinese and English, the attributes first."""
    found = [(code, *words) for code, words in ATTRIBUTES.items()]
    for asked in form.questions:
        parts = asked.parts or (None,)
        found += [_named(asked, part) for part in parts if asked.options]
    return found


def named(form: Form, code: str) -> tuple[Asked, Option | None]:
    """The question, and its row or ranked option, that a code means: `q1`, or `q3.ROW` where it has parts. Raises NoSuchQuestion."""
    name, _, row = code.partition(".")
    asked = form.question(name)
    part = next((each for each in asked.parts if each.code == row), None) if asked else None
    if asked is None or (row and part is None):
        raise NoSuchQuestion(question=code)
    return asked, part


def _named(asked: Asked, part: Option | None) -> tuple[str, str, str]:
    if part is None:
        return asked.code, f"{asked.number}. {asked.text}", f"{asked.number}. {asked.label('en')}"
    own = f"{asked.code}.{part.code}"
    return own, f"{asked.number}. {asked.text}：{part.label_zh}", f"{asked.number}. {asked.label('en')}: {part.label('en')}"


class _Side(Protocol):
    """A side in the making: the code of the value that one has, and of the rows of one person exactly one."""

    @property
    def value(self) -> sa.ColumnElement[Any]: ...

    @property
    def first(self) -> sa.ColumnElement[bool]: ...

    def joined(self, statement: sa.Select[Any]) -> sa.Select[Any]: ...

    def axis(self, found: Sequence[str], labels: Mapping[str, str]) -> Axis: ...


def _side(form: Form, code: str, known: Mapping[str, Known]) -> _Side:
    if code in ATTRIBUTES:
        return _Attribute(code)
    if code in known:
        return _OfKnown(code, known[code])
    asked, part = named(form, code)
    if not asked.options or bool(asked.parts) != (part is not None):
        raise NothingToCross(question=code)
    return _OfQuestion(code, asked, part)


@dataclass(frozen=True, slots=True)
class _Attribute:
    """What is stored with each response."""

    code: str

    @property
    def value(self) -> sa.ColumnElement[Any]:
        return _ATTRIBUTE[self.code]

    @property
    def first(self) -> sa.ColumnElement[bool]:
        return sa.true()

    def joined(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        return statement

    def axis(self, found: Sequence[str], labels: Mapping[str, str]) -> Axis:
        return Axis(self.code, *ATTRIBUTES[self.code], _labelled(found, labels), attribute=True)


class _OfKnown:
    """What the caller knows of the respondent."""

    def __init__(self, code: str, known: Known) -> None:
        self._code, self._known = code, known
        values = known.pairs.subquery()
        self._respondent, self._value = values.columns
        place = sa.func.row_number().over(partition_by=self._respondent, order_by=self._value)
        self._rows = sa.select(self._respondent, self._value, place).subquery()

    @property
    def value(self) -> sa.ColumnElement[Any]:
        return self._rows.columns[1]

    @property
    def first(self) -> sa.ColumnElement[bool]:
        return self._rows.columns[2] == 1

    def joined(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        return statement.join(self._rows, self._rows.columns[0] == Response.respondent)

    def axis(self, found: Sequence[str], labels: Mapping[str, str]) -> Axis:
        options, known = _labelled(found, self._known.labels), self._known
        return Axis(self._code, known.text_zh, known.text_en, options, (1, len(options)) if known.several else None, attribute=True)


def _labelled(found: Sequence[str], labels: Mapping[str, str]) -> tuple[Option, ...]:
    """The values that there are: those with a label in the order of these."""
    order = [*(code for code in labels if code in found), *sorted(code for code in found if code not in labels)]
    return tuple(Option(code, labels.get(code, code)) for code in order)


class _OfQuestion:
    """An option, a level or a rank that was given."""

    def __init__(self, code: str, asked: Asked, part: Option | None) -> None:
        self._code, self._asked, self._part, self._answer = code, asked, part, aliased(Answer)

    @property
    def value(self) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(self._answer.choice, sa.cast(sa.cast(self._answer.number, sa.Integer), sa.String))

    @property
    def first(self) -> sa.ColumnElement[bool]:
        return self._answer.place % PLACES == 0 if self._part else self._answer.place == 0

    def joined(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        part, answer = self._part.code if self._part else "", self._answer
        return statement.join(answer, sa.and_(
            answer.response_id == Response.id, answer.question_id == self._asked.id, answer.part == part,
        ))

    def axis(self, found: Sequence[str], labels: Mapping[str, str]) -> Axis:
        return asked_axis(self._asked, self._part, found)


def asked_axis(asked: Asked, part: Option | None, found: Sequence[str] = ()) -> Axis:
    """The side that is a question, or one row or ranked option of it, with its options and what else was `found` answered."""
    code, chinese, english = _named(asked, part)
    options = asked.options
    if isinstance(KINDS[asked.kind], Ranking):
        options = tuple(Option(str(rank), f"第{rank}位", f"Rank {rank}") for rank in range(1, len(asked.parts) + 1))
    lost = [Option(each, each) for each in found if each not in {option.code for option in options}]
    return Axis(code, chinese, english, (*options, *lost), KINDS[asked.kind].picks(asked))


_ATTRIBUTE: dict[str, sa.ColumnElement[Any]] = {
    "segment": Response.segment.expression, "context": Response.context.expression, "language": Response.language.expression,
    "day": Response.submitted_on.expression,
}


def _people(one: _Side, other: _Side) -> Sequence[sa.ColumnElement[int]]:
    """Cells; people of a row, who are counted once across it; of a column; of both."""
    firsts = (other.first, one.first, sa.and_(one.first, other.first))
    return [sa.func.count(), *(sa.func.sum(sa.case((first, 1), else_=0)) for first in firsts)]

