"""The cells of an .xlsx file, read straight from its XML: fast, with every digit, and never more than the limits below.

Why not a library: a spreadsheet comes from strangers. The quick readers build a dense table in native memory before anyone can
say no and turn each number into a double, which loses the last digits of an 18-digit code; the careful one is four times slower
and gives up on style sheets that office suites do write. See docs/decisions/010-reading-spreadsheets.md.

Structure read: ECMA-376 part 1 (SpreadsheetML), sections 18.2 to 18.4 and 18.8.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import BytesIO
from posixpath import dirname, join, normpath
from xml.parsers import expat

from engage.errors import Invalid

EXPANDED_BYTES = 200 * 1024**2  # of all parts together, as the zip directory says and as they are read
PARTS = 5_000
ROWS = 50_000  # of a workbook, title rows and blank rows included; also the last row number of a sheet
COLUMNS = 256
CELL_CHARACTERS = 32_767  # Excel's own limit


class UnreadableFile(Invalid):
    """The file cannot be read."""


class NotAWorkbook(UnreadableFile):
    """The file is neither an .xlsx workbook nor a text table."""


class EncryptedWorkbook(UnreadableFile):
    """The workbook is protected by a password; save it without one."""


class OldWorkbook(UnreadableFile):
    """The workbook is in the old .xls format; save it as .xlsx."""


class SheetTooLarge(UnreadableFile):
    """The file holds more than can be read; delete empty rows and columns or split it."""


@dataclass(slots=True)
class RawSheet:
    """A visible sheet. `rows` are (row number from 1, texts up to the last filled cell); rows without a text are left out."""

    name: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list[tuple[int, list[str]]])


def read_workbook(data: bytes, clean: Callable[[str], str]) -> list[RawSheet]:
    """The visible sheets of an .xlsx file, every cell as text passed through `clean`.

    Numbers are written out in full (`13800000000.0` and `1.38E10` as `13800000000`), dates in ISO 8601, a cell merged over
    several rows is repeated in each. Raises NotAWorkbook, EncryptedWorkbook or SheetTooLarge.
    """
    try:
        return _Workbook(data, clean).sheets()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, expat.ExpatError, NotImplementedError, EOFError, ValueError,
            KeyError, IndexError, OverflowError) as error:
        raise NotAWorkbook(field="file") from error


class _Workbook:
    """One open archive and what all sheets share: texts, date styles, and how much has been read so far."""

    def __init__(self, data: bytes, clean: Callable[[str], str]) -> None:
        self.clean = clean
        self.archive = zipfile.ZipFile(BytesIO(data))
        parts = self.archive.infolist()
        if len(parts) > PARTS:
            raise SheetTooLarge(field="file", limit=PARTS, unit="parts")
        if sum(part.file_size for part in parts) > EXPANDED_BYTES:
            raise SheetTooLarge(field="file", limit=EXPANDED_BYTES, unit="bytes")
        self.parts = {part.filename.replace("\\", "/").lstrip("/").lower(): part for part in parts}
        if "encryptedpackage" in self.parts:
            raise EncryptedWorkbook(field="file")
        self.bytes_left = EXPANDED_BYTES
        self.rows_left = ROWS
        self.strings: list[str] = []
        self.date_styles: set[str] = set()
        self.epoch = datetime(1899, 12, 30)  # noqa: DTZ001 -- spreadsheet dates have no zone

    def sheets(self) -> list[RawSheet]:
        book = next((target for kind, target, _ in self.relations("") if kind == "officeDocument"), "xl/workbook.xml")
        relations = self.relations(book)
        for kind, target, _ in relations:
            if kind == "sharedStrings":
                self.strings = self.shared_strings(target)
            elif kind == "styles":
                self.date_styles = self.styles(target)
        places = {key: target for kind, target, key in relations if kind == "worksheet"}
        found: list[tuple[str, str]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 -- spreadsheet dates have no zone
            elif name == "sheet" and attributes.get("state", "visible") == "visible":
                key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
                if key in places:  # chart sheets are elsewhere
                    found.append((attributes.get("name", ""), places[key]))

        self.parse(book, start)
        return [self.sheet(name, target) for name, target in found]

    def relations(self, part: str) -> list[tuple[str, str, str]]:
        """(kind, target part, id) of each relation of a part; none when it has no relations."""
        folder = dirname(part)
        path = join(folder, "_rels", part[len(folder):].lstrip("/") + ".rels")
        if path.lower() not in self.parts:
            return []
        found: list[tuple[str, str, str]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes["Target"].replace("\\", "/")
                target = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
                found.append((attributes["Type"].rpartition("/")[2], target, attributes["Id"]))

        self.parse(path, start)
        return found

    def shared_strings(self, part: str) -> list[str]:
        texts: list[str] = []
        pieces: list[str] = []
        reading = phonetic = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal reading, phonetic
            if name == "si":
                pieces.clear()
            elif name == "rPh":
                phonetic = True
            reading = name == "t" and not phonetic

        def end(name: str) -> None:
            nonlocal reading, phonetic
            reading = False
            if name == "rPh":
                phonetic = False
            elif name == "si":
                texts.append(self.text("".join(pieces)))

        self.parse(part, start, end, lambda text: pieces.append(text) if reading else None)
        return texts

    def styles(self, part: str) -> set[str]:
        """The numbers of the cell styles that show a date or a time."""
        codes: dict[str, str] = {}
        dates: set[str] = set()
        count = 0
        inside = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal count, inside
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == "cellXfs":
                inside = True
            elif name == "xf" and inside:
                key = attributes.get("numFmtId", "0")
                if _shows_a_date(codes[key]) if key in codes else key in _BUILT_IN_DATES:
                    dates.add(str(count))
                count += 1

        def end(name: str) -> None:
            nonlocal inside
            inside = inside and name != "cellXfs"

        self.parse(part, start, end)
        return dates

    def sheet(self, title: str, part: str) -> RawSheet:  # noqa: C901, PLR0915 -- one state machine, its state in locals for speed
        sheet = RawSheet(title)
        merged: list[tuple[int, int, int]] = []
        strings, text, number, date_styles = self.strings, self.text, self.number, self.date_styles
        row, column, kind, style, reading = 0, -1, "", "", False
        cells: list[str] = []
        pieces: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, kind, style, reading, cells
            if name == "c":
                place = attributes.get("r")
                column = _column(place) if place else column + 1
                kind, style = attributes.get("t", "n"), attributes.get("s", "")
                pieces.clear()
            elif name in {"v", "t"}:
                reading = True
            elif name == "row":
                row = int(attributes.get("r", row + 1))
                self.rows_left -= 1
                if row > ROWS or self.rows_left < 0:
                    raise SheetTooLarge(field="file", limit=ROWS, unit="rows", sheet=title)
                column, cells = -1, []
            elif name == "rPh":
                kind = "phonetic"
            elif name == "mergeCell" and len(merged) < ROWS:
                merged.extend(_merged_down(attributes.get("ref", "")))

        def end(name: str) -> None:  # noqa: C901 -- see above
            nonlocal reading
            if name in {"v", "t"}:
                reading = False
            elif name == "row":
                if cells:
                    sheet.rows.append((row, cells))
            elif name == "c" and pieces:
                value = "".join(pieces)
                if kind == "s":
                    value = strings[int(value)]
                elif kind == "n":
                    value = number(value, style in date_styles)
                elif kind == "b":
                    value = "TRUE" if value.strip() == "1" else "FALSE"
                else:
                    value = text(value)
                if value:
                    if column >= COLUMNS:
                        raise SheetTooLarge(field="file", limit=COLUMNS, unit="columns", sheet=title)
                    if column > len(cells):
                        cells.extend([""] * (column - len(cells)))
                    cells[column:] = [value]

        def characters(piece: str) -> None:
            if reading and kind != "phonetic":
                pieces.append(piece)

        self.parse(part, start, end, characters)
        _repeat_merged(sheet, merged)
        return sheet

    def text(self, value: str) -> str:
        check_length(value)
        if "_x" in value:  # 18.4.8: characters that XML cannot carry are written _xHHHH_
            value = re.sub(r"_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), value)
        return self.clean(value)

    def number(self, value: str, is_date: bool) -> str:  # noqa: FBT001 -- one caller, in the hottest loop
        if not is_date and value.isdecimal():
            return value
        try:
            exact = Decimal(value.strip())
        except InvalidOperation:
            return self.text(value)
        if not exact.is_finite() or abs(exact.adjusted()) > 30:  # noqa: PLR2004 -- no code or number is longer
            return value.strip()
        if is_date and 0 <= exact < 2_958_466:  # noqa: PLR2004 -- the day after 9999-12-31
            return self.date(float(exact))
        if exact == exact.to_integral_value():
            return f"{exact.quantize(Decimal(1)):f}"
        return f"{Decimal(f'{exact:.15g}').normalize():f}"  # the 16th digit of a fraction is noise that no spreadsheet shows

    def date(self, serial: float) -> str:
        seconds = round(serial * 86_400)
        when = self.epoch + timedelta(seconds=seconds)
        if seconds < 86_400:  # noqa: PLR2004 -- a time of day
            return when.time().isoformat()
        return when.date().isoformat() if seconds % 86_400 == 0 else when.isoformat(" ")

    def parse(self, part: str, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None] | None = None,
              characters: Callable[[str], None] | None = None) -> None:
        """Run a part through expat, chunk by chunk; a document type, where entities live, is refused."""

        def refuse(*_: object) -> None:
            raise NotAWorkbook(field="file")

        def root(name: str, attributes: dict[str, str]) -> None:
            if ":" in name:  # a prefixed document; the usual one is spared the cutting
                parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
                parser.EndElementHandler = (lambda name, end=end: end(name.rpartition(":")[2])) if end else None
            else:
                parser.StartElementHandler, parser.EndElementHandler = start, end
            start(name.rpartition(":")[2], attributes)

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = root
        if characters:
            parser.CharacterDataHandler = characters
        for chunk in self.chunks(part):
            parser.Parse(chunk)
        parser.Parse(b"", True)

    def chunks(self, part: str) -> Iterator[bytes]:
        entry = self.parts[part.lower()]
        if entry.flag_bits & 1:
            raise EncryptedWorkbook(field="file")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise NotAWorkbook(field="file")
        with self.archive.open(entry) as stream:
            while chunk := stream.read(1 << 16):
                self.bytes_left -= len(chunk)
                if self.bytes_left < 0:
                    raise SheetTooLarge(field="file", limit=EXPANDED_BYTES, unit="bytes")
                yield chunk


def check_length(text: str) -> None:
    """Raises SheetTooLarge for a text longer than any cell can hold."""
    if len(text) > CELL_CHARACTERS:
        raise SheetTooLarge(field="file", limit=CELL_CHARACTERS, unit="characters")


_BUILT_IN_DATES = {str(code) for code in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))}  # 18.8.30
_LETTERS: dict[str, int] = {}  # column letters met so far; at most 18,278 of them


def _shows_a_date(code: str) -> bool:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]hms]*\]|_.|\*.', "", code.partition(";")[0].lower().replace("general", ""))
    return re.search(r"[ymdhs]", bare) is not None


def _column(place: str) -> int:
    letters = place.rstrip("0123456789")
    if letters not in _LETTERS:
        index = 0
        for letter in letters.upper():
            if not "A" <= letter <= "Z" or len(letters) > 3:  # noqa: PLR2004 -- XFD is the last column
                raise ValueError(place)
            index = index * 26 + ord(letter) - 64
        _LETTERS[letters] = index - 1
    return _LETTERS[letters]


def _merged_down(area: str) -> Iterator[tuple[int, int, int]]:
    """(column, first row, last row) of a merged area that is more than one row high."""
    if match := re.fullmatch(r"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})", area.upper()):
        first, last = int(match[2]), int(match[3])
        if first < last:
            yield _column(match[1]), first, last


def _repeat_merged(sheet: RawSheet, merged: list[tuple[int, int, int]]) -> None:
    """Write what a tall merged cell says into each row that has something else; a later merge never undoes a filled cell."""
    if not merged:
        return
    rows = dict(sheet.rows)
    steps = ROWS * 10  # merged areas that do not overlap need far fewer
    for column, first, last in merged:
        top = rows.get(first, [])
        steps -= last - first
        if column >= len(top) or steps < 0:
            continue
        for number in range(first + 1, last + 1):
            cells = rows.get(number)
            if cells is None:
                continue
            if column >= len(cells):
                cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = cells[column] or top[column]
