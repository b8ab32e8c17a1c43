"""What an event's registration form requires and is not answered yet: of who was entered at a door or stands in for somebody, and of
everybody after a field was added.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engage import fields
from engage.events import Event
from engage.fields import Answer, EventField
from engage.parties import Attendee, State


def incomplete(asked: Sequence[EventField]) -> sa.ColumnElement[bool]:
    """A condition on Attendee: who is expected, and has not answered all that is required among what is `asked` (`fields.asked`)."""
    return sa.and_(Attendee.state != State.CANCELLED, sa.or_(sa.false(), *(lacks for _, lacks in _lacking(asked))))


def count(session: Session, event: Event) -> int:
    """How many people of the event they are."""
    asked = fields.asked(session, event)
    found = sa.select(sa.func.count()).select_from(Attendee).where(Attendee.event_id == event.id, incomplete(asked))
    return (session.scalar(found) or 0) if asked else 0


def of_people(session: Session, asked: Sequence[EventField], attendee_ids: Collection[int]) -> dict[int, list[EventField]]:
    """What each of these people has still to answer, in the form's order; who has answered all is left out. At most one statement."""
    found = [
        sa.select(Attendee.id, sa.literal(one.id)).where(Attendee.id.in_(attendee_ids), Attendee.state != State.CANCELLED, lacks)
        for one, lacks in _lacking(asked)
    ]
    listed: dict[int, list[EventField]] = {}
    pairs = {tuple(row) for row in session.execute(sa.union_all(*found))} if found else set[tuple[int, int]]()
    for one in asked:
        for attendee_id in attendee_ids:
            if (attendee_id, one.id) in pairs:
                listed.setdefault(attendee_id, []).append(one)
    return listed


def _lacking(asked: Sequence[EventField]) -> list[tuple[EventField, sa.ColumnElement[bool]]]:
    """Each required field with the condition on an Attendee that it is asked, as `EventField.asks` has it, and not answered.

    What an answer hangs on is known by its answer alone: what is not asked is not kept.
    """
    by_id = {one.id: one for one in asked}
    return [(one, _lacks(one, by_id.get(one.depends_on_id or 0))) for one in asked if one.required]


def _lacks(one: EventField, leads: EventField | None) -> sa.ColumnElement[bool]:
    conditions = [~sa.exists().where(Answer.attendee_id == Attendee.id, Answer.field_id == one.id)]
    if one.category_ids:
        conditions.append(Attendee.category_id.in_(one.category_ids))
    if not one.per_person:
        conditions.append(Attendee.place == 0)
    if leads is not None:
        conditions.append(_said(leads, one.depends_values))
    return sa.and_(*conditions)


def _said(leads: EventField, values: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether the person, or the party's leader where only the leader is asked, has answered with one of the values."""
    lines = sa.literal("\n").concat(Answer.value).concat("\n")
    one_of = sa.or_(*(lines.contains(f"\n{value}\n", autoescape=True) for value in values))
    leader = aliased(Attendee)
    of_leader = sa.select(leader.id).where(leader.registration_id == Attendee.registration_id, leader.place == 0).correlate(Attendee)
    # One look-up by key for each person: joined instead, SQLite goes through all answers to the field for each.
    whose = Attendee.id if leads.per_person else of_leader.scalar_subquery()
    return sa.exists().where(Answer.attendee_id == whose, Answer.field_id == leads.id, one_of)
