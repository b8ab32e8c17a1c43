"""The audit trail: who did what to which record, and when. Entries are added, never changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.statements import Rows


class AuditEntry(Base):
    """One thing done. `by` is `user:NAME`, `device:NAME`, `invitee:ID`, `guest` or `system`; `subject` is `TABLE:ID`."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(sa.String(80), index=True)
    action: Mapped[str] = mapped_column(sa.String(60), index=True)
    subject: Mapped[str] = mapped_column(sa.String(80), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


_ADD = Rows(AuditEntry, ("at", "by", "action", "subject", "detail"))


def record(session: Session, action: str, subject: Base, *, by: str, now: datetime, **detail: Any) -> None:
    """Note in the same transaction that `by` did `action` (`event.publish`, `registration.cancel`, …) to a record.

    `detail` holds what changed, as JSON values, and never a person's name, number or address.
    """
    session.flush()  # the subject needs its key
    (key,) = sa.inspect(subject).identity or ("",)
    note(session.connection(), action, f"{subject.__tablename__}:{key}", by=by, now=now, **detail)


class Note(NamedTuple):
    """An entry where no record is loaded: `subject` is `TABLE:ID`."""

    action: str
    subject: str
    by: str
    detail: Mapping[str, Any]


def note(connection: sa.Connection, action: str, subject: str, *, by: str, now: datetime, **detail: Any) -> None:
    """`record` where no record is loaded: `subject` is `TABLE:ID`."""
    note_all(connection, [Note(action, subject, by, detail)], now=now)


def note_all(connection: sa.Connection, notes: Iterable[Note], *, now: datetime) -> None:
    """`note` for many at once."""
    _ADD.send(connection, [(now, each.by, each.action, each.subject, each.detail) for each in notes])
