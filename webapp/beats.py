"""What many ask for at once and what changes all the time: made once per beat in each process.

Time is cut into beats by the clock, so that all processes keep the same ones. Nobody waits while a beat's value is made: who asks
meanwhile gets the one before and is told to ask again soon.
"""

import math
import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Generic, TypeVar

BEAT = 1.25  # seconds. With what a board waits beyond it (board.js), a scan is shown within two
AGAIN = 0.15  # seconds until one who came too early asks again
KEPT = 200  # beats for which a key that nobody asks for is remembered

T = TypeVar("T")


class Shared(Generic[T]):
    """A value for each key, made at most once per beat and by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, _Kept[T]] = {}

    def value(self, key: Hashable, make: Callable[[], T], *, now: datetime) -> tuple[T, bool]:
        """The value, and whether it is of this beat. What `make` raises is raised, and nothing is kept of it."""
        beat = _beat(now)
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


def milliseconds_to_next(now: datetime, *, fresh: bool) -> int:
    """When to ask again after a value that was `fresh` or not; a moment too early would be in vain."""
    return math.ceil((BEAT - now.timestamp() % BEAT if fresh else AGAIN) * 1000)


def _beat(now: datetime) -> int:
    return math.floor(now.timestamp() / BEAT)
