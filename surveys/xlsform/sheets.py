"""The sheets of a form as lines of named cells: headers in every spelling, each text in the two languages that are kept."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Sheets = Mapping[str, Sequence[tuple[int, Sequence[str]]]]  # by the sheet's name: (row number from 1, texts of its cells)

OWN = "engage::"  # what XLSForm has no word for; in `choices`, where "::" would make a language, it is `engage_`
OWN_CHOICE = "engage_"
TEXTS = ("label", "hint")
PLAIN = {"type", "name", "list_name", "required", "relevant", "constraint", "appearance", "parameters", "choice_filter",
         "calculation", "default", "trigger", "readonly", "repeat_count", "form_title", "default_language"}
SILENT = {"form_id", "version", "style", "instance_name", "submission_url", "public_key", "auto_send", "auto_delete",
          "allow_choice_duplicates", "clean_text_values"}  # about the collecting app, not about what is asked
ALIASES = {
    "caption": "label", "command": "type", "tag": "name", "value": "name", "relevance": "relevant", "bind_relevant": "relevant",
    "bind_required": "required", "bind_constraint": "constraint", "calculate": "calculation", "bind_calculate": "calculation",
    "read_only": "readonly", "count": "repeat_count", "jr:count": "repeat_count", "control_appearance": "appearance",
    "set_form_title": "form_title", "title": "form_title", "set_form_id": "form_id", "id_string": "form_id",
}
_CHINESE = {"中文", "汉语", "简体中文", "普通话", "chinese", "mandarin", "zhongwen", "chinese simplified"}
_UNSEEN = dict.fromkeys((0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF))


def plain(text: str) -> str:
    """A name, a type or an expression without what nobody sees: doubled, odd and zero-width spaces."""
    return " ".join(text.translate(_UNSEEN).split())


def encoded(value: object) -> str:
    """A setting as a cell: a text as it is, anything else, and a text that reads like something else, as JSON.

    ODK looks for references in every column, those it does not know included, so none is written that looks like one.
    """
    if isinstance(value, str) and value and "${" not in value:
        try:
            json.loads(value)
        except ValueError:
            if value[0] not in '"[{':
                return value
    return json.dumps(value, ensure_ascii=False).replace("${", r"\u0024{")


def decoded(cell: str) -> Any:
    """The setting that a cell holds."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


@dataclass(slots=True)
class Line:
    """One row. `label` and `hint` are in the form's main language, `label_en` and `hint_en` in English; `own` is what only we write."""

    number: int
    cells: dict[str, str] = field(default_factory=dict[str, str])
    own: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, column: str) -> str:
        """The cell as it stands."""
        return self.cells.get(column, "")

    def told(self, name: str) -> str:
        """The text in a column of our own."""
        value = decoded(cell) if (cell := self.own.get(name)) else ""
        return value if isinstance(value, str) else self.own[name]

    def word(self, column: str) -> str:
        """The cell as a name, a type or an expression."""
        return plain(self.get(column))


@dataclass(frozen=True, slots=True)
class Header:
    """One column: its `key`, the language of a text ("" where none is told), and the words that stand there."""

    key: str
    language: str
    written: str
    place: int


@dataclass(slots=True)
class Sheet:
    """One sheet: its name as written, its headers and the rows below them."""

    name: str
    header_row: int
    headers: list[Header]
    rows: list[tuple[int, Sequence[str]]]

    def written(self, key: str) -> str:
        """The header as it stands, for a finding."""
        return next((header.written for header in self.headers if header.key == key), key.removesuffix("_en"))

    def used(self, header: Header) -> bool:
        return any(_cell(cells, header.place) for _, cells in self.rows)

    def lines(self, languages: "Languages", own: str = OWN) -> Iterable[Line]:
        """The rows that say anything."""
        for number, cells in self.rows:
            line = Line(number)
            for header in self.headers:
                if not (value := _cell(cells, header.place)):
                    continue
                if header.key.startswith(own):
                    line.own.setdefault(header.key.removeprefix(own), value)
                elif header.key in TEXTS:
                    for slot in languages.slots(header.language):
                        line.cells.setdefault(header.key + slot, value)
                else:
                    line.cells.setdefault(header.key, value)
            if line.cells or line.own:
                yield line


def find_sheet(sheets: Sheets, name: str) -> Sheet | None:
    """The sheet of this name in any case, its first filled row taken for the headers."""
    written = next((key for key, rows in sheets.items() if plain(key).casefold() == name and rows), None)
    if written is None:
        return None
    rows = sheets[written]
    double = any("::" in cell for cell in rows[0][1])
    headers = [_header(cell, place, double=double) for place, cell in enumerate(rows[0][1]) if plain(cell)]
    return Sheet(written, rows[0][0], headers, list(rows[1:]))


def _header(cell: str, place: int, *, double: bool) -> Header:
    words = plain(cell)
    if words.casefold().startswith((OWN, OWN_CHOICE)):
        return Header(words.casefold().replace(" ", ""), "", words, place)
    first, _, language = words.partition("::" if double else ":") if not words.casefold().startswith("jr:") else (words, "", "")
    key = first.strip().casefold().replace(" ", "_")
    if key in {"bind", "control", "media", "body"}:
        key, language = f"{key}_{language.strip().casefold()}", ""
    return Header(ALIASES.get(key, key), language.strip(), words, place)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


@dataclass(slots=True)
class Languages:
    """Which of the form's languages are kept: the main one as the wording, English beside it."""

    main: str
    english: str | None
    default: str

    def slots(self, language: str) -> list[str]:
        """Where a text in this language goes: "" (the wording), "_en", or nowhere."""
        language = language or self.default
        return [slot for slot, kept in (("", self.main), ("_en", self.english)) if language == kept]


def find_languages(sheets: Iterable[Sheet | None], default: str) -> Languages:
    """Chinese is the main language, else the form's default language, else the first one."""
    told = [header.language or default for sheet in sheets if sheet for header in sheet.headers if header.key in TEXTS]
    told = list(dict.fromkeys(told)) or [default]
    main = next((one for one in told if language_code(one) == "zh"), None)
    main = main if main is not None else default if default in told else "" if "" in told else told[0]
    english = next((one for one in told if language_code(one) == "en" and one != main), None)
    return Languages(main, english, default)


def language_code(language: str) -> str:
    """`zh` or `en` for what is called so, with its code in brackets or without; anything else as it is called."""
    told = re.search(r"\(\s*([A-Za-z]{2,3})(?:[-_]\w+)*\s*\)\s*$", language)
    if told:
        return told[1].lower()
    name = language.casefold().strip()
    if name in _CHINESE or re.fullmatch(r"zh([-_]\w+)?", name):
        return "zh"
    return "en" if name == "english" or re.fullmatch(r"en([-_]\w+)?", name) else name
