"""What all kinds of questions share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Row, Stored, Tally, given, in_language, show_number
from surveys.kinds.refusals import BadOption, BadSetting, Missing, MoreThanOne

CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def only(values: list[Any]) -> object:
    if len(values) > 1:
        raise MoreThanOne
    return values[0]


def share(count: int, answered: int) -> float | None:
    return count / answered if answered else None


def option_rows(asked: Asked, counted: Mapping[str, int], answered: int) -> tuple[Row, ...]:
    return tuple(
        Row(option.code, option.label_zh, option.label_en, n := counted.get(option.code, 0), share(n, answered))
        for option in asked.options
    )


class Kind:
    """A kind of question. `SETTINGS` maps the name of each setting to its default and the check of a given value."""

    code: ClassVar[str]
    name_zh: ClassVar[str]
    name_en: ClassVar[str]
    has_options: ClassVar[bool] = False
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
        least, most = checked.get("min"), checked.get("max")
        if least is not None and most is not None and least > most:
            raise BadSetting(field="settings", setting="max", expected=f"at least {show_number(least)}")
        return checked

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        """The options as they are stored. Raises OptionsMissing or BadOption; kinds without options take none."""
        if list(raw):
            raise BadOption(field="options")
        return []

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        """Every option a respondent sees, in order."""
        return ()

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

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str | int | float | None:
        """One answer as a cell of a table: a number where it is one, else as shown; None when there is none."""
        return self.show(asked, stored, language) or None

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        """One answer as text for a reader; "" when there is none."""
        raise NotImplementedError
