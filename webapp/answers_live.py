"""What the answers to an event's questionnaire come to while people answer: counted once per beat, whatever the number who look."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from flask import current_app

from engage import reports
from engage.events import Event
from engage.reports import Narrowing
from surveys.questionnaires import Questionnaire
from surveys.summaries import Summary
from webapp.beats import Shared
from webapp.live import Body
from webapp.wiring import clock, db, language

KEPT = 50  # pages and selections that are remembered

T = TypeVar("T")
B = TypeVar("B")


class Counted(NamedTuple):
    """One beat's figures of a questionnaire on its event, nothing left out of them, and a version, which another beat has only with the
    same figures.
    """

    summary: Summary
    version: str


class Remade(Generic[T]):
    """For each key what was made last, made again only when what it is made of has changed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[object, T]] = OrderedDict()

    def value(self, key: Hashable, basis: object, make: Callable[[], T]) -> T:
        """What was made of an equal basis, or what `make` makes."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == basis:
            return kept[1]
        made = make()
        self._kept[key] = basis, made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


class AnswersLive:
    """The figures of this process."""

    def __init__(self) -> None:
        self._counted: Shared[Counted] = Shared()
        self._pages: Shared[Body] = Shared()
        self._drawn: Remade[Body] = Remade()
        self._narrowed: Remade[Summary] = Remade()

    def counted(self, event: Event, asked: Questionnaire) -> tuple[Counted, bool]:
        """The figures of this beat, or, while they are made, of the one before; and whether they are of this one.

        `asked` is the event's questionnaire.
        """
        return self._counted.value((asked.id, event.slug), lambda: self._count(event, asked), now=clock())

    def page(self, key: Hashable, count: Callable[[], B], draw: Callable[[B], Body]) -> tuple[Body, bool]:
        """What an open page of staff is sent, counted once a beat like all else, and drawn when what was counted is not as before."""
        def made() -> Body:
            counted = count()
            return self._drawn.value(key, counted, lambda: draw(counted))

        return self._pages.value(key, made, now=clock())

    def narrowed(self, event: Event, asked: Questionnaire, narrowing: Narrowing, *, of: Summary) -> Summary:
        """The figures of some, out `of` those of all. They are counted answer by answer, so again only when the latter have changed.

        Groups by what the registration tells are counted each time: it changes by itself. Raises what `reports.opinions` raises.
        """
        if narrowing.by:
            return reports.opinions(db.session(), event, asked, narrowing=narrowing, language=language())
        key = (asked.id, event.slug, narrowing)
        return self._narrowed.value(key, of, lambda: reports.opinions(db.session(), event, asked, narrowing=narrowing))

    def _count(self, event: Event, asked: Questionnaire) -> Counted:
        summary = reports.opinions(db.session(), event, asked)
        return Counted(summary, hashlib.sha256(repr(summary).encode()).hexdigest()[:16])


def answers_live() -> AnswersLive:
    """The figures of the current app."""
    return current_app.extensions.setdefault("engage_answers_live", AnswersLive())
