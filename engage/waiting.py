"""The waiting list: a seat that becomes free is offered to the first in line whose whole party fits, for a set time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from engage import audit, events, quotas
from engage.errors import Conflict
from engage.events import Event
from engage.outbox import Purpose
from engage.parties import Attendee, ChosenActivity, Registration, Standing, State, tell
from engage.quotas import Claim, Full, Limits, Quota

_ORDER = (sa.func.coalesce(Registration.rank, Registration.id), Registration.id)


class NotWaiting(Conflict):
    """The party does not wait for a seat any more."""


class NotOffered(Conflict):
    """No seat is kept for the party now."""


def joinable(event: Event, *, now: datetime) -> bool:
    """Whether people may wait for a seat: once the event has begun, none is offered any more."""
    return event.waiting_list and not _begun(event, now)


def line(event: Event, *, words: str = "") -> sa.Select[Registration]:
    """Who waits, in order, with the attendees; those who have been offered a seat first. `words` looks into name, phone, organisation."""
    found = (
        sa.select(Registration).where(Registration.event_id == event.id, Registration.state.in_((State.WAITING, State.OFFERED)))
        .options(selectinload(Registration.attendees), selectinload(Registration.category), selectinload(Registration.activities))
        .order_by(Registration.state != State.OFFERED, *_ORDER)
    )
    if words:
        columns = (Attendee.name, Attendee.phone, Attendee.organisation)
        named = sa.select(Attendee.registration_id).where(
            Attendee.event_id == event.id, sa.or_(*(column.icontains(words, autoescape=True) for column in columns)))
        found = found.where(Registration.id.in_(named))
    return found


def place(session: Session, registration: Registration) -> int:
    """The party's place in the line, from 1. Raises NotWaiting."""
    if registration.state is not State.WAITING:
        raise NotWaiting
    key = registration.id if registration.rank is None else registration.rank
    before = sa.or_(_ORDER[0] < key, sa.and_(_ORDER[0] == key, Registration.id < registration.id))
    waiting = sa.and_(Registration.event_id == registration.event_id, Registration.state == State.WAITING)
    return 1 + (session.scalar(sa.select(sa.func.count()).select_from(Registration).where(waiting, before)) or 0)


def places(session: Session, event: Event, keys: Sequence[int]) -> dict[int, int]:
    """The places in the line, from 1, of those of these registrations that wait, by id."""
    waiting = sa.and_(Registration.event_id == event.id, Registration.state == State.WAITING)
    ranked = sa.select(Registration.id, sa.func.row_number().over(order_by=_ORDER).label("place")).where(waiting).subquery()
    return dict(session.execute(sa.select(ranked.c.id, ranked.c.place).where(ranked.c.id.in_(keys))).all())


def counts(session: Session, event: Event) -> Counter[Standing]:
    """How many parties wait, how many have been offered a seat, and how many did not confirm theirs in time."""
    lapsed = Registration.lapsed_at.is_not(None)
    found = (
        sa.select(Registration.state, lapsed, sa.func.count())
        .where(Registration.event_id == event.id, sa.or_(lapsed, Registration.state.in_((State.WAITING, State.OFFERED))))
        .group_by(Registration.state, lapsed)
    )
    return Counter({Standing.LAPSED if lapse else Standing(state): many for state, lapse, many in session.execute(found)})


def promote(session: Session, event: Event, *, now: datetime) -> list[Registration]:
    """Give what is free to the line: an offer to each party that fits, or the seat itself where the event asks for no confirmation.

    Call it whenever seats may have become free; it does nothing when there are none or when nobody can register any more.
    """
    if event.state is not events.State.PUBLISHED or _begun(event, now):
        return []
    session.flush()
    with Limits(session, event.id) as limits:
        chosen = [] if limits.full(event.id) else [key for key, claim in _waiting(session, event) if _taken(limits, claim)]
    if not chosen:
        return []
    found = sa.select(Registration).where(Registration.id.in_(chosen)).order_by(*_ORDER)
    promoted = list(session.scalars(found.options(selectinload(Registration.attendees), selectinload(Registration.activities))))
    for party in promoted:
        if not event.confirm_hours:
            _settle(session, party, by="system", now=now)
        else:
            until = now + timedelta(hours=event.confirm_hours)
            until = min(until, event.starts_at or until)
            party.state, party.offered_until = State.OFFERED, until
            audit.record(session, "registration.offer", party, by="system", now=now, until=until.isoformat())
            tell(session, party, Purpose.OFFER, now=now)
    return promoted


def confirm(session: Session, registration: Registration, *, by: str, now: datetime) -> None:
    """The party takes the seat it was offered. Raises NotOffered when the offer has lapsed, the event is off, or there was none."""
    _fresh(session, registration)
    if registration.event.state is not events.State.PUBLISHED:
        raise NotOffered
    if registration.state is not State.OFFERED or (registration.offered_until and registration.offered_until <= now):
        raise NotOffered
    _settle(session, registration, by=by, now=now)


def seat(session: Session, registration: Registration, *, by: str, now: datetime) -> None:
    """Staff give a seat out of turn, one held back if need be; it needs no confirmation. Raises NotWaiting, NotEditable or Full."""
    events.require_editable(registration.event)
    _fresh(session, registration)
    if registration.state is State.WAITING:
        with Limits(session, registration.event_id) as limits:
            limits.give(registration.claim)
    elif registration.state is not State.OFFERED:
        raise NotWaiting
    _settle(session, registration, by=by, now=now)


def lapse(session: Session, event: Event, *, now: datetime) -> int:
    """Take back the event's offers whose time is over and give what is free to those who follow; answers how many lapsed.

    Two who do this at once do it once. Of an event that is over or cancelled nothing is taken back: nobody could follow.
    """
    if event.state is not events.State.PUBLISHED:
        return 0
    quotas.lock(session, event.id)
    over = sa.select(Registration).where(
        Registration.event_id == event.id, Registration.state == State.OFFERED, Registration.offered_until <= now)
    lapsed = session.scalars(over.order_by(Registration.id), execution_options={"populate_existing": True}).all()
    with Limits(session, event.id) as limits:
        for registration in lapsed:
            limits.give_back(registration.claim)
    for registration in lapsed:
        registration.state, registration.cancelled_at, registration.offered_until = State.CANCELLED, now, None
        registration.lapsed_at = now
        for attendee in registration.attendees:
            attendee.state = State.CANCELLED
        audit.record(session, "registration.lapse", registration, by="system", now=now, event=event.id)
        tell(session, registration, Purpose.LAPSED, now=now)
    promote(session, event, now=now)
    return len(lapsed)


def due(session: Session, *, now: datetime) -> Sequence[int]:
    """The events for which `lapse` has something to do: an offer is over, or there are free seats and a line."""
    running = sa.and_(Event.state == events.State.PUBLISHED, sa.or_(Event.starts_at.is_(None), Event.starts_at > now))
    gate = sa.and_(Quota.event_id == Event.id, Quota.category_id.is_(None), Quota.activity_id.is_(None))
    free = sa.exists().where(gate, sa.or_(Quota.seats.is_(None), Quota.taken + Quota.held < Quota.seats))
    line = sa.exists().where(Registration.event_id == Event.id, Registration.state == State.WAITING)
    over = sa.select(Registration.event_id).where(Registration.state == State.OFFERED, Registration.offered_until <= now)
    stirring = sa.or_(Event.id.in_(over), sa.and_(running, line, free))
    return session.scalars(sa.select(Event.id).where(Event.state == events.State.PUBLISHED, stirring).order_by(Event.id)).all()


def hold(session: Session, event: Event, held: Mapping[int, int], *, by: str, now: datetime) -> None:
    """Keep so many seats of each limit, by the Quota's id, back for staff to give by hand. Call `promote` when they become fewer.

    Raises NotEditable, TooManyHeld (field `held-ID`), or KeyError for a limit of another event.
    """
    events.require_editable(event)
    limits = {limit.id: limit for limit in event.quotas}
    changed = {key: many for key, many in held.items() if limits[key].held != many}
    for key, many in changed.items():
        quotas.hold(session, limits[key], many)
    if changed:
        audit.record(session, "event.hold", event, by=by, now=now, held={str(key): many for key, many in changed.items()})


def move(session: Session, registration: Registration, *, steps: int, by: str, now: datetime) -> None:
    """Move a party in the line, by so many places back (positive) or forward (negative), at most to an end. Raises NotWaiting or NotEditable."""
    events.require_editable(registration.event)
    _fresh(session, registration)
    if registration.state is not State.WAITING:
        raise NotWaiting
    keys = [key for key, _ in _waiting(session, registration.event)]
    at = keys.index(registration.id)
    to = min(max(at + steps, 0), len(keys) - 1)
    keys.insert(to, keys.pop(at))
    session.execute(sa.update(Registration), [{"id": key, "rank": rank} for rank, key in enumerate(keys, start=1)])
    audit.record(session, "registration.move", registration, by=by, now=now, place=to + 1, before=at + 1)


def _begun(event: Event, now: datetime) -> bool:
    return event.starts_at is not None and event.starts_at <= now


def _waiting(session: Session, event: Event) -> list[tuple[int, Claim]]:
    """The line, without the records: ids, and what seats each party waits for."""
    standing = sa.and_(Registration.event_id == event.id, Registration.state == State.WAITING)
    rows = session.execute(sa.select(Registration.id, Registration.party, Registration.category_id).where(standing).order_by(*_ORDER))
    chosen: dict[int, list[int]] = {}
    for key, activity in session.execute(
        sa.select(ChosenActivity.registration_id, ChosenActivity.activity_id)
        .join(Registration, Registration.id == ChosenActivity.registration_id).where(standing)
    ):
        chosen.setdefault(key, []).append(activity)
    return [(key, Claim(event.id, party, category, chosen.get(key, ()))) for key, party, category in rows]


def _taken(limits: Limits, claim: Claim) -> bool:
    """Whether the whole party fits; then its seats are taken."""
    try:
        limits.take(claim)
    except Full:
        return False
    return True


def _settle(session: Session, registration: Registration, *, by: str, now: datetime) -> None:
    registration.state, registration.offered_until = State.CONFIRMED, None
    for attendee in registration.attendees:
        if attendee.state is not State.CANCELLED:
            attendee.state = State.CONFIRMED
    audit.record(session, "registration.confirm", registration, by=by, now=now, event=registration.event_id)
    tell(session, registration, Purpose.TICKET, now=now)


def _fresh(session: Session, registration: Registration) -> None:
    """What the party's state is now that nobody else can change it."""
    quotas.lock(session, registration.event_id)
    session.refresh(registration, ["state", "offered_until", "rank", "party"])
