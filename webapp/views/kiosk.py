"""A tablet in the hall on which one guest after the other answers: every page leads back to a blank form."""

from typing import NamedTuple

from flask import Blueprint, request
from werkzeug.wrappers import Response

from surveys.questionnaires import NoSuchQuestionnaire
from webapp.asking import Asking, asking_of
from webapp.guests import refusal
from webapp.rates import misses
from webapp.security import for_guests
from webapp.views.questionnaire import asked, told
from webapp.views.registration import unlisted
from webapp.wiring import db

pages = Blueprint("kiosk", __name__)
pages.after_request(unlisted)
IDLE = (30, 60, 120, 300)  # seconds without a touch, of which staff choose


class Kiosk(NamedTuple):
    """How a tablet behaves."""

    idle: int


@pages.route("/q/<token>/kiosk", methods=["GET", "POST"])
@for_guests
@misses
def answer(token: str) -> Response | str:
    """The questionnaire of the hall, whoever has answered on this device before."""
    return asked(_hall(token), refusal(), kiosk=_kiosk())


@pages.get("/q/<token>/kiosk/thanks")
@misses
def thanks(token: str) -> str:
    """Thanks for some seconds; then the next one's form."""
    return told("survey_thanks", _hall(token), kiosk=_kiosk())


def _hall(token: str) -> Asking:
    """Personal links have no business on a tablet. Raises NoSuchQuestionnaire."""
    asking = asking_of(db.session(), token)
    if asking.attendee:
        raise NoSuchQuestionnaire
    return asking


def _kiosk() -> Kiosk:
    stated = request.args.get("idle", type=int)
    return Kiosk(stated if stated in IDLE else IDLE[1])
