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
from engage.people import Category, Invitee


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

    `people` are in it, `waiting` of them are on the list of a coming event with an invitation that has not been sent;
    `at` and `event` are the last invitation's, None where there was none.
    """

    key: int | str
    subject: Invitee | Category | str
    people: int
    waiting: int
    at: datetime | None
    event: Event | None


ASKED_AT = sa.func.coalesce(Invitation.invited_at, Invitation.opened_at, Invitation.answered_at)
_REACHED = sa.and_(ASKED_AT.is_not(None), Invitation.id.not_in(sa.select(Invitation.id).where(BOUNCED)))
_OPEN = Event.state.in_((EventState.DRAFT, EventState.PUBLISHED))

_Query = sa.Select[*tuple[Any, ...]]
_KEYS: Mapping[By, Any] = {
    By.INVITEE: Invitee.id, By.ORGANISATION: Invitee.organisation, By.CATEGORY: Category.id, By.DISTRICT: Invitee.district,
}
_PEOPLE = sa.func.count(Invitee.id)
_SORTS: Mapping[By, Mapping[str, Sequence[Any]]] = {
    By.INVITEE: {"name": (Invitee.name_key,), "category": (Category.position, Invitee.name_key),
                 "organisation": (Invitee.organisation, Invitee.name_key), "district": (Invitee.district, Invitee.name_key)},
    By.ORGANISATION: {"name": (Invitee.organisation,), "people": (_PEOPLE,)},
    By.CATEGORY: {"name": (Category.position,), "people": (_PEOPLE,)},
    By.DISTRICT: {"name": (Invitee.district,), "people": (_PEOPLE,)},
}


def months_before(now: datetime, months: int) -> datetime:
    """The same time so many calendar months ago, on the month's last day where it has no such day."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def gaps(look: Look, *, sort: str = "last") -> sa.Select[Any]:
    """The keys of what was not invited, in order; `describe` tells the rest of those on a page.

    Sorts by `last` (never first) or `name`; groups also by `people`, people by `category`, `organisation` or `district`; with `-`
    downwards.
    """
    found, last = _grouped(look)
    down, chosen = sort.startswith("-"), _SORTS[look.by].get(sort.removeprefix("-"))
    order = [column.desc() if down else column.asc() for column in chosen] if chosen else [
        last.desc().nulls_last() if sort == "-last" else last.asc().nulls_first(), *_SORTS[look.by]["name"]]
    return found.having(sa.or_(last.is_(None), last < look.since)).order_by(*order, _KEYS[look.by])


def total(session: Session, look: Look) -> int:
    """How many there are of what is looked at, invited or not."""
    return session.scalar(sa.select(sa.func.count()).select_from(_grouped(look)[0].subquery())) or 0


def describe(session: Session, look: Look, keys: Sequence[int | str]) -> list[Gap]:
    """What is known of some of the `gaps`, in this order; at most as many keys as one statement takes."""
    key, mine = _KEYS[look.by], _KEYS[look.by].in_(keys)
    grouped, _ = _grouped(look)
    people = _pairs(session, grouped.add_columns(_PEOPLE).where(mine))
    listed = _members(look, key, sa.func.count(Invitee.id.distinct())).join(Invitation, Invitation.invitee_id == Invitee.id).join(
        Event, Event.id == Invitation.event_id).where(mine, Invitation.state == State.DRAFTED, _OPEN)
    waiting = _pairs(session, listed.group_by(key))
    newest = sa.func.row_number().over(partition_by=key, order_by=(ASKED_AT.desc(), Invitation.id.desc())).label("place")
    asked = _members(look, key.label("of"), Invitation.event_id, ASKED_AT.label("at"), newest).join(
        Invitation, Invitation.invitee_id == Invitee.id).where(mine, _REACHED).subquery()
    last = {of: (at, event) for of, at, event in session.execute(
        sa.select(asked.c.of, asked.c.at, Event).join(Event, Event.id == asked.c.event_id).where(asked.c.place == 1))}
    subjects = _subjects(session, look.by, keys)
    return [
        Gap(key=each, subject=subjects[each], people=people[each], waiting=waiting.get(each, 0),
            at=last[each][0] if each in last else None, event=last[each][1] if each in last else None)
        for each in keys if each in people and each in subjects
    ]


def members(look: Look, keys: Sequence[int | str] | None = None) -> sa.Select[int]:
    """The ids of the people in what was not invited: in all of it, or in these of its keys."""
    key = _KEYS[look.by]
    found = _members(look, Invitee.id).where(key.in_(gaps(look).order_by(None)))
    return found if keys is None else found.where(key.in_(keys))


def _grouped(look: Look) -> tuple[_Query, sa.ColumnElement[datetime]]:
    """The keys of everything looked at, and the expression of when it was last invited."""
    each = sa.select(Invitation.invitee_id, sa.func.max(ASKED_AT).label("at")).where(_REACHED).group_by(Invitation.invitee_id).subquery()
    last = sa.func.max(each.c.at)
    key = _KEYS[look.by]
    found = _among(look, sa.select(key)).outerjoin(each, each.c.invitee_id == Invitee.id)
    if look.by is By.INVITEE:
        return found.group_by(Invitee.id, Category.id), last
    if look.by is By.CATEGORY:  # one in use of which nobody is known is a gap too
        found = found.having(sa.or_(~Category.retired, _PEOPLE > 0))
    names = (Category.name, Category.name_en) if look.by is By.CATEGORY else (key,)
    if look.name:
        found = found.where(sa.or_(*(name.icontains(look.name, autoescape=True) for name in names)))
    return found.where(names[0] != "").group_by(key), last


def _members(look: Look, *columns: Any) -> _Query:
    return _among(look, sa.select(*columns)).where(Invitee.id.is_not(None))


def _among(look: Look, query: _Query) -> _Query:
    """The query over the categories with those of their people who are looked at."""
    wanted = sa.select(look.people.order_by(None).subquery().c.id)
    mine = sa.and_(Invitee.category_id == Category.id, Invitee.id.in_(wanted))
    return query.select_from(Category).join(Invitee, mine, isouter=look.by is By.CATEGORY)


def _pairs(session: Session, query: _Query) -> dict[int | str, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _subjects(session: Session, by: By, keys: Sequence[int | str]) -> Mapping[int | str, Invitee | Category | str]:
    if by is By.INVITEE:
        return {person.id: person for person in session.scalars(sa.select(Invitee).where(Invitee.id.in_(keys)))}
    if by is By.CATEGORY:
        return {category.id: category for category in session.scalars(sa.select(Category).where(Category.id.in_(keys)))}
    return {key: str(key) for key in keys}
