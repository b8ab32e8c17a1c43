"""Badges: for whom they are printed, in which order, and for whom they were printed already. `badge_sheets` draws them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.errors import Conflict
from engage.events import Event
from engage.parties import Attendee, State
from engage.people import Category, name_key
from surveys.base import Base
from surveys.statements import among


class NobodyChosen(Conflict):
    """Nobody who is expected fits what was chosen."""


class Printed(StrEnum):
    """Which people are wanted: whoever comes, those without a badge yet, or those with one."""

    ALL = "all"
    NOT_YET = "not_yet"
    DONE = "done"


class Order(StrEnum):
    """How the badges lie on the table: by name, by organisation, or by category; Chinese as in a dictionary of sounds."""

    NAME = "name"
    ORGANISATION = "organisation"
    CATEGORY = "category"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Whose badges are wanted; what is left empty does not limit. `words` looks into name and organisation."""

    printed: Printed = Printed.ALL
    arrived: bool = False
    category_ids: Collection[int] = ()
    attendee_ids: Collection[int] = ()
    words: str = ""
    order: Order = Order.NAME


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """What is on a badge: whose it is, and the colour of the category; `printed_at` is when it was printed last."""

    attendee_id: int
    name: str
    organisation: str
    category: str
    colour: str
    ticket_code: str
    arrived_at: datetime | None = None
    printed_at: datetime | None = None


class BadgePrint(Base):
    """When the badge of an attendee was printed last."""

    __tablename__ = "badge_print"

    attendee_id: Mapped[int] = mapped_column(sa.ForeignKey("attendee.id", ondelete="CASCADE"), primary_key=True)
    printed_at: Mapped[datetime]


_PRINTS, _ATTENDEES = cast("sa.Table", BadgePrint.__table__), cast("sa.Table", Attendee.__table__)


def find(session: Session, event: Event, choice: Choice) -> list[Badge]:
    """The badges of those who hold a seat and fit the choice, in its order: one query."""
    found = (
        sa.select(Attendee.id, Attendee.name, Attendee.organisation, Attendee.ticket_code, Attendee.arrived_at, Category.name,
                  Category.colour, Category.position, _PRINTS.c.printed_at)
        .join(Category, Category.id == Attendee.category_id).outerjoin(_PRINTS, _PRINTS.c.attendee_id == Attendee.id)
        .where(Attendee.event_id == event.id, Attendee.state == State.CONFIRMED)
    )
    if choice.printed is not Printed.ALL:
        has = _PRINTS.c.printed_at.is_not(None)
        found = found.where(has if choice.printed is Printed.DONE else sa.not_(has))
    if choice.arrived:
        found = found.where(Attendee.arrived_at.is_not(None))
    if choice.category_ids:
        found = found.where(Attendee.category_id.in_(choice.category_ids))
    if choice.attendee_ids:
        found = found.where(among(_ATTENDEES.c.id, "picked"))
    if choice.words:
        columns = (Attendee.name, Attendee.organisation)
        found = found.where(sa.or_(*(column.icontains(choice.words, autoescape=True) for column in columns)))
    rows = [
        (position, Badge(attendee_id=key, name=name, organisation=organisation, category=category, colour=colour, ticket_code=code,
                         arrived_at=arrived, printed_at=printed))
        for key, name, organisation, code, arrived, category, colour, position, printed in session.execute(
            found, {"picked": list(choice.attendee_ids)} if choice.attendee_ids else {})
    ]
    rows.sort(key=lambda row: _place(*row, choice.order))
    return [badge for _, badge in rows]


def note_printed(session: Session, event: Event, badges: Sequence[Badge], *, by: str, now: datetime) -> None:
    """From now on these badges count as printed. Raises NobodyChosen for none."""
    if not badges:
        raise NobodyChosen
    session.refresh(event, with_for_update=True)  # of two who print the same at once the second waits
    _forget(session, badges)
    rows = [{"attendee_id": badge.attendee_id, "printed_at": now} for badge in badges]
    session.execute(sa.insert(_PRINTS), rows)
    audit.record(session, "event.badges", event, by=by, now=now, badges=len(badges))


def note_spoilt(session: Session, event: Event, badges: Sequence[Badge], *, by: str, now: datetime) -> None:
    """These badges count as not printed: the printer failed, or the paper was wrong. Raises NobodyChosen for none."""
    if not badges:
        raise NobodyChosen
    _forget(session, badges)
    audit.record(session, "event.badges_spoilt", event, by=by, now=now, badges=len(badges))


def _forget(session: Session, badges: Sequence[Badge]) -> None:
    forgotten = sa.delete(_PRINTS).where(_PRINTS.c.attendee_id == sa.bindparam("whose"))
    session.connection().execute(forgotten, [{"whose": badge.attendee_id} for badge in badges])


def _place(position: int, badge: Badge, order: Order) -> tuple[object, ...]:
    """What a badge is sorted by. Two-byte characters of GB 18030 begin with the common ones in the order of their sounds."""
    name, organisation = name_key(badge.name).encode("gb18030"), badge.organisation.encode("gb18030")
    first = {Order.NAME: (), Order.ORGANISATION: (not organisation, organisation), Order.CATEGORY: (position, badge.category)}
    return (*first[order], name, badge.attendee_id)
