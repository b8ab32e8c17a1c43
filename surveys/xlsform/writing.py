"""Writing a questionnaire as an XLSForm: what the format has words for in its own columns, the rest in `engage::` columns.

Each row is read again while it is written, by the same code that reads a form. What does not come back as it is in the
questionnaire gets a column of our own, so that nothing is lost whatever kinds, settings and texts there are.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from surveys.errors import Conflict
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section
from surveys.xlsform.expressions import number
from surveys.xlsform.questions import ChoiceList, Sheetwide, question_of
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
    cells = {"form_title": questionnaire.title, "form_id": f"engage_{questionnaire.id}",
             "version": f"{questionnaire.updated_at:%Y%m%d%H%M%S}", "default_language": CHINESE, "style": "pages"}
    own = {name: getattr(questionnaire, name) for name in ("title_en", "intro", "intro_en", "thanks", "thanks_en")}
    cells |= {f"{OWN}{name}": text for name, text in own.items() if text}
    return cells | {f"{OWN}{name}": encoded(getattr(questionnaire, name)) for name in ("anonymous", "paged")}


class _Writer:
    def __init__(self, questionnaire: Questionnaire) -> None:
        self.sections = [section for section in questionnaire.sections if section.questions]
        self.choices: list[Cells] = []
        self.lists: dict[tuple[tuple[tuple[str, str], ...], ...], str] = {}  # by what is in them: equal ones are written once
        self.names = {question.code for section in self.sections for question in section.questions}

    def survey(self) -> list[Cells]:
        rows: list[Cells] = []
        for place, section in enumerate(self.sections, start=1):
            rows += self._section(section, place)
        return rows

    def _section(self, section: Section, place: int) -> list[Cells]:
        begin = {"type": "begin_group", "name": self._name(f"page{place}"), "appearance": "field-list",
                 "label": _safe(section.title), "label_en": _safe(section.title_en)}
        begin |= {f"{OWN}{own}": text for own, text, cell in (("title", section.title, "label"), ("title_en", section.title_en, "label_en"))
                  if begin[cell] != text}
        return [begin, *(row for question in section.questions for row in self._question(question)), {"type": "end_group"}]

    def _name(self, wanted: str) -> str:
        """A name that nothing else has."""
        name = next(name for name in (wanted, *(f"{wanted}_{n}" for n in range(1, len(self.names) + 2))) if name not in self.names)
        self.names.add(name)
        return name

    def _question(self, question: Question) -> list[Cells]:
        name = question.code if question.code not in TAKEN else self._name(f"{question.code}_")
        cells = {"name": name, "label": _safe(question.text), "label_en": _safe(question.text_en), "hint": _safe(question.hint),
                 "hint_en": _safe(question.hint_en), "required": "yes" if question.required else ""}
        cells |= _standard(question)
        options = KINDS[question.kind].offered(question.options, question.settings) if cells["type"].startswith("select") else ()
        rows = [cells]
        read = ChoiceList()
        if options:
            stored = {option["code"]: option for option in question.options}
            chosen = [{"code": one.code, "label": one.label_zh, "label_en": one.label_en, **stored.get(one.code, {})} for one in options]
            read.options = [option for option, one in zip(chosen, options, strict=True) if not one.other]
            cells["type"] += f" {self._list(question.code, chosen)}"
        if question.settings.get("other"):
            rows.append(self._other(name))
        self._own(question, cells, read)
        return rows

    def _other(self, name: str) -> Cells:
        """The row that asks what "other" is; read together with the row before it."""
        return {"type": "text", "name": self._name(f"{name}_other"), "label": "其他（请说明）", "label_en": "Other (please specify)",
                "required": "yes", "relevant": f"selected(${{{name}}}, 'other')", "constraint": "string-length(.) <= 200"}

    def _list(self, code: str, options: Sequence[Mapping[str, Any]]) -> str:
        """The name of the list with these choices, written when it is new."""
        rows: list[Cells] = []
        for option in options:
            row = {"name": str(option["code"]), "label": _safe(option["label"]), "label_en": _safe(option["label_en"])}
            row |= {f"{OWN_CHOICE}{key}": option[key] for key in ("label", "label_en") if row[key] != option[key]}
            rows.append(row | {f"{OWN_CHOICE}{key}": encoded(value) for key, value in option.items() if key not in {"code", "label", "label_en"}})
        key = tuple(tuple(sorted(row.items())) for row in rows)
        if key not in self.lists:
            self.lists[key] = code
            self.choices += [{"list_name": code, **row} for row in rows]
        return self.lists[key]

    def _own(self, question: Question, cells: Cells, choices: ChoiceList) -> None:
        """Add the columns for whatever the row does not say by itself."""
        list_name = cells["type"].partition(" ")[2]
        line = Line(0, dict(cells))
        if question.settings.get("other"):
            line.cells["type"] += " or_other"
        around = Sheetwide({list_name: choices}, {})
        if question.code != cells["name"]:
            line.own["code"] = question.code
        line.own["kind"] = question.kind
        told = question_of(line, question.code, around, _ignore)
        without = question_of(Line(0, line.cells), question.code, around, _ignore)
        if without and without.get("kind") == question.kind:
            del line.own["kind"]
        for name in TEXTS:
            if (text := getattr(question, name)) and not (told and told.get(name) == text):
                line.own[name] = text
        settings = told.get("settings", {}) if told else {}
        missing = object()
        for name, value in question.settings.items():
            if settings.get(name, missing) != value:
                line.own[name] = encoded(value)
        cells |= {f"{OWN}{name}": cell for name, cell in line.own.items()}


def _ignore(column: str, code: str, /, **facts: Any) -> None:
    """The writer looks at what comes back, not at what is said about it."""


def _standard(question: Question) -> Cells:
    """The columns that ODK knows; a kind it has no word for is asked there as a text."""
    settings = question.settings
    match question.kind:
        case "single" | "scale":
            return {"type": "select_one"}
        case "multiple":
            return {"type": "select_multiple", "constraint": _within("count-selected(.)", settings)}
        case "number":
            return {"type": "integer" if settings.get("integer") else "decimal", "constraint": _within(".", settings)}
        case "text":
            return {"type": "text", "constraint": f"string-length(.) <= {settings['max_length']}"}
        case "long_text":
            return {"type": "text", "appearance": "multiline", "constraint": f"string-length(.) <= {settings['max_length']}"}
        case _:
            return {"type": "text"}


def _within(measured: str, settings: Mapping[str, Any]) -> str:
    ends = ((">=", settings.get("min")), ("<=", settings.get("max")))
    return " and ".join(f"{measured} {sign} {number(value)}" for sign, value in ends if value is not None)


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
