"""A word cloud: where each word stands and how large, the same for the same words. No word covers another."""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, sin, sqrt
from typing import NamedTuple

MOST = 30  # words that one still reads from the back row
SMALLEST, LARGEST = 34.0, 96.0  # sizes of type, in the units of the drawing
FEWEST = 400.0, 200.0  # from the middle to the edges of the box, so that a few words do not become huge
WIDER = 1.9  # than high: a hall's screen is
STEP, APART = 22.0, 3.2  # of the spiral along which a word looks for its place: units a step, units outwards a radian
GAP = 6.0  # between two words
_WIDE = 0x2E80  # from here on characters are as wide as they are high
_NARROW, _HIGH = 0.62, 1.1  # width of a Latin letter and height of a line, in sizes of type


class Placed(NamedTuple):
    """A word with its count; the middle of its line and the size of its type. `tone` is 1 for the most frequent words, to 3."""

    word: str
    count: int
    x: float
    y: float
    size: float
    tone: int


class Cloud(NamedTuple):
    """The words in the order given, within a box (left, top, width, height)."""

    words: Sequence[Placed]
    box: tuple[float, float, float, float]


@lru_cache(maxsize=16)
def cloud(words: tuple[tuple[str, int], ...]) -> Cloud:
    """Lay out the first MOST words with their counts, which come the most frequent first: those stand in the middle, the larger the more."""
    placed: list[Placed] = []
    taken: list[tuple[float, float, float, float]] = []  # left, top, right, bottom
    most = max((count for _, count in words), default=1)
    for word, count in words[:MOST]:
        part = sqrt(count / most)
        size = round(SMALLEST + (LARGEST - SMALLEST) * part if most > 1 else (SMALLEST + LARGEST) / 2, 1)
        width = size * sum(1 if ord(letter) >= _WIDE else _NARROW for letter in word) + GAP
        x, y = _free(width, size * _HIGH + GAP, taken)
        placed.append(Placed(word, count, x, y, size, 1 if part > 0.8 else 2 if part > 0.5 else 3))  # noqa: PLR2004 -- thirds that look well
    if not taken:
        return Cloud((), (0, 0, 0, 0))
    left, top = min(-FEWEST[0], *(box[0] for box in taken)), min(-FEWEST[1], *(box[1] for box in taken))
    right, bottom = max(FEWEST[0], *(box[2] for box in taken)), max(FEWEST[1], *(box[3] for box in taken))
    return Cloud(placed, (round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)))


def _free(width: float, height: float, taken: list[tuple[float, float, float, float]]) -> tuple[float, float]:
    """The first place on the spiral where a word covers no other; it is taken from now on."""
    half, rise, angle = width / 2, height / 2, 0.0
    in_the_way = (0.0, 0.0, 0.0, 0.0)
    while True:
        x, y = APART * angle * cos(angle) * WIDER, APART * angle * sin(angle)
        angle += STEP / (APART * angle + STEP)
        left, top, right, bottom = x - half, y - rise, x + half, y + rise
        if left < in_the_way[2] and in_the_way[0] < right and top < in_the_way[3] and in_the_way[1] < bottom:
            continue  # what was in the way a step before mostly still is
        for other in taken:
            if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom:
                in_the_way = other
                break
        else:
            taken.append((left, top, right, bottom))
            return round(x, 1), round(y, 1)
