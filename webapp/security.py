"""What every response says to the browser for safety's sake, and cookies."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, Response, abort, request

from webapp import wiring

View = Callable[..., Any]

POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data: blob:",
    "style-src": "'self'",
    "script-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy(**wider: str) -> str:
    """The Content-Security-Policy; a page that needs more names it: `policy(script_src="'self' 'wasm-unsafe-eval'")`.

    The page sets it as its own header; `secured` leaves it alone.
    """
    given = {name.replace("_", "-"): value for name, value in wider.items()}
    return "; ".join(f"{name} {value}" for name, value in (POLICY | given).items())


STRICT = policy()


ALWAYS = {
    "Content-Security-Policy": STRICT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def secured(response: Response) -> Response:
    """Keep pages out of caches: they may show personal data. A file of ours has said already how long it may be kept."""
    if "Cache-Control" not in response.headers or request.endpoint is None:
        response.headers["Cache-Control"] = "no-store"
    return response


class Secured:
    """Add what is the same for every response, unless the page has set a header itself. Tokens stand in addresses, hence no referrer."""

    def __init__(self, app: WSGIApplication, *, https: bool) -> None:
        self._app = app
        self._always = [*ALWAYS.items(), ("Strict-Transport-Security", "max-age=31536000")] if https else [*ALWAYS.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.title() for name, _ in headers}
            return start_response(status, headers + [header for header in self._always if header[0] not in given], *error)

        return self._app(environ, start)


def refuse_elsewhere(sent: Request) -> None:
    """Browsers say where a request comes from. Raises BadRequest for another site's."""
    if sent.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        abort(400)


def for_guests(view: View) -> View:
    """Mark a form that acts by what its address holds and never by who is signed in, so that a guest needs no cookie.

    Sending it reads no session (see `lean`), and no form token is asked for: nobody's rights could be misused. Browsers say
    where a request comes from; what another site sends is refused all the same.
    """

    @wraps(view)
    def from_here(**values: Any) -> Any:
        if request.method == "POST":
            refuse_elsewhere(request)
        return view(**values)

    return wiring.csrf.exempt(from_here)


def init_app(app: Flask) -> None:
    app.after_request(secured)
    app.wsgi_app = Secured(app.wsgi_app, https=app.extensions["engage_settings"].https)  # type: ignore[method-assign] -- Flask's own way of wrapping
