"""Ranking: options put into an order, the best first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from surveys.asked import Asked, Counts, Option, Part, Row, Stored, Tally, given
from surveys.kinds.base import MOST_OPTIONS, as_options, joined, listed, share
from surveys.kinds.checks import flag, picks
from surveys.kinds.grids import Parted, given_by_part
from surveys.kinds.numbers import figures
from surveys.kinds.refusals import Missing, RankLeftOut, RankTwice, RowsMissing, TooManyPicks, UnknownOption


class Ranking(Parted):
    """Ranks for options, 1 the best, each stored as a part; at most `max` of them. `required` means all, or with `max` at least one.

    A part is given its rank; Python may also give the options in their order.
    """

    code, name_zh, name_en = "ranking", "排序题", "Ranking"
    SETTINGS: ClassVar = {"max": (None, picks), "random": (False, flag)}

    def options(self, raw: Iterable[Mapping[str, Any] | str]) -> list[dict[str, str]]:
        return listed(raw, most=MOST_OPTIONS)

    def offered(self, options: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> tuple[Option, ...]:
        return as_options(options)

    def read(self, asked: Asked, value: object, other: object = None) -> list[Stored]:
        if not isinstance(value, Mapping):
            value = {str(code): rank for rank, code in enumerate(_each_once(given(value)), start=1)}
        ranked = given_by_part(asked, cast("Mapping[str, Any]", value))
        if not ranked:
            if asked.required:
                raise Missing
            return []
        by_rank = {self._rank(asked, values): part for part, values in ranked.items()}
        most = asked.settings["max"]
        if len(by_rank) < len(ranked):
            raise RankTwice
        if most is not None and len(by_rank) > most:
            raise TooManyPicks(max=most)
        if max(by_rank) > len(by_rank):
            raise RankLeftOut
        if asked.required and most is None and len(by_rank) < len(asked.parts):
            raise RowsMissing
        return [Stored(number=rank, part=by_rank[rank]) for rank in sorted(by_rank)]

    def _rank(self, asked: Asked, values: list[Any]) -> int:
        rank = str(values[0]).removesuffix(".0")
        if len(values) > 1 or rank not in {str(n) for n in range(1, len(asked.parts) + 1)}:
            raise UnknownOption
        return int(rank)

    def tally(self, asked: Asked, counts: Counts) -> Tally:
        """Each option's ranks, their mean, and its score: as many points for rank 1 as there are options, one for the last rank."""
        return Tally(counts.answered, parts=tuple(
            Part(part.code, part.label_zh, part.label_en, self._part(asked, counts.parts.get(part.code, Counts()), counts.answered))
            for part in asked.parts
        ))

    def _part(self, asked: Asked, counts: Counts, people: int) -> Tally:
        last = len(asked.parts)
        rows = tuple(
            Row(str(rank), f"第{rank}位", f"Rank {rank}", n := counts.numbers.get(rank, 0), share(n, counts.answered))
            for rank in range(1, (asked.settings["max"] or last) + 1)
        )
        points = sum((last + 1 - rank) * n for rank, n in counts.numbers.items())
        return Tally(counts.answered, rows=rows, score=points / people if people else None, **figures(counts.numbers))

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        names = {part.code: part.label(language) for part in asked.parts}
        return joined(((f"{int(row.number or 0)}. {names.get(row.part, row.part)}", "") for row in stored), language)


def _each_once(codes: list[Any]) -> list[Any]:
    if len(set(map(str, codes))) < len(codes):
        raise RankTwice
    return codes
