"""Summaries: all answers in figures, by group, counted by the database; open answers to page through; raw rows."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from surveys.asked import PLACES, Asked, Counts, Stored, Tally, in_language
from surveys.forms import Form, form_of
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire
from surveys.responses import Answer, Response

if TYPE_CHECKING:
    from pandas import DataFrame

BATCH = 2000  # rows fetched at a time: some hundred kB, whatever the number of responses


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question in figures: all answers, and those of each segment by its code, in the order of the summary."""

    question: Asked
    tally: Tally
    by_segment: dict[str, Tally]


@dataclass(frozen=True, slots=True)
class Summary:
    """A questionnaire in figures. `segments` gives the label of each segment that answered, `by_segment` its responses."""

    form: Form
    responses: int
    by_segment: dict[str, int]
    segments: dict[str, str]
    questions: tuple[QuestionSummary, ...]

    def question(self, code: str) -> QuestionSummary | None:
        """The figures of the question with this code, if there is one."""
        return next((one for one in self.questions if one.question.code == code), None)

    def frame(self, language: str = "zh") -> "DataFrame":
        """All counts as one long table: question, text, segment, segment_label, option, label, count, share.

        The rows of all segments together have no segment (missing); a question without options has one row, whose option is
        None and whose count is the number of answers.
        """
        from pandas import DataFrame  # noqa: PLC0415 -- slow import

        rows: list[tuple[object, ...]] = []
        for one in self.questions:
            asked = one.question
            tallies: list[tuple[str | None, Tally]] = [(None, one.tally), *one.by_segment.items()]
            for segment, tally in tallies:
                head = (asked.code, asked.label(language), segment, self._segment(segment, language))
                if tally.rows:
                    rows += [(*head, row.code, row.label(language), row.count, row.share) for row in tally.rows]
                else:
                    rows.append((*head, None, None, tally.answered, None))
        names = ["question", "text", "segment", "segment_label", "option", "label", "count", "share"]
        return DataFrame(rows, columns=names)

    def frames(self, language: str = "zh") -> "dict[str, DataFrame]":
        """A table for each question, by its code: options (or key figures) down, all and each segment across, as counts."""
        from pandas import DataFrame  # noqa: PLC0415 -- slow import

        frames: dict[str, DataFrame] = {}
        for one in self.questions:
            columns = {self._segment(None, language): one.tally}
            columns |= {self._segment(segment, language): tally for segment, tally in one.by_segment.items()}
            frames[one.question.code] = DataFrame({
                name: _figures(tally, language) for name, tally in columns.items()
            })
        return frames

    def _segment(self, segment: str | None, language: str) -> str:
        return in_language(language, "合计", "Total") if segment is None else self.segments[segment]


def _figures(tally: Tally, language: str) -> dict[str, float | None]:
    figures: dict[str, float | None] = {in_language(language, "回答人数", "Answered"): tally.answered}
    figures |= {row.label(language): row.count for row in tally.rows}
    for chinese, english, value in (
        ("平均", "Mean", tally.mean), ("中位数", "Median", tally.median), ("最小", "Least", tally.least),
        ("最大", "Most", tally.most), ("满意率", "Satisfied", tally.satisfied),
    ):
        if value is not None:
            figures[in_language(language, chinese, english)] = value
    return figures


@dataclass(slots=True)
class _Counted:
    """What was counted for one question, by segment."""

    by_segment: dict[str, Counts] = field(default_factory=dict[str, Counts])

    def total(self) -> Counts:
        total = Counts()
        for counts in self.by_segment.values():
            total.add(counts)
        return total


def summarise(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None,
    segments: Mapping[str, str] | None = None,
) -> Summary:
    """Count the answers of one context or all, of one segment or all, in two queries whatever their number.

    `segments` gives labels for segment codes and their order; a code without a label is its own label and comes last.
    """
    labels, form = segments or {}, form_of(session, questionnaire)
    wanted = _wanted(questionnaire, context=context, segment=segment)
    counted_segments = sa.select(Response.segment, sa.func.count()).where(*wanted).group_by(Response.segment)
    sizes = {code: number for code, number in session.execute(counted_segments)}  # noqa: C416 -- dict() loses the types
    order = [code for code in labels if code in sizes] + sorted(sizes.keys() - labels.keys())
    counted = _count(session, wanted)
    return Summary(
        form=form, responses=sum(sizes.values()), by_segment={code: sizes[code] for code in order},
        segments={code: labels.get(code, code) for code in order},
        questions=tuple(_question(asked, counted.get(asked.id, _Counted()), order) for asked in form.questions),
    )


def _question(asked: Asked, counted: _Counted, order: list[str]) -> QuestionSummary:
    kind = KINDS[asked.kind]
    by_segment = {code: kind.tally(asked, counted.by_segment.get(code, Counts())) for code in order}
    return QuestionSummary(asked, kind.tally(asked, counted.total()), by_segment)


def _wanted(questionnaire: Questionnaire, *, context: str | None, segment: str | None) -> list[sa.ColumnElement[bool]]:
    wanted = [Response.questionnaire_id == questionnaire.id]
    if context is not None:
        wanted.append(Response.context == context)
    if segment is not None:
        wanted.append(Response.segment == segment)
    return wanted


def _count(session: Session, wanted: list[sa.ColumnElement[bool]]) -> dict[int, _Counted]:
    """The one tally behind every figure: rows by question, segment, part, option and number.

    Texts fall into one row each; every answer has a row at place 0, so those rows count the people who answered.
    """
    rows = session.execute(
        sa.select(
            Answer.question_id, Response.segment, Answer.part, Answer.choice, Answer.number, sa.func.count(),
            sa.func.sum(sa.case((Answer.place == 0, 1), else_=0)), sa.func.sum(sa.case((Answer.place % PLACES == 0, 1), else_=0)),
        )
        .join(Response, Response.id == Answer.response_id).where(*wanted)
        .group_by(Answer.question_id, Response.segment, Answer.part, Answer.choice, Answer.number)
    )
    counted: dict[int, _Counted] = {}
    for question_id, segment, part, choice, number, count, people, first in rows:
        counts = counted.setdefault(question_id, _Counted()).by_segment.setdefault(segment, Counts())
        counts.answered += int(people)
        if part:
            counts = counts.parts.setdefault(part, Counts())
            counts.answered += int(first)
        if choice is not None:
            counts.choices[choice] = count
        elif number is not None:
            counts.numbers[number] = count
    return counted


def open_answers(
    questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None, question: str | None = None,
    words: str = "",
) -> sa.Select[Answer]:
    """All texts people wrote, as a statement to page through: open answers, and what stands behind "other".

    Each Answer comes with its `question` and `response`; `choice` is "other" or None. `question` is a code; of `words`
    each must occur in the text. They come question by question, in an order that is arbitrary but steady.
    """
    wanted = _wanted(questionnaire, context=context, segment=segment)
    if question is not None:
        wanted.append(Question.code == question)
    wanted += [Answer.text.icontains(word, autoescape=True) for word in words.split()]
    return (
        sa.select(Answer).join(Answer.response).join(Answer.question)
        .options(contains_eager(Answer.response), contains_eager(Answer.question))
        .where(Answer.text.is_not(None), *wanted)
        .order_by(Answer.question_id, Answer.response_id, Answer.place)
    )


@dataclass(frozen=True, slots=True)
class RawRow:
    """One response as a row of a table. `answers` has a cell for every question code in the order of the form."""

    context: str
    segment: str
    language: str
    submitted_on: date
    submitted_at: datetime | None
    answers: dict[str, str | int | float | None]


def raw_rows(
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None,
    language: str = "zh",
) -> Iterator[RawRow]:
    """Every response with its answers, one after the other in an arbitrary but steady order; memory stays flat.

    Numbers and levels come as numbers, choices as their labels in `language`; who answered does not come at all.
    """
    form = form_of(session, questionnaire)
    found = session.execute(
        sa.select(
            Response.id, Response.context, Response.segment, Response.language, Response.submitted_on,
            Response.submitted_at, Answer.question_id, Answer.choice, Answer.number, Answer.text, Answer.part,
        )
        .outerjoin(Answer, Answer.response_id == Response.id)
        .where(*_wanted(questionnaire, context=context, segment=segment))
        .order_by(Response.id, Answer.question_id, Answer.place),
        execution_options={"yield_per": BATCH},
    )
    for _, rows in groupby(found, key=lambda row: row[0]):
        yield _raw_row(form, list(rows), language)


def _raw_row(form: Form, rows: Sequence[sa.Row[*tuple[Any, ...]]], language: str) -> RawRow:
    stored: dict[int | None, list[Stored]] = {}
    for row in rows:
        stored.setdefault(row.question_id, []).append(Stored(row.choice, row.number, row.text, row.part))
    head = rows[0]
    return RawRow(
        head.context, head.segment, head.language, head.submitted_on, head.submitted_at,
        {asked.code: KINDS[asked.kind].cell(asked, stored.get(asked.id, []), language) for asked in form.questions},
    )
