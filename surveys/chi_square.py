"""Pearson's chi-square test of independence, without scipy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEW, FEW_SHARE = 5, 0.2  # Cochran's rule: at most a fifth of the expected counts below 5, and none below 1
STEPS, PRECISE = 10_000, 1e-15
MARKS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


@dataclass(frozen=True, slots=True)
class Test:
    """The statistic, its degrees of freedom, and how probable one as large is where the two have nothing to do with each other.

    `reliable` is False where the sample is too small for the approximation (Cochran 1954).
    """

    statistic: float
    degrees: int
    p: float
    reliable: bool

    @property
    def mark(self) -> str:
        """* below 5 %, ** below 1 %, *** below 0.1 %; nothing above, or where the sample is too small."""
        return next((mark for limit, mark in MARKS if self.p < limit), "") if self.reliable else ""


def independence(counts: Sequence[Sequence[int]]) -> Test | None:
    """The test of a table of counts; None where fewer than two rows or columns have any."""
    rows = [row for row in counts if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    if len(rows) < 2 or len(columns) < 2:  # noqa: PLR2004 -- a table
        return None
    total = sum(map(sum, rows))
    across, down = [sum(row) for row in rows], [sum(column) for column in columns]
    expected = [[one * other / total for other in down] for one in across]
    found = list(zip(*columns, strict=True))
    pairs = [(n, e) for some, those in zip(found, expected, strict=True) for n, e in zip(some, those, strict=True)]
    statistic = sum((n - e) ** 2 / e for n, e in pairs)
    degrees = (len(rows) - 1) * (len(columns) - 1)
    few = sum(e < FEW for _, e in pairs)
    return Test(statistic, degrees, upper_tail(statistic, degrees), few <= FEW_SHARE * len(pairs) and min(e for _, e in pairs) >= 1)


def upper_tail(statistic: float, degrees: int) -> float:
    """The probability that a chi-square variable is larger: the regularised incomplete gamma function Q(degrees/2, statistic/2).

    By its series where that converges fast, else by its continued fraction (Abramowitz and Stegun 6.5.29, 6.5.31).
    """
    a, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    return max(0.0, 1 - scale * _series(a, x)) if x < a + 1 else scale * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for step in range(1, STEPS):
        term *= x / (a + step)
        total += term
        if term < total * PRECISE:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """Lentz's way of working out a continued fraction, from its head."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for step in range(1, STEPS):
        an = -step * (step - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        value *= c * d
        if abs(c * d - 1) < PRECISE:
            break
    return value
