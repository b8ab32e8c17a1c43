"""Exports that take long: ordered on a page, written in the background, kept for a day to be fetched.

Whoever orders one names its kind, its format and what the writer needs besides (`parameters`, JSON values, never personal data);
the caller has a writer for each kind. A worker claims a job, reports how far it has come, and ends it with a file or a refusal.
The file itself is the caller's: here stands only its name.

    job = order(session, event, Order(Kind.BADGES, "pdf", needs=Permission.PEOPLE, parameters={"size": "a4-2x5"}), by=by, now=now)
    …
    while (job := claim(session, now=now)) is not None: …; report(connection, job.id, done, total, now=now); …; finish(session, job, …)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import audit, codes
from engage.errors import Conflict, NotFound
from engage.events import Event
from engage.staff import Permission, User
from surveys.base import Base

KEPT = timedelta(days=1)  # a finished file
SILENT = timedelta(minutes=5)  # after which a worker that reports nothing is taken for dead
TRIES = 3


class NoSuchExport(NotFound):
    """There is no such export, or not for whoever asks."""


class ExportInterrupted(Conflict):
    """The worker that wrote the export ended before it was done, several times."""


class Kind(StrEnum):
    """What is written."""

    SUMMARY = "summary"
    RESPONSES = "responses"
    ATTENDEES = "attendees"
    BADGES = "badges"


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class ExportJob(Base):
    """One export that somebody ordered. `done` of `total` parts are written; `total` is 0 while nobody knows.

    `key` names it in addresses and cannot be guessed. From READY on `file` is the name of the file in the caller's folder, of
    `size` bytes, until `expires_at`; of FAILED `refusal` is the code of what stopped it. `claimed_at` is when its worker last
    reported. Only who ordered it may fetch it, or whoever may ANALYSE where that is all it `needs`.
    """

    __tablename__ = "export_job"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(26), unique=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind]
    format: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(8), default="zh")
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    needs: Mapped[Permission]
    by: Mapped[str] = mapped_column(sa.String(80))
    state: Mapped[State] = mapped_column(default=State.WAITING, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[str] = mapped_column(sa.String(60), default="")
    file: Mapped[str] = mapped_column(sa.String(60), default="")
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    masked: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sa.text("'{}'"))  # how often, by kind: see surveys.deidentify
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()

    @property
    def wanted(self) -> "Order":
        """What was ordered."""
        return Order(self.kind, self.format, self.needs, self.language, self.parameters)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written, and the permission without which nobody may order or fetch it."""

    kind: Kind
    format: str
    needs: Permission
    language: str = "zh"
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])


def order(session: Session, event: Event, wanted: Order, *, by: str, now: datetime) -> ExportJob:
    """Note an export to be written; the very same one that `by` already waits for is that one. The audit trail has it."""
    same = sa.select(ExportJob).where(
        ExportJob.event_id == event.id, ExportJob.by == by, ExportJob.kind == wanted.kind, ExportJob.format == wanted.format,
        ExportJob.language == wanted.language, ExportJob.state.in_((State.WAITING, State.RUNNING)),
    )
    for job in session.scalars(same):
        if job.parameters == wanted.parameters:
            return job
    job = ExportJob(
        key=codes.new_code(), event_id=event.id, kind=wanted.kind, format=wanted.format, language=wanted.language,
        parameters=wanted.parameters, needs=wanted.needs, by=by, created_at=now,
    )
    session.add(job)
    told = {name: value for name, value in wanted.parameters.items() if not isinstance(value, list)}  # whose badges: hundreds of ids
    audit.record(session, "event.export", event, by=by, now=now, what=f"{wanted.kind}.{wanted.format}", **told)
    return job


def visible(session: Session, event: Event, user: User) -> Sequence[ExportJob]:
    """The event's exports that this user may fetch or has under way, the latest first."""
    jobs = session.scalars(sa.select(ExportJob).where(ExportJob.event_id == event.id).order_by(ExportJob.id.desc()))
    return [job for job in jobs if _may(user, job)]


def fetch(session: Session, key: str, user: User, *, now: datetime) -> ExportJob:
    """A finished export for whom it may concern; the audit trail has it. Raises NoSuchExport."""
    job = session.scalar(sa.select(ExportJob).where(ExportJob.key == key))
    if job is None or not _may(user, job) or job.state is not State.READY or job.expires_at is None or job.expires_at <= now:
        raise NoSuchExport
    audit.record(session, "event.export.fetch", job.event, by=user.actor, now=now, what=f"{job.kind}.{job.format}")
    return job


def due(session: Session, *, now: datetime) -> bool:
    """Whether there is anything to write or to forget."""
    wanted = sa.or_(_free(now), ExportJob.expires_at <= now)
    return session.scalar(sa.select(ExportJob.id).where(wanted).limit(1)) is not None


def claim(session: Session, *, now: datetime) -> ExportJob | None:
    """The next export to be written, given to one worker only; also one whose worker has been silent for too long.

    One that was begun TRIES times ends as failed.
    """
    free = _free(now)
    spent = sa.update(ExportJob).where(free, ExportJob.tries >= TRIES)
    session.execute(spent.values(state=State.FAILED, refusal=ExportInterrupted.code, finished_at=now, expires_at=now + KEPT))
    first = sa.select(sa.func.min(ExportJob.id)).where(free).scalar_subquery()
    taken = sa.update(ExportJob).where(ExportJob.id == first, free).values(
        state=State.RUNNING, claimed_at=now, tries=ExportJob.tries + 1, done=0, total=0,
    )
    key = session.execute(taken.returning(ExportJob.id), execution_options={"synchronize_session": False}).scalar()
    return session.get_one(ExportJob, key, populate_existing=True) if key else None


def report(connection: sa.Connection, job_id: int, done: int, total: int, *, now: datetime) -> None:
    """How far a running export has come; it also says that its worker lives."""
    running = sa.update(ExportJob).where(ExportJob.id == job_id, ExportJob.state == State.RUNNING)
    connection.execute(running.values(done=done, total=total, claimed_at=now))


def finish(session: Session, job_id: int, *, file: str, size: int, masked: Mapping[str, int] | None = None, now: datetime) -> None:
    """The file is whole, and can be fetched for a day. `masked` tells what was masked in its texts."""
    _end(session, job_id, State.READY, now=now, file=file, size=size, masked=dict(masked or {}), done=sa.func.coalesce(sa.func.nullif(ExportJob.total, 0), 1))


def fail(session: Session, job_id: int, refusal: str, *, now: datetime) -> None:
    """There will be no file, for the reason with this code; it is shown for a day."""
    _end(session, job_id, State.FAILED, now=now, refusal=refusal)


def expire(session: Session, *, now: datetime) -> Sequence[str]:
    """Forget what has had its day; answers the names of all files that are still needed."""
    session.execute(sa.delete(ExportJob).where(ExportJob.expires_at <= now), execution_options={"synchronize_session": False})
    return session.scalars(sa.select(ExportJob.file).where(ExportJob.file != "")).all()


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(ExportJob.state == State.WAITING, sa.and_(ExportJob.state == State.RUNNING, ExportJob.claimed_at < now - SILENT))


def _may(user: User, job: ExportJob) -> bool:
    return user.may(job.needs) and (job.by == user.actor or job.needs is Permission.ANALYSE)


def _end(session: Session, job_id: int, state: State, *, now: datetime, **values: Any) -> None:
    running = sa.update(ExportJob).where(ExportJob.id == job_id, ExportJob.state == State.RUNNING)
    session.execute(running.values(state=state, finished_at=now, expires_at=now + KEPT, **values))
