"""Telling an event's guests something all at once: thanks with the questionnaire, or that it is cancelled."""

from datetime import datetime

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import afterwards, events
from engage.events import Event, State
from engage.outbox import Purpose
from engage.staff import Permission
from webapp import delivery, notices
from webapp.forms.afterwards import AfterwardsForm
from webapp.forms.staff import EmptyForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving


@desk.route(f"/events/<slug>/tell/<any({', '.join(notices.TOLD_TOGETHER)}):purpose>", methods=["GET", "POST"])
@allowed(Permission.INVITE)
def tell_guests(slug: str, purpose: str) -> str | Response:
    """Tell whoever has not been told yet, once the numbers by channel are confirmed."""
    event, wanted = events.by_slug(db.session(), slug), Purpose(purpose)
    if wanted not in tellable(event, now=clock()):
        abort(409)
    if EmptyForm().validate_on_submit():
        with saving() as session:
            told = notices.tell_all(session, event, wanted, by=current_user.by, now=clock())
        flash(gettext("已将 %(count)s 条消息放入发件箱。", count=told), "success")
        return redirect(url_for("desk.outbox", event=slug, purpose=purpose))
    return render_template("desk/events/tell.html", event=event, purpose=wanted, missing=delivery.missing_settings(),
                           counts=notices.to_tell(db.session(), event, wanted))


@desk.route("/events/<slug>/afterwards", methods=["GET", "POST"], endpoint="afterwards")
@allowed(Permission.INVITE)
def tell_afterwards(slug: str) -> str | Response:
    """Tick what is told the next morning, and find the way to tell it now."""
    event = events.by_slug(db.session(), slug)
    chosen = afterwards.of_event(db.session(), event)
    form = AfterwardsForm(obj=chosen)
    if form.validate_on_submit():
        with saving() as session:
            afterwards.choose(session, event, thanks=form.thanks.data, missed=form.missed.data, by=current_user.by, now=clock())
        flash(gettext("设置已保存。"), "success")
        return redirect(url_for("desk.afterwards", slug=slug))
    return render_template("desk/events/afterwards.html", event=event, chosen=chosen, form=form)


def tellable(event: Event, *, now: datetime) -> list[Purpose]:
    """What the guests can be told as things stand: thanks from the beginning on, that they were missed once it is over, or that the
    event is cancelled.
    """
    if event.state is State.CANCELLED:
        return [Purpose.CALLED_OFF]
    took_place = event.state in {State.PUBLISHED, State.CLOSED}
    began, ended = (took_place and moment is not None and moment <= now for moment in (event.starts_at, event.ends_at))
    return [Purpose.THANKS, Purpose.MISSED] if ended else [Purpose.THANKS] if began else []


@desk.context_processor
def tell_words() -> dict[str, object]:
    """What the pages of an event ask to offer the way here."""
    return {"tellable": tellable}
