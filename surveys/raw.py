"""Raw data: each response as one row, or each row of an answer as a line, read in a stream so that memory stays flat.

    for row in raw_rows(session, questionnaire): …
    responses_frame(session, questionnaire)  # the same as a DataFrame
    answers_frame(session, questionnaire)    # long: a line for each picked option, level, number or text

Who answered does not come at all, responses come in an order that is arbitrary but steady, and in an anonymous questionnaire e-mail
addresses, phone numbers and credit codes are masked. `words` is what every text that people wrote passes through on its way out.
"""
# pyright: reportMissingTypeStubs=false

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys.asked import Asked, Stored, show_number
from surveys.forms import Form, whole_form
from surveys.kinds import KINDS, Contact, Moments
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer, Response
from surveys.tallies import Which

if TYPE_CHECKING:
    from pandas import DataFrame

Cell = str | int | float | None
Words = Callable[[str], str]
BATCH = 2000  # rows fetched at a time: some hundred kB, whatever the number of responses
REMEMBERED = 50_000  # answers whose cells are kept, since most people pick the same few


@dataclass(frozen=True, slots=True)
class RawRow:
    """One response as a row of a table. `answers` has a cell for every question code in the order of the form, for a question with
    parts (the rows of a matrix, what is ranked) one for each `CODE.PART`; `version` is that under which it was answered.
    """

    context: str
    segment: str
    language: str
    submitted_on: date
    submitted_at: datetime | None
    version: int
    answers: dict[str, Cell]


class RawLine(NamedTuple):
    """One row of an answer: a picked option, a level, a number or a text.

    `response` numbers the responses of this reading from 1, in the order of `raw_rows`. `value` is the option's code or the number,
    None for a text; `label` what that means in words, "" where it means itself; `text` what was written.
    """

    response: int
    question: Asked
    part: str
    value: str | int | float | None
    label: str
    text: str


class RawResponse(NamedTuple):
    """One response with the rows of its answers in the order of the form; `number` counts the responses of this reading from 1."""

    number: int
    context: str
    segment: str
    language: str
    submitted_on: date
    submitted_at: datetime | None
    version: int
    lines: Sequence[RawLine]


class _Given(NamedTuple):
    """A row of an answer as the database has it."""

    question_id: int
    choice: str | None
    number: float | None
    text: str | None
    part: str


def raw_rows(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, language: str = "zh",
    words: Words | None = None,
) -> Iterator[RawRow]:
    """Every response with its answers. Numbers and levels come as numbers, choices as their labels in `language`."""
    form = whole_form(session, questionnaire)
    cells = _Cells(form, language, _leaving(form, words, masked=questionnaire.anonymous))
    for head, given in _responses(session, questionnaire, Which(context=context, segment=segment)):
        yield RawRow(head.context, head.segment, head.language, head.submitted_on, head.submitted_at, head.version, cells.of(given))


def raw_responses(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, language: str = "zh",
    words: Words | None = None,
) -> Iterator[RawResponse]:
    """Every response with its answers row by row, in the order of `raw_rows`; no row for what was not answered."""
    form = whole_form(session, questionnaire)
    asked = {one.id: (place, one) for place, one in enumerate(form.questions)}
    told, leave = _Told(form, language), _leaving(form, words, masked=questionnaire.anonymous)
    found = _responses(session, questionnaire, Which(context=context, segment=segment))
    for number, (head, given) in enumerate(found, start=1):
        known = [row for row in given if row.question_id in asked]
        yield RawResponse(number, *head[1:], lines=[
            RawLine(number, asked[row.question_id][1], row.part, *told.of(row), leave(row.question_id, row.text) if row.text else "")
            for row in sorted(known, key=lambda row: asked[row.question_id][0])
        ])


def raw_lines(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, language: str = "zh",
    words: Words | None = None,
) -> Iterator[RawLine]:
    """The rows of the answers of all responses, one after the other."""
    for response in raw_responses(session, questionnaire, context=context, segment=segment, language=language, words=words):
        yield from response.lines


def responses_frame(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, language: str = "zh"
) -> "DataFrame":
    """`raw_rows` as a DataFrame: context, segment, language, submitted_on, submitted_at, version, then the codes of the questions."""
    from pandas import DataFrame  # noqa: PLC0415 -- slow import

    names = ("context", "segment", "language", "submitted_on", "submitted_at", "version")
    columns = [*names, *column_codes(whole_form(session, questionnaire))]
    rows = raw_rows(session, questionnaire, context=context, segment=segment, language=language)
    return DataFrame([{**{name: getattr(row, name) for name in names}, **row.answers} for row in rows], columns=columns)


def answers_frame(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, language: str = "zh"
) -> "DataFrame":
    """`raw_lines` as a DataFrame: response, question (its code), part, value, label, text."""
    from pandas import DataFrame  # noqa: PLC0415 -- slow import

    lines = raw_lines(session, questionnaire, context=context, segment=segment, language=language)
    return DataFrame([line._replace(question=line.question.code) for line in lines], columns=list(RawLine._fields))  # type: ignore[arg-type] -- a code in its place


def column_codes(form: Form) -> list[str]:
    """The codes of the columns that `raw_rows` fills, in order."""
    return [column.code for asked in form.questions for column in KINDS[asked.kind].columns(asked)]


class _Cells:
    """The cells of responses, those of equal answers made once."""

    def __init__(self, form: Form, language: str, leave: Callable[[int, str], str]) -> None:
        self._asked = {asked.id: asked for asked in form.questions}
        self._blank: dict[str, Cell] = dict.fromkeys(column_codes(form))
        self._language, self._leave = language, leave
        self._known: dict[tuple[_Given, ...], dict[str, Cell]] = {}

    def of(self, given: Sequence[_Given]) -> dict[str, Cell]:
        cells = self._blank.copy()
        starts = [0, *(place for place, (one, other) in enumerate(pairwise(given), start=1) if one[0] != other[0]), len(given)]
        for start, stop in pairwise(starts):
            own = tuple(given[start:stop])
            found = self._known.get(own)
            if found is None:
                found = self._made(own)
                if len(self._known) < REMEMBERED and not any(row.text for row in own):
                    self._known[own] = found
            cells.update(found)
        return cells

    def _made(self, own: tuple[_Given, ...]) -> dict[str, Cell]:
        asked = self._asked.get(own[0].question_id) if own else None
        if asked is None:
            return {}
        stored = [Stored(row.choice, row.number, row.text and self._leave(asked.id, row.text), row.part) for row in own]
        return KINDS[asked.kind].cells(asked, stored, self._language)


class _Told:
    """What rows of answers mean, those of equal ones found once."""

    def __init__(self, form: Form, language: str) -> None:
        self._asked = {asked.id: asked for asked in form.questions}
        self._labels = {
            (asked.id, option.code): option.label(language)
            for asked in form.questions if asked.options != asked.parts for option in asked.options
        }
        self._known: dict[tuple[int, str | None, float | None], tuple[Cell, str]] = {}

    def of(self, row: _Given) -> tuple[Cell, str]:
        """The value of a row, and its label."""
        found = self._known.get(row[:3])
        if found is None:
            found = self._made(row)
            if len(self._known) < REMEMBERED:
                self._known[row[:3]] = found
        return found

    def _made(self, row: _Given) -> tuple[Cell, str]:
        if row.number is None:
            return row.choice, self._labels.get((row.question_id, row.choice or ""), "")
        kind = KINDS[self._asked[row.question_id].kind]
        value = int(row.number) if float(row.number).is_integer() else row.number
        if isinstance(kind, Moments):
            return kind.figure(row.number), ""
        return value, self._labels.get((row.question_id, show_number(row.number)), "")


def _leaving(form: Form, words: Words | None, *, masked: bool) -> Callable[[int, str], str]:
    """What a text passes through on its way out, by its question: what was asked for to reach a person is masked where nobody was
    to be known, and where texts are.
    """
    contacts = {asked.id: kind for asked in form.questions if isinstance(kind := KINDS[asked.kind], Contact)}

    def leave(question_id: int, text: str) -> str:
        if question_id in contacts:
            return contacts[question_id].mask(text) if masked or words else text
        return words(text) if words else text

    return leave


def _responses(
    session: Session, questionnaire: Questionnaire, which: Which
) -> Iterator[tuple[sa.Row[*tuple[Any, ...]], Sequence[_Given]]]:
    """Every response with the rows of its answers, from two streams in one order: in one the response would come with each row."""
    wanted, streamed = which.among(Response, questionnaire), {"yield_per": BATCH}
    heads = session.execute(
        sa.select(
            Response.id, Response.context, Response.segment, Response.language, Response.submitted_on, Response.submitted_at, Response.version,
        ).where(*wanted).order_by(Response.id), execution_options=streamed,
    )
    rows = iter(session.execute(
        sa.select(Response.id, Answer.question_id, Answer.choice, Answer.number, Answer.text, Answer.part)
        .join(Answer, Answer.response_id == Response.id).where(*wanted).order_by(Response.id, Answer.question_id, Answer.place),
        execution_options=streamed,
    ))
    row = next(rows, None)
    for head in heads:
        given: list[_Given] = []
        while row is not None and row[0] <= head.id:
            if row[0] == head.id:  # else its response came between the two readings
                given.append(_Given._make(row[1:]))
            row = next(rows, None)
        yield head, given
