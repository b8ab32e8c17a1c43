"""Writing a questionnaire as an XLSForm: what the format has words for in its own columns, the rest in `engage::` columns.

Each row is read again while it is written, by the same code that reads a form. What does not come back as it is in the
questionnaire gets a column of our own, so that nothing is lost whatever kinds, settings and texts there are.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from surveys import pipes
from surveys.conditions import parse
from surveys.errors import Conflict
from surveys.kinds import KINDS, Kind
from surveys.kinds.grids import Rows
from surveys.questionnaires import Question, Questionnaire, Section
from surveys.questions import Fields
from surveys.xlsform.expressions import number, quoted
from surveys.xlsform.questions import ChoiceList, Sheetwide, condition, question_of, table_of
from surveys.xlsform.relevance import EXCLUSIVE, Earlier, relevant
from surveys.xlsform.sheets import OWN, OWN_CHOICE, Line, encoded

CHINESE, ENGLISH = "中文 (zh)", "English (en)"
HEADERS = {"label": f"label::{CHINESE}", "label_en": f"label::{ENGLISH}", "hint": f"hint::{CHINESE}", "hint_en": f"hint::{ENGLISH}"}
SURVEY = ("type", "name", "label", "label_en", "hint", "hint_en", "required", "relevant", "constraint", "appearance", "parameters")
CHOICES = ("list_name", "name", "label", "label_en")
WIDTHS = {"type": 24, "label": 40, "label_en": 40, "hint": 24, "hint_en": 24, "relevant": 30, "constraint": 30}
TAKEN = {"meta"}  # names that mean something to ODK
CELL = 32_767  # characters; Excel's limit
TEXTS = ("text", "text_en", "hint", "hint_en")

Cells = dict[str, str]


class TooLongForACell(Conflict):
    """A text of the questionnaire is longer than a cell of a spreadsheet can hold."""


def write_xlsform(questionnaire: Questionnaire) -> bytes:
    """The workbook (.xlsx) of the questionnaire as it now stands, its times and answers left out.

    Raises TooLongForACell.
    """
    writer = _Writer(questionnaire)
    return _workbook({
        "survey": (SURVEY, writer.survey()), "choices": (CHOICES, writer.choices), "settings": ((), [_settings(questionnaire)]),
    })


def _settings(questionnaire: Questionnaire) -> Cells:
    cells = {"form_title": _safe(questionnaire.title), "form_id": f"engage_{questionnaire.id}",
             "version": f"{questionnaire.updated_at:%Y%m%d%H%M%S}", "default_language": CHINESE, "style": "pages"}
    own = {name: getattr(questionnaire, name) for name in ("title_en", "intro", "intro_en", "thanks", "thanks_en")}
    if cells["form_title"] != questionnaire.title:
        own["title"] = questionnaire.title
    cells |= {f"{OWN}{name}": encoded(text) for name, text in own.items() if text}
    cells |= {f"{OWN}{name}": encoded(getattr(questionnaire, name)) for name in ("anonymous", "paged")}
    return cells | {f"{OWN}access": questionnaire.access.value}


class _Writer:
    def __init__(self, questionnaire: Questionnaire) -> None:
        self.sections = [section for section in questionnaire.sections if section.questions]
        self.choices: list[Cells] = []
        self.lists: dict[tuple[tuple[tuple[str, str], ...], ...], str] = {}  # by what is in them: equal ones are written once
        questions = [question for section in self.sections for question in section.questions]
        self.names = {question.code for question in questions} - TAKEN
        self.earlier: dict[str, Earlier] = {}
        self.named = {question.code: question.code if question.code not in TAKEN else self._name(f"{question.code}_") for question in questions}
        for question in questions:
            if isinstance(KINDS[question.kind], Rows):
                self.named |= {f"{question.code}.{row['code']}": self._name(f"{self.named[question.code]}_{row['code']}") for row in question.options}

    def survey(self) -> list[Cells]:
        rows: list[Cells] = []
        for place, section in enumerate(self.sections, start=1):
            rows += self._section(section, place)
        return rows

    def _section(self, section: Section, place: int) -> list[Cells]:
        begin = {"type": "begin_group", "name": self._name(f"page{place}"), "appearance": "field-list",
                 "label": _safe(section.title), "label_en": _safe(section.title_en)}
        begin |= self._relevant(section.show_if)
        if section.show_if and condition(Line(0, begin), self.earlier, _ignore) != section.show_if:
            begin[f"{OWN}show_if"] = encoded(section.show_if)
        begin |= {f"{OWN}{own}": encoded(text) for own, text, cell in (("title", section.title, "label"), ("title_en", section.title_en, "label_en"))
                  if begin[cell] != text}
        return [begin, *(row for question in section.questions for row in self._question(question)), {"type": "end_group"}]

    def _name(self, wanted: str) -> str:
        """A name that nothing else has."""
        name = next(name for name in (wanted, *(f"{wanted}_{n}" for n in range(1, len(self.names) + 2))) if name not in self.names)
        self.names.add(name)
        return name

    def _question(self, question: Question) -> list[Cells]:
        kind = KINDS[question.kind]
        name = self.named[question.code]
        cells = {"name": name, "label": self._piped(question.text), "label_en": self._piped(question.text_en),
                 "hint": self._piped(question.hint), "hint_en": self._piped(question.hint_en), "required": "yes" if question.required else ""}
        cells |= self._relevant(question.show_if)
        if isinstance(kind, Rows):
            return self._table(question, cells)
        cells |= _standard(question)
        rows = [cells]
        choices = ChoiceList()
        if cells["type"] in {"select_one", "select_multiple", "rank"}:
            chosen, choices = self._chosen(question, kind)
            cells["type"] += f" {self._list(question.code, chosen)}"
        if question.settings.get("other"):
            rows.append(self._other(name))
        line = Line(0, dict(cells))
        line.cells["type"] += " or_other" if question.settings.get("other") else ""
        around = Sheetwide({cells["type"].partition(" ")[2]: choices}, self.earlier)
        self._own(question, cells, line, lambda line: question_of(line, question.code, around, _ignore))
        return rows

    def _chosen(self, question: Question, kind: Kind) -> tuple[list[dict[str, Any]], ChoiceList]:
        """The choices to write, and what they will be when they are read."""
        stored = {option["code"]: option for option in question.options}
        offered = kind.offered(question.options, question.settings)
        chosen = [{"code": one.code, "label": one.label_zh, "label_en": one.label_en, **stored.get(one.code, {})} for one in offered]
        plain = [option for option, one in zip(chosen, offered, strict=True) if not (one.other or one.alone)]
        return chosen, ChoiceList(plain, none=any(one.alone for one in offered))

    def _table(self, question: Question, cells: Cells) -> list[Cells]:
        """A matrix: a group of questions with the same choices."""
        chosen, choices = self._chosen(question, KINDS[question.kind])
        list_name = self._list(question.code, [{name: option[name] for name in ("code", "label", "label_en")} for option in chosen])
        word = "select_one" if question.kind == "matrix" else "select_multiple"
        rows: list[Cells] = []
        for option in question.options:
            name = self.named[f"{question.code}.{option['code']}"]
            row = {"type": f"{word} {list_name}", "name": name, "label": self._piped(option["label"]),
                   "label_en": self._piped(option["label_en"]), "required": cells["required"]}
            if name != f"{cells['name']}_{option['code']}":
                row[f"{OWN}code"] = option["code"]
            row |= {f"{OWN}{own}": encoded(option[key]) for own, key in (("text", "label"), ("text_en", "label_en")) if row[key] != option[key]}
            rows.append(row)
        cells |= {"type": "begin_group", "appearance": "table-list", "required": "", "hint": "", "hint_en": ""}
        lines = [_line(row) for row in rows]
        around = Sheetwide({list_name: choices}, self.earlier)
        self._own(question, cells, Line(0, dict(cells)), lambda line: table_of([line, *lines], question.code, around, _ignore))
        return [cells, *rows, {"type": "end_group"}]

    def _relevant(self, show_if: Mapping[str, Any] | None) -> Cells:
        condition = parse(show_if)
        return {"relevant": relevant(condition, self.named)} if condition else {}

    def _piped(self, text: str) -> str:
        """The text with its references by the names in the sheet, and without anything else that ODK would take for one."""
        return "".join(
            _safe(piece) + (f"${{{self.named[code]}}}" if code in self.named else _safe(f"${{{code}}}") if code else "")
            for piece, code in pipes.pieces(text)
        )

    def _other(self, name: str) -> Cells:
        """The row that asks what "other" is; read together with the row before it."""
        return {"type": "text", "name": self._name(f"{name}_other"), "label": "其他（请说明）", "label_en": "Other (please specify)",
                "required": "yes", "relevant": f"selected(${{{name}}}, 'other')", "constraint": "string-length(.) <= 200"}

    def _list(self, code: str, options: Sequence[Mapping[str, Any]]) -> str:
        """The name of the list with these choices, written when it is new."""
        rows: list[Cells] = []
        for option in options:
            row = {"name": str(option["code"]), "label": self._piped(option["label"]), "label_en": self._piped(option["label_en"])}
            row |= {f"{OWN_CHOICE}{key}": encoded(option[key]) for key in ("label", "label_en") if row[key] != option[key]}
            rows.append(row | {f"{OWN_CHOICE}{key}": encoded(value) for key, value in option.items() if key not in {"code", "label", "label_en"}})
        key = tuple(tuple(sorted(row.items())) for row in rows)
        if key not in self.lists:
            self.lists[key] = code
            self.choices += [{"list_name": code, **row} for row in rows]
        return self.lists[key]

    def _own(self, question: Question, cells: Cells, line: Line, read: Callable[[Line], Fields | None]) -> None:
        """Add the columns for whatever the row does not say by itself."""
        if question.code != cells["name"]:
            line.own["code"] = question.code
        without = read(Line(0, dict(line.cells)))
        if not without or without.get("kind") != question.kind or isinstance(KINDS[question.kind], Rows):
            line.own["kind"] = question.kind
        told = read(Line(0, dict(line.cells), dict(line.own))) or Fields()
        for name in TEXTS:
            if (text := getattr(question, name)) and told.get(name) != text:
                line.own[name] = encoded(text)
        if told.get("show_if") != question.show_if:
            line.own["show_if"] = encoded(question.show_if)
        settings, missing = told.get("settings", {}), object()
        line.own |= {name: encoded(value) for name, value in question.settings.items() if settings.get(name, missing) != value}
        cells |= {f"{OWN}{name}": cell for name, cell in line.own.items()}
        self._remember(question)

    def _remember(self, question: Question) -> None:
        """What later conditions and texts may refer to, as the reader will know it."""
        kind = KINDS[question.kind]
        codes = {option.code: option.code for option in kind.offered(question.options, question.settings)}
        parts = kind.parts(question.options, question.settings)
        self.earlier[self.named[question.code]] = Earlier(question.code, "" if parts else kind.compared, codes, quotable=kind.asks and not parts)
        for part in parts if isinstance(kind, Rows) else ():
            code = f"{question.code}.{part.code}"
            self.earlier[self.named[code]] = Earlier(code, kind.compared, codes, quotable=False)


def _line(row: Cells) -> Line:
    own = {key.removeprefix(OWN): cell for key, cell in row.items() if key.startswith(OWN)}
    return Line(0, {key: cell for key, cell in row.items() if not key.startswith(OWN)}, own)


def _ignore(column: str, code: str, /, **facts: Any) -> None:
    """The writer looks at what comes back, not at what is said about it."""


def _standard(question: Question) -> Cells:
    """The columns that ODK knows; a kind it has no word for is asked there as a text."""
    settings, kind = question.settings, question.kind
    cells: Cells = {}
    match kind:
        case "single" | "scale" | "likelihood":
            cells = {"type": "select_one"}
        case "multiple":
            exclusive = EXCLUSIVE if settings.get("none") else ""
            bounds = _within("count-selected(.)", None if exclusive else settings.get("min"), settings.get("max"))
            cells = {"type": "select_multiple", "constraint": " and ".join(filter(None, (bounds, exclusive)))}
        case "ranking":
            cells = {"type": "rank"}
        case "number" if _stepped(settings):
            cells = {"type": "range", "parameters": f"start={settings['min']} end={settings['max']} step=1"}
        case "number":
            cells = {"type": "integer" if settings.get("integer") else "decimal",
                     "constraint": _within(".", settings.get("min"), settings.get("max"))}
        case "date" | "time" | "datetime":
            ends = [f"date('{end}')" if (end := settings.get(name)) and kind == "date" else None for name in ("min", "max")]
            cells = {"type": kind, "constraint": _within(".", *ends)}
        case "text" | "long_text":
            pattern = quoted(settings.get("pattern") or "") if "${" not in settings.get("pattern", "") else None
            length = _within("string-length(.)", settings.get("min_length"), settings.get("max_length"))
            form = f"regex(., {pattern})" if settings.get("pattern") and pattern else ""
            cells = {"type": "text", "constraint": " and ".join(filter(None, (length, form)))}
            cells["appearance"] = "multiline" if kind == "long_text" else ""
        case _:
            cells = {"type": {"info": "note", "photo": "image", "file": "file"}.get(kind, "text")}
    if settings.get("random"):
        cells["parameters"] = "randomize=true"
    return cells


def _stepped(settings: Mapping[str, Any]) -> bool:
    """Whether a slider goes from one whole number to another in steps of one."""
    ends = settings.get("min"), settings.get("max")
    return bool(settings.get("slider") and settings.get("integer")) and all(isinstance(end, int) for end in ends)


def _within(measured: str, least: float | str | None, most: float | str | None) -> str:
    ends = ((">=", least), ("<=", most))
    return " and ".join(f"{measured} {sign} {end if isinstance(end, str) else number(end)}" for sign, end in ends if end is not None)


def _safe(text: str) -> str:
    """The text without what ODK takes for a reference."""
    return text.replace("${", "$ {")


def _workbook(sheets: Mapping[str, tuple[Sequence[str], Sequence[Cells]]]) -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    file = BytesIO()
    with Workbook(file, {"constant_memory": True, "default_format_properties": {"font_name": "Microsoft YaHei"}}) as book:
        heading = book.add_format({"bold": True, "bg_color": "#E6EEF7", "bottom": 1})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for name, (usual, rows) in sheets.items():
            used = {key for row in rows for key, cell in row.items() if cell}
            columns = [key for key in usual if key in used or key in {"type", "name", "label"}]
            columns += dict.fromkeys(key for row in rows for key in row if key in used and key not in columns)
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for place, key in enumerate(columns):
                page.set_column(place, place, WIDTHS.get(key, 16), text)
                page.write_string(0, place, HEADERS.get(key, key), heading)
            for line, row in enumerate(rows, start=1):
                for place, key in enumerate(columns):
                    if cell := row.get(key):
                        if len(cell) > CELL:
                            raise TooLongForACell(sheet=name, row=line + 1, column=HEADERS.get(key, key))
                        page.write_string(line, place, cell, text)
    return file.getvalue()
