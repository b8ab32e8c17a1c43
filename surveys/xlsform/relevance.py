"""`relevant` from and to the conditions of surveys, and `constraint` to limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.conditions import All, Answered, AnyOf, Compared, Condition, Context, Not, Picked, Says, Segment
from surveys.xlsform.expressions import (
    Call,
    Compare,
    Here,
    Joined,
    Literal,
    NotUnderstood,
    Ref,
    Tree,
    conjuncts,
    number,
    parse,
    quoted,
    turned,
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A question that stands further up, or a row of one: its code, what of an answer can be compared ("option", "number", "text"
    or nothing), the codes of its choices by the names in the sheet, and whether its answer can stand in a later text.
    """

    code: str
    compared: str
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    quotable: bool = True


def condition_of(expression: str, earlier: Mapping[str, Earlier]) -> Condition:
    """The condition that says the same. Raises NotUnderstood when there is none."""
    return _condition(parse(expression), earlier)


def _condition(tree: Tree, earlier: Mapping[str, Earlier]) -> Condition:
    match tree:
        case Joined(word, parts):
            conditions = tuple(_condition(part, earlier) for part in parts)
            return All(conditions) if word == "and" else AnyOf(conditions)
        case Call("not", (part,)):
            return Not(_condition(part, earlier))
        case Call("selected", (Ref(name), Literal(str(choice)))):
            return _equal(_known(name, earlier), choice)
        case Compare():
            return _compared(turned(tree), earlier)
        case _:
            raise NotUnderstood


def _compared(compare: Compare, earlier: Mapping[str, Earlier]) -> Condition:
    match compare:
        case Compare("!=", left, right):
            return Not(_compared(Compare("=", left, right), earlier)) if right != Literal("") else _answered(left, earlier)
        case Compare("=", left, Literal("")):
            return Not(_answered(left, earlier))
        case Compare(">", Call("count-selected" | "string-length", (Ref() as ref,)), Literal(0.0)):
            return _answered(ref, earlier)
        case Compare("=", Ref(name), Literal(value)):
            return _equal(_known(name, earlier), value)
        case Compare(sign, Ref(name), Literal(value)):
            return Compared(_countable(_known(name, earlier)), sign, _figure(value))
        case _:
            raise NotUnderstood


def _answered(tree: Tree, earlier: Mapping[str, Earlier]) -> Condition:
    if not isinstance(tree, Ref):
        raise NotUnderstood
    return Answered(_known(tree.name, earlier).code)


def _equal(asked: Earlier, value: str | float) -> Condition:
    if asked.compared == "text":
        return Says(asked.code, value if isinstance(value, str) else number(value))
    if asked.compared != "option":
        return Compared(_countable(asked), "=", _figure(value))
    name = value if isinstance(value, str) else number(value)
    if name not in asked.choices:
        raise NotUnderstood
    return Picked(asked.code, asked.choices[name])


def _known(name: str, earlier: Mapping[str, Earlier]) -> Earlier:
    if name not in earlier:
        raise NotUnderstood
    return earlier[name]


def _countable(asked: Earlier) -> str:
    if asked.compared != "number":
        raise NotUnderstood
    return asked.code


def _figure(value: str | float) -> float:
    try:
        return float(value)
    except ValueError:
        raise NotUnderstood from None


def relevant(condition: Condition, names: Mapping[str, str], unknown: str = "true()") -> str:  # noqa: PLR0911 -- one for each kind of condition
    """The expression that says the same. Where XLSForm has no word (who answers, on which occasion) it takes `unknown`, so that more
    is asked rather than less.

    `names` leads from the codes of questions, and of rows of a matrix, to their names in the sheet.
    """
    match condition:
        case Answered(question):
            return f"${{{names[question]}}} != ''"
        case Picked(question, option):
            return f"selected(${{{names[question]}}}, '{option}')"
        case Compared(question, sign, figure):
            return f"${{{names[question]}}} {sign} {number(figure)}"
        case Says(question, text):
            words = quoted(text) if "${" not in text else None
            return f"${{{names[question]}}} = {words}" if words else unknown
        case Segment() | Context():
            return unknown
        case Not(part):
            return f"not({relevant(part, names, 'false()' if unknown == 'true()' else 'true()')})"
        case All(parts):
            return " and ".join(f"({relevant(part, names, unknown)})" if isinstance(part, AnyOf | All) else relevant(part, names, unknown) for part in parts)
        case AnyOf(parts):
            return " or ".join(f"({relevant(part, names, unknown)})" if isinstance(part, AnyOf) else relevant(part, names, unknown) for part in parts)


EXCLUSIVE = "not(selected(., 'none') and count-selected(.) > 1)"
_EXCLUSIVE = parse(EXCLUSIVE)
MEASURED = {"string-length": ("min_length", "max_length"), "count-selected": ("min", "max")}


def limits(expression: str, *, whole: bool) -> tuple[dict[str, float | str], bool]:
    """The settings that a constraint stands for, and whether that is all it says. `whole`: only whole numbers can be given."""
    try:
        parts = conjuncts(parse(expression))
    except NotUnderstood:
        return {}, False
    found: dict[str, float | str] = {}
    complete = True
    for part in parts:
        if part == _EXCLUSIVE:  # goes without saying here
            continue
        try:
            name, value = _limit(part, whole=whole)
        except NotUnderstood:
            complete = False
        else:
            complete = complete and name not in found
            found.setdefault(name, value)
    return found, complete


def _limit(tree: Tree, *, whole: bool) -> tuple[str, float | str]:
    match turned(tree) if isinstance(tree, Compare) else tree:
        case Call("regex", (Here(), Literal(str(pattern)))):
            return "pattern", pattern
        case Compare(sign, Call(("string-length" | "count-selected") as measure, (Here(),)), Literal(float(value))):
            return MEASURED[measure][sign in {"<", "<="}], int(_inclusive(sign, value, whole=True))
        case Compare((">=" | "<=") as sign, Here(), Call("date", (Literal(str(day)),))):
            return ("min", "max")[sign == "<="], day
        case Compare(sign, Here(), Literal(float(value))):
            return ("min", "max")[sign in {"<", "<="}], _inclusive(sign, value, whole=whole)
        case _:
            raise NotUnderstood


def _inclusive(sign: str, value: float, *, whole: bool) -> float:
    if sign in {">=", "<="}:
        return int(value) if value.is_integer() else value
    if not whole or not value.is_integer() or sign not in {"<", ">"}:
        raise NotUnderstood
    return int(value) + 1 if sign == ">" else int(value) - 1
