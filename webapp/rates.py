"""How often one address may do something, in fixed windows: counted in Redis when there is one, else in this process."""

import hmac
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, request
from limits import RateLimitItem, parse, parse_many
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from engage.errors import EngageError
from surveys.errors import SurveyError
from webapp.counts import ProcessStorage
from webapp.errors import status_of
from webapp.wiring import settings

View = Callable[..., Any]
GUESSES = parse("30 per minute"), "misses"


def limited(rates: str, methods: Collection[str] = ("POST",)) -> Callable[[View], View]:
    """Let one address call a view with these methods at most so often ("30 per minute; 300 per hour")."""
    limits = parse_many(rates)

    def limit_view(view: View) -> View:
        @wraps(view)
        def counted(**values: Any) -> Any:
            if request.method in methods:
                for limit in limits:
                    count(limit, request.endpoint or "", _address())
            return view(**values)

        return counted

    return limit_view


def misses(view: View) -> View:
    """Slow down whoever guesses codes, which are too long to guess: counted is what does not exist, in all such views together.

    A hall behind one address is not slowed down.
    """

    @wraps(view)
    def counted(**values: Any) -> Any:
        refuse_guesser(_address())
        try:
            return view(**values)
        except (EngageError, SurveyError) as error:
            if status_of(error) == HTTPStatus.NOT_FOUND:
                count(*GUESSES, _address())
            raise

    return counted


def count(limit: RateLimitItem, what: str, address: str) -> None:
    """Count one for an address. Raises TooManyRequests when that was one too many."""
    if (counter := _counter()) and not counter.hit(limit, what, address):
        raise _refusal(counter, limit, what, address)


def refuse_guesser(address: str) -> None:
    """Raises TooManyRequests for an address that has guessed too often: see `misses`."""
    if (counter := _counter()) and not counter.test(*GUESSES, address):
        raise _refusal(counter, *GUESSES, address)


def allowed(limit: RateLimitItem, what: str, whom: str) -> bool:
    """Count one for a person, of whom nothing readable is kept, whatever the address; False when that was one too many."""
    counter = _counter()
    who = hmac.digest(settings().key().encode(), whom.encode(), "sha256").hex()
    return counter is None or counter.hit(limit, what, who)


def init_app(app: Flask) -> None:
    url = app.extensions["engage_settings"].redis_url
    storage = storage_from_string(url) if url else ProcessStorage()
    app.extensions["engage_rates"] = FixedWindowRateLimiter(storage) if app.config["RATELIMIT_ENABLED"] else None


def _counter() -> FixedWindowRateLimiter | None:
    return current_app.extensions["engage_rates"]


def _address() -> str:
    return request.remote_addr or ""


def _refusal(counter: FixedWindowRateLimiter, limit: RateLimitItem, *counted: str) -> TooManyRequests:
    return TooManyRequests(retry_after=datetime.fromtimestamp(counter.get_window_stats(limit, *counted).reset_time, UTC))
