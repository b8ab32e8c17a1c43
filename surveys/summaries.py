"""Summaries: all answers in figures, by group, counted by the database; open answers to page through."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from surveys import tallies
from surveys.asked import Asked, Counts, Option, Part, Tally, in_language
from surveys.chi_square import independence
from surveys.crosstabs import ATTRIBUTES, Axis, CrossTab, Known, NothingToCross, asked_axis, named
from surveys.forms import Form, whole_form, with_answers
from surveys.kinds import KINDS, PERSONAL
from surveys.questionnaires import Question, Questionnaire
from surveys.responses import Answer, Response
from surveys.tallies import Counted, Which

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURES = {
    "mean": ("平均", "Mean"), "median": ("中位数", "Median"), "least": ("最小", "Least"), "most": ("最大", "Most"),
    "spread": ("标准差", "Standard deviation"), "satisfied": ("满意率", "Satisfied"), "nps": ("净推荐值", "Net promoter score"),
    "score": ("得分", "Score"),
}


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

    @property
    def overlapping(self) -> bool:
        """Whether somebody is in several groups."""
        return sum(size or 0 for size in self.by_segment.values()) > self.responses

    def question(self, code: str) -> QuestionSummary | None:
        """The figures of the question with this code, if there is one."""
        return next((one for one in self.questions if one.question.code == code), None)

    def frame(self, language: str = "zh") -> "DataFrame":
        """All counts as one long table: question, text, segment, segment_label, part, part_label, option, label, count, share.

        The rows of all segments together have no segment (missing). Of a matrix each row is a part, of a ranking what is ranked,
        whose options are the ranks; elsewhere there is none. Where there are no options there is one row, whose option is None
        and whose count is the number of answers.
        """
        from pandas import DataFrame  # noqa: PLC0415 -- slow import

        rows: list[tuple[object, ...]] = []
        for one in self.questions:
            asked = one.question
            for segment, whole in [(None, one.tally), *one.by_segment.items()]:
                head = (asked.code, asked.label(language), segment, self._segment(segment, language))
                for part, tally in _parts(whole):
                    named = (*head, part.code if part else None, part.label(language) if part else None)
                    rows += [(*named, row.code, row.label(language), row.count, row.share) for row in tally.rows]
                    if not tally.rows:
                        rows.append((*named, None, None, tally.answered, None))
        names = ["question", "text", "segment", "segment_label", "part", "part_label", "option", "label", "count", "share"]
        return DataFrame(rows, columns=names)

    def frames(self, language: str = "zh") -> "dict[str, DataFrame]":
        """A table for each question, by its code: counts of its options, then its key figures; all and each segment across.

        Of a matrix or a ranking each row or ranked option has its own, named `PART: OPTION`.
        """
        from pandas import DataFrame  # noqa: PLC0415 -- slow import

        frames: dict[str, DataFrame] = {}
        for one in self.questions:
            columns = {self._segment(None, language): one.tally}
            columns |= {self._segment(segment, language): tally for segment, tally in one.by_segment.items()}
            frames[one.question.code] = DataFrame({
                name: _figures(tally, language) for name, tally in columns.items()
            })
        return frames

    def crosstab(self, code: str) -> CrossTab:
        """The segments against a question, or `q3.ROW` for one row or ranked option of it, with the test of their independence.

        For other sides see `surveys.crosstab`. Raises NoSuchQuestion or NothingToCross.
        """
        asked, part = named(self.form, code)
        across = asked_axis(asked, part)
        if not across.options or bool(asked.parts) != (part is not None):
            raise NothingToCross(question=code)
        one = next(each for each in self.questions if each.question.code == asked.code)
        counted = {segment: _part(tally, part) for segment, tally in one.by_segment.items()}
        groups = tuple(Option(each, self.segments[each]) for each in counted)
        down = Axis("segment", *ATTRIBUTES["segment"], groups, (1, len(groups)) if self.overlapping else None, attribute=True)
        counts = tuple(tuple(row.count for row in tally.rows) for tally in counted.values())
        total = _part(one.tally, part)
        whole = [[n or 0 for n in row] for row in counts]
        return CrossTab(
            down, across, counts, tuple(tally.answered for tally in counted.values()), tuple(row.count for row in total.rows),
            total.answered or 0, None if across.several or down.several or self.suppressed else independence(whole), suppressed=self.suppressed,
        )

    def _segment(self, segment: str | None, language: str) -> str:
        return in_language(language, "合计", "Total") if segment is None else self.segments[segment]


def _parts(tally: Tally) -> Sequence[tuple[Part | None, Tally]]:
    """The figures of each part; of what has none the whole."""
    return [(part, part.tally) for part in tally.parts] or [(None, tally)]


def _part(tally: Tally, part: Option | None) -> Tally:
    return next(each.tally for each in tally.parts if each.code == part.code) if part else tally


def _figures(whole: Tally, language: str) -> dict[str, float | None]:
    figures: dict[str, float | None] = {in_language(language, "回答人数", "Answered"): whole.answered}
    for part, tally in _parts(whole):
        before = part.label(language) + in_language(language, "：", ": ") if part else ""
        figures |= {before + row.label(language): row.count for row in tally.rows}
        figures |= {
            before + in_language(language, chinese, english): value
            for name, (chinese, english) in FIGURES.items() if (value := getattr(tally, name)) is not None
        }
    return figures


def summarise(  # noqa: PLR0913 -- each narrows the answers down by something else
    session: Session, questionnaire: Questionnaire, *, context: str | None = None, segment: str | None = None,
    segments: Mapping[str, str] | None = None, since: date | None = None, until: date | None = None,
    given: Mapping[str, str] | None = None, by: Known | None = None,
) -> Summary:
    """Count the answers of one context or all, of one segment or all, in one statement whatever their number.

    `segments` gives labels for segment codes and their order; a code without a label is its own label and comes last. `since`
    and `until` are the first and the last day; `given` maps codes of questions (`q3.ROW` for a row of a matrix or a ranked option)
    to the option, level or rank that was chosen, and only the answers of those who chose all of them are counted. What narrows
    the answers to an anonymous questionnaire can reveal a person: see docs/anonymity.md. `by` makes groups of what the caller
    knows of those who answered under a name, in place of the segments: who is in several is counted in each and once in all.
    Raises NoSuchQuestion for a code in `given`.
    """
    form = whole_form(session, questionnaire)
    which = Which(context=context, segment=segment, since=since, until=until, given=tuple(
        (asked.id, part.code if part else "", option)
        for code, option in (given or {}).items() for asked, part in [named(form, code)]
    ))
    if by is None:
        return _summary(form, tallies.count(session, questionnaire, which), segments or {})
    groups = tallies.count_known(session, questionnaire, which, by.pairs)
    everybody = tallies.count(session, questionnaire, replace(which, known=by.pairs))
    return _summary(form, groups, by.labels, whole=everybody.values())


def compare(
    session: Session, questionnaire: Questionnaire, contexts: Mapping[str, str], *, since: date | None = None, until: date | None = None
) -> Summary:
    """As `summarise`, but the groups that stand side by side are contexts, given with their labels in their order."""
    counted = tallies.count(session, questionnaire, Which(since=since, until=until), by="context")
    return _summary(whole_form(session, questionnaire), {code: counted[code] for code in contexts if code in counted}, contexts)


def _summary(form: Form, counted: Mapping[str, Counted], labels: Mapping[str, str], *, whole: Iterable[Counted] | None = None) -> Summary:
    """`whole` are groups of which everybody is in one; where it is not given those that are `counted` are."""
    sizes = {code: group.responses for code, group in counted.items() if group.responses}
    order = [code for code in labels if code in sizes] + sorted(sizes.keys() - labels.keys())
    everybody = list(counted.values() if whole is None else whole)
    form = with_answers(form, _given(counted.values()))
    return Summary(
        form=form, responses=sum(group.responses for group in everybody), by_segment={code: sizes[code] for code in order},
        segments={code: labels.get(code, code) for code in order},
        questions=tuple(
            _question(asked, [group.question(asked.id) for group in everybody], {code: counted[code].question(asked.id) for code in order})
            for asked in form.questions
        ),
    )


def _given(groups: Iterable[Counted]) -> dict[int, set[str]]:
    """The codes of the options and parts that were answered, by question."""
    given: dict[int, set[str]] = {}
    for group in groups:
        for question_id, counts in group.questions.items():
            picked = given.setdefault(question_id, set())
            picked.update(counts.choices, counts.parts, *(part.choices for part in counts.parts.values()))
    return given


def _question(asked: Asked, everybody: Iterable[Counts], counted: Mapping[str, Counts]) -> QuestionSummary:
    kind, total = KINDS[asked.kind], Counts()
    for counts in everybody:
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
