"""The tab of an event with those who come: search, filter, sort, and take a registration back."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from engage import events, fields, missing, parties, people, registrations
from engage.errors import EngageError
from engage.events import Event
from engage.outbox import Purpose
from engage.parties import Attendee, Registration, Standing, State
from engage.people import Category
from engage.staff import Permission
from webapp.errors import status_of, words
from webapp.forms.events import CancelRegistrationForm, category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
SORTS: Mapping[str, tuple[Any, ...]] = {
    "name": (Attendee.name,), "organisation": (Attendee.organisation,), "category": (Category.position,),
    "state": (Attendee.state,), "registered": (Registration.created_at,), "arrived": (Attendee.arrived_at,),
}
Answer = str | Response | tuple[str, int]


@desk.get("/events/<slug>/registrations")
@allowed(Permission.SEE)
def registration_list(slug: str) -> str:
    """The attendees, party by party unless sorted otherwise."""
    session, event = db.session(), events.by_slug(db.session(), slug)
    asked = fields.asked(session, event)
    found = _found(event).options(selectinload(Attendee.registration, Registration.attendees))
    if request.args.get("missing"):
        found = found.where(missing.incomplete(asked))
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    return render_template("desk/events/registrations.html", event=event, pages=pages, personal=current_user.may(Permission.PEOPLE),
                           lacking=missing.of_people(session, asked, [attendee.id for attendee in pages]),
                           labelled=[(category.id, category_name(category)) for category in people.categories(db.session())])


@desk.route("/events/<slug>/registrations/<int:registration_id>/cancel", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def cancel_registration(slug: str, registration_id: int) -> Answer:
    """Take a whole party's registration back, with the reason, once it is confirmed."""
    event = events.by_slug(db.session(), slug)
    registration = db.session.get(Registration, registration_id)
    if registration is None or registration.event_id != event.id:
        abort(404)
    form, waits = CancelRegistrationForm(), registration.state in {State.WAITING, State.OFFERED}
    if not form.validate_on_submit():
        return _cancel_page(event, registration, form)
    try:
        with saving() as session:
            now = clock()
            registrations.cancel(session, registration, reason=form.reason.data or "", by=current_user.by, now=now)
            if form.notify.data:
                parties.tell(session, registration, Purpose.REMOVED, now=now)
    except EngageError as error:
        form.form_errors.append(words(error))
        return _cancel_page(event, registration, form), status_of(error)
    flash(gettext("已移出候补名单。") if waits else gettext("报名已取消，名额已释放。"), "success")
    return redirect(url_for("desk.waiting_list" if waits else "desk.registration_list", slug=slug))


def _found(event: Event) -> sa.Select[Any]:
    """The attendees that this request's search, filters and order ask for.

    Whoever may not see personal data cannot find out by searching for it either: then only organisations are searched.
    """
    wished, typed = request.args.get("state", ""), request.args.get("q", "").strip()
    standing = Standing(wished) if wished in set(Standing) else None
    personal = current_user.may(Permission.PEOPLE)
    category_id = request.args.get("category", type=int)
    found = parties.attendees(event, standing=standing, category_id=category_id, words=typed if personal else "")
    if typed and not personal:
        found = found.where(Attendee.organisation.icontains(typed, autoescape=True))
    wish = request.args.get("sort", "")
    columns = SORTS.get(wish.removeprefix("-"))
    if columns and (personal or columns is not SORTS["name"]):
        ordered = [column.desc() if wish.startswith("-") else column.asc() for column in columns]
        found = found.order_by(None).order_by(*ordered, Attendee.registration_id, Attendee.place)
    return found


def _cancel_page(event: Event, registration: Registration, form: CancelRegistrationForm) -> str:
    return render_template("desk/events/cancel_registration.html", event=event, registration=registration, form=form,
                           personal=current_user.may(Permission.PEOPLE))
