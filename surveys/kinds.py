"""What each kind of question accepts, stores, tallies and shows: one class per kind, all of them in KINDS."""

import re
import statistics
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar, cast

from surveys.asked import Asked, Counts, Option, Row, Stored, Tally, clean, given, in_language, show_number
from surveys.errors import Invalid

OTHER = "other"  # the code of the option that takes free text; nobody else may use it
OTHER_TEXT_LIMIT = 200
WORD_LIMIT = 20  # a unit, the label of a level
LEVELS = 5
FEWEST_OPTIONS = 2
LARGEST_NUMBER = 10**15  # whole numbers up to here are exact as a double


class UnknownKind(Invalid):
    """There is no such kind of question."""


class OptionsMissing(Invalid):
    """A choice needs at least two options."""


class BadOption(Invalid):
    """An option needs a label and a code of its own in letters, digits, - and _ (`other` is taken)."""


class BadSetting(Invalid):
    """This kind of question has no such setting, or the value is not right for it."""


class Missing(Invalid):
    """This question must be answered."""


class MoreThanOne(Invalid):
    """Only one answer is possible."""


class UnknownOption(Invalid):
    """There is no such option."""


class OtherMissing(Invalid):
    """Whoever picks "other" says what."""


class TooFewPicks(Invalid):
    """More options must be picked."""


class TooManyPicks(Invalid):
    """Fewer options may be picked."""


class NotANumber(Invalid):
    """This is not a number."""


class NotWhole(Invalid):
    """This must be a whole number."""


class BelowMinimum(Invalid):
    """The number is too small."""


class AboveMaximum(Invalid):
    """The number is too large."""


class TooLong(Invalid):
    """The text is too long."""


# Settings: each a check that returns the value to store or raises ValueError.


def _flag(value: object) -> bool:
    if value is True or value is False:
        return value
    raise ValueError("yes or no")


def _picks(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("a whole number from 1")
    return value


def _limit(value: object) -> float | None:
    if value is None:
        return None
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if number is None or not abs(number) <= LARGEST_NUMBER:
        raise ValueError("a number")
    return number


def _word(value: object) -> str:
    word = clean(value) if isinstance(value, str) else None
    if word is None or len(word) > WORD_LIMIT:
        raise ValueError(f"at most {WORD_LIMIT} characters")
    return word


def _levels(value: object) -> list[str]:
    labels = [_word(label) for label in cast("Sequence[object]", value)] if isinstance(value, (list, tuple)) else []
    if len(labels) != LEVELS or "" in labels:
        raise ValueError(f"{LEVELS} labels")
    return labels


def _length(most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"1 to {most}")
        return value

    return check


_NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,16})?", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def _only(values: list[Any]) -> object:
    if len(values) > 1:
        raise MoreThanOne
    return values[0]


def _share(count: int, answered: int) -> float | None:
    return count / answered if answered else None


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
            if not label or code in taken or not _CODE.fullmatch(code):
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
        return Tally(counts.answered, rows=_option_rows(asked, counts.choices, counts.answered))

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        labels = {option.code: option.label(language) for option in asked.options}
        colon, comma = (": ", "; ") if language.startswith("en") else ("：", "；")
        return comma.join(
            labels.get(row.choice or "", row.choice or "") + (colon + row.text if row.text else "") for row in stored
        )


def _option_rows(asked: Asked, counted: Mapping[str, int], answered: int) -> tuple[Row, ...]:
    return tuple(
        Row(option.code, option.label_zh, option.label_en, n := counted.get(option.code, 0), _share(n, answered))
        for option in asked.options
    )


class Single(Choice):
    """One of several options."""

    code, name_zh, name_en = "single", "单选题", "Single choice"
    SETTINGS: ClassVar = {"other": (False, _flag)}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        return super().rows(asked, [_only(values)], other)


class Multiple(Choice):
    """Any of several options, at least `min` and at most `max` of them when it is answered at all."""

    code, name_zh, name_en = "multiple", "多选题", "Multiple choice"
    SETTINGS: ClassVar = {"other": (False, _flag), "min": (None, _picks), "max": (None, _picks)}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        rows = super().rows(asked, values, other)
        least, most = asked.settings["min"], asked.settings["max"]
        if least is not None and len(rows) < least:
            raise TooFewPicks(min=least)
        if most is not None and len(rows) > most:
            raise TooManyPicks(max=most)
        return rows


class Scale(Kind):
    """Five levels of satisfaction, stored as 5 (best) to 1."""

    code, name_zh, name_en = "scale", "满意度量表", "Satisfaction scale"
    SETTINGS: ClassVar = {
        "labels": (["非常满意", "满意", "基本满意", "不满意", "非常不满意"], _levels),
        "labels_en": (["Very satisfied", "Satisfied", "Fairly satisfied", "Dissatisfied", "Very dissatisfied"], _levels),
    }
    SATISFIED = 3  # 基本满意 and better

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        labels = zip(settings["labels"], settings["labels_en"], strict=True)
        return tuple(Option(str(level), zh, en) for level, (zh, en) in zip(range(LEVELS, 0, -1), labels, strict=True))

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        level = str(_only(values))
        if level not in {option.code for option in asked.options}:
            raise UnknownOption
        return [Stored(number=int(level))]

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        levels = {str(int(level)): n for level, n in counts.numbers.items()}
        satisfied = sum(n for level, n in counts.numbers.items() if level >= self.SATISFIED)
        mean, median, least, most = _spread(counts.numbers)
        return Tally(
            counts.answered, rows=_option_rows(asked, levels, counts.answered), mean=mean, median=median,
            least=least, most=most, satisfied=_share(satisfied, counts.answered),
        )

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | None:
        return int(stored[0].number) if stored and stored[0].number is not None else None

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        level = str(self.cell(asked, stored))
        return next((option.label(language) for option in asked.options if option.code == level), "")


class Number(Kind):
    """A number within limits, whole or not; full-width digits and thousands commas are understood."""

    code, name_zh, name_en = "number", "数字题", "Number"
    SETTINGS: ClassVar = {
        "min": (None, _limit), "max": (None, _limit), "integer": (False, _flag), "unit": ("", _word), "unit_en": ("", _word),
    }

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        number = self._number(_only(values))
        if asked.settings["integer"] and not number.is_integer():
            raise NotWhole
        least, most = asked.settings["min"], asked.settings["max"]
        if number < (-LARGEST_NUMBER if least is None else least):
            raise BelowMinimum(min=-LARGEST_NUMBER if least is None else least)
        if number > (LARGEST_NUMBER if most is None else most):
            raise AboveMaximum(max=LARGEST_NUMBER if most is None else most)
        return [Stored(number=number)]

    def _number(self, value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # NaN is the one number that is not itself; infinities and huge integers fall to the limits
            if value != value:  # noqa: PLR0124 -- the test for NaN
                raise NotANumber
            return float(max(min(value, LARGEST_NUMBER * 10), -LARGEST_NUMBER * 10))
        written = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "")
        if not _NUMBER.fullmatch(written):
            raise NotANumber
        return float(written)

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        mean, median, least, most = _spread(counts.numbers)
        return Tally(counts.answered, mean=mean, median=median, least=least, most=most)

    def cell(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> int | float | None:
        number = stored[0].number if stored else None
        return int(number) if number is not None and float(number).is_integer() else number

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        number = stored[0].number if stored else None
        if number is None:
            return ""
        unit = asked.unit(language)
        return show_number(number) + (" " + unit if unit.isascii() and unit else unit)


def _spread(numbers: Mapping[float, int]) -> tuple[float | None, float | None, float | None, float | None]:
    """Mean, median, least and most of numbers given with how often each came."""
    total = sum(numbers.values())
    if not total:
        return None, None, None, None
    ordered = sorted(numbers)
    middle = [_at(ordered, numbers, (total - 1) // 2), _at(ordered, numbers, total // 2)]
    mean = sum(number * n for number, n in numbers.items()) / total
    return mean, statistics.fmean(middle), ordered[0], ordered[-1]


def _at(ordered: Sequence[float], numbers: Mapping[float, int], rank: int) -> float:
    """The number at `rank` (from 0) when each is repeated as often as it came."""
    return next(number for number, upto in zip(ordered, accumulate(numbers[n] for n in ordered), strict=True) if rank < upto)


class Text(Kind):
    """Words on one line."""

    code, name_zh, name_en = "text", "简短文字", "Short text"
    SETTINGS: ClassVar = {"max_length": (100, _length(500))}

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        text = self.written(str(_only(values)))
        if len(text) > asked.settings["max_length"]:
            raise TooLong(limit=asked.settings["max_length"])
        return [Stored(text=text)]

    def written(self, text: str) -> str:
        return " ".join(text.split())

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return stored[0].text or "" if stored else ""


class LongText(Text):
    """Words on several lines."""

    code, name_zh, name_en = "long_text", "详细文字", "Long text"
    SETTINGS: ClassVar = {"max_length": (2000, _length(10_000))}

    def written(self, text: str) -> str:
        return text


KINDS: Mapping[str, Kind] = {
    kind.code: kind for kind in (Single(), Multiple(), Scale(), Number(), Text(), LongText())
}


def kind_of(code: str) -> Kind:
    """The kind with this code. Raises UnknownKind."""
    if code not in KINDS:
        raise UnknownKind(field="kind", kind=code)
    return KINDS[code]
