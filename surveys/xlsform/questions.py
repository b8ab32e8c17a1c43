"""One row of the sheet `survey` as a question: which kind it is, and what its columns say about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from surveys import pipes, quotas
from surveys.asked import clean
from surveys.conditions import BadCondition, parse, to_json
from surveys.errors import Invalid
from surveys.kinds import KINDS, NONE, OTHER, BadSetting, Kind, OptionsMissing
from surveys.questions import TEXT_LIMIT, Fields
from surveys.xlsform.expressions import NotUnderstood
from surveys.xlsform.relevance import Earlier, condition_of, limits
from surveys.xlsform.sheets import OWN, Line, decoded, plain

# The type of a row to the kind it becomes and what is known of it; spelled in the ways that are in use.
ASKED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "select_one": ("single", {}), "select_multiple": ("multiple", {}), "integer": ("number", {"integer": True}),
    "decimal": ("number", {}), "range": ("number", {"slider": True}), "text": ("text", {}), "date": ("date", {}), "time": ("time", {}),
    "datetime": ("datetime", {}), "rank": ("ranking", {}), "note": ("info", {}), "acknowledge": ("single", {}),
    "image": ("photo", {}), "file": ("file", {}),
}
SPELLINGS: Mapping[str, str] = {
    "int": "integer", "string": "text", "trigger": "acknowledge", "photo": "image", "add integer prompt": "integer",
    "add decimal prompt": "decimal", "add text prompt": "text", "add note prompt": "note", "add date prompt": "date",
    "add time prompt": "time", "add date time prompt": "datetime", "add image prompt": "image", "add photo prompt": "image",
    "add file prompt": "file", "add acknowledge prompt": "acknowledge", "q string": "text", "q int": "integer",
    "q decimal": "decimal", "q note": "note", "q date": "date", "q image": "image", "q picture": "image",
}
METADATA = {"start", "end", "today", "deviceid", "imei", "username", "phonenumber", "email", "subscriberid", "simserial", "audit",
            "start-geopoint", "background-geopoint", "get start time", "get end time", "get today", "background-audio"}
ELSEWHERE = {"geopoint", "geotrace", "geoshape", "audio", "video", "barcode", "hidden", "csv-external", "xml-external", "osm",
             "location", "q location", "q geopoint"}
_SELECT = re.compile(
    r"(?P<one>add select one prompt using|select one from|select_one|select one|select1)"
    r"|(?P<many>add select multiple prompt using|select all that apply from|select all that apply|select_multiple|select multiple)"
    r"|(?P<rank>rank)", re.IGNORECASE,
)
_FROM_LIST = re.compile(r"\s+(?P<list>\S+)(?P<other>\s+(or_other|or other|or specify other))?", re.IGNORECASE)
YES, NO = {"yes", "true", "true()", "1"}, {"", "no", "false", "false()", "0"}
UNUSED = ("choice_filter", "calculation", "default", "trigger", "readonly", "repeat_count")
YES_NO = ({"code": "yes", "label": "是", "label_en": "Yes"}, {"code": "no", "label": "否", "label_en": "No"})


FIELDS = {"kind", "code", "text", "text_en", "hint", "hint_en", "show_if"}  # own columns that are no settings


class Noting(Protocol):
    """Takes down a finding about a column of the row."""

    def __call__(self, column: str, code: str, /, **facts: Any) -> None: ...


@dataclass(slots=True)
class ChoiceList:
    """The choices of one list: as options, and the code of each by its name in the sheet.

    `other` is a choice of this name, and `none` tells that there is one that excludes all others.
    """

    options: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    codes: dict[str, str] = field(default_factory=dict[str, str])
    other: dict[str, Any] | None = None
    none: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """What the column `type` says: the type, for a choice its list, and whether "other" is added to it."""

    name: str
    list_name: str = ""
    other: bool = False


def type_of(cell: str) -> Type:
    """The type in its usual spelling."""
    words = plain(cell)
    if select := _SELECT.match(words):
        name = "select_one" if select["one"] else "select_multiple" if select["many"] else "rank"
        if listed := _FROM_LIST.fullmatch(words, select.end()):
            return Type(name, listed["list"], bool(listed["other"]))
        if select.end() == len(words):
            return Type(name)
    return Type(SPELLINGS.get(words.casefold(), words.casefold()))


@dataclass(frozen=True, slots=True)
class Sheetwide:
    """What a row refers to: choice lists by name, and the questions further up by theirs."""

    lists: Mapping[str, ChoiceList]
    earlier: Mapping[str, Earlier]


def question_of(line: Line, code: str, around: Sheetwide, note: Noting) -> Fields | None:
    """The question that the row would make; None when it cannot be asked, and `note` is told why."""
    kind = _kind(line, type_of(line.get("type")), note)
    return _Row(line, kind, around, note).question(code) if kind else None


def table_of(lines: Sequence[Line], code: str, around: Sheetwide, note: Noting) -> Fields | None:
    """The matrix that a group of questions with the same choices would make: the row with which it begins, and those in it."""
    begin, *rows = lines
    first = type_of(rows[0].get("type"))
    kind = KINDS.get(begin.own.get("kind", ""), KINDS["matrix" if first.name == "select_one" else "grid"])
    levels = around.lists[first.list_name].options
    required = {row.word("required").casefold() in YES for row in rows}
    row = _Row(begin, kind, around, note)
    name = "labels" if "labels" in kind.SETTINGS else "columns"
    row.settings[name] = [level["label"] for level in levels]
    if all(level["label_en"] for level in levels):
        row.settings[f"{name}_en"] = [level["label_en"] for level in levels]
    row.fields["options"] = [
        {"code": row_code(begin, one), "label": row.piped(clean(one.told("text") or one.get("label")) or one.word("name"), "label"),
         "label_en": row.piped(clean(one.told("text_en") or one.get("label_en")), "label_en")}
        for one in rows
    ]
    begin.cells["required"] = "sometimes" if len(required) > 1 else "yes" if required == {True} else ""
    return row.question(code)


def row_code(begin: Line, row: Line) -> str:
    """The code of a row of a matrix: what its name has more than that of the group."""
    return row.own.get("code") or re.sub(r"[^A-Za-z0-9_-]", "_", row.word("name").removeprefix(f"{begin.word('name')}_"))[:40]


def _kind(line: Line, asked: Type, note: Noting) -> Kind | None:
    own = line.own.get("kind", "")
    if own in KINDS:
        return KINDS[own]
    code = ASKED[asked.name][0] if asked.name in ASKED else ""
    if asked.name == "text" and ("multiline" in line.word("appearance") or re.search(r"\brows\s*=", line.word("parameters"))):
        code = "long_text"
    if code in KINDS:
        return KINDS[code]
    if re.match(r"select.*(from.file|external)", asked.name):
        note("type", "choices_elsewhere")
    elif asked.name == "calculate":
        note("type", "calculation")
    else:
        known = "metadata" if asked.name in METADATA else "type_not_supported" if asked.name in {*ASKED, *ELSEWHERE} else "unknown_type"
        note("type", known if asked.name else "type_missing", type=line.word("type"))
    return None


class _Row:
    """One row on its way to a question."""

    def __init__(self, line: Line, kind: Kind, around: Sheetwide, note: Noting) -> None:
        self.line, self.kind, self.around, self.note = line, kind, around, note
        self.asked = type_of(line.get("type"))
        self.settings: dict[str, Any] = dict(ASKED[self.asked.name][1]) if self.asked.name in ASKED else {}
        self.fields = Fields(kind=kind.code)

    def question(self, code: str) -> Fields | None:
        self.fields["code"] = code
        self.fields["required"] = self.required()
        self.fields["show_if"] = condition(self.line, self.around.earlier, self.note)
        self.texts()
        if self.asked.name in {"select_one", "select_multiple", "rank"} and not self.choices():
            return None
        if self.asked.name == "acknowledge":
            self.fields["options"] = YES_NO
            self.note("type", "as_yes_no")
        self.parameters()
        self.constraint()
        self.settings = {name: value for name, value in self.settings.items() if name in self.kind.SETTINGS}
        self.own()
        for column in (*UNUSED, "appearance") if self.kind.attaches else UNUSED:
            if self.line.get(column):
                self.note(column, "cell_left_out", value=self.line.get(column))
        return self.fields if self.options_checked() and self.settings_checked() else None

    def required(self) -> bool:
        told = self.line.word("required").casefold()
        if told not in YES | NO:
            self.note("required", "required_sometimes")
        return told in YES

    def texts(self) -> None:
        line = self.line
        for name, cell in (("text", "label"), ("text_en", "label_en"), ("hint", "hint"), ("hint_en", "hint_en")):
            told = clean(line.told(name) or line.get(cell))
            if name == "text" and not told:
                told = clean(line.get("label_en")) or clean(line.get("hint")) or line.word("name") or self.fields.get("code", "")
                self.note(cell, "label_missing")
            if len(told) > TEXT_LIMIT:
                told = told[:TEXT_LIMIT].strip()
                self.note(cell, "shortened", limit=TEXT_LIMIT)
            self.fields[name] = self.piped(told, cell, ours=bool(line.told(name)))

    def piped(self, wording: str, column: str, *, ours: bool = False) -> str:
        """The wording with its references to earlier answers; one that leads nowhere becomes a word in brackets.

        What stands in columns of `ours` refers to questions by their codes, everything else by the names in the sheet.
        """
        known = {one.code: one for one in self.around.earlier.values() if one.quotable} if ours else self.around.earlier

        def reference(found: re.Match[str]) -> str:
            earlier = known.get(found[1].strip())
            if earlier and earlier.quotable:
                return f"${{{earlier.code}}}"
            self.note(column, "reference_left_out", reference=found[0])
            return f"〔{found[1].strip()}〕"

        return pipes.REFERENCE.sub(reference, wording)

    def choices(self) -> bool:
        """Take the options from the list; whether there are any."""
        choices = self.around.lists.get(self.asked.list_name, ChoiceList())
        options = [option | {name: self.piped(option[name], "type") for name in ("label", "label_en")} for option in choices.options]
        if choices.other is not None and not self.asked.other:
            options.append(dict(choices.other))
        if not options:
            self.note("type", "list_missing", list=self.asked.list_name)
            return False
        self.settings |= {name: True for name, there in ((OTHER, self.asked.other), (NONE, choices.none)) if there}
        if self.kind.has_options:
            self.fields["options"] = options
        elif "labels" in self.kind.SETTINGS:
            self.settings["labels"] = [option["label"] for option in options]
            if all(option["label_en"] for option in options):
                self.settings["labels_en"] = [option["label_en"] for option in options]
        return True

    def parameters(self) -> None:
        """The ends of a range, and whether the choices come in random order; what else is told is named."""
        told = dict(re.findall(r"([^\s=,;]+)\s*=\s*([^\s=,;]+)", self.line.word("parameters").casefold()))
        if self.asked.name == "range":
            try:
                ends = {setting: float(told.pop(name, usual)) for name, setting, usual in (("start", "min", "1"), ("end", "max", "10"))}
            except ValueError:
                ends = {"min": 1.0, "max": 10.0}
                self.note("parameters", "cell_left_out", value=self.line.get("parameters"))
            step = told.pop("step", "1")
            self.settings |= {name: int(end) if end.is_integer() else end for name, end in ends.items()}
            self.settings["integer"] = step == "1" and all(end.is_integer() for end in ends.values())
            if step != "1":
                told["step"] = step
        if told.pop("randomize", "") == "true" and "random" in self.kind.SETTINGS:
            self.settings["random"] = True
        for name in ("rows", "seed"):
            told.pop(name, None)
        if told:
            self.note("parameters", "cell_left_out", value=" ".join(f"{name}={value}" for name, value in told.items()))

    def constraint(self) -> None:
        expression = self.line.word("constraint")
        if not expression:
            return
        found, complete = limits(expression, whole=bool(self.settings.get("integer")))
        if "date" not in self.kind.code and any(isinstance(found.get(name), str) for name in ("min", "max")):
            found, complete = {}, False
        if not complete or not found.keys() <= self.kind.SETTINGS.keys():
            self.note("constraint", "constraint_left_out", expression=expression)
        self.settings |= found

    def own(self) -> None:
        for name, cell in self.line.own.items():
            if name in self.kind.SETTINGS:
                self.settings[name] = decoded(cell)
            elif name not in FIELDS:
                self.note(OWN + name, "setting_left_out", setting=name)

    def options_checked(self) -> bool:
        try:
            options = list(self.fields.get("options", ()))
            self.fields["options"] = quotas.with_limits(self.kind, options, self.kind.options(options))
        except OptionsMissing:
            self.note("type", "too_few_choices", list=self.asked.list_name)
            return False
        except Invalid as refusal:
            self.note("type", "cannot_be_asked", refusal=refusal.code)
            return False
        return True

    def settings_checked(self) -> bool:
        """Leave out what is not right, until the rest is."""
        while True:
            try:
                self.fields["settings"] = self.kind.settings(self.settings)
            except BadSetting as refusal:
                name = str(refusal.facts["setting"])
                wrong = name if name in self.settings else "min" if name == "max" and "min" in self.settings else ""
                if not wrong:
                    self.note("type", "cannot_be_asked", refusal=refusal.code)
                    return False
                self.settings.pop(wrong)
                self.note(OWN + wrong if wrong in self.line.own else "constraint", "setting_left_out", setting=wrong)
            else:
                return True


def condition(line: Line, earlier: Mapping[str, Earlier], note: Noting) -> dict[str, Any] | None:
    """When the row is asked, in the form in which conditions are stored; None for always."""
    if own := line.own.get("show_if"):
        try:
            return to_json(parse(decoded(own)))
        except BadCondition:
            note(f"{OWN}show_if", "setting_left_out", setting="show_if")
    expression = line.word("relevant")
    if not expression or expression.casefold() in YES:
        return None
    try:
        return to_json(parse(condition_of(expression, earlier).json()))
    except (NotUnderstood, BadCondition):
        note("relevant", "condition_left_out", expression=expression)
        return None
