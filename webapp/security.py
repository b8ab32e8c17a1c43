"""What every response says to the browser for safety's sake, and cookies."""

from flask import Flask, Response, request

from webapp import wiring

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


def secured(response: Response) -> Response:
    """Add the headers. Tokens stand in addresses, hence no referrer; pages may show personal data, hence no-store."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", STRICT)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if "Cache-Control" not in headers or request.endpoint is None:
        headers["Cache-Control"] = "no-store"
    if wiring.settings().https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def init_app(app: Flask) -> None:
    app.after_request(secured)
