"""What changed from one version of a questionnaire to the next, piece by piece, for people to read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from surveys.versions import TEXTS, questions_of

Content = Mapping[str, Any]
_TEXTS = ("text", "text_en", "hint", "hint_en")


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. `what` is a key of WHAT; `subject` is the text of the question or the title of the section it is about, and
    `number` the place of the question among all, from 1; both are as the later version has them, or the earlier where it is gone.
    """

    what: str
    subject: str = ""
    number: int = 0
    before: str = ""
    after: str = ""


WHAT = (
    *TEXTS, "section_added", "section_removed", "section_title", "section_moved", "section_condition", "added", "removed", "moved", *_TEXTS,
    "required", "optional", "condition", "settings", "option_added", "option_removed", "option_label", "options_moved", "options_settings",
)


def differences(before: Content, after: Content) -> list[Difference]:
    """All changes: of the texts, then of the sections, then question by question. Both are contents of versions."""
    texts = [Difference(name, before=before[name], after=after[name]) for name in TEXTS if before[name] != after[name]]
    return [*texts, *_sections(before["sections"], after["sections"]), *_questions(before, after)]


def _sections(before: Sequence[Content], after: Sequence[Content]) -> Iterator[Difference]:
    old, new = {one["id"]: one for one in before}, {one["id"]: one for one in after}
    moved = _moved(list(old), list(new))
    for key, one in new.items():
        was = old.get(key)
        if was is None:
            yield Difference("section_added", one["title"])
            continue
        for name in ("title", "title_en"):
            if one[name] != was[name]:
                yield Difference("section_title", one["title"], before=was[name], after=one[name])
        if one.get("show_if") != was.get("show_if"):
            yield Difference("section_condition", one["title"])
        if key in moved:
            yield Difference("section_moved", one["title"])
    yield from (Difference("section_removed", was["title"]) for key, was in old.items() if key not in new)


def _questions(before: Content, after: Content) -> Iterator[Difference]:
    old, new = questions_of(before), questions_of(after)
    places = {key: number for number, key in enumerate(old, start=1)}
    from_section, to_section = _homes(before), _homes(after)
    moved = _moved(list(old), list(new)) | {key for key in old.keys() & new.keys() if from_section[key] != to_section[key]}
    for number, (key, one) in enumerate(new.items(), start=1):
        was = old.get(key)
        if was is None:
            yield Difference("added", one["text"], number)
            continue
        if key in moved:
            yield Difference("moved", one["text"], number, str(places[key]), str(number))
        for change in _changed(was, one):
            yield Difference(change.what, one["text"], number, change.before, change.after)
    yield from (Difference("removed", was["text"], places[key]) for key, was in old.items() if key not in new)


def _homes(content: Content) -> dict[int, int]:
    return {one["id"]: section["id"] for section in content["sections"] for one in section["questions"]}


def _changed(was: Content, one: Content) -> Iterator[Difference]:
    yield from (Difference(name, before=was[name], after=one[name]) for name in _TEXTS if one[name] != was[name])
    if one["required"] != was["required"]:
        yield Difference("required" if one["required"] else "optional")
    if one.get("show_if") != was.get("show_if"):
        yield Difference("condition")
    if one["settings"] != was["settings"]:
        yield Difference("settings")
    old, new = ({option["code"]: option for option in each["options"]} for each in (was, one))
    yield from (Difference("option_added", after=new[code]["label"]) for code in new if code not in old)
    yield from (Difference("option_removed", before=old[code]["label"]) for code in old if code not in new)
    both = [code for code in new if code in old]
    for code in both:
        for name in ("label", "label_en"):
            if old[code][name] != new[code][name]:
                yield Difference("option_label", before=old[code][name], after=new[code][name])
    if any(_rest(old[code]) != _rest(new[code]) for code in both):
        yield Difference("options_settings")
    if both != [code for code in old if code in new]:
        yield Difference("options_moved")


def _rest(option: Content) -> Content:
    return {name: value for name, value in option.items() if name not in {"label", "label_en"}}


def _moved(before: list[int], after: list[int]) -> set[int]:
    """What stands elsewhere among those that are in both, as few as possible."""
    old, new = [key for key in before if key in after], [key for key in after if key in before]
    kept = {old[place] for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
            for place in range(block.a, block.a + block.size)}
    return set(new) - kept
