"""People who did not fill in the registration form with their party: who comes in another's place, or came to the door without a
registration. What they are asked, and what is kept of it.

    form = newcomers.replacing(session, leaving)  # or `completing`, or a Form of what `at_the_door` is asked
    told = newcomers.read(form, came, cipher=cipher, now=now)
    replacements.swap(session, leaving, person, told=told, by=…, now=now)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import answers, fields
from engage.answers import Judged, Keeping, Line, Person, Standing
from engage.events import Event
from engage.fields import Answer, AnswerFile, EventField
from engage.parties import Attendee
from engage.sealing import Cipher


@dataclass(frozen=True)
class Form:
    """What one person is asked, in order, and the person's answers that stand."""

    fields: Sequence[EventField]
    standing: Standing
    lines: Sequence[Line] = ()


@dataclass(frozen=True)
class Told:
    """What one person was asked and has answered, as `read` has judged it."""

    fields: Sequence[EventField]
    judged: Mapping[int, Judged]
    cipher: Cipher


def replacing(session: Session, leaving: Attendee) -> Form:
    """What whoever comes in this person's place is asked: what concerns the person. What concerns the party, which its leader
    has answered, is not asked again.
    """
    party = leaving.registration
    asked = fields.asked(session, party.event)
    if not asked:
        return Form((), Standing(party.category_id, leaving.place))
    anew = {one.id for one in asked if one.per_person} if leaving.place else _personal(asked)
    said = _said_for_all(session, leaving, [one for one in asked if one.id not in anew])
    standing = Standing(party.category_id, leaving.place, said)
    return Form(_asked_of([one for one in asked if one.id in anew], standing), standing)


def completing(session: Session, attendee: Attendee) -> Form:
    """All that the person can be asked, with what was answered, for staff to complete: what is required may still be left out."""
    party = attendee.registration
    asked = fields.asked(session, party.event)
    said = _said_for_all(session, attendee, asked) if attendee.place else {}
    lines = [line for line in answers.of_people(session, [attendee.id])[attendee.id] if not line.field.archived_at]
    standing = Standing(party.category_id, attendee.place, said, answers.staying(lines), later=True)
    return Form(_asked_of(asked, standing), standing, lines)


def at_the_door(session: Session, event: Event) -> list[EventField]:
    """What is asked of somebody without a registration, whose category is to be chosen: only what is required, as others wait."""
    asked: list[EventField] = []
    for one in fields.asked(session, event):
        if one.required and (one.depends_on_id is None or any(one.depends_on_id == each.id for each in asked)):
            asked.append(one)
    return asked


def read(form: Form, came: Person, *, cipher: Cipher, now: datetime) -> Told:
    """What came, judged. Raises AnswersRefused, in which the person stands at place 0."""
    return Told(form.fields, answers.read_one(form.fields, came, form.standing, now=now), cipher)


def keep(session: Session, attendee: Attendee, told: Told, *, by: str, now: datetime) -> None:
    """Replace the person's answers to what was asked."""
    if told.fields:
        answers.keep_one(session, attendee, asked=told.fields, judged=told.judged, keeping=Keeping(told.cipher, by, now))


def pass_on(session: Session, leaving: Attendee, coming: Attendee) -> None:
    """Give what a leader has answered for the party to the next leader. What concerns the person stays with the person."""
    personal = _personal(fields.all_of(session, leaving.registration.event))
    moving = [line.answer for line in answers.of_people(session, [leaving.id])[leaving.id] if line.field.id not in personal]
    for answer in moving:
        session.add(Answer(attendee_id=coming.id, field_id=answer.field_id, value=answer.value, sealed=answer.sealed,
                           consent_at=answer.consent_at))
    session.flush()  # the files' rows shall refer to them
    theirs = AnswerFile.field_id.in_([answer.field_id for answer in moving])
    session.execute(sa.update(AnswerFile).where(AnswerFile.attendee_id == leaving.id, theirs).values(attendee_id=coming.id))
    for answer in moving:
        session.delete(answer)
    session.flush()


def forget(session: Session, leaving: Attendee) -> None:
    """Drop what the person has answered as a person, because the ticket is somebody else's now."""
    personal = _personal(fields.all_of(session, leaving.registration.event))
    for line in answers.of_people(session, [leaving.id])[leaving.id]:
        if leaving.place or line.field.id in personal:
            session.delete(line.answer)
    session.flush()


def _personal(listed: Sequence[EventField]) -> set[int]:
    """The fields whose answers concern the leader as a person: what everyone is asked, what needed a consent of one's own, and
    what hangs on such an answer.
    """
    found: set[int] = set()
    for one in listed:
        if one.per_person or one.sensitive or one.depends_on_id in found:
            found.add(one.id)
    return found


def _said_for_all(session: Session, attendee: Attendee, listed: Sequence[EventField]) -> dict[int, str]:
    """What the leader of the person's party has answered for all of it, among these fields."""
    leader, for_all = attendee.registration.leader.id, {one.id for one in listed if not one.per_person}
    lines = answers.of_people(session, [leader])[leader]
    return {line.field.id: line.answer.value for line in lines if line.field.id in for_all and not line.answer.sealed}


def _asked_of(listed: Sequence[EventField], standing: Standing) -> list[EventField]:
    """Those that can be asked of the person: what they hang on is asked too, or was said in a way that calls for them."""
    asked: list[EventField] = []
    for one in listed:
        called_for = any(one.depends_on_id == each.id for each in asked) or one.follows(standing.said)
        if one.concerns(standing.place, standing.category_id) and called_for:
            asked.append(one)
    return asked
