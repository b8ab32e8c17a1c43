"""The outbox on the desk: every message, where it stands and why, and sending it again."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, outbox
from engage.errors import EngageError
from engage.events import Event
from engage.outbox import Channel, Message, Purpose, State, Text
from engage.staff import Permission
from webapp import delivery, notices
from webapp.errors import status_of, words
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.public import qr
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
LATE = timedelta(minutes=5)
Answer = str | Response | tuple[str, int]


@desk.get("/outbox", endpoint="outbox")
@allowed(Permission.INVITE)
def message_list() -> str:
    """All messages: search, filter, page; and what waits for somebody's hands."""
    channel, state, purpose = (_choice(kind, name) for kind, name in ((Channel, "channel"), (State, "state"), (Purpose, "purpose")))
    slug = request.args.get("event", "")
    event = events.by_slug(db.session(), slug) if slug else None
    found = outbox.find(event_id=event.id if event else None, channel=channel, state=state, purpose=purpose,
                        words=request.args.get("q", "").strip())
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    told = sa.select(Message.event_id).where(Message.event_id.is_not(None)).distinct()
    listed = db.session.scalars(sa.select(Event).where(Event.id.in_(told)).order_by(Event.starts_at.desc(), Event.id.desc())).all()
    return render_template(
        "desk/outbox/list.html", pages=pages, events={event.id: event for event in listed},
        listed=[(event.slug, event.title) for event in listed], waiting=_waiting(),
        missing=delivery.missing_settings(), late=_late(),
    )


@desk.get("/outbox/<int:message_id>")
@allowed(Permission.INVITE)
def message(message_id: int) -> str:
    """One message as it was written, or as it would be now."""
    return _page(_message(message_id))


@desk.post("/outbox/<int:message_id>/resend")
@allowed(Permission.INVITE)
def resend_message(message_id: int) -> Answer:
    """Queue the same to the same address once more."""
    first = _message(message_id)
    try:
        with saving() as session:
            again = outbox.resend(session, first, by=current_user.by, now=clock()).id
    except EngageError as error:
        return _page(_message(message_id), words(error)), status_of(error)
    flash(gettext("已重新放入发件箱。"), "success")
    return redirect(url_for("desk.message", message_id=again))


@desk.post("/outbox/<int:message_id>/bounced")
@allowed(Permission.INVITE)
def message_bounced(message_id: int) -> Answer:
    """Somebody found out that a message came back."""
    found = _message(message_id)
    try:
        with saving() as session:
            outbox.bounced(session, found, by=current_user.by, now=clock())
    except EngageError as error:
        return _page(_message(message_id), words(error)), status_of(error)
    flash(gettext("已标为退回。"), "success")
    return redirect(url_for("desk.message", message_id=message_id))


def _choice(kind: type[StrEnum], name: str) -> Any:
    value = request.args.get(name)
    return kind(value) if value in set(kind) else None


def _message(message_id: int) -> Message:
    return db.session.get(Message, message_id) or abort(404)


def _page(found: Message, refusal: str = "") -> str:
    event = db.session.get(Event, found.event_id) if found.event_id else None
    text = notices.texts(db.session(), [found]).get(found.id) or Text(found.subject, found.body, found.link)
    return render_template("desk/outbox/message.html", message=found, text=text, event=event, refusal=refusal,
                           qr=qr(text.link) if text.link else "", missing=delivery.missing_settings())


def _late() -> int:
    """How many mails should have left by now: then the mail server cannot be reached, or no job runs."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(outbox.due(Channel.EMAIL, now=clock() - LATE).subquery())) or 0


def _waiting() -> list[tuple[str, str, str, str]]:
    """What somebody at the office has to export or print, by event: look, words, address, what to do."""
    counted = (
        sa.select(Event, Message.channel, sa.func.count(Message.id)).join(Event, Event.id == Message.event_id)
        .where(Message.state == State.QUEUED, Message.channel != Channel.EMAIL)
        .group_by(Event.id, Message.channel).order_by(Event.starts_at, Event.id, Message.channel)
    )
    found: list[tuple[str, str, str, str]] = []
    for event, channel, count in db.session.execute(counted):
        if channel is Channel.SMS:
            told = gettext("“%(title)s”有 %(count)s 条短信待导出", title=event.title, count=count)
            found.append(("look", told, url_for("desk.sms", slug=event.slug), gettext("去导出")))
        else:
            told = gettext("“%(title)s”有 %(count)s 封信函待打印", title=event.title, count=count)
            found.append(("look", told, url_for("desk.letters", slug=event.slug), gettext("去打印")))
    return found
