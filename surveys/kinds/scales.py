"""Scales: levels that are numbers too, so that they have a mean."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Row, Stored, Tally
from surveys.kinds.base import Kind, only, option_rows, share
from surveys.kinds.checks import labels, word
from surveys.kinds.numbers import figures
from surveys.kinds.refusals import UnknownOption

LEVELS = 5
SATISFACTION = ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
SATISFACTION_EN = ["Very satisfied", "Satisfied", "Fairly satisfied", "Dissatisfied", "Very dissatisfied"]


class Levels(Kind):
    """What the kinds share whose answer is one of some levels, each a whole number and the code of its option."""

    compared = "number"

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        return [Stored(number=level_of(asked, only(values)))]

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | None:
        return int(stored[0].number) if stored and stored[0].number is not None else None

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        level = str(self.cell(asked, stored))
        return next((option.label(language) for option in asked.options if option.code == level), "")


def level_of(asked: Asked, value: object) -> int:
    """The level that was picked. Raises UnknownOption."""
    level = str(value)
    for option in asked.options:
        if option.code == level:
            return int(level)
    raise UnknownOption


def level_tally(asked: Asked, counts: Counts, **further: Any) -> Tally:
    """How often each level was picked, and the figures of the levels as numbers."""
    counted = {str(int(level)): n for level, n in counts.numbers.items()}
    return Tally(counts.answered, rows=option_rows(asked.options, counted, counts.answered), **figures(counts.numbers), **further)


class Scale(Levels):
    """Five levels of satisfaction, stored as 5 (best) to 1."""

    code, name_zh, name_en = "scale", "满意度量表", "Satisfaction scale"
    SETTINGS: ClassVar = {
        "labels": (SATISFACTION, labels(LEVELS, LEVELS)), "labels_en": (SATISFACTION_EN, labels(LEVELS, LEVELS)),
    }
    SATISFIED = 3  # 基本满意 and better

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        words = zip(settings["labels"], settings["labels_en"], strict=True)
        return tuple(Option(str(level), zh, en) for level, (zh, en) in zip(range(LEVELS, 0, -1), words, strict=True))

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        satisfied = sum(n for level, n in counts.numbers.items() if level >= self.SATISFIED)
        return level_tally(asked, counts, satisfied=share(satisfied, counts.answered))


class Likelihood(Levels):
    """How likely somebody is to recommend, 0 to 10; who gives 9 or 10 is a promoter, 0 to 6 a detractor (Net Promoter Score)."""

    code, name_zh, name_en = "likelihood", "推荐意愿（0–10）", "Likelihood (0–10)"
    SETTINGS: ClassVar = {
        "low": ("完全不可能", word), "low_en": ("Not at all likely", word),
        "high": ("非常可能", word), "high_en": ("Extremely likely", word),
    }
    GROUPS = (("promoters", "推荐者", "Promoters", 9, 10), ("passives", "中立者", "Passives", 7, 8), ("detractors", "贬损者", "Detractors", 0, 6))

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        return tuple(Option(str(level), str(level)) for level in range(11))

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        groups = tuple(
            Row(code, zh, en, n := sum(counts.numbers.get(level, 0) for level in range(low, high + 1)), share(n, counts.answered))
            for code, zh, en, low, high in self.GROUPS
        )
        nps = ((groups[0].count or 0) - (groups[2].count or 0)) / counts.answered if counts.answered else None
        return level_tally(asked, counts, groups=groups, nps=nps)
