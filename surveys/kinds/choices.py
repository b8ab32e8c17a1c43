"""Choices: one of several options, or any of them, with room for another in words and for none of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Counts, Option, Stored, Tally, given
from surveys.kinds.base import MOST_OPTIONS, NONE, OTHER, Kind, as_options, joined, listed, only, option_rows
from surveys.kinds.checks import flag, picks
from surveys.kinds.refusals import NotAlone, OtherMissing, TooFewPicks, TooLong, TooManyPicks, UnknownOption

OTHER_TEXT_LIMIT = 200
_OTHER = Option(OTHER, "其他", "Other", other=True)
_NONE = Option(NONE, "以上都不是", "None of the above", alone=True)


class Choice(Kind):
    """What single and multiple choice share.

    Settings: `other` adds an option that takes free text, `none` one that excludes all others, and with `random` each respondent
    sees the options in an order of their own, these two at the end.
    """

    has_options = True
    compared = "option"
    SETTINGS: ClassVar = {"other": (False, flag), "none": (False, flag), "random": (False, flag)}

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        return listed(raw)

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        further = [option for option in (_OTHER, _NONE) if settings.get(option.code)]
        return (*as_options(options), *further)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        """The picks in the order of the options; the free text counts only when "other" is picked."""
        picked = {str(value) for value in values}
        if not picked <= {option.code for option in asked.options}:
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
        return Tally(counts.answered, rows=option_rows(asked.options, counts.choices, counts.answered))

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        labels = {option.code: option.label(language) for option in asked.options}
        return joined(((labels.get(row.choice or "", row.choice or ""), row.text or "") for row in stored), language)


class Single(Choice):
    """One of several options."""

    code, name_zh, name_en = "single", "单选题", "Single choice"

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        return super().rows(asked, [only(values)], other)


class Multiple(Choice):
    """Any of several options, at least `min` and at most `max` of them when it is answered at all, or none of them."""

    code, name_zh, name_en = "multiple", "多选题", "Multiple choice"
    SETTINGS: ClassVar = {**Choice.SETTINGS, "min": (None, picks), "max": (None, picks)}

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        return listed(raw, most=MOST_OPTIONS - 2)

    def picks(self, asked: Asked) -> tuple[int, int]:
        fewer = any(option.alone or option.show_if or option.quota for option in asked.options)  # may be all that one can pick
        return 1 if fewer else asked.settings["min"] or 1, asked.settings["max"] or len(asked.options)

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        rows = super().rows(asked, values, other)
        if any(option.alone for option in asked.options) and any(row.choice == NONE for row in rows):
            if len(rows) > 1:
                raise NotAlone
            return rows
        least, most = asked.settings["min"], asked.settings["max"]
        if least is not None and len(rows) < (least := min(least, sum(not option.alone for option in asked.options))):
            raise TooFewPicks(min=least)
        if most is not None and len(rows) > most:
            raise TooManyPicks(max=most)
        return rows
