"""Downloads: the opinion summary and the list of attendees."""

from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import IO
from zoneinfo import ZoneInfo

from flask import abort, request, send_file
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, exports
from engage.events import Event
from engage.exports import ATTENDEE_FORMATS, FORMATS, FULL, MASKED, Table
from engage.staff import Permission
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import cipher, clock, db, language, office, saving, settings


@desk.get("/events/<slug>/summary.<format>")
@allowed(Permission.ANALYSE)
def export_event(slug: str, format: str) -> Response:  # noqa: A002 -- the name in the address
    """The opinion summary as a file."""
    event = _noted(slug, "summary", format, FORMATS)
    made = exports.gather(db.session(), event, zone=ZoneInfo(settings().timezone), language=language(), office=office(),
                          below=settings().smallest_cell, now=clock())
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    FORMATS[format].write(made, file)
    return _download(file, f"{event.title}{gettext('情况汇总')}.{format}", FORMATS[format].media_type)


@desk.get("/events/<slug>/attendees.<format>")
@allowed(Permission.SEE, Permission.PEOPLE)
def export_attendees(slug: str, format: str) -> Response:  # noqa: A002 -- the name in the address
    """The list of attendees; names and numbers in full only for those who may see them, and sensitive answers only when asked for."""
    personal, sensitive = current_user.may(Permission.PEOPLE), "sensitive" in request.args
    if sensitive and not personal:
        abort(403)
    event = _noted(slug, "attendees with sensitive answers" if sensitive else "attendees", format, ATTENDEE_FORMATS)
    extra = exports.answer_columns(db.session(), event, personal=personal, cipher=cipher() if sensitive else None)
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    table = Table(db.session(), event, FULL if personal else MASKED, ZoneInfo(settings().timezone), language(), extra, now=clock())
    ATTENDEE_FORMATS[format].write(table, file)
    return _download(file, f"{event.title}{gettext('参会名单')}.{format}", ATTENDEE_FORMATS[format].media_type)


def _noted(slug: str, what: str, name: str, formats: Mapping[str, object]) -> Event:
    """The event, once the audit trail has it that this file is made."""
    if name not in formats:
        abort(404)
    with saving() as session:
        event = events.by_slug(session, slug)
        exports.note_export(session, event, f"{what}.{name}", by=current_user.by, now=clock())
    return event


def _download(file: IO[bytes], name: str, media_type: str) -> Response:
    file.seek(0)
    return send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
