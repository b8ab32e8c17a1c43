"""People at the door who are not on the list as they come: walk-ins, and stand-ins for somebody else."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, parties, people, stand_ins, walk_ins
from engage.errors import EngageError
from engage.events import Event
from engage.parties import Attendee
from engage.staff import Permission
from webapp.errors import form_refused, status_of
from webapp.forms.door import StandInForm, walk_in_form, walk_in_refused
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.route("/events/<slug>/door/walk-in", methods=["GET", "POST"])
@allowed(Permission.DOOR)
def door_walk_in(slug: str) -> Answer:
    """Enter somebody who came without a registration. A refusal here is seen at once and is no doubt for later."""
    event = events.by_slug(db.session(), slug)
    form = walk_in_form(people.categories(db.session()), str(uuid.uuid4()))
    if form.validate_on_submit():
        try:
            with saving() as session:
                entered = walk_ins.enter_now(session, event, form.request(now=clock()), by=current_user.by, now=clock())
        except walk_ins.NotEntered as refusal:
            walk_in_refused(form, walk_ins.Result(str(refusal.facts["result"])))
        else:
            return redirect(url_for("desk.door", slug=slug, scan=entered.id), 303)
    return render_template("desk/door_walk_in.html", event=event, form=form), 422 if form.errors else 200


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
