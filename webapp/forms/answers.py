"""What an event's registration form asks beyond name and contact, as it is being filled in: names, what was typed, what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import FileStorage, MultiDict

from engage.answers import AnswersRefused, Line, Person, Sent, staying
from engage.field_kinds import KINDS, File
from engage.fields import EventField
from engage.files import ENDINGS, Upload
from engage.people import Category
from surveys.asked import in_language
from surveys.kinds import Missing
from webapp import wiring
from webapp.errors import Refusal, words
from webapp.forms.events import category_name
from webapp.forms.registration import companion, rows_of

CONSENT, DISCARD = ".consent", ".discard"
PICK = lazy_gettext("请选择。")
MISSING = {File.code: lazy_gettext("请选择文件。"), "single": PICK, "multiple": PICK, "yes_no": PICK, "": lazy_gettext("请填写此项。")}


def prefixes(form: MultiDict[str, str]) -> list[str]:
    """What the inputs' names of each person of a party begin with, the leader first."""
    return ["", *map(companion, rows_of(form))]


def sent(asked: Sequence[EventField], form: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> list[Person]:
    """What came for each person of a party, by the code of the field."""
    return [{one.code: _sent(f"{prefix}{one.code}", form, files) for one in asked if one.per_person or not prefix}
            for prefix in prefixes(form)]


def _sent(name: str, form: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> Sent:
    handed_in = files.get(name)
    upload = Upload(handed_in.filename, handed_in.read()) if handed_in is not None and handed_in.filename else None
    return Sent(form.getlist(name), upload, consent=f"{name}{CONSENT}" in form, discard=f"{name}{DISCARD}" in form)


@dataclass
class AnswerSheet:
    """The page's view of it. `typed` maps inputs' names to their values, `problems` to what is wrong; `kept` are the answers
    that stand already, by the beginning of a person's names and the field's id. `again`: files were sent, and are gone.
    """

    asked: Sequence[EventField]
    categories: Sequence[Category]
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kept: Mapping[tuple[str, int], Line] = field(default_factory=dict)
    problems: Mapping[str, Refusal] = field(default_factory=dict)
    again: bool = False
    accepted = ",".join(ENDINGS)

    @property
    def multipart(self) -> bool:
        """Whether the page's form must be able to carry files."""
        return any(one.kind == File.code for one in self.asked)

    def of(self, prefix: str) -> list[EventField]:
        """What is asked of the leader (""), or of a companion, when it can concern anybody who may use this form."""
        offered = {category.id for category in self.categories}
        return [one for one in self.asked if (one.per_person or not prefix)
                and (not one.category_ids or not offered.isdisjoint(one.category_ids))]

    def value(self, name: str) -> str:
        return next(iter(self.typed.get(name, ())), "")

    def picked(self, name: str, option: str) -> bool:
        return option in self.typed.get(name, ())

    def errors(self, name: str) -> list[str]:
        """What is wrong with an input, in words."""
        return [_words(self.problems[name], self._by_name(name))] if name in self.problems else []

    def staying(self, prefix: str, one: EventField) -> Line | None:
        """The answer that stands and is not shown for changing."""
        line = self.kept.get((prefix, one.id))
        return line if line and staying([line]) else None

    def only_for(self, one: EventField) -> list[Category]:
        """The categories among those offered that are asked, where not all of them are."""
        asked = [category for category in self.categories if not one.category_ids or category.id in one.category_ids]
        return asked if len(asked) < len(self.categories) else []

    def leads(self, one: EventField) -> EventField | None:
        """The field on whose answer this one depends."""
        return next((each for each in self.asked if each.id == one.depends_on_id), None)

    def when(self, one: EventField) -> list[str]:
        """When a field is to be filled in, for readers without the script."""
        language, leads = wiring.language(), self.leads(one)
        told = []
        if only := self.only_for(one):
            told.append(gettext("仅当您的身份为%(names)s时填写。", names=gettext("、").join(category_name(each) for each in only)))
        if leads is not None:
            told.append(gettext("仅当“%(label)s”为“%(answers)s”时填写。", label=leads.words("label", language),
                                answers=leads.show("\n".join(one.depends_values), language)))
        return told

    def choices(self, one: EventField) -> list[tuple[str, str]]:
        """What can be picked, with its words."""
        offered = KINDS[one.kind].conditions(one.shape)
        return [(value, in_language(wiring.language(), *said)) for value, said in offered.items()]

    def unit(self, one: EventField) -> str:
        """The unit of a number in the reader's language, or ""."""
        return in_language(wiring.language(), one.settings["unit"], one.settings["unit_en"])

    def hint(self, one: EventField) -> str:
        """The organiser's words, or what the kind and its limits ask."""
        return one.words("hint", wiring.language()) or _usual_hint(one)

    def faults(self) -> list[tuple[str, str]]:
        """Where to go and what is wrong, for the summary on top."""
        return [(self.anchor(name), f"{self._title(name).rstrip('。？：.?:')}{gettext('：')}{_words(error, self._by_name(name))}")
                for name, error in self.problems.items()]

    def anchor(self, name: str) -> str:
        return f"a-{name}"

    def _by_name(self, name: str) -> EventField:
        return next(one for one in self.asked if name == one.code or name.endswith(f"-{one.code}"))

    def _title(self, name: str) -> str:
        label, row = self._by_name(name).words("label", wiring.language()), name.split("-")
        return label if len(row) == 1 else gettext("随行人员 %(number)s，%(label)s", number=int(row[1]) + 1, label=label)


def typed(kept: Mapping[tuple[str, int], Line]) -> dict[str, Sequence[str]]:
    """The inputs' values from answers that stand; what is not shown again is left out."""
    return {
        f"{prefix}{line.field.code}": line.answer.value.split("\n") if line.field.shape.options else [line.answer.value]
        for (prefix, _), line in kept.items() if not staying([line])
    }


def problems(refusal: AnswersRefused, form: MultiDict[str, str]) -> dict[str, Refusal]:
    """What is wrong, by the names of the inputs."""
    who = prefixes(form)
    return {f"{who[place]}{code}": error for (place, code), error in refusal.problems.items()}


def _words(error: Refusal, one: EventField) -> str:
    if isinstance(error, Missing):
        return str(MISSING.get(one.kind, MISSING[""]))
    return words(error)


def _usual_hint(one: EventField) -> str:
    settings: Mapping[str, Any] = one.settings
    least, most = settings.get("min"), settings.get("max")
    if one.kind == "multiple":
        if least and most:
            return gettext("可多选，请选 %(least)s 至 %(most)s 项", least=least, most=most)
        return gettext("可多选，最多 %(most)s 项", most=most) if most else gettext("可多选")
    if one.kind == "number" and least is not None and most is not None:
        return gettext("请填写 %(least)s 至 %(most)s 之间的数字", least=least, most=most)
    if one.kind == File.code:
        return gettext("可上传 PDF、JPG、PNG、Word 或 Excel 文件，不超过 %(most)s MB。", most=settings["megabytes"])
    return ""
