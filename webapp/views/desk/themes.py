"""The themes of an event's open answers: found, looked at, and put right by staff; and the conclusion they draw."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import audit, events
from engage.events import Event
from engage.people import Category
from engage.staff import Permission
from surveys import conclusions, theme_decisions, themes, whole_form
from surveys.errors import SurveyError
from surveys.themes import Finding, NoSuchTheme, Theme, ThemeView
from webapp import themes as finder
from webapp.asking import questionnaire_of
from webapp.errors import words
from webapp.forms.events import category_name
from webapp.guard import allowed, local_path
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ANSWERS_ON_A_PAGE = 50
FIRST = 12  # themes of a question that stand open; the others are one tap away


@desk.get("/events/<slug>/themes")
@allowed(Permission.ANALYSE)
def theme_list(slug: str) -> str:
    """What people tell of, question by question."""
    event = events.by_slug(db.session(), slug)
    found = themes.overview(db.session(), event.questionnaire, context=slug) if event.questionnaire else []
    return render_template("desk/themes/list.html", event=event, questions=found, labels=_categories(), first=FIRST, by_category=_by_category)


@desk.post("/events/<slug>/themes/find")
@allowed(Permission.ANALYSE)
def find_themes(slug: str) -> Response:
    """Find themes in all answers that there are now."""
    event = events.by_slug(db.session(), slug)
    done = finder.find(questionnaire_of(event), context=slug)
    with saving() as session:
        audit.record(session, "theme.find", events.by_slug(session, slug), by=current_user.by, now=clock())
    flash(gettext("主题已整理。") if done else gettext("正在整理主题，可以离开这一页，稍后刷新查看。"), "success")
    return redirect(url_for("desk.theme_list", slug=slug))


@desk.get("/events/<slug>/themes/<int:theme_id>")
@allowed(Permission.ANALYSE)
def theme(slug: str, theme_id: int) -> str:
    """One theme with all its answers."""
    event, found = events.by_slug(db.session(), slug), _theme(slug, theme_id)
    return _answers_page(event, found.finding, found)


@desk.get("/events/<slug>/questions/<code>/loose")
@allowed(Permission.ANALYSE)
def loose_answers(slug: str, code: str) -> str:
    """The answers to a question that are in no theme."""
    event = events.by_slug(db.session(), slug)
    return _answers_page(event, _finding(event, code), None)


@desk.post("/events/<slug>/themes/<int:theme_id>/<any(rename, pin, unpin, hide, show, split):act>")
@allowed(Permission.ANALYSE)
def change_theme(slug: str, theme_id: int, act: str) -> Response:
    """One decision about one theme."""
    try:
        with saving() as session:
            found = _theme(slug, theme_id)
            {
                "rename": lambda: theme_decisions.rename(session, found, request.form.get("name", "")),
                "pin": lambda: theme_decisions.pin(session, found, pinned=True),
                "unpin": lambda: theme_decisions.pin(session, found, pinned=False),
                "hide": lambda: theme_decisions.hide(session, found, hidden=True),
                "show": lambda: theme_decisions.hide(session, found, hidden=False),
                "split": lambda: theme_decisions.split(session, found),
            }[act]()
            _noted(act, found.finding, slug, theme=theme_id)
    except SurveyError as error:
        return _refused(error, slug)
    flash(_done(act), "success")
    return redirect(url_for("desk.theme_list", slug=slug, _anchor=f"theme-{theme_id}"))


@desk.post("/events/<slug>/questions/<code>/<any(merge, move, undo):act>")
@allowed(Permission.ANALYSE)
def change_themes(slug: str, code: str, act: str) -> Response:
    """Merge themes, move answers between them, or take the latest change back."""
    try:
        with saving() as session:
            finding = _finding(events.by_slug(session, slug), code)
            _noted(act, finding, slug, **{"merge": _merge, "move": _move, "undo": _undo}[act](finding))
    except SurveyError as error:
        return _refused(error, slug)
    flash(_done(act), "success")
    return redirect(url_for("desk.theme_list", slug=slug, _anchor=f"q-{code}"))


@desk.post("/events/<slug>/conclusion")
@allowed(Permission.ANALYSE)
def write_conclusion(slug: str) -> Response:
    """What staff conclude from all answers, above the figures."""
    try:
        with saving() as session:
            event = events.by_slug(session, slug)
            conclusions.write(session, questionnaire_of(event), request.form.get("text", ""), context=slug, now=clock())
            audit.record(session, "event.conclude", event, by=current_user.by, now=clock())
    except SurveyError as error:
        flash(str(words(error)), "error")
    else:
        flash(gettext("结论已保存。"), "success")
    return redirect(url_for("desk.summary", slug=slug))


def _merge(finding: Finding) -> dict[str, Any]:
    ids = request.form.getlist("theme", type=int)
    return {"themes": ids, "into": theme_decisions.merge(db.session(), finding, ids).id}


def _move(finding: Finding) -> dict[str, Any]:
    to, name = request.form.get("to", ""), request.form.get("name", "")
    if not to.isdecimal() and to not in {"new", "none"}:
        raise NoSuchTheme
    if to == "new" and not name.strip():
        raise theme_decisions.ThemeNameMissing(field="name")
    keys = [(int(response), int(place)) for key in request.form.getlist("answer") for response, dash, place in [key.partition("-")]
            if dash and response.isdecimal() and place.isdecimal()]
    theme_decisions.move(db.session(), finding, keys, to=int(to) if to.isdecimal() else None, name=name if to == "new" else "")
    return {"answers": len(keys)}


def _undo(finding: Finding) -> dict[str, Any]:
    return {"what": theme_decisions.undo(db.session(), finding)}


def _done(act: str) -> str:
    return {
        "rename": gettext("主题已改名。"), "pin": gettext("主题已置顶。"), "unpin": gettext("主题已取消置顶。"),
        "hide": gettext("主题已隐藏，不再出现在汇总和导出中。"), "show": gettext("主题已恢复显示。"), "split": gettext("主题已拆分。"),
        "merge": gettext("主题已合并。"), "move": gettext("回答已移动。"), "undo": gettext("已撤销上一步。"),
    }[act]


def _refused(error: SurveyError, slug: str) -> Response:
    """Back to where the form was, with the reason."""
    flash(str(words(error)), "error")
    return redirect(local_path(request.form.get("next")) or url_for("desk.theme_list", slug=slug))


def _noted(act: str, finding: Finding, slug: str, **detail: Any) -> None:
    """Add to the audit trail what the surveys library, which knows of none, has done."""
    audit.record(db.session(), f"theme.{act}", finding, by=current_user.by, now=clock(), event=slug, **detail)


def _answers_page(event: Event, finding: Finding, found: Theme | None) -> str:
    question = finding.question
    others = next(one for one in themes.overview(db.session(), questionnaire_of(event), context=event.slug) if one.question.id == question.id)
    pages = db.paginate(themes.answers_of(finding, found), per_page=ANSWERS_ON_A_PAGE, error_out=False)
    shown = next((one for one in others.themes if found and one.id == found.id), None)
    return render_template("desk/themes/theme.html", event=event, question=others.question, theme=shown, pages=pages,
                           others=[one for one in others.themes if one is not shown], labels=_categories(),
                           by_category=_by_category, NAME_LIMIT=themes.NAME_LIMIT)


def _theme(slug: str, theme_id: int) -> Theme:
    found = themes.get(db.session(), theme_id)
    questionnaire = events.by_slug(db.session(), slug).questionnaire
    if found.finding.context != slug or questionnaire is None or found.finding.question.questionnaire_id != questionnaire.id:
        raise NoSuchTheme
    return found


def _finding(event: Event, code: str) -> Finding:
    asked = whole_form(db.session(), questionnaire_of(event)).question(code)
    found = themes.find(db.session(), asked.id, context=event.slug) if asked else None
    if found is None:
        raise NoSuchTheme
    return found


def _categories() -> dict[str, str]:
    """The label of each category by its code."""
    known = db.session.scalars(sa.select(Category).order_by(Category.position, Category.id))
    return {category.code: category_name(category) for category in known}


def _by_category(theme: ThemeView, labels: dict[str, str]) -> list[tuple[str, int, float]]:
    """The answers of a theme by category for `ui.bars`, in the office's order."""
    order = [*(code for code in labels if code in theme.by_segment), *(theme.by_segment.keys() - labels.keys())]
    return [(labels.get(code, code) or gettext("未注明类别"), theme.by_segment[code], theme.by_segment[code] / theme.size) for code in order]
