"""The form: a questionnaire as it is put to people, immutable and kept in memory between requests."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from surveys import pipes, versions
from surveys.asked import Asked, Option, in_language
from surveys.conditions import Condition, asked_of, both, parse
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
    show_if: Condition | None = None

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.title, self.title_en)


@dataclass(frozen=True, slots=True)
class Form:
    """All that is asked, in order; sections without questions are left out."""

    sections: tuple[FormSection, ...]
    version: int = 0  # the number of the version that this is, 0 for a draft

    # Compiled of the sections, so that a form without conditions and quotas costs nothing when answers are judged:
    questions: tuple[Asked, ...] = field(init=False)  # those that ask for an answer
    gates: Mapping[str, Condition] = field(init=False)  # by code, when a question is shown: its section's condition and its own
    narrowed: frozenset[str] = field(init=False)  # the codes of questions whose options are not always all there
    relies: Mapping[str, frozenset[str]] = field(init=False)  # by code, the questions on which either of these depends
    quotas: Mapping[tuple[int, str], int] = field(init=False)  # places, by question id and option
    piped: bool = field(init=False)  # whether any wording holds an earlier answer
    attaches: bool = field(init=False)  # whether any answer is files

    def __post_init__(self) -> None:
        everything = tuple(question for section in self.sections for question in section.questions)
        gates = {
            question.code: gate for section in self.sections for question in section.questions
            if (gate := both(section.show_if, question.show_if)) is not None
        }
        narrowed = frozenset(one.code for one in everything if any(option.show_if or option.quota for option in one.options))
        compiled = {
            "questions": tuple(one for one in everything if KINDS[one.kind].asks), "gates": gates, "narrowed": narrowed,
            "relies": {
                one.code: asked_of(gates.get(one.code)).union(*(asked_of(option.show_if) for option in one.options))
                for one in everything if one.code in gates or one.code in narrowed
            },
            "piped": any(one.piped for one in everything), "attaches": any(KINDS[one.kind].attaches for one in everything),
            "quotas": {(one.id, option.code): option.quota for one in everything for option in one.options if option.quota},
        }
        for name, value in compiled.items():
            object.__setattr__(self, name, value)  # frozen, also for its own making

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
    asking = (one["code"] for section in content["sections"] for one in section["questions"] if KINDS[one["kind"]].asks)
    numbers = {code: number for number, code in enumerate(asking, start=1)}
    sections = tuple(
        FormSection(
            section["id"], section["title"], section["title_en"],
            tuple(pipes.in_words(_asked(question, numbers.get(question["code"], 0)), numbers) for question in section["questions"]),
            parse(section["show_if"]),
        )
        for section in content["sections"] if section["questions"]
    )
    return Form(sections, version=version)


def _asked(question: Mapping[str, Any], number: int) -> Asked:
    """A stored question; what only informs has the number 0."""
    kind, stored = KINDS[question["kind"]], question["options"]
    settings = kind.complete(question["settings"])
    parts = kind.parts(stored, settings)  # rows of a matrix, and what is ranked, are always all there
    limited = {option["code"]: option for option in stored if option.keys() & {"show_if", "quota"} and not parts}
    options = tuple(
        replace(option, show_if=parse(own.get("show_if")), quota=own.get("quota")) if (own := limited.get(option.code)) else option
        for option in kind.offered(stored, settings)
    )
    return Asked(
        number=number, options=options, parts=parts, settings=settings, show_if=parse(question["show_if"]),
        **{name: question[name] for name in _PLAIN},
    )


_PLAIN = ("id", "code", "kind", "text", "text_en", "hint", "hint_en", "required")


def _with_removed(forms: list[Form]) -> Form:
    """The last form; options that only earlier ones had at the end of their questions, such questions in a section of their own."""
    asked = {one.id: one for one in forms[-1].questions}
    gone: dict[int, Asked] = {}
    lost: dict[tuple[int, str, str], Option] = {}  # by question, whether of its options or its parts, and code
    for earlier, later in reversed(list(pairwise(forms))):  # the latest removal is the one that counts
        now = {one.id: one for one in later.questions}
        for one in earlier.questions:
            if one.id not in now and one.id not in asked:
                gone.setdefault(one.id, replace(one, **_marked("text", one.text, one.text_en, later.version), removed=True))
            for name in _LISTS if one.id in now else ():
                kept = {option.code for option in getattr(now[one.id], name)}
                for option in getattr(one, name):
                    if option.code not in kept:
                        marked = _marked("label_zh", option.label_zh, option.label_en, later.version)
                        lost.setdefault((one.id, name, option.code), replace(option, **marked, removed=True))
    last = max((one.number for one in forms[-1].questions), default=0)
    removed = tuple(replace(one, number=number) for number, one in enumerate(gone.values(), start=last + 1))
    sections = [
        replace(section, questions=tuple(_with_lost(one, lost) for one in section.questions)) for section in forms[-1].sections
    ]
    if removed:
        removed = tuple(_with_lost(one, lost) for one in removed)
        sections.append(FormSection(0, "已删除的问题", "Removed questions", removed))
    return replace(forms[-1], sections=tuple(sections))


_LISTS = ("options", "parts")


def _with_lost(asked: Asked, lost: Mapping[tuple[int, str, str], Option]) -> Asked:
    for name in _LISTS:
        present = {option.code for option in getattr(asked, name)}
        extra = [option for (question, of, code), option in lost.items() if (question, of) == (asked.id, name) and code not in present]
        if extra:
            asked = replace(asked, **{name: (*getattr(asked, name), *extra)})
    return asked


def with_answers(form: Form, given: Mapping[int, Collection[str]]) -> Form:
    """The whole form without what was removed and has no answer: `given` has the codes of the options and parts that were
    answered, by the ids of all questions that were.
    """
    if not any(one.removed or _lacks(one) for one in form.questions):
        return form
    sections = [replace(section, questions=tuple(
        replace(one, **{name: tuple(option for option in getattr(one, name) if not option.removed or option.code in given.get(one.id, ()))
                        for name in _LISTS})
        for one in section.questions if not one.removed or one.id in given
    )) for section in form.sections]
    return replace(form, sections=tuple(section for section in sections if section.questions))


def _lacks(asked: Asked) -> bool:
    return any(option.removed for name in _LISTS for option in getattr(asked, name))


def _marked(name: str, chinese: str, english: str, version: int) -> dict[str, str]:
    """The words with the mark that every page and every export shows without knowing of versions."""
    marks = {name: f"{chinese}（已删除，第 {version} 版）"}
    return marks | ({name.replace("_zh", "") + "_en": f"{english} (removed in version {version})"} if english else {})
