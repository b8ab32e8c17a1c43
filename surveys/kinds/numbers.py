"""Numbers, and the figures of many of them."""

import re
import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Stored, Tally, show_number
from surveys.kinds.base import Kind, only
from surveys.kinds.checks import LARGEST_NUMBER, flag, limit, word
from surveys.kinds.refusals import AboveMaximum, BelowMinimum, NotANumber, NotWhole

_NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,16})?", re.ASCII)


class Number(Kind):
    """A number within limits, whole or not; full-width digits and thousands commas are understood."""

    code, name_zh, name_en = "number", "数字题", "Number"
    SETTINGS: ClassVar = {
        "min": (None, limit), "max": (None, limit), "integer": (False, flag), "unit": ("", word), "unit_en": ("", word),
    }

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
        mean, median, least, most = spread(counts.numbers)
        return Tally(counts.answered, mean=mean, median=median, least=least, most=most)

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | float | None:
        number = stored[0].number if stored else None
        return int(number) if number is not None and float(number).is_integer() else number

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        number = stored[0].number if stored else None
        if number is None:
            return ""
        unit = asked.unit(language)
        return show_number(number) + (" " + unit if unit.isascii() and unit else unit)


def spread(numbers: Mapping[float, int]) -> tuple[float | None, float | None, float | None, float | None]:
    """Mean, median, least and most of numbers given with how often each came."""
    total = sum(numbers.values())
    if not total:
        return None, None, None, None
    ordered = sorted(numbers)
    middle = [_at(ordered, numbers, (total - 1) // 2), _at(ordered, numbers, total // 2)]
    mean = sum(number * n for number, n in numbers.items()) / total
    return mean, statistics.fmean(middle), ordered[0], ordered[-1]


def _at(ordered: Sequence[float], numbers: Mapping[float, int], rank: int) -> float:
    """The number at `rank` (from 0) when each is repeated as often as it came."""
    return next(number for number, upto in zip(ordered, accumulate(numbers[n] for n in ordered), strict=True) if rank < upto)
