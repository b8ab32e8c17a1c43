"""Conditions in plain words, and wordings that hold earlier answers: what the pages of a questionnaire show of its logic."""

from typing import NamedTuple

import sqlalchemy as sa
from flask import Flask
from flask_babel import gettext

from engage.events import Event
from engage.people import Category
from surveys import pipes
from surveys.asked import Asked
from surveys.conditions import (
    All,
    Answered,
    AnyOf,
    Compared,
    Condition,
    Context,
    Leaf,
    Not,
    Picked,
    Says,
    Segment,
)
from surveys.errors import Invalid
from surveys.forms import Form
from surveys.kinds import KINDS, show_number
from webapp import wiring
from webapp.forms.events import category_name
from webapp.forms.questionnaire import Sheet
from webapp.wiring import db


class Piece(NamedTuple):
    """Text, and after it the answer to a question: as it stands now, or `none` in its place."""

    text: str
    code: str = ""
    said: str = ""
    none: str = ""


def in_words(condition: Condition, form: Form) -> str:
    """The condition in the reader's language, as the middle of a sentence."""
    return _told(condition, form, within=False).strip()


def when(condition: Condition | None, form: Form) -> str:
    """The line for readers without the script; "" where there is no condition."""
    return gettext("仅当%(condition)s时填写。", condition=in_words(condition, form)) if condition else ""


def pieces(asked: Asked, wording: str, form: Form, sheet: Sheet) -> list[Piece]:
    """A wording of a question, with what the sheet answers where it holds references."""
    if wording not in asked.piped:
        return [Piece(wording)]
    language = wiring.language()
    cut = []
    for text, code in pipes.pieces(asked.piped[wording]):
        earlier = form.question(code)
        cut.append(Piece(text, code, _said(earlier, sheet, language), pipes.placeholder(earlier.number, language)) if earlier else Piece(text))
    return cut


def _said(asked: Asked, sheet: Sheet, language: str) -> str:
    kind = KINDS[asked.kind]
    try:
        return kind.show(asked, kind.read(asked, kind.sent(asked, sheet.sent), sheet.sent.get(f"{asked.code}.other")), language)
    except Invalid:
        return ""


def _told(condition: Condition, form: Form, *, within: bool) -> str:
    match condition:
        case All(parts) | AnyOf(parts):
            joint = gettext("，并且") if isinstance(condition, All) else gettext("，或者")
            told = joint.join(_told(part, form, within=len(parts) > 1) for part in parts)
            return gettext("（%(condition)s）", condition=told) if within and len(parts) > 1 else told
        case Not(Answered() | Picked() | Segment() | Context() | Says() | Compared(sign="=") as leaf):
            return _leaf(leaf, form, holds=False)
        case Not(part):
            return gettext("并非“%(condition)s”", condition=_told(part, form, within=False))
        case leaf:
            return _leaf(leaf, form, holds=True)


def _leaf(leaf: Leaf, form: Form, *, holds: bool) -> str:
    match leaf:
        case Segment(code):
            return (gettext("身份为“%(name)s”") if holds else gettext("身份不是“%(name)s”")) % {"name": _category(code)}
        case Context(code):
            return (gettext("所在活动为“%(name)s”") if holds else gettext("所在活动不是“%(name)s”")) % {"name": _event(code)}
        case Answered(reference):
            told, value = gettext("%(question)s已回答") if holds else gettext("%(question)s没有回答"), ""
        case Picked(reference, option):
            told = gettext("%(question)s选了“%(value)s”") if holds else gettext("%(question)s没有选“%(value)s”")
            value = _label(_asked(reference, form), option)
        case Says(reference, value):
            told = gettext("%(question)s填的是“%(value)s”") if holds else gettext("%(question)s填的不是“%(value)s”")
        case Compared(reference, sign, number):
            told, value = comparison(sign) if holds else gettext("%(question)s不为%(value)s"), _value(_asked(reference, form), number)
    return told % {"question": _question(reference, form), "value": value}


def comparison(sign: str) -> str:
    """What a comparison says, with the places `question` and `value`."""
    return {
        "=": gettext("%(question)s为%(value)s"), "<": gettext("%(question)s小于%(value)s"), "<=": gettext("%(question)s不超过%(value)s"),
        ">": gettext("%(question)s大于%(value)s"), ">=": gettext("%(question)s不低于%(value)s"),
    }[sign]


def _asked(reference: str, form: Form) -> Asked | None:
    return form.question(reference.partition(".")[0])


def _question(reference: str, form: Form) -> str:
    asked, part = _asked(reference, form), reference.partition(".")[2]
    if asked is None:
        return gettext("“%(words)s”", words=reference)
    question = gettext("第 %(number)s 题", number=asked.number)
    row = next((each.label(wiring.language()) for each in asked.parts if each.code == part), "")
    return question + gettext("“%(words)s”", words=row) if row else question


def _label(asked: Asked | None, code: str) -> str:
    return next((option.label(wiring.language()) for option in asked.options if option.code == code), code) if asked else code


def _value(asked: Asked | None, number: float) -> str:
    """A number as answers show it: a level by its name, a day as a day."""
    code = show_number(number)
    label = _label(asked, code)
    if label != code:
        return gettext("“%(words)s”", words=label)
    return f" {KINDS[asked.kind].figure(number) if asked else code}"


def _category(code: str) -> str:
    found = db.session().scalar(sa.select(Category).where(Category.code == code))
    return category_name(found) if found else code


def _event(slug: str) -> str:
    return db.session().scalar(sa.select(Event.title).where(Event.slug == slug)) or slug


def init_app(app: Flask) -> None:
    """Give it to the templates."""
    app.jinja_env.globals.update(when_shown=when, condition_words=in_words, pieces=pieces)
