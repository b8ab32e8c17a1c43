"""What the screens in halls show of questionnaires, made once per beat (`webapp.beats`) whatever the number of screens."""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy.orm import Session

from engage import known_names, screens
from engage.events import Event
from engage.events import State as EventState
from engage.screens import Screen
from surveys import clouds, questionnaires, responses
from surveys.asked import Asked, Part, Row, Tally
from surveys.forms import form_of
from surveys.kinds import KINDS, Matrix, Ranking
from surveys.questionnaires import Questionnaire
from surveys.summaries import QuestionSummary, Summary
from surveys.suppression import suppressed
from webapp.answers_live import answers_live
from webapp.beats import Shared
from webapp.clouds import Cloud, cloud
from webapp.live import Body, body_of
from webapp.wiring import clock, db, settings

MOST = 10  # bars that one still reads from the back row
MANY = 500  # answers, each of which is one more that must come before words are counted anew


class Bar(NamedTuple):
    """One bar: what it is of, how much of the width it fills (0 to 1), its figure, and how many people where it is a share.

    `picked` is what most people picked, where a bar is of a part that has no mean.
    """

    of: Row | Part
    part: float
    figure: str
    people: str = ""
    picked: Row | None = None


class Slide(NamedTuple):
    """What is on the screen: `asked` None is the cover. Of its results `state` says "hidden" until staff show them, "few" where too few
    have answered, else "bars" or "cloud".

    Figures are by what they are, in words that are the same in every language. `most` is what a bar of full width stands for where it
    is no share. `left` options have no bar, because others were picked more often.
    """

    answers: int
    taken: bool
    asked: Asked | None = None
    state: str = ""
    answered: int = 0
    figures: Mapping[str, str] = MappingProxyType({})
    bars: Sequence[Bar] = ()
    most: int = 0
    left: int = 0
    cloud: Cloud | None = None

    @property
    def drawn(self) -> str:
        """What the page was drawn for: with the same, only figures differ."""
        shape = [self.asked and (self.asked.id, self.asked.text), self.taken, self.state, self.left, sorted(self.figures), bool(self.cloud and self.cloud.words)]
        told = repr([*shape, *((bar.of.code, bar.picked and bar.picked.code) for bar in self.bars)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


class Words(NamedTuple):
    """The words of all open questions, by id, as they were counted at some version of the figures and number of answers."""

    version: str
    answers: int
    counts: dict[int, dict[str, int]]


class Screens:
    """The screens of this process."""

    def __init__(self) -> None:
        self._slides: Shared[tuple[Slide, Body]] = Shared()
        self._words: dict[tuple[int, str], Words] = {}

    def slide(self, event: Event, asked: Questionnaire) -> tuple[Slide, Body, bool]:
        """What the event's screen shows in this beat, and the same as it is sent; whether it is of this beat.

        `asked` is the event's questionnaire. Raises ScreenNotFound.
        """
        (slide, body), fresh = self._slides.value((event.id, asked.id), lambda: self._made(db.session(), event, asked), now=clock())
        return slide, body, fresh

    def _made(self, session: Session, event: Event, asked: Questionnaire) -> tuple[Slide, Body]:
        slide = self.look(session, screens.of(session, event), event, asked)
        return slide, body_of(_sent(slide))

    def look(self, session: Session, screen: Screen, event: Event, asked: Questionnaire) -> Slide:
        """What the screen shows at this moment."""
        counted, _ = answers_live().counted(event, asked)
        answers = _answers(session, event, asked, counted.summary)
        taken = event.state in {EventState.PUBLISHED, EventState.CLOSED} and questionnaires.accepts(asked, now=clock())
        question = screens.current(screen, form_of(session, asked), now=clock())
        blank = Slide(answers, taken, question)
        if question is None:
            return blank
        one = _shown(counted.summary, question, anonymous=asked.anonymous)
        if question.id not in screen.revealed:
            return blank._replace(state="hidden")
        if one is None or one.tally.answered is None or (asked.anonymous and not one.tally.answered):
            return blank._replace(state="few")
        blank = blank._replace(answered=one.tally.answered)
        if not screens.has_words(question):
            most = _most(one.question)
            bars = _bars(one.tally, most)
            return blank._replace(state="bars", bars=bars[:MOST], most=most, left=len(bars[MOST:]), figures=_figures(one.tally))
        decided = clouds.decisions(session, [question.id], context=event.slug)[question.id]
        return blank._replace(state="cloud", cloud=cloud(tuple(clouds.approved(self.words(event, asked)[question.id], decided))))

    def words(self, event: Event, asked: Questionnaire) -> dict[int, dict[str, int]]:
        """The words of the open questions, and in how many answers each is: see `clouds.counted`.

        Counted anew when the figures have changed, and of very many answers, which take long, when some more have come.
        """
        counted, session, before = answers_live().counted(event, asked)[0], db.session(), self._words.get((asked.id, event.slug))
        answers = counted.summary.responses
        if before and (before.version == counted.version or 0 <= answers - before.answers < before.answers // MANY):
            return before.counts
        open_questions = [one for one in form_of(session, asked).questions if screens.has_words(one)]
        counts = clouds.counted(session, asked, open_questions, context=event.slug, mask=known_names.mask_for(session, event))
        self._words[asked.id, event.slug] = Words(counted.version, answers, counts)
        return counts


def hall_screens() -> Screens:
    """The screens of the current app."""
    return current_app.extensions.setdefault("engage_screens", Screens())


def _answers(session: Session, event: Event, asked: Questionnaire, summary: Summary) -> int:
    """How many have answered; that may be known at once, also where the figures move in steps."""
    return responses.count(session, asked, context=event.slug) if asked.anonymous else summary.responses


def _shown(summary: Summary, asked: Asked, *, anonymous: bool) -> QuestionSummary | None:
    """What everybody answered to one question, nothing of it where few did and nobody was to be known."""
    found = next((one for one in summary.questions if one.question.id == asked.id), None)
    if found is None or not anonymous:
        return found
    alone = Summary(summary.form, summary.responses, {}, {}, (QuestionSummary(found.question, found.tally, {}),))
    return suppressed(alone, below=settings().smallest_cell).questions[0]


def _most(asked: Asked) -> int:
    """The best mean or score that a part can have, 0 where the question has none."""
    kind = KINDS[asked.kind]
    return len(asked.parts) if isinstance(kind, Ranking) else len(asked.options) if isinstance(kind, Matrix) else 0


def _bars(tally: Tally, most: int) -> list[Bar]:
    """The bars of a question in its own order, of moments the days or hours; the largest first where they are ranks, or more than can be shown."""
    if any(part.tally.score is not None for part in tally.parts):
        return sorted((_mean(part, part.tally.score, most) for part in tally.parts), key=lambda bar: -bar.part)
    if most:
        return _foremost([_mean(part, part.tally.mean, most) for part in tally.parts])
    if tally.parts:
        return _foremost([_favourite(part) for part in tally.parts])
    return _foremost([_share(row, row) for row in tally.groups or tally.rows or tally.days])


def _foremost(bars: list[Bar]) -> list[Bar]:
    return bars if len(bars) <= MOST else sorted(bars, key=lambda bar: -bar.part)


def _mean(part: Part, value: float | None, most: int) -> Bar:
    return Bar(part, (value or 0) / most, "–" if value is None else f"{value:.2f}")


def _share(of: Row | Part, row: Row) -> Bar:
    return Bar(of, row.share or 0, "–" if row.share is None else f"{row.share:.0%}", "" if row.count is None else f"{row.count:,}")


def _favourite(part: Part) -> Bar:
    best = max(part.tally.rows, key=lambda row: row.count or 0)
    return _share(part, best)._replace(picked=best if best.count else None)


def _figures(tally: Tally) -> dict[str, str]:
    """The one or two numbers that say the whole."""
    told = {
        "nps": None if tally.nps is None else f"{tally.nps * 100:+.0f}",
        "satisfied": None if tally.satisfied is None else f"{tally.satisfied:.0%}",
        "mean": None if tally.mean is None or tally.nps is not None else f"{tally.mean:,.2f}",
        "median": None if tally.median is None or tally.rows else f"{tally.median:,g}",
    }
    return {name: words for name, words in told.items() if words is not None}


def _sent(slide: Slide) -> dict[str, Any]:
    """What screen.js writes into the page; a page that was drawn for something else is fetched anew."""
    return {
        "drawn": slide.drawn, "answers": slide.answers, "answered": slide.answered, "figures": dict(slide.figures),
        "bars": [[round(bar.part * 100, 2), bar.figure, bar.people] for bar in slide.bars],
        "cloud": slide.cloud,
    }
