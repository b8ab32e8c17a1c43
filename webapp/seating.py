"""Guests who register at the same moment are seated together, in the order in which their forms came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engage import events, fields, invitations, parties, registrations
from engage.applications import Application, CategoryNotOpen
from engage.entries import Seated
from engage.errors import EngageError
from engage.events import Event, EventNotFound
from engage.fields import EventField
from engage.parties import NEWS, HandedOver, Registration
from engage.people import Category
from engage.registrations import AlreadyRegistered, Applied
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
        return _Turn(session, clock()).done(wishes)


# Seats a party, tells its leader, and gives the code of the leader's ticket; who has answered already gets that one. Raises what
# `registrations.register` raises, EventNotFound or InvitationNotFound.
SEATS = Together("seats", _seat_all, most=MOST)


class _Turn:
    """What those who are seated together have in common is read once, within the transaction."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._events: dict[str, Event] = {}
        self._categories: dict[int, Category] = {}
        self._asked: dict[int, Sequence[EventField]] = {}

    def done(self, wishes: Sequence[Wish]) -> list[str | Exception]:
        """For each the ticket's code, or why there is none; then nothing of the wish is kept."""
        read = [self._tried(wish) for wish in wishes]
        ready = [one for one in read if isinstance(one, _Ready)]
        seated = dict(zip(ready, registrations.seat_all(self._session, [one.applied for one in ready], now=self._now), strict=True))
        new = {one: seat for one, seat in seated.items() if isinstance(seat, Seated) and not seat.repeated}
        for one, seat in new.items():
            if one.sheets:
                party = self._session.get_one(Registration, seat.id)
                one.sheets.keep(self._session, party, by=one.applied.by, now=self._now)
        parties.post_all(self._session, [(seat.leader, NEWS[seat.state]) for seat in new.values()], now=self._now)
        return [self._told(one, seated[one]) if isinstance(one, _Ready) else one for one in read]

    def _tried(self, wish: Wish) -> "_Ready | str | Exception":
        try:
            return self._invited(wish) if wish.token else self._stranger(wish)
        except EngageError as refusal:
            return refusal

    def _stranger(self, wish: Wish) -> "_Ready":
        if (event := self._events.get(wish.slug)) is None:
            event = self._events[wish.slug] = events.by_slug(self._session, wish.slug)
        if not shown_to_all(event):
            raise EventNotFound(slug=wish.slug)
        application = Application(category=self._category(wish.category_id), **wish.stated)
        return self._ready(Applied(event, application, "guest"), wish.coming)

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

    def _invited(self, wish: Wish) -> "_Ready | str":
        invitation = invitations.by_token(self._session, wish.token)
        standing = parties.of_invitation(self._session, invitation)
        if standing is not None and standing.handed_over_at:
            raise HandedOver
        if standing is not None:
            return standing.leader.ticket_code
        invitee = invitation.invitee
        stated = {**wish.stated, "leader": replace(wish.stated["leader"], position=invitee.position)}
        application = Application(category=invitee.category, **stated)
        return self._ready(Applied(invitation.event, application, f"invitee:{invitation.invitee_id}", invitation), wish.coming)

    def _ready(self, applied: Applied, coming: Coming) -> "_Ready":
        event = applied.event
        if (asked := self._asked.get(event.id)) is None:
            asked = self._asked[event.id] = fields.asked(self._session, event)
        if not asked:
            return _Ready(applied)
        return _Ready(applied, answering.judged(asked, applied, coming, now=self._now))  # once seated, nothing is refused

    def _told(self, one: "_Ready", seated: Seated | EngageError) -> str | Exception:
        if isinstance(seated, Seated):
            return seated.ticket_code
        invitation = one.applied.invitation
        if invitation and isinstance(seated, AlreadyRegistered) and (first := parties.of_invitation(self._session, invitation)):
            return first.leader.ticket_code  # from two pages of the invitee at the same moment
        return seated


@dataclass(frozen=True, eq=False)
class _Ready:
    """A wish that lacks nothing but seats; `sheets` where the event asks for more."""

    applied: Applied
    sheets: answering.Sheets | None = None
