"""Reading a form: sheet by sheet, row by row, nothing passed over in silence."""

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, cast

from surveys import flow
from surveys.asked import clean
from surveys.errors import Invalid
from surveys.kinds import KINDS, OTHER
from surveys.kinds.checks import WORD_LIMIT
from surveys.kinds.grids import LEVELS
from surveys.questionnaires import Access, Details, Questionnaire, Section
from surveys.questions import Fields
from surveys.xlsform.expressions import Call, Compare, Literal, NotUnderstood, Ref, parse, turned
from surveys.xlsform.findings import Finding, FormTooLarge, Found, FoundSection, NotAnXlsform
from surveys.xlsform.lists import OTHER_NAMES, choice_lists, free
from surveys.xlsform.making import judge
from surveys.xlsform.questions import (
    ChoiceList,
    Noting,
    Sheetwide,
    Type,
    condition,
    question_of,
    row_code,
    table_of,
    type_of,
)
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
    find_languages,
    find_sheet,
    plain,
)

ROWS = 1_000  # of the sheet `survey`
CHOICE_ROWS = 20_000
SENSELESS = 10  # conditions that are looked for one by one
_BEGIN = re.compile(r"begin[ _](?P<what>group|repeat|lgroup|looped group|loop)\b.*", re.IGNORECASE)
_END = re.compile(r"end[ _](group|repeat|lgroup|looped group|loop)", re.IGNORECASE)


def read_xlsform(sheets: Sheets, *, title: str) -> Found:
    """What the form would make. `title` is for a form that tells none, such as the file's name.

    `sheets` are the rows of each sheet as they stand: (row number, texts of its cells); rows without a text may be left out.
    Raises NotAnXlsform or FormTooLarge; everything less is a finding.
    """
    return _Reader(sheets).read(title)


@dataclass(slots=True)
class _Group:
    """A group that has begun. One that only arranges questions, without a title or a condition, makes no section."""

    line: Line
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
        self.lines: dict[str, Line] = {}  # of each question by its code, of each section by its number
        self.open = False  # whether the last section takes the next question

    def read(self, title: str) -> Found:
        told = self._settings_line(Languages("", None, ""))
        self.languages = find_languages((self.survey, self.choices), plain(told.get("default_language")) if told else "")
        details = self._details(told, title)
        self.lists: Mapping[str, ChoiceList] = {}
        if self.choices:
            self._columns(self.choices, {"list_name", "name"}, OWN_CHOICE)
            self.lists = choice_lists(self.choices, self.languages, self._note)
        self._columns(self.survey, PLAIN, OWN)
        lines = deque(self.survey.lines(self.languages))
        while lines:
            line = lines.popleft()
            if rows := self._table(line, lines):
                self._question(line, rows)
                for _ in range(len(rows) + 1):
                    lines.popleft()
            else:
                if lines and self._names_other(line, lines[0]):
                    lines.popleft()
                self._row(line)
        for group in self.groups:
            self._note(self.survey, group.line.number, "type", "not_closed")
        self._judge()
        sheets = [sheet.name for sheet in (self.survey, self.choices, self.settings) if sheet]
        self.findings.sort(key=lambda finding: (sheets.index(finding.sheet), finding.row))
        return Found(details, self.sections, self.findings)

    def _judge(self) -> None:
        """Leave out the conditions that make no sense together with the others; when they are many, all of them."""
        for _ in range(SENSELESS):
            try:
                judge(self.sections)
            except Invalid as refusal:
                if not isinstance(place := refusal.facts.get("place"), flow.Place):
                    raise
                section = self.sections[place.section - 1]
                self._without(section, next((one for one in section.questions if one.get("code") == place.code), None),
                              "condition_never" if isinstance(refusal, flow.ConditionNever) else "condition_left_out")
            else:
                return
        for section in self.sections:
            for fields in (None, *section.questions):
                self._without(section, fields, "condition_left_out")

    def _without(self, section: FoundSection, fields: Fields | None, told: str) -> None:
        """Take the condition from a question and its options, or from the section."""
        line = self.lines[fields.get("code", "") if fields else str(self.sections.index(section) + 1)]
        options = [option for option in cast("Sequence[Mapping[str, Any]]", fields.get("options", ())) if "show_if" in option] if fields else []
        if options or (fields or {"show_if": section.show_if}).get("show_if"):
            self._noting(line)("relevant", told, expression=line.word("relevant"))
        if fields is None:
            section.show_if = None
            return
        fields["show_if"] = None
        if options:
            fields["options"] = [{name: value for name, value in option.items() if name != "show_if"}
                                 for option in cast("Sequence[Mapping[str, Any]]", fields.get("options", ()))]

    def _note(self, sheet: Sheet, row: int, column: str, code: str, /, **facts: Any) -> None:
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
        wanted: dict[str, Any] = {"title": clean(told.told("title") or told.get("form_title")) if told else ""}
        if not wanted["title"]:
            wanted["title"] = title
            self._note(self.settings or self.survey, (self.settings or self.survey).header_row, "form_title", "no_title", title=title)
        if told and self.settings:
            self._columns(self.settings, PLAIN | SILENT, OWN)
            for name, cell in told.own.items():
                if name in {"title", "title_en", "intro", "intro_en", "thanks", "thanks_en"}:
                    wanted[name] = clean(told.told(name))
                elif name in {"anonymous", "paged"} and cell.casefold() in {"true", "false"}:
                    wanted[name] = cell.casefold() == "true"
                elif name == "access" and cell in set(Access):
                    wanted[name] = Access(cell)
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
            self._cut(clean(line.told(own) or line.get(cell)), column.type.length, at=(self.survey, line.number, cell))
            for own, cell, column in (("title", "label", Section.title), ("title_en", "label_en", Section.title_en))
        )
        group = _Group(line, title, title_en, condition(line, self.earlier, self._noting(line)), repeated)
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

    def _table(self, line: Line, following: Iterable[Line]) -> list[Line]:
        """The rows of the matrix that begins here; none when it is an ordinary group."""
        begin = _BEGIN.fullmatch(line.word("type"))
        if not begin or begin["what"].casefold() != "group":
            return []
        rows = list(takewhile(lambda after: not _BEGIN.fullmatch(after.word("type")) and not _END.fullmatch(after.word("type")), following))
        looks = " ".join(one.word("appearance") for one in (line, *rows))
        if line.own.get("kind") not in {"matrix", "grid"} and "table-list" not in looks and "list-nolabel" not in looks:
            return []
        rows = [row for row in rows if row.word("appearance") != "label"]  # the line of headings
        types = {type_of(row.get("type")) for row in rows}
        first = next(iter(types), Type(""))
        choices = self.lists.get(first.list_name)
        if len(types) != 1 or first.name not in {"select_one", "select_multiple"} or first.other or not choices or choices.other:
            return []
        levels = [option["label"] for option in choices.options]
        fits = LEVELS[0] <= len(levels) <= LEVELS[1] and max(map(len, levels)) <= WORD_LIMIT
        return rows if fits and not any(group.repeated for group in self.groups) else []

    def _question(self, line: Line, rows: Sequence[Line] = ()) -> None:
        note, before = self._noting(line), len(self.findings)
        name = line.word("name")
        code = self._code(line.own.get("code") or name)
        around = Sheetwide(self.lists, self.earlier)
        fields = table_of([line, *rows], code, around, note) if rows else question_of(line, code, around, note)
        if fields is None:  # one reason is enough
            self.findings[before:] = [finding for finding in self.findings[before:] if finding.refused]
            return
        if code != (line.own.get("code") or name) and name:
            note("name", "renamed", name=name, became=code)
        self.codes.add(code)
        if not self.open:
            self._open_section(line)
        self.sections[-1].questions.append(fields)
        self.lines[code] = line
        self._remember(line, rows, fields)

    def _remember(self, line: Line, rows: Sequence[Line], fields: Fields) -> None:
        """What later conditions and texts may refer to."""
        kind, code = KINDS[fields.get("kind", "")], fields.get("code", "")
        stored, asked = cast("list[dict[str, str]]", fields.get("options", [])), type_of((rows[0] if rows else line).get("type"))
        offered = [option.code for option in kind.offered(stored, fields.get("settings", {}))]
        listed = self.lists.get(asked.list_name, ChoiceList()) if asked.list_name else ChoiceList()
        choices = {name: code for name, code in listed.codes.items() if code in offered} or {code: code for code in offered}
        if asked.other and listed.other:
            choices |= {name: OTHER for name, code in listed.codes.items() if code == listed.other["code"]}
        if rows and kind.compared == "option":  # columns go by their number
            choices = dict(zip(listed.codes, offered, strict=False))
        compared = kind.compared if kind.compared != "number" or not listed.codes or list(listed.codes) == offered else ""
        parts = bool(kind.parts(stored, fields.get("settings", {})))
        self.earlier[line.word("name")] = Earlier(code, "" if parts else compared, choices, quotable=kind.asks and not parts)
        for row in rows:
            self.earlier[row.word("name")] = Earlier(f"{code}.{row_code(line, row)}", compared, choices, quotable=False)
            if row.word("relevant"):
                self._noting(row)("relevant", "condition_left_out", expression=row.word("relevant"))
        if rows and not line.own.get("kind") and kind.code == "matrix":
            self._noting(line)("type", "first_is_best")

    def _open_section(self, line: Line) -> None:
        groups = [group for group in self.groups if not group.arranges]
        titled = next((group for group in reversed(groups) if group.title or group.title_en), None)
        conditions = [group.show_if for group in groups if group.show_if]
        show_if = {"all": conditions} if len(conditions) > 1 else conditions[0] if conditions else None
        self.sections.append(FoundSection(titled.title if titled else "", titled.title_en if titled else "", show_if))
        self.lines[str(len(self.sections))] = groups[-1].line if groups else line
        self.open = True

    def _noting(self, line: Line) -> Noting:
        def note(column: str, code: str, /, **facts: Any) -> None:
            self._note(self.survey, line.number, column, code, **facts)

        return note

    def _code(self, name: str) -> str:
        """A code made of the name, used by no other question."""
        code = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) else name
        code = code if re.match(r"[a-z]", code) else f"q_{code}" if code else "q1"
        return free(code[:40], self.codes)


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
