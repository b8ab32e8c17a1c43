"""Tallies: what was answered, counted once and kept, so that a summary grows with what is new and not with what is there.

A response is first counted where it lies, on the fly. `fold` adds it to the kept figures and marks it, in one transaction;
`count` adds both in one statement. So a reading is right whether or not anybody ever folds, and while somebody does.

Of an anonymous questionnaire only what was folded is counted, and it is folded in groups: see releases.py.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from surveys import releases
from surveys.asked import PLACES, Counts
from surveys.base import Base
from surveys.questionnaires import Questionnaire
from surveys.releases import FEWEST
from surveys.responses import Answer, Response
from surveys.statements import Statement, among

SHEETS = 0  # the question under which responses themselves are counted, those without any answer too
AT_MOST = 5_000  # responses folded in one transaction: some tenths of a second


class Tallied(Base):
    """How often something was answered on one occasion, by one group, on one day.

    Nothing in the key is NULL, which is never the same twice: `choice` is "" where nothing was picked, and `number` is 0 where
    `numbered` is not set. `people` of these rows stand at the first place of an answer, `answered` at the first of its part.
    """

    __tablename__ = "tally"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    segment: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    submitted_on: Mapped[date] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # SHEETS, or a question's
    part: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    choice: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    numbered: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[float] = mapped_column(sa.Double, primary_key=True)
    count: Mapped[int]
    people: Mapped[int]
    answered: Mapped[int]


KEY = [column.name for column in Tallied.__table__.primary_key]
GROUP = ("context", "segment", "submitted_on")
FIGURES = ("count", "people", "answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The responses that are counted: of one context, of one segment, on the days from `since` to `until`; None is no limit.

    `given` are a question's id, the code of a part of it or "", and the code of an option, all of which must have been chosen (of a
    scale the level, of a ranking the rank).
    """

    context: str | None = None
    segment: str | None = None
    since: date | None = None
    until: date | None = None
    given: Sequence[tuple[int, str, str]] = ()
    known: sa.SelectBase | None = None  # selects names and codes: only those who answered under one of the names

    def among(self, table: type[Response] | type[Tallied], questionnaire: Questionnaire) -> list[sa.ColumnElement[bool]]:
        """The same as conditions; `given` only says something of responses."""
        wanted = [table.questionnaire_id == questionnaire.id]
        if self.context is not None:
            wanted.append(table.context == self.context)
        if self.segment is not None:
            wanted.append(table.segment == self.segment)
        if self.since is not None:
            wanted.append(table.submitted_on >= self.since)
        if self.until is not None:
            wanted.append(table.submitted_on <= self.until)
        if table is Response:
            wanted.append(releases.counted(questionnaire))
            wanted += [_who_chose(*chosen) for chosen in self.given]
            if self.known is not None:
                wanted.append(Response.respondent.in_(sa.select(self.known.subquery().columns[0])))
        return wanted


def _who_chose(question_id: int, part: str, option: str) -> sa.ColumnElement[bool]:
    """The responses that chose an option, or a level; found by key, response by response."""
    other = aliased(Answer)  # not the answers that are counted
    chosen = other.choice == option
    if option.isdecimal():
        chosen = sa.or_(chosen, other.number == float(option))
    return sa.exists().where(other.response_id == Response.id, other.question_id == question_id, other.part == part, chosen)


# Written into the statement: PostgreSQL takes one parameter in two places for two things that differ.
_NO_CHOICE, _NO_NUMBER = sa.literal_column("''", sa.String), sa.literal_column("0.0", sa.Double)
_OF_ANSWERS: dict[str, sa.ColumnElement[Any]] = {
    "question_id": Answer.question_id.expression, "part": Answer.part.expression, "choice": sa.func.coalesce(Answer.choice, _NO_CHOICE),
    "numbered": Answer.number.is_not(None), "number": sa.func.coalesce(Answer.number, _NO_NUMBER),
}
_OF_SHEETS: dict[str, sa.ColumnElement[Any]] = {
    "question_id": sa.literal_column(str(SHEETS), sa.Integer), "part": _NO_CHOICE, "choice": _NO_CHOICE, "numbered": sa.false(),
    "number": _NO_NUMBER,
}


def _counted(by: Sequence[sa.ColumnElement[Any]], *conditions: sa.ColumnElement[bool]) -> Sequence[sa.Select[*tuple[Any, ...]]]:
    """Rows of answers, and responses, counted where they lie: the columns `by`, then those of a question, then FIGURES."""
    first, of_part = (sa.func.sum(sa.case((found, 1), else_=0)) for found in (Answer.place == 0, Answer.place % PLACES == 0))
    answers, sheets = list(_OF_ANSWERS.values()), list(_OF_SHEETS.values())
    return (
        sa.select(*by, *answers, sa.func.count(), first, of_part)
        .select_from(Response).join(Answer, Answer.response_id == Response.id).where(*conditions).group_by(*by, *answers),
        sa.select(*by, *sheets, *[sa.func.count()] * 3).select_from(Response).where(*conditions).group_by(*by),
    )


_NEW = ~Response.folded
_CLAIM = Statement(
    sa.update(Response).values(folded=True).where(Response.id.in_(
        sa.select(Response.id).where(
            _NEW, Response.excluded_at.is_(None), Response.questionnaire_id == sa.bindparam("questionnaire_id"),
        ).limit(sa.bindparam("at_most", type_=sa.Integer))
    )).returning(Response.id)
)
_RETURN = Statement(
    sa.update(Response).values(folded=False).where(
        Response.folded, Response.questionnaire_id == sa.bindparam("questionnaire_id"), among(Response.id.expression, "ids"),
    ).returning(Response.id)
)


_COME = Statement(
    sa.update(Response).values(folded=True, submitted_on=sa.bindparam("month", type_=sa.Date)).where(among(Response.id.expression, "ids"))
)
_UNGROUP = Statement(sa.update(Response).values(segment="").where(among(Response.id.expression, "ids")))


def _adding(sign: int) -> Statement:
    """Adds the responses whose ids are `claimed` to the kept figures, or takes them out again."""
    group = [getattr(Response, name) for name in ("questionnaire_id", *GROUP)]
    lying = sa.union_all(*_counted(group, among(Response.id.expression, "claimed"))).subquery()
    columns = list(lying.columns)
    signed = sa.select(*columns[: len(KEY)], *(sign * figure for figure in columns[len(KEY):])).where(sa.true())
    add = postgresql.insert(Tallied).from_select([*KEY, *FIGURES], signed)
    return Statement(add.on_conflict_do_update(
        index_elements=KEY, set_={name: getattr(Tallied, name) + add.excluded[name] for name in FIGURES},
    ))


_ADD, _TAKE = _adding(1), _adding(-1)


def fold(session: Session, questionnaire: Questionnaire, *, now: datetime, at_most: int = AT_MOST, fewest: int = FEWEST) -> int:
    """Add up to so many responses to the kept figures; answers how many were there to add. 0: nothing is left.

    Of an anonymous questionnaire this is what releases them, of each group `fewest` or more together; when it is over, groups of
    fewer are told of no more. Whoever folds at the same moment waits for the questionnaire's row, those who answer do not.
    """
    connection = _alone(session, questionnaire)
    if questionnaire.anonymous:
        return _release(session, connection, questionnaire, now=now, at_most=at_most, fewest=fewest)
    claimed = [row[0] for row in _CLAIM.rows(connection, questionnaire_id=questionnaire.id, at_most=at_most)]
    if claimed:
        _ADD.send(connection, [{"claimed": claimed}])
    return len(claimed)


def _release(
    session: Session, connection: sa.Connection, questionnaire: Questionnaire, *, now: datetime, at_most: int, fewest: int,
) -> int:
    if releases.over(questionnaire, now=now):
        hidden = releases.of_small_groups(session, questionnaire, fewest=fewest)
        kept = [{"claimed": [key for key, folded in hidden if folded]}]
        _TAKE.send(connection, kept)
        _UNGROUP.send(connection, [{"ids": [key for key, _ in hidden]}])
        _ADD.send(connection, kept)
    moved = 0
    for group in releases.groups(session, questionnaire, now=now, fewest=fewest, at_most=at_most):
        _COME.send(connection, [{"ids": group.come, "month": group.month}])
        _ADD.send(connection, [{"claimed": group.come}])
        _take(connection, questionnaire, group.leave)
        moved += len(group.come) + len(group.leave)
    return moved


def unfold(session: Session, questionnaire: Questionnaire, response_ids: Collection[int]) -> None:
    """Take these responses out of the kept figures, so that they can be changed or left out; to be called before that is done.

    Those of an anonymous questionnaire stay in: what staff leave out is taken out in groups, see releases.py.
    """
    connection = _alone(session, questionnaire)
    if not questionnaire.anonymous:
        _take(connection, questionnaire, response_ids)


def _take(connection: sa.Connection, questionnaire: Questionnaire, response_ids: Collection[int]) -> None:
    taken = [row[0] for row in _RETURN.rows(connection, questionnaire_id=questionnaire.id, ids=list(response_ids))]
    if taken:
        _TAKE.send(connection, [{"claimed": taken}])


def _alone(session: Session, questionnaire: Questionnaire) -> sa.Connection:
    """The connection, on which nobody else changes the kept figures of the questionnaire until the transaction ends."""
    session.execute(sa.select(Questionnaire.id).where(Questionnaire.id == questionnaire.id).with_for_update(key_share=True))
    session.flush()
    return session.connection()


def due(session: Session, *, now: datetime, fewest: int = FEWEST) -> Sequence[int]:
    """The ids of the questionnaires that `fold` would do something for."""
    named = sa.select(Response.questionnaire_id).join(Questionnaire, Questionnaire.id == Response.questionnaire_id).where(
        _NEW, Response.excluded_at.is_(None), ~Questionnaire.anonymous)
    return sorted({*session.scalars(named.distinct()), *releases.due(session, now=now, fewest=fewest)})


@dataclass(slots=True)
class Counted:
    """What one group answered: how many responses, and the counts of each question by its id."""

    responses: int
    questions: dict[int, Counts]

    def question(self, question_id: int) -> Counts:
        """The counts of a question; zeros where nobody answered it."""
        return self.questions.get(question_id) or Counts()


def count(session: Session, questionnaire: Questionnaire, which: Which, *, by: str = "segment") -> dict[str, Counted]:
    """The counts of each group that answered, in one statement; `by` is one of GROUP. Whom `given` or `known` picks out is counted afresh."""
    afresh = bool(which.given) or which.known is not None
    live = _counted([getattr(Response, by)], *which.among(Response, questionnaire), *([] if afresh else [_NEW]))
    if afresh:
        return _grouped(session.execute(sa.union_all(*live)))
    kept = _kept(which, questionnaire, by)
    return _grouped(session.execute(kept if questionnaire.anonymous else sa.union_all(kept, *live)))


def count_known(session: Session, questionnaire: Questionnaire, which: Which, known: sa.SelectBase) -> dict[str, Counted]:
    """The counts of those whom `known` (see Which) gives the same code, in one statement. Who has several is counted under each."""
    name, code = known.subquery().columns
    return _grouped(session.execute(sa.union_all(*_counted([code], name == Response.respondent, *which.among(Response, questionnaire)))))


def _grouped(found: Iterable[sa.Row[*tuple[Any, ...]]]) -> dict[str, Counted]:
    groups: dict[str, Counted] = {}
    for group, question_id, part, choice, numbered, number, *figures in found:
        times, people, answered = map(int, figures)
        if not times:  # of what was kept all is left out again: nobody gave it
            continue
        counted = groups.setdefault(str(group), Counted(0, {}))
        if question_id == SHEETS:
            counted.responses += times
            continue
        counts = counted.questions.setdefault(question_id, Counts())
        counts.answered += people
        if part:
            counts = counts.parts.setdefault(part, Counts())
            counts.answered += answered
        if choice:
            counts.choices[choice] = counts.choices.get(choice, 0) + times
        elif numbered:
            counts.numbers[number] = counts.numbers.get(number, 0) + times
    return groups


def _kept(which: Which, questionnaire: Questionnaire, by: str) -> sa.Select[*tuple[Any, ...]]:
    key = [getattr(Tallied, name) for name in (by, *_OF_ANSWERS)]
    sums = [sa.func.sum(getattr(Tallied, name)) for name in FIGURES]
    return sa.select(*key, *sums).where(*which.among(Tallied, questionnaire)).group_by(*key)
