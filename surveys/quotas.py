"""Options with a limited number of places: how many are taken on an occasion, decided by the database when two want the last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.conditions import parse, to_json
from surveys.errors import Invalid
from surveys.kinds import Kind
from surveys.statements import Statement

if TYPE_CHECKING:
    from surveys.forms import Form


MOST_PLACES = 10**6


class OptionFull(Invalid):
    """All places of this option are taken."""


class BadQuota(Invalid):
    """The number of places of an option is a whole number from 1."""


class LimitMisplaced(Invalid):
    """Only the options of a choice can have a condition or a limited number of places."""


class OptionCount(Base):
    """How many places of an option are taken in a context. There is no row before the first."""

    __tablename__ = "option_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    choice: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    taken: Mapped[int]


def with_limits(kind: Kind, stated: Sequence[Mapping[str, Any] | str], options: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Options as they are stored, with what limits them as it was stated: `show_if`, a condition, and `quota`, a number of places.

    Raises BadQuota, BadCondition or LimitMisplaced.
    """
    limited: list[dict[str, Any]] = []
    for place, (one, option) in enumerate(zip(stated, options, strict=True), start=1):
        own: Mapping[str, Any] = {} if isinstance(one, str) else one
        quota = own.get("quota")
        if quota is not None and (not isinstance(quota, int) or isinstance(quota, bool) or not 1 <= quota <= MOST_PLACES):
            raise BadQuota(field="options", place=place)
        limits = {"show_if": to_json(parse(own.get("show_if"))), "quota": quota}
        set_ = {name: value for name, value in limits.items() if value is not None}
        if set_ and (kind.compared != "option" or kind.parts(options, {})):
            raise LimitMisplaced(field="options", place=place)
        limited.append({**option, **set_})
    return limited


_TAKE = Statement(
    postgresql.insert(OptionCount)
    .values(question_id=sa.bindparam("question_id"), context=sa.bindparam("context"), choice=sa.bindparam("choice"), taken=1)
    .on_conflict_do_update(
        index_elements=["question_id", "context", "choice"], set_={"taken": OptionCount.taken + 1},
        where=OptionCount.taken < sa.bindparam("quota", type_=sa.Integer),
    )
    .returning(OptionCount.taken)
)


def take(connection: sa.Connection, question_id: int, choice: str, *, context: str, quota: int) -> bool:
    """One more place of an option with `quota` of them; False when none is left. Whoever comes second waits for the first."""
    return bool(_TAKE.rows(connection, question_id=question_id, choice=choice, context=context, quota=quota))


_GIVE_BACK = Statement(sa.update(OptionCount).values(taken=OptionCount.taken - 1).where(
    OptionCount.question_id == sa.bindparam("of", type_=sa.Integer), OptionCount.context == sa.bindparam("on"),
    OptionCount.choice == sa.bindparam("which"), OptionCount.taken > 0,
))


def give_back(connection: sa.Connection, question_id: int, choice: str, *, context: str) -> None:
    """One place of the option is free again."""
    _GIVE_BACK.send(connection, [{"of": question_id, "on": context, "which": choice}])


def full(session: Session, form: "Form", *, context: str) -> Collection[tuple[str, str]]:
    """The options without a place left, as codes of question and option; no query where the form knows no quotas."""
    if not form.quotas:
        return frozenset()
    ids = {question_id for question_id, _ in form.quotas}
    found = session.execute(sa.select(OptionCount.question_id, OptionCount.choice, OptionCount.taken).where(
        OptionCount.question_id.in_(ids), OptionCount.context == context,
    ))
    codes = {asked.id: asked.code for asked in form.questions}
    return {
        (codes[question_id], choice) for question_id, choice, taken in found
        if taken >= form.quotas.get((question_id, choice), taken + 1)
    }


def label(form: "Form", question_id: int, choice: str) -> str:
    """What an option says."""
    return next(option.label_zh for asked in form.questions if asked.id == question_id for option in asked.options if option.code == choice)


def limited(form: "Form", picked: Iterable[tuple[int, str]]) -> list[tuple[int, str, int]]:
    """Of picks (question id, option) those that take a place, with the quota."""
    return [(question_id, choice, form.quotas[question_id, choice]) for question_id, choice in picked if (question_id, choice) in form.quotas]
