"""Registrations and attendees: who gets a seat, with whom, in which activities. A party is seated whole or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engage import audit, events, invitations
from engage import waiting as waiting_list
from engage.applications import Application, cleaned, person_key
from engage.codes import new_code
from engage.entries import Entry, Known, Seated, choose, store
from engage.errors import Conflict, EngageError
from engage.events import Event
from engage.invitations import Invitation
from engage.parties import Addressee, Attendee, ChosenActivity, Registration, State, read_again
from engage.quotas import Claim, Full, Limits, NeverFits, UnknownActivity, lock
from surveys.statements import pipelined


class AlreadyRegistered(Conflict):
    """This person is registered already."""


class AlreadyCancelled(Conflict):
    """The registration is cancelled."""


class AlreadyHere(Conflict):
    """Somebody of the party has arrived; the door has the last word now."""


class Applied(NamedTuple):
    """An application for an event, perhaps in answer to an invitation; `by` is the actor."""

    event: Event
    application: Application
    by: str
    invitation: Invitation | None = None


def register(
    session: Session, event: Event, application: Application, *, invitation: Invitation | None = None, by: str, now: datetime
) -> Registration:
    """Seat a party or, if it is ready to, let it wait; else refuse and change nothing. The same submission again answers with
    the first registration.

    Raises Invalid (a field of the form), InvitationNeeded, AlreadyRegistered, Full (EventFull, CategoryFull, ActivityFull), or
    that registration is not open (EventNotPublished, RegistrationNotYetOpen, RegistrationOver).
    """
    (seated,) = seat_all(session, [Applied(event, application, by, invitation)], now=now)
    if isinstance(seated, EngageError):
        raise seated
    return session.get_one(Registration, seated.id)


def seat_all(session: Session, applied: Sequence[Applied], *, now: datetime) -> list[Seated | EngageError]:
    """`register` for several at once, in their order: what became of each, or the refusal that `register` would raise.

    When a day opens, many register in the same minute: however many there are, the database is asked as often as for one, and what
    is stored is not loaded.
    """
    ready = [_ready(one, now=now) for one in applied]
    event_ids, invited = {one.event.id for one in applied}, [one.invitation.id for one in applied if one.invitation]
    session.flush()
    connection = session.connection()
    with pipelined(connection):  # where no record can be loaded
        with Limits(session, *event_ids) as limits:
            known = Known(
                connection, events=event_ids, people=[person_key(form.leader) for form in ready if isinstance(form, Application)],
                invited=invited, sent=[one.application.submission or "" for one in applied],
            )
            made = [_placed(one, form, known, limits, now=now) for one, form in zip(applied, ready, strict=True)]
            new = list(dict.fromkeys(each for each in made if isinstance(each, Entry)))
            stored = store(connection, new)
            for entry in set(new) - set(stored):
                if entry.row["state"] is State.CONFIRMED:
                    limits.give_back(entry.claim)
        audit.note_all(connection, [entry.note() for entry in stored], now=now)
    for entry in stored:
        if entry.invitation and entry.invitation.state is not invitations.State.ACCEPTED:
            invitations.answer(session, entry.invitation, invitations.State.ACCEPTED, by=entry.by, now=now)
    return _told(session, made, stored)


def change(session: Session, registration: Registration, application: Application, *, by: str, now: datetime) -> None:
    """Replace what a party stated; the leader keeps the ticket, and so does everyone who stays.

    Raises what `register` raises, AlreadyCancelled, or AlreadyHere once somebody has arrived.
    """
    _require_changeable(session, registration)
    events.require_open(registration.event, now=now)
    application = cleaned(registration.event, application, registration.invitation)
    leaving = list(registration.companions)
    waiting = registration.state is State.WAITING
    try:
        with session.begin_nested():
            wanted = _claim(registration.event, application)
            with Limits(session, registration.event_id) as limits:
                if waiting:
                    limits.require_possible(wanted)
                else:
                    limits.give_back(registration.claim)
                    limits.take(wanted)
            registration.party = application.party
            registration.category_id = application.category.id
            registration.person_key = person_key(application.leader)
            for name, value in vars(application.leader).items():
                setattr(registration.leader, name, value)
            for person in application.companions:
                staying = next((attendee for attendee in leaving if attendee.name == person.name), None)
                if staying is None:
                    registration.attendees.append(Attendee(
                        event_id=registration.event_id, category_id=registration.category_id, state=registration.leader.state,
                        place=len(registration.attendees), **vars(person),
                    ))
                else:
                    leaving.remove(staying)
                    staying.phone = person.phone
            for attendee in leaving:
                attendee.state = State.CANCELLED
            session.execute(sa.delete(ChosenActivity).where(ChosenActivity.registration_id == registration.id))
            choose(session.connection(), {registration.id: application.activity_ids})
            session.expire(registration, ["activities"])
            for attendee in registration.attendees:
                attendee.category_id = registration.category_id
    except IntegrityError as error:
        raise AlreadyRegistered(field="phone") from error
    audit.record(session, "registration.change", registration, by=by, now=now, party=application.party)
    waiting_list.promote(session, registration.event, now=now)


def cancel(session: Session, registration: Registration, *, reason: str = "", by: str, now: datetime) -> None:
    """Give the seats back, to whoever waits; the tickets are void.

    Raises AlreadyCancelled, AlreadyHere once somebody has arrived, or NotEditable once the event is over: who stayed away has stayed away.
    """
    _require_changeable(session, registration)
    events.require_editable(registration.event)
    if registration.state is not State.WAITING:
        with Limits(session, registration.event_id) as limits:
            limits.give_back(registration.claim)
    registration.state, registration.cancelled_at, registration.offered_until = State.CANCELLED, now, None
    for attendee in registration.attendees:
        attendee.state = State.CANCELLED
    invitation = registration.invitation
    if invitation is not None and invitation.state is invitations.State.ACCEPTED:
        invitations.answer(session, invitation, invitations.State.DECLINED, reason=reason, by=by, now=now)
    audit.record(session, "registration.cancel", registration, by=by, now=now, event=registration.event_id)
    waiting_list.promote(session, registration.event, now=now)


def _ready(one: Applied, *, now: datetime) -> Application | EngageError:
    """The application as it can be seated, or why it cannot, whatever seats there are."""
    try:
        events.require_open(one.event, now=now)
        return cleaned(one.event, one.application, one.invitation)
    except EngageError as refusal:
        return refusal


def _placed(
    one: Applied, form: Application | EngageError, known: Known, limits: Limits, *, now: datetime
) -> Entry | int | EngageError:
    """The party as it is to be stored, with its seats taken or in the line; what the same form came to before; or a refusal."""
    if (first := known.first(one.event.id, one.application.submission)) is not None:
        return first
    if isinstance(form, EngageError):
        return form
    entry = _entry(one, form, now=now)
    try:
        _take(limits, entry, may_wait=form.wait and waiting_list.joinable(one.event, now=now))
    except (Full, NeverFits, UnknownActivity) as refusal:
        return refusal
    if known.holds(entry):
        if entry.row["state"] is State.CONFIRMED:
            limits.give_back(entry.claim)
        return AlreadyRegistered(field="phone")
    known.add(entry)
    return entry


def _take(limits: Limits, entry: Entry, *, may_wait: bool) -> None:
    """Take the party's seats, or put it into the line; raises why neither is possible."""
    try:
        limits.take(entry.claim)
    except Full:
        if not may_wait:
            raise
        limits.require_possible(entry.claim)
        for row in (entry.row, *entry.guests):
            row["state"] = State.WAITING


def _entry(one: Applied, form: Application, *, now: datetime) -> Entry:
    event_id, category_id = one.event.id, form.category.id
    row: dict[str, Any] = {
        "event_id": event_id, "invitation_id": one.invitation and one.invitation.id, "category_id": category_id,
        "state": State.CONFIRMED, "party": form.party, "person_key": person_key(form.leader), "submission": form.submission,
        "language": form.language, "consent_at": now, "created_at": now,
    }
    guests: list[dict[str, Any]] = [
        {"event_id": event_id, "category_id": category_id, "place": place, "state": State.CONFIRMED, "ticket_code": new_code(),
         "survey_code": new_code(), **vars(person)}
        for place, person in enumerate((form.leader, *form.companions))
    ]
    return Entry(_claim(one.event, form), row, guests, one.by, one.invitation)


def _claim(event: Event, form: Application) -> Claim:
    return Claim(event.id, form.party, form.category.id, form.activity_ids)


def _told(
    session: Session, made: Sequence[Entry | int | EngageError], stored: Sequence[Entry]
) -> list[Seated | EngageError]:
    """What became of each; the same form, sent twice at the same moment, is repeated too."""
    seated = {entry: entry.seated() for entry in stored}
    told: list[Seated | EngageError] = []
    for each in made:
        if isinstance(each, int):
            first = session.get_one(Registration, each)
            told.append(Seated(each, first.state, first.leader.ticket_code, Addressee.of(first.leader), repeated=True))
        elif isinstance(each, Entry):
            told.append(seated.get(each) or AlreadyRegistered(field="phone"))
            seated |= {each: seated[each]._replace(repeated=True)} if each in seated else {}
        else:
            told.append(each)
    return told


def _require_changeable(session: Session, registration: Registration) -> None:
    lock(session, registration.event_id)  # of two who change or cancel it at once the second sees what the first did
    read_again(session, registration)
    if registration.state is State.CANCELLED:
        raise AlreadyCancelled
    if any(attendee.arrived_at for attendee in registration.attendees):
        raise AlreadyHere
