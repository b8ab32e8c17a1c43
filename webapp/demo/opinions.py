"""How invented guests fill in the questionnaires: each category has its own leaning, each person a mood."""

from collections.abc import Sequence
from random import Random
from typing import Any

from surveys.asked import Asked
from surveys.forms import Form
from webapp.demo import texts
from webapp.demo.texts import Remark

# Parts of all people: who answer what they need not, pick "other", write a word, a second sentence, of their own matters.
ANSWER, PICK_OTHER, SAY_A_WORD, SAY_MORE, OWN_MATTERS = 0.92, 0.05, 0.6, 0.2, 0.6

# Mean of the five levels by category; whoever works with the system daily is harder to please.
_PLEASED = {
    "deputy": 4.5, "cppcc": 4.4, "project_lead": 4.0, "enterprise": 3.6, "village": 4.1, "public": 4.3, "media": 4.3, "agency": 3.4,
}
_SHIFT = {"现场参观": 0.2, "座谈": -0.2, "讲解": 0.3, "场地": 0.1, "掌握": -0.9}  # by a word of the question
_WORDY = {"deputy": 0.75, "cppcc": 0.7, "media": 0.6, "enterprise": 0.55, "agency": 0.6}
_ORGANISATION = {"enterprise": 2, "agency": 1, "village": 3, "project_lead": 0}  # the option that a category ticks


class Opinions:
    """Answers to one questionnaire on one occasion: no remark is heard twice there before all were heard."""

    def __init__(self, chance: Random, form: Form, remarks: Sequence[Remark]) -> None:
        self._chance = chance
        self._form = form
        self._remarks = remarks
        self._left: list[Remark] = []

    def fill_in(self, category: str) -> dict[str, Any]:
        """What one person of a category sends."""
        mood = self._chance.gauss(0, 0.6)
        raw: dict[str, Any] = {}
        for asked in self._form.questions:
            if asked.required or self._chance.random() < ANSWER:
                raw |= self._answer(asked, category, mood)
        return raw

    def _answer(self, asked: Asked, category: str, mood: float) -> dict[str, Any]:
        chance, said = self._chance, ""
        match asked.kind:
            case "single":
                return self._single(asked, category, mood)
            case "multiple":
                return self._multiple(asked)
            case "scale":
                pleased = _PLEASED.get(category, 4.1) + mood + sum(by for word, by in _SHIFT.items() if word in asked.text)
                said = str(min(5, max(1, round(chance.gauss(pleased, 0.7)))))
            case "likelihood":
                said = str(min(10, max(0, round(chance.gauss(7.8 + 2 * mood, 1.8)))))
            case "number":
                said = str(self._years() if "年" in asked.text else chance.choices((1, 2, 3, 4, 6), (60, 22, 9, 5, 4))[0])
            case "text" if chance.random() < SAY_A_WORD:
                said = chance.choice(texts.IN_ONE_WORD if "词" in asked.text else texts.TOPICS)
            case "long_text" if chance.random() < _WORDY.get(category, 0.45):
                said = self._remark(category)
        return {asked.code: said} if said else {}

    def _single(self, asked: Asked, category: str, mood: float) -> dict[str, Any]:
        codes = [option.code for option in asked.options]
        if "单位的类型" in asked.text and category in _ORGANISATION:
            return {asked.code: codes[_ORGANISATION[category]]}
        weights = [3.0, 2.0, 1.2, 1.6, 0.5]
        if "了解程度" in asked.text:
            weights = [2.4 + mood, 1.6, 0.3 - min(mood, 0.2)]
        if "时长" in asked.text:
            weights = [0.8, 3.2, 1.4]
        return self._with_other(asked, [self._chance.choices(codes, weights[: len(codes)])[0]])

    def _multiple(self, asked: Asked) -> dict[str, Any]:
        codes = [option.code for option in asked.options if not option.other]
        likely = [code for place, code in enumerate(codes) if self._chance.random() < (0.85, 0.6, 0.45, 0.3, 0.25, 0.5)[place % 6]]
        likely = likely or [codes[0]]
        most = asked.settings["max"]
        if most is not None:
            likely = self._chance.sample(likely, min(most, len(likely)))
        if any(option.other for option in asked.options) and self._chance.random() < PICK_OTHER:
            likely = [*likely[: (most or 9) - 1], "other"]
        return self._with_other(asked, likely)

    def _with_other(self, asked: Asked, picked: list[str]) -> dict[str, Any]:
        if "other" not in picked:
            return {asked.code: picked}
        by_word = {"得知": texts.HEARD_FROM, "公开哪些": texts.MORE_TO_PUBLISH, "类型": texts.OTHER_ORGANISATIONS, "培训": texts.OTHER_TRAININGS}
        said = next(words for word, words in by_word.items() if word in asked.text)
        return {asked.code: picked, f"{asked.code}.other": self._chance.choice(said)}

    def _years(self) -> int:
        return min(40, max(0, round(self._chance.gauss(7, 5))))

    def _remark(self, category: str) -> str:
        first = self._next(category)
        return f"{first}{self._next(category)}" if self._chance.random() < SAY_MORE else first

    def _next(self, category: str) -> str:
        """A remark that fits the category; its own matters come first to its mind."""
        fitting = [one for one in self._left if _fits(one, category)]
        if not fitting:
            fitting = [one for one in self._remarks if _fits(one, category)]
            self._left += fitting
        own = [one for one in fitting if one.said_by]
        chosen = self._chance.choice(own if own and self._chance.random() < OWN_MATTERS else fitting)
        self._left.remove(chosen)
        return chosen.text


def _fits(remark: Remark, category: str) -> bool:
    return not remark.said_by or category in remark.said_by
