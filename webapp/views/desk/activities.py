"""The desk's pages of an event's activities: add, change, remove."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import activities, events, waiting
from engage.activities import Activity
from engage.errors import EngageError
from engage.events import Event
from engage.staff import Permission
from webapp.errors import form_refused, status_of, words
from webapp.forms.events import ActivityForm, activity_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.waiting import say_promoted
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.route("/events/<slug>/activities/new", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def new_activity(slug: str) -> Answer:
    """Add a part to the event."""
    event = events.by_slug(db.session(), slug)
    form = activity_form()
    if form.validate_on_submit():
        try:
            with saving() as session:
                activities.add(session, event, form.details(), by=current_user.by, now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("环节已添加。"), "success")
            return redirect(url_for("desk.event", slug=slug))
    return _form_page(form, event, None)


@desk.route("/events/<slug>/activities/<int:activity_id>/edit", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def edit_activity(slug: str, activity_id: int) -> Answer:
    """State anew what an activity is."""
    event, activity = found_activity(slug, activity_id)
    form = activity_form(activity)
    if form.validate_on_submit():
        try:
            with saving() as session:
                activities.edit(session, activity, form.details(), by=current_user.by, now=clock())
                promoted = waiting.promote(session, event, now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("修改已保存。"), "success")
            say_promoted(promoted)
            return redirect(url_for("desk.event", slug=slug))
    return _form_page(form, event, activity)


@desk.route("/events/<slug>/activities/<int:activity_id>/remove", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def remove_activity(slug: str, activity_id: int) -> Answer:
    """Take a part out of the event, once it is confirmed."""
    event, activity = found_activity(slug, activity_id)
    page = "desk/events/remove_activity.html"
    if request.method == "GET":
        return render_template(page, event=event, activity=activity)
    try:
        with saving() as session:
            activities.remove(session, activity, by=current_user.by, now=clock())
    except EngageError as error:
        return render_template(page, event=event, activity=activity, refusal=words(error)), status_of(error)
    flash(gettext("环节已删除。"), "success")
    return redirect(url_for("desk.event", slug=slug))


def found_activity(slug: str, activity_id: int) -> tuple[Event, Activity]:
    event = events.by_slug(db.session(), slug)
    activity = next((activity for activity in event.activities if activity.id == activity_id), None)
    if activity is None:
        abort(404)
    return event, activity


def _form_page(form: ActivityForm, event: Event, activity: Activity | None) -> Answer:
    page = render_template("desk/events/activity.html", form=form, event=event, activity=activity)
    return (page, 422) if form.errors else page
