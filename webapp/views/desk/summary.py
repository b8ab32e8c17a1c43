"""The opinion summary of an event: its figures on one page, its open answers on another."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext

from engage import events, reports
from engage.exports import FORMATS
from engage.reports import EventSummary
from engage.staff import Permission
from surveys import summaries
from surveys.asked import Asked, Row, Tally
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, language, settings

ANSWERS_ON_A_PAGE = 50
MOST_DAYS = 31  # bars that one still looks at


@desk.get("/events/<slug>/summary")
@allowed(Permission.ANALYSE)
def summary(slug: str) -> str:
    """The conclusion, the figures by category, and every question."""
    event = events.by_slug(db.session(), slug)
    counted, below = reports.event_summary(db.session(), event, now=clock()), settings().smallest_cell
    if event.questionnaire is not None and event.questionnaire.anonymous:
        counted = reports.suppressed(counted, below=below)
    return render_template(
        "desk/summary.html", below=below, event=event, summary=counted, conclusion=reports.conclusion(counted, language()),
        formats=list(FORMATS), bar_rows=bar_rows, level_rows=level_rows, multiples=multiples, multiple_heads=multiple_heads,
        level_heads=level_heads, day_rows=day_rows, figure_words=figure_words,
        takes_words=reports.takes_words,
        activities=[(one.title, one.chosen, counted.share_of_registered(one)) for one in counted.activities],
    )


@desk.get("/events/<slug>/answers")
@allowed(Permission.ANALYSE)
def answers(slug: str) -> str:
    """What people wrote in their own words, by question, category and words."""
    event = events.by_slug(db.session(), slug)
    counted = reports.event_summary(db.session(), event, now=clock())
    pages = None
    if event.questionnaire is not None:
        found = summaries.open_answers(
            event.questionnaire, context=event.slug, words=request.args.get("q", ""),
            question=request.args.get("question") or None, segment=request.args.get("category") or None,
        )
        pages = db.paginate(found, per_page=ANSWERS_ON_A_PAGE, error_out=False)
    return render_template(
        "desk/summary_answers.html", event=event, summary=counted, pages=pages, labels=counted.segments(language()),
        choices=[
            (one.question.code, f"{one.question.number}. {one.question.label(language())}")
            for one in counted.questions if reports.takes_words(one.question)
        ],
    )


def bar_rows(tally: Tally) -> list[tuple[str, int | None, float]]:
    """The options of a question for `ui.bars`."""
    return [(row.label(language()), row.count, row.share or 0) for row in tally.rows]


def level_heads(tally: Tally) -> list[tuple[str, str, str]]:
    """The levels or columns of a matrix as columns of `ui.table`."""
    return [(row.label(language()), "", "num") for row in tally.parts[0].tally.rows]


def day_rows(tally: Tally) -> list[tuple[str, int, float]]:
    """How often each day, or each hour of times, was given, for `ui.bars`; each month where there are very many days."""
    if len(tally.days) <= MOST_DAYS:
        return [(row.label(language()), row.count or 0, row.share or 0) for row in tally.days]
    months: dict[str, list[Row]] = {}
    for row in tally.days:
        months.setdefault(row.code[:7], []).append(row)
    return [(month, sum(row.count or 0 for row in rows), sum(row.share or 0 for row in rows)) for month, rows in months.items()]


def figure_words(asked: Asked, number: float) -> str:
    """The earliest or latest of a question about days or times."""
    return KINDS[asked.kind].figure(number)


def level_rows(counted: EventSummary, one: QuestionSummary) -> list[tuple[str, list[int]]]:
    """All answers and those of each category for `ui.diverging`: counts from the lowest to the highest level."""
    groups: list[tuple[str, Tally]] = [(gettext("全部"), one.tally), *_groups(counted, one)]
    return [(label, [row.count or 0 for row in reversed(tally.rows)]) for label, tally in groups]


def multiples(counted: EventSummary, one: QuestionSummary) -> list[tuple[Any, ...]]:
    """The options by category for `ui.multiples`."""
    return [(label, tally.answered, bar_rows(tally)) for label, tally in _groups(counted, one)]


def multiple_heads(groups: list[tuple[Any, ...]]) -> list[tuple[str, str, str]]:
    """The same categories as columns of `ui.table`."""
    return [(label, "", "num") for label, *_ in groups]


def _groups(counted: EventSummary, one: QuestionSummary) -> list[tuple[str, Tally]]:
    groups = [(label, tally) for label, tally in counted.groups(one, language()) if tally.answered and _whole(tally)]
    return groups if len(groups) > 1 else []  # one group alone would repeat the whole


def _whole(tally: Tally) -> bool:
    """Whether nothing was left out: a bar cannot have a gap."""
    return all(row.count is not None for row in tally.rows)
