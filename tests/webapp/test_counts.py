"""Counting for the rate limits in memory."""

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from webapp import counts


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""
    stands = [1_000_000.0]
    monkeypatch.setattr(counts, "time", lambda: stands[0])
    return stands


def test_a_limit_holds_for_its_window_and_for_each_key_alone(clock):
    limiter, twice = FixedWindowRateLimiter(counts.ProcessStorage()), parse("2 per minute")
    assert [limiter.hit(twice, "anna") for _ in range(3)] == [True, True, False]
    assert (limiter.test(twice, "anna"), limiter.hit(twice, "wang")) == (False, True)
    assert limiter.get_window_stats(twice, "anna") == (1_000_060.0, 0)
    clock[0] += 60
    assert (limiter.test(twice, "anna"), limiter.hit(twice, "anna")) == (True, True)
    limiter.clear(twice, "anna")
    assert limiter.get_window_stats(twice, "anna").remaining == 2


def test_what_has_expired_takes_no_room(clock):
    storage = counts.ProcessStorage()
    for number in range(100):
        storage.incr(f"key {number}", 30)
    clock[0] += counts.SWEEP + 1
    storage.incr("last", 30)
    assert storage.reset() == 1
