"""The opinion summary of an event: its figures on one page, its open answers on another."""

from dataclasses import replace
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext

from engage import events, people, reports, respondents
from engage.events import Event
from engage.exports import FORMATS
from engage.reports import EVERYBODY, EventSummary, Narrowing
from engage.staff import Permission
from surveys import gallery, summaries
from surveys.asked import Asked, Row, Tally, in_language
from surveys.kinds import KINDS
from surveys.summaries import QuestionSummary, Summary
from webapp import narrowing
from webapp.answers_live import answers_live
from webapp.guard import allowed
from webapp.live import Body, body_of, sent
from webapp.tallying import fewest
from webapp.views.desk import desk
from webapp.wiring import clock, db, language, settings

ANSWERS_ON_A_PAGE = 50
MOST_DAYS = 31  # bars that one still looks at


@desk.get("/events/<slug>/summary")
@allowed(Permission.ANALYSE)
def summary(slug: str) -> str:
    """The conclusion, the figures by category, and every question; or the questions alone, of those whom the address selects."""
    event, selection = events.by_slug(db.session(), slug), narrowing.asked_for()
    shown = _shown(event, selection)
    return render_template("desk/summary.html", event=event, **shown, **_selectable(event, shown["everybody"], selection), formats=list(FORMATS), fewest=fewest())


@desk.get("/events/<slug>/summary/live")
@allowed(Permission.ANALYSE)
def summary_live(slug: str) -> Response:
    """The same figures for a page that is open, once a beat."""
    event, selection = events.by_slug(db.session(), slug), narrowing.asked_for()

    def draw(shown: dict[str, Any]) -> Body:
        survey = shown["summary"].survey
        html = render_template("desk/summary_live.html", event=event, **shown)
        return body_of({"responses": survey.responses if survey else 0, "html": html})

    body, fresh = answers_live().page((event.id, language(), selection), lambda: _shown(event, selection), draw)
    return sent(body, fresh=fresh)


def _shown(event: Event, selection: Narrowing) -> dict[str, Any]:
    """What page and parts show, to the minute. Of an anonymous questionnaire small figures are left out."""
    asked, live = event.questionnaire, answers_live()
    everybody = survey = asked and reports.opinions(db.session(), event, asked)
    if asked and everybody and selection != EVERYBODY:
        survey = live.narrowed(event, asked, selection, of=everybody)
    counted = reports.event_summary(db.session(), event, now=clock(), survey=everybody)
    if survey is not None and survey is not everybody:
        counted = reports.grouped(counted, survey) if selection.by else replace(counted, survey=survey)
    if asked and asked.anonymous:
        counted = reports.suppressed(counted, below=settings().smallest_cell)
    return {
        "summary": replace(counted, made_at=counted.made_at.replace(second=0, microsecond=0)), "everybody": everybody, "narrowed": survey is not everybody,
        "group": gettext("分组") if selection.by else gettext("类别"), "below": settings().smallest_cell, "conclusion": reports.conclusion(counted, language()),
        "activities": [(one.title, one.chosen, counted.share_of_registered(one)) for one in counted.activities],
        "files": _files(event, counted), **SHAPES,
    }


def _selectable(event: Event, everybody: Summary | None, selection: Narrowing) -> dict[str, Any]:
    """What is selected and what can be; nothing without a questionnaire or where it is anonymous."""
    chosen: dict[str, Any] = {"selection": selection, "address": narrowing.address}
    if everybody is None or event.questionnaire is None or event.questionnaire.anonymous:
        return chosen
    words = {one.code: in_language(language(), one.name, one.name_en) for one in people.categories(db.session())}
    categories = {code: words.get(code, code) or gettext("未注明") for code in everybody.by_segment}
    groups = {code: in_language(language(), one.text_zh, one.text_en) for code, one in respondents.known(db.session(), event).items()}
    return chosen | {
        "conditions": narrowing.conditions(selection, everybody.form, categories=categories, groups=groups),
        "answers": narrowing.answers(everybody.form), "groups": groups,
        "categories": {code or narrowing.NOT_STATED: name for code, name in categories.items()},
    }


def _files(event: Event, counted: EventSummary) -> dict[str, int]:
    """How many files came for each question that takes them, by its code."""
    if event.questionnaire is None or counted.survey is None or not counted.survey.form.attaches:
        return {}
    return gallery.counts(db.session(), event.questionnaire, context=event.slug)


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


SHAPES = {
    "bar_rows": bar_rows, "level_rows": level_rows, "multiples": multiples, "multiple_heads": multiple_heads, "level_heads": level_heads,
    "day_rows": day_rows, "figure_words": figure_words, "takes_words": reports.takes_words,
}
