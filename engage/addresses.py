"""Addresses of an event's screens: who knows the code sees the screen without signing in, until staff renew or withdraw it."""

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.codes import new_code
from engage.events import Event
from surveys.base import Base


class Address(Base):
    """The address of a screen; an event has at most one of each kind."""

    __abstract__ = True

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(26), unique=True)
    renewed_at: Mapped[datetime]


S = TypeVar("S", bound=Address)


def event_of(session: Session, kind: type[S], code: str) -> Event | None:
    """The event whose screen of this kind has this code."""
    return session.scalar(sa.select(Event).join(kind, kind.event_id == Event.id).where(kind.code == code))


def renew(session: Session, kind: type[S], event: Event, *, by: str, now: datetime, **first: Any) -> S:
    """Give the event a screen, with `first` in its columns, or the screen it has another code: the address before is dead from now on."""
    screen = session.get(kind, event.id)
    if screen is None:
        screen = kind(event_id=event.id, code=new_code(), renewed_at=now, **first)
        try:
            with session.begin_nested():
                session.add(screen)
        except IntegrityError:  # somebody else did at the same moment
            screen = session.get_one(kind, event.id)
    else:
        screen.code, screen.renewed_at = new_code(), now
    audit.record(session, f"{kind.__tablename__}.renew", screen, by=by, now=now)
    return screen


def withdraw(session: Session, kind: type[S], event: Event, *, by: str, now: datetime) -> None:
    """The event has no such screen any more; where it has none nothing changes."""
    if screen := session.get(kind, event.id):
        audit.record(session, f"{kind.__tablename__}.withdraw", screen, by=by, now=now)
        session.delete(screen)
        session.flush()  # the session must not find it once more
