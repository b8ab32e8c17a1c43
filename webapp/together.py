"""What waits for the database at the same moment is done together: one transaction, one write to the disk for all.

Whoever comes first does everything that has queued meanwhile; the others find their answer ready. An answer still leaves
only after the commit that holds it, and everything is done in the order in which it came.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from flask import current_app

Given = TypeVar("Given")
Made = TypeVar("Made")
PATIENCE = 0.02  # seconds for which the first waits for others who are on their way
LATELY = 0.05  # seconds within which as many are expected as came together the last time


class _Job(Generic[Given, Made]):
    """What one request wants, and what became of it."""

    def __init__(self, given: Given, size: int) -> None:
        self.given, self.size = given, size
        self.made: Made | Exception | None = None
        self.done = False
        self.turn = threading.Lock()  # let go when it is done, or when its request is to do what waits
        self.turn.acquire()


class _Queue(Generic[Given, Made]):
    """What waits in one app."""

    def __init__(self) -> None:
        self.jobs: deque[_Job[Given, Made]] = deque()
        self.led = threading.Lock()  # while somebody does what waits
        # Counted in deques, whose append and pop no other thread can come between.
        self.coming: deque[None] = deque()  # one for each who is expected
        self.here: deque[None] = deque()  # one for each of them who has come
        self.lately: tuple[int, float] = (0, 0.0)  # how many were done together, and until when; halved each time that fewer were

    def appoint(self) -> None:
        """Have the eldest of those who wait do what waits, unless somebody does already."""
        while self.jobs and self.led.acquire(blocking=False):
            if self.jobs:
                self.jobs[0].turn.release()
                return
            self.led.release()

    def gather(self) -> None:
        """Let those come who are on their way, or were a moment ago, but not for long."""
        begun = time.monotonic()
        several, done = self.lately
        wanted = several if begun - done < LATELY else 0
        while (len(self.here) < len(self.coming) or len(self.jobs) < wanted) and time.monotonic() - begun < PATIENCE:
            time.sleep(PATIENCE / 40)


class Together(Generic[Given, Made]):
    """One kind of work. `do_all` opens the transaction and gives for each what became of it, in order; an exception among
    them is raised to whoever asked for that one. `size` measures a piece of work, `most` is how much is done at once.
    """

    def __init__(
        self, name: str, do_all: Callable[[Sequence[Given]], Sequence[Made | Exception]], *,
        most: int, size: Callable[[Given], int] = lambda _given: 1,
    ) -> None:
        self._name, self._do_all, self._most, self._size = f"engage_{name}", do_all, most, size

    def do(self, given: Given) -> Made:
        """Have this done, together with what else waits. Raises what `do_all` gives for it."""
        queue, mine = self._queue(), _Job[Given, Made](given, self._size(given))
        queue.jobs.append(mine)
        queue.here.append(None)
        try:
            queue.appoint()
            mine.turn.acquire()
            if not mine.done:
                self._lead(queue)
        finally:
            queue.here.pop()
        if isinstance(mine.made, Exception):
            raise mine.made
        return mine.made  # type: ignore[return-value] -- it is done

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Say that this request will soon ask for this work, so that it is waited for."""
        coming = self._queue().coming
        coming.append(None)
        try:
            yield
        finally:
            coming.pop()

    def _queue(self) -> _Queue[Given, Made]:
        kept = current_app.extensions
        return kept.get(self._name) or kept.setdefault(self._name, _Queue())

    def _lead(self, queue: _Queue[Given, Made]) -> None:
        try:
            if queue.coming:
                queue.gather()
            taken = self._taken(queue.jobs)
            try:
                self._run(taken)
            finally:
                for job in taken:
                    job.done = True
                    job.turn.release()
            queue.lately = max(len(taken), queue.lately[0] // 2), time.monotonic()
        finally:
            queue.led.release()
            queue.appoint()

    def _taken(self, waiting: deque[_Job[Given, Made]]) -> list[_Job[Given, Made]]:
        """The oldest of those that wait, all of them unless that is too much at once."""
        taken = [waiting.popleft()]
        size = taken[0].size
        while waiting and (size := size + waiting[0].size) <= self._most:
            taken.append(waiting.popleft())
        return taken

    def _run(self, jobs: Sequence[_Job[Given, Made]]) -> None:
        try:
            for job, made in zip(jobs, self._do_all([job.given for job in jobs]), strict=True):
                job.made = made
        except Exception as error:  # noqa: BLE001 -- whatever it is, the request that it belongs to shall raise it
            if len(jobs) == 1:
                jobs[0].made = error
            else:
                for job in jobs:  # one that the database refuses takes no other with it
                    self._run([job])
