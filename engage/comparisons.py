"""Comparisons: what people answered on the occasions of a series, side by side, question by question, with what has changed.

The occasions may have had the same questionnaire, in any of its versions, or a copy of it: a question is the same where its code, its
kind and its wording are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from engage.errors import Conflict
from engage.events import Event, State
from surveys.asked import Asked, Tally, in_language
from surveys.chi_square import independence
from surveys.questionnaires import Questionnaire
from surveys.summaries import FIGURES, Summary, compare
from surveys.suppression import BELOW

MOST = 8  # occasions that one still reads beside one another


class NotInSeries(Conflict):
    """The event belongs to no series, or has no questionnaire."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One event of the series, and how many have answered."""

    slug: str
    title: str
    starts_at: datetime | None
    responses: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on one occasion. `change` is what it has over the last occasion before that has it, None on the first.

    `mark` is that of a chi-square test of a share's change: * below 5 %, ** below 1 %, *** below 0.1 %; "" where there is none.
    """

    value: float
    change: float | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a question on every occasion, None where nobody answered or too few. `name` is "share" or a key of FIGURES;
    `most` is the largest there can be, None where it has no bound.
    """

    name: str
    label_zh: str
    label_en: str
    most: float | None
    figures: tuple[Figure | None, ...]

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


@dataclass(frozen=True, slots=True)
class ComparedQuestion:
    """One question, how many answered it on each occasion (None where it was not asked, or by too few to tell), and its figures."""

    question: Asked
    answered: tuple[int | None, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The occasions, the earliest first, and the questions that have figures, in the order of the form."""

    occasions: tuple[Occasion, ...]
    questions: tuple[ComparedQuestion, ...]


def side_by_side(session: Session, event: Event, *, now: datetime, below: int = BELOW) -> Comparison:
    """The event beside the others of its series: the last occasions with a questionnaire that have begun, of which each form is
    counted in one statement. Raises NotInSeries.

    Of anonymous questionnaires occasions count when they are over, and questions that at least `below` have answered.
    """
    if event.series_id is None or event.questionnaire is None:
        raise NotInSeries
    held = _held(session, event, now=now)
    by_form: dict[int, dict[str, str]] = {}
    asked: dict[int, Questionnaire] = {}
    for one, questionnaire in held:
        asked[questionnaire.id] = questionnaire
        by_form.setdefault(questionnaire.id, {})[one.slug] = one.title
    counted = {key: compare(session, asked[key], contexts) for key, contexts in by_form.items()}
    own = counted.get(event.questionnaire.id) or compare(session, event.questionnaire, {})
    tallies = {
        one.question.code: [_tally(one.question, counted[form.id], each.slug, below if form.anonymous else 1) for each, form in held]
        for one in own.questions
    }
    return Comparison(
        tuple(Occasion(one.slug, one.title, one.starts_at, counted[form.id].by_segment.get(one.slug) or 0) for one, form in held),
        tuple(
            ComparedQuestion(one.question, tuple(tally and tally.answered for tally in tallies[one.question.code]), lines)
            for one in own.questions if (lines := tuple(_lines(one.question, tallies[one.question.code])))
        ),
    )


def _held(session: Session, event: Event, *, now: datetime) -> Sequence[tuple[Event, Questionnaire]]:
    """The last occasions that have begun, with their questionnaires, the earliest first."""
    over = sa.or_(~Questionnaire.anonymous, Event.ends_at < now)
    found = session.scalars(
        sa.select(Event).join(Event.questionnaire).options(joinedload(Event.questionnaire))
        .where(Event.series_id == event.series_id, Event.state.in_([State.PUBLISHED, State.CLOSED]), Event.starts_at <= now, over)
        .order_by(Event.starts_at.desc(), Event.id.desc()).limit(MOST)
    )
    return [(one, one.questionnaire) for one in reversed(found.all()) if one.questionnaire is not None]


def _tally(asked: Asked, counted: Summary, slug: str, fewest: int) -> Tally | None:
    """What was answered to the same question on an occasion; None where nobody or too few did."""
    same = counted.question(asked.code)
    if same is None or (same.question.kind, same.question.text) != (asked.kind, asked.text):
        return None
    tally = same.by_segment.get(slug)
    if tally is None or (tally.answered or 0) < fewest:
        return None
    return replace(tally, parts=tuple(part for part in tally.parts if (part.tally.answered or 0) >= fewest))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A figure to be read off each occasion's tally: its value, and of how many that is."""

    name: str
    words: tuple[str, str]
    most: float | None
    read: Callable[[Tally], tuple[float | None, int]]


def _lines(asked: Asked, tallies: Sequence[Tally | None]) -> Iterator[Line]:
    fullest = max((tally for tally in tallies if tally), key=lambda tally: len(tally.parts), default=None)
    for wanted in _wanted(asked, fullest) if fullest else ():
        found = [wanted.read(tally) if tally else (None, 0) for tally in tallies]
        if any(value is not None for value, _ in found):
            yield Line(wanted.name, *wanted.words, wanted.most, tuple(_changes(found, test=wanted.name in {"share", "satisfied"})))


def _wanted(asked: Asked, tally: Tally) -> Iterator[_Wanted]:
    """Which figures a kind of question has follows from its tally."""
    if tally.parts:
        for part in tally.parts:
            yield from (replace(one, words=_joined((part.label_zh, part.label_en), one), read=_of_part(part.code, one.read))
                        for one in _of_one(asked, part.tally, whole=False))
    else:
        yield from _of_one(asked, tally, whole=True)


def _of_one(asked: Asked, tally: Tally, *, whole: bool) -> Iterator[_Wanted]:
    if tally.days:
        return
    if tally.score is not None:
        yield _figure("score", len(asked.parts))
    elif tally.nps is not None:
        yield _figure("nps", None)
    elif tally.mean is not None:
        if tally.satisfied is not None:
            yield _figure("satisfied", 1)
        yield _figure("mean", len(asked.options) or None)
        if whole and not tally.rows:
            yield _figure("median", None)
    if tally.mean is None or tally.nps is not None:
        for row in tally.groups or tally.rows:
            yield _Wanted("share", (row.label_zh, row.label_en), 1, _share(row.code, row.label_zh))


def _figure(name: str, most: float | None) -> _Wanted:
    return _Wanted(name, FIGURES[name], most, lambda tally: (getattr(tally, name), tally.answered or 0))


def _share(code: str, label: str) -> Callable[[Tally], tuple[float | None, int]]:
    """Of an option that means the same: its code and its wording do."""
    def read(tally: Tally) -> tuple[float | None, int]:
        same = next((row for row in (*tally.rows, *tally.groups) if (row.code, row.label_zh) == (code, label)), None)
        return (same.share if same else None), tally.answered or 0
    return read


def _of_part(code: str, read: Callable[[Tally], tuple[float | None, int]]) -> Callable[[Tally], tuple[float | None, int]]:
    def of(tally: Tally) -> tuple[float | None, int]:
        return next((read(part.tally) for part in tally.parts if part.code == code), (None, 0))
    return of


def _joined(part: tuple[str, str], one: _Wanted) -> tuple[str, str]:
    return f"{part[0]}：{one.words[0]}", f"{part[1] or part[0]}: {one.words[1] or one.words[0]}"


def _changes(found: Sequence[tuple[float | None, int]], *, test: bool) -> Iterator[Figure | None]:
    before: tuple[float, int] | None = None
    for value, people in found:
        if value is None:
            yield None
            continue
        if before is None:
            yield Figure(value)
        else:
            yield Figure(value, value - before[0], _mark(before, (value, people)) if test else "")
        before = value, people


def _mark(*shares: tuple[float, int]) -> str:
    found = independence([(round(share * people), people - round(share * people)) for share, people in shares])
    return found.mark if found else ""

