"""Files and photos that came with answers to an event's questionnaire: looked through, and taken home one by one or all together."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, request, stream_with_context
from werkzeug.http import dump_options_header

from engage import events, people
from engage.staff import Permission
from surveys import forms, gallery
from surveys.files import Upload, sized
from surveys.kinds import KINDS
from webapp.asking import questionnaire_of
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.answers import handed_over
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import noted
from webapp.wiring import db, language, saving

ON_A_PAGE = 24


@desk.get("/events/<slug>/files")
@allowed(Permission.ANALYSE)
def answer_files(slug: str) -> str:
    """The files of an event's questionnaire, photos as small pictures."""
    event = events.by_slug(db.session(), slug)
    if event.questionnaire is None:
        return render_template("desk/summary_files.html", event=event, pages=None)
    found = gallery.find(event.questionnaire, context=slug, question=request.args.get("question") or None)
    form = forms.whole_form(db.session(), event.questionnaire)
    return render_template(
        "desk/summary_files.html", event=event, pages=db.paginate(found, per_page=ON_A_PAGE, error_out=False), sized=sized,
        labels={one.code: category_name(one) for one in people.categories(db.session())},
        choices=[(one.code, f"{one.number}. {one.label(language())}") for one in form.questions if KINDS[one.kind].attaches],
    )


@desk.get("/events/<slug>/files/<int:file_id>")
@allowed(Permission.ANALYSE)
def answer_file(slug: str, file_id: int) -> Response:
    """One of them, to be saved; it is noted who took it."""
    with saving() as session:
        asked = questionnaire_of(events.by_slug(session, slug))
        found = gallery.get(session, asked, file_id, context=slug)
        noted("file", asked, event=slug, question=found.question.code)
        upload = Upload(found.name, found.content, found.kind)
    return handed_over(upload)


@desk.get("/events/<slug>/files/<int:file_id>/preview")
@allowed(Permission.ANALYSE)
def answer_preview(slug: str, file_id: int) -> Response:
    """A photo in small, made by us of its points alone."""
    found = gallery.get(db.session(), questionnaire_of(events.by_slug(db.session(), slug)), file_id, context=slug)
    if not found.preview:
        raise gallery.NoSuchFile
    return Response(found.preview, content_type="image/jpeg")


@desk.get("/events/<slug>/files.zip")
@allowed(Permission.ANALYSE)
def answer_files_packed(slug: str) -> Response:
    """All of them, or those of one question, in one file that is sent while it is packed."""
    question = request.args.get("question") or None
    with saving() as session:
        asked = questionnaire_of(events.by_slug(session, slug))
        found = session.scalars(gallery.find(asked, context=slug, question=question)).all()
        noted("files", asked, event=slug, question=question, files=len(found))
        names = {one.id: f"{one.question.code}-{number:03}-{one.name}" for number, one in enumerate(found, start=1)}
    disposition = dump_options_header("attachment", {"filename": f"{slug}-files.zip"})
    return Response(stream_with_context(_packed(names)), content_type="application/zip", headers={"Content-Disposition": disposition})


class _Passing(io.RawIOBase):
    """What is written waits here until it is sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:
        self._waiting += some
        return len(some)

    def taken(self) -> bytes:
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


def _packed(names: dict[int, str]) -> Iterator[bytes]:
    """A zip of these files by their ids, piece by piece; what they hold is packed already."""
    passing = _Passing()
    with zipfile.ZipFile(passing, "w") as packed:
        for one in gallery.each(db.session(), list(names)):
            packed.writestr(zipfile.ZipInfo(names[one.id]), one.content)  # without a time
            yield passing.taken()
    yield passing.taken()
