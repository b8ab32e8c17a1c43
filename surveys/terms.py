"""The words that tell what a text is about, in Chinese and English, weighed by how much they say among all texts."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from surveys.stop_words import STOP, VAGUE

# How much a kind of word says of the matter, by the first letters of its tag; what is not named (particles, numbers, …) says nothing.
_KINDS = {
    "n": 1.0, "vn": 0.9, "v": 0.6, "j": 1.0, "l": 0.7, "i": 0.7, "a": 0.5, "an": 0.7, "eng": 1.0, "nr": 0.6, "ns": 0.6, "nt": 0.8, "nz": 1.0,
    "t": 0.3, "s": 0.8, "z": 0.4, "b": 0.6, "ad": 0.0, "vd": 0.0,
}
_SAID_ALONE = {"ad", "vd"}  # 公开: how something is done, which makes no theme and is a word of its own all the same
# What people write in any opinion whatever it is about: forms of address, asking and wishing, and words without a matter.
_SAY_LITTLE = 0.35  # of the weight of another word
_WORD = re.compile(r"[a-z0-9][a-z0-9+#.-]*[a-z0-9]|[a-z]", re.ASCII)
_LATIN_PLURAL = re.compile(r"(?<=[a-z]{3})(?<!s)s\Z", re.ASCII)
_HIDDEN = re.compile(r"\*{2,}|https?://\S+|_x000d_", re.IGNORECASE)
_LONG = 3  # Chinese words from this many characters on also count by the words within them: 停车位 is about 停车 too
_PART = 0.6  # of the weight of the word that it is a part of
_PLACEHOLDER = re.compile(r"[a-z]\d{1,2}", re.ASCII)  # A5区, B栋2: where, not what
_ALONE = 0.3  # of a word's weight where no other text has it: it says much of this text and nothing of a theme
_REPEATED = 0.6  # of what a word says at its first mention, at each further one


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of one text with their weights, and the words as they follow each other, for names such as 保证金退还."""

    weights: dict[str, float]
    pairs: frozenset[tuple[str, str]]


def plain(text: str) -> str:
    """The text in one way of writing: full-width letters as plain ones, small letters, without what was masked."""
    return _HIDDEN.sub(" ", unicodedata.normalize("NFKC", text).lower())


def terms(texts: Sequence[str]) -> list[Terms]:
    """The words of each text that say what it is about, with weights that make each text's squares add up to 1.

    A word counts by its kind and the less the more texts have it; greetings, wishes and words without a matter are left out.
    A text that says nothing has no words.
    """
    counted = [_words(text) for text in texts]
    spread = Counter(word for weights, _ in counted for word in weights)
    total = len(texts)
    found: list[Terms] = []
    for weights, pairs in counted:
        weighed = {
            word: weight * log(1 + total / spread[word]) * (_ALONE if spread[word] == 1 else 1) for word, weight in weights.items()
        }
        length = sum(weight * weight for weight in weighed.values()) ** 0.5
        found.append(Terms({word: weight / length for word, weight in weighed.items()}, pairs))
    return found


@lru_cache(maxsize=5000)  # a cloud is counted anew while answers come in, and nearly all of them were there before
def words_of(text: str) -> frozenset[str]:
    """The words that a text has to say anything with, each whole: those of a matter and what is said of it, from two characters on."""
    import rjieba  # noqa: PLC0415 -- slow import: it reads its dictionary

    judged = ((*_judged(raw, tag), tag) for raw, tag in rjieba.tag(plain(text)))
    return frozenset(word for word, weight, tag in judged if len(word) > 1 and (weight or (tag in _SAID_ALONE and word not in STOP)))


def _words(text: str) -> tuple[dict[str, float], frozenset[tuple[str, str]]]:
    import rjieba  # noqa: PLC0415 -- slow import: it reads its dictionary

    weights: dict[str, float] = {}
    pairs: set[tuple[str, str]] = set()
    before = ""
    for raw, tag in rjieba.tag(plain(text)):
        word, weight = _judged(raw, tag)
        if not weight:
            before = ""
            continue
        _count(weights, word, weight)
        if len(word) >= _LONG and not word.isascii():
            for part in rjieba.cut_for_search(word):
                if part != word and len(part) > 1 and (word.startswith(part) or word.endswith(part)) and part not in STOP and part not in VAGUE:
                    _count(weights, part, weight * _PART)
        if before and len(word) > 1:
            pairs.add((before, word))
        before = word if len(word) > 1 else ""
    return weights, frozenset(pairs)


def _judged(word: str, tag: str) -> tuple[str, float]:
    if word in STOP:
        return word, 0
    if word.isascii():
        if not _WORD.fullmatch(word) or word.replace(".", "").isdigit() or _PLACEHOLDER.fullmatch(word):
            return word, 0
        return _LATIN_PLURAL.sub("", word), _SAY_LITTLE if len(word) == 1 or word in VAGUE else 1.0
    if len(word) == 1:
        return word, 0.35 if tag == "n" else 0
    return word, _KINDS.get(tag, _KINDS.get(tag[:1], 0)) * (_SAY_LITTLE if word in VAGUE else 1)


def _count(weights: dict[str, float], word: str, weight: float) -> None:
    weights[word] = weights[word] + weight * _REPEATED / (1 + weights[word]) if word in weights else weight
