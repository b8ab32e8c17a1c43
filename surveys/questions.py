"""Building a questionnaire: sections and questions are added, changed, moved and removed until somebody has answered."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys.asked import clean
from surveys.errors import Conflict, Invalid, NotFound
from surveys.kinds import kind_of
from surveys.questionnaires import Question, Questionnaire, Section, change

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)  # no dot: `q1.other` is the free text of q1
TEXT_LIMIT = 500


class NoSuchSection(NotFound):
    """There is no such section."""


class NoSuchQuestion(NotFound):
    """There is no such question."""


class SectionNotEmpty(Conflict):
    """The section still has questions; move or remove them first."""


class CodeTaken(Conflict):
    """Another question of the questionnaire has this code."""


class BadCode(Invalid):
    """A code is a small letter, then small letters, digits and _, at most 40 in all."""


class TextMissing(Invalid):
    """A question needs a text."""


class TextTooLong(Invalid):
    """The text of a question is too long."""


class Fields(TypedDict, total=False):
    """What makes a question. `options` are labels or {"code", "label", "label_en"}; a code not given is made up."""

    code: str
    kind: str
    text: str
    text_en: str
    hint: str
    hint_en: str
    required: bool
    options: Iterable[Mapping[str, Any] | str]
    settings: Mapping[str, Any]


def get_section(session: Session, section_id: int) -> Section:
    """The section with this id. Raises NoSuchSection."""
    section = session.get(Section, section_id)
    if section is None:
        raise NoSuchSection
    return section


def get_question(session: Session, question_id: int) -> Question:
    """The question with this id. Raises NoSuchQuestion."""
    question = session.get(Question, question_id)
    if question is None:
        raise NoSuchQuestion
    return question


def add_section(
    session: Session, questionnaire: Questionnaire, *, now: datetime, title: str = "", title_en: str = "",
) -> Section:
    """A new last section; a title is not needed. Raises Frozen."""
    change(session, questionnaire, now=now)
    section = Section(title=clean(title), title_en=clean(title_en), position=_after(questionnaire.sections))
    questionnaire.sections.append(section)
    session.flush()
    return section


def edit_section(session: Session, section: Section, *, now: datetime, title: str, title_en: str = "") -> None:
    """Give the section another title. Raises Frozen."""
    change(session, section.questionnaire, now=now)
    section.title, section.title_en = clean(title), clean(title_en)
    session.flush()


def remove_section(session: Session, section: Section, *, now: datetime) -> None:
    """Remove an empty section. Raises SectionNotEmpty or Frozen."""
    if section.questions:
        raise SectionNotEmpty(questions=len(section.questions))
    change(session, section.questionnaire, now=now)
    section.questionnaire.sections.remove(section)
    session.flush()


def add_question(session: Session, section: Section, *, now: datetime, **fields: Unpack[Fields]) -> Question:
    """A new last question of the section; `kind` and `text` are needed, a `code` is made up (q1, q2, …).

    Raises Frozen, TextMissing, TextTooLong, BadCode, CodeTaken, UnknownKind, BadSetting, OptionsMissing or BadOption.
    """
    questionnaire = section.questionnaire
    change(session, questionnaire, now=now)
    codes = _codes(session, questionnaire)
    question = Question(questionnaire_id=questionnaire.id, code="", kind="", text="", options=[], settings={},
                        position=_after(section.questions))
    made_up = next(code for n in range(1, len(codes) + 2) if (code := f"q{n}") not in codes)
    described = Fields(**fields)
    described["code"] = described.get("code") or made_up
    _apply(question, described, codes)
    section.questions.append(question)
    session.flush()
    return question


def edit_question(session: Session, question: Question, *, now: datetime, **fields: Unpack[Fields]) -> None:
    """Change what is given of the question. Another kind starts from its own default settings. Raises as add_question."""
    questionnaire = question.section.questionnaire
    change(session, questionnaire, now=now)
    changed = Fields(**fields)
    kind = kind_of(changed.get("kind", question.kind))
    changed.setdefault("options", question.options if kind.has_options else ())
    changed.setdefault("settings", question.settings if kind.code == question.kind else {})
    _apply(question, changed, _codes(session, questionnaire) - {question.code})
    session.flush()


def _apply(question: Question, fields: Fields, taken: set[str]) -> None:
    """Check everything, then set it: a refusal leaves the question as it was."""
    kind = kind_of(fields.get("kind", question.kind))
    checked: dict[str, Any] = {
        "kind": kind.code,
        "code": fields.get("code", question.code),
        "required": fields.get("required", bool(question.required)),
        "options": kind.options(fields.get("options", ())),
        "settings": kind.settings(fields.get("settings", {})),
    }
    for name in ("text", "text_en", "hint", "hint_en"):
        checked[name] = clean(str(fields.get(name, getattr(question, name) or "")))
        if len(checked[name]) > TEXT_LIMIT:
            raise TextTooLong(field=name, limit=TEXT_LIMIT)
    if not checked["text"]:
        raise TextMissing(field="text")
    if not _CODE.fullmatch(checked["code"]):
        raise BadCode(field="code")
    if checked["code"] in taken:
        raise CodeTaken(field="code", question=checked["code"])
    for name, value in checked.items():
        setattr(question, name, value)


def move_question(session: Session, question: Question, way: Literal["up", "down"], *, now: datetime) -> None:
    """One place up or down; from the edge of a section into the next one. At the very end nothing happens. Raises Frozen."""
    questionnaire, section = question.section.questionnaire, question.section
    change(session, questionnaire, now=now)
    step = -1 if way == "up" else 1
    place, target = section.questions.index(question) + step, section
    if not 0 <= place < len(section.questions):
        neighbour = questionnaire.sections.index(section) + step
        if not 0 <= neighbour < len(questionnaire.sections):
            return
        target = questionnaire.sections[neighbour]
        place = 0 if way == "down" else len(target.questions)
    with session.no_autoflush:  # between the two lists it belongs to none, which a flush would take for its removal
        section.questions.remove(question)
        target.questions.insert(place, question)
        _number(section.questions)
        _number(target.questions)
    session.flush()


def remove_question(session: Session, question: Question, *, now: datetime) -> None:
    """Remove a question that nobody has answered. Raises Frozen."""
    section = question.section
    change(session, section.questionnaire, now=now)
    section.questions.remove(question)
    _number(section.questions)
    session.flush()


def _codes(session: Session, questionnaire: Questionnaire) -> set[str]:
    return set(session.scalars(sa.select(Question.code).where(Question.questionnaire_id == questionnaire.id)))


def _after(records: Sequence[Section | Question]) -> int:
    return max((record.position for record in records), default=-1) + 1


def _number(questions: Sequence[Question]) -> None:
    for position, question in enumerate(questions):
        question.position = position
