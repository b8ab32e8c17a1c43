"""Series: events that are held again and again. The next date takes over the set-up of one before, and nobody who was there."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import activities, afterwards, audit, events, reminders
from engage import fields as form_fields
from engage.activities import Activity, ActivityDetails
from engage.errors import Conflict, Invalid, NotFound
from engage.events import Details, Event, State, TitleMissing
from engage.registrations import Attendee
from engage.registrations import State as Standing
from surveys import Questionnaire, questionnaires
from surveys.base import Base


class Interval(StrEnum):
    """How long after a date the next one usually is. From a month on, on the same weekday of its month (the third Wednesday)."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


DAYS = {Interval.WEEK: 7, Interval.FORTNIGHT: 14}
MONTHS = {Interval.MONTH: 1, Interval.QUARTER: 3, Interval.HALF_YEAR: 6, Interval.YEAR: 12}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class SeriesNotFound(NotFound):
    """There is no such series."""


class BadSeriesSlug(Invalid):
    """The address of a series has small letters, digits and hyphens."""


class SeriesSlugTaken(Conflict):
    """Another series has this address."""


class InSeriesAlready(Conflict):
    """The event belongs to a series already."""


class Series(Base):
    """Events that are held again and again under one name; `slug` is the address of its calendar and stays."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    interval: Mapped[Interval]
    created_at: Mapped[datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesDetails:
    """What an organiser states of a series."""

    title: str
    slug: str
    interval: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One date of a series: how many hold a seat, and how many of them came."""

    event: Event
    registered: int
    arrived: int

    @property
    def rate(self) -> float | None:
        """The part of those registered who came; None before anybody could."""
        return self.arrived / self.registered if self.registered and self.arrived else None


def start(session: Session, event: Event, details: SeriesDetails, *, by: str, now: datetime) -> Series:
    """A new series whose first date is the event. Raises TitleMissing, BadSeriesSlug, SeriesSlugTaken, InSeriesAlready."""
    if not details.title.strip():
        raise TitleMissing(field="title")
    if not SLUG.fullmatch(details.slug):
        raise BadSeriesSlug(field="slug")
    made = Series(title=details.title.strip(), slug=details.slug, interval=details.interval, created_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise SeriesSlugTaken(field="slug", slug=details.slug) from None
    add(session, made, event, by=by, now=now)
    audit.record(session, "series.create", made, by=by, now=now, slug=details.slug)
    return made


def edit(session: Session, series: Series, *, title: str, interval: Interval, by: str, now: datetime) -> None:
    """Call it otherwise, or hold it at another interval. Raises TitleMissing."""
    if not title.strip():
        raise TitleMissing(field="title")
    series.title, series.interval = title.strip(), interval
    audit.record(session, "series.edit", series, by=by, now=now)


def add(session: Session, series: Series, event: Event, *, by: str, now: datetime) -> None:
    """Count an event among the series. Raises InSeriesAlready."""
    session.refresh(event, ["series_id"], with_for_update=True)
    if event.series_id is not None:
        raise InSeriesAlready
    event.series_id = series.id
    audit.record(session, "event.series", event, by=by, now=now, series=series.id)


def take_out(session: Session, event: Event, *, by: str, now: datetime) -> None:
    """Count an event among no series any more; the event itself stays as it is."""
    event.series_id = None
    audit.record(session, "event.series", event, by=by, now=now, series=None)


def by_slug(session: Session, slug: str) -> Series:
    """The series of this address. Raises SeriesNotFound."""
    found = session.scalar(sa.select(Series).where(Series.slug == slug))
    if found is None:
        raise SeriesNotFound(slug=slug)
    return found


def of_event(session: Session, event: Event) -> Series | None:
    """The series that the event belongs to."""
    return session.get(Series, event.series_id) if event.series_id is not None else None


def free_events() -> sa.Select[Event]:
    """Events that belong to no series, the latest first."""
    return events.find().where(Event.series_id.is_(None)).order_by(sa.nulls_first(Event.starts_at.desc()), Event.id.desc())


def held(session: Session, series: Series) -> list[Held]:
    """The dates of a series with the attendance of each, the latest first and those without a date before them: one query."""
    here = sa.case((Attendee.arrived_at.is_not(None), 1))
    counted = (
        sa.select(Event, sa.func.count(Attendee.id), sa.func.count(here))
        .outerjoin(Attendee, sa.and_(Attendee.event_id == Event.id, Attendee.state == Standing.CONFIRMED))
        .where(Event.series_id == series.id).group_by(Event.id).order_by(sa.nulls_first(Event.starts_at.desc()), Event.id.desc())
    )
    return [Held(event=event, registered=registered, arrived=arrived) for event, registered, arrived in session.execute(counted)]


def latest(dates: Sequence[Held]) -> Event | None:
    """The date to take the next one from: the last that has a time and was not cancelled, or else any."""
    standing = [one.event for one in dates if one.event.starts_at and one.event.state is not State.CANCELLED]
    return next(iter([*standing, *(one.event for one in dates)]), None)


def next_start(starts_at: datetime, interval: Interval, *, zone: tzinfo) -> datetime:
    """When the next date would begin, at the same time of day in `zone`."""
    local = starts_at.astimezone(zone)
    if interval in DAYS:
        return (local.replace(tzinfo=None) + timedelta(days=DAYS[interval])).replace(tzinfo=zone)
    year, month = divmod(local.year * 12 + local.month - 1 + MONTHS[interval], 12)
    first = local.replace(year=year, month=month + 1, day=1)
    day = 1 + (local.weekday() - first.weekday()) % 7 + (local.day - 1) // 7 * 7
    following = first.replace(tzinfo=None) + timedelta(days=day - 1)
    if following.month != first.month:  # no fifth one in that month
        following -= timedelta(days=7)
    return following.replace(tzinfo=zone)


def follow(session: Session, source: Event, *, starts_at: datetime, by: str, now: datetime) -> Event:
    """A draft for the next date with the source's set-up: texts, quotas, activities, form, questionnaire, reminders that are
    still to come then and what is told afterwards; no people. It joins the source's series. All times move by as much as the start, on the clock of the zone of `starts_at`. A
    questionnaire that is closed is copied, any other is asked again. Raises Invalid for a time that cannot be.
    """
    shift = _Shift(source.starts_at, starts_at)
    stated: dict[str, Any] = {field.name: getattr(source, field.name) for field in fields(Details) if field.name != "slug"}
    stated |= {name: shift(stated[name]) for name in ("ends_at", "registration_opens_at", "registration_closes_at")}
    stated["starts_at"] = starts_at
    made = events.create(session, Details(**stated), seats=source.capacity, by=by, now=now)
    limits = {quota.category_id: quota.seats for quota in source.quotas if quota.category_id and quota.seats is not None}
    if limits:
        events.set_quotas(session, made, source.capacity, limits, by=by, now=now)
    for activity in source.activities:
        activities.add(session, made, _again(activity, shift), by=by, now=now)
    form_fields.copy(session, source, made, by=by, now=now)
    if source.questionnaire is not None:
        events.attach(session, made, _asked_again(session, source.questionnaire, now=now), by=by, now=now)
    for one in reminders.of_event(session, source):
        with suppress(reminders.ReminderPast):
            reminders.add(session, made, one.anchor, one.days, by=by, now=now)
    chosen = afterwards.of_event(session, source)
    if chosen.thanks or chosen.missed:
        afterwards.choose(session, made, thanks=chosen.thanks, missed=chosen.missed, by=by, now=now)
    made.series_id = source.series_id
    audit.record(session, "event.follow", made, by=by, now=now, source=source.id, series=source.series_id)
    return made


class _Shift:
    """Moves a time by as much as the start moves, on the clock of the office."""

    def __init__(self, before: datetime | None, after: datetime) -> None:
        self.zone = after.tzinfo
        self.by = after.replace(tzinfo=None) - before.astimezone(self.zone).replace(tzinfo=None) if before else None

    def __call__(self, moment: datetime | None) -> datetime | None:
        if moment is None or self.by is None:
            return None
        return (moment.astimezone(self.zone).replace(tzinfo=None) + self.by).replace(tzinfo=self.zone)


def _again(activity: Activity, shift: _Shift) -> ActivityDetails:
    stated: dict[str, Any] = {field.name: getattr(activity, field.name) for field in fields(ActivityDetails) if field.name != "seats"}
    stated |= {"seats": activity.quota.seats, "starts_at": shift(activity.starts_at), "ends_at": shift(activity.ends_at)}
    return ActivityDetails(**stated)


def _asked_again(session: Session, questionnaire: Questionnaire, *, now: datetime) -> Questionnaire:
    if questionnaire.state is not questionnaires.State.CLOSED:
        return questionnaire
    return questionnaires.copy(session, questionnaire, title=questionnaire.title, now=now)
