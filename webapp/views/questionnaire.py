"""Answering: by the link in the hall, or by a guest's own link."""

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from surveys import forms, responses
from surveys.responses import AlreadyAnswered, InvalidAnswers, NotOpen
from webapp.asking import Asking, asking_of
from webapp.forms.questionnaire import Sheet
from webapp.guests import refusal
from webapp.rates import misses
from webapp.security import for_guests
from webapp.views.registration import unlisted
from webapp.wiring import db, sent_fields

pages = Blueprint("questionnaire", __name__)
pages.after_request(unlisted)


@pages.route("/q/<token>", methods=["GET", "POST"])
@for_guests
@misses
def answer(token: str) -> Response | str:
    """The questionnaire, filled in on one page and sent once."""
    refused, asking = refusal(), _asking(token)
    if isinstance(refused, AlreadyAnswered):
        return _told("survey_done", asking)
    if isinstance(refused, NotOpen):
        return _told("survey_closed", asking)
    if refused and not isinstance(refused, InvalidAnswers):
        raise refused
    sheet = Sheet(sent_fields().to_dict(flat=False), refused.problems) if refused else Sheet()
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
