"""Fields that several forms share: tidy text, whole numbers within limits, local times."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext
from wtforms import DateTimeLocalField, FloatField, IntegerField, SelectChoice, StringField, TextAreaField  # pyright: ignore[reportAttributeAccessIssue] -- newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation, ValidationError

from surveys.asked import clean
from surveys.contacts import find_phones
from webapp import wiring
from webapp.formats import local

REQUIRED = InputRequired(lazy_gettext("请填写此项。"))
YEARS = range(2000, 2200)
_HOTLINE = re.compile(r"1\d{2}|[19]\d{4,5}", re.ASCII)
LARGEST = 1_000_000  # seats, minutes and the like; far below what a database's integer holds


def at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("请勿超过 %(max)d 个字符。"))


def telephone(_form: Any, field: Any) -> None:
    """That people can call it: a telephone number, or a short one such as the city's hotline."""
    if not find_phones(field.data or "") and not _HOTLINE.fullmatch(field.data or ""):
        raise ValidationError(lazy_gettext("请填写 11 位手机号、带区号的座机号，或服务热线，例如 12345。"))


def choices(words: Mapping[Any, Any]) -> list[SelectChoice]:
    """The choices of a select or of radio buttons from values and their words."""
    return [SelectChoice(value, label) for value, label in words.items()]


def one_line(text: str | None) -> str:
    """The text without needless blanks and line ends."""
    return " ".join(clean(text or "").split())


def line(label: Any, most: int, *checks: Any, required: bool = False, **more: Any) -> StringField:
    """One line of text without needless blanks; `checks` are further validators."""
    return StringField(label, [REQUIRED if required else Optional(), at_most(most), *checks], filters=[one_line], **more)


def paragraphs(label: Any, most: int, *, required: bool = False, **more: Any) -> TextAreaField:
    """Several lines of text."""
    return TextAreaField(label, [REQUIRED if required else Optional(), at_most(most)], filters=[lambda text: clean(text or "")], **more)


class _Typed:
    """A number that may be left empty. What is no number is said once, without the limits that it then misses too."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None  # emptied, it is not what it was before
        try:
            super().process_formdata([text for text in valuelist if text.strip()])  # type: ignore[misc] -- of the field it is mixed into
        except ValueError:
            raise ValueError(self.advice) from None  # type: ignore[attr-defined] -- as above

    def pre_validate(self, form: Any) -> None:
        if self.process_errors:  # type: ignore[attr-defined] -- as above
            raise StopValidation


class WholeNumberField(_Typed, IntegerField):
    """A whole number, `data` None when left empty."""

    advice = lazy_gettext("请填写整数，例如 60。")


class AnyNumberField(_Typed, FloatField):
    """A number, `data` an int where it is whole and None when left empty."""

    advice = lazy_gettext("请填写数字，例如 2.5。")

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        super().process_formdata(valuelist)
        if isinstance(self.data, float) and self.data.is_integer():
            self.data = int(self.data)


def whole_number(label: Any, **more: Any) -> WholeNumberField:
    """A whole number that may be left empty; that it is positive is the library's to judge."""
    limits = NumberRange(-LARGEST, LARGEST, lazy_gettext("请勿超过 1000000。"))
    return WholeNumberField(label, [Optional(), limits], **more)


class MomentField(DateTimeLocalField):
    """A date and time as typed at the office; `data` is aware, in the zone of the installation, None when left empty. What was not
    sent at all stays what it was.
    """

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if not valuelist:
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(lazy_gettext("请填写日期和时间，例如 2026-03-18 09:00。")) from None
        if self.data is None:
            return
        if self.data.year not in YEARS:
            raise ValueError(lazy_gettext("请检查年份。"))
        self.data = self.data.replace(tzinfo=ZoneInfo(wiring.settings().timezone))

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return local(self.data).strftime("%Y-%m-%dT%H:%M") if isinstance(self.data, datetime) else ""


def moment(label: Any, **more: Any) -> MomentField:
    """A date and time that may be left empty."""
    return MomentField(label, [Optional()], **more)
