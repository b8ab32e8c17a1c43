"""What leaves the house as a file: an event's opinion summary, the responses behind it, and its list of attendees.

Every format of the summary shows the one structure of `engage.reports`, so the same number is the same everywhere. To add a
format is to add a line to FORMATS (RESPONSE_FORMATS, ATTENDEE_FORMATS). Files are written to a binary stream, most of them bit by bit.

    note_export(session, event, "summary.docx", by=by, now=now); session.commit()
    FORMATS["docx"].write(gather(session, event, zone=zone, now=now), stream)
    ATTENDEE_FORMATS["csv"].write(Table(session, event, MASKED, zone, now=now), stream)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import BinaryIO, Generic, TypeVar

from sqlalchemy.orm import Session

from engage import audit, reports
from engage.errors import Denied
from engage.events import Event
from engage.exports import attendees, document, plain, responses, workbook
from engage.exports.attendees import FULL, MASKED, TICKET, Column, Table, answer_columns
from engage.exports.material import Material
from engage.exports.outline import outline
from engage.known_names import mask_for
from surveys.suppression import BELOW

__all__ = [
    "ATTENDEE_FORMATS", "FORMATS", "FULL", "MASKED", "RESPONSE_FORMATS", "TICKET", "AnonymousTexts", "Column", "Format", "Material", "Table", "Texts",
    "answer_columns", "check_texts", "gather", "note_export", "outline",
]

T = TypeVar("T")


class Texts(StrEnum):
    """How what people wrote leaves the house. As it was written only for whoever may see personal data, and noted in the audit trail."""

    MASKED = "masked"
    AS_WRITTEN = "as_written"


class AnonymousTexts(Denied):
    """What people wrote in an anonymous questionnaire never leaves as it was written."""


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Format(Generic[T]):
    """How something is written to a stream, and the media type of the result; how often all responses are read for it."""

    write: Callable[[T, BinaryIO], None]
    media_type: str
    passes: int = 0


FORMATS: dict[str, Format[Material]] = {
    "xlsx": Format(workbook.write, XLSX, passes=2),
    "docx": Format(document.write, DOCX),
    "csv": Format(plain.write_csv, "text/csv"),
    "json": Format(plain.write_json, "application/json"),
}
RESPONSE_FORMATS: dict[str, Format[Material]] = {
    "csv": Format(responses.write_wide, "text/csv", passes=1),
    "long.csv": Format(responses.write_long, "text/csv", passes=1),
    "sav": Format(responses.write_sav, "application/x-spss-sav", passes=1),
}
ATTENDEE_FORMATS: dict[str, Format[Table]] = {
    "xlsx": Format(attendees.write_xlsx, XLSX),
    "csv": Format(attendees.write_csv, "text/csv"),
    "json": Format(attendees.write_json, "application/json"),
}


def gather(  # noqa: PLR0913 -- how it is shown, each by its name
    session: Session, event: Event, *, zone: tzinfo, language: str = "zh", office: str = "", below: int = BELOW, now: datetime,
    texts: Texts = Texts.MASKED, read: Callable[[int], object] = id,
) -> Material:
    """The opinion summary of an event, to be written in one of FORMATS or RESPONSE_FORMATS, in Chinese or English, with times in `zone`.

    `office` is whose report it is; the document is signed with it. Figures of fewer than `below` people within the whole are left
    out with those that would reveal them (see surveys.suppression), and then single answers do not name their category. In what
    people wrote, names of `known_names`, numbers and addresses are masked. `read` is told how many responses were read since it
    was told last. Raises AnonymousTexts.
    """
    check_texts(event, texts)
    summary = reports.event_summary(session, event, now=now)
    mask = mask_for(session, event, language=language) if texts is Texts.MASKED else None
    return Material(session, event, reports.suppressed(summary, below=below) if below > 1 else summary, zone, language, office, mask, read)


def check_texts(event: Event, texts: Texts) -> None:
    """Raises AnonymousTexts where texts may not leave like that."""
    if texts is Texts.AS_WRITTEN and event.questionnaire is not None and event.questionnaire.anonymous:
        raise AnonymousTexts


def note_export(session: Session, event: Event, what: str, *, texts: Texts = Texts.MASKED, by: str, now: datetime) -> None:
    """Put into the audit trail that a file of an event is made: `summary.docx`, `attendees.csv`, …; and that texts leave as written.

    To be saved before anything is written, in a transaction of its own: building a file takes long, and must neither hold
    up the door, which writes too, nor leave the house unrecorded. Raises AnonymousTexts.
    """
    check_texts(event, texts)
    audit.record(session, "event.export", event, by=by, now=now, what=what, **({"texts": texts.value} if texts is Texts.AS_WRITTEN else {}))
