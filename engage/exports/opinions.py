"""What people wrote, as a report quotes it: each text once, with how many of which category wrote it, the most frequent first."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from engage.exports.material import Material, ThemesTold
from engage.reports import takes_words
from surveys.asked import Asked

QUOTED = 30  # different texts quoted of one question; the workbook has all of them
NOTHING = frozenset({"无", "没", "没有", "暂无", "无意见", "无建议", "没有意见", "没有建议", "no", "none", "No", "None", "n/a", "-"})


@dataclass(frozen=True, slots=True)
class Opinions:
    """The texts that answer one question: `received` in all, `different` of them, the first of those with who wrote them ("" not told)."""

    question: Asked
    received: int
    different: int
    quoted: list[tuple[str, str]]
    themes: ThemesTold | None


def opinions(material: Material) -> Iterator[Opinions]:
    """Of each question that was answered in words, in the order of the form."""
    themes = material.themes
    for one in material.summary.questions:
        if not takes_words(one.question) or not (said := _said(material, one.question.code)):
            continue
        chosen = sorted(said.items(), key=_weight)[:QUOTED]
        quoted = [(text, material.say("、", ", ").join(f"{label}{_times(material, n)}" for label, n in people.items())) for text, people in chosen]
        received = sum(people.total() for people in said.values())
        yield Opinions(one.question, received, len(said), quoted, themes.get(one.question.code))


def _said(material: Material, question: str) -> dict[str, Counter[str]]:
    """What people wrote to a question, each text once, with how many of each category wrote it."""
    said: dict[str, Counter[str]] = {}
    for answer in material.answers(question=question):
        said.setdefault(answer.text, Counter())[answer.segment] += 1
    order = list(material.summary.segments())
    grouped = {text: Counter[str]() for text in said}
    for text, people in said.items():
        for code in sorted(people, key=order.index):
            grouped[text][material.group_of(code)] += people[code]
    return grouped


def _weight(entry: tuple[str, Counter[str]]) -> tuple[bool, int]:
    """What more people wrote comes first; what says nothing comes last. Among equals the random order of responses stays."""
    text, people = entry
    return text.strip("。.！! ") in NOTHING, -people.total()


def _times(material: Material, times: int) -> str:
    return "" if times == 1 else material.say(f"{times}人", f" ×{times}")
