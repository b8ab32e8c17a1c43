"""What each kind of question accepts, stores, tallies and shows: one class per kind, all of them in KINDS."""

from collections.abc import Mapping

from surveys.asked import show_number
from surveys.kinds.base import NONE, OTHER, Kind
from surveys.kinds.choices import OTHER_TEXT_LIMIT, Multiple, Single
from surveys.kinds.contacts import Contact, CreditCode, Email, Phone
from surveys.kinds.files import File, OnPaper, Photo
from surveys.kinds.grids import Grid, Matrix
from surveys.kinds.moments import Day, Moment, Moments, Time
from surveys.kinds.numbers import Number
from surveys.kinds.ranking import Ranking
from surveys.kinds.refusals import (
    AboveMaximum,
    BadOption,
    BadSetting,
    BelowMinimum,
    Missing,
    MoreThanOne,
    NotACreditCode,
    NotADay,
    NotAFile,
    NotAlone,
    NotAMoment,
    NotAnEmail,
    NotANumber,
    NotAPhone,
    NotATime,
    NotInForm,
    NotWhole,
    OptionsMissing,
    OtherMissing,
    RankLeftOut,
    RankTwice,
    RowsMissing,
    TooEarly,
    TooFewPicks,
    TooLate,
    TooLong,
    TooManyFiles,
    TooManyOptions,
    TooManyPicks,
    TooShort,
    UnknownKind,
    UnknownOption,
)
from surveys.kinds.scales import Likelihood, Scale
from surveys.kinds.texts import Info, LongText, Text

__all__ = [
    "KINDS", "NONE", "OTHER", "OTHER_TEXT_LIMIT", "PERSONAL", "AboveMaximum", "BadOption", "BadSetting", "BelowMinimum", "Contact",
    "CreditCode", "Day", "Email", "File", "Grid", "Info", "Kind", "Likelihood", "LongText", "Matrix", "Missing", "Moment", "Moments",
    "MoreThanOne", "Multiple", "NotACreditCode", "NotADay", "NotAFile", "NotAMoment", "NotANumber", "NotAPhone", "NotATime", "NotAlone",
    "NotAnEmail", "NotInForm", "NotWhole", "Number", "OnPaper", "OptionsMissing", "OtherMissing", "Phone", "Photo", "RankLeftOut",
    "RankTwice", "Ranking", "RowsMissing", "Scale", "Single", "Text", "Time", "TooEarly", "TooFewPicks", "TooLate", "TooLong",
    "TooManyFiles", "TooManyOptions", "TooManyPicks", "TooShort", "UnknownKind", "UnknownOption", "kind_of", "show_number",
]

KINDS: Mapping[str, Kind] = {
    kind.code: kind for kind in (
        Single(), Multiple(), Scale(), Likelihood(), Matrix(), Grid(), Ranking(), Number(), Day(), Time(), Moment(), Text(), LongText(),
        Email(), Phone(), CreditCode(), Photo(), File(), Info(),
    )
}
PERSONAL = frozenset(code for code, kind in KINDS.items() if kind.personal)  # the kinds whose answers name or reach a person


def kind_of(code: str) -> Kind:
    """The kind with this code. Raises UnknownKind."""
    if code not in KINDS:
        raise UnknownKind(field="kind", kind=code)
    return KINDS[code]
