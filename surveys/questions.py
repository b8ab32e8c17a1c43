"""Building a questionnaire: sections and questions are added, changed, moved, doubled, removed and brought back.

People are asked none of it before it is published, see questionnaires.py. A question keeps its id and code, and an option its
code, as long as they mean what they meant in the versions before.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from itertools import count
from typing import Any, Concatenate, Literal, ParamSpec, TypedDict, TypeVar, Unpack, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import attachments, flow, quotas, versions
from surveys.asked import clean
from surveys.conditions import parse, to_json
from surveys.errors import Conflict, Invalid, NotFound, SurveyError
from surveys.kinds import kind_of
from surveys.questionnaires import Question, Questionnaire, Section, change

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)  # no dot: `q1.other` is the free text of q1
TEXT_LIMIT = 500
Subject = TypeVar("Subject", Section, Question)
Doing = ParamSpec("Doing")
Done = TypeVar("Done")


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
    """What makes a question. `options` are labels or {"code", "label", "label_en", "show_if", "quota"}; a code not given is made up.

    `show_if` is a condition as conditions.py stores it, None for none.
    """

    code: str
    kind: str
    text: str
    text_en: str
    hint: str
    hint_en: str
    required: bool
    options: Iterable[Mapping[str, Any] | str]
    settings: Mapping[str, Any]
    show_if: Mapping[str, Any] | None


def _sensible(do: Callable[Concatenate[Session, Subject, Doing], Done]) -> Callable[Concatenate[Session, Subject, Doing], Done]:
    """Refuse, and take back, what leaves a condition or a reference without sense, and files where nobody is to be known: raises
    what flow.judge does, or FilesNotAnonymous.
    """
    @wraps(do)
    def doing(session: Session, subject: Subject, *rest: Doing.args, **named: Doing.kwargs) -> Done:
        questionnaire = session.get_one(Questionnaire, subject.questionnaire_id)
        try:
            with session.begin_nested():
                done = do(session, subject, *rest, **named)
                attachments.refuse_where(questionnaire, anonymous=questionnaire.anonymous)
                flow.judge_draft(questionnaire)
        except SurveyError as refusal:
            session.expire_all()  # the lists of sections and questions too
            flow.renumber(refusal, questionnaire)
            raise
        return done

    return doing


def get_section(session: Session, section_id: int) -> Section:
    """The section with this id. Raises NoSuchSection."""
    section = session.get(Section, section_id)
    if section is None:
        raise NoSuchSection
    return section


def get_question(session: Session, question_id: int) -> Question:
    """The question with this id, unless it was removed. Raises NoSuchQuestion."""
    question = session.get(Question, question_id)
    if question is None or question.section_id is None:
        raise NoSuchQuestion
    return question


def add_section(
    session: Session, questionnaire: Questionnaire, *, now: datetime, title: str = "", title_en: str = "",
) -> Section:
    """A new last section; a title is not needed."""
    change(questionnaire, now=now)
    section = Section(title=clean(title), title_en=clean(title_en), position=_after(questionnaire.sections))
    questionnaire.sections.append(section)
    session.flush()
    return section


def edit_section(session: Session, section: Section, *, now: datetime, title: str, title_en: str = "") -> None:
    """Give the section another title."""
    change(section.questionnaire, now=now)
    section.title, section.title_en = clean(title), clean(title_en)
    session.flush()


@_sensible
def show_section_if(session: Session, section: Section, condition: Mapping[str, Any] | None, *, now: datetime) -> None:
    """Show the section only on this condition, as conditions.py stores it; None: to everybody. Raises BadCondition, and see flow.judge."""
    change(section.questionnaire, now=now)
    section.show_if = to_json(parse(condition))
    session.flush()


def remove_section(session: Session, section: Section, *, now: datetime) -> None:
    """Remove an empty section. Raises SectionNotEmpty."""
    if section.questions:
        raise SectionNotEmpty(questions=len(section.questions))
    change(section.questionnaire, now=now)
    section.questionnaire.sections.remove(section)
    session.flush()


@_sensible
def place_section(session: Session, section: Section, place: int, *, now: datetime) -> None:
    """Put the section at this place, from 0, among the others; beyond the ends it is the first or the last."""
    sections = section.questionnaire.sections
    change(section.questionnaire, now=now)
    ordered = [each for each in sections if each is not section]
    ordered.insert(max(place, 0), section)
    _number(ordered)
    session.flush()
    session.expire(section.questionnaire, ["sections"])


def duplicate_section(session: Session, section: Section, *, now: datetime) -> Section:
    """A section right behind it with the same title and copies of its questions."""
    questionnaire = section.questionnaire
    twin = add_section(session, questionnaire, title=section.title, title_en=section.title_en, now=now)
    for question in section.questions:
        add_question(session, twin, now=now, **fields_of(question))
    place_section(session, twin, questionnaire.sections.index(section) + 1, now=now)
    return twin


@_sensible
def add_question(session: Session, section: Section, *, now: datetime, **fields: Unpack[Fields]) -> Question:
    """A new last question of the section; `kind` and `text` are needed, a `code` is made up (q1, q2, …).

    Raises TextMissing, TextTooLong, BadCode, CodeTaken, UnknownKind, BadSetting, OptionsMissing or BadOption.
    """
    questionnaire = section.questionnaire
    change(questionnaire, now=now)
    codes = _codes(session, questionnaire)
    question = Question(questionnaire_id=questionnaire.id, code="", kind="", text="", options=[], settings={},
                        position=_after(section.questions))
    described = Fields(**fields)
    described["code"] = described.get("code") or _free(codes)
    describe(question, described, codes)
    section.questions.append(question)
    session.flush()
    return question


@_sensible
def edit_question(session: Session, question: Question, *, now: datetime, **fields: Unpack[Fields]) -> Question:
    """Change what is given of the question, and give it, or what stands in its place. Another kind starts from its own settings.

    A question that people were asked keeps its meaning: of another kind or with another unit it is a new question, and the old
    one is removed. Its options are known by their codes; one without a code gets one that none has had. Raises as add_question.
    """
    questionnaire = question.section.questionnaire
    change(questionnaire, now=now)
    changed = Fields(**fields)
    kind = kind_of(changed.get("kind", question.kind))
    options = changed.setdefault("options", question.options if kind.has_options else ())
    settings = changed.setdefault("settings", question.settings if kind.code == question.kind else {})
    asked = _asked(session, question)
    if asked and _means_otherwise(question, kind.code, kind.settings(settings)):
        return _replaced(session, question, changed, now=now)
    if asked:
        changed["options"] = _with_new_codes(options, asked)
    describe(question, changed, _codes(session, questionnaire) - {question.code})
    session.flush()
    return question


def duplicate_question(session: Session, question: Question, *, now: datetime) -> Question:
    """A copy right behind it, with a code of its own."""
    twin = add_question(session, question.section, now=now, **fields_of(question))
    place_question(session, twin, question.section, question.section.questions.index(question) + 1, now=now)
    return twin


def fields_of(question: Question) -> Fields:
    """What makes the question, but its code and its condition: for a copy."""
    names = ("kind", "text", "text_en", "hint", "hint_en", "required", "options", "settings")
    return cast("Fields", {name: getattr(question, name) for name in names})


def _asked(session: Session, question: Question) -> list[dict[str, Any]]:
    """The question as it stood in each version that asked it."""
    published = versions.versions(session, question.section.questionnaire)
    found = (versions.questions_of(version.content).get(question.id) for version in published)
    return [one for one in found if one is not None]


def _means_otherwise(question: Question, kind: str, settings: Mapping[str, Any]) -> bool:
    """Whether stored codes and numbers would tell another story: by another kind, another unit, levels or columns at other places."""
    if kind != question.kind or question.settings.get("unit") not in {"", None, settings.get("unit")}:
        return True
    for name in ("labels", "columns"):
        was: list[str] = question.settings.get(name) or []
        now: list[str] = settings.get(name) or []
        if len(now) < len(was) or (name == "labels" and len(now) != len(was)) or (was != now and sorted(was) == sorted(now)):
            return True
    return False


def _replaced(session: Session, question: Question, fields: Fields, *, now: datetime) -> Question:
    section, place = question.section, question.section.questions.index(question)
    fresh = cast("Fields", {name: value for name, value in {**fields_of(question), **fields}.items() if name != "code"})
    with session.begin_nested():  # a refusal leaves the question where it was
        made = add_question(session, section, now=now, **fresh)
        remove_question(session, question, now=now)
        place_question(session, made, section, place, now=now)
    return made


def _with_new_codes(options: Iterable[Mapping[str, Any] | str], asked: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    listed = [{"label": option} if isinstance(option, str) else option for option in options]
    taken = {str(option["code"]) for one in asked for option in one["options"]}
    taken |= {str(option["code"]) for option in listed if option.get("code")}
    free = (str(number) for number in count(1) if str(number) not in taken)
    return [option if option.get("code") else {**option, "code": next(free)} for option in listed]


def describe(question: Question, fields: Fields, taken: Collection[str]) -> None:
    """Check everything, then set it: a refusal leaves the question as it was."""
    kind, options = kind_of(fields.get("kind", question.kind)), list(fields.get("options", ()))
    checked: dict[str, Any] = {
        "kind": kind.code,
        "code": fields.get("code", question.code),
        "required": fields.get("required", bool(question.required)),
        "options": quotas.with_limits(kind, options, kind.options(options)),
        "settings": kind.settings(fields.get("settings", {})),
        "show_if": to_json(parse(fields.get("show_if", question.show_if))),
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
    """One place up or down; from the edge of a section into the next one. At the very end nothing happens."""
    section, sections = question.section, question.section.questionnaire.sections
    step = -1 if way == "up" else 1
    place = section.questions.index(question) + step
    if not 0 <= place < len(section.questions):
        neighbour = sections.index(section) + step
        if not 0 <= neighbour < len(sections):
            return
        section = sections[neighbour]
        place = 0 if way == "down" else len(section.questions)
    place_question(session, question, section, place, now=now)


@_sensible
def place_question(session: Session, question: Question, section: Section, place: int, *, now: datetime) -> None:
    """Put the question at this place, from 0, among the others of a section of the same questionnaire; beyond the ends it is the
    first or the last. Raises NoSuchSection.
    """
    if section.questionnaire_id != question.questionnaire_id:
        raise NoSuchSection
    change(section.questionnaire, now=now)
    with session.no_autoflush:  # between the two lists it belongs to none, which a flush would take for its removal
        if question.section_id is not None:
            question.section.questions.remove(question)
        section.questions.insert(max(place, 0), question)
        _number(section.questions)
    session.flush()


@_sensible
def remove_question(session: Session, question: Question, *, now: datetime) -> None:
    """Ask it no more. `place_question` brings it back, unless nobody was ever asked it and the questionnaire was published since."""
    section = question.section
    change(section.questionnaire, now=now)
    section.questions.remove(question)
    _number(section.questions)
    session.flush()


def get_removed(session: Session, question_id: int) -> Question:
    """The removed question with this id. Raises NoSuchQuestion."""
    question = session.get(Question, question_id)
    if question is None or question.section_id is not None:
        raise NoSuchQuestion
    return question


def _codes(session: Session, questionnaire: Questionnaire) -> set[str]:
    return set(session.scalars(sa.select(Question.code).where(Question.questionnaire_id == questionnaire.id)))


def _free(codes: set[str]) -> str:
    return next(code for number in count(1) if (code := f"q{number}") not in codes)


def _after(records: Sequence[Section | Question]) -> int:
    return max((record.position for record in records), default=-1) + 1


def _number(records: Sequence[Section | Question]) -> None:
    for position, record in enumerate(records):
        record.position = position
