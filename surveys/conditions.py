"""When something is shown: a condition over earlier answers, the respondent's category and the occasion, as a small tree.

A leaf that compares an answer does not hold while there is none, `Not` is the plain opposite, and what is not shown has no
answer: so every tree says the same as an XLSForm `relevant`, where `!=` is written `not(… = …)`. The JSON form has one key
for each node: {"all": [{"picked": ["q1", "2"]}, {"not": {"compared": ["q4", "<", 3]}}]}. A row of a matrix is `q7.ROW`, as forms name it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from surveys.errors import Invalid

if TYPE_CHECKING:
    from surveys.asked import Stored

DEEPEST = 10
MOST_LEAVES = 100
LARGEST = 10**15
LONGEST = 500
SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda given, stated: given == stated, "<": lambda given, stated: given < stated, "<=": lambda given, stated: given <= stated,
    ">": lambda given, stated: given > stated, ">=": lambda given, stated: given >= stated,
}


class BadCondition(Invalid):
    """This is not a condition."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known when a condition is judged: the rows of the earlier answers by question code (and `CODE.ROW`), who answers, on which occasion."""

    answers: Mapping[str, Sequence["Stored"]] = field(default_factory=dict[str, "Sequence[Stored]"])
    segment: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The question was shown and answered."""

    question: str

    def holds(self, given: Given) -> bool:
        return bool(given.answers.get(self.question))

    def json(self) -> dict[str, Any]:
        return {"answered": self.question}


@dataclass(frozen=True, slots=True)
class Picked:
    """This option is among those picked."""

    question: str
    option: str

    def holds(self, given: Given) -> bool:
        return any(row.choice == self.option for row in given.answers.get(self.question, ()))

    def json(self) -> dict[str, Any]:
        return {"picked": [self.question, self.option]}


@dataclass(frozen=True, slots=True)
class Compared:
    """The number or level given compares with `number` by one of SIGNS."""

    question: str
    sign: str
    number: float

    def holds(self, given: Given) -> bool:
        rows = given.answers.get(self.question)
        return bool(rows) and rows[0].number is not None and SIGNS[self.sign](rows[0].number, self.number)

    def json(self) -> dict[str, Any]:
        return {"compared": [self.question, self.sign, self.number]}


@dataclass(frozen=True, slots=True)
class Says:
    """The words given are exactly these."""

    question: str
    text: str

    def holds(self, given: Given) -> bool:
        return any(row.text == self.text for row in given.answers.get(self.question, ()))

    def json(self) -> dict[str, Any]:
        return {"says": [self.question, self.text]}


@dataclass(frozen=True, slots=True)
class Segment:
    """The respondent belongs to this group."""

    code: str

    def holds(self, given: Given) -> bool:
        return given.segment == self.code

    def json(self) -> dict[str, Any]:
        return {"segment": self.code}


@dataclass(frozen=True, slots=True)
class Context:
    """It is answered on this occasion."""

    code: str

    def holds(self, given: Given) -> bool:
        return given.context == self.code

    def json(self) -> dict[str, Any]:
        return {"context": self.code}


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"

    def holds(self, given: Given) -> bool:
        return not self.part.holds(given)

    def json(self) -> dict[str, Any]:
        return {"not": self.part.json()}


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]

    def holds(self, given: Given) -> bool:
        return all(part.holds(given) for part in self.parts)

    def json(self) -> dict[str, Any]:
        return {"all": [part.json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]

    def holds(self, given: Given) -> bool:
        return any(part.holds(given) for part in self.parts)

    def json(self) -> dict[str, Any]:
        return {"any": [part.json() for part in self.parts]}


About = Answered | Picked | Compared | Says  # leaves about an earlier question
Leaf = About | Segment | Context
Condition = Leaf | Not | All | AnyOf


def leaves(condition: Condition | None, at: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf with the way to it, such as `all.2.not`; none for no condition."""
    match condition:
        case None:
            return
        case Not(part):
            yield from leaves(part, f"{at}.not" if at else "not")
        case All(parts) | AnyOf(parts):
            name = "all" if isinstance(condition, All) else "any"
            yield from chain.from_iterable(
                leaves(part, f"{at}.{name}.{place}" if at else f"{name}.{place}") for place, part in enumerate(parts, start=1)
            )
        case _:
            yield at, condition


def asked_of(condition: Condition | None) -> frozenset[str]:
    """The codes of the questions on which the condition relies."""
    return frozenset(leaf.question.partition(".")[0] for _, leaf in leaves(condition) if isinstance(leaf, About))


def both(one: Condition | None, other: Condition | None) -> Condition | None:
    """That the one and the other hold; None is no condition."""
    return All((one, other)) if one and other else one or other


def parse(stored: object) -> Condition | None:
    """The condition in its JSON form; None, an empty object or "" for none.

    Raises BadCondition(at=…, expected=…), where `at` is the way to what is wrong, such as `all.2.picked`.
    """
    if stored is None or stored in ({}, ""):
        return None
    condition = _parsed(stored, "", 1)
    if sum(1 for _ in leaves(condition)) > MOST_LEAVES:
        raise BadCondition(field="show_if", at="", expected=f"at most {MOST_LEAVES} comparisons")
    return condition


def to_json(condition: Condition | None) -> dict[str, Any] | None:
    """As it is stored; `parse` gives the same condition again."""
    return condition.json() if condition is not None else None


def _parsed(stored: object, at: str, depth: int) -> Condition:
    node = cast("dict[object, object]", stored) if isinstance(stored, dict) else {}
    if len(node) != 1:
        raise _bad(at, "an object with one key")
    if depth > DEEPEST:
        raise _bad(at, f"at most {DEEPEST} levels")
    name, value = next(iter(node.items()))
    here = f"{at}.{name}" if at else str(name)
    if name == "not":
        return Not(_parsed(value, here, depth + 1))
    if name in {"all", "any"}:
        listed = cast("list[object]", value) if isinstance(value, (list, tuple)) else []
        if not listed:
            raise _bad(here, "a list of conditions")
        parts = tuple(_parsed(part, f"{here}.{place}", depth + 1) for place, part in enumerate(listed, start=1))
        return All(parts) if name == "all" else AnyOf(parts)
    if name not in _LEAVES:
        raise _bad(here, f"one of all, any, not, {', '.join(_LEAVES)}")
    kind, checks = _LEAVES[cast("str", name)]
    values = list(cast("Sequence[object]", value)) if isinstance(value, (list, tuple)) else [value]
    if len(values) != len(checks):
        raise _bad(here, f"{len(checks)} values")
    try:
        return kind(*(check(each) for check, each in zip(checks, values, strict=True)))
    except ValueError as error:
        raise _bad(here, str(error)) from None


def _bad(at: str, expected: str) -> BadCondition:
    return BadCondition(field="show_if", at=at, expected=expected)


def words(text: str) -> str:
    """Words on one line as they are compared: blanks of any kind and number between two words are one."""
    return " ".join(text.split())


def _word(value: object) -> str:
    if not isinstance(value, str) or not (word := words(value)) or len(word) > LONGEST or not word.isprintable():
        raise ValueError(f"words, at most {LONGEST} characters, all of them visible")
    return word


def _sign(value: object) -> str:
    if not isinstance(value, str) or value not in SIGNS:
        raise ValueError(f"one of {' '.join(SIGNS)}")
    return value


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError("a number")
    return int(value) if float(value).is_integer() else value


_LEAVES: Mapping[str, tuple[Callable[..., Leaf], Sequence[Callable[[object], Any]]]] = {
    "answered": (Answered, (_word,)),
    "picked": (Picked, (_word, _word)),
    "compared": (Compared, (_word, _sign, _number)),
    "says": (Says, (_word, _word)),
    "segment": (Segment, (_word,)),
    "context": (Context, (_word,)),
}
