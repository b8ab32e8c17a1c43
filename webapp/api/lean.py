"""What pages need of every request, and calls of the API with a token do not: a session, form tokens, sign-in.

A scan is worth a quarter of a millisecond of the processor, and these would add half of that. Guests who send a form need no
session either. They stay in force for all else.
"""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from webapp.security import secured

PREFIX = "/api/"
GUESTS = re.compile(r"/(q/[^/]+|i/[^/]+|t/[^/]+/confirm|events/[^/]+/register)")  # forms marked `security.for_guests`


class PageSessions(SecureCookieSessionInterface):
    """No cookie is read or set for a call of the API that brings a token of its own, nor for a guest who sends a form."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        path = request.path
        with_token = path.startswith(PREFIX) and "Authorization" in request.headers
        if with_token or (request.method == "POST" and GUESTS.fullmatch(path)):
            return None
        return super().open_session(app, request)


def init_app(app: Flask) -> None:
    """Put the extensions' hooks behind one question. Call it when all of them are registered."""
    app.session_interface = PageSessions()
    before, after = tuple(app.before_request_funcs[None]), tuple(app.after_request_funcs[None])
    app.before_request_funcs[None] = [_before_pages(before)]
    app.after_request_funcs[None] = [_after_pages(after)]


def _before_pages(hooks: tuple[Callable[[], Any], ...]) -> Callable[[], Any]:
    def before() -> Any:
        if request.path.startswith(PREFIX):
            return None
        return next((answer for hook in hooks if (answer := hook()) is not None), None)

    return before


def _after_pages(hooks: tuple[Callable[[Any], Any], ...]) -> Callable[[Response], Response]:
    def after(response: Response) -> Response:
        if request.path.startswith(PREFIX):
            return secured(response)
        for hook in reversed(hooks):  # as Flask calls them
            response = hook(response)
        return response

    return after
