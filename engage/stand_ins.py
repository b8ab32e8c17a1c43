"""Stand-ins: somebody comes in another's place and gets the name on the ticket, on the spot."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import audit, newcomers
from engage.errors import Conflict
from engage.parties import Attendee, State
from engage.people import NameMissing


class SeatTaken(Conflict):
    """Whoever has this ticket has arrived; nobody can come in their place."""


class NoSeat(Conflict):
    """This ticket has no seat that somebody else could take."""


def stand_in(session: Session, attendee: Attendee, name: str, *, by: str, now: datetime) -> None:
    """Put another name on a ticket whose holder has not arrived; number, address and what the other has answered as a
    person go. The list keeps in whose place somebody comes, until the first name is put back.

    Raises NameMissing, SeatTaken or NoSeat.
    """
    if not name.strip():
        raise NameMissing(field="name")
    if attendee.state is not State.CONFIRMED:
        raise NoSeat(state=attendee.state)
    session.flush()
    first = sa.func.coalesce(Attendee.stands_in_for, Attendee.name)
    changed = session.execute(
        sa.update(Attendee).where(Attendee.id == attendee.id, Attendee.arrived_at.is_(None))
        .values(name=name.strip(), phone="", email="", position="", stands_in_for=sa.func.nullif(first, name.strip()))
        .returning(Attendee.id)
    )
    if changed.scalar() is None:
        raise SeatTaken
    session.refresh(attendee)
    newcomers.forget(session, attendee)
    audit.record(session, "attendee.stand_in", attendee, by=by, now=now, registration=attendee.registration_id)
