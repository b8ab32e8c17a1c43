"""XLSForm's expressions, the part of XPath that questionnaires use: parsed into a small tree, never run.

    parse("${age} >= 18 and selected(${ways}, 'web')")

Grammar read: ODK XForms specification, "XPath" (operators, functions), as used in `relevant` and `constraint`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

LONGEST = 4_000  # characters of one expression
DEEPEST = 40  # brackets and functions within each other


class NotUnderstood(Exception):
    """The expression is wrong, or says more than is read here."""


@dataclass(frozen=True, slots=True)
class Ref:
    """`${name}`: the answer to another question."""

    name: str


@dataclass(frozen=True, slots=True)
class Here:
    """`.`: the answer that is being judged."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in quotation marks or a number."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    """`name(…)`."""

    name: str
    args: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts joined by `and` or by `or`."""

    word: str
    parts: "tuple[Tree, ...]"


Tree = Ref | Here | Literal | Call | Compare | Joined

_TOKEN = re.compile(
    r"""\s*(?:\$\{\s*(?P<ref>[^{}\s]+)\s*\}|(?P<text>'[^']*'|"[^"]*")|(?P<number>\d+(?:\.\d+)?|\.\d+)"""
    r"""|(?P<operator>!=|<=|>=|=|<|>)|(?P<mark>[(),])|(?P<minus>-)|(?P<here>\.(?![.\w]))|(?P<word>[A-Za-z_][\w-]*))"""
)
_QUOTES = str.maketrans("‘’“”", "''\"\"")  # as word processors set them
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def parse(text: str) -> Tree:
    """The tree of an expression. Raises NotUnderstood."""
    if len(text) > LONGEST:
        raise NotUnderstood
    parser = _Parser(_tokens(text.translate(_QUOTES)))
    tree = parser.any_of()
    if parser.kind:
        raise NotUnderstood
    return tree


def turned(compare: Compare) -> Compare:
    """The comparison with what is asked on the left: `1 <= .` as `. >= 1`."""
    if isinstance(compare.left, Literal):
        return Compare(_TURNED[compare.operator], compare.right, compare.left)
    return compare


def conjuncts(tree: Tree) -> Sequence[Tree]:
    """What must all hold."""
    return tree.parts if isinstance(tree, Joined) and tree.word == "and" else (tree,)


def number(value: float) -> str:
    """A number as XPath writes it, without an exponent."""
    return f"{Decimal(repr(value)):f}" if not float(value).is_integer() else str(int(value))


def quoted(text: str) -> str | None:
    """A text in quotation marks; None when it has both kinds, for which XPath has no way of writing."""
    return f"'{text}'" if "'" not in text else f'"{text}"' if '"' not in text else None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise NotUnderstood
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    @property
    def value(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        value = self.value
        self.place += 1
        return value

    def expect(self, mark: str) -> None:
        if self.kind != "mark" or self.take() != mark:
            raise NotUnderstood

    def any_of(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotUnderstood
        parts = [self.all_of()]
        while (self.kind, self.value) == ("word", "or"):
            self.take()
            parts.append(self.all_of())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Joined("or", tuple(parts))

    def all_of(self) -> Tree:
        parts = [self.compared()]
        while (self.kind, self.value) == ("word", "and"):
            self.take()
            parts.append(self.compared())
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def compared(self) -> Tree:
        left = self.single()
        if self.kind != "operator":
            return left
        operator = self.take()
        return Compare(operator, left, self.single())

    def single(self) -> Tree:  # noqa: PLR0911 -- one for each kind of token
        kind, value = self.kind, self.take()
        if kind == "ref":
            return Ref(value)
        if kind == "here":
            return Here()
        if kind == "text":
            return Literal(value[1:-1])
        if kind == "number":
            return Literal(float(value))
        if kind == "minus" and self.kind == "number":
            return Literal(-float(self.take()))
        if (kind, value) == ("mark", "("):
            tree = self.any_of()
            self.expect(")")
            return tree
        if kind == "word" and (self.kind, self.value) == ("mark", "("):
            return self.call(value)
        raise NotUnderstood

    def call(self, name: str) -> Tree:
        self.expect("(")
        args: list[Tree] = []
        while (self.kind, self.value) != ("mark", ")"):
            if args:
                self.expect(",")
            args.append(self.any_of())
        self.expect(")")
        return Call(name, tuple(args))
