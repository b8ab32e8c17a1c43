"""Where requests are counted for the rate limits when there is no Redis: in the memory of this process.

The storage in memory that limits brings starts a thread with nearly every request, which then looks through all that is counted.
"""

import threading
from time import time  # noqa: TID251 -- limits counts in seconds of the system's clock
from typing import Any

from limits.storage import Storage

SWEEP = 60  # seconds between two looks for what has expired


class ProcessStorage(Storage):
    """Counts per fixed window; a key is forgotten when its window has passed."""

    STORAGE_SCHEME = ["process"]  # noqa: RUF012 -- as its base declares it
    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:  # noqa: FBT001, FBT002 -- its base's
        super().__init__(uri, wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}  # how many, and when the window ends
        self._swept = time()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; the first one begins a window of `expiry` seconds."""
        now = time()
        with self._lock:
            if now - self._swept > SWEEP:
                self._counts = {each: (count, ends) for each, (count, ends) in self._counts.items() if ends > now}
                self._swept = now
            count, ends = self._counts.get(key, (0, 0.0))
            count, ends = (count + amount, ends) if ends > now else (amount, now + expiry)
            self._counts[key] = count, ends
            return count

    def get(self, key: str) -> int:
        """How many in the window that lasts."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds of the epoch."""
        return self._counts.get(key, (0, time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            forgotten = len(self._counts)
            self._counts = {}
        return forgotten

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)
