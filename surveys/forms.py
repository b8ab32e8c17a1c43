"""The form: a questionnaire as it is put to people, immutable and kept in memory between requests."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from surveys import versions
from surveys.asked import Asked, Option, in_language
from surveys.kinds import KINDS
from surveys.questionnaires import Questionnaire

KEPT = 64  # forms in memory; a form takes some 20 kB


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section with its questions, in order."""

    id: int
    title: str
    title_en: str
    questions: tuple[Asked, ...]

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.title, self.title_en)


@dataclass(frozen=True, slots=True)
class Form:
    """All that is asked, in order; sections without questions are left out."""

    sections: tuple[FormSection, ...]
    quotas: Mapping[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])  # places of question id and option
    version: int = 0  # the number of the version that this is, 0 for a draft

    @property
    def questions(self) -> tuple[Asked, ...]:
        return tuple(question for section in self.sections for question in section.questions)

    def question(self, code: str) -> Asked | None:
        """The question with this code, if there is one."""
        return next((question for question in self.questions if question.code == code), None)


_forms: OrderedDict[tuple[int, int], Form] = OrderedDict()  # by edition and version, the one used last at the end
_lock = Lock()
_WHOLE = -1  # in place of a version: all of them together


def form_of(session: Session, questionnaire: Questionnaire) -> Form:
    """What people are asked: the latest version, or before the first one the draft. One query, none while it is in memory."""
    return _kept(session, questionnaire, questionnaire.version)


def form_of_version(session: Session, questionnaire: Questionnaire, number: int) -> Form:
    """What people were asked under a version. Raises NoSuchVersion."""
    return _kept(session, questionnaire, number or questionnaire.version)


def whole_form(session: Session, questionnaire: Questionnaire) -> Form:
    """What people are asked, with what was removed in some version after the rest, marked as such: for whoever counts answers."""
    return _kept(session, questionnaire, _WHOLE)


def draft_of(questionnaire: Questionnaire) -> Form:
    """The questions as staff see and change them, published or not."""
    return _built(versions.content_of(questionnaire), 0)


def _kept(session: Session, questionnaire: Questionnaire, number: int) -> Form:
    key = (questionnaire.edition, number)
    with _lock:
        form = _forms.get(key)
        if form is not None:
            _forms.move_to_end(key)
            return form
    form = _load(session, questionnaire, number)
    with _lock:
        _forms[key] = form
        while len(_forms) > KEPT:
            _forms.popitem(last=False)
    return form


def _load(session: Session, questionnaire: Questionnaire, number: int) -> Form:
    if not questionnaire.version:
        return draft_of(questionnaire)
    if number == _WHOLE:
        return _with_removed([_built(version.content, version.number) for version in versions.versions(session, questionnaire)])
    return _built(versions.get(session, questionnaire, number).content, number)


def _built(content: Mapping[str, Any], version: int) -> Form:
    numbers = count(1)
    sections = tuple(
        FormSection(section["id"], section["title"], section["title_en"], tuple(
            Asked(
                number=next(numbers), options=KINDS[question["kind"]].offered(question["options"], question["settings"]),
                **{name: question[name] for name in _PLAIN},
            )
            for question in section["questions"]
        ))
        for section in content["sections"] if section["questions"]
    )
    return Form(sections, version=version)


_PLAIN = ("id", "code", "kind", "text", "text_en", "hint", "hint_en", "required", "settings")


def _with_removed(forms: list[Form]) -> Form:
    """The last form; options that only earlier ones had at the end of their questions, such questions in a section of their own."""
    asked = {one.id: one for one in forms[-1].questions}
    gone: dict[int, Asked] = {}
    options: dict[tuple[int, str], Option] = {}
    for earlier, later in reversed(list(pairwise(forms))):  # the latest removal is the one that counts
        now = {one.id: one for one in later.questions}
        for one in earlier.questions:
            if one.id not in now and one.id not in asked:
                gone.setdefault(one.id, replace(one, **_marked("text", one.text, one.text_en, later.version), removed=True))
            kept = {option.code for option in now[one.id].options} if one.id in now else set[str]()
            for option in one.options if one.id in now else ():
                if option.code in kept:
                    continue
                marked = _marked("label_zh", option.label_zh, option.label_en, later.version)
                options.setdefault((one.id, option.code), replace(option, **marked, removed=True))
    last = max((one.number for one in forms[-1].questions), default=0)
    removed = tuple(replace(one, number=number) for number, one in enumerate(gone.values(), start=last + 1))
    sections = [
        replace(section, questions=tuple(_with_options(one, options) for one in section.questions)) for section in forms[-1].sections
    ]
    if removed:
        removed = tuple(_with_options(one, options) for one in removed)
        sections.append(FormSection(0, "已删除的问题", "Removed questions", removed))
    return replace(forms[-1], sections=tuple(sections))


def _with_options(asked: Asked, options: Mapping[tuple[int, str], Option]) -> Asked:
    present = {option.code for option in asked.options}
    extra = [option for (question, code), option in options.items() if question == asked.id and code not in present]
    return replace(asked, options=(*asked.options, *extra)) if extra else asked


def _marked(name: str, chinese: str, english: str, version: int) -> dict[str, str]:
    """The words with the mark that every page and every export shows without knowing of versions."""
    marks = {name: f"{chinese}（已删除，第 {version} 版）"}
    return marks | ({name.replace("_zh", "") + "_en": f"{english} (removed in version {version})"} if english else {})
