"""Why a question or an answer to it is refused."""

from surveys.errors import Invalid


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
