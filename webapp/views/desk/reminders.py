"""When those who have not answered are reminded, and reminding them now."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, reminders
from engage.errors import EngageError
from engage.staff import Permission
from webapp import delivery
from webapp.errors import form_refused, status_of, words
from webapp.forms.invitations import ANCHOR_WORDS, ReminderForm
from webapp.forms.staff import EmptyForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.route("/events/<slug>/reminders", methods=["GET", "POST"], endpoint="reminders")
@allowed(Permission.INVITE)
def reminder_list(slug: str) -> Answer:
    """The event's reminders, and a form for one more."""
    event = events.by_slug(db.session(), slug)
    form = ReminderForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                reminders.add(session, event, form.anchor.data, form.days.data or 0, by=current_user.by, now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("提醒已保存。"), "success")
            return redirect(url_for("desk.reminders", slug=slug))
    return _page(slug, form), 422 if form.errors else 200


@desk.post("/events/<slug>/reminders/<int:reminder_id>/delete")
@allowed(Permission.INVITE)
def delete_reminder(slug: str, reminder_id: int) -> Response:
    """Take it off; it is set again with two clicks."""
    with saving() as session:
        event = events.by_slug(session, slug)
        reminders.remove(session, reminders.of_id(session, event, reminder_id), by=current_user.by, now=clock())
    flash(gettext("提醒已删除。"), "success")
    return redirect(url_for("desk.reminders", slug=slug))


@desk.post("/events/<slug>/reminders/now")
@allowed(Permission.INVITE)
def remind_now(slug: str) -> Answer:
    """Remind whoever has not answered."""
    event = events.by_slug(db.session(), slug)
    if not EmptyForm().validate_on_submit():
        return redirect(url_for("desk.reminders", slug=slug))
    try:
        with saving() as session:
            count = reminders.send_now(session, event, by=current_user.by, now=clock())
    except EngageError as error:
        return _page(slug, ReminderForm(formdata=None), words(error)), status_of(error)
    flash(gettext("已将 %(count)s 条提醒放入发件箱。", count=count), "success")
    return redirect(url_for("desk.outbox", event=slug, purpose="reminder"))


def _page(slug: str, form: ReminderForm, refusal: str = "") -> str:
    event, now = events.by_slug(db.session(), slug), clock()
    blocked = ""
    try:
        events.require_open(event, now=now)
    except EngageError as error:
        blocked = words(error)
    return render_template(
        "desk/invitations/reminders.html", event=event, form=form, refusal=refusal, blocked=blocked, anchors=ANCHOR_WORDS,
        reminders=reminders.of_event(db.session(), event), counts=reminders.to_send(db.session(), event, now=now),
        missing=delivery.missing_settings(),
    )
