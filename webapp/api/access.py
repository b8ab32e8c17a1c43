"""Who may call the API: a device with its bearer token, or whoever is signed in at the desk and may admit guests."""

import hashlib
import math
import time
from typing import TYPE_CHECKING, NamedTuple

from flask import Response, current_app, g, request
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import validate_csrf
from limits import parse
from wtforms import ValidationError

from engage import devices
from engage.staff import Permission
from webapp import errors, rates
from webapp.wiring import clock, db, saving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TRUSTED = 5.0  # seconds a token is not looked up again: a revoked one works this much longer, in each process
WRONG_TOKENS = parse("30 per minute")  # from one address


class Caller(NamedTuple):
    """Who sends this request (`g.caller`), as the audit trail names it, and until when the process believes it."""

    actor: str
    until: float


def require_caller() -> Response | None:
    """Before each request: know the device, or refuse with 401, and too many wrong tokens with 429.

    Without a token the session of the desk will do: 403 where the role may not admit guests, or the form token is missing.
    """
    if "Authorization" not in request.headers and current_user.is_authenticated:
        return _signed_in()
    token = _token(request.environ)
    caller = _trusted(token)
    if caller is None:
        try:
            caller = _devices()[_key(token)] = _known(token)
        except devices.DeviceTokenRefused:
            _devices().pop(_key(token), None)
            return _refused(token)
    g.caller = caller
    return None


def trusted(environ: "WSGIEnvironment") -> Caller | None:
    """The device that sends this, where its token was looked up moments ago; None also for whoever is signed in."""
    return _trusted(_token(environ))


def _token(environ: "WSGIEnvironment") -> str:
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _key(token: str) -> bytes:
    """No token in memory, as in the database."""
    return hashlib.sha256(token.encode()).digest()


def _devices() -> dict[bytes, Caller]:
    return current_app.extensions.setdefault("engage_devices", {})


def _trusted(token: str) -> Caller | None:
    caller = _devices().get(_key(token))
    return caller if caller and caller.until >= time.monotonic() else None


def _signed_in() -> Response | None:
    if not current_user.may(Permission.DOOR):
        return errors.problem(403, code="forbidden")
    if request.method not in {"GET", "HEAD", "OPTIONS"} and current_app.config["WTF_CSRF_ENABLED"]:
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError:
            return errors.problem(403, gettext("请在 X-CSRFToken 请求头中给出页面的表单令牌。"), code="form_token_refused")
    g.caller = Caller(current_user.by, math.inf)
    return None


def _known(token: str) -> Caller:
    devices.device_for(db.session(), token)  # a stranger shall not make us take the write lock
    with saving() as session:
        device = devices.device_for(session, token)
        devices.note_seen(device, now=clock())
        return Caller(device.actor, time.monotonic() + TRUSTED)


def _refused(token: str) -> Response:
    rates.count(WRONG_TOKENS, "api-token", request.remote_addr or "")
    challenge = 'Bearer realm="engage"' + (', error="invalid_token"' if token else "")
    detail = gettext("设备令牌无效或已停用，请向管理员索取新的令牌。") if token else gettext("请在 Authorization 请求头中给出设备令牌：Bearer 令牌。")
    return errors.problem(401, detail, code="device_token_refused" if token else "device_token_missing", headers={"WWW-Authenticate": challenge})
