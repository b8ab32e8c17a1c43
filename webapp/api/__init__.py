"""The API under /api/v1 for scanners and scripts: JSON, a device's bearer token or the session of the desk, described at /api/v1/openapi.json.

Its words are the contract; docs/api.md tells them to a reader.
"""

from importlib import import_module

import flask_smorest
from flask import Flask
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from webapp.api import lean
from webapp.api.access import require_caller
from webapp.api.answers import Blueprint, Faulty, describe_refusals, faulty, other_type, specification, unreadable
from webapp.api.schemas import FORMATS

PREFIX = "/api/v1"

pages = Blueprint("api", __name__, url_prefix=PREFIX)
pages.before_request(require_caller)
pages.register_error_handler(Faulty, faulty)
pages.register_error_handler(BadRequest, unreadable)
pages.register_error_handler(UnsupportedMediaType, other_type)


class Api(flask_smorest.Api):
    """flask-smorest for the description only; refusals are answered by `webapp.errors`, as everywhere."""

    DEFAULT_ERROR_RESPONSE_NAME = None  # each call names its refusals

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        describe_refusals(self)

    def _register_pagination_header(self) -> None:
        pass


def init_app(app: Flask) -> None:
    """Register the API and its description."""
    app.config["OPENAPI_URL_PREFIX"] = PREFIX
    api = Api(spec_kwargs={"title": "Engage", "version": "1.0", "openapi_version": "3.1.0",
                           "security": [{"device": []}, {"desk": []}]})
    api.init_app(app)
    for field, *kind in FORMATS:
        api.register_field(field, *kind)
    specification(api).components.security_scheme("device", {
        "type": "http", "scheme": "bearer", "description": "The token that `engage device add NAME` printed."})
    specification(api).components.security_scheme("desk", {
        "type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"], "description":
        "The session of a member of staff who may admit guests. What is not a GET brings the form token as `X-CSRFToken`."})
    api.register_blueprint(pages)
    lean.init_app(app)


for module in ("events", "roster", "scans", "undos", "walk_ins"):  # the calls
    import_module(f"{__name__}.{module}")
