"""Taking scans back: by a device, each with an id of its own, or by staff for a person. The scans stay on record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.errors import Conflict
from engage.events import Event
from engage.parties import Attendee
from engage.presence import COUNTED, Scan
from engage.retelling import lock, tell
from surveys.base import Base


class NotHere(Conflict):
    """This person has not arrived."""


class Result(StrEnum):
    """What became of an undo; clients rely on these words."""

    UNDONE = "undone"
    ALREADY = "already"  # somebody has taken this scan back before
    NOTHING = "nothing"  # the scan had been refused: there is nothing to take back
    UNKNOWN = "unknown"  # no such scan at this event: not kept, to be sent again after the scan


@dataclass(frozen=True, kw_only=True)
class UndoRequest:
    """A scan shall not count. `id` is the device's own UUID for this undo, `clock_at` what its clock said."""

    id: str
    scan: str
    at: datetime
    clock_at: datetime
    reason: str = ""
    device: str = ""


class ScanUndo(Base):
    """One undo as it was answered."""

    __tablename__ = "scan_undo"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), index=True)
    scan_id: Mapped[str] = mapped_column(sa.ForeignKey("scan.id", ondelete="CASCADE"), index=True)
    result: Mapped[Result]
    at: Mapped[datetime]
    clock_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(80))
    device: Mapped[str] = mapped_column(sa.String(80), default="")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")


def take_back(session: Session, event: Event, requests: Sequence[UndoRequest], *, by: str, now: datetime) -> list[Result]:
    """Take scans of this event back, in their order: a Result for each. A repeated id repeats its answer and changes nothing.

    What of the same ticket was scanned between the scan and its undo, and answered that it was in already, falls with it.
    A constant number of reading statements for any number of undos.
    """
    answers = _answers(session, event, requests)
    wanted = {request.scan for request in requests if request.id not in answers}
    people = session.scalars(sa.select(Scan.attendee_id).where(_of(event, wanted), Scan.attendee_id.is_not(None)).distinct())
    lock(session, {each for each in people if each is not None})
    # Once more with the rows locked: a device that sends twice at the same moment is one undo.
    answers |= _answers(session, event, requests)
    found = sa.select(Scan).where(_of(event, wanted)).execution_options(populate_existing=True)
    scans = {scan.id: scan for scan in session.scalars(found)}
    touched: set[int] = set()
    for request in requests:
        if request.id in answers:
            continue
        scan = scans.get(request.scan)
        answers[request.id] = result = _judge(scan)
        if scan is None:
            continue
        if result is Result.UNDONE and scan.attendee_id:
            scan.undone_at = request.at
            touched.add(scan.attendee_id)
            audit.record(session, "arrival.undo", scan, by=by, now=now, undo=request.id, at=request.at.isoformat())
        session.add(ScanUndo(id=request.id, event_id=event.id, scan_id=scan.id, result=result, at=request.at, by=by,
                             clock_at=request.clock_at, received_at=now, device=request.device, reason=request.reason))
    tell(session, touched, now=now)
    return [answers[request.id] for request in requests]


def undo(session: Session, attendee: Attendee, *, by: str, now: datetime) -> None:
    """This person was never here: all their scans are taken back, those in rooms too. Raises NotHere."""
    lock(session, {attendee.id})
    session.refresh(attendee, ["arrived_at"])
    if attendee.arrived_at is None:
        raise NotHere
    audit.record(session, "arrival.undo", attendee, by=by, now=now, arrived_at=attendee.arrived_at.isoformat())
    counted = sa.and_(Scan.attendee_id == attendee.id, Scan.stands.in_(COUNTED), Scan.undone_at.is_(None))
    session.execute(sa.update(Scan).where(counted).values(undone_at=now))
    tell(session, {attendee.id}, now=now)


def _answers(session: Session, event: Event, requests: Iterable[UndoRequest]) -> dict[str, Result]:
    ids = [request.id for request in requests]
    known = sa.select(ScanUndo.id, ScanUndo.result).where(ScanUndo.event_id == event.id, ScanUndo.id.in_(ids))
    return {row.id: row.result for row in session.execute(known)}


def _judge(scan: Scan | None) -> Result:
    if scan is None:
        return Result.UNKNOWN
    if scan.stands not in COUNTED:
        return Result.NOTHING
    return Result.ALREADY if scan.undone_at else Result.UNDONE


def _of(event: Event, ids: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.and_(Scan.event_id == event.id, Scan.id.in_(list(ids)))
