"""Scales: levels that are numbers too, so that they have a mean."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Stored, Tally
from surveys.kinds.base import Kind, only, option_rows, share
from surveys.kinds.checks import LEVELS, levels
from surveys.kinds.numbers import spread
from surveys.kinds.refusals import UnknownOption


class Scale(Kind):
    """Five levels of satisfaction, stored as 5 (best) to 1."""

    code, name_zh, name_en = "scale", "满意度量表", "Satisfaction scale"
    SETTINGS: ClassVar = {
        "labels": (["非常满意", "满意", "基本满意", "不满意", "非常不满意"], levels),
        "labels_en": (["Very satisfied", "Satisfied", "Fairly satisfied", "Dissatisfied", "Very dissatisfied"], levels),
    }
    SATISFIED = 3  # 基本满意 and better

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        labels = zip(settings["labels"], settings["labels_en"], strict=True)
        return tuple(Option(str(level), zh, en) for level, (zh, en) in zip(range(LEVELS, 0, -1), labels, strict=True))

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        level = str(only(values))
        if level not in {option.code for option in asked.options}:
            raise UnknownOption
        return [Stored(number=int(level))]

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        levels = {str(int(level)): n for level, n in counts.numbers.items()}
        satisfied = sum(n for level, n in counts.numbers.items() if level >= self.SATISFIED)
        mean, median, least, most = spread(counts.numbers)
        return Tally(
            counts.answered, rows=option_rows(asked, levels, counts.answered), mean=mean, median=median,
            least=least, most=most, satisfied=share(satisfied, counts.answered),
        )

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | None:
        return int(stored[0].number) if stored and stored[0].number is not None else None

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        level = str(self.cell(asked, stored))
        return next((option.label(language) for option in asked.options if option.code == level), "")
