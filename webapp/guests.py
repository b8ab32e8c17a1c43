"""What guests send is decided before Flask makes a request of it: most of them go on to another page, and only where something
is to be said about what was sent does a view say it. When a day opens many register in the same minute; decision 015.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, request
from limits import RateLimitItem, parse_many
from werkzeug.http import dump_cookie

from webapp import rates, wiring
from webapp.answering import coming
from webapp.asking import SHEETS, Filled, looked_at
from webapp.errors import Refusal, status_of
from webapp.forms.party_list import handed_in
from webapp.forms.questionnaire import Sheet
from webapp.forms.registration import number, read
from webapp.seating import SEATS, Wish
from webapp.security import refuse_elsewhere
from webapp.together import Together
from webapp.wiring import Asked

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REFUSED = "engage.refused"  # in the environ: why what was sent was not taken
REMEMBERED = 90 * 86_400  # seconds for which a device knows that it has sent answers
UNLISTED = [("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex")]  # what stands behind a personal link


class Reply(NamedTuple):
    """To which page a guest goes on; the cookie by which the device knows that it has answered."""

    endpoint: str
    values: Mapping[str, str]
    cookie: str | None = None


class Form(NamedTuple):
    """A form by what its address holds. `decide` gives None where it is to be shown again, by no refusal of the library's."""

    endpoint: str
    limits: Sequence[RateLimitItem]
    personal: bool  # the address is a code, which may be guessed
    together: Together[Any, Any]
    decide: Callable[[Asked, str], Reply | None]


def _register(sent: Asked, slug: str) -> Reply | None:
    return _seated(sent, slug=slug, category_id=number(sent.fields.get("category")))


def _accept(sent: Asked, token: str) -> Reply | None:
    return _seated(sent, token=token)


def _seated(sent: Asked, **where: Any) -> Reply | None:
    stated = None if handed_in(sent.fields) else read(sent.fields, language=sent.language)
    if stated is None:
        return None
    return Reply("registration.ticket", {"code": SEATS.do(Wish(**where, stated=stated, coming=coming(sent)))})


def _answer(sent: Asked, token: str) -> Reply:
    filled = Filled(token, Sheet(sent.fields.to_dict(flat=False)), sent.language)
    if sent.mimetype == "multipart/form-data" and sent.files:
        filled = looked_at(wiring.db.session(), filled, sent.files)
    cookie = SHEETS.do(filled)
    return Reply("questionnaire.thanks", {"token": token}, cookie)


def _answer_next(sent: Asked, token: str) -> Reply:
    _answer(sent, token)
    return Reply("kiosk.thanks", {**sent.args.to_dict(), "token": token})  # a tablet in the hall knows of nobody who has answered


# A full hall behind one address answers within a minute when it is asked to; a program alone is slowed down all the same.
FORMS = {
    "event": Form("registration.register", parse_many("30 per minute; 300 per hour"), False, SEATS, _register),
    "invitation": Form("registration.invitation", parse_many("30 per minute"), True, SEATS, _accept),
    "questionnaire": Form("questionnaire.answer", parse_many("600 per minute"), True, SHEETS, _answer),
    "kiosk": Form("kiosk.answer", parse_many("600 per minute"), True, SHEETS, _answer_next),
}
ADDRESS = re.compile(r"/events/(?P<event>[^/]+)/register|/i/(?P<invitation>[^/]+)|/q/(?P<questionnaire>[^/]+)|/q/(?P<kiosk>[^/]+)/kiosk")


class Guests:
    """Before Flask. What a guest has sent comes to a view only with the reason why it was not taken."""

    def __init__(self, app: Flask) -> None:
        self._app, self._pages = app, app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        found = ADDRESS.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if found is None or found.lastgroup is None:
            return self._pages(environ, start_response)
        sent = wiring.asked(environ)
        with self._app.app_context():
            try:
                reply = _decided(FORMS[found.lastgroup], sent, found[found.lastgroup])
            except Exception as refused:  # noqa: BLE001 -- the view says it, or raises it where Flask answers
                environ[REFUSED] = refused
                reply = None
            if reply is not None:
                sent.close()  # files that came with it
                start_response("302 FOUND", self._headers(sent, reply))
                return [b""]
        return self._pages(environ, start_response)

    def _headers(self, sent: Asked, reply: Reply) -> list[tuple[str, str]]:
        root = sent.root_path
        there = self._app.url_map.bind("", root or "/").build(reply.endpoint, reply.values)
        headers = [("Location", there), ("Content-Length", "0"), *UNLISTED]
        if reply.cookie:
            kept = dump_cookie(reply.cookie, "1", max_age=REMEMBERED, path=root + sent.path, httponly=True,
                               secure=wiring.settings().https, samesite="Lax", sync_expires=False)
            headers.append(("Set-Cookie", kept))
        return headers


def _decided(form: Form, sent: Asked, key: str) -> Reply | None:
    address = sent.remote_addr or ""
    with form.together.expected():
        refuse_elsewhere(sent)
        if form.personal:
            rates.refuse_guesser(address)
        for limit in form.limits:
            rates.count(limit, form.endpoint, address)
        return form.decide(sent, key)


def refusal() -> Refusal | None:
    """Why what this request has sent was not taken; None where nothing was, or where the form itself says what is wrong.

    Raises what is nothing that a form could put right.
    """
    refused = request.environ.get(REFUSED)
    if refused is None or (isinstance(refused, Refusal) and status_of(refused) != HTTPStatus.NOT_FOUND):
        return refused
    raise refused


def init_app(app: Flask) -> None:
    app.wsgi_app = Guests(app)  # type: ignore[method-assign] -- Flask's own way of wrapping
