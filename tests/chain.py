"""The scenario of the tests of the chain: an open day a week ahead, the categories every database begins with, named people."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import activities, events, invitations, people, registrations
from engage.activities import Activity, ActivityDetails
from engage.applications import Application, Person
from engage.events import Details, Event, Visibility
from engage.invitations import Invitation
from engage.parties import Registration
from engage.people import Category, Invitee

NOW = datetime(2026, 3, 18, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
BY = "user:test"


def category(session: Session, code: str = "enterprise") -> Category:
    """One of the categories that every database begins with."""
    people.seed_categories(session)
    return session.scalars(sa.select(Category).where(Category.code == code)).one()


def details(**changes: Any) -> Details:
    """An open day in a week's time, complete enough to be published."""
    start = NOW + timedelta(days=7)
    whole: dict[str, Any] = {
        "title": "平台开放日", "purpose": "走进交易大厅", "place": "市公共资源交易中心", "address": "人民路 1 号",
        "starts_at": start, "ends_at": start + timedelta(hours=3), "contact_name": "王老师", "contact_phone": "0533-1234567",
        "visibility": Visibility.PUBLIC,
    }
    return Details(**whole | changes)


def event(
    session: Session, *, seats: int | None = 50, by_category: dict[str, int] | None = None, published: bool = True,
    **changes: Any,
) -> Event:
    """A published open day in a week's time; `by_category` are quotas by category code."""
    made = events.create(session, details(**changes), seats=seats, by=BY, now=NOW)
    if by_category:
        limits = {category(session, code).id: limit for code, limit in by_category.items()}
        events.set_quotas(session, made, seats, limits, by=BY, now=NOW)
    if published:
        events.publish(session, made, by=BY, now=NOW)
    return made


def activity(session: Session, event: Event, title: str = "参观开标大厅", **changes: Any) -> Activity:
    """A part of the event."""
    return activities.add(session, event, ActivityDetails(title=title, **changes), by=BY, now=NOW)


def invitee(session: Session, name: str = "张三", **changes: Any) -> Invitee:
    """Somebody known to the office."""
    known = {"name": name, "phone": "13800000001", "organisation": "甲建设公司"} | changes
    form = people.InviteeForm(**known | {"category": category(session, known.pop("category", "enterprise"))})
    return people.add_invitee(session, form, by=BY, now=NOW)


def invitation(session: Session, event: Event, invitee: Invitee) -> Invitation:
    """The invitee's invitation to the event, not sent yet."""
    invitations.invite(session, event, [invitee.id], by=BY, now=NOW)
    ours = sa.and_(Invitation.event_id == event.id, Invitation.invitee_id == invitee.id)
    return session.scalars(sa.select(Invitation).where(ours)).one()


def application(session: Session, name: str = "李四", **changes: Any) -> Application:
    """A filled-in form with consent; `companions` are names."""
    leader = Person(name=name, phone=changes.pop("phone", "13900000001"), email=changes.pop("email", ""))
    filled: dict[str, Any] = {"leader": leader, "consent": True}
    filled["category"] = category(session, changes.pop("category", "enterprise"))
    filled["companions"] = [Person(name=companion) for companion in changes.pop("companions", ())]
    return Application(**filled | changes)


def registration(session: Session, event: Event, name: str = "李四", **changes: Any) -> Registration:
    """A seated party; see `application` for what can be changed."""
    return registrations.register(session, event, application(session, name, **changes), by="guest", now=NOW)
