"""One event from its first draft to its last answer, each step at its time and by whoever would have done it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from engage import activities, arrivals, events, invitations, outbox, parties, registrations, walk_ins
from engage.activities import ActivityDetails, ActivityKind
from engage.applications import Application, Person
from engage.arrivals import Direction, ScanRequest
from engage.codes import new_code
from engage.events import Details, Event, Kind
from engage.invitations import Invitation
from engage.outbox import Channel, Message, Purpose
from engage.parties import Attendee, Registration
from engage.people import Category
from engage.quotas import Full
from engage.walk_ins import WalkInRequest
from surveys import Questionnaire, responses
from surveys.forms import form_of
from webapp import notices
from webapp.demo import form, texts
from webapp.demo.agenda import Agenda
from webapp.demo.guests import Directory
from webapp.demo.opinions import Opinions
from webapp.demo.programme import CONTACT, OPEN_DAY_PLACE, TRAINING_PLACE, Occasion

ORGANISER, DOOR = "user:organiser", "user:door"
DEAD = 79  # every so manieth address is one that nobody reads any more
BOUNCE = "550 5.1.1 Recipient address rejected: user unknown"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

# How guests behave: parts of all of them.
OPEN, ACCEPT, DECLINE = 0.93, 0.72, 0.12
CHANGE_THEIR_MINDS, COME, COME_LATE, LEAVE_EARLY, SHOW_TWICE = 0.05, 0.85, 0.08, 0.04, 0.03
USE_OWN_LINK, NAME_CATEGORY, ANSWER_AT_ONCE = 0.7, 0.9, 0.8
CHOOSE_ACTIVITY = 0.7
SCANNED_INTO_ROOM, SCANNED_OUT = 0.9, 0.6
BRING = (60, 26, 14)  # nobody, one, two

ANSWERING = 35 * MINUTE  # for so long the questionnaire of the running event has been open
FAR = 14 * DAY  # what is further away has invitations that still wait for somebody


@dataclass(frozen=True)
class Stage:
    """What all events of the demo share."""

    session: Session
    agenda: Agenda
    directory: Directory
    categories: dict[str, Category]
    questionnaires: dict[Kind, Questionnaire]
    now: datetime


class Story:
    """One event. Put on the agenda by `begin`; what comes after now has not happened yet."""

    def __init__(self, stage: Stage, occasion: Occasion, starts_at: datetime, chance: Random) -> None:
        self._stage, self._session, self._plan, self._chance = stage, stage.session, occasion, chance
        self._answering = Random(f"{occasion.title} form")  # noqa: S311 -- for likeness; of its own, so that what is asked changes nothing else
        self._day = Random(f"{occasion.title} door")  # noqa: S311 -- likewise: rooms, and who comes without a registration
        self._starts = starts_at
        self._ends = starts_at + 3 * HOUR
        self._came: list[Attendee] = []
        self._event: Event | None = None

    @property
    def event(self) -> Event:
        """The event, once it has been drafted."""
        assert self._event is not None
        return self._event

    def begin(self) -> None:
        """Put the event's life on the agenda."""
        plan, at = self._plan, self._stage.agenda.at
        published = (self._starts - plan.published).replace(hour=10, minute=12)
        if plan.draft:
            at(self._stage.now - 2 * DAY, self._draft)
            return
        at(published - 3 * DAY, self._draft)
        at(published, self._publish)
        at(published + HOUR, self._invite)
        if self._starts - self._stage.now < FAR:
            at(published + 26 * HOUR, self._deliver_on_paper)
        else:
            at(self._stage.now - 30 * MINUTE, self._this_morning)
        at(self._starts - 22 * HOUR, self._deliver_on_paper)
        at(self._starts - 70 * MINUTE, self._expect)
        at(self._ends + 20 * HOUR, self._thank)
        at(self._ends + 28 * HOUR, self._close)

    def _draft(self, now: datetime) -> None:
        plan, session = self._plan, self._session
        place, address = OPEN_DAY_PLACE if plan.kind is Kind.OPEN_DAY else TRAINING_PLACE
        closes = self._starts - 18 * HOUR if self._starts.date() != self._stage.now.date() else self._ends - 30 * MINUTE
        details = Details(
            title=plan.title, kind=plan.kind, visibility=plan.visibility, purpose=texts.PURPOSES[plan.kind],
            starts_at=self._starts, ends_at=self._ends, topic=plan.topic, hours=plan.hours, walk_ins=bool(plan.walk_ins),
            **{} if plan.draft else {
                "place": place, "address": address, "contact_name": CONTACT[0], "contact_phone": CONTACT[1],
                "registration_closes_at": closes,
            },
        )
        event = self._event = events.create(session, details, seats=plan.seats, by=ORGANISER, now=now)
        limits = {self._stage.categories[code].id: seats for code, seats in plan.limits.items()}
        if limits:
            events.set_quotas(session, event, plan.seats, limits, by=ORGANISER, now=now + 4 * MINUTE)
        for place, part in enumerate(plan.parts, start=5):
            activity = ActivityDetails(
                title=part.title, kind=part.kind, room=part.room, host=part.host, seats=part.seats,
                starts_at=self._starts + part.begins * MINUTE, ends_at=self._starts + part.ends * MINUTE,
            )
            activities.add(session, event, activity, by=ORGANISER, now=now + place * MINUTE)
        if plan.asks:
            form.ask(session, event, self._stage.categories, by=ORGANISER, now=now + 10 * MINUTE)
        if not plan.draft:
            events.attach(session, event, self._stage.questionnaires[plan.kind], by=ORGANISER, now=now + 12 * MINUTE)

    def _publish(self, now: datetime) -> None:
        events.publish(self._session, self.event, by=ORGANISER, now=now)
        for _ in range(self._plan.strangers):
            self._stage.agenda.at(self._some_time(now), self._stranger)

    def _invite(self, now: datetime) -> None:
        session, event = self._session, self.event
        asked = [number for code, wanted in self._plan.invited.items() for number in self._choose(code, wanted)]
        invitations.invite(session, event, asked, by=ORGANISER, now=now)
        drafted = list(session.scalars(invitations.of_event(event)))
        # Whoever is still to be asked for an event far ahead stays on the list for the next batch.
        held_back = len(drafted) // 8 if self._starts - self._stage.now > FAR else 0
        first = drafted[: len(drafted) - held_back]
        invitations.send(session, event, ids=[one.id for one in first], by=ORGANISER, now=now + 10 * MINUTE)
        self._deliver_mail(now + 11 * MINUTE)
        for invitation in first:
            self._stage.agenda.at(self._some_time(now + HOUR), lambda when, one=invitation: self._look(one, when))

    def _choose(self, code: str, wanted: int) -> Sequence[int]:
        of_category = invitations.audience(self.event, category_ids=[self._stage.categories[code].id])
        known = self._session.scalars(of_category).all()
        return self._chance.sample(known, min(wanted, len(known)))

    def _look(self, invitation: Invitation, now: datetime) -> None:
        """Somebody opens the personal page, or never does, and mostly decides at once."""
        fate = self._chance.random()
        if fate > OPEN:
            return
        invitations.opened(self._session, invitation, now=now)
        if fate < ACCEPT:
            self._stage.agenda.at(now + 3 * MINUTE, lambda when: self._accept(invitation, when))
        elif fate < ACCEPT + DECLINE:
            reason = self._chance.choice(texts.DECLINED)
            by = f"invitee:{invitation.invitee_id}"
            invitations.answer(self._session, invitation, invitations.State.DECLINED, reason=reason, by=by, now=now + 2 * MINUTE)

    def _accept(self, invitation: Invitation, now: datetime) -> None:
        invitee = invitation.invitee
        person = Person(name=invitee.name, phone=invitee.phone, email=invitee.email, organisation=invitee.organisation,
                        position=invitee.position)
        self._register(person, invitee.category, invitation, by=f"invitee:{invitee.id}", now=now)

    def _stranger(self, now: datetime) -> None:
        open_to = [category for category in self._stage.categories.values() if category.self_chosen]
        weights = [6 if category.code == "public" else 1 for category in open_to]
        category = self._chance.choices(open_to, weights)[0]
        guest = self._stage.directory.guest(category.code)
        person = Person(name=guest.name, phone=guest.phone, email=guest.email, organisation=guest.organisation, position=guest.position)
        self._register(person, category, None, by="guest", now=now)

    def _register(self, leader: Person, category: Category, invitation: Invitation | None, *, by: str, now: datetime) -> None:
        chance, session, event = self._chance, self._session, self.event
        session.refresh(event.quota, ["taken"])
        if now > (event.registration_closes_at or now) or event.quota.taken >= self._plan.enough:
            return
        brings = min(chance.choices((0, 1, 2), BRING)[0], category.companions)
        with_them = [Person(name=self._stage.directory.name(), organisation=leader.organisation) for _ in range(brings)]
        free = [one for one in event.activities if one.quota.free is None or one.quota.free > brings]
        parts = [activity.id for activity in free if chance.random() < CHOOSE_ACTIVITY]
        application = Application(leader=leader, category=category, companions=with_them, activity_ids=parts, consent=True)
        try:
            seated = registrations.register(session, event, application, invitation=invitation, by=by, now=now)
        except Full:  # too late for this category, as it happens
            return
        form.fill_in(session, seated, self._answering, by=by, now=now)
        parties.tell(session, seated, Purpose.TICKET, now=now)
        self._deliver_mail(now + MINUTE)
        if chance.random() < CHANGE_THEIR_MINDS:
            self._stage.agenda.at(self._some_time(now), lambda when: self._cancel(seated, by, when))

    def _cancel(self, registration: Registration, by: str, now: datetime) -> None:
        if any(attendee.arrived_at for attendee in registration.attendees):
            return
        reason = self._chance.choice(texts.CANCELLED)
        registrations.cancel(self._session, registration, reason=reason, by=by, now=now)
        parties.tell(self._session, registration, Purpose.CANCELLATION, now=now)
        self._deliver_mail(now + MINUTE)

    def _expect(self, now: datetime) -> None:
        """The door opens: most come in the twenty minutes around the start, a few late, some not at all."""
        at, chance = self._stage.agenda.at, self._chance
        expected = self._session.scalars(parties.attendees(self.event, standing=parties.Standing.CONFIRMED)).all()
        coming: dict[int, datetime] = {}
        for attendee in expected:
            if attendee.registration_id not in coming:
                late = chance.random() < COME_LATE
                minute = chance.uniform(12, 80) if late else chance.triangular(-45, 16, -7)
                coming[attendee.registration_id] = self._starts + timedelta(seconds=round(minute * 60))
            if chance.random() < COME:
                when = coming[attendee.registration_id] + timedelta(seconds=4 * attendee.place)
                at(when, lambda moment, one=attendee: self._arrive(one, moment))
        at(self._starts - 4 * MINUTE, lambda moment: self._scan(new_code(), moment))  # a ticket of something else
        for _ in range(self._plan.walk_ins):
            at(self._starts + timedelta(seconds=self._day.randrange(3600)), self._walk_in)
        # At the one that is running, those who leave early answer early.
        at(self._ends if self._ends < self._stage.now else self._stage.now - ANSWERING, self._ask)

    def _arrive(self, attendee: Attendee, now: datetime) -> None:
        self._scan(attendee.ticket_code, now)
        self._came.append(attendee)
        if self._plan.rooms:
            self._go_to_rooms(attendee, now)
        if self._chance.random() < SHOW_TWICE:
            self._stage.agenda.at(now + timedelta(seconds=20), lambda when: self._scan(attendee.ticket_code, when))
        if self._chance.random() < LEAVE_EARLY:
            self._stage.agenda.at(now + 50 * MINUTE, lambda when: self._scan(attendee.ticket_code, when, Direction.OUT))

    def _scan(self, code: str, now: datetime, direction: Direction = Direction.IN) -> None:
        scan = ScanRequest(id=_new_id(self._chance), code=code, at=now, direction=direction,
                           device=self._chance.choice(("东门手持机", "大厅手持机")))
        arrivals.scan(self._session, self.event, [scan], by=DOOR, now=now)

    def _go_to_rooms(self, attendee: Attendee, came: datetime) -> None:
        """Into the rooms of what the party has chosen, and out again when it is over; not everybody is scanned each time."""
        day = self._day
        for activity in attendee.registration.activities:
            starts, ends = activity.starts_at or self._starts, activity.ends_at or self._ends
            if activity.kind is ActivityKind.SURVEY or day.random() > SCANNED_INTO_ROOM or came > ends - 10 * MINUTE:
                continue
            begins = max(starts + timedelta(seconds=day.randint(-240, 420)), came + 2 * MINUTE)
            self._stage.agenda.at(begins, lambda when, room=activity: self._at_room(attendee, room.id, Direction.IN, when))
            if day.random() < SCANNED_OUT:
                leaves = ends + timedelta(seconds=day.randint(-180, 30))
                self._stage.agenda.at(leaves, lambda when, room=activity: self._at_room(attendee, room.id, Direction.OUT, when))

    def _at_room(self, attendee: Attendee, activity_id: int, direction: Direction, now: datetime) -> None:
        scan = ScanRequest(id=_new_id(self._day), code=attendee.ticket_code, at=now, direction=direction, activity=activity_id, device="会议室手持机")
        arrivals.scan(self._session, self.event, [scan], by=DOOR, now=now)

    def _walk_in(self, now: datetime) -> None:
        """Somebody passing by comes in; what the form asks beyond the name is still to be asked."""
        guest = self._stage.directory.guest("public")
        request = WalkInRequest(id=_new_id(self._day), name=guest.name, phone=guest.phone, category="public", at=now, clock_at=now, device="东门手持机")
        walk_ins.enter_now(self._session, self.event, request, by=DOOR, now=now)

    def _ask(self, now: datetime) -> None:
        """Most answer in the hall or on the way home, the rest in the days after; some by their own link, some by the hall's."""
        chance = self._chance
        questionnaire = self._stage.questionnaires[self._plan.kind]
        remarks = texts.ON_OPEN_DAYS if self._plan.kind is Kind.OPEN_DAY else texts.ON_TRAININGS
        opinions = Opinions(chance, form_of(self._session, questionnaire), remarks)
        people = chance.sample(self._came, len(self._came))
        for number in range(self._plan.answers):
            person = people[number % len(people)]
            own_link = number < len(people) and chance.random() < USE_OWN_LINK
            who = f"attendee:{person.id}" if own_link else None
            segment = person.category.code if own_link or chance.random() < NAME_CATEGORY else ""
            self._stage.agenda.at(self._answering_time(now), lambda when, segment=segment, who=who: responses.submit(
                self._session, questionnaire, opinions.fill_in(segment), now=when, context=self.event.slug, segment=segment,
                respondent=who,
            ))

    def _thank(self, now: datetime) -> None:
        notices.tell_all(self._session, self.event, Purpose.THANKS, by=ORGANISER, now=now)
        self._deliver_mail(now + MINUTE)
        self._deliver_on_paper(now + HOUR)

    def _close(self, now: datetime) -> None:
        events.close(self._session, self.event, by=ORGANISER, now=now)

    def _deliver_mail(self, now: datetime) -> None:
        """What the mail server did with all that was due, unless that is still to come."""
        if now >= self._stage.now:
            return
        claimed = outbox.claim(self._session, Channel.EMAIL, now=now, limit=1000)
        dead = [message for message in claimed if int(re.sub(r"\D", "", message.address)) % DEAD == 0]
        self._left([message for message in claimed if message not in dead], now)
        for message in dead:
            outbox.failed(self._session, message, BOUNCE, now=now, final=True)

    def _deliver_on_paper(self, now: datetime) -> None:
        """Somebody uploads the SMS workbook and posts the letters."""
        queued = outbox.find(event_id=self.event.id, state=outbox.State.QUEUED).where(Message.channel != Channel.EMAIL)
        self._left(self._session.scalars(queued).all(), now)

    def _left(self, messages: Sequence[Message], now: datetime) -> None:
        said = notices.texts(self._session, messages)
        if untrue := [message.id for message in messages if message.id not in said]:
            outbox.withdraw_messages(self._session, untrue)
        if said:
            outbox.delivered(self._session, said, now=now)

    def _this_morning(self, now: datetime) -> None:
        """Half of those on the list are invited, and who could not be reached once more; nothing has left the house yet."""
        failed = outbox.find(event_id=self.event.id, state=outbox.State.FAILED)
        for message in self._session.scalars(failed).all():
            outbox.resend(self._session, message, by=ORGANISER, now=now)
        drafted = self._session.scalars(invitations.of_event(self.event, state=invitations.State.DRAFTED)).all()
        invitations.send(self._session, self.event, ids=[one.id for one in drafted[::2]], by=ORGANISER, now=now)

    def _some_time(self, now: datetime) -> datetime:
        """When somebody gets round to it: within days, and not at night."""
        return (now + self._chance.expovariate(1 / 3) * DAY).replace(
            hour=self._chance.randint(8, 21), minute=self._chance.randrange(60), second=self._chance.randrange(60)
        ) + DAY

    def _answering_time(self, now: datetime) -> datetime:
        if self._ends > self._stage.now:
            return now + self._chance.random() * ANSWERING
        if self._chance.random() < ANSWER_AT_ONCE:
            return now + self._chance.expovariate(1 / 40) * MINUTE
        return (now + self._chance.randint(1, 4) * DAY).replace(hour=self._chance.randint(8, 21), minute=self._chance.randrange(60))


def _new_id(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
