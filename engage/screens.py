"""The hall's screen of an event's questionnaire: by which code to join, one question at a time, its results once staff show them.

The slides are a cover with the code alone and then the chosen questions. Staff turn them, or they turn by the clock; either way
every screen that is open shows the same one. Results and words that people wrote are shown only when staff have said so.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import addresses, audit
from engage.addresses import Address
from engage.errors import Invalid, NotFound
from engage.events import Event
from surveys import clouds
from surveys.asked import Asked, Counts
from surveys.forms import Form, form_of
from surveys.kinds import KINDS, Moments, Number, Text

COVER = 0  # in place of a question
EVERY = (0, 10, 15, 20, 30, 60)  # seconds until the next slide, of which staff choose; 0: they turn them by hand


class ScreenNotFound(NotFound):
    """There is no such screen, or its address was renewed."""


class NotOnScreen(Invalid):
    """The question is not among those that the screen shows."""


class BadInterval(Invalid):
    """The slides cannot change as often as that."""


class Screen(Address):
    """What the screen shows: questions by their ids, `revealed` are those whose results are shown, `current` is one or COVER.

    The slides turn every so many seconds, counted from `turned_at`, when `current` was shown; 0: never by themselves.
    """

    __tablename__ = "screen"

    questions: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    revealed: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    current: Mapped[int] = mapped_column(default=COVER)
    turned_at: Mapped[datetime]
    every: Mapped[int] = mapped_column(default=0)


def of(session: Session, event: Event) -> Screen:
    """The event's screen. Raises ScreenNotFound while it has none."""
    if screen := session.get(Screen, event.id):
        return screen
    raise ScreenNotFound


def event_of(session: Session, code: str) -> Event:
    """The event whose screen has this code. Raises ScreenNotFound."""
    event = addresses.event_of(session, Screen, code)
    if event is None:
        raise ScreenNotFound
    return event


def renew(session: Session, event: Event, *, by: str, now: datetime) -> Screen:
    """Open the screen, with all questions of the event's questionnaire; or give it another address, which ends those open now."""
    asked = offered(form_of(session, event.questionnaire)) if event.questionnaire else []
    return addresses.renew(session, Screen, event, by=by, now=now, questions=[one.id for one in asked], turned_at=now)


def withdraw(session: Session, event: Event, *, by: str, now: datetime) -> None:
    """Close the screen; what staff have decided of words stays."""
    addresses.withdraw(session, Screen, event, by=by, now=now)


def offered(form: Form) -> list[Asked]:
    """The questions whose answers make something to look at: bars, a figure, or a cloud of words."""
    return [asked for asked in form.questions if has_words(asked) or _has_figures(asked)]


def has_words(asked: Asked) -> bool:
    """Whether the question is shown as a cloud of words."""
    return isinstance(KINDS[asked.kind], Text)


def _has_figures(asked: Asked) -> bool:
    kind = KINDS[asked.kind]
    empty = kind.tally(asked, Counts())
    return bool(empty.rows or empty.parts) or isinstance(kind, (Number, Moments))


def chosen(screen: Screen, form: Form) -> list[Asked]:
    """The questions that the screen shows, in the order of the form: all, where those chosen were of another questionnaire."""
    asked = offered(form)
    own = [one for one in asked if one.id in screen.questions]
    return own or (asked if screen.questions else [])


def current(screen: Screen, form: Form, *, now: datetime) -> Asked | None:
    """What is on the screen at this moment; None is the cover."""
    slides = _slides(screen, form)
    return slides[_place(screen, slides, now=now)]


def choose(session: Session, screen: Screen, question_ids: Collection[int], *, every: int, by: str, now: datetime) -> None:
    """Say which questions are shown, and after how many seconds the next one comes. Raises BadInterval."""
    if every not in EVERY:
        raise BadInterval(field="every")
    _hold(session, screen)
    screen.questions, screen.every, screen.turned_at = sorted(set(question_ids)), every, now
    audit.record(session, "screen.choose", screen, by=by, now=now, questions=screen.questions, every=every)


def turn(session: Session, screen: Screen, form: Form, to: int, *, now: datetime) -> None:
    """Show a question by its id, or the COVER. Raises NotOnScreen."""
    if to not in {asked.id if asked else COVER for asked in _slides(screen, form)}:
        raise NotOnScreen(field="to")
    _hold(session, screen)
    screen.current, screen.turned_at = to, now


def step(session: Session, screen: Screen, form: Form, steps: int, *, now: datetime) -> None:
    """Show the slide so many after this one, or before it where `steps` is negative; after the last comes the first."""
    _hold(session, screen)
    slides = _slides(screen, form)
    asked = slides[(_place(screen, slides, now=now) + steps) % len(slides)]
    screen.current, screen.turned_at = asked.id if asked else COVER, now


def reveal(session: Session, screen: Screen, question_ids: Collection[int], *, shown: bool, by: str, now: datetime) -> None:
    """Show the results of these questions, or hide them again; people go on answering either way."""
    _hold(session, screen)
    before, these = set(screen.revealed), set(question_ids)
    screen.revealed = sorted(before | these if shown else before - these)
    audit.record(session, "screen.show" if shown else "screen.hide", screen, by=by, now=now, questions=sorted(these))


def decide(  # noqa: PLR0913 -- who decided what, where and when
    session: Session, event: Event, asked: Asked, words: Collection[str], *, approved: bool, by: str, now: datetime
) -> None:
    """Let words appear in the cloud of a question, or hide them. The trail has those that everybody may read, and counts the others."""
    clouds.decide(session, asked, words, context=event.slug, approved=approved, now=now)
    detail = {"words": sorted(words)} if approved else {"count": len(words)}
    audit.record(session, "screen.approve_words" if approved else "screen.hide_words", event, by=by, now=now, question=asked.id, **detail)


def _slides(screen: Screen, form: Form) -> Sequence[Asked | None]:
    return [None, *chosen(screen, form)]


def _place(screen: Screen, slides: Sequence[Asked | None], *, now: datetime) -> int:
    ids = [asked.id if asked else COVER for asked in slides]
    place = ids.index(screen.current) if screen.current in ids else 0
    turned = int((now - screen.turned_at).total_seconds()) // screen.every if screen.every else 0
    return (place + max(turned, 0)) % len(slides)


def _hold(session: Session, screen: Screen) -> None:
    """Of two who press a button at once the second sees what the first has done."""
    session.flush()
    session.refresh(screen, with_for_update=True)
