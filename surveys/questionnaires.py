"""Questionnaires: their texts, sections and questions, and the way from draft to open to closed.

Opening makes the first version. Whatever is changed of the questions afterwards is a draft that nobody is asked before it is
published as the next version; what was answered stays readable under the version it was answered in (see versions.py).
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from surveys import attachments, versions
from surveys.asked import clean, in_language
from surveys.base import Base
from surveys.errors import Conflict, Invalid, NotFound


class State(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Access(StrEnum):
    """By which links one may answer: one for everybody, one of each person's own, or either."""

    BOTH = "both"
    OPEN = "open"
    PERSONAL = "personal"


NEXT: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.OPEN}),
    State.OPEN: frozenset({State.CLOSED}),
    State.CLOSED: frozenset({State.OPEN}),
}


class NoSuchQuestionnaire(NotFound):
    """There is no such questionnaire."""


class TitleMissing(Invalid):
    """A questionnaire needs a title."""


class ClosesBeforeOpens(Invalid):
    """The questionnaire would close before it opens."""


class NothingToAsk(Conflict):
    """A questionnaire without a question cannot be opened."""


class WrongState(Conflict):
    """The questionnaire cannot go there from the state it is in."""


class Frozen(Conflict):
    """The questionnaire has been answered: it cannot be deleted, and whether it is anonymous stays as it was promised."""


class Questionnaire(Base):
    """A set of questions. Change it only through the functions of the library: `edition` must follow every change."""

    __tablename__ = "questionnaire"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    title_en: Mapped[str] = mapped_column(sa.String(200), default="")
    intro: Mapped[str] = mapped_column(sa.Text, default="")
    intro_en: Mapped[str] = mapped_column(sa.Text, default="")
    thanks: Mapped[str] = mapped_column(sa.Text, default="")  # shown when the answers have been sent
    thanks_en: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[State] = mapped_column(default=State.DRAFT, index=True)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    anonymous: Mapped[bool] = mapped_column(default=False)  # nothing stored joins an answer to a person
    access: Mapped[Access] = mapped_column(default=Access.BOTH)
    most_responses: Mapped[int | None]  # over all contexts; None: no limit
    paged: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # on a phone its sections are turned like pages
    version: Mapped[int] = mapped_column(default=0)  # the number of the version that people are asked; 0 before the first one
    # A random number drawn with every change of what people are asked: it names this very wording, whatever was rolled
    # back in between, so that the form made of it can be kept (see forms.py).
    edition: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    sections: Mapped[list["Section"]] = relationship(
        back_populates="questionnaire", order_by="Section.position", cascade="all, delete-orphan",
    )

    def words(self, name: Literal["title", "intro", "thanks"], language: str = "zh") -> str:
        """The title, introduction or thanks in a language; Chinese where there is no English."""
        return in_language(language, getattr(self, name), getattr(self, f"{name}_en"))


class Section(Base):
    """A page or a headed group of questions."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120), default="")
    title_en: Mapped[str] = mapped_column(sa.String(200), default="")
    position: Mapped[int]
    show_if: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))  # see conditions.py

    questionnaire: Mapped[Questionnaire] = relationship(back_populates="sections")
    questions: Mapped[list["Question"]] = relationship(
        back_populates="section", order_by="Question.position", lazy="selectin",  # what is taken out is removed, not deleted
    )

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.title, self.title_en)


class Question(Base):
    """One question. What `options` and `settings` hold is the business of its kind, see kinds.py.

    A removed question has no section any more. It keeps its id and its code: there may be answers, and it can be brought back.
    """

    __tablename__ = "question"
    __table_args__ = (sa.UniqueConstraint("questionnaire_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"))
    section_id: Mapped[int | None] = mapped_column(sa.ForeignKey("section.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.String(500))
    text_en: Mapped[str] = mapped_column(sa.String(500), default="")
    hint: Mapped[str] = mapped_column(sa.String(500), default="")
    hint_en: Mapped[str] = mapped_column(sa.String(500), default="")
    required: Mapped[bool] = mapped_column(default=False)
    options: Mapped[list[Any]] = mapped_column(default=list)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    position: Mapped[int]  # within the section
    show_if: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))  # see conditions.py

    section: Mapped[Section] = relationship(back_populates="questions")

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.text, self.text_en)


class Details(TypedDict, total=False):
    """What a questionnaire says about itself; every part may be left out but the title of a new one."""

    title: str
    title_en: str
    intro: str
    intro_en: str
    thanks: str
    thanks_en: str
    anonymous: bool
    paged: bool
    opens_at: datetime | None
    closes_at: datetime | None
    access: Access
    most_responses: int | None


def create(session: Session, *, now: datetime, **details: Unpack[Details]) -> Questionnaire:
    """A new draft without questions. Raises TitleMissing or ClosesBeforeOpens."""
    questionnaire = Questionnaire(title="", state=State.DRAFT, anonymous=False, access=Access.BOTH, created_at=now)
    _describe(questionnaire, details, now=now)
    session.add(questionnaire)
    session.flush()
    return questionnaire


def edit(session: Session, questionnaire: Questionnaire, *, now: datetime, by: str = "", **details: Unpack[Details]) -> None:
    """Change title, texts and times at any time; other texts are at once the next version, with the questions of the one before.

    Raises TitleMissing, ClosesBeforeOpens, FilesNotAnonymous, or Frozen(field="anonymous"): what people were promised when they
    answered stays.
    """
    anonymous = details.get("anonymous", questionnaire.anonymous)
    if anonymous != questionnaire.anonymous and has_responses(session, questionnaire):
        raise Frozen(field="anonymous")
    _describe(questionnaire, details, now=now)
    if questionnaire.version:
        before = versions.get(session, questionnaire, questionnaire.version).content
        after = before | {name: getattr(questionnaire, name) for name in versions.TEXTS}
        if after != before:
            versions.add(session, questionnaire, after, now=now, by=by)
    session.flush()


def _describe(questionnaire: Questionnaire, details: Details, *, now: datetime) -> None:
    title = clean(details.get("title", questionnaire.title))
    opens_at = details.get("opens_at", questionnaire.opens_at)
    closes_at = details.get("closes_at", questionnaire.closes_at)
    if not title:
        raise TitleMissing(field="title")
    if opens_at and closes_at and closes_at <= opens_at:
        raise ClosesBeforeOpens(field="closes_at")
    attachments.refuse_where(questionnaire, anonymous=details.get("anonymous", questionnaire.anonymous))
    for name, value in details.items():
        setattr(questionnaire, name, clean(value) if type(value) is str else value)
    touch(questionnaire, now=now)


def touch(questionnaire: Questionnaire, *, now: datetime) -> None:
    """Note that what people are asked is no longer what it was."""
    questionnaire.edition = secrets.randbits(62)
    questionnaire.updated_at = now


def copy(session: Session, questionnaire: Questionnaire, *, now: datetime, title: str = "") -> Questionnaire:
    """A new draft with the same texts and questions, without times and responses, under another title if one is given."""
    names = ("title", "title_en", "intro", "intro_en", "thanks", "thanks_en", "anonymous", "access", "paged")
    twin = Questionnaire(**{name: getattr(questionnaire, name) for name in names}, state=State.DRAFT, created_at=now)
    twin.title = clean(title) or questionnaire.title
    touch(twin, now=now)
    session.add(twin)
    session.flush()
    for section in questionnaire.sections:
        twin_section = Section(questionnaire_id=twin.id, **_columns(section, "title", "title_en", "position", "show_if"))
        twin_section.questions = [
            Question(questionnaire_id=twin.id, **_columns(
                question, "code", "kind", "text", "text_en", "hint", "hint_en", "required", "options", "settings", "position",
                "show_if",
            ))
            for question in section.questions
        ]
        twin.sections.append(twin_section)
    session.flush()
    return twin


def _columns(record: Base, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def remove(session: Session, questionnaire: Questionnaire, *, now: datetime) -> None:
    """Delete a questionnaire that nobody has answered, with all that it asks and has asked. Raises Frozen.

    The row is locked first: a response refers to it, so none can slip in between (SQLite has one writer anyway).
    """
    session.refresh(questionnaire, with_for_update=True)
    if has_responses(session, questionnaire):
        raise Frozen
    touch(questionnaire, now=now)
    for kind in (Question, versions.Version):
        for record in session.scalars(sa.select(kind).where(kind.questionnaire_id == questionnaire.id)):
            session.delete(record)
    session.delete(questionnaire)
    session.flush()


def open_for_answers(session: Session, questionnaire: Questionnaire, *, now: datetime, by: str = "") -> None:
    """From draft or closed to open, with the questions as they now stand. Raises WrongState or NothingToAsk."""
    _may_go(questionnaire, State.OPEN)
    publish(session, questionnaire, now=now, by=by)
    _go(session, questionnaire, State.OPEN, now=now)


def publish(session: Session, questionnaire: Questionnaire, *, now: datetime, by: str = "") -> bool:
    """Ask people from now on what now stands; False when they are asked just that already. Raises NothingToAsk.

    Questions that were removed before anybody was asked them are gone for good.
    """
    session.refresh(questionnaire, with_for_update=True)
    content = versions.content_of(questionnaire)
    if not versions.questions_of(content):
        raise NothingToAsk
    earlier = versions.versions(session, questionnaire)
    if earlier and earlier[-1].content == content:
        return False
    asked = {question_id for version in earlier for question_id in versions.questions_of(version.content)}
    removed = sa.select(Question).where(Question.questionnaire_id == questionnaire.id, Question.section_id.is_(None))
    for question in session.scalars(removed):
        if question.id not in asked:
            session.delete(question)
    versions.add(session, questionnaire, content, now=now, by=by)
    touch(questionnaire, now=now)
    session.flush()
    return True


def close(session: Session, questionnaire: Questionnaire, *, now: datetime) -> None:
    """From open to closed. Raises WrongState."""
    _may_go(questionnaire, State.CLOSED)
    _go(session, questionnaire, State.CLOSED, now=now)


def _may_go(questionnaire: Questionnaire, state: State) -> None:
    if state not in NEXT[questionnaire.state]:
        raise WrongState(state=questionnaire.state.value, wanted=state.value)


def _go(session: Session, questionnaire: Questionnaire, state: State, *, now: datetime) -> None:
    questionnaire.state = state
    questionnaire.updated_at = now
    session.flush()


def accepts(questionnaire: Questionnaire, *, now: datetime) -> bool:
    """Whether an answer sent now is taken: the questionnaire is open and within its times, `closes_at` not included."""
    if questionnaire.state is not State.OPEN or (questionnaire.opens_at and now < questionnaire.opens_at):
        return False
    return questionnaire.closes_at is None or now < questionnaire.closes_at


# The responses stand above this module (see responses.py); here only whether there are any matters.
_RESPONSES = sa.table("response", sa.column("questionnaire_id"))


def has_responses(session: Session, questionnaire: Questionnaire) -> bool:
    """Whether anybody has answered."""
    return bool(session.scalar(sa.select(sa.exists().where(_RESPONSES.c.questionnaire_id == questionnaire.id))))


def change(questionnaire: Questionnaire, *, now: datetime) -> None:
    """Note that the questions are being changed; what people are asked stays until it is published."""
    if questionnaire.version:
        questionnaire.updated_at = now
    else:
        touch(questionnaire, now=now)


def get(session: Session, questionnaire_id: int) -> Questionnaire:
    """The questionnaire with this id. Raises NoSuchQuestionnaire."""
    questionnaire = session.get(Questionnaire, questionnaire_id)
    if questionnaire is None:
        raise NoSuchQuestionnaire
    return questionnaire


SORTS: Mapping[str, sa.ColumnElement[Any]] = {
    "title": Questionnaire.title.expression,
    "state": Questionnaire.state.expression,
    "created": Questionnaire.created_at.expression,
    "updated": Questionnaire.updated_at.expression,
}


def find(*, words: str = "", state: State | None = None, sort: str = "-updated") -> sa.Select[Questionnaire]:
    """Questionnaires with all of the words in their titles, as a statement to page through.

    `sort` is a key of SORTS, with `-` before it in descending order; anything else sorts by the latest change.
    """
    found = sa.select(Questionnaire)
    for word in words.split():
        found = found.where(sa.or_(
            Questionnaire.title.icontains(word, autoescape=True), Questionnaire.title_en.icontains(word, autoescape=True),
        ))
    if state is not None:
        found = found.where(Questionnaire.state == state)
    sort = sort if sort.removeprefix("-") in SORTS else "-updated"
    column = SORTS[sort.removeprefix("-")]
    return found.order_by(column.desc() if sort.startswith("-") else column.asc(), Questionnaire.id.desc())
