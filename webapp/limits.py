"""What the page of a questionnaire can tell of an answer before it is sent: a sheet kept without a network must not be refused once its
author has gone. The server judges anew.
"""

from typing import Any

from flask import Flask

from surveys.asked import Asked
from surveys.errors import Invalid
from surveys.kinds import (
    NONE,
    OTHER,
    AboveMaximum,
    BelowMinimum,
    NotACreditCode,
    NotAlone,
    NotAnEmail,
    NotANumber,
    NotAPhone,
    NotInForm,
    NotWhole,
    OtherMissing,
    TooEarly,
    TooFewPicks,
    TooLate,
    TooLong,
    TooManyPicks,
    TooShort,
)
from webapp.errors import words

Rule = tuple[str, Any, Invalid]  # a rule of survey/limits.js, what it measures against (None: it does not apply), and the refusal


def limits(asked: Asked) -> list[tuple[str, Any, str]]:
    """The rules in the order in which the server judges them, each with what the server would say."""
    return [(rule, limit, words(refusal)) for rule, limit, refusal in _rules(asked) if limit is not None]


def _rules(asked: Asked) -> list[Rule]:  # noqa: PLR0911 -- a line for each kind
    get = asked.settings.get
    other: list[Rule] = [("other", OTHER if get("other") else None, OtherMissing())]
    match asked.kind:
        case "number":
            return [("number", 0, NotANumber()), ("whole", get("integer") or None, NotWhole()),
                    ("least", get("min"), BelowMinimum(min=get("min"))), ("most", get("max"), AboveMaximum(max=get("max")))]
        case "text" | "long_text":
            return [("longest", get("max_length"), TooLong(limit=get("max_length"))), ("shortest", get("min_length"), TooShort(limit=get("min_length"))),
                    ("form", get("pattern") or None, NotInForm())]
        case "date" | "time" | "datetime":
            return [("earliest", get("min"), TooEarly(min=get("min"))), ("latest", get("max"), TooLate(max=get("max")))]
        case "email":
            return [("email", 0, NotAnEmail())]
        case "phone":
            return [("phone", 0, NotAPhone())]
        case "credit_code":
            return [("credit", 0, NotACreditCode())]
        case "single":
            return other
        case "multiple":
            least = None if get("min") is None else min(asked.settings["min"], sum(not option.alone for option in asked.options))
            return [*other, ("alone", NONE if get("none") else None, NotAlone()), ("fewest", least, TooFewPicks(min=least)),
                    ("picks", get("max"), TooManyPicks(max=get("max")))]
        case _:
            return []


def init_app(app: Flask) -> None:
    """Give it to the templates."""
    app.jinja_env.globals.update(limits=limits)
