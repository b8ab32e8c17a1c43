"""Substitutes: whom somebody who declines names instead, and inviting that person."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from engage import audit, invitations, people
from engage.contacts import clean_email, clean_phone
from engage.errors import Conflict
from engage.invitations import Invitation, State
from engage.people import InviteeForm, NameMissing, NoContact

LIMITS = {"name": 60, "phone": 24, "email": 254}


class NotDeclined(Conflict):
    """Only somebody who has declined names a substitute."""


class NoSubstitute(Conflict):
    """Nobody has been named, or the person named is invited already."""


class SubstituteInvited(Conflict):
    """The person named before is invited already."""


class Proposed(NamedTuple):
    """Who might come instead, as it was typed; a phone number or an e-mail address is needed."""

    name: str
    phone: str = ""
    email: str = ""


def propose(session: Session, invitation: Invitation, proposed: Proposed, *, by: str, now: datetime) -> None:
    """Keep whom the invitee names, the last one, until that person is invited.

    Raises NotDeclined, SubstituteInvited, or NameMissing, NoContact, InvalidPhone, InvalidEmail.
    """
    if invitation.state is not State.DECLINED:
        raise NotDeclined
    if standing_in(session, invitation):
        raise SubstituteInvited
    if not proposed.name.strip():
        raise NameMissing(field="name")
    if not (proposed.phone.strip() or proposed.email.strip()):
        raise NoContact(field="phone")
    phone = clean_phone(proposed.phone) if proposed.phone.strip() else ""
    email = clean_email(proposed.email) if proposed.email.strip() else ""
    invitation.substitute_name = people.clean_name(proposed.name)[:LIMITS["name"]]
    invitation.substitute_phone, invitation.substitute_email = phone, email
    audit.record(session, "invitation.name_substitute", invitation, by=by, now=now)


def invite(session: Session, invitation: Invitation, *, by: str, now: datetime) -> Invitation:
    """Invite the person named, in the category of the first invitee, and put the message into the outbox.

    Somebody known by name and contact is that person. Raises NoSubstitute, EventNotPublished, or what `people.add_invitee` raises.
    """
    if not invitation.substitute_name or standing_in(session, invitation):
        raise NoSubstitute
    details = InviteeForm(
        name=invitation.substitute_name, phone=invitation.substitute_phone, email=invitation.substitute_email,
        category=invitation.invitee.category, organisation=invitation.invitee.organisation, district=invitation.invitee.district,
    )
    known = people.known_person(session, name=details.name, phone=details.phone, email=details.email)
    person = known or people.add_invitee(session, details, by=by, now=now)
    if not invitations.invite(session, invitation.event, [person.id], by=by, now=now):
        raise NoSubstitute
    made = session.scalars(invitations.of_event(invitation.event).where(Invitation.invitee_id == person.id)).one()
    made.stands_in_for_id = invitation.id
    session.flush()
    invitations.send(session, invitation.event, ids=[made.id], by=by, now=now)
    session.refresh(made)
    return made


def standing_in(session: Session, invitation: Invitation) -> Invitation | None:
    """The invitation of the substitute, once there is one."""
    return session.scalar(invitations.of_event(invitation.event).where(Invitation.stands_in_for_id == invitation.id))
