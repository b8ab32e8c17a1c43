"""Responses: what people sent, checked as a whole and stored once."""

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from surveys import attachments, ballots, quotas
from surveys.asked import Stored, placed
from surveys.base import Base
from surveys.conditions import Given
from surveys.errors import Conflict, Invalid
from surveys.forms import Form, form_of_version
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, State, accepts
from surveys.statements import Rows, Statement, savepoint
from surveys.walks import Walk


class NotOpen(Conflict):
    """The questionnaire takes no answers now."""


class LimitReached(NotOpen):
    """The questionnaire has as many responses as it may take."""


class Changed(Conflict):
    """The questionnaire was changed at this very moment; what was sent may no longer fit it."""


class AlreadyAnswered(Conflict):
    """This person has already answered the questionnaire."""


class InvalidAnswers(Invalid):
    """Some answers cannot be taken."""

    def __init__(self, problems: Mapping[str, Invalid]) -> None:
        super().__init__(questions=", ".join(problems))
        self.problems = dict(problems)  # the refusal of each question, by its code, in the order of the form


class Response(Base):
    """One filled-in questionnaire.

    The id is random, so that it does not tell who came when. `context` says on which occasion it was answered and `segment`
    to which group the respondent belongs, both in the caller's own codes. `respondent` is NULL for open links and always for
    anonymous questionnaires. Those keep neither time nor language, and of the day the month: `submitted_on` is its first day.
    """

    __tablename__ = "response"
    __table_args__ = (
        sa.UniqueConstraint("questionnaire_id", "context", "respondent"),
        sa.Index("ix_response_unfolded", "questionnaire_id", "context", "segment", sqlite_where=sa.text("folded = 0"),
                 postgresql_where=sa.text("NOT folded")),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"))
    context: Mapped[str] = mapped_column(sa.String(80), default="")
    segment: Mapped[str] = mapped_column(sa.String(40), default="")
    respondent: Mapped[str | None] = mapped_column(sa.String(80))
    submission: Mapped[str | None] = mapped_column(sa.String(36), unique=True)  # names one filled-in form
    submitted_on: Mapped[date]
    submitted_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(sa.String(8), default="zh")
    version: Mapped[int] = mapped_column(default=1)  # of the questionnaire, under which this was answered
    fingerprint: Mapped[int | None] = mapped_column(sa.BigInteger)  # of an open link's answers in own words: see doubts.py
    trapped: Mapped[bool] = mapped_column(default=False)  # a field that people do not see was filled in
    excluded_at: Mapped[datetime | None]  # staff left it out of all figures, for this reason
    excluded_for: Mapped[str] = mapped_column(sa.String(200), default="")
    folded: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # counted in the kept figures: see tallies.py


class Answer(Base):
    """One row of an answer: a picked option (with the text of "other"), a number or a text.

    `part` names the row of a matrix or the option of a ranking it is about, "" where a question has one part. `place` counts
    from 0 and each further part begins at the next hundred: one row of an answer has place 0, one of each part `place % 100 == 0`.
    """

    __tablename__ = "answer"
    # Tallies come from the response, whose rows lie together. An index over all questions would have every submit write
    # to as many pages as it has answers, a third of its time; texts alone are read by question.
    __table_args__ = (
        sa.Index("ix_answer_text", "question_id", sqlite_where=sa.text("text IS NOT NULL"),
                 postgresql_where=sa.text("text IS NOT NULL")),
        {"sqlite_with_rowid": False},
    )

    response_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("response.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"), primary_key=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    choice: Mapped[str | None] = mapped_column(sa.String(40))
    number: Mapped[float | None] = mapped_column(sa.Double)
    text: Mapped[str | None] = mapped_column(sa.Text)
    part: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")

    response: Mapped[Response] = relationship(viewonly=True)
    question: Mapped[Question] = relationship(viewonly=True)


@dataclass(frozen=True, slots=True)
class Filled:
    """The rows to store for one question."""

    question_id: int
    rows: list[Stored]


def check(
    form: Form, raw: Mapping[str, Any], *, segment: str = "", context: str = "", full: Collection[tuple[str, str]] = (),
) -> list[Filled]:
    """Judge all answers at once and give what is to be stored, nothing for questions that were left out or are not shown.

    `raw` maps the code of a question to what was submitted (a form's list of strings, or a value from Python) and
    `CODE.other` to the free text of its "other" option; other keys are not looked at. `segment` and `context` are what conditions
    ask for, `full` holds options without a place left, as codes of question and option. Raises InvalidAnswers.
    """
    filled: list[Filled] = []
    problems: dict[str, Invalid] = {}
    walk = Walk(form, segment=segment, context=context, full=full) if form.relies else None  # most forms are the same for all
    for asked in form.questions:
        put = walk.put(asked) if walk else asked
        if put is None:
            continue
        try:
            kind = KINDS[asked.kind]
            rows = kind.read(put, kind.sent(asked, raw), raw.get(f"{asked.code}.other"))
        except Invalid as refusal:
            problems[asked.code] = walk.refused(asked, refusal, raw) if walk else refusal
        else:
            if rows:
                filled.append(Filled(asked.id, rows))
            if walk:
                walk.answer(asked, rows)
    if problems:
        raise InvalidAnswers(problems)
    return filled


def submit(session: Session, questionnaire: Questionnaire, raw: Mapping[str, Any], *, now: datetime, **given: Any) -> Response:
    """`store` the answers of one person and give what was stored."""
    return session.get_one(Response, store(session, questionnaire, raw, now=now, **given))


def store(  # noqa: PLR0913 -- the columns of one row, each a plain string
    session: Session, questionnaire: Questionnaire, raw: Mapping[str, Any], *, now: datetime, context: str = "",
    segment: str = "", respondent: str | None = None, submission: str | None = None, language: str = "zh",
    version: int = 0, secret: str = "", trapped: bool = False,
) -> int:
    """Store the answers of one person (see `check` for `raw`) once; gives the id of the response.

    `respondent` names somebody who may answer once in this context; without it anybody may answer any number of times.
    `submission` is a UUID that came with the form: sent again, it gets the first response and changes nothing. `version` is
    that of the form that was filled in, by which the answers are judged and stored; 0 is the present one. The day
    that is kept is the day in the zone of `now`. `secret` signs ballots, see ballots.py: always the same, and kept outside the
    database. `trapped` says that a field was filled in which people do not see. Raises NotOpen, LimitReached,
    InvalidAnswers, AlreadyAnswered, Changed or NoSuchVersion.
    """
    try:
        form, filled = _judge(session, questionnaire, raw, version=version, now=now, on=Given(segment=segment, context=context))
    except (NotOpen, InvalidAnswers):
        if first := _sent(session, questionnaire, submission):
            return first
        raise
    row: dict[str, Any] = {
        "id": secrets.randbits(62), "questionnaire_id": questionnaire.id, "context": context, "segment": segment,
        "respondent": respondent, "submission": submission, "submitted_on": now.date(), "submitted_at": now, "language": language,
        "version": form.version, "fingerprint": fingerprint(filled) if respondent is None else None, "trapped": trapped,
        "excluded_at": None, "excluded_for": "", "folded": False,
    }
    if questionnaire.anonymous:
        row |= {"respondent": None, "submitted_on": now.date().replace(day=1), "submitted_at": None, "language": ""}
    ballot = questionnaire.anonymous and respondent is not None
    session.flush()
    connection = session.connection()
    try:
        # Ballot, response and places, or none of them. What has neither of the others is refused before anything is written.
        with savepoint(connection) if ballot or form.quotas else nullcontext():
            if ballot:
                _cast(connection, row, respondent or "", secret)
            if questionnaire.most_responses is not None:
                _refuse_above(connection, questionnaire.id, questionnaire.most_responses)
            _insert(connection, row, filled, edition=questionnaire.edition, form=form)
            if form.quotas:
                _take_places(connection, form, filled, context=context)
    except (AlreadyAnswered, Changed, LimitReached):
        if first := _sent(session, questionnaire, submission):
            return first
        if respondent is not None and answered(session, questionnaire, context=context, respondent=respondent, secret=secret):
            raise AlreadyAnswered from None
        raise
    return row["id"]


def _judge(
    session: Session, questionnaire: Questionnaire, raw: Mapping[str, Any], *, version: int, now: datetime, on: Given,
) -> tuple[Form, list[Filled]]:
    if not accepts(questionnaire, now=now):
        raise NotOpen(state=questionnaire.state.value)
    form = form_of_version(session, questionnaire, version)
    return form, check(form, raw, segment=on.segment, context=on.context, full=quotas.full(session, form, context=on.context))


_NO_WORD = re.compile(r"\W+")
WORDS = 10  # characters from which on the same words twice are no coincidence


def fingerprint(filled: Sequence[Filled]) -> int | None:
    """A number that nearly identical answers share: upper and lower case, blanks and punctuation do not count.

    None where nobody has written anything longer: those who only tick often rightly tick the same.
    """
    words = [_NO_WORD.sub("", stored.text.casefold()) for one in filled for stored in one.rows if stored.text]
    if max(map(len, words), default=0) < WORDS:
        return None
    picked = [(one.question_id, stored.choice, stored.number, stored.part) for one in filled for stored in one.rows]
    return int.from_bytes(hashlib.blake2b(repr((picked, words)).encode(), digest_size=8).digest(), signed=True)


_ANSWERS = Rows(Answer, ("response_id", "question_id", "place", "choice", "number", "text", "part"))
# Only while the questionnaire is what the answers were judged by: whoever is changing or closing it holds its row, and
# this waits for them (PostgreSQL; SQLite has one writer anyway). A repeated response is passed over.
_INSERT_RESPONSE = Statement(postgresql.insert(Response).from_select(
    list(Response.__table__.columns),
    sa.select(*(sa.bindparam(f"new_{column.name}", type_=column.type) for column in Response.__table__.columns))
    .where(Questionnaire.id == sa.bindparam("new_questionnaire_id", type_=sa.Integer),
           Questionnaire.edition == sa.bindparam("edition", type_=sa.BigInteger), Questionnaire.state == State.OPEN)
    .with_for_update(key_share=True, read=True),
).on_conflict_do_nothing().returning(Response.id))


def _cast(connection: sa.Connection, row: Mapping[str, Any], respondent: str, secret: str) -> None:
    if not ballots.cast(connection, row["questionnaire_id"], context=row["context"], respondent=respondent, secret=secret):
        raise AlreadyAnswered


_HOLD = Statement(sa.select(Questionnaire.id).where(Questionnaire.id == sa.bindparam("id", type_=sa.Integer)).with_for_update(key_share=True))
_TAKEN = Statement(sa.select(sa.func.count()).select_from(Response).where(
    Response.questionnaire_id == sa.bindparam("id", type_=sa.Integer), Response.excluded_at.is_(None)))


def _refuse_above(connection: sa.Connection, questionnaire_id: int, most: int) -> None:
    """Whoever answers at the same moment waits for the row of the questionnaire, and counts what is there then."""
    _HOLD.rows(connection, id=questionnaire_id)
    if _TAKEN.rows(connection, id=questionnaire_id)[0][0] >= most:
        raise LimitReached(state=State.OPEN.value, most=most)


def _insert(connection: sa.Connection, row: Mapping[str, Any], filled: list[Filled], *, edition: int, form: Form) -> None:
    if not _INSERT_RESPONSE.rows(connection, edition=edition, **{f"new_{name}": value for name, value in row.items()}):
        raise Changed
    _ANSWERS.send(connection, [
        (row["id"], one.question_id, place, stored.choice, stored.number, stored.text, stored.part)
        for one in filled for place, stored in placed(one.rows)
    ])
    if form.attaches:
        attachments.keep(connection, row["id"], [(one.question_id, one.rows) for one in filled])


def _take_places(connection: sa.Connection, form: Form, filled: list[Filled], *, context: str) -> None:
    """Take a place of every picked option that has a limited number. Raises InvalidAnswers when somebody was faster."""
    picked = [(one.question_id, stored.choice) for one in filled for stored in one.rows if stored.choice]
    for question_id, choice, quota in quotas.limited(form, picked):
        if not quotas.take(connection, question_id, choice, context=context, quota=quota):
            code = next(one.code for one in form.questions if one.id == question_id)
            raise InvalidAnswers({code: quotas.OptionFull(option=quotas.label(form, question_id, choice))})


def _sent(session: Session, questionnaire: Questionnaire, submission: str | None) -> int | None:
    if submission is None:
        return None
    return session.scalar(
        sa.select(Response.id).where(Response.submission == submission, Response.questionnaire_id == questionnaire.id)
    )


def full(session: Session, questionnaire: Questionnaire) -> bool:
    """Whether the questionnaire has as many responses as it may take."""
    most = questionnaire.most_responses
    return most is not None and _TAKEN.rows(session.connection(), id=questionnaire.id)[0][0] >= most


def answered(session: Session, questionnaire: Questionnaire, *, context: str, respondent: str, secret: str = "") -> bool:
    """Whether this person has answered the questionnaire in this context; `secret` is that of `submit`."""
    if questionnaire.anonymous:
        return ballots.has_cast(session, questionnaire.id, context=context, respondent=respondent, secret=secret)
    return bool(session.scalar(sa.select(sa.exists().where(
        Response.questionnaire_id == questionnaire.id, Response.context == context, Response.respondent == respondent,
    ))))


def counts(session: Session, questionnaire_ids: Collection[int]) -> dict[int, int]:
    """How many responses each of these questionnaires has, over all contexts; 0 for none."""
    found = session.execute(
        sa.select(Response.questionnaire_id, sa.func.count())
        .where(Response.questionnaire_id.in_(questionnaire_ids)).group_by(Response.questionnaire_id)
    )
    return {**dict.fromkeys(questionnaire_ids, 0), **{row[0]: row[1] for row in found}}


def counts_by_version(session: Session, questionnaire: Questionnaire) -> dict[int, int]:
    """How many responses were given under each version, by its number; none where there are none."""
    found = session.execute(
        sa.select(Response.version, sa.func.count()).where(Response.questionnaire_id == questionnaire.id).group_by(Response.version)
    )
    return {row[0]: row[1] for row in found}


def count(session: Session, questionnaire: Questionnaire, *, context: str | None = None) -> int:
    """How many responses there are, in one context or in all."""
    wanted = sa.select(sa.func.count()).select_from(Response).where(Response.questionnaire_id == questionnaire.id)
    if context is not None:
        wanted = wanted.where(Response.context == context)
    return session.scalar(wanted) or 0
