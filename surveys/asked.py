"""A question as it is put to people, one answer to it, and the figures of all answers: what every kind works with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

# C0 controls but tab and line feed, and lone surrogates: PostgreSQL refuses them, XML (Word, Excel) cannot hold them.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def in_language(language: str, chinese: str, english: str) -> str:
    """The wording in `language`: English when asked for and present, else Chinese."""
    return english if english and language.startswith("en") else chinese


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be picked. `other` marks the one that takes free text."""

    code: str
    label_zh: str
    label_en: str = ""
    other: bool = False

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put to people: immutable, settings complete, every option there is."""

    id: int
    code: str
    kind: str
    number: int
    text: str
    text_en: str = ""
    hint: str = ""
    hint_en: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.text, self.text_en)

    def help(self, language: str = "zh") -> str:
        return in_language(language, self.hint, self.hint_en)

    def unit(self, language: str = "zh") -> str:
        """The unit of a number, or ""."""
        return in_language(language, self.settings.get("unit", ""), self.settings.get("unit_en", ""))


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of an answer: a picked option, a number or a text, at its place among the rows of the question."""

    choice: str | None = None
    number: float | None = None
    text: str | None = None


@dataclass(slots=True)
class Counts:
    """What the database counted for one question: how many answered, how often each option and number was given."""

    answered: int = 0
    choices: dict[str, int] = field(default_factory=dict[str, int])
    numbers: dict[float, int] = field(default_factory=dict[float, int])


@dataclass(frozen=True, slots=True)
class Row:
    """How often an option was chosen, and its share of those who answered the question (None when nobody did)."""

    code: str
    label_zh: str
    label_en: str
    count: int
    share: float | None

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to one question in figures; what a kind does not have is empty or None. Shares are 0 to 1."""

    answered: int
    rows: tuple[Row, ...] = ()
    mean: float | None = None
    median: float | None = None
    least: float | None = None
    most: float | None = None
    satisfied: float | None = None  # 满意率: the share of 基本满意 and better; the lower two levels are a poor rating


def clean(text: str) -> str:
    """The text as it is stored: line feeds as line ends, no control characters, no blanks around it."""
    if text.isprintable():  # nearly every one: nothing to take out
        return text.strip()
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def given(value: object) -> list[Any]:
    """What was submitted for one field as a list without blanks: forms send lists of strings, Python single values."""
    values = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else [value]
    cleaned = [clean(v) if isinstance(v, str) else v for v in values]
    return [v for v in cleaned if v is not None and v != ""]


def show_number(value: float) -> str:
    """A number without a needless `.0`."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
