"""Days and times, stored as numbers: days since 1970-01-01, minutes of the day, minutes since 1970-01-01T00:00 where one is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Row, Stored, Tally
from surveys.errors import Invalid
from surveys.kinds.base import Kind, only, share
from surveys.kinds.refusals import BadSetting, NotADay, NotAMoment, NotATime, TooEarly, TooLate

YEARS = range(1900, 2200)
DAY = 24 * 60  # minutes
_FIRST = date(1970, 1, 1)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:时点](\d{1,2})(?::\d{2}(?:\.\d+)?|分)?", re.ASCII)
_MOMENT = re.compile(rf"({_DATE.pattern})\s*T?\s*({_TIME.pattern})", re.ASCII)


def _day(text: str) -> int:
    """Days since 1970-01-01. Raises ValueError."""
    written = _DATE.fullmatch("".join(text.split()))
    day = date(*map(int, written.groups())) if written else None
    if day is None or day.year not in YEARS:
        raise ValueError("2026-03-18")
    return (day - _FIRST).days


def _minutes(text: str) -> int:
    """Minutes of the day. Raises ValueError."""
    written = _TIME.fullmatch("".join(text.split()))
    if written is None:
        raise ValueError("09:30")
    at = time(int(written[1]), int(written[2]))
    return at.hour * 60 + at.minute


def _moment(text: str) -> int:
    """Minutes since 1970-01-01T00:00. Raises ValueError."""
    written = _MOMENT.fullmatch(text.strip())
    if written is None:
        raise ValueError("2026-03-18 09:30")
    return _day(written[1]) * DAY + _minutes(written[5])


class Moments(Kind):
    """What days and times share. `min` and `max` are written like answers, "" for none."""

    compared = "number"
    refusal: ClassVar[type[Invalid]]

    @staticmethod
    def number(text: str) -> int:
        """What is stored for a text in NFKC. Raises ValueError, whose words are an example."""
        raise NotImplementedError

    def heap(self, number: float) -> str:
        """The day, or the hour, that a number falls into."""
        raise NotImplementedError

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        checked = super().settings(raw)
        if checked["min"] and checked["max"] and self.number(checked["min"]) > self.number(checked["max"]):
            raise BadSetting(field="settings", setting="max", expected=f"at least {checked['min']}")
        return checked

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        value = only(values)
        text = value.isoformat() if isinstance(value, (date, time)) else str(value)
        try:
            number = self.number(unicodedata.normalize("NFKC", text))
        except ValueError:
            raise self.refusal from None
        least, most = asked.settings["min"], asked.settings["max"]
        if least and number < self.number(least):
            raise TooEarly(min=least)
        if most and number > self.number(most):
            raise TooLate(max=most)
        return [Stored(number=number)]

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        """The earliest and the latest as they are stored, and how many gave each day."""
        if not counts.numbers:
            return Tally(counts.answered)
        heaps = Counter[str]()
        for number in sorted(counts.numbers):
            heaps[self.heap(number)] += counts.numbers[number]
        days = tuple(Row(heap, heap, "", n, share(n, counts.answered)) for heap, n in heaps.items())
        return Tally(counts.answered, least=min(counts.numbers), most=max(counts.numbers), days=days)

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return self.figure(stored[0].number) if stored and stored[0].number is not None else ""


def _bound(kind: type[Moments]) -> Any:
    """The check of an earliest or latest moment: kept as it is shown, "" for none."""

    def check(value: object) -> str:
        text = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else None
        if text is None:
            raise ValueError("a text")
        return kind().figure(kind.number(text)) if text else ""

    return check


class Day(Moments):
    """A day, stored as days since 1970-01-01."""

    code, name_zh, name_en = "date", "日期", "Date"
    refusal = NotADay
    number = staticmethod(_day)

    def figure(self, number: float) -> str:
        return (_FIRST + timedelta(days=number)).isoformat()

    def heap(self, number: float) -> str:
        return self.figure(number)


class Time(Moments):
    """A time of the day, stored in minutes; counted by the hour."""

    code, name_zh, name_en = "time", "时间", "Time"
    refusal = NotATime
    number = staticmethod(_minutes)

    def figure(self, number: float) -> str:
        return f"{int(number) // 60:02}:{int(number) % 60:02}"

    def heap(self, number: float) -> str:
        return f"{int(number) // 60:02}:00"


class Moment(Moments):
    """A day with a time where one is, stored as minutes since 1970-01-01T00:00; counted by the day."""

    code, name_zh, name_en = "datetime", "日期和时间", "Date and time"
    refusal = NotAMoment
    number = staticmethod(_moment)

    def figure(self, number: float) -> str:
        return f"{datetime.combine(_FIRST, time()) + timedelta(minutes=number):%Y-%m-%d %H:%M}"

    def heap(self, number: float) -> str:
        return self.figure(number)[:10]


for _kind in (Day, Time, Moment):
    _kind.SETTINGS = {"min": ("", _bound(_kind)), "max": ("", _bound(_kind))}
