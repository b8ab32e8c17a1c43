"""Words in one's own words."""

from collections.abc import Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Stored
from surveys.kinds.base import Kind, only
from surveys.kinds.checks import length
from surveys.kinds.refusals import TooLong


class Text(Kind):
    """Words on one line."""

    code, name_zh, name_en = "text", "简短文字", "Short text"
    SETTINGS: ClassVar = {"max_length": (100, length(500))}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        text = self.written(str(only(values)))
        if len(text) > asked.settings["max_length"]:
            raise TooLong(limit=asked.settings["max_length"])
        return [Stored(text=text)]

    def written(self, text: str) -> str:
        return " ".join(text.split())

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return stored[0].text or "" if stored else ""


class LongText(Text):
    """Words on several lines."""

    code, name_zh, name_en = "long_text", "详细文字", "Long text"
    SETTINGS: ClassVar = {"max_length": (2000, length(10_000))}

    def written(self, text: str) -> str:
        return text
