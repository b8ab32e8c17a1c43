"""Somebody else comes: the leader swaps a companion, or hands the registration over to a colleague."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from engage import newcomers, parties, replacements
from engage.answers import AnswersRefused
from engage.errors import EngageError
from engage.newcomers import Form
from engage.parties import Attendee, NotLeader, State, TicketNotFound
from webapp.answering import sheet_of_one, told
from webapp.errors import form_refused, status_of
from webapp.forms.guests import HandOverForm, SwapForm
from webapp.rates import limited, misses
from webapp.security import for_guests
from webapp.views.registration import unlisted
from webapp.wiring import clock, db, saving

pages = Blueprint("replacements", __name__)
pages.after_request(unlisted)
Answer = Response | str | tuple[str, int]


@pages.route("/t/<code>/swap/<int:attendee_id>", methods=["GET", "POST"])
@for_guests
@misses
@limited("30 per minute")
def swap(code: str, attendee_id: int) -> Answer:
    """The leader names who comes instead of a companion."""
    party = parties.led_with(db.session(), code)
    guest = next((one for one in party.attendees[1:] if one.id == attendee_id), None)
    if guest is None:
        raise TicketNotFound
    form = SwapForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                answered = told(newcomers.replacing(session, guest), now=clock())
                replacements.swap(session, guest, form.person(), told=answered, by="guest", now=clock())
        except EngageError as error:
            return _page("swap", guest, form, error)
        return redirect(url_for("registration.ticket", code=code))
    return _page("swap", guest, form)


@pages.route("/t/<code>/hand-over", methods=["GET", "POST"])
@for_guests
@misses
@limited("10 per minute; 30 per hour")
def hand_over(code: str) -> Answer:
    """The leader gives the registration to somebody else. What comes from the old ticket afterwards changes nothing."""
    leader = parties.by_ticket(db.session(), code)
    if leader.place and leader.state is not State.CANCELLED:
        raise NotLeader
    form = HandOverForm(data={"organisation": leader.organisation})
    if form.validate_on_submit():
        try:
            with saving() as session:
                answered = told(newcomers.replacing(session, leader), now=clock())
                replacements.hand_over(session, leader, form.person(), told=answered, by="guest", now=clock())
        except EngageError as error:
            return _page("hand_over", leader, form, error)
        return redirect(url_for("registration.ticket", code=code))
    return _page("hand_over", leader, form)


def _page(name: str, attendee: Attendee, form: SwapForm, refusal: EngageError | None = None) -> Answer:
    """The form with what is wrong with it, or why it is too late for one."""
    obstacle = None
    try:
        replacements.require_replaceable(attendee, now=clock())
    except EngageError as error:
        obstacle = error
    asked = newcomers.replacing(db.session(), attendee)
    if form.errors and not obstacle:  # nobody has looked at the answers yet
        refusal = _wrong_answers(asked)
    elif refusal and not obstacle and not isinstance(refusal, AnswersRefused):
        form_refused(form, refusal)
    form.answers = sheet_of_one(asked, [attendee.category], refusal=refusal)
    page = render_template(f"public/{name}.html", attendee=attendee, registration=attendee.registration, form=form,
                           event=attendee.registration.event, obstacle=obstacle)
    return (page, status_of(obstacle)) if refusal and obstacle else page


def _wrong_answers(asked: Form) -> AnswersRefused | None:
    try:
        told(asked, now=clock())
    except AnswersRefused as refusal:
        return refusal
    return None
