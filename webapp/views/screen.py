"""The hall's screen of a questionnaire: how to join, and one question with its results. For a projector, without signing in."""

from flask import Blueprint, Response, render_template

from engage import screens
from engage.events import Event
from surveys.questionnaires import Access, Questionnaire
from webapp.asking import questionnaire_of
from webapp.live import sent
from webapp.rates import misses
from webapp.screens import hall_screens
from webapp.tallying import fewest
from webapp.views.public import qr
from webapp.wiring import db, link

pages = Blueprint("screen", __name__)


@pages.after_request
def unlisted(response: Response) -> Response:
    """Whoever has the address may look, and no search engine has it."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/s/<code>")
@misses
def shown(code: str) -> str:
    """The screen as it stands; screen.js keeps it up to date, without it the page loads itself again."""
    event, asked = _asking(code)
    slide, _, _ = hall_screens().slide(event, asked)
    address = link("questionnaire.answer", token=event.survey_code)
    personal = asked.access is Access.PERSONAL
    return render_template("public/screen.html", event=event, questionnaire=asked, code=code, slide=slide, below=fewest(),
                           address=None if personal else address.partition("://")[2], qr=None if personal else qr(address))


@pages.get("/s/<code>/figures")
def figures(code: str) -> Response:
    """What has changed. Most screens are answered before Flask: see `webapp.live.Front`."""
    _, body, fresh = hall_screens().slide(*_asking(code))
    return sent(body, fresh=fresh)


def _asking(code: str) -> tuple[Event, Questionnaire]:
    event = screens.event_of(db.session(), code)
    return event, questionnaire_of(event)
