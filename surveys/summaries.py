"""Summaries: all answers in figures, by group, counted by the database; open answers to page through."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from surveys import tallies
from surveys.asked import Asked, Counts, Tally, in_language
from surveys.forms import Form, whole_form, with_answers
from surveys.kinds import KINDS, PERSONAL
from surveys.questionnaires import Question, Questionnaire
from surveys.questions import NoSuchQuestion
from surveys.responses import Answer, Response
from surveys.tallies import Counted, Which

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """One question in figures: all answers, and those of each segment by its code, in the order of the summary."""

    question: Asked
    tally: Tally
    by_segment: dict[str, Tally]


@dataclass(frozen=True, slots=True)
class Summary:
    """A questionnaire in figures. `segments` gives the label of each segment that answered, `by_segment` its responses.

    In one that is `suppressed` small figures are None, and so are those that would reveal them: see suppression.py.
    """

    form: Form
    responses: int
    by_segment: Mapping[str, int | None]
    segments: dict[str, str]
    questions: tuple[QuestionSummary, ...]
    suppressed: bool = False

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


def summarise(  # noqa: PLR0913 -- each narrows the answers down by something else
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None,
    segments: Mapping[str, str] | None = None, since: date | None = None, until: date | None = None,
    given: Mapping[str, str] | None = None,
) -> Summary:
    """Count the answers of one context or all, of one segment or all, in one statement whatever their number.

    `segments` gives labels for segment codes and their order; a code without a label is its own label and comes last. `since`
    and `until` are the first and the last day; `given` maps codes of questions to the option or level that was chosen, and only
    the answers of those who chose all of them are counted. Raises NoSuchQuestion for a code in `given`.
    """
    form = whole_form(session, questionnaire)
    which = Which(context=context, segment=segment, since=since, until=until, given=tuple(
        (question_of(form, code).id, option) for code, option in (given or {}).items()
    ))
    return _summary(form, tallies.count(session, questionnaire, which), segments or {})


def compare(
    session: Session, questionnaire: Questionnaire, contexts: Mapping[str, str], *, since: date | None = None, until: date | None = None
) -> Summary:
    """As `summarise`, but the groups that stand side by side are contexts, given with their labels in their order."""
    counted = tallies.count(session, questionnaire, Which(since=since, until=until), by="context")
    return _summary(whole_form(session, questionnaire), {code: counted[code] for code in contexts if code in counted}, contexts)


def question_of(form: Form, code: str) -> Asked:
    """The question with this code. Raises NoSuchQuestion."""
    asked = form.question(code)
    if asked is None:
        raise NoSuchQuestion(question=code)
    return asked


def _summary(form: Form, counted: Mapping[str, Counted], labels: Mapping[str, str]) -> Summary:
    sizes = {code: group.responses for code, group in counted.items() if group.responses}
    order = [code for code in labels if code in sizes] + sorted(sizes.keys() - labels.keys())
    form = with_answers(form, _given(counted.values()))
    return Summary(
        form=form, responses=sum(sizes.values()), by_segment={code: sizes[code] for code in order},
        segments={code: labels.get(code, code) for code in order},
        questions=tuple(_question(asked, {code: counted[code].question(asked.id) for code in order}) for asked in form.questions),
    )


def _given(groups: Iterable[Counted]) -> dict[int, set[str]]:
    """The codes of the options and parts that were answered, by question."""
    given: dict[int, set[str]] = {}
    for group in groups:
        for question_id, counts in group.questions.items():
            picked = given.setdefault(question_id, set())
            picked.update(counts.choices, counts.parts, *(part.choices for part in counts.parts.values()))
    return given


def _question(asked: Asked, counted: Mapping[str, Counts]) -> QuestionSummary:
    kind, total = KINDS[asked.kind], Counts()
    for counts in counted.values():
        total.add(counts)
    return QuestionSummary(asked, kind.tally(asked, total), {code: kind.tally(asked, counts) for code, counts in counted.items()})


def _wanted(questionnaire: Questionnaire, *, context: str | None, segment: str | None) -> list[sa.ColumnElement[bool]]:
    return Which(context=context, segment=segment).among(Response, questionnaire)


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
        .where(Answer.text.is_not(None), Question.kind.not_in(PERSONAL), *wanted)
        .order_by(Answer.question_id, Answer.response_id, Answer.place)
    )
