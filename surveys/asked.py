"""A question as it is put to people, one answer to it, and the figures of all answers: what every kind works with."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Any, cast

from surveys.conditions import Condition
from surveys.files import Upload

# C0 controls but tab and line feed, and lone surrogates: PostgreSQL refuses them, XML (Word, Excel) cannot hold them.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def in_language(language: str, chinese: str, english: str) -> str:
    """The wording in `language`: English when asked for and present, else Chinese."""
    return english if english and language.startswith("en") else chinese


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be picked. `other` marks the one that takes free text, `alone` the one that excludes all others;
    at most `quota` people get it on one occasion.
    """

    code: str
    label_zh: str
    label_en: str = ""
    other: bool = False
    alone: bool = False
    show_if: Condition | None = None
    quota: int | None = None
    removed: bool = False  # by a later version; its label says so

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put to people: immutable, settings complete, every option there is.

    `options` are what can be picked; `parts` are the rows of a matrix, each of which is answered with them, or what is ranked.
    """

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
    parts: tuple[Option, ...] = ()
    removed: bool = False  # by a later version; its text says so
    show_if: Condition | None = None
    piped: Mapping[str, str] = field(default_factory=dict[str, str])  # from wordings as shown to those with `${q1}`, see pipes.py

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.text, self.text_en)

    def help(self, language: str = "zh") -> str:
        return in_language(language, self.hint, self.hint_en)

    def ordered(self, seed: str) -> Sequence[Option]:
        """The options as one respondent sees them: in an order that follows from `seed` where the author asks for it.

        What takes free text or excludes all others stays at the end.
        """
        if not self.settings.get("random"):
            return self.options
        mixed = [option for option in self.options if not (option.other or option.alone)]
        Random(f"{seed} {self.code}").shuffle(mixed)  # noqa: S311 -- an order, no secret
        return [*mixed, *(option for option in self.options if option.other or option.alone)]

    def setting(self, name: str, language: str = "zh") -> str:
        """A setting that is a word in two languages, "" where there is none."""
        return in_language(language, self.settings.get(name, ""), self.settings.get(f"{name}_en", ""))

    def unit(self, language: str = "zh") -> str:
        """The unit of a number, or ""."""
        return self.setting("unit", language)


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of an answer: a picked option, a number or a text; `part` names the row of a matrix or the option of a ranking.

    The rows of a part follow one another; `choice` and `number` are never both there. A file has its name and size as text, and is
    only there when it is handed in.
    """

    choice: str | None = None
    number: float | None = None
    text: str | None = None
    part: str = ""
    file: Upload | None = None


PLACES = 100  # of one part: the next begins at the next hundred


def placed(rows: Sequence[Stored]) -> Iterable[tuple[int, Stored]]:
    """The rows of one answer, each with its place: see responses.Answer."""
    if not rows[-1].part:  # nearly every one
        return enumerate(rows)
    parts = (list(same) for _, same in groupby(rows, key=lambda row: row.part))
    return [(PLACES * part + place, row) for part, same in enumerate(parts) for place, row in enumerate(same)]


@dataclass(slots=True)
class Counts:
    """What the database counted for one question: how many answered, how often each option and number was given.

    Of a question with parts, options and numbers are counted in `parts`, by the part's code; `answered` counts people.
    """

    answered: int = 0
    choices: dict[str, int] = field(default_factory=dict[str, int])
    numbers: dict[float, int] = field(default_factory=dict[float, int])
    parts: "dict[str, Counts]" = field(default_factory=dict[str, "Counts"])

    def add(self, other: "Counts") -> None:
        """Count the answers of other people too."""
        self.answered += other.answered
        for choice, n in other.choices.items():
            self.choices[choice] = self.choices.get(choice, 0) + n
        for number, n in other.numbers.items():
            self.numbers[number] = self.numbers.get(number, 0) + n
        for part, counts in other.parts.items():
            self.parts.setdefault(part, Counts()).add(counts)


@dataclass(frozen=True, slots=True)
class Row:
    """How often an option was chosen, and its share of those who answered the question (None when nobody did).

    Both are None where the figure was left out for being small: see suppression.py.
    """

    code: str
    label_zh: str
    label_en: str
    count: int | None
    share: float | None

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to one question in figures; what a kind does not have is empty or None. Shares are 0 to 1.

    Figures that were left out (see suppression.py) are None; then so is what could be worked out from them.
    """

    answered: int | None
    rows: tuple[Row, ...] = ()
    mean: float | None = None
    median: float | None = None
    least: float | None = None
    most: float | None = None
    satisfied: float | None = None  # 满意率: the share of 基本满意 and better; the lower two levels are a poor rating
    spread: float | None = None  # the standard deviation of these answers, not an estimate for others
    nps: float | None = None  # the share of promoters less that of detractors, -1 to 1
    groups: tuple[Row, ...] = ()  # promoters, passives and detractors
    score: float | None = None  # of a ranked option: points for each rank, the last has one and who is left out none, in the mean
    days: tuple[Row, ...] = ()  # of moments: how often each day was given (of times each hour), only those that were, in order
    parts: "tuple[Part, ...]" = ()  # the rows of a matrix, the options of a ranking


@dataclass(frozen=True, slots=True)
class Part:
    """A row of a matrix or an option of a ranking, and its own figures."""

    code: str
    label_zh: str
    label_en: str
    tally: Tally

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.label_zh, self.label_en)


def clean(text: str) -> str:
    """The text as it is stored: line feeds as line ends, no control characters, no blanks around it."""
    if text.isprintable():  # nearly every one: nothing to take out
        return text.strip()
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def given(value: object) -> list[Any]:
    """What was submitted for one field as a list without blanks: forms send lists of strings, Python single values."""
    values = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else [value]
    return [v for each in values if (v := clean(each) if isinstance(each, str) else each) is not None and v != ""]


def show_number(value: float) -> str:
    """A number without a needless `.0`."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
