"""What people carry further: the workbook for the office's SMS portal, and letters to print."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from engage import events, invitations, outbox, tables
from engage.events import Event
from engage.events import State as EventState
from engage.invitations import Invitation
from engage.outbox import Channel, Message, State
from engage.staff import Permission
from webapp import formats, notices
from webapp.formats import local
from webapp.guard import allowed
from webapp.notices import MESSAGE_LANGUAGE, invitation_text
from webapp.views.desk import desk
from webapp.views.desk.people import MEDIA
from webapp.views.public import qr
from webapp.wiring import clock, db, office, saving, speaking

LETTERS_AT_ONCE = 100  # a code takes some 6 ms to draw
SHOWN = 10
Letter = tuple[str, str, Markup]  # name, body, QR code


@desk.get("/events/<slug>/invitations/sms")
@allowed(Permission.INVITE)
def sms(slug: str) -> str:
    """How many texts wait, what they say, and what was exported before."""
    event = events.by_slug(db.session(), slug)
    waiting = _waiting(event, Channel.SMS)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(waiting.order_by(None).subquery())) or 0
    first = db.session.scalars(waiting.limit(SHOWN)).all()
    texts = notices.texts(db.session(), first)
    return render_template("desk/invitations/sms.html", event=event, count=count, first=first, texts=texts,
                           exported=outbox.handed_over(db.session(), Channel.SMS, event_id=event.id))


@desk.post("/events/<slug>/invitations/sms.xlsx")
@allowed(Permission.INVITE)
def export_sms(slug: str) -> Response:
    """The texts that wait, as a workbook; from now on they count as sent."""
    event = events.by_slug(db.session(), slug)
    taken = _handed_over(event, Channel.SMS, _waiting(event, Channel.SMS))
    if not taken:
        flash(gettext("没有待导出的短信。"), "warning")
        return redirect(url_for("desk.sms", slug=slug))
    return send_file(_sms_workbook(taken), mimetype=MEDIA["xlsx"], as_attachment=True, download_name=_sms_name(event, clock()))


@desk.get("/events/<slug>/invitations/sms.xlsx")
@allowed(Permission.INVITE)
def exported_sms(slug: str) -> Response:
    """A workbook that was exported before, once more."""
    event = events.by_slug(db.session(), slug)
    try:
        at = datetime.fromisoformat(request.args.get("at", ""))
    except ValueError:
        abort(404)
    if at.tzinfo is None:
        abort(404)
    sent = outbox.find(event_id=event.id, channel=Channel.SMS).where(Message.sent_at == at).order_by(None).order_by(Message.id)
    messages = db.session.scalars(sent).all()
    if not messages:
        abort(404)
    with saving() as session:
        outbox.note_repeat(session, Channel.SMS, event_id=event.id, messages=len(messages), by=current_user.by, now=clock())
        made = _sms_workbook(session.scalars(sent).all())
    return send_file(made, mimetype=MEDIA["xlsx"], as_attachment=True, download_name=_sms_name(event, at))


@desk.get("/events/<slug>/letters")
@allowed(Permission.INVITE)
def letters(slug: str) -> str:
    """Letters to print, one a page: those queued, those of ticked invitations, or (?all=1) of everybody on the list."""
    event = events.by_slug(db.session(), slug)
    picked = request.args.getlist("invitation", type=int)
    if picked or "picked" in request.args or "all" in request.args:
        wanted = invitations.of_event(event).options(joinedload(Invitation.event))
        if "all" not in request.args:
            wanted = wanted.where(Invitation.id.in_(picked))
        pages = db.paginate(wanted, per_page=LETTERS_AT_ONCE, error_out=False)
        shown = [_letter(invitation) for invitation in pages.items]
        queued = outbox.find(event_id=event.id, channel=Channel.LETTER, state=State.QUEUED)
        mine = queued.where(Message.invitation_id.in_([invitation.id for invitation in pages.items]))
        waiting = [message.id for message in db.session.scalars(mine)]
    else:
        queued = _waiting(event, Channel.LETTER)
        pages = db.paginate(queued, per_page=LETTERS_AT_ONCE, error_out=False)
        texts = notices.texts(db.session(), pages.items)
        shown = [(message.name, text.body, qr(text.link)) for message in pages.items if (text := texts.get(message.id))]
        waiting = [message.id for message in pages.items]
    with speaking(MESSAGE_LANGUAGE):
        letter_words = {"title": gettext("邀请函"), "scan": gettext("微信或手机相机扫码答复"),
                        "today": formats.day(clock()).partition("（")[0], "office": office()}
    return render_template("desk/invitations/letters.html", event=event, letters=shown, waiting=waiting, pages=pages,
                           published=event.state is EventState.PUBLISHED, letter_words=letter_words)


@desk.post("/events/<slug>/letters")
@allowed(Permission.INVITE)
def letters_printed(slug: str) -> Response:
    """The queued letters that were on the page are on paper now."""
    event = events.by_slug(db.session(), slug)
    mine = Message.id.in_(request.form.getlist("message", type=int))
    printed = _handed_over(event, Channel.LETTER, _waiting(event, Channel.LETTER).where(mine))
    flash(gettext("已将 %(count)s 封信函记为已打印。", count=len(printed)), "success")
    return redirect(url_for("desk.invitations", slug=slug))


def _waiting(event: Event, channel: Channel) -> sa.Select[Message]:
    """What of an event is still to be handed over this way, the longest waiting first."""
    return outbox.find(event_id=event.id, channel=channel, state=State.QUEUED).order_by(None).order_by(Message.id)


def _handed_over(event: Event, channel: Channel, wanted: sa.Select[Message]) -> Sequence[Message]:
    """Written, and then handed over at once: guests who register at that moment need not wait for the writing."""
    messages = db.session.scalars(wanted).all()
    texts = notices.texts(db.session(), messages)
    gone = [message.id for message in messages if message.id not in texts]
    with saving() as session:
        outbox.withdraw_messages(session, gone)
        return outbox.hand_over(session, channel, texts, event_id=event.id, by=current_user.by, now=clock())


def _letter(invitation: Invitation) -> Letter:
    text = invitation_text(invitation, Channel.LETTER)
    return invitation.invitee.name, text.body, qr(text.link)


def _sms_workbook(messages: Sequence[Message]) -> BytesIO:
    columns = [(gettext("姓名"), 12), (gettext("手机号码"), 16), (gettext("短信内容"), 90)]
    file = BytesIO()
    tables.write_xlsx(file, gettext("短信"), columns, ([message.name, message.address, message.body] for message in messages))
    file.seek(0)
    return file


def _sms_name(event: Event, at: datetime) -> str:
    return f"{event.title}{gettext('短信')}{local(at):%Y%m%d-%H%M}.xlsx"
