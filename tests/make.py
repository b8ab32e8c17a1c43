"""Builders: one line makes a lifelike record through the library's own functions; what a test is about is given by keyword.

Everything is flushed, nothing committed. Names, phones and codes never repeat within a run.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import activities, events, fields, invitations, people, registrations, staff
from engage.activities import Activity, ActivityDetails
from engage.applications import Application, Person
from engage.events import Event
from engage.field_kinds import KINDS
from engage.fields import Definition, EventField
from engage.invitations import Invitation
from engage.parties import Registration
from engage.people import Category, Invitee, InviteeForm
from engage.staff import Role, User
from surveys import questionnaires, questions, responses, tallies
from surveys.questionnaires import Questionnaire
from surveys.responses import Response

NOW = datetime(2026, 3, 18, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # also the fixture `now`
BY = "user:wang"
OPTIONS = ("大厅宽敞", "流程清楚", "讲解细致")

_numbers = count(1)


def category(session: Session, **changes: Any) -> Category:
    """A category of its own, with companions allowed and open to strangers."""
    number = next(_numbers)
    stated = {"code": f"kind_{number}", "name": f"第{number}类", "name_en": f"Kind {number}", "companions": 3, "self_chosen": True}
    return people.add_category(session, by=BY, now=NOW, **{**stated, **changes})


def invitee(session: Session, **changes: Any) -> Invitee:
    """A person with name, mobile number, e-mail and organisation, of a category of their own unless it is given."""
    number = next(_numbers)
    stated: dict[str, Any] = {
        "name": f"受邀人{number}", "phone": f"138{number:08}", "email": f"guest{number}@example.com", "organisation": "丰和建设公司",
        **changes,
    }
    stated.setdefault("category", None)
    stated["category"] = stated["category"] or category(session)
    return people.add_invitee(session, InviteeForm(**stated), by=BY, now=NOW)


_new_category, _new_invitee = category, invitee  # where a parameter has the builder's name


def event(
    session: Session, *, state: str = "published", seats: int | None = 100, by_category: Mapping[int, int | None] | None = None,
    **changes: Any,
) -> Event:
    """An open day for everyone from an hour before NOW to two hours after it, with registration open until its end."""
    stated = {
        "title": f"平台开放日{next(_numbers)}", "visibility": events.Visibility.PUBLIC, "purpose": "走进交易大厅", "place": "交易大厅",
        "address": "文化路1号", "starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=2),
        "registration_closes_at": NOW + timedelta(hours=2), "contact_name": "王老师", "contact_phone": "0371-60000000",
    }
    made = events.create(session, events.Details(**{**stated, **changes}), seats=seats, by=BY, now=NOW)
    if by_category:
        events.set_quotas(session, made, seats, by_category, by=BY, now=NOW)
    if state != "draft":
        events.publish(session, made, by=BY, now=NOW)
    if state == "closed":
        events.close(session, made, by=BY, now=NOW)
    if state == "cancelled":
        events.cancel(session, made, by=BY, now=NOW)
    session.flush()
    return made


def activity(session: Session, of: Event, **changes: Any) -> Activity:
    """A visit within the event, without a limit of its own unless `seats` is given."""
    stated = {"title": f"参观{next(_numbers)}", "room": "一号厅", "host": "李老师", "starts_at": of.starts_at, "ends_at": of.ends_at}
    made = activities.add(session, of, ActivityDetails(**{**stated, **changes}), by=BY, now=NOW)
    session.flush()
    return made


def field(session: Session, of: Event, kind: str = "text", **changes: Any) -> EventField:
    """A question of the event's registration form, optional and asked of the leader; a choice has OPTIONS."""
    stated: dict[str, Any] = {"label": f"事项{next(_numbers)}"}
    if KINDS[kind].has_options:
        stated["options"] = OPTIONS
    if changes.get("sensitive") or changes.get("settings", {}).get("check") == "identity":
        stated["purpose"] = "办理进场登记"
    made = fields.add(session, of, Definition(kind=kind, **{**stated, **changes}), by=BY, now=NOW)
    session.flush()
    return made


def invitation(session: Session, to: Event, *, invitee: Invitee | None = None, **changes: Any) -> Invitation:
    """A drafted invitation of the invitee, or of a new one made with `changes`."""
    person = invitee or _new_invitee(session, **changes)
    invitations.invite(session, to, [person.id], by=BY, now=NOW)
    return session.scalars(sa.select(Invitation).where(Invitation.event == to, Invitation.invitee == person)).one()


def application(session: Session, *, companions: int = 0, category: Category | None = None, **changes: Any) -> Application:
    """A filled-in form of a new person with so many companions; `changes` are fields of the person or of the form."""
    number = next(_numbers)
    form = {name: changes.pop(name) for name in ("activity_ids", "consent", "submission", "language", "wait") if name in changes}
    leader = {"name": f"来宾{number}", "phone": f"139{number:08}", "email": f"visitor{number}@example.com", **changes}
    return Application(
        leader=Person(**leader), category=category or _new_category(session),
        companions=[Person(name=f"随行{number}之{place + 1}") for place in range(companions)], **{"consent": True, **form},
    )


def registration(session: Session, to: Event, *, invitation: Invitation | None = None, **changes: Any) -> Registration:
    """A confirmed registration; `changes` as for `application`."""
    form = application(session, **changes)
    made = registrations.register(session, to, form, invitation=invitation, by="guest", now=NOW)
    session.flush()
    return made


def questionnaire(session: Session, *, state: str = "open", asks: Sequence[Mapping[str, Any]] | None = None, **changes: Any) -> Questionnaire:
    """A questionnaire of one section. Without `asks` it has one question of each kind: q1 single, q2 multiple (both with
    "other"), q3 scale (required), q4 number, q5 text, q6 long_text.
    """
    made = questionnaires.create(session, now=NOW, **{"title": f"满意度问卷{next(_numbers)}", **changes})
    section = questions.add_section(session, made, now=NOW)
    for ask in asks if asks is not None else (
        {"kind": "single", "text": "您的身份", "options": OPTIONS, "settings": {"other": True}},
        {"kind": "multiple", "text": "印象最深的是", "options": OPTIONS, "settings": {"other": True}},
        {"kind": "scale", "text": "您对服务是否满意", "required": True},
        {"kind": "number", "text": "您来过几次"},
        {"kind": "text", "text": "您最关心的项目"},
        {"kind": "long_text", "text": "您的意见和建议"},
    ):
        questions.add_question(session, section, now=NOW, **ask)
    if state != "draft":
        questionnaires.open_for_answers(session, made, now=NOW)
    if state == "closed":
        questionnaires.close(session, made, now=NOW)
    return made


def asking_event(session: Session, **changes: Any) -> Event:
    """An event with a questionnaire (see `questionnaire`)."""
    made = event(session)
    events.attach(session, made, questionnaire(session, **changes), by=BY, now=NOW)
    session.flush()
    return made


def response(session: Session, to: Questionnaire, raw: Mapping[str, Any] | None = None, **changes: Any) -> Response:
    """Answers to the questionnaire, by default only to q3: 非常满意."""
    return responses.submit(session, to, raw if raw is not None else {"q3": "5"}, **{"now": NOW, **changes})


def released(session: Session, questionnaire: Questionnaire) -> None:
    """Have all results of an anonymous questionnaire made of all its responses, also where they are too few: nobody waits any more."""
    tallies.fold(session, questionnaire, now=NOW, fewest=0)


def user(session: Session, role: Role | str = Role.ADMIN, *, password: str = "correct horse battery", **changes: Any) -> User:
    """A member of staff; the password can be used to sign in."""
    name = changes.pop("username", f"{Role(role).value}{next(_numbers)}")
    return staff.add_user(session, name, password, role=Role(role), by=BY, now=NOW, **changes)
