"""What every template can use: language, permissions, the site's own facts."""

from typing import Any

from flask import Flask, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from engage.staff import Permission, Role
from webapp import wiring

HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}


def common() -> dict[str, Any]:
    """`lang` (for <html lang>), `language` (zh, en), `other_language`, `here` (path with query), `now`, `office`."""
    language = wiring.language()
    other = next(each for each in wiring.LANGUAGES if each != language)
    here = request.full_path.rstrip("?") if request else "/"
    return {"lang": HTML_LANGUAGE[language], "language": language, "other_language": other, "here": here,
            "now": wiring.clock(), "office": wiring.office()}


def init_app(app: Flask) -> None:
    app.context_processor(common)
    app.jinja_env.globals.update(Permission=Permission, Role=Role, current_user=current_user, link=wiring.link, csrf_token=generate_csrf)
