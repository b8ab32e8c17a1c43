"""What is told after an event without anybody pressing a button: thanks to those who came, "we missed you" to those who did not."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.events import Event, State
from surveys.base import Base


class Afterwards(Base):
    """What an event's organiser has ticked to be told the next morning; `sent_at` is when that was done."""

    __tablename__ = "afterwards"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    thanks: Mapped[bool] = mapped_column(default=False)
    missed: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None]


def of_event(session: Session, event: Event) -> Afterwards:
    """What is ticked; nothing where nobody has been asked."""
    return session.get(Afterwards, event.id) or Afterwards(event_id=event.id, thanks=False, missed=False)


def choose(session: Session, event: Event, *, thanks: bool, missed: bool, by: str, now: datetime) -> None:
    """Tick what shall be told the next morning."""
    chosen = session.merge(of_event(session, event))
    chosen.thanks, chosen.missed = thanks, missed
    audit.record(session, "event.afterwards", event, by=by, now=now, thanks=thanks, missed=missed)


def due(session: Session, *, ended_from: datetime, ended_before: datetime) -> Sequence[Event]:
    """Events that took place and ended in that time, and whose guests have not been told what is ticked."""
    return session.scalars(
        sa.select(Event).join(Afterwards, Afterwards.event_id == Event.id)
        .where(Afterwards.sent_at.is_(None), sa.or_(Afterwards.thanks, Afterwards.missed),
               Event.state.in_((State.PUBLISHED, State.CLOSED)), Event.ends_at >= ended_from, Event.ends_at < ended_before)
        .order_by(Event.id)
    ).all()


def claim(session: Session, event: Event, *, now: datetime) -> Afterwards | None:
    """What is ticked, for the one who tells it now; None for whoever comes later. The database is the judge."""
    mine = sa.update(Afterwards).where(Afterwards.event_id == event.id, Afterwards.sent_at.is_(None)).values(sent_at=now)
    return session.scalar(mine.returning(Afterwards).execution_options(populate_existing=True))
