"""Filled-in registration forms: who would come, as what, and what is wrong with that, whatever seats there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engage.contacts import clean_email, clean_phone
from engage.errors import Denied, Invalid
from engage.events import Event, Visibility
from engage.invitations import Invitation
from engage.people import Category, NameMissing, NoContact, name_key


class ConsentMissing(Invalid):
    """Personal data is kept only with consent."""


class TooManyCompanions(Invalid):
    """The category may not bring so many people."""


class NoCompanions(TooManyCompanions):
    """This category brings nobody along."""


class CompanionNameMissing(Invalid):
    """An accompanying person needs a name."""


class CompanionRepeated(Invalid):
    """This person is on the party's list already, with the same number."""


class CategoryNotOpen(Invalid):
    """This category comes by invitation only."""


class InvitationNeeded(Denied):
    """The event is for invited people."""


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


def cleaned(event: Event, application: Application, invitation: Invitation | None) -> Application:
    """The application with clean contacts. Raises InvitationNeeded, or the first of the `faults`, with the others in `besides`."""
    whole, wrong = _judged(event, application, invitation)
    if wrong:
        wrong[0].besides = wrong[1:]
        raise wrong[0]
    return whole


def faults(event: Event, application: Application, invitation: Invitation | None) -> Sequence[Invalid]:
    """All that is wrong with a form, whatever seats there are. Raises InvitationNeeded."""
    return _judged(event, application, invitation)[1]


def _judged(event: Event, application: Application, invitation: Invitation | None) -> tuple[Application, list[Invalid]]:
    wrong: list[Invalid] = []
    if not application.consent:
        wrong.append(ConsentMissing(field="consent"))
    if invitation is None:
        if event.visibility is not Visibility.PUBLIC:
            raise InvitationNeeded
        if not application.category.self_chosen or application.category.retired:
            wrong.append(CategoryNotOpen(field="category"))
    allowed = application.category.companions
    if len(application.companions) > allowed:
        wrong.append((TooManyCompanions if allowed else NoCompanions)(field="companions", allowed=allowed))
    leader, of_leader = _clean_leader(application.leader)
    companions, of_companions = _clean_companions(leader, application.companions)
    return replace(application, leader=leader, companions=companions), [*wrong, *of_leader, *of_companions.values()]


def clean_leader(person: Person) -> Person:
    """Somebody who leads a party, with clean contacts. Raises NameMissing, NoContact, InvalidPhone or InvalidEmail."""
    clean, wrong = _clean_leader(person)
    for fault in wrong:
        raise fault
    return clean


def _clean_leader(person: Person) -> tuple[Person, list[Invalid]]:
    wrong: list[Invalid] = []
    clean = {"name": person.name.strip(), "phone": person.phone.strip(), "email": person.email.strip()}
    if not clean["name"]:
        wrong.append(NameMissing(field="name"))
    if not (clean["phone"] or clean["email"]):
        wrong.append(NoContact(field="phone"))
    for name, cleaner in (("phone", clean_phone), ("email", clean_email)):
        if clean[name]:
            try:
                clean[name] = cleaner(clean[name])
            except Invalid as fault:
                wrong.append(fault)
    return replace(person, **clean), wrong


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
