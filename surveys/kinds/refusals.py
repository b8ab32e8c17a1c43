"""Why a question or an answer to it is refused."""

from surveys.errors import Invalid


class UnknownKind(Invalid):
    """There is no such kind of question."""


class OptionsMissing(Invalid):
    """A choice needs at least two options."""


class TooManyOptions(Invalid):
    """A question of this kind cannot have so many options."""


class BadOption(Invalid):
    """An option needs a label and a code of its own in letters, digits, - and _ (`other` and `none` are taken)."""


class BadSetting(Invalid):
    """This kind of question has no such setting, or the value is not right for it."""


class Missing(Invalid):
    """This question must be answered."""


class RowsMissing(Invalid):
    """Every row must be answered."""


class MoreThanOne(Invalid):
    """Only one answer is possible."""


class UnknownOption(Invalid):
    """There is no such option."""


class OtherMissing(Invalid):
    """Whoever picks "other" says what."""


class NotAlone(Invalid):
    """Whoever picks "none of the above" picks nothing else."""


class TooFewPicks(Invalid):
    """More options must be picked."""


class TooManyPicks(Invalid):
    """Fewer options may be picked."""


class RankTwice(Invalid):
    """Two options have the same rank."""


class RankLeftOut(Invalid):
    """The ranks go from 1 on without a gap."""


class NotANumber(Invalid):
    """This is not a number."""


class NotWhole(Invalid):
    """This must be a whole number."""


class BelowMinimum(Invalid):
    """The number is too small."""


class AboveMaximum(Invalid):
    """The number is too large."""


class NotADay(Invalid):
    """This is not a date."""


class NotATime(Invalid):
    """This is not a time of the day."""


class NotAMoment(Invalid):
    """This is not a date with a time."""


class TooEarly(Invalid):
    """This is before the earliest that can be given."""


class TooLate(Invalid):
    """This is after the latest that can be given."""


class TooLong(Invalid):
    """The text is too long."""


class TooShort(Invalid):
    """The text is too short."""


class NotInForm(Invalid):
    """The text does not have the form that is asked for."""


class NotAFile(Invalid):
    """This is not a file."""


class TooManyFiles(Invalid):
    """Fewer files may be handed in."""


class NotAnEmail(Invalid):
    """This is not an e-mail address."""


class NotAPhone(Invalid):
    """This is not one phone number: a mobile number has 11 digits, a landline needs its area code."""


class NotACreditCode(Invalid):
    """This is not a unified social credit code: 18 characters, the last of which checks the others."""
