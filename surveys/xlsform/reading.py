"""Reading a form: sheet by sheet, row by row, nothing passed over in silence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from surveys.asked import clean
from surveys.kinds import OTHER
from surveys.questionnaires import Details, Questionnaire, Section
from surveys.xlsform.expressions import Call, Compare, Literal, NotUnderstood, Ref, parse, turned
from surveys.xlsform.findings import Finding, FormTooLarge, Found, FoundSection, NotAnXlsform
from surveys.xlsform.questions import ChoiceList, Noting, Sheetwide, condition, question_of, type_of
from surveys.xlsform.relevance import Earlier
from surveys.xlsform.sheets import (
    OWN,
    OWN_CHOICE,
    PLAIN,
    SILENT,
    TEXTS,
    Languages,
    Line,
    Sheet,
    Sheets,
    decoded,
    find_languages,
    find_sheet,
    plain,
)

ROWS = 2_000  # of the sheet `survey`
CHOICES = 200  # of one list
CHOICE_ROWS = 20_000
OTHER_NAMES = {"other", "others", "其他", "其它"}
_BEGIN = re.compile(r"begin[ _](?P<what>group|repeat|lgroup|looped group|loop)\b.*", re.IGNORECASE)
_END = re.compile(r"end[ _](group|repeat|lgroup|looped group|loop)", re.IGNORECASE)
_CHOICE_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def read_xlsform(sheets: Sheets, *, title: str) -> Found:
    """What the form would make. `title` is for a form that tells none, such as the file's name.

    `sheets` are the rows of each sheet as they stand: (row number, texts of its cells); rows without a text may be left out.
    Raises NotAnXlsform or FormTooLarge; everything less is a finding.
    """
    return _Reader(sheets).read(title)


@dataclass(slots=True)
class _Group:
    """A group that has begun. One that only arranges questions, without a title or a condition, makes no section."""

    row: int
    title: str
    title_en: str
    show_if: dict[str, Any] | None
    repeated: bool

    @property
    def arranges(self) -> bool:
        return not (self.title or self.title_en or self.show_if)


class _Reader:
    def __init__(self, sheets: Sheets) -> None:
        survey = find_sheet(sheets, "survey")
        if survey is None or all(header.key != "type" for header in survey.headers):
            raise NotAnXlsform(field="file")
        self.survey, self.choices, self.settings = survey, find_sheet(sheets, "choices"), find_sheet(sheets, "settings")
        for sheet, most in ((survey, ROWS), (self.choices, CHOICE_ROWS)):
            if sheet and len(sheet.rows) > most:
                raise FormTooLarge(field="file", sheet=sheet.name, limit=most)
        self.findings: list[Finding] = []
        self.sections: list[FoundSection] = []
        self.groups: list[_Group] = []
        self.earlier: dict[str, Earlier] = {}
        self.codes: set[str] = set()
        self.open = False  # whether the last section takes the next question

    def read(self, title: str) -> Found:
        told = self._settings_line(Languages("", None, ""))
        self.languages = find_languages((self.survey, self.choices), plain(told.get("default_language")) if told else "")
        details = self._details(told, title)
        self.lists = self._choice_lists()
        self._columns(self.survey, PLAIN, OWN)
        lines = list(self.survey.lines(self.languages))
        skipped: Line | None = None
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            if line is not skipped:
                skipped = after if after and self._names_other(line, after) else None
                self._row(line)
        for group in self.groups:
            self._note(self.survey, group.row, "type", "not_closed")
        sheets = [sheet.name for sheet in (self.survey, self.choices, self.settings) if sheet]
        self.findings.sort(key=lambda finding: (sheets.index(finding.sheet), finding.row))
        return Found(details, [section for section in self.sections if section.questions], self.findings)

    def _note(self, sheet: Sheet, row: int, column: str, code: str, **facts: Any) -> None:
        self.findings.append(Finding(sheet.name, row, sheet.written(column) if column else "", code, facts))

    def _columns(self, sheet: Sheet, known: set[str], own: str) -> None:
        """Name the columns of which nothing is taken."""
        for header in sheet.headers:
            if header.key in known or header.key.startswith(own) or not sheet.used(header):
                continue
            if header.key not in TEXTS:
                self.findings.append(Finding(sheet.name, sheet.header_row, header.written, "column_left_out"))
            elif not self.languages.slots(header.language):
                facts = {"language": header.language or header.written}
                self.findings.append(Finding(sheet.name, sheet.header_row, header.written, "language_left_out", facts))

    # The sheet `settings`

    def _settings_line(self, languages: Languages) -> Line | None:
        return next(iter(self.settings.lines(languages)), None) if self.settings else None

    def _details(self, told: Line | None, title: str) -> Details:
        wanted: dict[str, Any] = {"title": clean(told.get("form_title")) if told else ""}
        if not wanted["title"]:
            wanted["title"] = title
            self._note(self.settings or self.survey, (self.settings or self.survey).header_row, "form_title", "no_title", title=title)
        if told and self.settings:
            self._columns(self.settings, PLAIN | SILENT, OWN)
            for name, cell in told.own.items():
                value = decoded(cell) if name in {"anonymous", "paged"} else clean(cell)
                if name in {"title_en", "intro", "intro_en", "thanks", "thanks_en"} or (name in {"anonymous", "paged"} and isinstance(value, bool)):
                    wanted[name] = value
                else:
                    self._note(self.settings, told.number, OWN + name, "setting_left_out", setting=name)
        for name, column in (("title", Questionnaire.title), ("title_en", Questionnaire.title_en)):
            if name in wanted:
                wanted[name] = self._cut(wanted[name], column.type.length, at=(self.settings or self.survey, told.number if told else 1, "form_title"))
        return Details(**wanted)

    def _cut(self, text: str, limit: int, *, at: tuple[Sheet, int, str]) -> str:
        if len(text) <= limit:
            return text
        self._note(*at, "shortened", limit=limit)
        return text[:limit].strip()

    # The sheet `choices`

    def _choice_lists(self) -> Mapping[str, ChoiceList]:
        lists: dict[str, ChoiceList] = {}
        if self.choices is None:
            return lists
        self._columns(self.choices, {"list_name", "name"}, OWN_CHOICE)
        for line in self.choices.lines(self.languages, OWN_CHOICE):
            self._choice(line, self.choices, lists)
        return lists

    def _choice(self, line: Line, sheet: Sheet, lists: dict[str, ChoiceList]) -> None:
        list_name, name = line.word("list_name"), line.word("name")
        if not list_name or not name:
            self._note(sheet, line.number, "name" if list_name else "list_name", "choice_without_name")
            return
        found = lists.setdefault(list_name, ChoiceList())
        if name in found.codes:
            self._note(sheet, line.number, "name", "choice_repeated", name=name)
            return
        if len(found.codes) >= CHOICES:
            self._note(sheet, line.number, "", "too_many_choices", limit=CHOICES)
            return
        label = clean(line.own.get("label") or line.get("label") or line.get("label_en"))
        if not label:
            label = name
            self._note(sheet, line.number, "label", "label_missing")
        option: dict[str, Any] = {"label": label, "label_en": clean(line.own.get("label_en") or line.get("label_en"))}
        option |= {key: decoded(cell) for key, cell in line.own.items() if key not in {"label", "label_en"}}
        if name.casefold() in OTHER_NAMES and found.other is None:
            found.other = {"code": _free("other_1", set(found.codes.values())), **option}
            found.codes[name] = found.other["code"]
            return
        code = name if _CHOICE_CODE.fullmatch(name) and name != OTHER else re.sub(r"[^A-Za-z0-9_-]", "_", name)[:40]
        found.codes[name] = code = _free(code, {*found.codes.values(), OTHER})
        if code != name:
            self._note(sheet, line.number, "name", "renamed", name=name, became=code)
        found.options.append({"code": code, **option})

    # The sheet `survey`

    def _names_other(self, line: Line, after: Line) -> bool:
        """Whether the next row asks what "other" is: then both together are a choice with our own "other"."""
        asked = type_of(line.get("type"))
        choices = self.lists.get(asked.list_name)
        if not choices or not choices.other or asked.other or type_of(after.get("type")).name != "text":
            return False
        name = next((name for name, code in choices.codes.items() if code == choices.other["code"]), "")
        if _picked(after.word("relevant")) != (line.word("name"), name):
            return False
        line.cells["type"] = f"{line.word('type')} or_other"
        told = re.sub(r"[（(].*[)）]", "", choices.other["label"]).strip().casefold()
        if told not in OTHER_NAMES:
            self._note(self.survey, line.number, "type", "other_label", label=choices.other["label"])
        return True

    def _row(self, line: Line) -> None:
        word = line.word("type")
        if begin := _BEGIN.fullmatch(word):
            self._begin(line, repeated=begin["what"].casefold() != "group")
        elif _END.fullmatch(word):
            self._end(line)
        elif any(group.repeated for group in self.groups):
            self._note(self.survey, line.number, "type", "inside_repeat")
        else:
            self._question(line)

    def _begin(self, line: Line, *, repeated: bool) -> None:
        if repeated:
            self._note(self.survey, line.number, "type", "repeat")
        title, title_en = (
            self._cut(clean(line.own.get(own) or line.get(cell)), column.type.length, at=(self.survey, line.number, cell))
            for own, cell, column in (("title", "label", Section.title), ("title_en", "label_en", Section.title_en))
        )
        group = _Group(line.number, title, title_en, condition(line, self.earlier, self._noting(line)), repeated)
        if self.groups and not group.arranges and not any(outer.repeated for outer in self.groups):
            self._note(self.survey, line.number, "type", "nested_group")
        self.open = self.open and bool(self.groups) and group.arranges
        self.groups.append(group)

    def _end(self, line: Line) -> None:
        if not self.groups:
            self._note(self.survey, line.number, "type", "never_begun")
            return
        group = self.groups.pop()
        self.open = self.open and bool(self.groups) and group.arranges

    def _question(self, line: Line) -> None:
        note, before = self._noting(line), len(self.findings)
        name = line.word("name")
        code = self._code(line.own.get("code") or name)
        fields = question_of(line, code, Sheetwide(self.lists, self.earlier), note)
        if fields is None:  # one reason is enough
            self.findings[before:] = [finding for finding in self.findings[before:] if finding.refused]
            return
        if code != (line.own.get("code") or name) and name:
            note("name", "renamed", name=name, became=code)
        self.codes.add(code)
        if not self.open:
            self._open_section()
        self.sections[-1].questions.append(fields)
        self.earlier[name] = Earlier(code, fields.get("kind", ""), self._choice_codes(line, fields.get("options", ())))

    def _choice_codes(self, line: Line, options: object) -> Mapping[str, str]:
        """The codes of a question's choices by their names in the sheet."""
        kept = {str(option["code"]) for option in cast("Sequence[Mapping[str, Any]]", options)}
        if not kept:
            return {}
        asked = type_of(line.get("type"))
        choices = self.lists.get(asked.list_name, ChoiceList())
        codes = {name: code for name, code in choices.codes.items() if code in kept} or {code: code for code in kept}
        if asked.other:
            codes |= {name: OTHER for name, code in choices.codes.items() if choices.other and code == choices.other["code"]}
            codes.setdefault(OTHER, OTHER)
        return codes

    def _open_section(self) -> None:
        titled = next((group for group in reversed(self.groups) if group.title or group.title_en), None)
        self.sections.append(FoundSection(titled.title, titled.title_en) if titled else FoundSection())
        self.open = True

    def _noting(self, line: Line) -> Noting:
        def note(column: str, code: str, /, **facts: Any) -> None:
            self._note(self.survey, line.number, column, code, **facts)

        return note

    def _code(self, name: str) -> str:
        """A code made of the name, used by no other question."""
        code = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) else name
        code = code if re.match(r"[a-z]", code) else f"q_{code}" if code else "q1"
        return _free(code[:40], self.codes)


def _picked(expression: str) -> tuple[str, str] | None:
    """The question and the choice of an expression that says that this choice was picked, and nothing else."""
    try:
        tree = parse(expression)
    except NotUnderstood:
        return None
    match turned(tree) if isinstance(tree, Compare) else tree:
        case Call("selected", (Ref(name), Literal(str(choice)))) | Compare("=", Ref(name), Literal(str(choice))):
            return name, choice
        case _:
            return None


def _free(code: str, taken: set[str]) -> str:
    """The code itself, or with the first number that makes it different from all that are taken."""
    if code and code not in taken:
        return code
    stem = re.sub(r"\d+$", "", code)[:34] or "c"
    return next(f"{stem}{n}" for n in range(1, len(taken) + 2) if f"{stem}{n}" not in taken)
