"""Downloads: the opinion summary, the responses behind it and the list of attendees; the page of exports that take long."""

from collections.abc import Callable, Mapping
from tempfile import TemporaryFile

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import badges, events, export_jobs, exports
from engage.events import Event
from engage.export_jobs import Kind, NoSuchExport, Order, State
from engage.exports import ATTENDEE_FORMATS, FORMATS, RESPONSE_FORMATS, Format, Texts
from engage.staff import Permission
from surveys.deidentify import told
from webapp import exporting
from webapp.errors import words_of
from webapp.exporting import LARGE, WRITERS, Progress
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, language, saving

FORMATS_OF: Mapping[Kind, Mapping[str, Format]] = {
    Kind.SUMMARY: FORMATS, Kind.RESPONSES: RESPONSE_FORMATS, Kind.ATTENDEES: ATTENDEE_FORMATS,
}


@desk.get("/events/<slug>/summary.<format>")
@allowed(Permission.ANALYSE)
def export_event(slug: str, format: str) -> Response:  # noqa: A002 -- the name in the address
    """The opinion summary as a file."""
    wanted = _order(Kind.SUMMARY, format)
    return _delivered(slug, wanted, f"summary.{format}", exporting.responses_of)


@desk.get("/events/<slug>/responses.<format>")
@allowed(Permission.ANALYSE)
def export_responses(slug: str, format: str) -> Response:  # noqa: A002 -- as above
    """The responses themselves as a file."""
    wanted = _order(Kind.RESPONSES, format)
    return _delivered(slug, wanted, f"responses.{format}", exporting.responses_of)


@desk.get("/events/<slug>/attendees.<format>")
@allowed(Permission.SEE, Permission.PEOPLE)
def export_attendees(slug: str, format: str) -> Response:  # noqa: A002 -- as above
    """The list of attendees; names and numbers in full only for those who may see them, and sensitive answers only when asked for."""
    personal, sensitive = current_user.may(Permission.PEOPLE), "sensitive" in request.args
    if sensitive and not personal:
        abort(403)
    wanted = Order(Kind.ATTENDEES, format, Permission.PEOPLE if personal else Permission.SEE, language(),
                   {"full": personal, "sensitive": sensitive})
    return _delivered(slug, wanted, f"attendees{' with sensitive answers' if sensitive else ''}.{format}", exporting.people_of)


@desk.get("/events/<slug>/exports")
@allowed(Permission.SEE)
def export_list(slug: str) -> str:
    """What can be exported, and the exports that are being written or can still be fetched."""
    event = events.by_slug(db.session(), slug)
    jobs = export_jobs.visible(db.session(), event, current_user.user)
    return render_template(
        "desk/exports.html", event=event, jobs=jobs, words_of=words_of, running={State.WAITING, State.RUNNING},
        name_of=lambda job: _name(event, job.wanted), file_of=exporting.file_of,
        told=told,
    )


@desk.get("/events/<slug>/summary/print")
@allowed(Permission.ANALYSE)
def print_summary(slug: str) -> str:
    """The opinion summary on sheets of A4, to be printed or saved as PDF; the figures are those of the other exports."""
    with saving() as session:
        exports.note_export(session, events.by_slug(session, slug), "summary.print", by=current_user.by, now=clock())
    made = exporting.gathered(events.by_slug(db.session(), slug), language())
    return render_template("desk/print_summary.html", event=made.event, material=made, blocks=exports.outline(made))


@desk.get("/exports/<key>")
@allowed()
def fetch_export(key: str) -> Response:
    """A finished export; only for whom it concerns."""
    with saving() as session:
        job = export_jobs.fetch(session, key, current_user.user, now=clock())
        name = _name(job.event, job.wanted)
        if job.kind is Kind.BADGES and (printed := exporting.badges_of(job.event, job.wanted)):
            badges.note_printed(session, job.event, printed, by=current_user.by, now=clock())
    path = exporting.file_of(job)
    if not path.exists():
        raise NoSuchExport
    how = FORMATS_OF.get(job.kind, {}).get(job.format)
    return send_file(path.absolute(), mimetype=how and how.media_type, as_attachment=True, download_name=name)


def _order(kind: Kind, format: str) -> Order:  # noqa: A002 -- as above
    """The order of an export with texts: masked, or as they were written where that is asked for by who may see personal data."""
    if request.args.get("texts") != Texts.AS_WRITTEN:
        return Order(kind, format, Permission.ANALYSE, language())
    if not current_user.may(Permission.PEOPLE):
        abort(403)
    return Order(kind, format, Permission.PEOPLE, language(), {"texts": Texts.AS_WRITTEN.value})


def _delivered(slug: str, wanted: Order, what: str, size_of: Callable[[Event], int]) -> Response:
    """The file, once the audit trail has it; a large one is written by a job, and the page of exports shows how far it has come."""
    how = FORMATS_OF[wanted.kind].get(wanted.format)
    if how is None:
        abort(404)
    texts = exporting.texts_of(wanted)
    exports.check_texts(events.by_slug(db.session(), slug), texts)
    if size_of(events.by_slug(db.session(), slug)) > LARGE:
        exporting.order(slug, wanted, by=current_user.by)
        return redirect(url_for("desk.export_list", slug=slug), 303)
    with saving() as session:
        event = events.by_slug(session, slug)
        exports.note_export(session, event, what, texts=texts, by=current_user.by, now=clock())
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    try:
        masked = WRITERS[wanted.kind](event, wanted, file, Progress())
    except BaseException:
        file.close()
        raise
    if masked:
        flash(gettext("本次导出已遮盖%(told)s。", told=told(masked, language())), "success")
    file.seek(0)
    return send_file(file, mimetype=how.media_type, as_attachment=True, download_name=_name(event, wanted))


def _name(event: Event, wanted: Order) -> str:
    kind = {
        Kind.SUMMARY: gettext("情况汇总"), Kind.RESPONSES: gettext("原始数据"), Kind.ATTENDEES: gettext("参会名单"), Kind.BADGES: gettext("胸牌"),
    }[wanted.kind]
    return f"{event.title}{kind}.{wanted.format}"
