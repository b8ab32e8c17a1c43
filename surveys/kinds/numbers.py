"""Numbers, and the figures of many of them."""

import math
import re
import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar, TypedDict

from surveys.asked import Asked, Counts, Stored, Tally, show_number
from surveys.kinds.base import Kind, only
from surveys.kinds.checks import LARGEST_NUMBER, flag, limit, word
from surveys.kinds.refusals import AboveMaximum, BadSetting, BelowMinimum, NotANumber, NotWhole

_NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,16})?", re.ASCII)


class Number(Kind):
    """A number within limits, whole or not; full-width digits and thousands commas are understood.

    With `slider` it can be drawn along a line from `min` to `max`, both of which it then needs.
    """

    code, name_zh, name_en = "number", "数字题", "Number"
    compared = "number"
    SETTINGS: ClassVar = {
        "min": (None, limit), "max": (None, limit), "integer": (False, flag), "unit": ("", word), "unit_en": ("", word),
        "slider": (False, flag),
    }

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        checked = super().settings(raw)
        least, most = checked["min"], checked["max"]
        if checked["slider"] and (least is None or most is None or least == most):
            raise BadSetting(field="settings", setting="slider", expected="a least and a larger most number")
        return checked

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        number = self._number(only(values))
        if asked.settings["integer"] and not number.is_integer():
            raise NotWhole
        least, most = asked.settings["min"], asked.settings["max"]
        if number < (-LARGEST_NUMBER if least is None else least):
            raise BelowMinimum(min=-LARGEST_NUMBER if least is None else least)
        if number > (LARGEST_NUMBER if most is None else most):
            raise AboveMaximum(max=LARGEST_NUMBER if most is None else most)
        return [Stored(number=number)]

    def _number(self, value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # NaN is the one number that is not itself; infinities and huge integers fall to the limits
            if value != value:  # noqa: PLR0124 -- the test for NaN
                raise NotANumber
            return float(max(min(value, LARGEST_NUMBER * 10), -LARGEST_NUMBER * 10))
        written = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "")
        if not _NUMBER.fullmatch(written):
            raise NotANumber
        return float(written)

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        return Tally(counts.answered, **figures(counts.numbers))

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | float | None:
        number = stored[0].number if stored else None
        return int(number) if number is not None and float(number).is_integer() else number

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        number = stored[0].number if stored else None
        if number is None:
            return ""
        unit = asked.unit(language)
        return show_number(number) + (" " + unit if unit.isascii() and unit else unit)


class Figures(TypedDict, total=False):
    """What a Tally tells of numbers."""

    mean: float
    median: float
    least: float
    most: float
    spread: float


def figures(numbers: Mapping[float, int]) -> Figures:
    """Mean, median, least, most and standard deviation of numbers given with how often each came; nothing of none."""
    total = sum(numbers.values())
    if not total:
        return {}
    ordered = sorted(numbers)
    middle = [_at(ordered, numbers, (total - 1) // 2), _at(ordered, numbers, total // 2)]
    mean = math.fsum(number * n for number, n in numbers.items()) / total
    variance = math.fsum(n * (number - mean) ** 2 for number, n in numbers.items()) / total
    return Figures(mean=mean, median=statistics.fmean(middle), least=ordered[0], most=ordered[-1], spread=math.sqrt(variance))


def _at(ordered: Sequence[float], numbers: Mapping[float, int], rank: int) -> float:
    """The number at `rank` (from 0) when each is repeated as often as it came."""
    return next(number for number, upto in zip(ordered, accumulate(numbers[n] for n in ordered), strict=True) if rank < upto)
