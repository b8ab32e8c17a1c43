r"""A party's list as people have it: names pasted from a document or a chat, or a small workbook; each with a phone number or without.

    companions = party_lists.from_text("张三 13800138000\n李四")

What cannot be understood is kept as it was written, so that its reader sees it and puts it right.
"""

import re
import unicodedata
from collections.abc import Sequence

from engage.applications import Person
from engage.contacts import find_phones
from engage.people import clean_name
from engage.people_import import COLUMNS
from engage.sheets import NoHeader, SheetTooLarge, Source, clean, read_sheets, read_tables

MOST = 200  # people in one list
BYTES = 1_000_000  # of a file that a stranger hands in
NAMES = {key: COLUMNS[key] for key in ("name", "phone")}


def from_text(text: str) -> list[Person]:
    """The people of a pasted list, one a line; several names in one line are told apart by 、 where no number stands among them.

    A number may follow a name after a tab, a comma, a semicolon or blanks, wide or not; numbering in front is left out, and
    so is a line of column names. At most MOST people.
    """
    people: list[Person] = []
    for line in text.splitlines():
        bare = _STUCK.sub(" ", _NUMBERING.sub("", clean(line)).translate(_MARKS)).strip()
        if "、" in bare and not any(map(str.isdigit, bare)):
            people += [_person([name]) for name in bare.split("、") if name.strip()]
        elif bare and not _is_header(bare):
            people.append(_person(_CELLS.split(bare)))
    return people[:MOST]


def from_file(source: Source) -> list[Person]:
    """The people of a workbook or a CSV file, by its columns of names and numbers, or else line by line as `from_text`.

    At most MOST people. Raises a subclass of UnreadableFile; SheetTooLarge also beyond BYTES where `source` is bytes.
    """
    if isinstance(source, bytes) and len(source) > BYTES:
        raise SheetTooLarge(field="file", limit=BYTES, unit="bytes")
    try:
        tables = read_tables(source, NAMES, needed={"name"})
    except NoHeader:
        lines = ["\t".join(filter(None, cells)) for sheet in read_sheets(source) for _, cells in sheet.rows]
        return from_text("\n".join(lines))
    rows = [row for table in tables for row in table.rows]
    return [Person(name=clean_name(row.get("name")), phone=_phone(row.get("phone"))) for row in rows][:MOST]


_CELLS = re.compile(r"[\t,，;；|]+")
_NUMBERING = re.compile(r"^\s*(?:[(（]?\d{1,3}[)）.．、:：](?!\d)|\d{1,3}[\s\u3000](?!\d))\s*")
_MARKS = dict.fromkeys(map(ord, ":：()（）"), " ")  # 张三（13800138000）
_STUCK = re.compile(r"(?<=[\u3400-\u9fff])(?=[+\d])")
_HEADERS = {unicodedata.normalize("NFKC", word).casefold() for words in NAMES.values() for word in words} | {"序号", "no", "no."}


def _person(cells: Sequence[str]) -> Person:
    """The first cell without digits is the name, what has digits after it the number. A single cell is parted at its blanks."""
    written = [cell.strip() for cell in cells if cell.strip()]
    if len(written) == 1:
        words = written[0].split()
        name, phone = _in_one([word for word in words if not _has_digit(word)]), " ".join(filter(_has_digit, words))
    else:
        at, name = next(((place, cell) for place, cell in enumerate(written) if not _has_digit(cell)), (-1, ""))
        phone = max(filter(_has_digit, written[at + 1:]), key=len, default="")
    return Person(name=clean_name(name), phone=_phone(phone))


def _in_one(words: Sequence[str]) -> str:
    """张 三 and Anna Lee are one name; of 张三 东风村 the first word is."""
    if not words or all(len(word) == 1 for word in words) or all(word.isascii() for word in words):
        return " ".join(words)
    return words[0]


def _phone(text: str) -> str:
    found = find_phones(text)
    return found[0] if found else text


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _is_header(line: str) -> bool:
    words = [unicodedata.normalize("NFKC", word).casefold() for word in re.split(r"[\s,，;；|]+", line)]
    return (len(words) > 1 and all(word in _HEADERS for word in words)) or line in {"姓名", "名单"}
