"""Reading the lists that offices have: .xlsx with title rows and merged cells, CSV in UTF-8 or GBK; every cell as clean text.

Nothing here knows what the columns mean: the caller gives, for each column wanted, the names it goes by.

    tables = read_tables("名单.xlsx", {"name": ["姓名"], "phone": ["联系电话", "手机"]}, needed={"name"})
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from engage.workbook import (
    COLUMNS,
    ROWS,
    EncryptedWorkbook,
    NotAWorkbook,
    OldWorkbook,
    RawSheet,
    SheetTooLarge,
    UnreadableFile,
    check_length,
    read_workbook,
)

__all__ = [
    "EncryptedWorkbook", "NoHeader", "NotAWorkbook", "OldWorkbook", "RawSheet", "Row", "SheetTooLarge", "Source", "Table",
    "UnreadableFile", "clean", "disarm", "read_sheets", "read_tables",
]

UPLOAD_BYTES = 20 * 1024**2
HEADER_WITHIN = 100  # rows from the top of a sheet in which its first header must stand

Source = str | Path | bytes | BinaryIO


class NoHeader(UnreadableFile):
    """No sheet has a row of column names that is recognised."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data: where it stands (`number` as Excel counts) and its texts by column key."""

    sheet: str
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows below one header. `columns` tells for each key found the header as the office wrote it."""

    sheet: str
    header_row: int
    columns: dict[str, str]
    rows: list[Row]


def read_tables(source: Source, synonyms: Mapping[str, Sequence[str]], *, needed: Collection[str]) -> list[Table]:
    """Every table of a file: on each sheet the header is the best row among the first hundred, wherever it stands.

    `synonyms` maps the caller's column keys to the names that people give them, best first; a header counts when all keys in
    `needed` and at least two columns are recognised. Sheets without a header are skipped; so are rows that have nothing in a
    recognised column, totals, and headers repeated further down (a different one begins a new table).
    Raises a subclass of UnreadableFile: NotAWorkbook, EncryptedWorkbook, OldWorkbook, SheetTooLarge, NoHeader.
    """
    names = {_plain(name): key for key, many in synonyms.items() for name in many}
    rank = {_plain(name): place for many in synonyms.values() for place, name in enumerate(many)}
    tables: list[Table] = []
    for sheet in read_sheets(source):
        tables += _tables(sheet, names, rank, set(needed))
    if not tables:
        raise NoHeader(field="file", needed=sorted(needed))
    return tables


def read_sheets(source: Source, *, tidy: Callable[[str], str] | None = None) -> list[RawSheet]:
    """The sheets of a file as they are, blank rows left out; what the file is, is judged by its content, not its name.

    `tidy` makes of a workbook's cell the text that is kept, `clean` unless given.
    """
    data = _bytes(source)
    if data.startswith(b"PK\x03\x04"):
        return read_workbook(data, tidy or clean)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):  # an OLE container: encrypted .xlsx, .xls, .doc …
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise EncryptedWorkbook(field="file")
        if any(stream.encode("utf-16-le") in data for stream in ("Workbook", "Book")):
            raise OldWorkbook(field="file")
        raise NotAWorkbook(field="file")
    return [_csv(data)]


def clean(text: str) -> str:
    """A cell's text without what nobody sees: outer blanks, control, zero-width and direction characters, odd spaces."""
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_UNSEEN).replace("\r\n", "\n").replace("\r", "\n").strip()


def disarm(text: str) -> str:
    """A text for a CSV cell that a spreadsheet will not run as a formula, and that a reader sees unchanged.

    Plain numbers (`-5`, `+8613800138000`) are harmless and stay as they are. Anything else that begins like a formula, also
    `+86-138-0013-8000`, which a spreadsheet would work out, gets a word joiner (U+2060) in front, which has no width. In an .xlsx
    file write the text as a string: it is never run, so nothing needs disarming. Why, and what others do:
    docs/decisions/011-formulas-in-exports.md.
    """
    armed = text.lstrip(_BLANK)[:1] in _FORMULA and not _PLAIN_NUMBER.fullmatch(text)
    return f"\u2060{text}" if armed else text


_BLANK = " \u00a0\u3000\ufeff\u200b\n\r\t"
_FORMULA = frozenset("=+-@＝＋－＠")  # spreadsheets set to Chinese or Japanese take the wide ones too
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?", re.ASCII)
_UNSEEN: dict[int, str | None] = dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2009, 0x202F, 0x3000), " ") | dict.fromkeys((
    *range(9), 11, 12, *range(14, 32), 127, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060,
    *range(0x2066, 0x206A), 0xFEFF,
))
_TOTAL = re.compile(r"(合计|总计|小计|共计|累计|总数|total|subtotal|sum)(人数)?:?\d*[人名位个]?", re.IGNORECASE)


def _bytes(source: Source) -> bytes:
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | Path):
        with Path(source).open("rb") as stream:
            data = stream.read(UPLOAD_BYTES + 1)
    else:
        data = source.read(UPLOAD_BYTES + 1)
    if len(data) > UPLOAD_BYTES:
        raise SheetTooLarge(field="file", limit=UPLOAD_BYTES, unit="bytes")
    return data


def _csv(data: bytes) -> RawSheet:
    text = _decoded(data)
    told = re.match(r'"?sep=(.)"?\r?\n', text)
    delimiter = told[1] if told else _delimiter(text)
    sheet = RawSheet("")
    try:
        for number, cells in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter), start=1):
            if number > ROWS:
                raise SheetTooLarge(field="file", limit=ROWS, unit="rows")
            texts = [clean(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            if len(texts) > COLUMNS:
                raise SheetTooLarge(field="file", limit=COLUMNS, unit="columns")
            for cell in texts:
                check_length(cell)
            if texts and not (told and number == 1):
                sheet.rows.append((number, texts))
    except csv.Error as error:  # a cell beyond the reader's own limit of 131,072 characters
        raise SheetTooLarge(field="file", limit=csv.field_size_limit(), unit="characters") from error
    return sheet


def _decoded(data: bytes) -> str:
    """UTF-8 if it can be (GBK text almost never is by chance), else GB 18030, which contains GBK and GB 2312."""
    if data.lstrip()[:1] == b"<" or data.startswith((b"%PDF", b"{\\rtf")):  # a web page or a document by another name
        raise NotAWorkbook(field="file")
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise NotAWorkbook(field="file")


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into most cells; a comma in doubt."""
    head = text[:20_000].splitlines()[:30]
    return max(",\t;", key=lambda mark: sum(len(cells) for cells in csv.reader(head, delimiter=mark)))


def _plain(header: str) -> str:
    """A header without what varies: width, case, blanks, stars, colons."""
    return re.sub(r"[\s*:_.\-/、]", "", unicodedata.normalize("NFKC", header)).casefold()


def _recognised(header: str, names: Mapping[str, str]) -> tuple[str, bool] | None:
    """The name that a header goes by and whether exactly: as it is, without brackets, or by its ending (参会人员姓名 → 姓名)."""
    whole = _plain(header)
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", whole)
    for text in (whole, bare):
        if text in names:
            return text, True
    if len(bare) > 20:  # noqa: PLR2004 -- a sentence, not a header
        return None
    endings = (bare[start:] for start in range(1, len(bare) - 1))
    return next(((ending, False) for ending in endings if ending in names and not ending.isascii()), None)


@dataclass(frozen=True, slots=True)
class _Header:
    """Which column holds what, and how many of the names are exactly known ones: a person's row can end like a header."""

    columns: dict[str, int]
    exact: int


def _header(cells: Sequence[str], names: Mapping[str, str], rank: Mapping[str, int]) -> _Header:
    """Of two columns for the same key the one with the better name counts, then the left one."""
    best: dict[str, tuple[bool, int, int]] = {}
    for column, cell in enumerate(cells):
        if cell and (known := _recognised(cell, names)):
            name, exact = known
            place = (not exact, rank[name], column)
            best[names[name]] = min(best.get(names[name], place), place)
    return _Header({key: column for key, (_, _, column) in best.items()}, sum(not vague for vague, _, _ in best.values()))


def _tables(sheet: RawSheet, names: Mapping[str, str], rank: Mapping[str, int], needed: set[str]) -> list[Table]:
    top = [_header(cells, names, rank) for number, cells in sheet.rows if number <= HEADER_WITHIN]
    good = [header for header in top if needed <= header.columns.keys() and len(header.columns) > 1]
    at_least = 2 if any(header.exact > 1 for header in good) else 0
    good = [header for header in good if header.exact >= at_least]
    if not at_least and good:  # nothing is certain: the one row that names most
        good = [max(good, key=lambda header: len(header.columns))]
    tables: list[Table] = []
    titles: set[str] = set()
    columns: list[tuple[str, int]] = []
    for index, (number, cells) in enumerate(sheet.rows):
        width = len(cells)
        values = {key: cells[column] for key, column in columns if column < width and cells[column]}
        header = top[index] if index < len(top) else None
        if header is None and values and (cells[0] in titles or titles.issuperset(values.values())):
            header = _header(cells, names, rank)  # the list was pasted together, or its header printed on every page
            if not needed <= header.columns.keys() or header.exact < 2:  # noqa: PLR2004 -- one word is no header
                header = None
        elif header not in good:
            header = None
        if header:
            columns, titles = list(header.columns.items()), {cell for cell in cells if cell}
            written = {key: cells[column] for key, column in columns}
            if not tables or written != tables[-1].columns:
                tables.append(Table(sheet.name, number, written, []))
        elif values and not _TOTAL.fullmatch(_plain(next(cell for cell in cells if cell))):
            tables[-1].rows.append(Row(sheet.name, number, values))
    return [table for table in tables if table.rows] or tables[:1]
