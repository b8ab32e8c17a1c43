"""Files that guests have handed in with a registration, on their way back to whoever may have them."""

from urllib.parse import quote

from flask import Blueprint, Response

from engage import answers, parties
from engage.answers import Keeping
from surveys.files import MEDIA, Upload
from webapp.rates import limited, misses
from webapp.wiring import cipher, clock, saving

pages = Blueprint("answers", __name__)


@pages.get("/t/<code>/files/<int:field_id>")
@misses
@limited("30 per minute")
def own_file(code: str, field_id: int) -> Response:
    """A file of the ticket's holder."""
    with saving() as session:
        holder = parties.by_ticket(session, code)
        found = answers.file_of(session, holder, field_id, Keeping(cipher(), "guest", clock()))
    return handed_over(found)


def handed_over(found: Upload) -> Response:
    """The file to be saved, never shown: whatever it holds runs nowhere on this site and is kept by nobody on the way."""
    answer = Response(found.content, content_type=MEDIA[found.kind])
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
