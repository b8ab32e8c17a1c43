"""The live boards' figures, made once per beat (`webapp.beats`), whatever the number of boards: no board holds a thread.

Two hundred public boards that ask within a beat get what Flask has answered to the first of them, at a twentieth of the cost.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask, Response, current_app, json, request
from sqlalchemy.orm import Session
from werkzeug.test import run_wsgi_app

from engage import board
from engage.board import Figures
from engage.contacts import surname_only
from engage.events import Event
from webapp.beats import Shared, milliseconds_to_next
from webapp.formats import clock_time
from webapp.wiring import clock, db

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PUBLIC = "/b/", "/s/"  # where boards and screens ask that nobody has signed in for
NEXT = "X-Next-In"  # tells a board, in milliseconds, when there can be something new


class Body(NamedTuple):
    """Figures as they are sent."""

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
        self._snapshots: Shared[Snapshot] = Shared()

    def snapshot(self, event_id: int) -> tuple[Snapshot, bool]:
        """The figures of this beat, or, while they are made, of the one before; and whether they are of this one."""
        now = clock()
        return self._snapshots.value(event_id, lambda: _snapshot(db.session(), event_id, now=now), now=now)

    def answer(self, event_id: int, *, names: bool) -> Response:
        """The figures as JSON for a board that is open: empty (304) when it has them, and when to ask again."""
        snapshot, fresh = self.snapshot(event_id)
        return sent(snapshot.full if names else snapshot.masked, fresh=fresh)


def sent(body: Body, *, fresh: bool) -> Response:
    """The answer to a page that is open: empty (304) when it has these figures, and when to ask again."""
    headers = {NEXT: str(milliseconds_to_next(clock(), fresh=fresh)), "Cache-Control": "no-store"}
    if not fresh:
        headers["Age"] = "1"  # `Front` does not keep it for this beat
    response = Response(body.json, content_type="application/json", headers=headers)
    response.set_etag(body.etag)
    response.make_conditional(request)
    return response


class Answer(NamedTuple):
    """What Flask has answered to a public board."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Front:
    """Before Flask: the figures of this beat on public boards and screens, as they were answered to the first who asked."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._answers: Shared[Answer] = Shared()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not path.startswith(PUBLIC) or not path.endswith("/figures"):
            return self._app(environ, start_response)
        known, now = environ.pop("HTTP_IF_NONE_MATCH", ""), clock()
        try:
            answer, fresh = self._answers.value(path, lambda: self._ask(environ), now=now)
        except _NotKept as failure:
            return _send(failure.answer, start_response)
        headers = [*answer.headers, (NEXT, str(milliseconds_to_next(now, fresh=fresh)))]
        if dict(answer.headers)["ETag"] == known:
            return _send(Answer("304 Not Modified", [each for each in headers if not each[0].startswith("Content-")], b""), start_response)
        return _send(answer._replace(headers=headers), start_response)

    def _ask(self, environ: "WSGIEnvironment") -> Answer:
        body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        answer = Answer(status, headers.to_wsgi_list(), b"".join(body))
        if not status.startswith("200") or "Age" in headers:
            raise _NotKept(answer)
        return answer._replace(headers=[each for each in answer.headers if each[0] != NEXT])


class _NotKept(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def boards() -> Boards:
    """The boards of the current app."""
    return current_app.extensions["engage_boards"]


def init_app(app: Flask) -> None:
    app.extensions["engage_boards"] = Boards()
    app.wsgi_app = Front(app.wsgi_app)  # type: ignore[method-assign] -- Flask's own way of wrapping


def last(figures: Figures, *, names: bool) -> list[tuple[str, int, str]]:
    """Who came last, as the board says it: name, category's id, time. For strangers the surname, no category, while the door is open."""
    if names:
        return [(each.name, each.category_id, clock_time(each.at)) for each in figures.last]
    return [(surname_only(each.name), 0, clock_time(each.at)) for each in figures.last] if figures.open else []


def _send(answer: Answer, start_response: "StartResponse") -> Iterable[bytes]:
    start_response(answer.status, answer.headers)
    return [answer.body]


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
    return body_of(shown)


def body_of(shown: object) -> Body:
    """What is sent, named by what it says."""
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Body(hashlib.sha256(text).hexdigest()[:16], text)
