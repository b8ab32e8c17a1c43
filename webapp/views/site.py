"""What is no page of an event: health checks, the language switch, the privacy statement."""

import sqlalchemy as sa
from flask import Blueprint, abort, jsonify, redirect, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from webapp import wiring
from webapp.guard import local_path

pages = Blueprint("site", __name__)


@pages.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The process answers and its database has its tables."""
    try:
        wiring.db.session.execute(sa.text("SELECT id FROM staff_user LIMIT 1"))
    except SQLAlchemyError:
        return jsonify(status="database unavailable"), 503
    return jsonify(status="ok"), 200


@pages.get("/language/<code>")
def language(code: str) -> Response:
    """Change the language and return to the page."""
    if code not in wiring.LANGUAGES:
        abort(404)
    answer = redirect(local_path(request.args.get("next")) or "/")
    answer.set_cookie("lang", code, max_age=365 * 86_400, secure=wiring.settings().https, httponly=True, samesite="Lax")
    return answer


@pages.get("/privacy")
def privacy() -> str:
    """What personal data is collected, why, and how long it is kept."""
    return render_template("privacy.html")
