"""The form that an author asks of a text: a regular expression in RE2's syntax, whose time grows with the text alone.

See docs/decisions/016-patterns.md.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# -- re2 has no types.

from functools import lru_cache
from typing import Any

LONGEST = 200  # characters
_MEMORY = 1 << 20  # bytes for one compiled pattern, so that `(a{1000}){1000}` is refused and not built


class _Unreadable(ValueError):
    """This is no pattern that RE2 can read."""


def checked(value: object) -> str:
    """A pattern to store, "" for none. Raises ValueError when it is too long or cannot be read."""
    if not isinstance(value, str) or len(value.strip()) > LONGEST:
        raise ValueError(f"at most {LONGEST} characters")
    pattern = value.strip()
    if pattern:
        _compiled(pattern)
    return pattern


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text has the form of the pattern."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=200)
def _compiled(pattern: str) -> Any:
    import re2  # noqa: PLC0415 -- slow import

    options = re2.Options()
    options.log_errors, options.max_mem = False, _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error:
        raise _Unreadable("a pattern in RE2's syntax") from None
