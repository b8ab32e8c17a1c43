"""Figures, and the table in which they are shown."""

from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the table: what, how much, and how that is to be read; `met` where there is a goal."""

    what: str
    value: str
    remark: str = ""
    met: bool | None = None


def table(figures: list[Figure]) -> str:
    """Markdown, so that it can be kept in docs/performance.md as it is."""
    marks = {None: "", True: "yes", False: "NO"}
    rows = [("what", "figure", "remark", "goal met"), ("---", "---:", "---", "---"),
            *((figure.what, figure.value, figure.remark, marks[figure.met]) for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
