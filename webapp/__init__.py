"""The web app: it reads the request, calls a library function and answers. `create_app` is its only door."""

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask.ctx import RequestContext
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.settings import Settings

HERE = Path(__file__).parent
BLOCKING_THREADS = 16  # of one web process: writers wait for each other, and readers shall not wait for them


class App(Flask):
    """Flask, except that its error log names the endpoint instead of the address, which may contain a token."""

    def request_context(self, environ: dict[str, Any]) -> RequestContext:
        """Of a request that may have been read before Flask: see `webapp.guests`."""
        from webapp.wiring import asked  # noqa: PLC0415 -- it imports the app's parts

        return RequestContext(self, environ, request=asked(environ))

    def ensure_sync(self, func: Any) -> Any:
        """As it is: there are no coroutines here, and Flask would look for them a dozen times in a request."""
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Note what failed, with its trace."""
        self.logger.error("exception in %s [%s]", request.endpoint, request.method, exc_info=exc_info)


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """The app with these settings (by default the environment's); `overrides` go to Flask's configuration last."""
    settings = settings or Settings.from_environment()
    settings.instance.mkdir(parents=True, exist_ok=True)
    app = App("webapp", instance_path=str(settings.instance.resolve()))
    app.config.update(_configuration(settings), **overrides)
    app.extensions["engage_settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined] -- of the default provider
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}

    from webapp import api, conditions, errors, formats, guests, limits, live, rates, security, shown, views, wiring  # noqa: PLC0415 -- they import each other's app parts
    from webapp.api import scans  # noqa: PLC0415 -- it too

    for part in (wiring, formats, guests, scans, security, errors, rates, shown, conditions, limits, live, views, api):
        part.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign] -- Flask's own way of wrapping
    app.url_defaults(_static_version)
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    mail = {name.upper(): getattr(settings, name) or None for name in ("mail_username", "mail_password", "mail_default_sender")}
    engine: dict[str, Any] = {"pool_size": BLOCKING_THREADS + 4, "max_overflow": 4,
                              "hide_parameters": True}  # personal data and tokens stay out of the log
    return mail | {
        "SECRET_KEY": settings.key(),
        "SQLALCHEMY_DATABASE_URI": settings.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine,
        "SESSION_COOKIE_NAME": "engage",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * 1_000_000,
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,  # addresses of static files carry their content's hash
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: nobody loses a long text to a timer
        "WTF_CSRF_SSL_STRICT": False,  # asks for a Referer, which our policy never sends
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": settings.timezone,
        "RATELIMIT_ENABLED": True,
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": settings.mail_port,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USE_SSL": settings.mail_use_ssl,
        "BOOTSTRAP_SERVE_LOCAL": True,
    }


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _static_version(endpoint: str, values: dict[str, Any]) -> None:
    """Let a changed file be fetched anew."""
    if endpoint != "static" or "v" in values:
        return
    path = HERE / "static" / str(values.get("filename", ""))
    if path.is_file():
        values["v"] = _fingerprint(path)
