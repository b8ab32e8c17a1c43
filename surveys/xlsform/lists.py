"""The sheet `choices`: its rows as lists of options."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

from surveys.asked import clean
from surveys.kinds import NONE, OTHER
from surveys.xlsform.questions import ChoiceList
from surveys.xlsform.sheets import OWN_CHOICE, Languages, Line, Sheet, decoded

CHOICES = 200  # of one list
NONE_LABELS = {"以上都不是", "None of the above"}
OTHER_NAMES = {"other", "others", "其他", "其它"}


class SheetNoting(Protocol):
    """Takes down a finding about a column of a row of a sheet."""

    def __call__(self, sheet: Sheet, row: int, column: str, code: str, /, **facts: Any) -> None: ...


def choice_lists(sheet: Sheet, languages: Languages, note: SheetNoting) -> Mapping[str, ChoiceList]:
    """All lists by their names."""
    lists: dict[str, ChoiceList] = {}
    for line in sheet.lines(languages, OWN_CHOICE):
        list_name, name = line.word("list_name"), line.word("name")
        if not list_name or not name:
            note(sheet, line.number, "name" if list_name else "list_name", "choice_without_name")
            continue
        found = lists.setdefault(list_name, ChoiceList())
        if name in found.codes:
            note(sheet, line.number, "name", "choice_repeated", name=name)
        elif len(found.codes) >= CHOICES:
            note(sheet, line.number, "", "too_many_choices", limit=CHOICES)
        else:
            _take(found, line, sheet, note)
    return lists


def _take(found: ChoiceList, line: Line, sheet: Sheet, note: SheetNoting) -> None:
    name = line.word("name")
    label = clean(line.told("label") or line.get("label") or line.get("label_en"))
    if not label:
        label = name
        note(sheet, line.number, "label", "label_missing")
    option: dict[str, Any] = {"label": label, "label_en": clean(line.told("label_en") or line.get("label_en"))}
    option |= {key: decoded(cell) for key, cell in line.own.items() if key not in {"label", "label_en"}}
    if name.casefold() == NONE and label in NONE_LABELS:
        found.none, found.codes[name] = True, NONE
        return
    taken = {*found.codes.values(), OTHER, NONE}
    if name.casefold() in OTHER_NAMES and found.other is None:
        found.other = {"code": free("other_1", taken), **option}
        found.codes[name] = found.other["code"]
        return
    code = free(re.sub(r"[^A-Za-z0-9_-]", "_", name)[:40], taken)
    found.codes[name] = code
    if code != name:
        note(sheet, line.number, "name", "renamed", name=name, became=code)
    found.options.append({"code": code, **option})


def free(code: str, taken: set[str]) -> str:
    """The code itself, or with the first number that makes it different from all that are taken."""
    if code and code not in taken:
        return code
    stem = re.sub(r"\d+$", "", code)[:34] or "c"
    return next(f"{stem}{n}" for n in range(1, len(taken) + 2) if f"{stem}{n}" not in taken)
