"""Answering: by the link in the hall, or by a guest's own link."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from engage import arrivals, people, registrations
from engage.events import Event, State
from engage.people import Category
from engage.registrations import Attendee, TicketNotFound
from surveys import forms, questionnaires, responses
from surveys.questionnaires import NoSuchQuestionnaire, Questionnaire
from surveys.responses import AlreadyAnswered, InvalidAnswers, NotOpen
from webapp import formats, wiring
from webapp.forms.questionnaire import SEGMENT, Sheet
from webapp.rates import limited, misses
from webapp.views.registration import unlisted
from webapp.wiring import clock, db, saving

SMALL = 5  # in an anonymous questionnaire nobody is asked for a group of fewer people than this
REMEMBERED = 90 * 86_400  # seconds for which a device knows that it has sent answers
BY_SURVEY_CODE = sa.select(Event).where(Event.survey_code == sa.bindparam("code")).options(joinedload(Event.questionnaire))

pages = Blueprint("questionnaire", __name__)
pages.after_request(unlisted)


@dataclass(frozen=True)
class Asking:
    """Who is asked on which occasion; without an attendee it is whoever scans the code in the hall."""

    event: Event
    questionnaire: Questionnaire
    attendee: Attendee | None

    @property
    def respondent(self) -> str | None:
        return f"attendee:{self.attendee.id}" if self.attendee else None

    @property
    def cookie(self) -> str:
        return f"answered-{self.questionnaire.id}"

    def done(self) -> bool:
        """Whether this person, or somebody on this device, has answered."""
        if self.attendee is None:
            return self.cookie in request.cookies
        return responses.answered(db.session(), self.questionnaire, context=self.event.slug, respondent=self.respondent or "")


@pages.route("/q/<token>", methods=["GET", "POST"])
@misses
@limited("120 per minute")
def answer(token: str) -> Response | str:
    """The questionnaire, filled in on one page and sent once."""
    sheet = Sheet(request.form.to_dict(flat=False))
    if request.method == "POST":
        try:
            return _thanked(_send(token, sheet), token)
        except InvalidAnswers as refusal:
            sheet = Sheet(sheet.sent, refusal.problems)
        except AlreadyAnswered:
            return _told("survey_done", _asking(token))
        except NotOpen:
            return _told("survey_closed", _asking(token))
    asking = _asking(token)
    if request.method == "GET":
        if not _open(asking):
            return _told("survey_closed", asking)
        if asking.done() and (asking.attendee or "again" not in request.args):
            return _told("survey_done", asking)
    form = forms.form_of(db.session(), asking.questionnaire)
    return _told("questionnaire", asking, form=form, sheet=sheet, groups=() if asking.attendee else _groups(asking))


@pages.get("/q/<token>/thanks")
@misses
def thanks(token: str) -> str:
    """What happens with the answers."""
    return _told("survey_thanks", _asking(token))


def _asking(token: str) -> Asking:
    session = db.session()
    event = session.scalar(BY_SURVEY_CODE, {"code": token})
    attendee = None
    if event is None:
        try:
            attendee = registrations.by_survey_code(session, token)
        except TicketNotFound:
            raise NoSuchQuestionnaire from None
        event = attendee.registration.event
        if attendee.state is registrations.State.CANCELLED:
            raise NoSuchQuestionnaire
    if event.questionnaire is None:
        raise NoSuchQuestionnaire
    return Asking(event, event.questionnaire, attendee)


def _open(asking: Asking) -> bool:
    published = asking.event.state in {State.PUBLISHED, State.CLOSED}
    return published and questionnaires.accepts(asking.questionnaire, now=clock())


def _groups(asking: Asking) -> Sequence[Category]:
    """The groups that an answer may be counted under. Anonymous answers only under groups too large to point at anybody."""
    session = db.session()
    if not asking.questionnaire.anonymous:
        return [asking.attendee.category] if asking.attendee else people.categories(session)
    large = [count.category for count in arrivals.counts(session, asking.event) if count.expected >= SMALL]
    if asking.attendee is None:
        return large
    return [category for category in large if category.id == asking.attendee.category_id]


def _send(token: str, sheet: Sheet) -> Asking:
    """Everything is read once, inside the transaction that stores the answers."""
    with saving() as session:
        asking = _asking(token)
        if not _open(asking):
            raise NotOpen
        responses.submit(
            session, asking.questionnaire, sheet.sent, now=formats.local(clock()), context=asking.event.slug,
            segment=_segment(asking, sheet.value(SEGMENT)), respondent=asking.respondent, submission=sheet.submission,
            language=wiring.language(),
        )
    return asking


def _segment(asking: Asking, stated: str) -> str:
    """The code of the group under which the answers are counted, "" for none."""
    if asking.attendee is None and not stated:
        return ""
    codes = [category.code for category in _groups(asking)]
    if asking.attendee is None:
        return stated if stated in codes else ""
    return next(iter(codes), "")


def _told(page: str, asking: Asking, **facts: Any) -> str:
    return render_template(f"public/{page}.html", asking=asking, event=asking.event, questionnaire=asking.questionnaire, **facts)


def _thanked(asking: Asking, token: str) -> Response:
    reply = make_response(redirect(url_for(".thanks", token=token)))
    if asking.attendee is None:
        reply.set_cookie(asking.cookie, "1", max_age=REMEMBERED, path=url_for(".answer", token=token), httponly=True,
                         secure=wiring.settings().https, samesite="Lax")
    return reply
