"""Words in one's own words, and words that only inform."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from surveys import patterns
from surveys.asked import Asked, Stored
from surveys.kinds.base import Kind, only
from surveys.kinds.checks import length
from surveys.kinds.refusals import NotInForm, TooLong, TooShort

LINE, TEXT = 500, 10_000  # characters


def _least(most: int) -> Callable[[object], int | None]:
    return lambda value: None if value is None else length(most)(value)


class Text(Kind):
    """Words on one line, of a length, and of a form where there is a `pattern` (see surveys.patterns)."""

    code, name_zh, name_en = "text", "简短文字", "Short text"
    compared = "text"
    SETTINGS: ClassVar[Mapping[str, Any]] = {
        "max_length": (100, length(LINE)), "min_length": (None, _least(LINE)), "pattern": ("", patterns.checked),
    }

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        text = self.written(str(only(values)))
        if len(text) > asked.settings["max_length"]:
            raise TooLong(limit=asked.settings["max_length"])
        least = asked.settings.get("min_length")
        if least is not None and len(text) < least:
            raise TooShort(limit=least)
        pattern = asked.settings.get("pattern")
        if pattern and not patterns.fits(pattern, text):
            raise NotInForm
        return [Stored(text=text)]

    def written(self, text: str) -> str:
        return " ".join(text.split())

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return stored[0].text or "" if stored else ""


class LongText(Text):
    """Words on several lines."""

    code, name_zh, name_en = "long_text", "详细文字", "Long text"
    compared = ""
    SETTINGS: ClassVar = {"max_length": (2000, length(TEXT)), "min_length": (None, _least(TEXT))}

    def written(self, text: str) -> str:
        return text


class Info(Kind):
    """A text between the questions: no number, no answer, nothing to count."""

    code, name_zh, name_en = "info", "说明文字", "Information"
    asks = False

    def read(self, asked: Asked, value: object, other: object = None) -> list[Stored]:
        return []

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return ""
