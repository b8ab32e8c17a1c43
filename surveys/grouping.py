"""Texts that tell of the same matter, put together by the words they share: no model, no chance, the same result every time.

What distinguishes the matters is found in a sample of fixed size by average-linkage clustering; all other texts then join the
group that they are nearest to. So the work grows with the number of texts.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# -- numpy's arrays of a matrix say little of what is in them

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surveys.terms import Terms

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

SAMPLE = 1500  # texts that are compared with each other: a matrix of 9 MB
ROUNDS = 3  # samples taken of what is left, one after the other
JOINED = 0.10  # mean cosine between two groups from which on they are one
HELD = 0.15  # of a group's profile and a text, from which on the text belongs to it
TELLING = 0.35  # mean weight from which on a word alone makes a theme; else two different ones are needed
WORDS = 40  # words in the profile of a group


@dataclass(frozen=True, slots=True)
class Group:
    """Texts of one matter by their places, nearest to its middle first, and how near; `profile` weighs its words."""

    members: tuple[int, ...]
    nearness: tuple[float, ...]
    profile: dict[str, float]


def group(texts: Sequence[Terms], *, finer: float = 1.0) -> list[Group]:
    """The groups of two texts and more, the largest first; a text is in one at most. `finer` asks for closer ties, 2.0 for twice as close."""
    groups: list[dict[str, float]] = []
    left = [place for place, text in enumerate(texts) if text.weights]
    for _ in range(ROUNDS):
        if not left:
            break
        step = max(1, -(-len(left) // SAMPLE))
        sample = left[::step]
        made = [profile([texts[place] for place in members]) for members in _clusters([texts[place] for place in sample], sample, finer)]
        groups += made
        if step == 1 or not made:
            break
        joined = assign(texts, left, groups)
        left = [place for place in left if place not in joined]
    joined = assign(texts, [place for place, text in enumerate(texts) if text.weights], groups)
    members: dict[int, list[int]] = {}
    for place, (index, _) in joined.items():
        members.setdefault(index, []).append(place)
    found: list[Group] = []
    for index, places in members.items():
        if len(places) > 1:
            places.sort(key=lambda place: (-joined[place][1], place))
            found.append(Group(tuple(places), tuple(joined[place][1] for place in places), groups[index]))
    return sorted(found, key=lambda one: (-len(one.members), min(one.members)))


def profile(texts: Sequence[Terms]) -> dict[str, float]:
    """The words that make a group: the mean of its texts, WORDS of them, scaled to length 1."""
    summed = Counter[str]()
    for text in texts:
        summed.update(text.weights)
    shared = Counter(word for text in texts for word in text.weights)
    kept = sorted(summed, key=lambda word: (-summed[word] * min(shared[word], 3), word))[:WORDS]
    length = sum(summed[word] ** 2 for word in kept) ** 0.5 or 1.0
    return {word: summed[word] / length for word in kept}


def assign(
    texts: Mapping[int, Terms] | Sequence[Terms], places: Sequence[int], groups: Sequence[Mapping[str, float]],
) -> dict[int, tuple[int, float]]:
    """For each of the places the group whose profile its text is nearest to, and how near; those near none are left out."""
    having: dict[str, list[tuple[int, float]]] = {}
    for index, words in enumerate(groups):
        for word, weight in words.items():
            having.setdefault(word, []).append((index, weight))
    joined: dict[int, tuple[int, float]] = {}
    for place in places:
        near: dict[int, float] = {}
        for word, weight in texts[place].weights.items():
            for index, other in having.get(word, ()):
                near[index] = near.get(index, 0.0) + weight * other
        if near:
            nearest = max(near, key=lambda index: (near[index], -index))
            if near[nearest] >= HELD:
                joined[place] = (nearest, near[nearest])
    return joined


def _clusters(texts: Sequence[Terms], places: Sequence[int], finer: float) -> list[list[int]]:
    """Average linkage: the two groups that are most alike become one, until none are alike enough."""
    from numpy import fill_diagonal, ones  # noqa: PLC0415 -- slow import

    alike = _likeness(texts)
    fill_diagonal(alike, -1)
    members = {row: [row] for row in range(len(texts))}
    size = ones(len(texts), dtype=alike.dtype)
    nearest, best = alike.argmax(axis=1), alike.max(axis=1)
    while len(members) > 1:
        one = int(best.argmax())
        if best[one] < JOINED * finer:
            break
        one, other = sorted((one, int(nearest[one])))
        merged = (alike[one] * size[one] + alike[other] * size[other]) / (size[one] + size[other])
        merged[alike[one] < 0] = -1  # those that are in another group already, and the group itself
        merged[[one, other]] = -1
        alike[one, :], alike[:, one] = merged, merged
        alike[other, :] = alike[:, other] = -1
        size[one] += size[other]
        members[one] += members.pop(other)
        best[other] = -1
        stale = ((nearest == one) | (nearest == other)).nonzero()[0]
        nearest[stale], best[stale] = alike[stale].argmax(axis=1), alike[stale].max(axis=1)
        nearest[one], best[one] = int(merged.argmax()), merged.max()
        better = merged > best
        nearest[better], best[better] = one, merged[better]
    found = [rows for rows in members.values() if len(rows) > 1 and _tells([texts[row] for row in rows])]
    return [[places[row] for row in rows] for rows in found]


def _tells(texts: Sequence[Terms]) -> bool:
    """Whether the texts have a matter in common: two different words that most of them have, or one that says enough."""
    shared = Counter(word for text in texts for word in text.weights)
    common = [word for word, count in shared.items() if count * 2 > len(texts)]
    whole = [word for word in common if not any(word != other and word in other for other in common)]
    return len(whole) > 1 or any(sum(text.weights.get(word, 0) for text in texts) >= TELLING * len(texts) for word in whole)


def _likeness(texts: Sequence[Terms]) -> "NDArray[float32]":
    """The cosine of every text with every other."""
    from numpy import float32, zeros  # noqa: PLC0415 -- slow import

    spread = Counter(word for text in texts for word in text.weights)
    columns = {word: column for column, word in enumerate(word for word, count in sorted(spread.items()) if count > 1)}
    matrix = zeros((len(texts), len(columns)), dtype=float32)
    for row, text in enumerate(texts):
        for word, weight in text.weights.items():
            if word in columns:
                matrix[row, columns[word]] = weight
    return matrix @ matrix.T
