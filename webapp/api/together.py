"""Scans that wait for the database at the same moment are decided together: one transaction, one write to the disk for all.

Whoever gets the lock decides everything that has queued meanwhile; the others find their answer ready. An answer still leaves
only after the commit that holds it, and the library decides the scans in the order in which they came.
"""

import threading
from collections import deque
from collections.abc import Sequence

from engage import arrivals
from engage.arrivals import Batch, Outcome, ScanRequest
from engage.events import EventNotFound
from webapp.wiring import clock, writing

MOST = 2000  # scans decided at once: then those who wait for the lock have their turn


class Job:
    """One request's scans, and what became of them."""

    def __init__(self, slug: str, requests: Sequence[ScanRequest], by: str) -> None:
        self.slug, self.requests, self.by = slug, requests, by
        self.outcomes: Sequence[Outcome] = ()
        self.refusal: Exception | None = None
        self.done = False


class Deciders:
    """The queue of one app."""

    def __init__(self) -> None:
        self._queue: deque[Job] = deque()
        self._lock = threading.Lock()

    def decide(self, slug: str, requests: Sequence[ScanRequest], *, by: str) -> Sequence[Outcome]:
        """Decide the scans at this event, together with what else waits. Raises EventNotFound."""
        mine = Job(slug, requests, by)
        self._queue.append(mine)
        with self._lock:
            while not mine.done:
                _decide(self._taken())
        if mine.refusal is not None:
            raise mine.refusal
        return mine.outcomes

    def _taken(self) -> list[Job]:
        """The oldest of those that wait, all of them unless that is too much at once."""
        taken = [self._queue.popleft()]
        scans = len(taken[0].requests)
        while self._queue and (scans := scans + len(self._queue[0].requests)) <= MOST:
            taken.append(self._queue.popleft())
        return taken


def _decide(jobs: Sequence[Job]) -> None:
    try:
        with writing() as connection:
            doors = arrivals.doors(connection, {job.slug for job in jobs})
            known = [job for job in jobs if job.slug in doors]
            batches = [Batch(doors[job.slug], job.requests, job.by) for job in known]
            outcomes = arrivals.scan_together(connection, batches, now=clock())
        for job in jobs:
            job.refusal = None if job.slug in doors else EventNotFound(slug=job.slug)
        for job, decided in zip(known, outcomes, strict=True):
            job.outcomes = decided
    except Exception as error:  # noqa: BLE001 -- whatever it is, the request that it belongs to shall raise it
        if len(jobs) == 1:
            jobs[0].refusal = error
        else:
            for job in jobs:  # one that the database refuses takes no other with it
                _decide([job])
    finally:
        for job in jobs:
            job.done = True
