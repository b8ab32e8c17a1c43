"""Plain tables of text on their way out: CSV and workbooks that open in any office without a warning and without a formula."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has hardly any types.

import csv
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import BinaryIO

from engage.sheets import disarm

Rows = Iterable[Sequence[str]]


def write_csv(stream: BinaryIO, headings: Sequence[str], rows: Rows) -> None:
    """UTF-8 with the byte order mark that Excel looks for; texts that look like formulas disarmed."""
    text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    table = csv.writer(text)
    table.writerow(headings)
    table.writerows([disarm(cell) for cell in row] for row in rows)
    text.detach()  # flushes, and leaves the stream open


def write_xlsx(
    stream: BinaryIO, sheet_name: str, columns: Sequence[tuple[str, int]], rows: Rows, *, notes: tuple[str, Sequence[str]] | None = None
) -> None:
    """One sheet of text cells, so that numbers keep all their digits. `columns` are headings with widths in characters;
    `notes` are the name and the lines of a second sheet.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    with Workbook(stream, {"constant_memory": True, "default_format_properties": {"font_name": "Microsoft YaHei"}}) as book:
        heading = book.add_format({"bold": True, "bg_color": "#E6EEF7", "bottom": 1})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(sheet_name)
        for place, (words, width) in enumerate(columns):
            sheet.set_column(place, place, width, text)  # what is typed into an empty cell stays text too
            sheet.write_string(0, place, words, heading)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, place, cell, text)
        if notes:
            name, lines = notes
            page = book.add_worksheet(name)
            page.set_column(0, 0, 100, text)
            for number, line in enumerate(lines):
                page.write_string(number, 0, line, text)
