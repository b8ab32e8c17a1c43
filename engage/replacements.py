"""One person comes instead of another: a companion is swapped, or the leader hands the whole registration over.

The seat stays, the old ticket is void, and whoever comes now gets a ticket with a new code; the old one stays in the records as cancelled.
"""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engage import audit, events, newcomers, outbox, parties, quotas
from engage.applications import CompanionRepeated, Person, clean_companion, clean_leader, companion_faults, person_key
from engage.contacts import clean_mobile
from engage.errors import Conflict
from engage.newcomers import Told
from engage.outbox import Message, Purpose
from engage.parties import NEWS, Attendee, NotLeader, Registration, State
from engage.people import name_key
from engage.registrations import AlreadyCancelled, AlreadyRegistered


class PersonHere(Conflict):
    """This person has arrived; the door has the last word now."""


class AlreadyReplaced(Conflict):
    """Somebody else comes for this person already."""


class NobodyNew(Conflict):
    """This is the person who comes already."""


def swap(session: Session, attendee: Attendee, person: Person, *, told: Told | None = None, by: str, now: datetime) -> Attendee:
    """Let another person come for a companion, who has `told` what the event asks (`newcomers.replacing`). The same form sent
    twice is one swap. Answers who comes now.

    Raises Invalid (a field of the form, CompanionRepeated), SwapOver or EventNotPublished, PersonHere, AlreadyReplaced,
    AlreadyCancelled, NobodyNew, or NotLeader for the leader, who hands over instead.
    """
    party = attendee.registration
    _locked(session, party)
    person = clean_companion(person)
    if attendee.state is State.CANCELLED and party.state is not State.CANCELLED:
        for guest in party.companions:
            if _same(guest, person):  # the form was sent twice
                return guest
    require_replaceable(attendee, now=now)
    if not attendee.place:
        raise NotLeader
    if _same(attendee, person):
        raise NobodyNew(field="name")
    others = [_stated(guest) for guest in party.companions if guest is not attendee]
    if len(others) in companion_faults(_stated(party.leader), [*others, person]):
        raise CompanionRepeated(field="name")
    incoming = _incoming(attendee, person, place=len(party.attendees))
    party.attendees.append(incoming)
    attendee.state = State.CANCELLED
    session.flush()
    audit.record(session, "registration.swap", party, by=by, now=now, out=attendee.id, come=incoming.id)
    if told:
        newcomers.keep(session, incoming, told, by=by, now=now)
    return incoming


def hand_over(
    session: Session, attendee: Attendee, person: Person, *, told: Told | None = None, by: str, now: datetime
) -> Registration:
    """Give the leader's place, and with it the registration, to another person of the same category, who can be reached.

    What was answered for the party stays; what is asked of a person the new leader has `told` (`newcomers.replacing`). The new
    leader is told where the party stands, the old one that it was handed over. The same form sent twice is done once.
    Raises Invalid (a field of the form, NotMobile), SwapOver or EventNotPublished, PersonHere, AlreadyReplaced, AlreadyCancelled,
    AlreadyRegistered, NobodyNew, or NotLeader for a companion.
    """
    party = attendee.registration
    _locked(session, party)
    person = clean_leader(person)
    if not person.email:
        person = replace(person, phone=clean_mobile(person.phone))
    if attendee.state is State.CANCELLED and party.state is not State.CANCELLED and _same(party.leader, person):
        return party  # the form was sent twice
    require_replaceable(attendee, now=now)
    if attendee.place:
        raise NotLeader
    if person_key(person) == party.person_key:
        raise NobodyNew(field="name")
    incoming = _incoming(attendee, person, place=0)
    try:
        with session.begin_nested():
            party.person_key, party.handed_over_at = person_key(person), now
            attendee.place, attendee.state = len(party.attendees), State.CANCELLED
            session.add(incoming)
    except IntegrityError:
        raise AlreadyRegistered(field="name") from None
    session.expire(party, ["attendees"])
    _withdraw(session, attendee)
    audit.record(session, "registration.hand_over", party, by=by, now=now, out=attendee.id, come=incoming.id)
    newcomers.pass_on(session, attendee, incoming)
    if told:
        newcomers.keep(session, incoming, told, by=by, now=now)
    parties.tell(session, party, NEWS[party.state], now=now)
    parties.tell_one(session, attendee, Purpose.HANDED_OVER, now=now)
    return party


def _locked(session: Session, party: Registration) -> None:
    quotas.lock(session, party.event_id)  # of two who replace somebody at once the second sees what the first did
    parties.read_again(session, party)


def require_replaceable(attendee: Attendee, *, now: datetime) -> None:
    """Raise why nobody can come instead of this person now: AlreadyCancelled, AlreadyReplaced, PersonHere, SwapOver, EventNotPublished."""
    if attendee.registration.state is State.CANCELLED:
        raise AlreadyCancelled
    if attendee.state is State.CANCELLED:
        raise AlreadyReplaced
    if attendee.arrived_at:
        raise PersonHere
    events.require_swaps(attendee.registration.event, now=now)


def _incoming(attendee: Attendee, person: Person, *, place: int) -> Attendee:
    first = attendee.stands_in_for or attendee.name
    return Attendee(event_id=attendee.event_id, registration_id=attendee.registration_id, category_id=attendee.category_id,
                    state=attendee.state, place=place, stands_in_for=None if first == person.name else first, **vars(person))


def _stated(attendee: Attendee) -> Person:
    return Person(name=attendee.name, phone=attendee.phone)


def _same(attendee: Attendee, person: Person) -> bool:
    return name_key(attendee.name) == name_key(person.name) and attendee.phone == person.phone and attendee.email == person.email


def _withdraw(session: Session, attendee: Attendee) -> None:
    """What still waits to be told to the old leader is no more."""
    waiting = sa.select(Message.id).where(Message.attendee_id == attendee.id, Message.state == outbox.State.QUEUED)
    outbox.withdraw_messages(session, session.scalars(waiting).all())
