"""Guests who register at the same moment are seated together, in the order in which their forms came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage import events, fields, invitations, parties, registrations
from engage.errors import EngageError
from engage.events import Event, EventNotFound
from engage.fields import EventField
from engage.outbox import Purpose
from engage.parties import HandedOver, Registration
from engage.people import Category
from engage.registrations import Application, CategoryNotOpen
from surveys.statements import savepoint
from webapp import answering
from webapp.answering import Coming
from webapp.openings import self_chosen, shown_to_all
from webapp.together import Together
from webapp.wiring import clock, saving

MOST = 50  # forms in one transaction: nobody waits long for the others


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A form that was sent for a public event, or in answer to an invitation. `stated` is what an Application takes, but the category;
    `coming` brings what else the event asks.
    """

    slug: str = ""
    token: str = ""
    category_id: int = 0  # of a stranger, as stated; 0 where nothing was
    stated: Mapping[str, Any]
    coming: Coming


def _seat_all(wishes: Sequence[Wish]) -> list[str | Exception]:
    with saving() as session:
        turn = _Turn(session, clock())
        return [turn.tried(wish) for wish in wishes]


# Seats a party, tells its leader, and gives the code of the leader's ticket; who has answered already gets that one. Raises what
# `registrations.register` raises, EventNotFound or InvitationNotFound.
SEATS = Together("seats", _seat_all, most=MOST)


class _Turn:
    """What those who are seated together have in common is read once, within the transaction."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._connection, self._now = session, session.connection(), now
        self._events: dict[str, Event] = {}
        self._categories: dict[int, Category] = {}
        self._asked: dict[int, Sequence[EventField]] = {}

    def tried(self, wish: Wish) -> str | Exception:
        """The ticket's code, or why there is none; then nothing of the wish is kept."""
        try:
            with savepoint(self._connection):
                return self._invited(wish) if wish.token else self._stranger(wish)
        except EngageError as refusal:
            return refusal

    def _stranger(self, wish: Wish) -> str:
        if (event := self._events.get(wish.slug)) is None:
            event = self._events[wish.slug] = events.by_slug(self._session, wish.slug)
        if not shown_to_all(event):
            raise EventNotFound(slug=wish.slug)
        application = Application(category=self._category(wish.category_id), **wish.stated)
        return self._registered(event, application, wish.coming, by="guest")

    def _category(self, stated: int) -> Category:
        """What a stranger says to be; where there is one category only, nobody is asked."""
        if (category := self._categories.get(stated)) is None:
            category = self._session.get(Category, stated) if stated else None
            if category is None:
                open_to_all = self_chosen(self._session)
                if len(open_to_all) != 1:
                    raise CategoryNotOpen(field="category")
                (category,) = open_to_all
            self._categories[stated] = category
        return category

    def _invited(self, wish: Wish) -> str:
        invitation = invitations.by_token(self._session, wish.token)
        standing = parties.of_invitation(self._session, invitation)
        if standing is not None and standing.handed_over_at:
            raise HandedOver
        if standing is not None:
            return standing.leader.ticket_code
        invitee = invitation.invitee
        stated = {**wish.stated, "leader": replace(wish.stated["leader"], position=invitee.position)}
        application = Application(category=invitee.category, **stated)
        by = f"invitee:{invitation.invitee_id}"
        return self._registered(invitation.event, application, wish.coming, by=by, invitation=invitation)

    def _registered(self, event: Event, application: Application, coming: Coming, *, by: str, **known: Any) -> str:
        if (asked := self._asked.get(event.id)) is None:
            asked = self._asked[event.id] = fields.asked(self._session, event)
        sheets = answering.judged(asked, application, coming, now=self._now)  # before: once seated, nothing is refused
        seated = registrations.seat(self._session, event, application, by=by, now=self._now, **known)
        if not seated.repeated:
            if asked:
                sheets.keep(self._session, self._session.get_one(Registration, seated.id), by=by, now=self._now)
            waits = seated.state is parties.State.WAITING
            parties.post(self._session, seated.leader, Purpose.WAITING if waits else Purpose.TICKET, now=self._now)
        return seated.ticket_code
