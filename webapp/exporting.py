"""How each kind of export is written: at once where it is small, else by a background job into the instance folder.

A job's file is only for who may fetch it (see engage.export_jobs), and is removed when it has had its day. To let a further kind
of export be a job, add its writer to WRITERS and call `order` in the view.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engage import badge_sheets, badges, events, export_jobs, exports
from engage.badge_sheets import SIZES
from engage.badges import Badge, Choice
from engage.errors import EngageError
from engage.events import Event
from engage.export_jobs import ExportJob, Kind, Order
from engage.exports import ATTENDEE_FORMATS, FORMATS, FULL, MASKED, RESPONSE_FORMATS, Material, Table, Texts
from engage.parties import Attendee
from surveys.errors import SurveyError
from surveys.responses import Response
from webapp.wiring import cipher, clock, db, link, office, saving, settings, speaking, writing

LARGE = 5000  # responses or people, from which on an export is a job: some two seconds
PACE = 1.0  # seconds between two reports of how far a job has come
ABANDONED = 3600  # seconds after which a file that no job needs is removed

log = logging.getLogger(__name__)


class Progress:
    """How far an export has come, in whatever its writer counts; told to the job now and then, to nobody where there is none."""

    def __init__(self, job_id: int | None = None) -> None:
        self._job_id, self._done, self._total, self._told = job_id, 0, 0, 0.0

    def expect(self, total: int) -> None:
        """How much there is to do in all."""
        self._total = total

    def __call__(self, more: int) -> None:
        """So much more is done."""
        self._done += more
        if self._job_id is not None and time.monotonic() > self._told + PACE:
            self._told = time.monotonic()
            with writing() as connection:
                export_jobs.report(connection, self._job_id, min(self._done, self._total), self._total, now=clock())


Writer = Callable[[Event, Order, BinaryIO, Progress], Mapping[str, int]]  # answers what was masked in texts, and how often


def _material(event: Event, wanted: Order, stream: BinaryIO, progress: Progress) -> Mapping[str, int]:
    how = {Kind.SUMMARY: FORMATS, Kind.RESPONSES: RESPONSE_FORMATS}[wanted.kind][wanted.format]
    progress.expect(how.passes * responses_of(event))
    made = gathered(event, wanted.language, texts=texts_of(wanted), read=progress)
    how.write(made, stream)
    return made.mask.counts if made.mask else {}


def texts_of(wanted: Order) -> Texts:
    """How what people wrote is to leave the house."""
    return Texts(wanted.parameters.get("texts", Texts.MASKED))


def gathered(event: Event, language: str, *, texts: Texts = Texts.MASKED, read: Callable[[int], object] = id) -> Material:
    """What the exports of an event's summary and responses are made of, as it stands now."""
    with speaking(language):
        signed = office()
    return exports.gather(db.session(), event, zone=ZoneInfo(settings().timezone), language=language, office=signed,
                          below=settings().smallest_cell, texts=texts, now=clock(), read=read)


def _attendees(event: Event, wanted: Order, stream: BinaryIO, progress: Progress) -> Mapping[str, int]:
    """With the parameters `full` (names and numbers unmasked) and `sensitive` (sensitive answers opened)."""
    full, sensitive = wanted.parameters["full"], wanted.parameters["sensitive"]
    extra = exports.answer_columns(db.session(), event, personal=full, cipher=cipher() if sensitive else None)
    progress.expect(people_of(event))
    table = Table(db.session(), event, FULL if full else MASKED, ZoneInfo(settings().timezone), wanted.language, extra,
                  now=clock(), read=progress)
    ATTENDEE_FORMATS[wanted.format].write(table, stream)
    return {}


def badges_of(event: Event, wanted: Order) -> list[Badge]:
    """Those ordered with the parameters `people` (ids) and `order` who still hold a seat."""
    people, order_ = wanted.parameters["people"], badges.Order(wanted.parameters["order"])
    return badges.find(db.session(), event, Choice(attendee_ids=people, order=order_))


def _badges(event: Event, wanted: Order, stream: BinaryIO, progress: Progress) -> Mapping[str, int]:
    """In the `size` among the parameters."""
    found = badges_of(event, wanted)
    if not found:
        raise badges.NobodyChosen
    progress.expect(len(found))
    badge_sheets.write_pdf(stream, found, size=SIZES[wanted.parameters["size"]], title=event.title, address=ticket_address, drawn=progress)
    return {}


def ticket_address(code: str) -> str:
    """What the QR code on a badge leads to."""
    return link("registration.ticket", code=code)


WRITERS: Mapping[Kind, Writer] = {
    Kind.SUMMARY: _material, Kind.RESPONSES: _material, Kind.ATTENDEES: _attendees, Kind.BADGES: _badges,
}


def responses_of(event: Event) -> int:
    """How many responses the event has, those left out of all figures too."""
    if event.questionnaire_id is None:
        return 0
    asked = sa.select(sa.func.count()).where(Response.questionnaire_id == event.questionnaire_id, Response.context == event.slug)
    return db.session.scalar(asked) or 0


def people_of(event: Event) -> int:
    """How many people are on the event's list."""
    return db.session.scalar(sa.select(sa.func.count()).where(Attendee.event_id == event.id)) or 0


def order(slug: str, wanted: Order, *, by: str) -> ExportJob:
    """Have an export written by a job, at once; the desk's page of exports shows how far it has come."""
    with saving() as session:
        job = export_jobs.order(session, events.by_slug(session, slug), wanted, by=by, now=clock())
    from webapp import jobs  # noqa: PLC0415 -- the queue is loaded by what starts a job

    jobs.soon("export")
    return job


def file_of(job: ExportJob) -> Path:
    """Where the file of a finished job lies."""
    return _folder() / job.file


def work_off() -> int:
    """Write all exports that wait, and remove the files that have had their day; answers how many were written."""
    if not export_jobs.due(db.session(), now=clock()):
        db.session.rollback()
        return 0
    _sweep()
    written = 0
    while (job := _claimed()) is not None:
        _write(job)
        written += 1
    return written


def _claimed() -> ExportJob | None:
    with saving() as session:
        return export_jobs.claim(session, now=clock())


def _write(job: ExportJob) -> None:
    """Into a file beside its place, which it takes when it is whole."""
    job_id, file = job.id, f"{job.key}.{job.format}"
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    part = _folder() / f"{file}.part"
    try:
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        with os.fdopen(handle, "w+b") as stream:
            masked = WRITERS[job.kind](job.event, job.wanted, stream, Progress(job_id))
        part.replace(_folder() / file)
        size = (_folder() / file).stat().st_size
        with saving() as session:
            export_jobs.finish(session, job_id, file=file, size=size, masked=masked, now=clock())
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with one export, the others are written
        log.warning("export: %s", type(error).__name__)  # its text may hold what people wrote
        part.unlink(missing_ok=True)
        code = error.code if isinstance(error, (EngageError, SurveyError)) else EngageError.code
        with saving() as session:
            export_jobs.fail(session, job_id, code, now=clock())


def _sweep() -> None:
    with saving() as session:
        needed = set(export_jobs.expire(session, now=clock()))
    oldest = clock().timestamp() - ABANDONED
    for path in _folder().glob("*.*"):
        if path.name not in needed and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    return settings().instance / "exports"
