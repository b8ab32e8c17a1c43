"""The workbook's sheets, and the one way to write their cells: texts as texts, nothing as a formula."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engage.exports.charts import BLUE
from engage.exports.material import Material

FONT = "Microsoft YaHei"
CHART_WIDTH, ROW_PIXELS = 760, 20
Cell = str | float | date | None
STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": BLUE},
    "lead": {"bold": True, "text_wrap": True, "valign": "top"},
    "question": {"bold": True, "font_size": 12, "text_wrap": True, "valign": "top"},
    "note": {"font_color": "#56616F", "text_wrap": True, "valign": "top"},
    "heading": {"bold": True, "bg_color": "#E6EEF7", "border": 1, "border_color": "#D8DEE6", "text_wrap": True, "align": "center",
                "valign": "vcenter"},
    "text": {"border": 1, "border_color": "#D8DEE6", "text_wrap": True, "valign": "top"},
    "count": {"border": 1, "border_color": "#D8DEE6", "num_format": "#,##0", "valign": "top"},
    "share": {"border": 1, "border_color": "#D8DEE6", "num_format": "0.0%", "valign": "top"},
    "number": {"border": 1, "border_color": "#D8DEE6", "num_format": "#,##0.##", "valign": "top"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"},
    "month": {"num_format": "yyyy-mm", "align": "left", "valign": "top"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm", "align": "left", "valign": "top"},
    "start": {"border": 1, "border_color": "#D8DEE6", "num_format": "mm-dd hh:mm", "align": "left", "valign": "top"},
    "plain": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
}


@dataclass(frozen=True, slots=True)
class Book:
    """The workbook being written, what it is made of, and its styles of cells."""

    material: Material
    book: Any  # xlsxwriter's Workbook; it has no types worth the name, and is imported only to be used
    styles: dict[str, Any]

    def sheet(self, name: str) -> "Sheet":
        """A new sheet, kept in memory until the end because charts repeat its figures."""
        self.book.constant_memory = False
        return self._printable(name)

    def streamed(self, name: str) -> "Sheet":
        """A new sheet of which only the row in hand is kept in memory, so it must be written from top to bottom."""
        self.book.constant_memory = True
        return self._printable(name)

    def _printable(self, name: str) -> "Sheet":
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
        return Sheet(sheet, self)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with the one way to write cells."""

    sheet: Any
    book: Book

    @property
    def name(self) -> str:
        return self.sheet.get_name()

    def row(self, row: int, cells: Sequence[Cell], styles: Sequence[str]) -> None:
        """Write cells: text always as text; `styles` go with them, the last one for the rest. What is missing is left out."""
        self._write(row, cells, self._formats(styles, len(cells)))

    def _formats(self, styles: Sequence[str], columns: int) -> list[Any]:
        return [self.book.styles[styles[min(place, len(styles) - 1)]] for place in range(columns)]

    def _write(self, row: int, cells: Sequence[Cell], formats: Sequence[Any]) -> None:
        sheet = self.sheet
        for place, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, place, cell, formats[place])
            elif isinstance(cell, (int, float)):
                sheet.write_number(row, place, cell, formats[place])
            elif cell is not None:
                sheet.write_datetime(row, place, cell, formats[place])

    def heading(self, row: int, words: Sequence[str]) -> None:
        """Write the heading of a table, two lines high."""
        self.row(row, words, ["heading"])
        self.sheet.set_row(row, 34)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Cell]], styles: Sequence[str]) -> int:
        """A table that fills the sheet from its top, with a heading that stays; answers how many rows it has. `styles` as for `row`."""
        self.heading(0, heads)
        self.sheet.freeze_panes(1, 0)
        number, formats = 0, self._formats(styles, len(heads))
        for number, cells in enumerate(rows, start=1):
            self._write(number, cells, formats)
        return number

    def chart(self, row: int, chart: Any, height: int) -> int:
        """Put a chart at a row; answers the first free row below it."""
        chart.set_size({"width": CHART_WIDTH, "height": height})
        self.sheet.insert_chart(row, 0, chart, {"x_offset": 4, "y_offset": 6, "object_position": 1})
        return row + -(-height // ROW_PIXELS) + 2
