"""Checks of settings: each returns the value to store, or raises ValueError with what would have been right."""

from collections.abc import Callable, Sequence
from typing import cast

from surveys.asked import clean

WORD_LIMIT = 20  # characters of a unit, of the label of a level
LARGEST_NUMBER = 10**15  # whole numbers up to here are exact as a double


def flag(value: object) -> bool:
    if value is True or value is False:
        return value
    raise ValueError("yes or no")


def picks(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("a whole number from 1")
    return value


def limit(value: object) -> float | None:
    if value is None:
        return None
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if number is None or not abs(number) <= LARGEST_NUMBER:
        raise ValueError("a number")
    return number


def word(value: object) -> str:
    text = clean(value) if isinstance(value, str) else None
    if text is None or len(text) > WORD_LIMIT:
        raise ValueError(f"at most {WORD_LIMIT} characters")
    return text


def labels(least: int, most: int) -> Callable[[object], list[str]]:
    """As many labels as `least` to `most`."""

    def check(value: object) -> list[str]:
        written = words(value)
        if not least <= len(written) <= most or "" in written:
            raise ValueError(f"{least} labels" if least == most else f"{least} to {most} labels")
        return written

    return check


def words(value: object) -> list[str]:
    """Labels in another language: as many as there are, or none at all."""
    written = [word(label) for label in cast("Sequence[object]", value)] if isinstance(value, (list, tuple)) else [""]
    return written if any(written) else []


def length(most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"1 to {most}")
        return value

    return check
