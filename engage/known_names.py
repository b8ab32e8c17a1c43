"""The people whom a text about an event may name: who was invited, who is on the list, whose place they take, and staff."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage.events import Event
from engage.invitations import Invitation
from engage.parties import Attendee
from engage.people import Invitee
from engage.staff import User
from surveys.deidentify import Mask


def known_names(session: Session, event: Event) -> Sequence[str]:
    """Their names as they were written, in one query; those of who declined, cancelled or was taken off the list too."""
    invited, listed = Invitation.event_id == event.id, Attendee.event_id == event.id
    names = sa.union(
        sa.select(Invitee.name).join(Invitation, Invitation.invitee_id == Invitee.id).where(invited),
        sa.select(Invitation.substitute_name).where(invited, Invitation.substitute_name != ""),
        sa.select(Attendee.name).where(listed),
        sa.select(Attendee.stands_in_for).where(listed, Attendee.stands_in_for.is_not(None)),
        sa.select(User.display_name),
    )
    return session.scalars(names).all()


def mask_for(session: Session, event: Event, *, language: str = "zh") -> Mask:
    """What masks texts that leave the house with these names known, with placeholders in the language of the export."""
    return Mask(known_names(session, event), language=language)
