"""Who may call the API: a device with its bearer token."""

import hashlib
import time
from typing import NamedTuple

from flask import Response, current_app, g, request
from flask_babel import gettext
from limits import parse

from engage import devices
from webapp import errors, rates
from webapp.wiring import clock, db, saving

TRUSTED = 5.0  # seconds a token is not looked up again: a revoked one works this much longer, in each process
WRONG_TOKENS = parse("30 per minute")  # from one address


class Caller(NamedTuple):
    """The device of this request (`g.caller`) as the audit trail names it, and until when the process believes it."""

    actor: str
    until: float


def require_device() -> Response | None:
    """Before each request: know the device, or refuse with 401, and too many wrong tokens with 429."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    key = hashlib.sha256(token.encode()).digest()  # no token in memory, as in the database
    trusted: dict[bytes, Caller] = current_app.extensions.setdefault("engage_devices", {})
    caller = trusted.get(key)
    if caller is None or caller.until < time.monotonic():
        trusted.pop(key, None)
        try:
            caller = trusted[key] = _known(token)
        except devices.DeviceTokenRefused:
            return _refused(token)
    g.caller = caller
    return None


def _known(token: str) -> Caller:
    devices.device_for(db.session(), token)  # a stranger shall not make us take the write lock
    with saving() as session:
        device = devices.device_for(session, token)
        devices.note_seen(device, now=clock())
        return Caller(device.actor, time.monotonic() + TRUSTED)


def _refused(token: str) -> Response:
    rates.count(WRONG_TOKENS, "api-token")
    challenge = 'Bearer realm="engage"' + (', error="invalid_token"' if token else "")
    detail = gettext("设备令牌无效或已停用，请向管理员索取新的令牌。") if token else gettext("请在 Authorization 请求头中给出设备令牌：Bearer 令牌。")
    return errors.problem(401, detail, code="device_token_refused" if token else "device_token_missing", headers={"WWW-Authenticate": challenge})
