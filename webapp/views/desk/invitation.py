"""One invitation: its personal link and QR code, the messages that carried it, telling again, taking back."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, invitations, outbox, parties, substitutes
from engage.errors import EngageError
from engage.invitations import Invitation
from engage.outbox import Channel
from engage.staff import Permission
from webapp.errors import status_of, words
from webapp.forms.staff import EmptyForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.public import qr
from webapp.wiring import clock, db, link, saving

Answer = str | Response | tuple[str, int]


@desk.get("/events/<slug>/invitations/<int:invitation_id>")
@allowed(Permission.INVITE)
def invitation(slug: str, invitation_id: int) -> str:
    """Whoever has the link can answer: only for those who may invite."""
    return _page(_invitation(slug, invitation_id))


@desk.post("/events/<slug>/invitations/<int:invitation_id>/send")
@allowed(Permission.INVITE)
def send_invitation(slug: str, invitation_id: int) -> Answer:
    """Tell once more, by the contact known now or by the channel that was chosen."""
    found = _invitation(slug, invitation_id)
    chosen = request.form.get("channel", "")
    try:
        with saving() as session:
            channel = Channel(chosen) if chosen in set(Channel) else None
            invitations.send_again(session, found, channel=channel, by=current_user.by, now=clock())
    except EngageError as error:
        return _page(_invitation(slug, invitation_id), words(error)), status_of(error)
    flash(gettext("邀请已放入发件箱。"), "success")
    return redirect(url_for("desk.invitation", slug=slug, invitation_id=invitation_id))


@desk.post("/events/<slug>/invitations/<int:invitation_id>/substitute")
@allowed(Permission.INVITE)
def invite_substitute(slug: str, invitation_id: int) -> Answer:
    """Invite whom somebody who declined has named."""
    found = _invitation(slug, invitation_id)
    try:
        with saving() as session:
            made = substitutes.invite(session, found, by=current_user.by, now=clock()).id
    except EngageError as error:
        return _page(_invitation(slug, invitation_id), words(error)), status_of(error)
    flash(gettext("已邀请替代人员，邀请已放入发件箱。"), "success")
    return redirect(url_for("desk.invitation", slug=slug, invitation_id=made))


@desk.route("/events/<slug>/invitations/<int:invitation_id>/revoke", methods=["GET", "POST"])
@allowed(Permission.INVITE)
def revoke_invitation(slug: str, invitation_id: int) -> Answer:
    """Take back, once it is confirmed."""
    found = _invitation(slug, invitation_id)
    if not EmptyForm().validate_on_submit():
        return render_template("desk/invitations/revoke.html", event=found.event, invitation=found)
    try:
        with saving() as session:
            invitations.revoke(session, found, by=current_user.by, now=clock())
    except EngageError as error:
        return _page(_invitation(slug, invitation_id), words(error)), status_of(error)
    flash(gettext("邀请已收回，个人链接不再有效。"), "success")
    return redirect(url_for("desk.invitations", slug=slug))


def _invitation(slug: str, invitation_id: int) -> Invitation:
    return invitations.of_id(db.session(), events.by_slug(db.session(), slug), invitation_id)


def _page(found: Invitation, refusal: str = "") -> str:
    address = link("registration.invitation", token=found.token)
    invitee = found.invitee
    return render_template(
        "desk/invitations/invitation.html", event=found.event, invitation=found, address=address, qr=qr(address), refusal=refusal,
        messages=db.session.scalars(outbox.of_invitation(found.id)).all(),
        channels=invitations.channels(phone=invitee.phone, email=invitee.email), substitute=substitutes.standing_in(db.session(), found),
        first=db.session.get(Invitation, found.stands_in_for_id) if found.stands_in_for_id else None,
        registration=parties.of_invitation(db.session(), found),
    )
