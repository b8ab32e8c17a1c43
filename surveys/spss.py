"""Raw data as SPSS reads it: a .sav file in which every variable and every value has its label.

Written by pyreadstat, which comes with the extra `spss` of this package; nothing else needs it.
"""
# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportUnknownVariableType=false

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import Any

from surveys.asked import Asked, Option, in_language
from surveys.errors import Conflict
from surveys.forms import Form
from surveys.kinds import KINDS, Day, Grid, Moments, Multiple, Number, Ranking, Time
from surveys.raw import RawLine, RawResponse

LABEL, VALUE_LABEL, NAME = 255, 120, 60  # bytes that SPSS allows, of a name four less for what tells two apart
RESERVED = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
DATE, CLOCK, MOMENT = "SDATE10", "TIME5", "DATETIME17"
_ZERO = datetime(1582, 10, 14, tzinfo=UTC)  # from which SPSS counts seconds
_MISSING = math.nan


class SpssNotInstalled(Conflict):
    """SPSS files need pyreadstat: pip install engage[spss]."""


@dataclass(slots=True)
class _Variable:
    """A column: what it is called, what its numbers mean, and what it holds of one answer."""

    name: str
    label: str
    read: Callable[[Sequence[RawLine]], float | str | None]
    meanings: Mapping[float, str] = field(default_factory=dict[float, str])
    format: str = ""
    measure: str = "nominal"
    text: bool = False
    column: "array[float] | list[str]" = field(init=False)

    def __post_init__(self) -> None:
        self.column = [] if self.text else array("d")

    def add(self, lines: Sequence[RawLine]) -> None:
        value = self.read(lines) if lines else None
        if isinstance(self.column, list):
            self.column.append("" if value is None else str(value))
        else:
            self.column.append(_MISSING if value is None else float(value))


def write_sav(
    path: Path, form: Form, responses: Iterable[RawResponse], *, language: str = "zh", segments: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
) -> None:
    """Write a file with a row for each response; raises SpssNotInstalled.

    A choice is a number with its label, each option of a multiple choice a variable of its own (1 chosen, 0 not), days and times
    are dates. Missing is who did not answer. `segments` gives labels for segment codes; without it they are left out. Times
    are those of `zone`.
    """
    try:
        import pyreadstat  # noqa: PLC0415 -- slow, and an extra
    except ImportError:
        raise SpssNotInstalled from None
    write: Any = pyreadstat.write_sav  # its annotations know only its own word for a frame
    from pandas import DataFrame  # noqa: PLC0415 -- slow import

    asked = [(one.code, list(_variables(one, language))) for one in form.questions]
    heads = _Heads(language, segments, zone)
    for response in responses:
        heads.add(response)
        own: dict[str, list[RawLine]] = {}
        for line in response.lines:
            own.setdefault(line.question.code, []).append(line)
        for code, variables in asked:
            for variable in variables:
                variable.add(own.get(code, ()))
    variables = [*heads.variables(), *(variable for _, those in asked for variable in those)]
    names = _names(variables)
    write(
        DataFrame(dict(zip(names, (variable.column for variable in variables), strict=True))), str(path),
        column_labels=[_cut(variable.label, LABEL) for variable in variables],
        variable_value_labels={
            name: {value: _cut(label, VALUE_LABEL) for value, label in variable.meanings.items()}
            for name, variable in zip(names, variables, strict=True) if variable.meanings
        },
        variable_measure={name: variable.measure for name, variable in zip(names, variables, strict=True)},
        variable_format={
            name: variable.format or "F8.0" for name, variable in zip(names, variables, strict=True) if variable.format or variable.meanings
        },
    )


class _Heads:
    """What is known of a response beside its answers."""

    def __init__(self, language: str, segments: Mapping[str, str] | None, zone: tzinfo) -> None:
        self._language, self._segments, self._zone = language, segments, zone
        self._codes: dict[str, int] = {code: number for number, code in enumerate(segments or (), start=1)}
        self._columns = {name: array("d") for name in ("response_date", "response_time", "response_category", "response_version")}

    def add(self, response: RawResponse) -> None:
        at = response.submitted_at and response.submitted_at.astimezone(self._zone)
        number = self._codes.setdefault(response.segment, len(self._codes) + 1)
        for column, value in zip(self._columns.values(), (
            _seconds(response.submitted_on), _seconds(at) if at else _MISSING, number if self._segments is not None else _MISSING, response.version,
        ), strict=True):
            column.append(value)

    def variables(self) -> Iterator[_Variable]:
        """Those of which anything is known."""
        labels = (("提交日期", "Date"), ("提交时间", "Time"), ("类别", "Category"), ("问卷版本", "Version"))
        formats = (DATE, MOMENT, "", "")
        for (name, column), words, kind in zip(self._columns.items(), labels, formats, strict=True):
            if not all(map(math.isnan, column)):
                made = _Variable(name, in_language(self._language, *words), lambda _: None, format=kind, measure="scale" if kind else "nominal")
                if name == "response_category":
                    made.meanings = {number: (self._segments or {}).get(code, code) for code, number in self._codes.items()}
                made.column = column
                yield made


def _variables(asked: Asked, language: str) -> Iterator[_Variable]:
    """The variables of a question: one, one for each part, or one for each option that can be picked beside others."""
    kind = KINDS[asked.kind]
    numbers = _numbers(asked.options)
    for column, part in zip(kind.columns(asked), asked.parts or (None,), strict=True):
        code, label, own = column.code, column.label(language), _of_part(part.code if part else "")
        if isinstance(kind, (Multiple, Grid)):
            for option in asked.options:
                yield _Variable(f"{code}.{option.code}", f"{label}：{option.label(language)}", _picked(own, option.code),
                                {0: in_language(language, "未选", "not chosen"), 1: in_language(language, "选择", "chosen")})
        elif isinstance(kind, Moments):
            yield _Variable(code, label, _moment(own), format=DATE if isinstance(kind, Day) else CLOCK if isinstance(kind, Time) else MOMENT, measure="scale")
        elif isinstance(kind, (Number, Ranking)):
            yield _Variable(code, label, _value(own, {}), measure="ordinal" if isinstance(kind, Ranking) else "scale")
        elif numbers:
            ordinal = kind.compared == "number"
            yield _Variable(code, label, _value(own, numbers), {numbers[one.code]: one.label(language) for one in asked.options},
                            measure="ordinal" if ordinal else "nominal")
        else:
            yield _Variable(code, label, _said(own), text=True)
        if any(option.other for option in asked.options):
            yield _Variable(f"{code}.other_text", f"{label}{in_language(language, '（其他，请注明）', ' (other, in words)')}", _said(own), text=True)


def _numbers(options: Sequence[Option]) -> dict[str, int]:
    """A number for each option: its code where that is one, else the next that is free."""
    numbers = {option.code: int(option.code) for option in options if option.code.isdecimal()}
    for option in options:
        numbers.setdefault(option.code, max(numbers.values(), default=0) + 1)
    return numbers


def _of_part(part: str) -> Callable[[Sequence[RawLine]], list[RawLine]]:
    return lambda lines: [line for line in lines if line.part == part]


def _picked(own: Callable[[Sequence[RawLine]], list[RawLine]], code: str) -> Callable[[Sequence[RawLine]], float | None]:
    def read(lines: Sequence[RawLine]) -> float | None:
        there = own(lines)
        return float(any(line.value == code for line in there)) if there else None

    return read


def _value(own: Callable[[Sequence[RawLine]], list[RawLine]], numbers: Mapping[str, int]) -> Callable[[Sequence[RawLine]], float | None]:
    def read(lines: Sequence[RawLine]) -> float | None:
        for line in own(lines):
            return numbers[str(line.value)] if str(line.value) in numbers else float(line.value or 0)
        return None

    return read


def _moment(own: Callable[[Sequence[RawLine]], list[RawLine]]) -> Callable[[Sequence[RawLine]], float | None]:
    def read(lines: Sequence[RawLine]) -> float | None:
        for line in own(lines):
            text = str(line.value)
            if ":" in text and "-" not in text:
                at = time.fromisoformat(text)
                return at.hour * 3600 + at.minute * 60
            return _seconds(datetime.fromisoformat(text))
        return None

    return read


def _said(own: Callable[[Sequence[RawLine]], list[RawLine]]) -> Callable[[Sequence[RawLine]], str]:
    return lambda lines: "\n".join(line.text for line in own(lines) if line.text)


def _seconds(when: date) -> float:
    """Seconds as SPSS counts them, of a day or of a time as a clock on the wall shows it."""
    there = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)
    return (there.replace(tzinfo=UTC) - _ZERO).total_seconds()


def _names(variables: Iterable[_Variable]) -> list[str]:
    """Names that SPSS takes: letters, digits, underscores and dots, none twice."""
    taken: dict[str, None] = {}
    for variable in variables:
        plain = re.sub(r"[^A-Za-z0-9_.]", "_", variable.name)[:NAME].rstrip("._") or "v"
        plain = plain if plain[0].isalpha() and plain.upper() not in RESERVED else f"v_{plain}"
        name, number = plain, 1
        while name.upper() in (each.upper() for each in taken):
            number += 1
            name = f"{plain}_{number}"
        taken[name] = None
    return list(taken)


def _cut(text: str, limit: int) -> str:
    """As much of a text as fits into so many bytes."""
    return text.encode()[:limit].decode(errors="ignore")
