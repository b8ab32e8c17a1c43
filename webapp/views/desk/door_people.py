"""People at the door who are not on the list as they come: walk-ins, and stand-ins for somebody else."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, newcomers, parties, people, stand_ins, walk_ins
from engage.answers import AnswersRefused, Standing
from engage.errors import EngageError
from engage.events import Event
from engage.newcomers import Form
from engage.parties import Attendee
from engage.staff import Permission
from engage.walk_ins import WalkIn, WalkInRequest
from webapp.answering import sheet_of_one, told
from webapp.errors import form_refused, status_of
from webapp.forms.door import StandInForm, walk_in_form, walk_in_refused
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving, sent_fields

Answer = str | Response | tuple[str, int]


@desk.route("/events/<slug>/door/walk-in", methods=["GET", "POST"])
@allowed(Permission.DOOR)
def door_walk_in(slug: str) -> Answer:
    """Enter somebody who came without a registration. A refusal here is seen at once and is no doubt for later."""
    event, categories, refused = events.by_slug(db.session(), slug), people.categories(db.session()), None
    form = walk_in_form(categories, str(uuid.uuid4()))
    if form.validate_on_submit():
        try:
            entered = _entered(slug, form.request(now=clock()))
        except walk_ins.NotEntered as refusal:
            walk_in_refused(form, walk_ins.Result(str(refusal.facts["result"])))
        except AnswersRefused as refusal:
            refused = refusal
        else:
            return redirect(url_for("desk.door", slug=slug, scan=entered.id), 303)
    form.answers = sheet_of_one(Form(newcomers.at_the_door(db.session(), event), Standing(0)), categories, refusal=refused)
    return render_template("desk/door_walk_in.html", event=event, form=form), 422 if form.errors or refused else 200


def _entered(slug: str, request: WalkInRequest) -> WalkIn:
    """Enter the person with what was answered; the form's `later` lets in whose answers are not complete yet."""
    with saving() as session:
        event = events.by_slug(session, slug)
        category = next(each for each in people.categories(session) if each.code == request.category)
        standing = Standing(category.id, later="later" in sent_fields())
        answered = told(Form(newcomers.at_the_door(session, event), standing), now=request.at)
        repeated = session.get(WalkIn, request.id)
        entered = walk_ins.enter_now(session, event, request, by=current_user.by, now=request.at)
        if not repeated and entered.attendee:
            newcomers.keep(session, entered.attendee, answered, by=current_user.by, now=request.at)
    return entered


@desk.route("/events/<slug>/door/stand-in/<int:attendee_id>", methods=["GET", "POST"])
@allowed(Permission.DOOR)
def door_stand_in(slug: str, attendee_id: int) -> Answer:
    """Put another name on a ticket whose holder did not come."""
    event, form = events.by_slug(db.session(), slug), StandInForm()
    attendee = db.session.get(Attendee, attendee_id)
    if attendee is None or attendee.event_id != event.id:
        raise parties.TicketNotFound
    if not form.validate_on_submit():
        return _stand_in_page(event, attendee, form), 422 if form.errors else 200
    try:
        with saving() as session:
            stand_ins.stand_in(session, attendee, form.name.data or "", by=current_user.by, now=clock())
    except EngageError as error:
        form_refused(form, error)
        return _stand_in_page(event, attendee, form), status_of(error)
    flash(gettext("姓名已更换，可以签到。"), "success")
    return redirect(url_for("desk.door", slug=slug, code=attendee.ticket_code), 303)


def _stand_in_page(event: Event, attendee: Attendee, form: StandInForm) -> str:
    return render_template("desk/door_stand_in.html", event=event, attendee=attendee, form=form, category_name=category_name)
