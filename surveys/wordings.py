"""All that a questionnaire says, in both languages side by side: what has no English yet, and putting it in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from surveys.questionnaires import Details, Question, Questionnaire, Section, edit
from surveys.questions import Fields, edit_question, edit_section


@dataclass(frozen=True, slots=True)
class Wording:
    """One text. `key` names it within the questionnaire; `what` it is: title, intro, thanks, section, text, hint, option or setting."""

    key: str
    what: Literal["title", "intro", "thanks", "section", "text", "hint", "option", "setting"]
    chinese: str
    english: str
    question: int = 0  # the id of the question it belongs to

    @property
    def missing(self) -> bool:
        """Whether it still needs English; what has no Chinese character in it does for both languages."""
        return not self.english and not self.chinese.isascii()


_TEXTS: tuple[Literal["title", "intro", "thanks"], ...] = ("title", "intro", "thanks")


def wordings(questionnaire: Questionnaire) -> list[Wording]:
    """Every text that is written, in the order in which people read them."""
    found = [Wording(name, name, getattr(questionnaire, name), getattr(questionnaire, f"{name}_en")) for name in _TEXTS]
    for section in questionnaire.sections:
        found.append(Wording(f"section.{section.id}", "section", section.title, section.title_en))
        for question in section.questions:
            found += _of_question(question)
    return [one for one in found if one.chinese]


def _of_question(question: Question) -> Iterator[Wording]:
    key, own = f"question.{question.id}", {"question": question.id}
    yield Wording(f"{key}.text", "text", question.text, question.text_en, **own)
    yield Wording(f"{key}.hint", "hint", question.hint, question.hint_en, **own)
    for option in question.options:
        yield Wording(f"{key}.option.{option['code']}", "option", option["label"], option.get("label_en", ""), **own)
    for name, value in question.settings.items():
        english = question.settings.get(f"{name}_en")
        if isinstance(value, str) and isinstance(english, str):
            yield Wording(f"{key}.setting.{name}", "setting", value, english, **own)
        elif isinstance(value, list) and isinstance(english, list):
            labels, in_english = cast("list[str]", value), cast("list[str]", english)
            for place, label in enumerate(labels):
                said = in_english[place] if place < len(in_english) else ""
                yield Wording(f"{key}.setting.{name}.{place}", "setting", label, said, **own)


def translate(session: Session, questionnaire: Questionnaire, given: Mapping[str, str], *, now: datetime, by: str = "") -> int:
    """Set the English of the texts whose keys are given, and say how many changed. Raises as the edits of each."""
    changed = {one.key: given[one.key].strip() for one in wordings(questionnaire)
               if one.key in given and given[one.key].strip() != one.english}
    details = {f"{name}_en": changed[name] for name in _TEXTS if name in changed}
    if details:
        edit(session, questionnaire, now=now, by=by, **cast("Details", details))
    for section in questionnaire.sections:
        _section(session, section, changed, now=now)
        for question in section.questions:
            own = {key.removeprefix(f"question.{question.id}."): text for key, text in changed.items()
                   if key.startswith(f"question.{question.id}.")}
            if own:
                edit_question(session, question, now=now, **_fields(question, own))
    return len(changed)


def _section(session: Session, section: Section, changed: Mapping[str, str], *, now: datetime) -> None:
    if (key := f"section.{section.id}") in changed:
        edit_section(session, section, title=section.title, title_en=changed[key], now=now)


def _fields(question: Question, own: Mapping[str, str]) -> Fields:
    fields = Fields()
    if "text" in own:
        fields["text_en"] = own["text"]
    if "hint" in own:
        fields["hint_en"] = own["hint"]
    options = [option | {"label_en": own.get(f"option.{option['code']}", option.get("label_en", ""))} for option in question.options]
    if options != question.options:
        fields["options"] = options
    settings: dict[str, Any] = dict(question.settings)
    for name in question.settings:
        english = settings.get(f"{name}_en")
        if f"setting.{name}" in own:
            settings[f"{name}_en"] = own[f"setting.{name}"]
        elif isinstance(english, list):
            count, said = len(settings[name]), cast("list[str]", english)
            settings[f"{name}_en"] = [own.get(f"setting.{name}.{place}", said[place] if place < len(said) else "") for place in range(count)]
    if settings != question.settings:
        fields["settings"] = settings
    return fields
