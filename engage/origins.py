"""Origins: how people came onto an event's list. They registered, were entered at the door, or come in somebody's place."""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engage.invitations import Invitation
from engage.parties import Attendee, Registration
from engage.people import Invitee
from engage.walk_ins import WalkIn


class Origin(StrEnum):
    """Registered; 现场登记, entered at the door; 代替他人, the place taken on the spot, beforehand, or by a substitute's invitation."""

    REGISTERED = "registered"
    WALK_IN = "walk_in"
    STAND_IN = "stand_in"


class Came(NamedTuple):
    """A person's origin, and the name of whoever was to come first, "" where nobody was."""

    origin: Origin = Origin.REGISTERED
    stands_in_for: str = ""


_own, _first = aliased(Invitation), aliased(Invitation)
_substitute = sa.and_(Attendee.place == 0, sa.exists().where(
    Registration.id == Attendee.registration_id, _own.id == Registration.invitation_id, _own.stands_in_for_id.is_not(None)).correlate(Attendee))
_origin = sa.case(
    (sa.exists().where(WalkIn.attendee_id == Attendee.id).correlate(Attendee), Origin.WALK_IN.value),
    (sa.or_(Attendee.stands_in_for.is_not(None), _substitute), Origin.STAND_IN.value),
    else_=Origin.REGISTERED.value,
)


def came_as(origin: Origin) -> sa.ColumnElement[bool]:
    """The condition that an attendee has arrived, and is of this origin."""
    return sa.and_(Attendee.arrived_at.is_not(None), _origin.in_([origin.value]))


def of_people(session: Session, attendee_ids: Collection[int]) -> dict[int, Came]:
    """Of these people those who did not simply register, by their ids: one statement."""
    whom = sa.func.coalesce(Attendee.stands_in_for, sa.case((Attendee.place == 0, Invitee.name)), "")
    found = (
        sa.select(Attendee.id, _origin, whom).join(Registration, Registration.id == Attendee.registration_id)
        .outerjoin(_own, _own.id == Registration.invitation_id).outerjoin(_first, _first.id == _own.stands_in_for_id)
        .outerjoin(Invitee, Invitee.id == _first.invitee_id)
        .where(Attendee.id.in_(attendee_ids), _origin.in_([Origin.WALK_IN.value, Origin.STAND_IN.value]))
    )
    return {attendee_id: Came(Origin(origin), name) for attendee_id, origin, name in session.execute(found)}
