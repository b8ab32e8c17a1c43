"""Whether the conditions and references of a questionnaire make sense together: what cannot is refused when it is saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from surveys import pipes
from surveys.asked import Asked
from surveys.conditions import About, Compared, Condition, Picked, Says, both, leaves
from surveys.errors import Invalid, SurveyError
from surveys.forms import Form, draft_of
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire
from surveys.ways import Ways


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
    judging = _Judging(Ways(form), form.gates, {asked.code: (rank, asked) for rank, asked in enumerate(everything)})
    for number, section in enumerate(form.sections, start=1):
        judging.condition(section.show_if, None, section.questions[0], Place(number))
        for asked in section.questions:
            judging.question(asked, section.show_if, number)


@dataclass(frozen=True, slots=True)
class _Judging:
    ways: Ways
    gates: Mapping[str, Condition]
    there: Mapping[str, tuple[int, Asked]]  # by code, with the place in the form

    def question(self, asked: Asked, around: Condition | None, section: int) -> None:
        place = Place(section, asked.code, asked.number)
        self.condition(asked.show_if, around, asked, place)
        for option in asked.options:
            self.condition(option.show_if, self.gates.get(asked.code), asked, replace(place, option=option.label_zh))
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
        if own is not None and not self.ways.possible(both(around, own) or own):
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
