"""The ways through a form: whether there is one on which a condition holds."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise

from surveys.asked import Asked
from surveys.conditions import SIGNS, About, All, Answered, AnyOf, Compared, Condition, Leaf, Not, Picked, Says, leaves
from surveys.forms import Form
from surveys.kinds import KINDS, Single

PATIENCE = 5000  # steps of the search for a way on which a condition holds; whatever takes longer is let pass
Said = tuple[Leaf, bool]  # a leaf, and whether it must hold
Open = tuple[tuple[Condition, bool], "Open"] | None  # what must hold, or not hold, besides


class Ways:
    """Which conditions can hold when somebody fills in the form.

    What a question has to do with (itself, what decides whether it is shown, and so on) is kept as the bits of a number, so that
    whether two have anything in common is found at once, however long the chains are. Every reference of the form must be right.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._asked = {one.code: one for one in form.questions}
        self._bits: dict[str, int] = {}
        self._behind: dict[str, int] = {}  # by code, what decides whether the question, or an option of it, is shown
        for code, one in self._asked.items():
            conditions = (form.gates.get(code), *(option.show_if for option in one.options))
            self._behind[code] = self._of(leaf for condition in conditions for _, leaf in leaves(condition))

    def _of(self, some: Iterable[Leaf]) -> int:
        reached = 0
        for leaf in some:
            reached |= self._own(leaf) | self._behind.get(_code(leaf), 0)
        return reached

    def _own(self, leaf: Leaf) -> int:
        own = 0
        for name in {_subject(leaf), _code(leaf)}:
            own |= self._bits.setdefault(name, 1 << len(self._bits))
        return own

    def _apart(self, condition: Condition) -> set[str]:
        """The codes of the questions in the condition that have to do with nothing else in it. So what decides whether they are
        shown need not be looked at again: that it can hold was found when that was judged.
        """
        own: dict[str, int] = {}
        options: dict[str, set[str]] = {}
        for _, leaf in leaves(condition):
            code = _code(leaf)
            own[code] = own.get(code, 0) | self._own(leaf)
            if isinstance(leaf, Picked):
                options.setdefault(code, set()).add(leaf.option)
        once = twice = 0
        for each in chain(own.values(), (self._behind.get(code, 0) for code in own)):
            once, twice = once | each, twice | once & each
        return {code for code in own if not self._behind.get(code, 0) & twice and len(options.get(code, ())) <= 1}

    def possible(self, condition: Condition) -> bool:
        """Whether some answers, group and occasion may make the condition hold; False only where none can.

        Looked at are contradictions about one question, group or occasion within everything that must hold at once, with what must
        hold for the questions and options relied on to be shown. The conditions of earlier questions must be possible.
        """
        apart = self._apart(condition)
        said: dict[str, tuple[Said, ...]] = {}
        noted: list[tuple[str, tuple[Said, ...]]] = []  # subjects of which something was said, with what was said before
        ways: list[tuple[Open, int]] = [(((condition, True), None), 0)]  # what is open, and how much had been noted
        for _ in range(PATIENCE):
            if not ways:
                return False
            todo, upto = ways.pop()  # each way is left at its first contradiction
            while len(noted) > upto:
                subject, before = noted.pop()
                said[subject] = before
            if todo is None:
                return True
            (each, holds), rest = todo
            match each:
                case Not(part):
                    ways.append((((part, not holds), rest), upto))
                case All(parts) | AnyOf(parts) if isinstance(each, All) is holds:
                    ways.append((_before(rest, [(part, holds) for part in parts]), upto))
                case All(parts) | AnyOf(parts):
                    ways.extend((((part, holds), rest), upto) for part in reversed(parts))
                case leaf:
                    subject = _subject(leaf)
                    known = said.get(subject, ())
                    if (leaf, holds) in known:
                        ways.append((rest, upto))
                    elif _agrees(self._asked, subject, (*known, (leaf, holds))):
                        noted.append((subject, known))
                        said[subject] = (*known, (leaf, holds))
                        follows = [(gate, True) for gate in self._follows(leaf, shown=_code(leaf) in apart)] if holds else []
                        ways.append((_before(rest, follows), upto + 1))
        return True

    def _follows(self, leaf: Leaf, *, shown: bool) -> Iterator[Condition]:
        """What must hold for what was answered to be shown at all; `shown` says that nothing speaks against that."""
        if not isinstance(leaf, About):
            return
        code, _, part = leaf.question.partition(".")
        if part:
            yield Answered(code)
        if shown:
            return
        if gate := self._form.gates.get(code):
            yield gate
        if isinstance(leaf, Picked):
            yield from (each.show_if for each in self._asked[code].options if each.code == leaf.option and each.show_if)


def _code(leaf: Leaf) -> str:
    return leaf.question.partition(".")[0] if isinstance(leaf, About) else _subject(leaf)


def _subject(leaf: Leaf) -> str:
    return leaf.question if isinstance(leaf, About) else type(leaf).__name__


def _before(rest: Open, further: Iterable[tuple[Condition, bool]]) -> Open:
    for each in further:
        rest = (each, rest)
    return rest


def _agrees(asked: Mapping[str, Asked], subject: str, said: Sequence[Said]) -> bool:
    """Whether the group, the occasion, or the answer to a question or a row of it may be as is said."""
    wanted, barred = [leaf for leaf, holds in said if holds], [leaf for leaf, holds in said if not holds]
    one = asked.get(subject.partition(".")[0])
    if one is None:
        return len(set(wanted)) <= 1 and not set(wanted) & set(barred)
    if not wanted:
        return True  # nobody need answer
    if any(isinstance(leaf, Answered) for leaf in barred):
        return False
    match KINDS[one.kind].compared:
        case "option":
            return _may_pick(one, _options(wanted), _options(barred))
        case "number":
            return _may_count(one, _comparisons(wanted), _comparisons(barred))
        case _:
            return _may_say(one, _texts(wanted), _texts(barred))


def _options(leaves_: Iterable[Leaf]) -> set[str]:
    return {leaf.option for leaf in leaves_ if isinstance(leaf, Picked)}


def _comparisons(leaves_: Iterable[Leaf]) -> list[Compared]:
    return [leaf for leaf in leaves_ if isinstance(leaf, Compared)]


def _texts(leaves_: Iterable[Leaf]) -> set[str]:
    return {leaf.text for leaf in leaves_ if isinstance(leaf, Says)}


def _may_say(asked: Asked, wanted: set[str], barred: set[str]) -> bool:
    longest = asked.settings.get("max_length")
    return len(wanted) <= 1 and not wanted & barred and all(longest is None or len(text) <= longest for text in wanted)


def _may_pick(asked: Asked, wanted: set[str], barred: set[str]) -> bool:
    left = [option for option in asked.options if option.code not in barred]
    alone = {option.code for option in asked.options if option.alone}
    if wanted & barred or not left or (len(wanted) > 1 and (asked.kind == Single.code or wanted & alone)):
        return False
    least, most = asked.settings.get("min"), asked.settings.get("max")
    if most is not None and len(wanted) > most:
        return False
    if least is None or wanted & alone or any(option.show_if or option.quota for option in asked.options):
        return True  # where options may be missing, fewer need be picked
    return len(left) - len(alone - barred) >= least or (not wanted and bool(alone - barred))


def _may_count(asked: Asked, wanted: Sequence[Compared], barred: Sequence[Compared]) -> bool:
    said = [*((leaf, True) for leaf in wanted), *((leaf, False) for leaf in barred)]
    least, most = (limit if isinstance(limit := asked.settings.get(name), (int, float)) else None for name in ("min", "max"))

    def fits(number: float) -> bool:
        within = (least is None or number >= least) and (most is None or number <= most)
        return within and all(SIGNS[leaf.sign](number, leaf.number) is holds for leaf, holds in said)

    if asked.options:  # levels
        return any(fits(float(option.code)) for option in asked.options)
    ends = {float(leaf.number) for leaf, _ in said} | {float(limit) for limit in (least, most) if limit is not None}
    return any(map(fits, _samples(sorted(ends), whole=bool(asked.settings.get("integer")))))


def _samples(ends: Sequence[float], *, whole: bool) -> list[float]:
    """The ends and a number of every stretch between and beside them; of whole numbers those next to each end."""
    if not ends:
        return [0]
    if whole:
        return [math.floor(end) + step for end in ends for step in (-1, 0, 1)]
    return [*ends, *((low + high) / 2 for low, high in pairwise(ends)), ends[0] - 1, ends[-1] + 1]
