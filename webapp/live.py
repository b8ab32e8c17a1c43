"""Figures that many screens ask for at once: made once per beat in each process, and kept as the bytes that are sent.

Time is cut into beats by the clock, so that all processes keep the same ones. Nobody waits while a beat's figures are made: who asks
meanwhile gets those before and is told to ask again soon. So two hundred boards cost no more than a few, and hold no thread.
"""

import hashlib
import math
import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from flask import Flask, Response, current_app, json, request
from sqlalchemy.orm import Session

from engage import board
from engage.board import Figures
from engage.contacts import surname_only
from engage.events import Event
from webapp.formats import clock_time
from webapp.wiring import clock, db

BEAT = 1.25  # seconds. With what a screen waits beyond it (board.js), a scan is shown within two
AGAIN = 0.15  # seconds until a screen that came too early asks again
KEPT = 200  # beats for which a key that nobody asks for is remembered
NEXT = "X-Next-In"  # tells a screen, in milliseconds, when the next figures can be had

T = TypeVar("T")


class Shared(Generic[T]):
    """A value for each key, made at most once per beat and by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept[T]] = {}

    def value(self, key: Hashable, make: Callable[[], T], *, now: datetime) -> tuple[T, bool]:
        """The value, and whether it is of this beat. What `make` raises is raised, and nothing is kept of it."""
        beat = math.floor(now.timestamp() / BEAT)
        kept = self._kept.get(key) or self._new(key, beat)
        if kept.beat < beat and kept.lock.acquire(blocking=not kept.beat):
            try:
                if kept.beat < beat:
                    kept.value, kept.beat = make(), beat
            except BaseException:
                self._kept.pop(key, None)
                raise
            finally:
                kept.lock.release()
        return kept.value, kept.beat >= beat

    def _new(self, key: Hashable, beat: int) -> "_Kept[T]":
        with self._lock:
            self._kept = {each: kept for each, kept in self._kept.items() if not kept.beat or kept.beat > beat - KEPT}
            return self._kept.setdefault(key, _Kept())


class _Kept(Generic[T]):
    value: T

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.beat = 0  # none yet


class Body(NamedTuple):
    """An answer as it is sent."""

    etag: str
    json: bytes


class Snapshot(NamedTuple):
    """One beat's figures of an event: for a page to draw, for staff who may read names, and for everyone."""

    figures: Figures
    full: Body
    masked: Body


class Boards:
    """The boards of this process."""

    def __init__(self) -> None:
        self._events: Shared[int] = Shared()
        self._snapshots: Shared[Snapshot] = Shared()

    def event_id(self, code: str) -> int:
        """The event of a public board. Raises BoardNotFound; a code that was renewed opens the board for a beat more."""
        return self._events.value(code, lambda: board.event_of(db.session(), code).id, now=clock())[0]

    def snapshot(self, event_id: int) -> tuple[Snapshot, bool]:
        """The figures of this beat, or, while they are made, of the one before."""
        now = clock()
        return self._snapshots.value(event_id, partial(_snapshot, db.session(), event_id, now=now), now=now)

    def answer(self, event_id: int, *, names: bool) -> Response:
        """The figures as JSON for a board that is open: empty (304) when it has them, and when to ask again."""
        snapshot, fresh = self.snapshot(event_id)
        body = snapshot.full if names else snapshot.masked
        wait = BEAT - clock().timestamp() % BEAT if fresh else AGAIN
        response = Response(body.json, content_type="application/json", headers={NEXT: str(int(wait * 1000)), "Cache-Control": "no-store"})
        response.set_etag(body.etag)
        response.make_conditional(request)
        return response


def boards() -> Boards:
    """The boards of the current app."""
    return current_app.extensions["engage_boards"]


def init_app(app: Flask) -> None:
    app.extensions["engage_boards"] = Boards()


def _snapshot(session: Session, event_id: int, *, now: datetime) -> Snapshot:
    figures = board.figures(session, session.get_one(Event, event_id), now=now)
    return Snapshot(figures, _body(figures, names=True), _body(figures, names=False))


def _body(figures: Figures, *, names: bool) -> Body:
    """What changes on a board, by what its elements are called there. Strangers read surnames, and those only while the door is open."""
    shown = {
        "expected": figures.expected, "arrived": figures.arrived,
        "rows": {f"category-{each.category.id}": [each.arrived, each.expected] for each in figures.categories}
        | {f"activity-{each.activity_id}": [each.arrived, each.expected] for each in figures.activities},
        "pace": [[clock_time(at), count] for at, count in figures.steps()],
        "last": last(figures, names=names),
    }
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Body(hashlib.sha256(text).hexdigest()[:16], text)


def last(figures: Figures, *, names: bool) -> list[tuple[str, int, str]]:
    """Who came last, as the board says it: name, category's id, time. For strangers the surname, no category, while the door is open."""
    if names:
        return [(each.name, each.category_id, clock_time(each.at)) for each in figures.last]
    return [(surname_only(each.name), 0, clock_time(each.at)) for each in figures.last] if figures.open else []
