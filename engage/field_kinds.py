"""What each kind of field on a registration form accepts, stores and shows: one class per kind, all of them in KINDS.

An answer is stored as one text: the option's code (several: one per line), the number, the date as in ISO 8601, `yes` or `no`,
a file's name. What questionnaires ask too is judged as they judge it, by `surveys.kinds`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any, ClassVar

import surveys.kinds as surveyed
from engage import contacts
from engage.errors import Invalid
from surveys.asked import Asked, Option, in_language

YEARS = range(1900, 2200)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)


class NotADate(Invalid):
    """This is not a date."""


@dataclass(frozen=True)
class Check:
    """A rule for a text: what it is called, how it is cleaned or refused, and whether what it asks is sensitive by law."""

    name_zh: str
    name_en: str
    clean: Callable[[str, date], str]
    sensitive: bool = False

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.name_zh, self.name_en)


CHECKS: Mapping[str, Check] = {
    "uscc": Check("统一社会信用代码", "Unified social credit code", lambda text, _: contacts.clean_uscc(text)),
    "mobile": Check("手机号", "Mobile number", lambda text, _: contacts.clean_mobile(text)),
    "phone": Check("手机号或座机号", "Mobile or landline number", lambda text, _: contacts.clean_phone(text)),
    "identity": Check("居民身份证号", "Identity-card number",
                      lambda text, today: contacts.clean_identity_number(text, today=today), sensitive=True),
}


@dataclass(frozen=True)
class Shape:
    """A field as far as its kind needs to know it. Options that were taken off the form stay, marked as `retired`."""

    options: Sequence[Mapping[str, Any]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def offered(self) -> list[Mapping[str, Any]]:
        """The options that can be picked now."""
        return [option for option in self.options if not option.get("retired")]


class Kind:
    """A kind of field. `SETTINGS` maps the name of each setting to its default and the check of a given value."""

    code: ClassVar[str]
    name_zh: ClassVar[str]
    name_en: ClassVar[str]
    has_options: ClassVar[bool] = False
    SETTINGS: ClassVar[Mapping[str, tuple[Any, Callable[[object], Any]]]] = {}

    def label(self, language: str = "zh") -> str:
        """What the kind itself is called."""
        return in_language(language, self.name_zh, self.name_en)

    def settings(self, raw: Mapping[str, Any], options: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """All settings, checked so that an answer is possible, defaults filled in. Raises BadSetting(setting=…)."""
        checked: dict[str, Any] = {}
        for name in raw:
            if name not in self.SETTINGS:
                raise surveyed.BadSetting(field="settings", setting=name)
        for name, (default, check) in self.SETTINGS.items():
            try:
                checked[name] = check(raw[name]) if name in raw else default
            except ValueError as error:
                raise surveyed.BadSetting(field="settings", setting=name, expected=str(error)) from None
        return checked

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        """What was typed or picked, as it is stored. `values` is not empty. Raises an Invalid that says why not."""
        raise NotImplementedError

    def show(self, shape: Shape, value: str, language: str = "zh") -> str:
        """A stored answer, or several values of a condition on it, for a reader."""
        return value

    def conditions(self, shape: Shape) -> dict[str, tuple[str, str]]:
        """The answers that another field can depend on, with their words in Chinese and English."""
        return {}


class _Surveyed(Kind):
    """A kind that questionnaires know too."""

    @property
    def _known(self) -> surveyed.Kind:
        return surveyed.KINDS[self.code]

    def settings(self, raw: Mapping[str, Any], options: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        for name in raw:
            if name not in self.SETTINGS:
                raise surveyed.BadSetting(field="settings", setting=name)
        return {name: value for name, value in self._known.settings(raw).items() if name in self.SETTINGS}

    def _rows(self, shape: Shape, values: Sequence[str]) -> Sequence[Any]:
        listed = tuple(Option(option["code"], option["label"], option["label_en"]) for option in shape.offered)
        asked = Asked(0, "", self.code, 0, "", options=listed, settings=shape.settings)
        return self._known.rows(asked, list(values), None)


class Text(Kind):
    """Words on one line, which may have to be a number of a known kind."""

    code, name_zh, name_en = "text", "简短文字", "Short text"
    LIMIT = 200

    @staticmethod
    def _check(value: object) -> str:
        if value and value not in CHECKS:
            raise ValueError("a check that there is")
        return str(value or "")

    SETTINGS: ClassVar = {"check": ("", _check)}

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        text = " ".join(values[0].split())
        if len(text) > self.LIMIT:
            raise surveyed.TooLong(limit=self.LIMIT)
        check = CHECKS.get(shape.settings["check"])
        return check.clean(text, today) if check else text


class LongText(Kind):
    """Words on several lines."""

    code, name_zh, name_en = "long_text", "多行文字", "Long text"
    LIMIT = 2000

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        if len(values[0]) > self.LIMIT:
            raise surveyed.TooLong(limit=self.LIMIT)
        return values[0]


class _Choice(_Surveyed):
    has_options = True

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        return "\n".join(row.choice for row in self._rows(shape, values))

    def show(self, shape: Shape, value: str, language: str = "zh") -> str:
        words = {option["code"]: in_language(language, option["label"], option["label_en"]) for option in shape.options}
        return in_language(language, "；", "; ").join(words.get(code, code) for code in value.split("\n"))

    def conditions(self, shape: Shape) -> dict[str, tuple[str, str]]:
        return {option["code"]: (option["label"], option["label_en"]) for option in shape.offered}


class Single(_Choice):
    """One of several options."""

    code, name_zh, name_en = "single", "单选", "Single choice"


class Multiple(_Choice):
    """Any of several options, at least `min` and at most `max` of them when it is answered at all."""

    code, name_zh, name_en = "multiple", "多选", "Multiple choice"
    SETTINGS: ClassVar = {name: surveyed.Multiple.SETTINGS[name] for name in ("min", "max")}

    def settings(self, raw: Mapping[str, Any], options: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        checked = super().settings(raw, options)
        if (checked["min"] or 0) > len(options):
            raise surveyed.BadSetting(field="settings", setting="min", expected=f"at most {len(options)}")
        return checked


class Number(_Surveyed):
    """A number within limits, whole or not, with its unit."""

    code, name_zh, name_en = "number", "数字", "Number"
    SETTINGS: ClassVar = {name: surveyed.Number.SETTINGS[name] for name in ("min", "max", "integer", "unit", "unit_en")}

    def settings(self, raw: Mapping[str, Any], options: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        checked = super().settings(raw, options)
        least, most = checked["min"], checked["max"]
        if checked["integer"] and least is not None and most is not None and ceil(least) > most:
            raise surveyed.BadSetting(field="settings", setting="max", expected="a whole number in between")
        return checked

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        (row,) = self._rows(shape, values)
        return surveyed.show_number(row.number)

    def show(self, shape: Shape, value: str, language: str = "zh") -> str:
        unit = in_language(language, shape.settings["unit"], shape.settings["unit_en"])
        return f"{value} {unit}" if unit and unit.isascii() else value + unit


class Date(Kind):
    """A day."""

    code, name_zh, name_en = "date", "日期", "Date"

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        written = _DATE.fullmatch("".join(unicodedata.normalize("NFKC", values[0]).split()))
        try:
            day = date(*map(int, written.groups())) if written else None
        except ValueError:
            day = None
        if day is None or day.year not in YEARS:
            raise NotADate
        return day.isoformat()


class YesNo(Kind):
    """Yes or no."""

    code, name_zh, name_en = "yes_no", "是否", "Yes or no"
    WORDS: ClassVar = {"yes": ("是", "Yes"), "no": ("否", "No")}

    def read(self, shape: Shape, values: Sequence[str], *, today: date) -> str:
        if len(set(values)) > 1:
            raise surveyed.MoreThanOne
        if values[0] not in self.WORDS:
            raise surveyed.UnknownOption
        return values[0]

    def show(self, shape: Shape, value: str, language: str = "zh") -> str:
        return in_language(language, "；", "; ").join(in_language(language, *self.WORDS[each]) for each in value.split("\n"))

    def conditions(self, shape: Shape) -> dict[str, tuple[str, str]]:
        return dict(self.WORDS)


class File(Kind):
    """A file, of a kind that `engage.files` accepts; the answer's text is its name."""

    code, name_zh, name_en = "file", "文件", "File"
    LARGEST = 10  # megabytes that an organiser can allow

    @staticmethod
    def _megabytes(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= File.LARGEST:
            raise ValueError(f"1 to {File.LARGEST}")
        return value

    SETTINGS: ClassVar = {"megabytes": (5, lambda value: File._megabytes(value))}  # noqa: PLW0108 -- the class is not there yet


KINDS: Mapping[str, Kind] = {
    kind.code: kind for kind in (Text(), LongText(), Single(), Multiple(), Number(), Date(), YesNo(), File())
}
