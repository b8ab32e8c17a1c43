"""Whose answers a page looks at, as its address says it: `?given=q1:2&given=q3.A:5&category=deputy&from=2026-03-01&by=chosen`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import request
from flask_babel import gettext

from engage.reports import Narrowing
from surveys.crosstabs import asked_axis, named
from surveys.forms import Form
from surveys.kinds import NotADay
from webapp.formats import day
from webapp.wiring import language

NOT_STATED = "-"  # the category of those of whom none is known
Pair = tuple[str, str]


def asked_for() -> Narrowing:
    """What the address says. A question can be given one answer: of several the last counts. Raises NotADay."""
    given = {question: option for question, _, option in (each.partition(":") for each in request.args.getlist("given")) if option}
    category = request.args.get("category") or None
    return Narrowing(
        category="" if category == NOT_STATED else category, since=_day("from"), until=_day("to"), given=tuple(given.items()),
        by=request.args.get("by", ""),
    )


def _day(name: str) -> date | None:
    if not (stated := request.args.get(name)):
        return None
    try:
        return date.fromisoformat(stated)
    except ValueError:
        raise NotADay(field=name) from None


def address(narrowing: Narrowing) -> dict[str, str | list[str]]:
    """The same for an address."""
    days = {"from": narrowing.since, "to": narrowing.until}
    stated: dict[str, str | list[str]] = {name: on.isoformat() for name, on in days.items() if on}
    if narrowing.category is not None:
        stated["category"] = narrowing.category or NOT_STATED
    if narrowing.given:
        stated["given"] = [":".join(pair) for pair in narrowing.given]
    return stated | ({"by": narrowing.by} if narrowing.by else {})


@dataclass(frozen=True)
class Condition:
    """One part of a selection in words, and the selection without it."""

    words: str
    without: Narrowing


def conditions(narrowing: Narrowing, form: Form, *, categories: Mapping[str, str], groups: Mapping[str, str]) -> Sequence[Condition]:
    """What is selected, for a reader: `categories` and `groups` are the words for codes. Raises NoSuchQuestion."""
    found = [
        Condition(_words(form, code, option), replace(narrowing, given=tuple(each for each in narrowing.given if each[0] != code)))
        for code, option in narrowing.given
    ]
    if narrowing.category is not None:
        words = gettext("类别：%(name)s", name=categories.get(narrowing.category, narrowing.category))
        found.append(Condition(words, replace(narrowing, category=None)))
    if narrowing.since:
        found.append(Condition(gettext("%(day)s起", day=day(narrowing.since)), replace(narrowing, since=None)))
    if narrowing.until:
        found.append(Condition(gettext("%(day)s止", day=day(narrowing.until)), replace(narrowing, until=None)))
    if narrowing.by:
        found.append(Condition(gettext("按%(what)s分组", what=groups.get(narrowing.by, narrowing.by)), replace(narrowing, by="")))
    return found


def _words(form: Form, code: str, option: str) -> str:
    axis = asked_axis(*named(form, code))
    return gettext("%(question)s：%(answer)s", question=axis.label(language()),
                   answer=next((each.label(language()) for each in axis.options if each.code == option), option))


def answers(form: Form) -> Sequence[tuple[str, Sequence[Pair]]]:
    """Every answer that can be selected, question by question: the question, and what the address calls each answer with its words."""
    axes = [asked_axis(asked, part) for asked in form.questions for part in asked.parts or (None,)]
    return [
        (axis.label(language()), [(f"{axis.code}:{option.code}", option.label(language())) for option in axis.options])
        for axis in axes if axis.options
    ]
