"""De-identification: what identifies people in free texts is found and masked before a text leaves the house.

    mask = Mask(["张三", "欧阳晓明"])
    mask("张三的电话是138 1234 5678")  # 〔姓名〕的电话是〔手机号〕
    mask.told()                        # 姓名1处、手机号1处

Names are those that are given; numbers and addresses are told by their form (see identifiers.py). It is a help to whoever
clears a text, and no proof that nobody can be recognised in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from surveys.asked import in_language
from surveys.identifiers import LABELS, Identifier, Span, numbers_and_addresses, plain
from surveys.names import Names

REMEMBERED = 200_000  # texts: some 15 MB


class Mask:
    """Masks texts in one language, and counts what it has masked in different texts, by what it was."""

    def __init__(self, names: Iterable[str] = (), *, language: str = "zh") -> None:
        self._names = Names(names)
        self._language = language
        self._clean: set[int] = set()  # by their hashes: texts in which nothing was found, for most stand in several places of a file
        self._counted: set[int] = set()  # and those that were counted
        self.counts: Counter[str] = Counter()

    def __call__(self, text: str) -> str:
        """The text with a placeholder for each finding: 〔手机号〕."""
        key = hash(text)
        if key in self._clean:
            return text
        found = self.find(text)
        if not found:
            if len(self._clean) < REMEMBERED:
                self._clean.add(key)
            return text
        if key not in self._counted:
            self._counted.add(key)
            self.counts.update(span.identifier for span in found)
        parts: list[str] = []
        last = 0
        for start, end, identifier in found:
            parts += (text[last:start], placeholder(identifier, self._language))
            last = end
        return "".join((*parts, text[last:]))

    def find(self, text: str) -> list[Span]:
        """Where in a text somebody is identified, in the order of the text."""
        written = plain(text)
        numbers, left = numbers_and_addresses(written)
        return sorted(numbers + self._names.find(text, left))

    def identifies(self, term: str) -> bool:
        """Whether a single term, as a word cloud shows it, tells who somebody is."""
        return bool(numbers_and_addresses(plain(term))[0]) or self._names.within(term)

    def told(self) -> str:
        """What was masked in words, "" for nothing: 姓名3处、手机号2处."""
        return told(self.counts, self._language)


def placeholder(identifier: Identifier, language: str = "zh") -> str:
    """What stands for a finding."""
    return f"〔{in_language(language, *LABELS[identifier])}〕"


def told(counts: Mapping[str, int], language: str = "zh") -> str:
    """Counts of what was masked in words, "" for nothing: 姓名3处、手机号2处."""
    words = [(in_language(language, *LABELS[one]), counts[one]) for one in Identifier if counts.get(one)]
    return in_language(language, "、".join(f"{name}{n}处" for name, n in words), ", ".join(f"{name} ×{n}" for name, n in words))
