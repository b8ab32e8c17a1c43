"""A cross-tab as a file: counts, the shares of rows and of columns below them, and what the test says."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# -- xlsxwriter has no types worth the name

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from engage.exports.material import text_layer
from engage.sheets import disarm
from surveys.asked import in_language
from surveys.crosstabs import CrossTab

Cell = str | int | float | None


def lines(table: CrossTab, language: str = "zh") -> list[Sequence[Cell]]:
    """All that is told of a cross-tab, row by row; shares are 0 to 1, what was left out is a dash that the last line explains."""
    def say(chinese: str, english: str) -> str:
        return in_language(language, chinese, english)

    heads = [option.label(language) or "–" for option in table.across.options]
    names = [option.label(language) or "–" for option in table.down.options]
    people = say("人数", "People")
    told: list[Sequence[Cell]] = [[table.down.label(language), table.across.label(language)], [None, *heads, people]]
    left_out = "–" if table.suppressed else None

    def shown(numbers: Sequence[float | None]) -> list[Cell]:
        return [left_out if number is None else number for number in numbers]

    told += [[name, *shown([*row, n])] for name, row, n in zip(names, table.counts, table.rows, strict=True)]
    told.append([people, *shown([*table.columns, table.base])])
    for words, shares in ((say("行占比", "Share of the row"), table.row_shares()), (say("列占比", "Share of the column"), table.column_shares())):
        told += [[], [words, *heads], *([name, *shown(row)] for name, row in zip(names, shares, strict=True))]
    if table.test:
        told += [[], [say("卡方", "Chi-square"), table.test.statistic], [say("自由度", "Degrees of freedom"), table.test.degrees], ["p", table.test.p]]
        if not table.test.reliable:
            told.append([say("样本太少，检验仅供参考", "The sample is too small for the test to be relied on")])
    if table.suppressed:
        told += [[], [say("“–”：人数过少的数据，以及可据以推算的数据，未列出", "“–”: left out, because of too few people or because it would reveal such a figure")]]
    return told


def write_csv(rows: Sequence[Sequence[Cell]], stream: BinaryIO) -> None:
    """UTF-8 with the byte order mark that Excel looks for; texts that look like formulas disarmed."""
    with text_layer(stream, "utf-8-sig") as text:
        csv.writer(text).writerows([["" if cell is None else disarm(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])


def write_xlsx(rows: Sequence[Sequence[Cell]], stream: BinaryIO) -> None:
    """One sheet."""
    from xlsxwriter import Workbook  # noqa: PLC0415 -- slow import

    with Workbook(stream, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, 0, 34)
        share = book.add_format({"num_format": "0.0%"})
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, float) and cell <= 1 and row[0] != "p":
                    sheet.write_number(place, column, cell, share)
                elif cell is not None:
                    sheet.write(place, column, cell)


CROSSTAB_FORMATS: Mapping[str, Callable[[Sequence[Sequence[Cell]], BinaryIO], None]] = {"xlsx": write_xlsx, "csv": write_csv}
