"""Answering: by the link in the hall, or by a guest's own link."""

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from surveys import forms, quotas
from surveys.kinds import Missing
from surveys.responses import AlreadyAnswered, InvalidAnswers, NotOpen
from webapp.asking import Asking, asking_of
from webapp.errors import words
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
    refused, asking = refusal(), asking_of(db.session(), token)
    if isinstance(refused, AlreadyAnswered):
        return told("survey_done", asking)
    if refused is None and asking.open() and _done(asking) and (asking.attendee or "again" not in request.args):
        return told("survey_done", asking)
    return asked(asking, refused)


@pages.get("/q/<token>/thanks")
@misses
def thanks(token: str) -> str:
    """What happens with the answers."""
    return told("survey_thanks", asking_of(db.session(), token))


def asked(asking: Asking, refused: Exception | None, **facts: Any) -> str:
    """The form: blank, or with what was sent and what is wrong with it. Raises what no form can put right."""
    if isinstance(refused, NotOpen) or (refused is None and not asking.open()):
        return told("survey_closed", asking, **facts)
    if refused and not isinstance(refused, InvalidAnswers):
        raise refused
    sheet = Sheet(sent_fields().to_dict(flat=False), refused.problems, {code for code, file in request.files.items() if file.filename}) if refused else Sheet()
    form = forms.form_of(db.session(), asking.questionnaire)
    groups = asking.groups(db.session()) if form.relies or not asking.attendee else ()
    segment = groups[0].code if asking.attendee and groups else ""
    full = quotas.full(db.session(), form, context=asking.event.slug)
    return told("questionnaire", asking, form=form, sheet=sheet, groups=() if asking.attendee else groups, segment=segment, full=full,
                forgotten=words(Missing()), **facts)


def _done(asking: Asking) -> bool:
    """Whether this person, or somebody on this device, has answered."""
    if asking.attendee is None:
        return asking.cookie in request.cookies
    return asking.done()


def told(page: str, asking: Asking, **facts: Any) -> str:
    """One of the pages about a questionnaire."""
    return render_template(f"public/{page}.html", asking=asking, event=asking.event, questionnaire=asking.questionnaire, **facts)
