"""Signing in and out, one's own account, and the one-time link that makes the first administrator."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import staff, tokens
from engage.errors import EngageError
from webapp import guard, wiring
from webapp.errors import form_refused
from webapp.forms.staff import ROLE_WORDS, ChangePasswordForm, SetupForm, SignInForm
from webapp.guard import allowed, for_everyone
from webapp.rates import limited
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

SETUP_LINK_LASTS = 86_400  # seconds


@desk.route("/sign-in", methods=["GET", "POST"])
@for_everyone
@limited("10 per minute; 60 per hour")
def sign_in() -> Response | str:
    """User name and password; on success on to the page that was asked for."""
    wanted = guard.local_path(request.args.get("next")) or url_for("desk.home")
    if current_user.is_authenticated:
        return redirect(wanted)
    form = SignInForm()
    if form.validate_on_submit():
        attempt = staff.attempt(db.session(), form.username.data or "", form.password.data or "")
        with saving() as session:  # a refusal is saved too: it counts the failures
            try:
                user = staff.sign_in(session, attempt, now=clock())
            except EngageError as error:
                user = form_refused(form, error)
        if user:
            guard.begin_session(user)
            return redirect(wanted)
    return render_template("desk/sign_in.html", form=form)


@desk.post("/sign-out")
@allowed()
def sign_out() -> Response:
    """The session ends; on to what guests see, where that was asked for."""
    guard.end_session()
    return redirect(guard.local_path(request.form.get("next")) or url_for("desk.sign_in"))


@desk.route("/account", methods=["GET", "POST"])
@allowed()
@limited("10 per minute")
def account() -> Response | str:
    """One's own name, role and password."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        user = current_user.user
        try:
            with saving() as session:
                staff.change_password(session, user, form.password.data or "", present=form.present.data or "", now=clock(),
                                      by=current_user.by)
        except EngageError as error:
            form_refused(form, error)
        else:
            guard.begin_session(user)
            flash(gettext("密码已更改，其他设备上的登录已退出。"), "success")
            return redirect(url_for("desk.account"))
    return render_template("desk/account.html", form=form, user=current_user.user, role_words=ROLE_WORDS)


@desk.route("/setup/<token>", methods=["GET", "POST"])
@for_everyone
@limited("10 per minute", methods=("GET", "POST"))
def setup(token: str) -> Response | str:
    """Make the first administrator; dead as soon as anybody has an account."""
    tokens.subject_of(wiring.settings().key(), tokens.Purpose.SETUP, token, max_age=SETUP_LINK_LASTS)
    if staff.any_user(wiring.db.session()):
        abort(404)
    form = SetupForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                user = staff.add_first_admin(session, form.username.data or "", form.password.data or "", now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            guard.begin_session(user)
            return redirect(url_for("desk.home"))
    return render_template("desk/setup.html", form=form)
