"""Whether the conditions and references of a questionnaire make sense together: what cannot is refused when it is saved."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

from surveys import pipes
from surveys.asked import Asked
from surveys.conditions import (
    SIGNS,
    About,
    All,
    Answered,
    AnyOf,
    Compared,
    Condition,
    Leaf,
    Not,
    Picked,
    Says,
    both,
    leaves,
)
from surveys.errors import Invalid, SurveyError
from surveys.forms import Form, draft_of
from surveys.kinds import KINDS, Single
from surveys.questionnaires import Question, Questionnaire

PATIENCE = 5000  # steps of the search for a way in which a condition holds; whatever takes longer is let pass


class ConditionUnknown(Invalid):
    """A condition relies on a question, or a row of one, that is not there."""


class ConditionLater(Invalid):
    """A condition relies on a question that does not stand before it."""


class ConditionMissingOption(Invalid):
    """A condition relies on an option that the question does not have."""


class ConditionMismatch(Invalid):
    """An answer to this kind of question cannot be compared so."""


class ConditionNever(Invalid):
    """The condition can never hold."""


class PipeUnknown(Invalid):
    """A wording stands for the answer to a question that is not there, or that has no answer in one piece."""


class PipeLater(Invalid):
    """A wording stands for the answer to a question that does not stand before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is wrong: the section by its number among those with questions; the question by its code and its number, and
    the label of the option, where it is there.
    """

    section: int
    code: str = ""
    question: int = 0
    option: str = ""


def renumber(refusal: SurveyError, questionnaire: Questionnaire) -> None:
    """Give the place as the questionnaire now numbers it: the change that was taken back numbered it otherwise."""
    place = refusal.facts.get("place")
    if not isinstance(place, Place):
        return
    for number, section in enumerate(draft_of(questionnaire).sections, start=1):
        for asked in section.questions:
            if asked.code == place.code:
                refusal.facts["place"] = replace(place, section=number, question=asked.number)


def judge_draft(questionnaire: Questionnaire) -> None:
    """As `judge`, of the questions as they now stand, published or not."""
    plain = all(
        section.show_if is None and question.show_if is None and "${" not in "".join(_wordings(question))
        and not any(option.keys() & {"show_if", "quota"} for option in question.options)
        for section in questionnaire.sections for question in section.questions
    )
    if not plain:  # most are, and a builder asks after every step
        judge(draft_of(questionnaire))


def _wordings(question: Question) -> Iterator[str]:
    yield from (question.text, question.text_en, question.hint, question.hint_en)
    for option in question.options:
        yield from (option["label"], option["label_en"])


def judge(form: Form) -> None:
    """Raises the first refusal above that is due, with `place` (a Place) and `question`, the code relied on; `at` is the way
    to what is wrong within the condition.
    """
    everything = [asked for section in form.sections for asked in section.questions]
    judging = _Judging(form, {asked.code: (rank, asked) for rank, asked in enumerate(everything)})
    for number, section in enumerate(form.sections, start=1):
        judging.condition(section.show_if, None, section.questions[0], Place(number))
        for asked in section.questions:
            judging.question(asked, section.show_if, number)


@dataclass(frozen=True, slots=True)
class _Judging:
    form: Form
    there: Mapping[str, tuple[int, Asked]]  # by code, with the place in the form

    def question(self, asked: Asked, around: Condition | None, section: int) -> None:
        place = Place(section, asked.code, asked.number)
        self.condition(asked.show_if, around, asked, place)
        for option in asked.options:
            self.condition(option.show_if, self.form.gates.get(asked.code), asked, replace(place, option=option.label_zh))
        for code in dict.fromkeys(chain.from_iterable(map(pipes.references, asked.piped.values()))):
            rank, earlier = self.there.get(code, (0, None))
            if earlier is None or earlier.parts or not KINDS[earlier.kind].asks:
                raise PipeUnknown(place=place, question=code)
            if rank >= self.there[asked.code][0]:
                raise PipeLater(place=place, question=code)

    def condition(self, own: Condition | None, around: Condition | None, asked: Asked, place: Place) -> None:
        """That of `asked`, of an option of it, or of the section that it begins, `around` being what must hold for that to matter."""
        for at, leaf in leaves(own):
            if isinstance(leaf, About):
                self._leaf(leaf, asked, {"field": "show_if", "place": place, "at": at, "question": leaf.question})
        if own is not None and not possible(self.form, both(around, own) or own):
            raise ConditionNever(field="show_if", place=place)

    def _leaf(self, leaf: About, asked: Asked, facts: dict[str, Any]) -> None:
        code, _, part = leaf.question.partition(".")
        if code not in self.there:
            raise ConditionUnknown(**facts)
        rank, earlier = self.there[code]
        if rank >= self.there[asked.code][0]:
            raise ConditionLater(**facts)
        if part and part not in {each.code for each in earlier.parts}:
            raise ConditionUnknown(**facts)
        kind = KINDS[earlier.kind]
        comparable = kind.compared if bool(part) == bool(earlier.parts) else ""  # rows are compared, not the whole of them
        if not kind.asks or (comparable != _WANTED[type(leaf)] if type(leaf) in _WANTED else part and not kind.compared):
            raise ConditionMismatch(**facts)
        if isinstance(leaf, Picked) and leaf.option not in {option.code for option in earlier.options}:
            raise ConditionMissingOption(**facts, option=leaf.option)


_WANTED: Mapping[type[About], str] = {Picked: "option", Compared: "number", Says: "text"}  # of Kind.compared
Said = tuple[Leaf, bool]  # a leaf, and whether it must hold
Open = tuple[tuple[Condition, bool], "Open"] | None  # what must hold, or not hold, besides


def possible(form: Form, condition: Condition) -> bool:
    """Whether some answers, group and occasion may make the condition hold; False only where none can.

    Looked at are contradictions about one question, group or occasion within everything that must hold at once, with what must
    hold for the questions and options relied on to be shown. Every reference must be right.
    """
    asked = {one.code: one for one in form.questions}
    ways: list[tuple[Open, Mapping[str, tuple[Said, ...]]]] = [(((condition, True), None), {})]
    for _ in range(PATIENCE):
        if not ways:
            return False
        todo, said = ways.pop()  # each way is left at its first contradiction
        if todo is None:
            return True
        (each, holds), rest = todo
        match each:
            case Not(part):
                ways.append((((part, not holds), rest), said))
            case All(parts) | AnyOf(parts) if isinstance(each, All) is holds:
                ways.append((_before(rest, [(part, holds) for part in parts]), said))
            case All(parts) | AnyOf(parts):
                ways.extend((((part, holds), rest), said) for part in reversed(parts))
            case leaf:
                subject = leaf.question if isinstance(leaf, About) else type(leaf).__name__
                known = said.get(subject, ())
                if (leaf, holds) in known:
                    ways.append((rest, said))
                elif _agrees(asked, subject, (*known, (leaf, holds))):
                    follows = [(gate, True) for gate in _follows(form, asked, leaf)] if holds else []
                    ways.append((_before(rest, follows), {**said, subject: (*known, (leaf, holds))}))
    return True


def _before(rest: Open, further: Iterable[tuple[Condition, bool]]) -> Open:
    for each in further:
        rest = (each, rest)
    return rest


def _follows(form: Form, asked: Mapping[str, Asked], leaf: Leaf) -> Iterator[Condition]:
    """What must hold for what was answered to be shown at all."""
    if not isinstance(leaf, About):
        return
    code, _, part = leaf.question.partition(".")
    if part:
        yield Answered(code)
    if gate := form.gates.get(code):
        yield gate
    if isinstance(leaf, Picked):
        yield from (each.show_if for each in asked[code].options if each.code == leaf.option and each.show_if)


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
