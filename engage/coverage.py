"""Coverage: who, and which organisations, categories and districts, have not been invited for a while.

Somebody was invited when a message went out or the personal link was used; an invitation that is only drafted, or that came
back, reached nobody. An organisation, a category or a district was invited when anybody of it was.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage.events import Event
from engage.events import State as EventState
from engage.invitations import BOUNCED, Invitation, State
from engage.people import Category, Invitee, organisation_key


class By(StrEnum):
    """What is looked at: each person, or all people of an organisation, a category or a district together."""

    INVITEE = "invitee"
    ORGANISATION = "organisation"
    CATEGORY = "category"
    DISTRICT = "district"


@dataclass(frozen=True, kw_only=True)
class Look:
    """A question: who or what, among these `people` (as of `people.find_invitees`), was not invited `since`?

    `name` is a part of the name of an organisation, category or district. Those without an organisation or a district
    make no group.
    """

    by: By
    since: datetime
    people: sa.Select[Invitee]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What was not invited: an Invitee, a Category, or the name of an organisation or a district.

    Organisations are one however they are written (see `people.organisation_key`), and called as most write them. `people` are in it, `waiting` of them are on the list of a coming event with an invitation that has not been sent;
    `at` and `event` are the last invitation's, None where there was none.
    """

    key: int | str
    subject: Invitee | Category | str
    people: int
    waiting: int
    at: datetime | None
    event: Event | None


_ASKED_AT = sa.func.coalesce(Invitation.invited_at, Invitation.opened_at, Invitation.answered_at)
_REACHED = sa.and_(_ASKED_AT.is_not(None), ~BOUNCED)
_OPEN = Event.state.in_((EventState.DRAFT, EventState.PUBLISHED))
_KEYS: Mapping[By, Any] = {
    By.INVITEE: Invitee.id, By.ORGANISATION: Invitee.organisation_key, By.CATEGORY: Invitee.category_id, By.DISTRICT: Invitee.district,
}
_SORTS = {"name", "people", "category", "organisation", "district"}
_Query = sa.Select[*tuple[Any, ...]]


def months_before(now: datetime, months: int) -> datetime:
    """The same time so many calendar months ago, on the month's last day where it has no such day."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def gaps(look: Look, *, sort: str = "last") -> sa.Select[Any]:
    """The keys of what was not invited, in order; `describe` tells the rest of those on a page.

    Sorts by `last` (never first) or `name`; groups also by `people`, people by `category`, `organisation` or `district`; with `-`
    downwards.
    """
    found = _found(look).subquery().c
    down, wish = sort.startswith("-"), sort.removeprefix("-")
    if wish in _SORTS and wish in found:
        order = [column.desc() if down else column.asc() for column in (found[wish], found.name)]
    else:
        order = [found.at.desc().nulls_last() if sort == "-last" else found.at.asc().nulls_first(), found.name]
    return sa.select(found.key).where(_is_gap(found, look)).order_by(*order, found.key)


def counts(session: Session, look: Look) -> tuple[int, int]:
    """How many were not invited, and how many there are in all of what is looked at."""
    found = _found(look).subquery()
    missed = sa.func.coalesce(sa.func.sum(sa.case((_is_gap(found.c, look), 1), else_=0)), 0)
    few, everything = session.execute(sa.select(missed, sa.func.count()).select_from(found)).one()
    return few, everything


def describe(session: Session, look: Look, keys: Sequence[int | str]) -> list[Gap]:
    """What is known of some of the `gaps`, in this order; at most as many keys as one statement takes."""
    key = _KEYS[look.by]
    mine = _people(look, key.label("of")).where(key.in_(keys))
    people = _by_key(session, mine.add_columns(sa.func.count(Invitee.id)).group_by(key))
    asked = mine.join(Invitation, Invitation.invitee_id == Invitee.id)
    listed = asked.join(Event, Event.id == Invitation.event_id).where(Invitation.state == State.DRAFTED, _OPEN)
    waiting = _by_key(session, listed.add_columns(sa.func.count(Invitee.id.distinct())).group_by(key))
    newest = sa.func.row_number().over(partition_by=key, order_by=(_ASKED_AT.desc(), Invitation.id.desc())).label("place")
    last = asked.add_columns(Invitation.event_id, _ASKED_AT.label("at"), newest).where(_REACHED).subquery().c
    latest: dict[int | str, tuple[datetime, Event]] = {row[0]: (row[1], row[2]) for row in session.execute(
        sa.select(last.of, last.at, Event).join(Event, Event.id == last.event_id).where(last.place == 1))}
    subjects = _subjects(session, look.by, keys)
    made: list[Gap] = []
    for each in (each for each in keys if each in subjects):
        at, event = latest.get(each, (None, None))
        made.append(Gap(key=each, subject=subjects[each], people=people.get(each, 0), waiting=waiting.get(each, 0), at=at, event=event))
    return made


def members(look: Look, keys: Sequence[int | str] | None = None) -> sa.Select[int]:
    """The ids of the people in what was not invited: in all of it, or in these of its keys."""
    key = _KEYS[look.by]
    found = look.people.order_by(None).with_only_columns(Invitee.id).where(key.in_(gaps(look).order_by(None)))
    return found if keys is None else found.where(key.in_(keys))


def _people(look: Look, *columns: Any) -> _Query:
    return look.people.order_by(None).with_only_columns(*columns)


def _found(look: Look) -> _Query:
    """All that is looked at: `key`, `name` (or what stands for it in an order), and `at`, when it was last invited."""
    each = sa.select(Invitation.invitee_id, sa.func.max(_ASKED_AT).label("at")).where(_REACHED).group_by(Invitation.invitee_id).subquery()
    key = _KEYS[look.by]
    if look.by is By.INVITEE:
        return _people(look, key.label("key"), Invitee.name_key.label("name"), Category.position.label("category"),
                       Invitee.organisation, Invitee.district, each.c.at).outerjoin(each, each.c.invitee_id == Invitee.id)
    grouped = _people(look, key.label("key"), key.label("name"), sa.func.count(Invitee.id).label("people"),
                      sa.func.max(each.c.at).label("at")).outerjoin(each, each.c.invitee_id == Invitee.id).group_by(key)
    if look.by is not By.CATEGORY:
        name = organisation_key(look.name) if look.by is By.ORGANISATION else look.name
        return grouped.where(key != "", key.icontains(name, autoescape=True))
    known = grouped.subquery()
    names = sa.or_(*(name.icontains(look.name, autoescape=True) for name in (Category.name, Category.name_en)))
    return sa.select(Category.id.label("key"), Category.position.label("name"), sa.func.coalesce(known.c.people, 0).label("people"), known.c.at).outerjoin(
        known, known.c.key == Category.id).where(sa.or_(~Category.retired, known.c.people > 0), names)  # nobody known is a gap too


def _is_gap(found: Any, look: Look) -> sa.ColumnElement[bool]:
    return sa.or_(found.at.is_(None), found.at < look.since)


def _by_key(session: Session, query: _Query) -> dict[int | str, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _subjects(session: Session, by: By, keys: Sequence[int | str]) -> Mapping[int | str, Invitee | Category | str]:
    if by is By.INVITEE:
        return {person.id: person for person in session.scalars(sa.select(Invitee).where(Invitee.id.in_(keys)))}
    if by is By.CATEGORY:
        return {category.id: category for category in session.scalars(sa.select(Category).where(Category.id.in_(keys)))}
    if by is By.DISTRICT:
        return {key: str(key) for key in keys}
    written = sa.select(Invitee.organisation_key, Invitee.organisation).where(Invitee.organisation_key.in_(keys)).group_by(
        Invitee.organisation_key, Invitee.organisation).order_by(sa.func.count(), Invitee.organisation.desc())
    return dict(iter(session.execute(written)))  # the last, as most write it, remains
