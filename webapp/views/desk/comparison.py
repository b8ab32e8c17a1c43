"""The answers on the occasions of a series side by side."""

from flask import render_template

from engage import comparisons, events, series
from engage.comparisons import Figure, Line
from engage.staff import Permission
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, settings

PERCENT = {"share", "satisfied"}


@desk.get("/events/<slug>/comparison")
@allowed(Permission.ANALYSE)
def comparison(slug: str) -> str:
    """Every question with its figures on each occasion, and what has changed."""
    event = events.by_slug(db.session(), slug)
    made = comparisons.side_by_side(db.session(), event, now=clock(), below=settings().smallest_cell)
    return render_template("desk/comparison.html", event=event, series=series.of_event(db.session(), event), made=made, spelt=spelt,
                           change=change, part=part, below=settings().smallest_cell)


def spelt(line: Line, value: float) -> str:
    """A figure for a reader."""
    if line.name in PERCENT:
        return f"{value:.1%}"
    return f"{value * 100:+.0f}" if line.name == "nps" else f"{value:.2f}"


def change(line: Line, figure: Figure) -> str:
    """What has changed since the occasion before; "" where nothing has, as far as one sees."""
    if figure.change is None:
        return ""
    scale, digits = (100, 1) if line.name in PERCENT else (100, 0) if line.name == "nps" else (1, 2)
    moved = round(figure.change * scale, digits)
    return f"{moved:+.{digits}f}{figure.mark}" if moved else ""


def part(line: Line, figure: Figure) -> float | None:
    """How long the bar is; none where a figure has no bounds."""
    return figure.value / line.most if line.most else None
