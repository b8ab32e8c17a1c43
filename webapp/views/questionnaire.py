"""Answering: by the link in the hall, or by a guest's own link."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveys import forms, responses
from surveys.responses import AlreadyAnswered, InvalidAnswers, NotOpen
from webapp import wiring
from webapp.asking import Asking, Filled, asking_of, store
from webapp.forms.questionnaire import Sheet
from webapp.rates import limited, misses
from webapp.security import for_guests
from webapp.views.registration import unlisted
from webapp.wiring import db, sent_fields

REMEMBERED = 90 * 86_400  # seconds for which a device knows that it has sent answers

pages = Blueprint("questionnaire", __name__)
pages.after_request(unlisted)


@pages.route("/q/<token>", methods=["GET", "POST"])
@for_guests
@misses
@limited("120 per minute")
def answer(token: str) -> Response | str:
    """The questionnaire, filled in on one page and sent once."""
    sheet = Sheet(sent_fields().to_dict(flat=False) if request.method == "POST" else {})
    if request.method == "POST":
        try:
            return _thanked(token, store(Filled(token, sheet, wiring.language())))
        except InvalidAnswers as refusal:
            sheet = Sheet(sheet.sent, refusal.problems)
        except AlreadyAnswered:
            return _told("survey_done", _asking(token))
        except NotOpen:
            return _told("survey_closed", _asking(token))
    asking = _asking(token)
    if request.method == "GET":
        if not asking.open():
            return _told("survey_closed", asking)
        if _done(asking) and (asking.attendee or "again" not in request.args):
            return _told("survey_done", asking)
    form = forms.form_of(db.session(), asking.questionnaire)
    return _told("questionnaire", asking, form=form, sheet=sheet, groups=() if asking.attendee else asking.groups(db.session()))


@pages.get("/q/<token>/thanks")
@misses
def thanks(token: str) -> str:
    """What happens with the answers."""
    return _told("survey_thanks", _asking(token))


def _asking(token: str) -> Asking:
    return asking_of(db.session(), token)


def _done(asking: Asking) -> bool:
    """Whether this person, or somebody on this device, has answered."""
    if asking.attendee is None:
        return asking.cookie in request.cookies
    return responses.answered(db.session(), asking.questionnaire, context=asking.event.slug, respondent=asking.respondent or "")


def _told(page: str, asking: Asking, **facts: Any) -> str:
    return render_template(f"public/{page}.html", asking=asking, event=asking.event, questionnaire=asking.questionnaire, **facts)


def _thanked(token: str, cookie: str | None) -> Response:
    reply = redirect(url_for(".thanks", token=token))
    if cookie:
        reply.set_cookie(cookie, "1", max_age=REMEMBERED, path=request.path, httponly=True,
                         secure=wiring.settings().https, samesite="Lax")
    return reply
