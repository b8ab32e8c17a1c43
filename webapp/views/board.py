"""The public board of an event: for the hall's screen, without signing in and without anybody's whole name."""

from flask import Blueprint, Response, render_template

from engage import board
from webapp.live import boards, last
from webapp.rates import misses
from webapp.wiring import db

pages = Blueprint("board", __name__)


@pages.after_request
def unlisted(response: Response) -> Response:
    """Whoever has the address may look, and no search engine has it."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/b/<code>")
@misses
def screen(code: str) -> str:
    """The board as it stands; board.js keeps it up to date, without it the page loads itself again."""
    event = board.event_of(db.session(), code)
    figures = boards().snapshot(event.id)[0].figures
    return render_template("public/board.html", event=event, code=code, figures=figures, last=last(figures, names=False))


@pages.get("/b/<code>/figures")
def figures(code: str) -> Response:
    """What has changed. Most boards are answered before Flask: see `webapp.live.Front`."""
    return boards().answer(board.event_of(db.session(), code).id, names=False)
