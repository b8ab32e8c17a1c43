"""Matrices: several rows, each answered with the same levels or columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

from surveys.asked import Asked, Counts, Option, Part, Stored, Tally, given
from surveys.kinds.base import MOST_OPTIONS, Kind, as_options, joined, listed, only, option_rows, part_cells
from surveys.kinds.checks import labels, words
from surveys.kinds.refusals import BadSetting, Missing, RowsMissing, UnknownOption
from surveys.kinds.scales import SATISFACTION, SATISFACTION_EN, level_of, level_tally

LEVELS, COLUMNS = (2, 10), (1, 10)  # the fewest and the most


class Parted(Kind):
    """What the kinds share whose options are answered one by one, as parts.

    A form sends `CODE.PART` for each, Python may give `{PART: value}`.
    """

    has_options = True

    def parts(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        return as_options(options)

    def sent(self, asked: Asked, raw: Mapping[str, Any]) -> object:
        if asked.code in raw:
            return raw[asked.code]
        return {part.code: raw[name] for part in asked.parts if (name := f"{asked.code}.{part.code}") in raw}

    def cells(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> dict[str, str | int | float | None]:
        return part_cells(asked, stored, language)


class Rows(Parted):
    """What the kinds share that are tables.

    The rows are what is stored as the options of the question, since those are what an author lists one by one, with codes that
    stay when the wording changes; levels and columns are settings. `required` means every row.
    """

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        return listed(raw, fewest=1, most=MOST_OPTIONS)

    def read(self, asked: Asked, value: object, other: object = None) -> list[Stored]:
        by_part = given_by_part(asked, value)
        if asked.required and len(by_part) < len(asked.parts):
            raise RowsMissing if by_part else Missing
        return [
            replace(row, part=part.code)
            for part in asked.parts if part.code in by_part for row in self.rows(asked, by_part[part.code], None)
        ]

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        return Tally(counts.answered, parts=tuple(
            Part(part.code, part.label_zh, part.label_en, self.part_tally(asked, counts.parts.get(part.code, Counts())))
            for part in asked.parts
        ))

    def part_tally(self, asked: Asked, counts: Counts) -> Tally:
        """The figures of one row."""
        raise NotImplementedError

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        labels = {option.code: option.label(language) for option in asked.options}
        comma = ", " if language.startswith("en") else "、"
        picked: dict[str, list[str]] = {}
        for row in stored:
            code = row.choice or str(int(row.number or 0))
            picked.setdefault(row.part, []).append(labels.get(code, code))
        names = {part.code: part.label(language) for part in asked.parts}
        return joined(((names.get(part, part), comma.join(those)) for part, those in picked.items()), language)


def given_by_part(asked: Asked, value: object) -> dict[str, list[Any]]:
    """What was submitted for each part that was answered. Raises UnknownOption when there is no such part, or no parts at all."""
    if not isinstance(value, Mapping):
        if given(value):
            raise UnknownOption
        return {}
    stated = cast("Mapping[Any, Any]", value)
    by_part = {str(part): values for part, each in stated.items() if (values := given(each))}
    if not by_part.keys() <= {part.code for part in asked.parts}:
        raise UnknownOption
    return by_part


def _same_number(checked: Mapping[str, Any], name: str) -> None:
    """Raises BadSetting when there is English for some of the labels only."""
    if len(checked[f"{name}_en"]) not in {0, len(checked[name])}:
        raise BadSetting(field="settings", setting=f"{name}_en", expected=f"{len(checked[name])} labels or none")


def _numbered(settings: Mapping[str, Any], name: str) -> list[Option]:
    """Labels as options, numbered from 1."""
    chinese, english = settings[name], settings[f"{name}_en"]
    return [Option(str(n), zh, en) for n, (zh, en) in enumerate(zip(chinese, english or [""] * len(chinese), strict=True), start=1)]


class Matrix(Rows):
    """Several rows on one scale of two to ten levels, one level a row, stored as a number: the last level is 1, the first is best."""

    code, name_zh, name_en = "matrix", "矩阵量表", "Matrix"
    compared = "number"
    SETTINGS: ClassVar = {"labels": (SATISFACTION, labels(*LEVELS)), "labels_en": (SATISFACTION_EN, words)}

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        checked = super().settings({**raw, "labels_en": raw.get("labels_en", [])} if "labels" in raw else raw)
        _same_number(checked, "labels")
        return checked

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        levels = _numbered(settings, "labels")
        return tuple(replace(level, code=str(len(levels) + 1 - int(level.code))) for level in levels)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        return [Stored(number=level_of(asked, only(values)))]

    def part_tally(self, asked: Asked, counts: Counts) -> Tally:
        return level_tally(asked, counts)


class Grid(Rows):
    """Several rows and columns, any columns a row; the columns' codes are their numbers."""

    code, name_zh, name_en = "grid", "矩阵多选", "Grid of choices"
    compared = "option"
    SETTINGS: ClassVar = {"columns": (["已经使用", "希望使用"], labels(*COLUMNS)), "columns_en": (["In use", "Wished for"], words)}

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        checked = super().settings({**raw, "columns_en": raw.get("columns_en", [])} if "columns" in raw else raw)
        _same_number(checked, "columns")
        return checked

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        return tuple(_numbered(settings, "columns"))

    def picks(self, asked: Asked) -> tuple[int, int]:
        return 1, len(asked.options)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        picked = {str(value) for value in values}
        if not picked <= {option.code for option in asked.options}:
            raise UnknownOption
        return [Stored(choice=option.code) for option in asked.options if option.code in picked]

    def part_tally(self, asked: Asked, counts: Counts) -> Tally:
        return Tally(counts.answered, rows=option_rows(asked.options, counts.choices, counts.answered))
