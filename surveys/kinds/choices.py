"""Choices: one of several options, or any of them, with room for another in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Stored, Tally, clean, given
from surveys.kinds.base import CODE, Kind, only, option_rows
from surveys.kinds.checks import flag, picks
from surveys.kinds.refusals import (
    BadOption,
    OptionsMissing,
    OtherMissing,
    TooFewPicks,
    TooLong,
    TooManyPicks,
    UnknownOption,
)

OTHER = "other"  # the code of the option that takes free text; nobody else may use it
OTHER_TEXT_LIMIT = 200
FEWEST_OPTIONS = 2


class Choice(Kind):
    """What single and multiple choice share."""

    has_options = True

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        options: list[dict[str, str]] = []
        taken = {OTHER}
        listed = [{"label": option} if isinstance(option, str) else option for option in raw]
        given_codes = {str(option.get("code") or "") for option in listed}
        free = (str(n) for n in range(1, 10**6) if str(n) not in given_codes)
        for place, option in enumerate(listed, start=1):
            code, label = str(option.get("code") or "") or next(free), clean(str(option.get("label") or ""))
            if not label or code in taken or not CODE.fullmatch(code):
                raise BadOption(field="options", place=place)
            taken.add(code)
            options.append({"code": code, "label": label, "label_en": clean(str(option.get("label_en") or ""))})
        if len(options) < FEWEST_OPTIONS:
            raise OptionsMissing(field="options")
        return options

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        listed = [Option(option["code"], option["label"], option.get("label_en", "")) for option in options]
        return (*listed, Option(OTHER, "其他", "Other", other=True)) if settings.get("other") else tuple(listed)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        """The picks in the order of the options; the free text counts only when "other" is picked."""
        picked = {str(value) for value in values}
        unknown = sorted(picked - {option.code for option in asked.options})
        if unknown:
            raise UnknownOption
        return [
            Stored(choice=option.code, text=self._said(other) if option.other else None)
            for option in asked.options if option.code in picked
        ]

    def _said(self, other: object) -> str:
        said = [str(value) for value in given(other)]
        if not said:
            raise OtherMissing
        if len(said[0]) > OTHER_TEXT_LIMIT:
            raise TooLong(limit=OTHER_TEXT_LIMIT)
        return said[0]

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        return Tally(counts.answered, rows=option_rows(asked, counts.choices, counts.answered))

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        labels = {option.code: option.label(language) for option in asked.options}
        colon, comma = (": ", "; ") if language.startswith("en") else ("：", "；")
        return comma.join(
            labels.get(row.choice or "", row.choice or "") + (colon + row.text if row.text else "") for row in stored
        )


class Single(Choice):
    """One of several options."""

    code, name_zh, name_en = "single", "单选题", "Single choice"
    SETTINGS: ClassVar = {"other": (False, flag)}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        return super().rows(asked, [only(values)], other)


class Multiple(Choice):
    """Any of several options, at least `min` and at most `max` of them when it is answered at all."""

    code, name_zh, name_en = "multiple", "多选题", "Multiple choice"
    SETTINGS: ClassVar = {"other": (False, flag), "min": (None, picks), "max": (None, picks)}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        rows = super().rows(asked, values, other)
        least, most = asked.settings["min"], asked.settings["max"]
        if least is not None and len(rows) < least:
            raise TooFewPicks(min=least)
        if most is not None and len(rows) > most:
            raise TooManyPicks(max=most)
        return rows
