"""Which cells of a table of counts are left out, so that none of them can be told from its totals.

The totals of rows and columns are known to the reader. What a left-out cell can still be is what it can become when counts are
moved around a closed path of left-out cells, one more here and one less there: the theory of flows in networks says that
a cell which no such path leads through has only one possible value, whole numbers and none below zero being taken into account.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

Cell = tuple[int, int]  # row and column
Table = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of counts whose totals of rows and columns are known, and by how much each count could be smaller or larger.

    The columns `veiled` are never shown, nor are the rows `unseen`; `known` are rows that a reader can work out by other means.
    """

    counts: Table
    fewer: Table
    more: Table
    veiled: Collection[int] = ()
    unseen: Collection[int] = ()
    known: Collection[int] = ()

    def cells(self) -> list[Cell]:
        """Every cell that can be left out."""
        return [(row, column) for row in range(len(self.counts)) if row not in self.known for column in range(len(self.counts[0]))]

    def always(self) -> set[Cell]:
        """The cells that are never shown."""
        return {(row, column) for row, column in self.cells() if row in self.unseen or column in self.veiled}

    def can(self, cell: Cell, step: int) -> bool:
        """Whether the cell may be one more (1) or one less (-1)."""
        return (self.more if step > 0 else self.fewer)[cell[0]][cell[1]] > 0


def left_out(grid: Grid, small: Iterable[Cell]) -> set[Cell]:
    """The cells to leave out: the small ones, and with them what would tell them, as little as can be found.

    A cell that the totals tell, whatever is left out, is not among them: to hide it the totals would have to go.
    """
    always, cells = grid.always(), grid.cells()
    wanted = sorted({cell for cell in small if cell not in always}, key=lambda cell: (grid.counts[cell[0]][cell[1]], cell))
    out = always | set(wanted)
    for cell in wanted:
        out |= _around(grid, cell, out, cells) or set()
    return {cell for cell in out - always if _around(grid, cell, out, list(out)) is not None}


def _around(grid: Grid, cell: Cell, out: Collection[Cell], usable: Sequence[Cell]) -> set[Cell] | None:
    """The cells of the closed path through this one that costs least, in figures not left out yet; None when there is none."""
    prices = {each: 0.0 if each in out else 1.0 + grid.counts[each[0]][each[1]] for each in usable}
    paths = [path for step in (1, -1) if grid.can(cell, step) and (path := _path(grid, cell, step, prices)) is not None]
    return set(min(paths)[1]) if paths else None


def _path(grid: Grid, cell: Cell, step: int, prices: Mapping[Cell, float]) -> tuple[float, list[Cell]] | None:
    """From the cell's column back to its row: one step against it in a column, one with it in a row, and so on (Dijkstra)."""
    by_column: dict[int, list[Cell]] = {}
    by_row: dict[int, list[Cell]] = {}
    for each in prices:
        if each != cell:
            by_column.setdefault(each[1], []).append(each)
            by_row.setdefault(each[0], []).append(each)
    number = count()
    waiting: list[tuple[float, int, tuple[str, int], list[Cell]]] = [(0.0, next(number), ("column", cell[1]), [cell])]
    done: set[tuple[str, int]] = set()
    while waiting:
        cost, _, place, way = heapq.heappop(waiting)
        if place == ("row", cell[0]):
            return cost, way
        if place in done:
            continue
        done.add(place)
        kind, line = place
        for each in (by_column if kind == "column" else by_row).get(line, ()):
            if grid.can(each, -step if kind == "column" else step):
                onward = ("row", each[0]) if kind == "column" else ("column", each[1])
                heapq.heappush(waiting, (cost + prices[each], next(number), onward, [*way, each]))
    return None
