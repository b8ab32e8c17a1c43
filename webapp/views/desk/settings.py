"""Settings: users and the devices that may use the API."""

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import devices, staff
from engage.devices import Device
from engage.errors import EngageError
from engage.staff import Permission, User
from webapp.errors import form_refused, words
from webapp.forms.staff import ROLE_DUTIES, ROLE_WORDS, DeviceForm, NewUserForm, ResetPasswordForm, UserForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

SORTS = {"username": User.username, "display_name": User.display_name, "role": User.role,
         "last_sign_in_at": User.last_sign_in_at, "active": User.active}


@desk.get("/settings")
@allowed(Permission.ADMIN)
def settings() -> str:
    """What can be set, and where."""
    return render_template("desk/settings.html")


@desk.get("/settings/users")
@allowed(Permission.ADMIN)
def users() -> str:
    """All users; searched, sorted, in pages."""
    wish = request.args.get("sort", "username")
    column = SORTS.get(wish.removeprefix("-"), User.username)
    order = column.desc() if wish.startswith("-") else column.asc()
    found = staff.users(search=request.args.get("q", "")).order_by(order.nulls_last(), User.id)
    return render_template("desk/users.html", pages=db.paginate(found, per_page=50), role_words=ROLE_WORDS)


@desk.route("/settings/users/new", methods=["GET", "POST"])
@allowed(Permission.ADMIN)
def new_user() -> Response | str:
    """A new user with a first password."""
    form = NewUserForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                staff.add_user(session, form.username.data or "", form.password.data or "", role=form.role.data,
                               display_name=form.display_name.data or "", now=clock(), by=current_user.by)
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("已添加用户。"), "success")
            return redirect(url_for("desk.users"))
    return render_template("desk/user.html", form=form, user=None, duties=_duties())


@desk.route("/settings/users/<int:user_id>", methods=["GET", "POST"])
@allowed(Permission.ADMIN)
def user(user_id: int) -> Response | str:
    """One user: name and role; below, password and whether the account is active."""
    subject = staff.user_with_id(db.session(), user_id)
    form = UserForm(obj=subject)
    if form.validate_on_submit():
        try:
            with saving() as session:
                staff.set_role(session, subject, form.role.data, now=clock(), by=current_user.by)
                staff.rename_user(session, subject, form.display_name.data or "", now=clock(), by=current_user.by)
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("已保存。"), "success")
            return redirect(url_for("desk.users"))
    return render_template("desk/user.html", form=form, user=subject, reset=ResetPasswordForm(formdata=None, prefix="new"),
                           duties=_duties())


@desk.post("/settings/users/<int:user_id>/password")
@allowed(Permission.ADMIN)
def user_password(user_id: int) -> Response | str:
    """A new password for somebody who forgot theirs."""
    subject = staff.user_with_id(db.session(), user_id)
    form = ResetPasswordForm(prefix="new")
    if form.validate_on_submit():
        try:
            with saving() as session:
                staff.reset_password(session, subject, form.password.data or "", now=clock(), by=current_user.by)
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("密码已重置，该用户需要重新登录。"), "success")
            return redirect(url_for("desk.users"))
    return render_template("desk/user.html", form=UserForm(formdata=None, obj=subject), user=subject, reset=form,
                           duties=_duties())


@desk.post("/settings/users/<int:user_id>/active")
@allowed(Permission.ADMIN)
def user_active(user_id: int) -> Response:
    """Deactivate or reactivate, as the button said."""
    act = staff.reactivate if request.form.get("active") == "yes" else staff.deactivate
    try:
        with saving() as session:
            act(session, staff.user_with_id(session, user_id), now=clock(), by=current_user.by)
    except staff.LastAdmin as error:
        flash(words(error), "error")
    else:
        flash(gettext("已保存。"), "success")
    return redirect(url_for("desk.users"))


@desk.get("/settings/devices")
@allowed(Permission.ADMIN)
def device_list() -> str:
    """The scanners, and the form for one more."""
    return _devices(DeviceForm())


@desk.post("/settings/devices")
@allowed(Permission.ADMIN)
def new_device() -> str:
    """A new scanner; the answer to this request is the only place where its token is shown."""
    form, token = DeviceForm(), None
    if form.validate_on_submit():
        try:
            with saving() as session:
                _, token = devices.add_device(session, form.name.data or "", now=clock(), by=current_user.by)
        except EngageError as error:
            form_refused(form, error)
        else:
            form = DeviceForm(formdata=None)
    return _devices(form, token)


@desk.post("/settings/devices/<int:device_id>/revoke")
@allowed(Permission.ADMIN)
def revoke_device(device_id: int) -> Response:
    """The scanner's token is refused from now on."""
    with saving() as session:
        devices.revoke(session, devices.device_with_id(session, device_id), now=clock(), by=current_user.by)
    flash(gettext("设备令牌已停用。"), "success")
    return redirect(url_for("desk.device_list"))


def _devices(form: DeviceForm, token: str | None = None) -> str:
    found = sa.select(Device).order_by(Device.revoked_at.is_not(None), Device.name)
    return render_template("desk/devices.html", form=form, token=token, pages=db.paginate(found, per_page=50))


def _duties() -> list[tuple[object, object]]:
    return [(ROLE_WORDS[role], ROLE_DUTIES[role]) for role in ROLE_WORDS]
