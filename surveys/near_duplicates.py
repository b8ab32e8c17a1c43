"""Texts that say the same in nearly the same words: copied, sent twice, or signed by many."""

import re
from collections.abc import Sequence
from zlib import crc32

from surveys.terms import plain

ALIKE = 0.7  # of the triples of characters that two texts have, they share this part
_BANDS, _ROWS = 20, 3  # finds 99.9 % of the pairs that are ALIKE
_LEADERS = 4  # texts of one band that a further one is compared with, so that the work grows with the texts and not their pairs
_ODD = 0x9E3779B97F4A7C15  # multiples of the golden ratio: the same numbers in every run
_NO_LETTER = re.compile(r"[\W_]+")


def twins(texts: Sequence[str]) -> list[int]:
    """For each text the place of the first that it repeats, or its own place.

    The first and the one that repeats it share at least ALIKE of their triples of characters (Jaccard), whatever stands
    between the letters. Texts without letters repeat nothing. Candidates come from MinHash with fixed numbers.
    """
    from numpy import arange, array, uint64  # noqa: PLC0415 -- slow import

    odd = (arange(1, _BANDS * _ROWS + 1, dtype=uint64) * uint64(_ODD)) | uint64(1)
    exact: dict[str, int] = {}
    buckets: dict[tuple[int, bytes], list[int]] = {}
    parts: dict[int, frozenset[str]] = {}
    found: list[int] = []
    for place, text in enumerate(texts):
        letters = _NO_LETTER.sub("", plain(text))
        first = exact.setdefault(letters, place) if letters else place
        if first != place:
            found.append(found[first])
            continue
        shingles = frozenset(letters[at : at + 3] for at in range(max(1, len(letters) - 2)))
        hashes = array([crc32(shingle.encode()) for shingle in shingles], dtype=uint64)
        least = ((hashes[:, None] * odd) >> uint64(32)).min(axis=0).reshape(_BANDS, _ROWS)
        keys = [(band, least[band].tobytes()) for band in range(_BANDS)]
        met = sorted({leader for key in keys for leader in buckets.get(key, ())})
        same = next((leader for leader in met if _alike(parts[leader], shingles)), place) if letters else place
        found.append(same)
        if same == place and letters:
            parts[place] = shingles
            for key in keys:
                if len(leaders := buckets.setdefault(key, [])) < _LEADERS:
                    leaders.append(place)
    return found


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)
