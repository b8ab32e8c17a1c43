"""Events: drafted, published, closed. What may be shown, changed and registered for, and when."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engage import audit, outbox
from engage.codes import new_code
from engage.errors import Conflict, EngageError, Invalid, NotFound
from engage.quotas import Quota, resize
from surveys import Questionnaire
from surveys.base import Base

if TYPE_CHECKING:
    from engage.activities import Activity


LONGEST_OFFER = 720  # hours
EARLIEST_SWAP_END = 720  # hours before the start


class Kind(StrEnum):
    """What the yearly account counts separately; a rehearsal is in no list and no count."""

    OPEN_DAY = "open_day"
    TRAINING = "training"
    SYMPOSIUM = "symposium"
    OUTREACH = "outreach"
    PRESS_BRIEFING = "press_briefing"
    REHEARSAL = "rehearsal"


class State(StrEnum):
    """Where an event stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


NEXT: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PUBLISHED}),
    State.PUBLISHED: frozenset({State.CLOSED, State.CANCELLED}),
    State.CLOSED: frozenset(),
    State.CANCELLED: frozenset(),
}


class Visibility(StrEnum):
    """Who finds the event and may register: those invited, or anyone."""

    INVITED = "invited"
    PUBLIC = "public"


class Topic(StrEnum):
    """What a training is about (政策解读, 系统操作, 交易实施)."""

    POLICY = "policy"
    SYSTEM = "system"
    PRACTICE = "practice"


class EventNotFound(NotFound):
    """There is no such event."""


class TitleMissing(Invalid):
    """A title is needed."""


class StartMissing(Invalid):
    """A start is needed."""


class EndMissing(Invalid):
    """An end is needed."""


class PlaceMissing(Invalid):
    """A place is needed."""


class ContactMissing(Invalid):
    """Somebody to ask is needed."""


class EndsBeforeStart(Invalid):
    """The end is not after the start."""


class RegistrationWindowReversed(Invalid):
    """Registration closes before it opens."""


class RegistrationClosesTooLate(Invalid):
    """Registration closes after the event has ended."""


class QuotaAboveCapacity(Invalid):
    """The quota is larger than the event's capacity."""


class SeatsNotPositive(Invalid):
    """A number of seats is at least 1."""


class SlugTaken(Conflict):
    """Another event has this address."""


class IllegalMove(Conflict):
    """The event cannot go from its state to that one."""


class NotEditable(Conflict):
    """The event is over or cancelled and cannot be changed."""


class EventNotPublished(Conflict):
    """The event is not published."""


class RegistrationNotYetOpen(Conflict):
    """Registration has not opened yet."""


class RegistrationOver(Conflict):
    """Registration is over."""


class OfferTooLong(Invalid):
    """Nobody is kept a seat for so long."""


class SwapLimitOutOfRange(Invalid):
    """The time before the start until which people can be swapped is at least 0 hours and not longer than a month."""


class SwapOver(Conflict):
    """It is too late to swap people."""


@dataclass(frozen=True, kw_only=True)
class Details:
    """What an organiser states of an event. A draft may leave times, place and contact open; `publish` needs them.

    `hours` is the credited length of a training in class hours; `slug` is the page's address, made up when left empty.
    `walk_ins` lets the door enter people who come without a registration. `waiting_list` lets people wait for a seat when all
    are taken; `confirm_hours` is how long a seat that became free is kept for whoever is offered it (0: it is theirs at once).
    `swap_until_hours` is how long before the start people of a party can still be swapped; None: while registration is open.
    """

    title: str
    kind: Kind = Kind.OPEN_DAY
    visibility: Visibility = Visibility.INVITED
    purpose: str = ""
    place: str = ""
    address: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    contact_name: str = ""
    contact_phone: str = ""
    topic: Topic | None = None
    hours: float | None = None
    waiting_list: bool = True
    confirm_hours: int = 24
    swap_until_hours: int | None = None
    slug: str = ""
    walk_ins: bool = False


class Event(Base):
    """Something that people are invited to, register for and attend."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    kind: Mapped[Kind]
    state: Mapped[State] = mapped_column(default=State.DRAFT, index=True)
    visibility: Mapped[Visibility]
    title: Mapped[str] = mapped_column(sa.String(120))
    purpose: Mapped[str] = mapped_column(sa.Text, default="")
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    starts_at: Mapped[datetime | None] = mapped_column(index=True)
    ends_at: Mapped[datetime | None]
    registration_opens_at: Mapped[datetime | None]  # None: from publication
    registration_closes_at: Mapped[datetime | None]  # None: until the event starts
    contact_name: Mapped[str] = mapped_column(sa.String(60), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    topic: Mapped[Topic | None]
    hours: Mapped[float | None]
    walk_ins: Mapped[bool] = mapped_column(default=False)
    waiting_list: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    confirm_hours: Mapped[int] = mapped_column(default=24, server_default=sa.text("24"))
    swap_until_hours: Mapped[int | None]
    questionnaire_id: Mapped[int | None] = mapped_column(sa.ForeignKey("questionnaire.id"))
    survey_code: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_code)  # the link in the hall
    # How many questions of its own the registration form has, so that most events look for none: see `fields`.
    extra_fields: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    # How often what calendars show has changed since it was made, and when last (RFC 5545: SEQUENCE, LAST-MODIFIED).
    revision: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    revised_at: Mapped[datetime | None]
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("series.id", ondelete="SET NULL"), index=True)

    questionnaire: Mapped[Questionnaire | None] = relationship()
    activities: Mapped[list["Activity"]] = relationship(
        back_populates="event", order_by="Activity.starts_at, Activity.id", cascade="all, delete-orphan"
    )
    quotas: Mapped[list[Quota]] = relationship(order_by=Quota.id, cascade="all, delete-orphan")

    @property
    def quota(self) -> Quota:
        """The whole event's limit."""
        return next(quota for quota in self.quotas if quota.category_id is None and quota.activity_id is None)

    @property
    def capacity(self) -> int | None:
        """Seats in all; None is no limit."""
        return self.quota.seats

    @property
    def swaps_end(self) -> datetime | None:
        """Until when the people of a party can be swapped; None where the event has no time yet."""
        if self.swap_until_hours is None:
            return self.registration_closes_at or self.starts_at
        return self.starts_at and self.starts_at - timedelta(hours=self.swap_until_hours)

    def category_quota(self, category_id: int) -> Quota | None:
        """The category's limit, where it has one."""
        return next((quota for quota in self.quotas if quota.category_id == category_id), None)


def create(session: Session, details: Details, *, seats: int | None = None, by: str, now: datetime) -> Event:
    """A new draft with room for `seats` people (None: no limit). Raises Invalid or SlugTaken."""
    _check(details)
    stated = {name: value for name, value in asdict(details).items() if name != "slug"}
    event = Event(**stated, slug=_slug(session, details), created_at=now)
    event.quotas.append(Quota(seats=require_seats(seats, field="seats")))
    try:
        with session.begin_nested():
            session.add(event)
    except IntegrityError:  # somebody else took the address at the same moment
        raise SlugTaken(field="slug", slug=event.slug) from None
    audit.record(session, "event.create", event, by=by, now=now, slug=event.slug)
    return event


def edit(session: Session, event: Event, details: Details, *, by: str, now: datetime) -> None:
    """State anew what an event is. A published event must stay complete. Raises Invalid, SlugTaken or NotEditable."""
    require_editable(event)
    _check(details)
    if event.state is State.PUBLISHED:
        for problem in _gaps(details):
            raise problem
    if details.slug and details.slug != event.slug:
        _require_free(session, details.slug)
        try:
            with session.begin_nested():
                event.slug = details.slug
        except IntegrityError:
            raise SlugTaken(field="slug", slug=details.slug) from None
    changed = [
        field.name for field in fields(Details)
        if field.name != "slug" and getattr(event, field.name) != getattr(details, field.name)
    ]
    for name in changed:
        setattr(event, name, getattr(details, name))
    event.revision, event.revised_at = event.revision + 1, now
    audit.record(session, "event.edit", event, by=by, now=now, changed=changed)


def set_quotas(
    session: Session, event: Event, seats: int | None, by_category: Mapping[int, int | None], *, by: str, now: datetime
) -> None:
    """Set the event's capacity and its categories' quotas; None lifts a limit.

    Raises QuotaAboveCapacity (field `category-ID`), SeatsNotPositive, or QuotaBelowTaken where more seats are taken already.
    """
    require_editable(event)
    require_seats(seats, field="seats")
    for category_id, limit in by_category.items():
        field = f"category-{category_id}"
        if require_seats(limit, field=field) is not None and seats is not None and limit is not None and limit > seats:
            raise QuotaAboveCapacity(field=field, quota=limit, capacity=seats)
    session.refresh(event.quota, with_for_update=True)  # the gate: no first guest of a category comes in between
    session.refresh(event, ["quotas"])
    resize(session, event.quota, seats)
    for category_id, limit in by_category.items():
        quota = event.category_quota(category_id)
        if quota is None and limit is not None:
            quota = Quota(category_id=category_id)
            event.quotas.append(quota)
            session.flush()
        if quota is not None:
            resize(session, quota, limit, field=f"category-{category_id}")
    limits = {str(category_id): limit for category_id, limit in by_category.items()}
    audit.record(session, "event.quotas", event, by=by, now=now, seats=seats, by_category=limits)


def attach(session: Session, event: Event, questionnaire: Questionnaire | None, *, by: str, now: datetime) -> None:
    """Say which questionnaire the event's guests are asked; None takes it away."""
    event.questionnaire = questionnaire
    audit.record(session, "event.attach", event, by=by, now=now, questionnaire=questionnaire and questionnaire.id)


def problems(event: Event) -> list[EngageError]:
    """What is still missing or wrong before the event can be published; each names its field."""
    details = Details(**{field.name: getattr(event, field.name) for field in fields(Details)})
    return _gaps(details)


def publish(session: Session, event: Event, *, by: str, now: datetime) -> None:
    """Open the event's page. Raises IllegalMove, or the first of `problems`."""
    _require_move(event, State.PUBLISHED)
    for problem in problems(event):
        raise problem
    event.published_at = now
    _move(session, event, State.PUBLISHED, by=by, now=now)


def close(session: Session, event: Event, *, by: str, now: datetime) -> None:
    """The event is over: nobody registers or arrives any more. Raises IllegalMove."""
    _move(session, event, State.CLOSED, by=by, now=now)


def cancel(session: Session, event: Event, *, by: str, now: datetime) -> int:
    """The event will not take place; answers how many queued messages about it were taken back. Raises IllegalMove."""
    _move(session, event, State.CANCELLED, by=by, now=now)
    return outbox.withdraw_all(session, event_id=event.id)


def require_open(event: Event, *, now: datetime) -> None:
    """Raise EventNotPublished, RegistrationNotYetOpen or RegistrationOver where nobody can register now."""
    if event.state is not State.PUBLISHED:
        raise EventNotPublished(state=event.state)
    if event.registration_opens_at and now < event.registration_opens_at:
        raise RegistrationNotYetOpen(opens_at=event.registration_opens_at)
    closes_at = event.registration_closes_at or event.starts_at
    if closes_at and now >= closes_at:
        raise RegistrationOver(closed_at=closes_at)


def require_swaps(event: Event, *, now: datetime) -> None:
    """Raise EventNotPublished or SwapOver where nobody can be swapped now."""
    if event.state is not State.PUBLISHED:
        raise EventNotPublished(state=event.state)
    end = event.swaps_end
    if end and now >= end:
        raise SwapOver(ended_at=end)


_BY_SLUG = sa.select(Event).where(Event.slug == sa.bindparam("slug"))


def by_slug(session: Session, slug: str) -> Event:
    """The event of this address. Raises EventNotFound."""
    event = session.scalar(_BY_SLUG, {"slug": slug})
    if event is None:
        raise EventNotFound(slug=slug)
    return event


def find(*, words: str = "", kind: Kind | None = None, state: State | None = None) -> sa.Select[Event]:
    """Events whose title, place or address of the page contain `words`; rehearsals only when asked for."""
    found = sa.select(Event).where(Event.kind == kind if kind else Event.kind != Kind.REHEARSAL)
    if state:
        found = found.where(Event.state == state)
    if words:
        found = found.where(sa.or_(*(c.icontains(words, autoescape=True) for c in (Event.title, Event.place, Event.slug))))
    return found


def public() -> sa.Select[Event]:
    """The events that everyone may see: published or closed, public, soonest first."""
    shown = Event.state.in_((State.PUBLISHED, State.CLOSED))
    return find().where(Event.visibility == Visibility.PUBLIC, shown).order_by(Event.starts_at)


def require_editable(event: Event) -> None:
    """Raise NotEditable where the event is over."""
    if event.state in {State.CLOSED, State.CANCELLED}:
        raise NotEditable(state=event.state)


def _require_move(event: Event, state: State) -> None:
    if state not in NEXT[event.state]:
        raise IllegalMove(now=event.state, wanted=state)


def _move(session: Session, event: Event, state: State, *, by: str, now: datetime) -> None:
    _require_move(event, state)
    event.state = state
    event.revision, event.revised_at = event.revision + 1, now
    audit.record(session, f"event.{state}", event, by=by, now=now)


def require_seats(seats: int | None, *, field: str) -> int | None:
    """The number of seats as given, None for no limit. Raises SeatsNotPositive."""
    if seats is not None and seats < 1:
        raise SeatsNotPositive(field=field, seats=seats)
    return seats


def _check(details: Details) -> None:
    """Raise what is wrong even in a draft."""
    if not details.title.strip():
        raise TitleMissing(field="title")
    if details.starts_at and details.ends_at and details.ends_at <= details.starts_at:
        raise EndsBeforeStart(field="ends_at")
    opens, closes = details.registration_opens_at, details.registration_closes_at
    if opens and closes and closes <= opens:
        raise RegistrationWindowReversed(field="registration_closes_at")
    if closes and details.ends_at and closes > details.ends_at:
        raise RegistrationClosesTooLate(field="registration_closes_at")
    if not 0 <= details.confirm_hours <= LONGEST_OFFER:
        raise OfferTooLong(field="confirm_hours", most=LONGEST_OFFER)
    if details.swap_until_hours is not None and not 0 <= details.swap_until_hours <= EARLIEST_SWAP_END:
        raise SwapLimitOutOfRange(field="swap_until_hours", most=EARLIEST_SWAP_END)


def _gaps(details: Details) -> list[EngageError]:
    """What a published event needs and these details leave open."""
    needed: list[tuple[object, EngageError]] = [
        (details.starts_at, StartMissing(field="starts_at")),
        (details.ends_at, EndMissing(field="ends_at")),
        (details.place.strip(), PlaceMissing(field="place")),
        (details.contact_phone.strip(), ContactMissing(field="contact_phone")),
    ]
    return [problem for value, problem in needed if not value]


def _slug(session: Session, details: Details) -> str:
    if details.slug:
        _require_free(session, details.slug)
        return details.slug
    base = details.kind.replace("_", "-")
    day = details.starts_at.strftime("%Y%m%d") if details.starts_at else new_code()[:6]
    taken = set(session.scalars(sa.select(Event.slug).where(Event.slug.startswith(f"{base}-{day}"))))
    slug, number = f"{base}-{day}", 1
    while slug in taken:
        number += 1
        slug = f"{base}-{day}-{number}"
    return slug


def _require_free(session: Session, slug: str) -> None:
    if session.scalar(sa.select(Event.id).where(Event.slug == slug)) is not None:
        raise SlugTaken(field="slug", slug=slug)
