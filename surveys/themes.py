"""Themes: the matters that people tell of in the open answers to a question, and what staff have decided about them.

A finding sorts all answers to one question on one occasion. An answer is in one theme or in none. A theme that staff have
touched is kept: it stays what it is when new answers come, and takes those that are nearest to it (see finding.py).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from surveys import releases, summaries
from surveys.asked import Asked
from surveys.base import Base
from surveys.errors import NotFound
from surveys.forms import whole_form
from surveys.kinds import KINDS, Text
from surveys.questionnaires import Question, Questionnaire
from surveys.responses import Answer, Response

NAME_LIMIT = 80
QUOTED, WORDS_SHOWN = 3, 6  # quotations and key terms of a theme


class NoSuchTheme(NotFound):
    """There is no such theme; the answers may have been sorted anew."""


class Finding(Base):
    """The themes of one question on one occasion. `edition` counts what was changed, `changes` how to take the latest back."""

    __tablename__ = "theme_finding"
    __table_args__ = (sa.UniqueConstraint("question_id", "context"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id", ondelete="CASCADE"))
    context: Mapped[str] = mapped_column(sa.String(80))
    edition: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None] = mapped_column(index=True)  # since when somebody waits for it; NULL: nobody does
    found_at: Mapped[datetime | None]
    changes: Mapped[list[Any]] = mapped_column(default=list)

    question: Mapped[Question] = relationship()


class Theme(Base):
    """One matter. `label` is made of its words, `name` is what staff call it; `words` are its profile with their weights."""

    __tablename__ = "theme"
    __table_args__ = ({"sqlite_autoincrement": True},)  # what somebody still has on the screen shall never be another theme

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[int] = mapped_column(sa.ForeignKey("theme_finding.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str] = mapped_column(sa.String(NAME_LIMIT), default="")
    words: Mapped[dict[str, Any]]
    kept: Mapped[bool] = mapped_column(default=False)  # staff have decided something about it
    pinned: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("theme.id", ondelete="SET NULL"), index=True)

    finding: Mapped[Finding] = relationship()


class Sorted(Base):
    """Where an answer was sorted, by the answer's key. No `theme_id`: into none.

    `nearness` is how near it is to the middle of its theme, 0 to 1. `repeats` is the response whose answer says the same in
    nearly the same words, its own where it is the first. `tone` is a hint: 1 positive, -1 negative, else 0.
    """

    __tablename__ = "theme_answer"
    __table_args__ = ({"sqlite_with_rowid": False},)

    response_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("response.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    finding_id: Mapped[int] = mapped_column(sa.ForeignKey("theme_finding.id", ondelete="CASCADE"), index=True)
    theme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("theme.id", ondelete="SET NULL"), index=True)
    moved: Mapped[bool] = mapped_column(default=False)  # put there by hand
    nearness: Mapped[float] = mapped_column(sa.Double, default=0.0)
    repeats: Mapped[int] = mapped_column(sa.BigInteger)
    tone: Mapped[int] = mapped_column(sa.SmallInteger, default=0)


@dataclass(slots=True)
class ThemeView:
    """A theme as it is shown. `size` counts all its answers, `distinct` those that repeat no other; `share` is of all that were sorted.

    `by_segment` and `tones` (1, 0, -1) count answers too; the quotations are its most typical ones, each with its key.
    """

    id: int
    title: str
    named: bool
    pinned: bool
    hidden: bool
    words: tuple[str, ...]
    merged: tuple[str, ...] = ()
    size: int = 0
    distinct: int = 0
    share: float = 0.0
    by_segment: dict[str, int] = field(default_factory=dict[str, int])
    tones: dict[int, int] = field(default_factory=dict[int, int])
    quotations: list[Answer] = field(default_factory=list[Answer])


@dataclass(slots=True)
class QuestionThemes:
    """The themes of one question: pinned first, then by size, hidden ones last. `loose` answers are in none, `fresh` came since.

    `finding` is None as long as nobody has asked for themes.
    """

    question: Asked
    finding: Finding | None = None
    sorted: int = 0
    loose: int = 0
    fresh: int = 0
    themes: list[ThemeView] = field(default_factory=list[ThemeView])

    @property
    def shown(self) -> list[ThemeView]:
        return [theme for theme in self.themes if not theme.hidden]

    @property
    def hidden(self) -> list[ThemeView]:
        return [theme for theme in self.themes if theme.hidden]


_home = aliased(Theme)
_ROOT = sa.func.coalesce(_home.merged_into_id, _home.id)  # what is merged is shown as what it was merged into


def overview(session: Session, questionnaire: Questionnaire, *, context: str) -> list[QuestionThemes]:
    """The themes of every open question in the order of the form, in six queries whatever there is.

    Questions that were removed come last, as long as they have answers.
    """
    asked = [question for question in whole_form(session, questionnaire).questions if has_themes(question)]
    found = {question.id: QuestionThemes(question) for question in asked}
    wanted = sa.and_(Finding.question_id.in_(found), Finding.context == context)
    for finding in session.scalars(sa.select(Finding).where(wanted)):
        found[finding.question_id].finding = finding
    views = _views(session, wanted, found)
    _count(session, found, views, wanted, releases.counted(questionnaire))
    for question_id, number in session.execute(_unsorted(questionnaire, context).where(Answer.question_id.in_(found))):
        found[question_id].fresh = number
    _quote(session, questionnaire, context, views)
    for one in found.values():
        for theme in one.themes:
            theme.share = theme.size / one.sorted if one.sorted else 0.0
        one.themes = [theme for theme in one.themes if theme.size or theme.named or theme.pinned or theme.hidden]
        one.themes.sort(key=lambda theme: (theme.hidden, not theme.pinned, -theme.size, theme.id))
    return [one for one in found.values() if not one.question.removed or one.sorted or one.fresh]


def has_themes(question: Asked) -> bool:
    """Whether people answer a question in their own words: open questions, and options that ask what else."""
    return isinstance(KINDS[question.kind], Text) or any(option.other for option in question.options)


def get(session: Session, theme_id: int) -> Theme:
    """The theme with this id, or the one that it was merged into. Raises NoSuchTheme."""
    theme = session.get(Theme, theme_id)
    if theme is not None and theme.merged_into_id is not None:
        theme = session.get(Theme, theme.merged_into_id)
    if theme is None:
        raise NoSuchTheme
    return theme


def find(session: Session, question_id: int, *, context: str) -> Finding | None:
    """The finding of a question on an occasion, if there is one."""
    return session.scalar(sa.select(Finding).where(Finding.question_id == question_id, Finding.context == context))


def ask(session: Session, questionnaire: Questionnaire, *, context: str, now: datetime) -> list[Finding]:
    """Note that themes are wanted for every open question that has answers; `finding` does it. Asking twice is asking once."""
    session.execute(sa.select(Questionnaire.id).where(Questionnaire.id == questionnaire.id).with_for_update(key_share=True))  # one at a time
    wanted: list[Finding] = []
    for one in overview(session, questionnaire, context=context):
        if not one.sorted and not one.fresh:
            continue
        finding = one.finding or Finding(question_id=one.question.id, context=context, edition=0, changes=[])
        finding.asked_at = finding.asked_at or now
        session.add(finding)
        wanted.append(finding)
    session.flush()
    return wanted


def answers_of(finding: Finding, theme: Theme | None) -> sa.Select[Answer]:
    """The answers of a theme, or those in none, the most typical first, as a statement to page through; with question and response."""
    inside = Sorted.theme_id.is_(None) if theme is None else sa.func.coalesce(_home.merged_into_id, _home.id) == theme.id
    return (
        sa.select(Answer).join(Answer.response).join(Answer.question).join(Sorted, _IS).outerjoin(_home, _home.id == Sorted.theme_id)
        .options(contains_eager(Answer.response), contains_eager(Answer.question))
        .join(Questionnaire, Questionnaire.id == Question.questionnaire_id)
        .where(Sorted.finding_id == finding.id, inside, sa.case((Questionnaire.anonymous, Response.folded), else_=Response.excluded_at.is_(None)))
        .order_by(Sorted.nearness.desc(), Answer.response_id, Answer.place)
    )


_IS = sa.and_(Sorted.response_id == Answer.response_id, Sorted.question_id == Answer.question_id, Sorted.place == Answer.place)


def _views(
    session: Session, wanted: sa.ColumnElement[bool], found: dict[int, QuestionThemes],
) -> dict[int, ThemeView]:
    rows = session.execute(sa.select(Theme, Finding.question_id).join(Theme.finding).where(wanted).order_by(Theme.id)).all()
    merged: dict[int, list[str]] = {}
    for theme, _ in rows:
        if theme.merged_into_id:
            merged.setdefault(theme.merged_into_id, []).append(theme.name or theme.label)
    views: dict[int, ThemeView] = {}
    for theme, question_id in rows:
        if theme.merged_into_id is None:
            words = tuple(word for word in theme.words if len(word) > 1)[:WORDS_SHOWN]
            views[theme.id] = ThemeView(theme.id, theme.name or theme.label, bool(theme.name), theme.pinned, theme.hidden, words,
                                        tuple(merged.get(theme.id, ())))
            found[question_id].themes.append(views[theme.id])
    return views


def _count(
    session: Session, found: dict[int, QuestionThemes], views: dict[int, ThemeView], *conditions: sa.ColumnElement[bool],
) -> None:
    rows = session.execute(
        sa.select(
            Sorted.question_id, _ROOT, Response.segment, Sorted.tone, sa.func.count(),
            sa.func.count(sa.case((Sorted.repeats == Sorted.response_id, 1))),
        )
        .join(Finding, Finding.id == Sorted.finding_id).join(Response, Response.id == Sorted.response_id)
        .outerjoin(_home, _home.id == Sorted.theme_id).where(*conditions)
        .group_by(Sorted.question_id, _ROOT, Response.segment, Sorted.tone)
    )
    for question_id, theme_id, segment, tone, number, distinct in rows:
        found[question_id].sorted += number
        theme = views.get(theme_id)
        if theme is None:
            found[question_id].loose += number
            continue
        theme.size += number
        theme.distinct += distinct
        theme.by_segment[segment] = theme.by_segment.get(segment, 0) + number
        theme.tones[tone] = theme.tones.get(tone, 0) + number


def _unsorted(questionnaire: Questionnaire, context: str) -> sa.Select[int, int]:
    """How many answers of each question no finding has sorted yet."""
    said = summaries.open_answers(questionnaire, context=context).outerjoin(Sorted, _IS).where(Sorted.response_id.is_(None))
    return said.with_only_columns(Answer.question_id, sa.func.count()).order_by(None).group_by(Answer.question_id)


def _quote(session: Session, questionnaire: Questionnaire, context: str, views: dict[int, ThemeView]) -> None:
    """The QUOTED most typical answers of every theme, those that repeat no other."""
    rank = sa.func.row_number().over(partition_by=_ROOT, order_by=(Sorted.nearness.desc(), Sorted.response_id, Sorted.place))
    ranked = (
        sa.select(Sorted.response_id, Sorted.question_id, Sorted.place, _ROOT.label("theme_id"), rank.label("rank"))
        .join(_home, _home.id == Sorted.theme_id).where(_ROOT.in_(views), Sorted.repeats == Sorted.response_id).subquery()
    )
    rows = session.execute(
        summaries.open_answers(questionnaire, context=context)
        .join(ranked, sa.and_(ranked.c.response_id == Answer.response_id, ranked.c.question_id == Answer.question_id,
                              ranked.c.place == Answer.place, ranked.c.rank <= QUOTED))
        .add_columns(ranked.c.theme_id).order_by(None).order_by(ranked.c.rank)
    )
    for answer, theme_id in rows:
        views[theme_id].quotations.append(answer)
