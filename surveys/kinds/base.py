"""What all kinds of questions share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Row, Stored, Tally, clean, given, in_language, show_number
from surveys.kinds.refusals import BadOption, BadSetting, Missing, MoreThanOne, OptionsMissing, TooManyOptions

OTHER = "other"  # the code of the option that takes free text
NONE = "none"  # the code of the option that excludes all others
MOST_OPTIONS = 100  # where one answer has a row for each of them: see asked.PLACES
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


class Kind:
    """A kind of question. `SETTINGS` maps the name of each setting to its default and the check of a given value."""

    code: ClassVar[str]
    name_zh: ClassVar[str]
    name_en: ClassVar[str]
    has_options: ClassVar[bool] = False
    compared: ClassVar[str] = ""  # what of an answer a condition may compare: "option", "number" or "text"
    asks: ClassVar[bool] = True  # whether there is anything to answer
    personal: ClassVar[bool] = False  # whether an answer names or reaches a person: never among open answers, never counted by value
    attaches: ClassVar[bool] = False  # whether an answer is files, which lie beside it: see kinds.files
    SETTINGS: ClassVar[Mapping[str, tuple[Any, Callable[[object], Any]]]] = {}

    def label(self, language: str = "zh") -> str:
        """What the kind itself is called."""
        return in_language(language, self.name_zh, self.name_en)

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """All settings of the kind, checked, with defaults for those not given. Raises BadSetting(setting=…)."""
        unknown = sorted(set(raw) - set(self.SETTINGS))
        if unknown:
            raise BadSetting(field="settings", setting=unknown[0])
        checked: dict[str, Any] = {}
        for name, (default, check) in self.SETTINGS.items():
            try:
                checked[name] = check(raw[name]) if name in raw else default
            except ValueError as error:
                raise BadSetting(field="settings", setting=name, expected=str(error)) from None
        for low, high in (("min", "max"), ("min_length", "max_length")):
            least, most = checked.get(low), checked.get(high)
            if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
                raise BadSetting(field="settings", setting=high, expected=f"at least {show_number(least)}")
        return checked

    def complete(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Stored settings with the defaults of those that did not exist when they were stored."""
        return {name: default for name, (default, _) in self.SETTINGS.items()} | dict(settings)

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        """The options as they are stored. Raises OptionsMissing, TooManyOptions or BadOption; kinds without options take none."""
        if list(raw):
            raise BadOption(field="options")
        return []

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        """Every option a respondent sees, in order."""
        return ()

    def parts(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        """The rows of a matrix or what is ranked, in order."""
        return ()

    def picks(self, asked: Asked) -> tuple[int, int] | None:
        """The fewest and the most options that somebody picks who answers, or answers a row of it; None where it is never more than one."""
        return None

    def sent(self, asked: Asked, raw: Mapping[str, Any]) -> object:
        """What was submitted for this question among all fields."""
        return raw.get(asked.code)

    def read(self, asked: Asked, value: object, other: object = None) -> list[Stored]:
        """A submitted value as rows to store; none when nothing was answered. Raises an Invalid that says why not."""
        values = given(value)
        if not values:
            if asked.required:
                raise Missing
            return []
        return self.rows(asked, values, other)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        """As `read`, of one value or more."""
        raise NotImplementedError

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        """The figures of the question from what the database counted."""
        return Tally(counts.answered)

    def figure(self, number: float) -> str:
        """A least or most of the tally, in words that are the same in every language."""
        return show_number(number)

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str | int | float | None:
        """One answer as a cell of a table: a number where it is one, else as shown; None when there is none."""
        return self.show(asked, stored, language) or None

    def cells(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> dict[str, str | int | float | None]:
        """One answer as the cells of a table of raw data, by the codes of `columns`."""
        return {asked.code: self.cell(asked, stored, language)}

    def columns(self, asked: Asked) -> tuple[Option, ...]:
        """What has a column of its own in a table of raw data: the question, or each of its parts as `CODE.PART`."""
        if not asked.parts:
            return (Option(asked.code, asked.text, asked.text_en),)
        return tuple(
            Option(f"{asked.code}.{part.code}", f"{asked.text}：{part.label_zh}", f"{asked.label('en')}: {part.label('en')}")
            for part in asked.parts
        )

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        """One answer as text for a reader; "" when there is none."""
        raise NotImplementedError


def listed(raw: Iterable[Mapping[str, Any] | str], *, fewest: int = 2, most: int | None = None) -> list[dict[str, str]]:
    """Options as they are stored, codes made up where none is given. Raises OptionsMissing, TooManyOptions or BadOption."""
    options: list[dict[str, str]] = []
    taken = {OTHER, NONE}
    stated = [{"label": option} if isinstance(option, str) else option for option in raw]
    given_codes = {str(option.get("code") or "") for option in stated}
    free = (str(n) for n in range(1, 10**6) if str(n) not in given_codes)
    for place, option in enumerate(stated, start=1):
        code, label = str(option.get("code") or "") or next(free), clean(str(option.get("label") or ""))
        if not label or code in taken or not _CODE.fullmatch(code):
            raise BadOption(field="options", place=place)
        taken.add(code)
        options.append({"code": code, "label": label, "label_en": clean(str(option.get("label_en") or ""))})
    if len(options) < fewest:
        raise OptionsMissing(field="options")
    if most is not None and len(options) > most:
        raise TooManyOptions(field="options", most=most)
    return options


def as_options(options: Sequence[Mapping[str, str]]) -> tuple[Option, ...]:
    """Stored options as they are offered."""
    return tuple(Option(option["code"], option["label"], option.get("label_en", "")) for option in options)


def only(values: list[Any]) -> object:
    """The one value. Raises MoreThanOne."""
    if len(values) > 1:
        raise MoreThanOne
    return values[0]


def share(count: int, answered: int) -> float | None:
    """The part of those who answered, None when nobody did."""
    return count / answered if answered else None


def option_rows(options: Iterable[Option], counted: Mapping[str, int], answered: int) -> tuple[Row, ...]:
    """How often each option was picked."""
    return tuple(
        Row(option.code, option.label_zh, option.label_en, n := counted.get(option.code, 0), share(n, answered)) for option in options
    )


def part_cells(asked: Asked, stored: Sequence[Stored], language: str) -> dict[str, str | int | float | None]:
    """The number of each part, or the words of what was picked for it, by `CODE.PART`."""
    labels = {option.code: option.label(language) for option in asked.options}
    comma = ", " if language.startswith("en") else "、"
    cells: dict[str, str | int | float | None] = {}
    for part in asked.parts:
        own = [row for row in stored if row.part == part.code]
        number = own[0].number if own else None
        words = comma.join(labels.get(row.choice or "", row.choice or "") for row in own) or None
        cells[f"{asked.code}.{part.code}"] = words if number is None else int(number)
    return cells


def joined(pairs: Iterable[tuple[str, str]], language: str) -> str:
    """Names with their values, where there is one, as one text."""
    colon, comma = (": ", "; ") if language.startswith("en") else ("：", "；")
    return comma.join(name + (colon + value if value else "") for name, value in pairs)
