"""What every response says to the browser for safety's sake, and cookies."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, abort, request

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
    """Add the headers. Tokens stand in addresses, hence no referrer; pages may show personal data, hence no-store."""
    headers = response.headers
    given = {name.title() for name in headers.keys()}  # noqa: SIM118 -- iterating over headers gives pairs
    headers.extend([(name, value) for name, value in ALWAYS.items() if name.title() not in given])
    if "Cache-Control" not in given or request.endpoint is None:
        headers["Cache-Control"] = "no-store"
    if wiring.settings().https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def for_guests(view: View) -> View:
    """Mark a form that acts by what its address holds and never by who is signed in, so that a guest needs no cookie.

    Sending it reads no session (see `lean`), and no form token is asked for: nobody's rights could be misused. Browsers say
    where a request comes from; what another site sends is refused all the same.
    """

    @wraps(view)
    def from_here(**values: Any) -> Any:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            abort(400)
        return view(**values)

    return wiring.csrf.exempt(from_here)


def init_app(app: Flask) -> None:
    app.after_request(secured)
