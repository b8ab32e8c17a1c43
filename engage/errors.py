"""What the library refuses, and why.

EngageError
├── NotFound   what was asked for does not exist
├── Invalid    what was given can never be right; `field` names the input
├── Conflict   right in itself, but not now: another state, a limit, a repetition
└── Denied     not for whoever asks

Each refusal is a class with a docstring that says what happened. Its `code` is stable (the class name in snake case) and
`facts` carries what a reader needs; the words for a person are the caller's business.
"""

import re
from collections.abc import Sequence
from typing import ClassVar


class EngageError(Exception):
    """A refusal of the engage library."""

    code: ClassVar[str] = "engage_error"

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        self.field = field
        self.facts = facts
        told = ", ".join(f"{name}={value}" for name, value in facts.items())
        message = (type(self).__doc__ or self.code).splitlines()[0]
        super().__init__(f"{message} ({told})" if told else message)


class NotFound(EngageError):
    """What was asked for does not exist."""


class Invalid(EngageError):
    """What was given can never be right."""

    besides: "Sequence[Invalid]" = ()  # what else is wrong with the same form


class Conflict(EngageError):
    """It cannot be done now."""


class Denied(EngageError):
    """Not for whoever asks."""
