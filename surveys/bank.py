"""The question bank: questions and whole sections kept to be asked again. What is taken from it is a copy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.errors import NotFound
from surveys.questionnaires import Question, Questionnaire, Section
from surveys.questions import add_question, add_section, describe, fields_of
from surveys.templates import TEMPLATES

SECTION = "section"  # the kind of an item that is a whole section


class NoSuchItem(NotFound):
    """There is no such item in the question bank."""


class Item(Base):
    """A question, or a section with its questions. `kind` is a key of KINDS, or SECTION."""

    __tablename__ = "bank_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    title: Mapped[str] = mapped_column(sa.String(500))
    title_en: Mapped[str] = mapped_column(sa.String(500), default="")
    words: Mapped[str] = mapped_column(sa.Text)  # all that is searched
    content: Mapped[list[Any]]  # the Fields of each question
    saved_at: Mapped[datetime]

    def label(self, language: str = "zh") -> str:
        return self.title_en if self.title_en and language.startswith("en") else self.title


def keep_question(session: Session, question: Question, *, now: datetime) -> Item:
    """Put a copy of the question into the bank; what lies there already is not put there twice."""
    return _keep(session, question.kind, (question.text, question.text_en), [_copied(question)], now=now)


def keep_section(session: Session, section: Section, *, now: datetime) -> Item:
    """Put a copy of the section with its questions into the bank. One without a title is called after its first question."""
    copies = [_copied(question) for question in section.questions]
    first = next(iter(copies), {"text": "", "text_en": ""})
    named = (section.title, section.title_en) if section.title else (first["text"], first["text_en"])
    return _keep(session, SECTION, named, copies, now=now)


def _copied(question: Question) -> dict[str, Any]:
    """Without what leads to other questions of its questionnaire."""
    fields: dict[str, Any] = dict(fields_of(question))
    return fields | {"options": [{name: option[name] for name in option if name != "show_if"} for option in question.options]}


def _keep(session: Session, kind: str, named: tuple[str, str], content: list[dict[str, Any]], *, now: datetime) -> Item:
    title, title_en = named
    for item in session.scalars(sa.select(Item).where(Item.kind == kind, Item.title == title)):
        if item.content == content:
            return item
    said = [title, title_en, *(text for question in content for text in _words(question))]
    item = Item(kind=kind, title=title, title_en=title_en, words="\n".join(filter(None, said)), content=content, saved_at=now)
    session.add(item)
    session.flush()
    return item


def _words(question: Mapping[str, Any]) -> list[str]:
    options = [option[name] for option in question["options"] for name in ("label", "label_en")]
    return [*(question.get(name, "") for name in ("text", "text_en", "hint", "hint_en")), *options]


def take(session: Session, item: Item, questionnaire: Questionnaire, section: Section | None, *, now: datetime) -> list[Question]:
    """Add a copy of the item to the questionnaire: a question at the end of the section, a section behind all others.

    Without a section a question goes into the last one, or into the first that there is.
    """
    if item.kind == SECTION:
        section = add_section(session, questionnaire, title=item.title, title_en=item.title_en, now=now)
    elif section is None:
        section = questionnaire.sections[-1] if questionnaire.sections else add_section(session, questionnaire, now=now)
    return [add_question(session, section, now=now, **fields) for fields in item.content]


def get(session: Session, item_id: int) -> Item:
    """The item with this id. Raises NoSuchItem."""
    item = session.get(Item, item_id)
    if item is None:
        raise NoSuchItem
    return item


def remove(session: Session, item: Item) -> None:
    """Take the item out of the bank; the copies stay."""
    session.delete(item)
    session.flush()


SORTS: Mapping[str, Any] = {"title": Item.title, "kind": Item.kind, "saved": Item.saved_at}


def find(*, words: str = "", kinds: Sequence[str] = (), sort: str = "-saved") -> sa.Select[Item]:
    """Items with all of the words anywhere in them, of one of the kinds when any are given, as a statement to page through.

    `sort` is a key of SORTS, with `-` before it in descending order; anything else sorts by the latest.
    """
    found = sa.select(Item).where(*(Item.words.icontains(word, autoescape=True) for word in words.split()))
    if kinds:
        found = found.where(Item.kind.in_(kinds))
    sort = sort if sort.removeprefix("-") in SORTS else "-saved"
    column = SORTS[sort.removeprefix("-")]
    return found.order_by(column.desc() if sort.startswith("-") else column.asc(), Item.id)


def holds_any(session: Session) -> bool:
    """Whether there is anything in the bank."""
    return bool(session.scalar(sa.select(sa.exists().where(Item.id.is_not(None)))))


def fill(session: Session, *, now: datetime) -> int:
    """Put the questions of the ready-made templates into the bank, those that are not there yet; how many there are now."""
    for template in TEMPLATES.values():
        for _, _, questions in template.sections:
            for fields in questions:
                question = Question()
                describe(question, fields | {"code": "q1"}, ())
                keep_question(session, question, now=now)
    return session.scalar(sa.select(sa.func.count()).select_from(Item)) or 0
