"""Registrations and attendees: who gets a seat, with whom, in which activities. A party is seated whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engage import audit, events, invitations, quotas
from engage import waiting as waiting_list
from engage.codes import new_code
from engage.contacts import clean_email, clean_phone
from engage.errors import Conflict, Denied, EngageError, Invalid
from engage.events import Event, Visibility
from engage.invitations import Invitation
from engage.parties import Addressee, Attendee, ChosenActivity, Registration, State, read_again
from engage.people import Category, NameMissing, NoContact, name_key
from engage.quotas import Full
from surveys.statements import Statement, columns, savepoint


class ConsentMissing(Invalid):
    """Personal data is kept only with consent."""


class TooManyCompanions(Invalid):
    """The category may not bring so many people."""


class CompanionNameMissing(Invalid):
    """An accompanying person needs a name."""


class CompanionRepeated(Invalid):
    """This person is on the party's list already, with the same number."""


class CategoryNotOpen(Invalid):
    """This category comes by invitation only."""


class InvitationNeeded(Denied):
    """The event is for invited people."""


class AlreadyRegistered(Conflict):
    """This person is registered already."""


class AlreadyCancelled(Conflict):
    """The registration is cancelled."""


class AlreadyHere(Conflict):
    """Somebody of the party has arrived; the door has the last word now."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What an event needs to know of somebody who comes."""

    name: str
    phone: str = ""
    email: str = ""
    organisation: str = ""
    position: str = ""


@dataclass(frozen=True, kw_only=True)
class Application:
    """A filled-in registration form: who comes, as what, for which activities.

    `submission` is the form's own random identifier: the same form sent twice is one registration. Who is ready to `wait` is put
    on the waiting list where there is no seat.
    """

    leader: Person
    category: Category
    companions: Sequence[Person] = ()
    activity_ids: Sequence[int] = ()
    consent: bool = False
    wait: bool = False
    submission: str | None = None
    language: str = "zh"

    @property
    def party(self) -> int:
        """Seats needed: the leader and who comes along."""
        return 1 + len(self.companions)


class Seated(NamedTuple):
    """What became of an application; `repeated` when the same form had come before."""

    id: int
    state: State
    ticket_code: str  # the leader's
    leader: Addressee
    repeated: bool = False


def register(
    session: Session, event: Event, application: Application, *, invitation: Invitation | None = None, by: str, now: datetime
) -> Registration:
    """Seat a party or, if it is ready to, let it wait; else refuse and change nothing. The same submission again answers with
    the first registration.

    Raises Invalid (a field of the form), InvitationNeeded, AlreadyRegistered, Full (EventFull, CategoryFull, ActivityFull), or
    that registration is not open (EventNotPublished, RegistrationNotYetOpen, RegistrationOver).
    """
    return session.get_one(Registration, seat(session, event, application, invitation=invitation, by=by, now=now).id)


def seat(
    session: Session, event: Event, application: Application, *, invitation: Invitation | None = None, by: str, now: datetime
) -> Seated:
    """`register` without loading what it has stored: when a day opens, many register in the same minute."""
    try:
        return _seat(session, event, application, invitation=invitation, by=by, now=now)
    except EngageError:
        sent = sa.and_(Registration.submission == application.submission, Registration.event_id == event.id)
        if application.submission and (first := session.scalar(sa.select(Registration).where(sent))):
            return Seated(first.id, first.state, first.leader.ticket_code, Addressee.of(first.leader), repeated=True)
        raise


def change(session: Session, registration: Registration, application: Application, *, by: str, now: datetime) -> None:
    """Replace what a party stated; the leader keeps the ticket, and so does everyone who stays.

    Raises what `register` raises, AlreadyCancelled, or AlreadyHere once somebody has arrived.
    """
    _require_changeable(session, registration)
    events.require_open(registration.event, now=now)
    application = _cleaned(registration.event, application, registration.invitation)
    leaving = list(registration.companions)
    waiting = registration.state is State.WAITING
    try:
        with session.begin_nested():
            if not waiting:
                _give_back(session, registration)
                quotas.take(session, registration.event_id, application.party, category_id=application.category.id,
                            activity_ids=application.activity_ids)
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
            _choose(session.connection(), registration.id, application.activity_ids)
            session.expire(registration, ["activities"])
            for attendee in registration.attendees:
                attendee.category_id = registration.category_id
    except IntegrityError as error:
        raise AlreadyRegistered(field="phone") from error
    audit.record(session, "registration.change", registration, by=by, now=now, party=application.party)
    waiting_list.promote(session, registration.event, now=now)


def cancel(session: Session, registration: Registration, *, reason: str = "", by: str, now: datetime) -> None:
    """Give the seats back, to whoever waits; the tickets are void. Raises AlreadyCancelled, or AlreadyHere once somebody has arrived."""
    _require_changeable(session, registration)
    if registration.state is not State.WAITING:
        _give_back(session, registration)
    registration.state, registration.cancelled_at, registration.offered_until = State.CANCELLED, now, None
    for attendee in registration.attendees:
        attendee.state = State.CANCELLED
    invitation = registration.invitation
    if invitation is not None and invitation.state is invitations.State.ACCEPTED:
        invitations.answer(session, invitation, invitations.State.DECLINED, reason=reason, by=by, now=now)
    audit.record(session, "registration.cancel", registration, by=by, now=now, event=registration.event_id)
    waiting_list.promote(session, registration.event, now=now)


def _seat(
    session: Session, event: Event, application: Application, *, invitation: Invitation | None, by: str, now: datetime
) -> Seated:
    events.require_open(event, now=now)
    application = _cleaned(event, application, invitation)
    category, activities = application.category.id, application.activity_ids
    seated: dict[str, Any] = {
        "event_id": event.id, "invitation_id": invitation and invitation.id, "category_id": category,
        "state": State.CONFIRMED, "party": application.party, "person_key": person_key(application.leader),
        "submission": application.submission, "language": application.language, "consent_at": now, "created_at": now,
        "cancelled_at": None, "rank": None, "offered_until": None,
    }
    guests: list[dict[str, Any]] = [
        {"event_id": event.id, "category_id": category, "place": place, "state": State.CONFIRMED, "ticket_code": new_code(),
         "survey_code": new_code(), "arrived_at": None, "left_at": None, **vars(person)}
        for place, person in enumerate((application.leader, *application.companions))
    ]
    session.flush()
    connection = session.connection()
    try:
        with savepoint(connection):
            quotas.take(session, event.id, application.party, category_id=category, activity_ids=activities)
            _keep(connection, seated, guests, activities)
    except Full:
        if not (application.wait and waiting_list.joinable(event, now=now)):
            raise
        seated["state"] = State.WAITING
        for guest in guests:
            guest["state"] = State.WAITING
        with savepoint(connection):
            _keep(connection, seated, guests, activities)
    if invitation is not None and invitation.state is not invitations.State.ACCEPTED:
        invitations.answer(session, invitation, invitations.State.ACCEPTED, by=by, now=now)
    done = "wait" if seated["state"] is State.WAITING else "create"
    audit.note(connection, f"registration.{done}", f"registration:{seated['id']}", by=by, now=now, event=event.id, party=application.party)
    leader = application.leader
    told = Addressee(event.id, seated["invitation_id"], guests[0]["id"], leader.name, leader.phone, leader.email)
    return Seated(seated["id"], seated["state"], guests[0]["ticket_code"], told)


# Somebody who is registered already is passed over without an error.
_INSERT_REGISTRATION = Statement(
    postgresql.insert(Registration).values(columns(Registration, "id")).on_conflict_do_nothing().returning(Registration.id)
)
_CHOOSE = Statement(sa.insert(ChosenActivity).values(columns(ChosenActivity)))
_INSERT_ATTENDEE = Statement(sa.insert(Attendee).values(columns(Attendee, "id")).returning(Attendee.id))


def _keep(connection: sa.Connection, seated: dict[str, Any], guests: Sequence[dict[str, Any]], activities: Sequence[int]) -> None:
    """Store the party, whose rows get their keys. Raises AlreadyRegistered."""
    for (key,) in _INSERT_REGISTRATION.rows(connection, **seated):
        seated["id"] = key
    if "id" not in seated:
        raise AlreadyRegistered(field="phone")
    for guest in guests:
        guest["registration_id"] = seated["id"]
        ((guest["id"],),) = _INSERT_ATTENDEE.rows(connection, **guest)
    _choose(connection, seated["id"], activities)


def _require_changeable(session: Session, registration: Registration) -> None:
    quotas.lock(session, registration.event_id)  # of two who change or cancel it at once the second sees what the first did
    read_again(session, registration)
    if registration.state is State.CANCELLED:
        raise AlreadyCancelled
    if any(attendee.arrived_at for attendee in registration.attendees):
        raise AlreadyHere


def _cleaned(event: Event, application: Application, invitation: Invitation | None) -> Application:
    """The application with clean contacts, or a refusal of what can be judged without the seats."""
    if not application.consent:
        raise ConsentMissing(field="consent")
    if invitation is None:
        if event.visibility is not Visibility.PUBLIC:
            raise InvitationNeeded
        if not application.category.self_chosen or application.category.retired:
            raise CategoryNotOpen(field="category")
    allowed = application.category.companions
    if len(application.companions) > allowed:
        raise TooManyCompanions(field="companions", allowed=allowed)
    leader = clean_leader(application.leader)
    companions, wrong = _clean_companions(leader, application.companions)
    for fault in wrong.values():
        raise fault
    return replace(application, leader=leader, companions=companions)


def clean_leader(person: Person) -> Person:
    """Somebody who leads a party, with clean contacts. Raises NameMissing, NoContact, InvalidPhone or InvalidEmail."""
    name = person.name.strip()
    if not name:
        raise NameMissing(field="name")
    if not (person.phone.strip() or person.email.strip()):
        raise NoContact(field="phone")
    phone = clean_phone(person.phone) if person.phone.strip() else ""
    email = clean_email(person.email) if person.email.strip() else ""
    return replace(person, name=name, phone=phone, email=email)


def clean_companion(person: Person) -> Person:
    """Somebody who comes along, with a clean number. Raises CompanionNameMissing or InvalidPhone."""
    if not person.name.strip():
        raise CompanionNameMissing(field="name")
    phone = clean_phone(person.phone) if person.phone.strip() else ""
    return replace(person, name=person.name.strip(), phone=phone)


def companion_faults(leader: Person, companions: Sequence[Person]) -> dict[int, Invalid]:
    """What is wrong with each companion on a list, by the place in it; `register` raises the first."""
    return _clean_companions(leader, companions)[1]


def _clean_companions(leader: Person, companions: Sequence[Person]) -> tuple[list[Person], dict[int, Invalid]]:
    cleaned: list[Person] = []
    wrong: dict[int, Invalid] = {}
    known = {(name_key(leader.name), leader.phone)}
    for place, stated in enumerate(companions):
        try:
            person = clean_companion(stated)
            if person.phone and (name_key(person.name), person.phone) in known:
                raise CompanionRepeated(field="name")
        except Invalid as error:
            wrong[place] = type(error)(field="companions", **error.facts, row=place)
        else:
            cleaned.append(person)
            known.add((name_key(person.name), person.phone))
    return cleaned, wrong


def person_key(leader: Person) -> str:
    """By what an event knows its leaders: of one name and contact there is one standing registration."""
    return f"{name_key(leader.name)}|{leader.phone or leader.email}"


def _give_back(session: Session, registration: Registration) -> None:
    category, activities = registration.category_id, [activity.id for activity in registration.activities]
    quotas.give_back(session, registration.event_id, registration.party, category_id=category, activity_ids=activities)


def _choose(connection: sa.Connection, registration_id: int, activity_ids: Sequence[int]) -> None:
    _CHOOSE.send(connection, [{"registration_id": registration_id, "activity_id": key} for key in dict.fromkeys(activity_ids)])
