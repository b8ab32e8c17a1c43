"""What guests answer to the fields of an event's registration form: judged as a whole, kept per person, sensitive ones encrypted.

    asked = fields.asked(session, event)
    judged = answers.read(asked, [leader, *companions], category_id=…, now=now)
    registration = registrations.register(…)
    answers.keep(session, registration, names, asked=asked, judged=judged, keeping=answers.Keeping(cipher, by, now))

What is not asked of a person, because of the category or of another answer, is not kept whatever was sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import audit
from engage.errors import EngageError, Invalid, NotFound
from engage.field_kinds import KINDS, File
from engage.fields import Answer, AnswerFile, EventField
from engage.files import Upload, accepted
from engage.parties import Attendee, Registration
from engage.sealing import Cipher
from surveys.asked import given
from surveys.errors import SurveyError
from surveys.kinds import Missing

BATCH = 200  # answers encrypted anew at a time
MASK = "******"


class AnswersRefused(Invalid):
    """Some answers are missing or wrong: `problems` maps (place in the party, code of the field) to the refusal of each."""

    def __init__(self, problems: Mapping[tuple[int, str], EngageError | SurveyError]) -> None:
        self.problems = problems
        super().__init__(answers=len(problems))


class SeparateConsentMissing(Invalid):
    """Sensitive data is kept only with a consent of its own."""


class FileMissing(NotFound):
    """There is no such file."""


@dataclass(frozen=True)
class Sent:
    """What came for one field of one person. `discard` takes back what was kept before; see `read`."""

    values: Sequence[str] = ()
    upload: Upload | None = None
    consent: bool = False
    discard: bool = False


@dataclass(frozen=True)
class Judged:
    """An answer to keep; `unchanged` is what was kept before and cannot be shown for changing."""

    value: str = ""
    upload: Upload | None = None
    unchanged: bool = False


Person = Mapping[str, Sent]  # what came for one person, by the code of the field


@dataclass(frozen=True)
class Standing:
    """Of whom something is asked: the category, the place in the party (0 leads), and what was `said` before it, by the id of
    the field. What `stays` when nothing comes for it is as in `read`; `later`: what is required may follow.
    """

    category_id: int
    place: int = 0
    said: Mapping[int, str] = field(default_factory=dict[int, str])
    stays: Collection[int] = ()
    later: bool = False


@dataclass(frozen=True)
class Keeping:
    """With which keys, for whom, and when answers are kept or shown."""

    cipher: Cipher
    by: str
    now: datetime


@dataclass(frozen=True)
class Line:
    """One kept answer with its field, for a page or a table."""

    field: EventField
    answer: Answer

    def text(self, language: str = "zh") -> str:
        """For a reader; what is encrypted is masked."""
        return MASK if self.answer.sealed else self.field.show(self.answer.value, language)


def read(
    asked: Sequence[EventField], people: Sequence[Person], *, category_id: int,
    kept: Sequence[Collection[int]] = (), now: datetime,
) -> list[dict[int, Judged]]:
    """What is to be kept of each person of a party (the leader first), by the id of the field.

    `kept` names for each person the fields whose answer stays when nothing comes for it: files and sensitive answers, which
    a form does not show again. Raises AnswersRefused with everything that is wrong, each at its place.
    """
    problems: dict[tuple[int, str], EngageError | SurveyError] = {}
    judged: list[dict[int, Judged]] = []
    for place, person in enumerate(people):
        said = {one.id: judged[0][one.id].value for one in asked if place and not one.per_person and one.id in judged[0]}
        standing = Standing(category_id, place, said, kept[place] if place < len(kept) else ())
        own, wrong = _read(asked, person, standing, now=now)
        judged.append(own)
        problems |= {(place, code): error for code, error in wrong.items()}
    if problems:
        raise AnswersRefused(problems)
    return judged


def read_one(asked: Sequence[EventField], person: Person, standing: Standing, *, now: datetime) -> dict[int, Judged]:
    """As `read`, of one person alone, who stands at place 0 of the AnswersRefused that it raises."""
    own, wrong = _read(asked, person, standing, now=now)
    if wrong:
        raise AnswersRefused({(0, code): error for code, error in wrong.items()})
    return own


def _read(
    asked: Sequence[EventField], person: Person, standing: Standing, *, now: datetime
) -> tuple[dict[int, Judged], dict[str, EngageError | SurveyError]]:
    """What is to be kept, by the id of the field, and what is wrong, by its code."""
    own: dict[int, Judged] = {}
    wrong: dict[str, EngageError | SurveyError] = {}
    said = dict(standing.said)
    for one in asked:
        if not one.asks(standing.place, standing.category_id, said):
            continue
        try:
            answer = _judged(one, person.get(one.code, Sent()), standing, now=now)
        except (EngageError, SurveyError) as error:
            wrong[one.code] = error
        else:
            if answer is not None:
                own[one.id], said[one.id] = answer, answer.value
    return own, wrong


def _judged(one: EventField, sent: Sent, standing: Standing, *, now: datetime) -> Judged | None:
    answer = _answered(one, sent, now=now)
    if answer is None:
        if one.id in standing.stays and not sent.discard:
            return Judged(unchanged=True)
        if one.required and not standing.later:
            raise Missing
    elif one.sensitive and not sent.consent:
        raise SeparateConsentMissing
    return answer


def _answered(one: EventField, sent: Sent, *, now: datetime) -> Judged | None:
    if one.kind == File.code:
        if sent.upload is None:
            return None
        upload = accepted(sent.upload, most=one.settings["megabytes"] * 1_000_000)
        return Judged(upload.name, upload)
    values = [str(value) for value in given(list(sent.values))]
    return Judged(KINDS[one.kind].read(one.shape, values, today=now.date())) if values else None


class _Held(NamedTuple):
    attendee: Attendee
    before: dict[int, Answer]


def keep(
    session: Session, registration: Registration, names: Sequence[str], *, asked: Sequence[EventField],
    judged: Sequence[Mapping[int, Judged]], keeping: Keeping,
) -> None:
    """Replace the party's answers to what is `asked` by what `read` has judged; answers to archived fields stay.

    `names` are the people's, in the same order, by which they are found in the registration, whose leader comes first.
    """
    found = _people(session, registration, names)
    changed = [_replace(session, held, own, asked=asked, keeping=keeping) for held, own in zip(found, judged, strict=True)]
    _note(session, registration, set[str]().union(*changed), keeping)


def keep_one(
    session: Session, attendee: Attendee, *, asked: Sequence[EventField], judged: Mapping[int, Judged], keeping: Keeping
) -> None:
    """As `keep`, of one person alone."""
    before = {answer.field_id: answer for answer in _kept(session, [attendee])}
    changed = _replace(session, _Held(attendee, before), judged, asked=asked, keeping=keeping)
    _note(session, attendee.registration, changed, keeping)


def _replace(
    session: Session, held: _Held, own: Mapping[int, Judged], *, asked: Sequence[EventField], keeping: Keeping
) -> set[str]:
    """Answers the codes of the fields whose answer is another now."""
    (attendee, before), by_id = held, {one.id: one for one in asked}
    changed: set[str] = set()
    for field_id, answer in own.items():
        if not answer.unchanged and _differs(before.get(field_id), answer):
            kept = before.get(field_id) or Answer(attendee_id=attendee.id, field_id=field_id)
            _store(session, by_id[field_id], kept, answer, keeping=keeping)
            changed.add(by_id[field_id].code)
    for field_id in before.keys() & by_id.keys() - own.keys():
        session.delete(before[field_id])
        changed.add(by_id[field_id].code)
    return changed


def _note(session: Session, registration: Registration, changed: set[str], keeping: Keeping) -> None:
    if changed:
        audit.record(session, "registration.answers", registration, by=keeping.by, now=keeping.now, fields=sorted(changed))


def _differs(before: Answer | None, answer: Judged) -> bool:
    return before is None or before.sealed or answer.upload is not None or before.value != answer.value


def _people(session: Session, registration: Registration, names: Sequence[str]) -> list[_Held]:
    """The party's attendees by name with what they have answered before; of two with one name, each once."""
    waiting = [registration.leader, *registration.companions]
    people: list[Attendee] = []
    for place, name in enumerate(names):
        match = next((attendee for attendee in waiting if not place or attendee.name == name), None)
        if match is None:
            raise ValueError("the people are not those of the registration")
        waiting.remove(match)
        people.append(match)
    kept = _kept(session, people)
    return [_Held(attendee, {answer.field_id: answer for answer in kept if answer.attendee_id == attendee.id}) for attendee in people]


def _kept(session: Session, people: Iterable[Attendee]) -> Sequence[Answer]:
    session.flush()
    return session.scalars(sa.select(Answer).where(Answer.attendee_id.in_([attendee.id for attendee in people]))).all()


def _store(session: Session, one: EventField, kept: Answer, answer: Judged, *, keeping: Keeping) -> None:
    cipher = keeping.cipher
    kept.value = cipher.seal_text(answer.value) if one.sensitive else answer.value
    kept.sealed, kept.consent_at = one.sensitive, keeping.now if one.sensitive else None
    session.add(kept)
    if answer.upload is not None:
        session.flush()  # the file's row refers to it
        content = cipher.seal(answer.upload.content) if one.sensitive else answer.upload.content
        session.merge(AnswerFile(attendee_id=kept.attendee_id, field_id=one.id, kind=answer.upload.kind, content=content))


def of_people(session: Session, attendee_ids: Collection[int]) -> dict[int, list[Line]]:
    """What each of these people has answered, in the form's order, answers to archived fields last: one statement."""
    found = (
        sa.select(Answer, EventField).join(EventField, EventField.id == Answer.field_id)
        .where(Answer.attendee_id.in_(attendee_ids))
        .order_by(Answer.attendee_id, EventField.archived_at.is_not(None), EventField.position, EventField.id)
    )
    lines: dict[int, list[Line]] = {attendee_id: [] for attendee_id in attendee_ids}
    for answer, one in session.execute(found):
        lines[answer.attendee_id].append(Line(one, answer))
    return lines


def staying(lines: Iterable[Line]) -> set[int]:
    """The fields of a person whose kept answers a form does not show again: see `read`."""
    return {line.field.id for line in lines if line.answer.sealed or line.field.kind == File.code}


def reveal(session: Session, registration: Registration, lines: Iterable[Line], keeping: Keeping, *, language: str = "zh",
           ) -> dict[tuple[int, int], str]:
    """The encrypted ones of these answers of a registration, as a reader sees them, by ids of attendee and field.

    Noted in the audit trail. Raises SealedWithAnotherKey.
    """
    sealed = [line for line in lines if line.answer.sealed]
    shown = {
        (line.answer.attendee_id, line.field.id): line.field.show(keeping.cipher.open_text(line.answer.value), language)
        for line in sealed
    }
    codes = sorted({line.field.code for line in sealed})
    audit.record(session, "registration.reveal", registration, by=keeping.by, now=keeping.now, fields=codes)
    return shown


def file_of(session: Session, attendee: Attendee, field_id: int, keeping: Keeping) -> Upload:
    """A file that somebody handed in. Of a sensitive one the audit trail notes who took it.

    Raises FileMissing or SealedWithAnotherKey.
    """
    key = (attendee.id, field_id)
    answer, stored = session.get(Answer, key), session.get(AnswerFile, key)
    if answer is None or stored is None:
        raise FileMissing
    if not answer.sealed:
        return Upload(answer.value, stored.content, stored.kind)
    name, content = keeping.cipher.open_text(answer.value), keeping.cipher.open(stored.content)
    audit.record(session, "registration.file", attendee.registration, by=keeping.by, now=keeping.now, field=field_id)
    return Upload(name, content, stored.kind)


@dataclass
class Resealed:
    """How much was encrypted anew."""

    answers: int = 0
    files: int = 0
    fields: set[int] = field(default_factory=set[int])


def reseal(session: Session, keeping: Keeping) -> Resealed:
    """Encrypt every sensitive answer and file anew with the cipher's first secret, so that older ones can be dropped.

    Raises SealedWithAnotherKey where one can be read with none of them; then nothing may be committed.
    """
    done = Resealed()
    sealed = sa.select(Answer).where(Answer.sealed).execution_options(yield_per=BATCH)
    for answer in session.scalars(sealed):
        answer.value = keeping.cipher.reseal(answer.value.encode()).decode()
        done.answers += 1
        done.fields.add(answer.field_id)
    handed_in = sa.and_(Answer.attendee_id == AnswerFile.attendee_id, Answer.field_id == AnswerFile.field_id, Answer.sealed)
    for stored in session.scalars(sa.select(AnswerFile).join(Answer, handed_in).execution_options(yield_per=1)):
        stored.content = keeping.cipher.reseal(stored.content)
        session.flush()
        done.files += 1
    for one in session.scalars(sa.select(EventField).where(EventField.id.in_(done.fields))):
        audit.record(session, "event_field.reseal", one, by=keeping.by, now=keeping.now, event=one.event_id)
    return done
