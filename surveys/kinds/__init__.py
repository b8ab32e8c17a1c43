"""What each kind of question accepts, stores, tallies and shows: one class per kind, all of them in KINDS."""

from collections.abc import Mapping

from surveys.asked import show_number
from surveys.kinds.base import Kind
from surveys.kinds.choices import OTHER, OTHER_TEXT_LIMIT, Multiple, Single
from surveys.kinds.numbers import Number
from surveys.kinds.refusals import (
    AboveMaximum,
    BadOption,
    BadSetting,
    BelowMinimum,
    Missing,
    MoreThanOne,
    NotANumber,
    NotWhole,
    OptionsMissing,
    OtherMissing,
    TooFewPicks,
    TooLong,
    TooManyPicks,
    UnknownKind,
    UnknownOption,
)
from surveys.kinds.scales import Scale
from surveys.kinds.texts import LongText, Text

__all__ = [
    "KINDS", "OTHER", "OTHER_TEXT_LIMIT", "AboveMaximum", "BadOption", "BadSetting", "BelowMinimum", "Kind", "LongText", "Missing",
    "MoreThanOne", "Multiple", "NotANumber", "NotWhole", "Number", "OptionsMissing", "OtherMissing", "Scale", "Single", "Text",
    "TooFewPicks", "TooLong", "TooManyPicks", "UnknownKind", "UnknownOption", "kind_of", "show_number",
]

KINDS: Mapping[str, Kind] = {
    kind.code: kind for kind in (Single(), Multiple(), Scale(), Number(), Text(), LongText())
}


def kind_of(code: str) -> Kind:
    """The kind with this code. Raises UnknownKind."""
    if code not in KINDS:
        raise UnknownKind(field="kind", kind=code)
    return KINDS[code]
