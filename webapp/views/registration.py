"""From an invitation or a public event to a ticket: accept, decline, register, change, cancel."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import codes, fields, invitations, parties, registrations, waiting
from engage.answers import AnswersRefused
from engage.applications import Application, InvitationNeeded, TooManyCompanions
from engage.errors import Conflict, EngageError, Invalid
from engage.events import Event, State, Visibility
from engage.invitations import Invitation
from engage.lost_links import clean_contact
from engage.outbox import Purpose
from engage.parties import Attendee, Registration
from engage.people import Category, Invitee
from engage.quotas import CategoryFull, Full, NeverFits
from engage.registrations import AlreadyRegistered, Applied
from engage.waiting import NotOffered
from surveys import questionnaires
from webapp import wiring
from webapp.answering import coming, judged, of_holder, sheet
from webapp.errors import Refusal, form_refused, status_of, words
from webapp.forms.party_list import fill, handed_in, mark_rows
from webapp.forms.registration import STATED, ReasonForm, RegistrationForm, number, read, rows_of
from webapp.guests import UNLISTED, refusal
from webapp.openings import full, may_wait, obstacle, self_chosen
from webapp.rates import limited, misses
from webapp.security import for_guests
from webapp.views.public import calendar, qr, visible
from webapp.views.resend import sent_again
from webapp.wiring import asked, clock, db, link, saving, sent_fields

pages = Blueprint("registration", __name__)


@pages.after_request
def unlisted(response: Response) -> Response:
    """What stands behind a personal link is kept by nobody on the way and found by no search engine."""
    response.headers.update(UNLISTED)
    return response


@pages.route("/events/<slug>/register", methods=["GET", "POST"])
@for_guests
def register(slug: str) -> Response | str:
    """A stranger registers for a public event."""
    refused = refusal()
    if isinstance(refused, AlreadyRegistered):
        return _known()
    event, categories = visible(slug), self_chosen(db.session())
    stranger = event.visibility is Visibility.PUBLIC
    blocked = obstacle(event, categories, now=clock()) if stranger else InvitationNeeded()
    form = form_for(event, categories, refused=refused, blocked=blocked)
    return render_template("public/register.html", event=event, form=form, categories=categories,
                           obstacle=None if form.is_submitted() or may_wait(blocked) else blocked)


@pages.route("/i/<token>", methods=["GET", "POST"])
@for_guests
@misses
def invitation(token: str) -> Response | str:
    """The personal page of somebody who is invited: what it is about, yes or no."""
    found = invitations.by_token(db.session(), token)
    _note_opened(found)
    event, invitee = found.event, found.invitee
    refused = refusal()
    if isinstance(refused, AlreadyRegistered):
        return _known()
    standing = parties.of_invitation(db.session(), found)
    blocked = obstacle(event, [invitee.category], now=clock())
    form = form_for(event, [invitee.category], invitee, refused=refused, blocked=blocked)
    return render_template("public/invitation.html", event=event, invitation=found, form=form, standing=standing,
                           categories=[invitee.category], obstacle=None if form.is_submitted() or may_wait(blocked) else blocked)


@pages.route("/i/<token>/decline", methods=["GET", "POST"])
@misses
@limited("30 per minute")
def decline(token: str) -> Response | str:
    """Somebody who is invited will not come, and may say why."""
    found = invitations.by_token(db.session(), token)
    standing = parties.of_invitation(db.session(), found)
    if standing is not None and standing.handed_over_at:
        return redirect(url_for(".invitation", token=token))
    if standing is not None:
        return redirect(url_for(".cancel", code=standing.leader.ticket_code))
    form = ReasonForm()
    declined = invitations.State.DECLINED
    if found.state is not declined and not form.validate_on_submit():
        return render_template("public/decline.html", event=found.event, invitation=found, form=form)
    if found.state is not declined:
        with saving() as session:
            invitations.answer(session, found, declined, reason=form.reason.data or "", by=_actor(found), now=clock())
    return redirect(url_for(".invitation", token=token))


@pages.get("/t/<code>")
@misses
def ticket(code: str) -> str:
    """The ticket: a QR code and what one needs on the way; at the door staff admit with it."""
    return _ticket_page(parties.by_ticket(db.session(), code))


@pages.post("/t/<code>/confirm")
@for_guests
@misses
@limited("30 per minute")
def confirm(code: str) -> Response | str | tuple[str, int]:
    """The leader takes the seat that the party was offered."""
    party = parties.led_with(db.session(), code)
    try:
        with saving() as session:
            waiting.confirm(session, party, by=_leader_of(party), now=clock())
    except NotOffered as error:
        if party.state is not parties.State.CONFIRMED:  # else the button was pressed twice
            return _ticket_page(party.leader, refusal=error), status_of(error)
    return _to_ticket(code)


@pages.get("/t/<code>.ics")
@misses
def ticket_calendar(code: str) -> Response:
    """The event as a calendar entry that leads back to the ticket; who holds no seat reads on the page why there is none."""
    holder = parties.by_ticket(db.session(), code)
    if holder.state is not parties.State.CONFIRMED:
        return _to_ticket(code)
    return calendar(holder.registration.event, link("registration.ticket", code=code))


@pages.get("/t/<code>.png")
@misses
def ticket_picture(code: str) -> Response:
    """The ticket's QR code as a picture to keep; of a ticket that admits nobody the page says why there is none."""
    holder = parties.by_ticket(db.session(), code)
    if holder.state is not parties.State.CONFIRMED:
        return _to_ticket(code)
    answer = Response(codes.qr_png(link("registration.ticket", code=code)), content_type="image/png")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{holder.registration.event.slug}.png")
    return answer


@pages.route("/t/<code>/change", methods=["GET", "POST"])
@misses
@limited("30 per minute")
def change(code: str) -> Response | str:
    """The leader states anew who comes and to what."""
    party = parties.led_with(db.session(), code)
    event, leader = party.event, party.leader
    invited = party.invitation is not None
    refused = None
    categories = [party.category] if invited else self_chosen(db.session())
    category = _chosen(categories, party.category)
    if category and (stated := _stated(position=leader.position)) is not None:
        try:
            with saving() as session:
                application, by, now = Application(category=category, **stated), _leader_of(party), clock()
                applied = Applied(event, application, by, party.invitation)
                sheets = judged(fields.asked(session, event), applied, coming(asked(request.environ)), party=party, now=now)
                registrations.change(session, party, application, by=by, now=now)
                sheets.keep(session, party, by=by, now=now)
        except EngageError as error:
            refused = error
        else:
            flash(gettext("更改已保存。"), "success")
            return _to_ticket(party.leader.ticket_code)
    form = form_for(event, categories, leader, party, refused=refused)
    return render_template("public/change.html", event=event, registration=party, form=form, categories=categories,
                           obstacle=None if form.is_submitted() else _unchangeable(party))


@pages.route("/t/<code>/cancel", methods=["GET", "POST"])
@misses
@limited("30 per minute")
def cancel(code: str) -> Response | str:
    """The leader gives the party's seats back."""
    party = parties.led_with(db.session(), code)
    form = ReasonForm()
    if form.validate_on_submit() and party.state is not parties.State.CANCELLED:
        try:
            with saving() as session:
                now = clock()
                registrations.cancel(session, party, reason=form.reason.data or "", by=_leader_of(party), now=now)
                parties.tell(session, party, Purpose.CANCELLATION, now=now)
        except Conflict as error:
            form_refused(form, error)
    if party.state is parties.State.CANCELLED:
        return redirect(url_for(".ticket", code=code))
    return render_template("public/cancel.html", event=party.event, registration=party, form=form)



def _actor(found: Invitation | None) -> str:
    return "guest" if found is None else f"invitee:{found.invitee_id}"


def _leader_of(party: Registration) -> str:
    return "guest" if party.handed_over_at else _actor(party.invitation)


def _note_opened(found: Invitation) -> None:
    """Staff who look at a letter's link are not the invitee."""
    first = invitations.State.OPENED in invitations.NEXT[found.state]
    if first and request.method == "GET" and not current_user.is_authenticated:
        with saving() as session:
            invitations.opened(session, found, now=clock())


def _chosen(categories: Sequence[Category], present: Category) -> Category | None:
    """What was picked; where there is no choice, what the party came as."""
    stated = request.form.get("category")
    return present if stated is None else next((each for each in [present, *categories] if each.id == number(stated)), None)


def _stated(*, position: str = "") -> dict[str, Any] | None:
    """What was sent; None where nothing was, where the form says what is wrong with it, or where a list is to be filled in first."""
    if request.method != "POST" or handed_in(sent_fields()):
        return None
    return read(sent_fields(), position=position, language=wiring.language())


def _known() -> Response:
    """Somebody of this name and contact is registered, which is nobody else's business: they are told, not whoever sent this."""
    sent = sent_fields()
    return sent_again(clean_contact(sent.get("phone", "").strip() or sent.get("email", "")), "resend.repeated")


def form_for(
    event: Event, categories: Sequence[Category], known: Invitee | Attendee | None = None, party: Registration | None = None,
    *, refused: Refusal | None, blocked: EngageError | None = None,
) -> RegistrationForm:
    """The form as these categories are asked, filled in with what is known or was sent, and what is wrong with that.

    Where all seats are gone (`blocked`) and people may wait, it is one to wait with.
    """
    stated = {name: getattr(known, name) for name in STATED} if known else {}
    if party is not None:
        stated |= {
            "category": party.category_id, "activities": [activity.id for activity in party.activities],
            "companions": [{"name": guest.name, "phone": guest.phone} for guest in party.companions], "consent": True,
        }
    listed = fill(request.form, request.files) if request.method == "POST" and handed_in(request.form) else None
    form = RegistrationForm(data=stated, **({"formdata": listed.sent} if listed else {}))
    rows = max((category.companions for category in categories), default=0)
    form.offer({category.id: category.name for category in categories}, rows=rows)
    form.answers = sheet(event, categories, party=party, refusal=refused)
    joins = party is None and waiting.joinable(event, now=clock())
    form.waiting_list = joins or (party is not None and party.state is parties.State.WAITING)
    form.wait.data = "y" if joins and (may_wait(blocked) or "y" in (form.wait.raw_data or ())) else ""
    form.may_wait = joins and isinstance(refused, Full)
    if listed:
        form.list_told, form.list_problem, form.list_text = listed.told, listed.problem, listed.sent.get("list", "")
        mark_rows(form, listed.sent)
        if len(rows_of(listed.sent)) > rows:
            form.companions_errors = [words(TooManyCompanions(allowed=rows))]
    elif form.is_submitted():
        form.validate()
        if refused:
            _refused(form, event, refused)
    return form


def _ticket_page(holder: Attendee, *, refusal: EngageError | None = None) -> str:
    party = holder.registration
    place = waiting.place(db.session(), party) if party.state is parties.State.WAITING else None
    return render_template(
        "public/ticket.html", attendee=holder, registration=party, event=party.event, survey=_survey_open(holder), lines=of_holder(holder),
        qr=qr(link("registration.ticket", code=holder.ticket_code)), place=place, refusal=refusal and words(refusal),
    )


def _to_ticket(code: str) -> Response:
    return redirect(url_for(".ticket", code=code))


def _refused(form: RegistrationForm, event: Event, error: Refusal) -> None:
    """All that is wrong, each next to the field that can put it right, where nothing is said about that field yet."""
    faults = [error, *error.besides] if isinstance(error, Invalid) else [error]
    if any("row" in fault.facts for fault in faults):
        mark_rows(form, request.form)
    for fault in faults:
        unsaid = fault.field not in form.errors
        if unsaid and "row" not in fault.facts and not isinstance(fault, AnswersRefused):  # of these the sheet tells
            _say(form, event, fault)


def _say(form: RegistrationForm, event: Event, error: Refusal) -> None:
    if activity := next((activity for activity in event.activities if activity.id == error.facts.get("activity_id")), None):
        left = gettext("共有 %(seats)s 个名额", seats=error.facts["seats"]) if isinstance(error, NeverFits) else gettext("还有 %(free)s 个名额", **error.facts)
        form.activities.errors = [gettext(
            "“%(title)s”%(left)s，您一行需要 %(wanted)s 个。请减少人数，或不选这个环节。", title=activity.title, left=left, wanted=error.facts["wanted"],
        )]
        return
    if isinstance(error, CategoryFull):
        error.field = "category"
    if error.field == "companions":  # of all of them: it belongs to no single row
        form.companions_errors = [gettext("随行人员：%(problem)s", problem=words(error))]
    else:
        form_refused(form, error)


def _unchangeable(party: Registration) -> EngageError | None:
    """Why nothing can be changed any more. Seats do not matter here: the party has its own."""
    if party.state is parties.State.CANCELLED:
        return registrations.AlreadyCancelled()
    if any(attendee.arrived_at for attendee in party.attendees):
        return registrations.AlreadyHere()
    refusal = obstacle(party.event, [], now=clock())
    return None if full(party.event.quota) and party.event.state is State.PUBLISHED else refusal


def _survey_open(holder: Attendee) -> bool:
    """Whether to offer the questionnaire: the event has begun and answers are taken."""
    event, now = holder.registration.event, clock()
    begun = event.starts_at is not None and event.starts_at <= now and holder.state is parties.State.CONFIRMED
    return begun and event.questionnaire is not None and questionnaires.accepts(event.questionnaire, now=now)


