"""A year told in the order in which it happened, so that the audit trail reads like one that grew."""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count


class Agenda:
    """What is to happen, and when. What happens may put more on the agenda."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self._number = count()

    def at(self, when: datetime, deed: Callable[[datetime], object]) -> None:
        """Have `deed(when)` done at its time; of two at the same time the first one noted comes first."""
        heapq.heappush(self._waiting, (when, next(self._number), deed))

    def play(self, until: datetime) -> Iterator[datetime]:
        """Do everything up to a time, in order; gives the time of each thing done. What lies later does not happen."""
        while self._waiting and self._waiting[0][0] <= until:
            when, _, deed = heapq.heappop(self._waiting)
            deed(when)
            yield when
