"""Somebody who has declined names who might come instead."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engage import invitations, substitutes
from engage.errors import EngageError
from engage.substitutes import Proposed
from webapp.errors import form_refused
from webapp.forms.invitations import SubstituteForm
from webapp.rates import limited, misses
from webapp.views.registration import unlisted
from webapp.wiring import clock, db, saving

pages = Blueprint("substitutes", __name__)
pages.after_request(unlisted)


@pages.route("/i/<token>/substitute", methods=["GET", "POST"])
@misses
@limited("30 per minute")
def substitute(token: str) -> Response | str:
    """Name, and a phone number or an e-mail address; the organiser decides."""
    found = invitations.by_token(db.session(), token)
    if found.state is not invitations.State.DECLINED:
        return redirect(url_for("registration.invitation", token=token))
    form = SubstituteForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                proposed = Proposed(form.name.data or "", form.phone.data or "", form.email.data or "")
                substitutes.propose(session, found, proposed, by=f"invitee:{found.invitee_id}", now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("已转告主办单位，由其决定是否邀请。"), "success")
            return redirect(url_for("registration.invitation", token=token))
    return render_template("public/substitute.html", event=found.event, invitation=found, form=form)
