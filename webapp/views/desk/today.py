"""The desk's first screen: what needs doing today, and only what the role may see."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import render_template
from flask_login import current_user

from engage import events, outbox
from engage.events import Event
from engage.events import State as EventState
from engage.outbox import Channel, Message
from engage.parties import Attendee
from engage.parties import State as SeatState
from engage.staff import Permission
from surveys import questionnaires, responses
from surveys.questionnaires import State as SurveyState
from webapp.errors import words
from webapp.formats import local
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db

AHEAD = timedelta(days=14)
SHOWN = 20  # of each list; the full lists are one link away


@desk.get("/")
@allowed()
def home() -> str:
    """What needs doing today."""
    now = clock()
    may = current_user.may
    coming = _coming(now) if may(Permission.SEE, Permission.DOOR) else []
    midnight = local(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return render_template(
        "desk/today.html",
        today=[event for event in coming if event.starts_at and event.starts_at < midnight],
        soon=[event for event in coming if event.starts_at and event.starts_at >= midnight] if may(Permission.SEE) else [],
        people=_people([event.id for event in coming]),
        drafts=_drafts() if may(Permission.EVENTS) else None,
        messages=_messages(now) if may(Permission.INVITE) else None,
        surveys=_surveys() if may(Permission.SEE, Permission.SURVEYS) else None,
    )


def _coming(now: datetime) -> list[Event]:
    """Published events from this morning, or still going on, to the end of the time ahead."""
    morning = local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    found = events.find(state=EventState.PUBLISHED).where(Event.ends_at >= morning, Event.starts_at < morning + AHEAD)
    return list(db.session.scalars(found.order_by(Event.starts_at, Event.id).limit(SHOWN)))


def _people(event_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many people are expected at each event and how many have arrived."""
    counted = (
        sa.select(Attendee.event_id, sa.func.count(Attendee.id), sa.func.count(Attendee.arrived_at))
        .where(Attendee.event_id.in_(event_ids), Attendee.state == SeatState.CONFIRMED).group_by(Attendee.event_id)
    )
    return {event_id: (expected, arrived) for event_id, expected, arrived in db.session.execute(counted)}


def _drafts() -> list[tuple[Event, list[str]]]:
    found = events.find(state=EventState.DRAFT).order_by(sa.nulls_last(Event.starts_at), Event.id).limit(SHOWN)
    return [(event, [words(problem) for problem in events.problems(event)]) for event in db.session.scalars(found)]


def _messages(now: datetime) -> dict[str, Any]:
    """How many messages have failed, and how many wait for the mail server or for somebody at the office.

    What failed before an event that is over is no work for today any more.
    """
    counted = (
        sa.select(Message.state, Message.channel, sa.func.count()).outerjoin(Event, Event.id == Message.event_id)
        .where(Message.state.in_((outbox.State.FAILED, outbox.State.QUEUED)), sa.or_(Event.id.is_(None), Event.ends_at > now))
        .group_by(Message.state, Message.channel)
    )
    by_state = {(state, channel): count for state, channel, count in db.session.execute(counted)}
    waiting = {channel: by_state.get((outbox.State.QUEUED, channel), 0) for channel in Channel}
    return {"failed": sum(by_state.get((outbox.State.FAILED, channel), 0) for channel in Channel), **waiting}


def _surveys() -> list[tuple[Any, int]]:
    found = db.session.scalars(questionnaires.find(state=SurveyState.OPEN).limit(SHOWN)).all()
    counts = responses.counts(db.session(), [questionnaire.id for questionnaire in found])
    return [(questionnaire, counts.get(questionnaire.id, 0)) for questionnaire in found]
