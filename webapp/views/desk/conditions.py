"""When a section, a question or an option is shown, and how many may pick an option."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, render_template
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engage import people
from engage.events import Event
from engage.staff import Permission
from surveys import draft_of, questions
from surveys.asked import Asked
from surveys.conditions import parse, to_json
from surveys.errors import SurveyError
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section
from webapp.errors import form_refused
from webapp.forms.conditions import condition_form, quota_form
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import back_to, noted
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]
Save = Callable[[Session, dict[str, Any] | None], object]


@desk.route("/sections/<int:section_id>/conditions", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def section_conditions(section_id: int) -> Answer:
    """When a section is shown."""
    section = questions.get_section(db.session(), section_id)

    def save(session: Session, condition: dict[str, Any] | None) -> None:
        questions.show_section_if(session, section, condition, now=clock())

    return _page(section.questionnaire, section.show_if, _before(section, None), save, gettext("分组的显示条件"), section=section)


@desk.route("/questions/<int:question_id>/conditions", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def question_conditions(question_id: int) -> Answer:
    """When a question is shown."""
    question = questions.get_question(db.session(), question_id)

    def save(session: Session, condition: dict[str, Any] | None) -> None:
        questions.edit_question(session, question, show_if=condition, now=clock())

    return _page(question.section.questionnaire, question.show_if, _before(question.section, question), save, gettext("问题的显示条件"), question=question)


@desk.route("/questions/<int:question_id>/options/<code>/conditions", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def option_conditions(question_id: int, code: str) -> Answer:
    """When an option can be picked."""
    question = questions.get_question(db.session(), question_id)
    option = next((one for one in question.options if one["code"] == code), None)
    if option is None or not _has_limits(question):
        abort(404)

    def save(session: Session, condition: dict[str, Any] | None) -> None:
        options = [{**one, "show_if": condition} if one["code"] == code else one for one in question.options]
        questions.edit_question(session, question, options=options, now=clock())

    return _page(question.section.questionnaire, option.get("show_if"), _before(question.section, question), save, gettext("选项的显示条件"),
                 question=question, option=option)


@desk.route("/questions/<int:question_id>/quotas", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def option_quotas(question_id: int) -> Answer:
    """How many may pick each option on one occasion, with the way to the options' conditions."""
    question = questions.get_question(db.session(), question_id)
    if not _has_limits(question):
        abort(404)
    form = quota_form(question.options)
    if form.validate_on_submit():
        try:
            with saving() as session:
                questions.edit_question(session, question, options=form.options(question.options), now=clock())
                noted("question.edit", question.section.questionnaire, code=question.code)
        except SurveyError as error:
            form_refused(form, error)
        else:
            return _done(question.questionnaire_id, question)
    shown = draft_of(question.section.questionnaire)
    page = render_template("desk/questionnaires/quotas.html", form=form, question=question, shown=shown, asked=shown.question(question.code))
    return (page, 422) if form.errors else page


def _page(questionnaire: Questionnaire, stored: Mapping[str, Any] | None, earlier: Iterator[Asked], save: Save, heading: str, **subject: Any) -> Answer:  # noqa: PLR0917 -- one page for three subjects
    session = db.session()
    segments = {category.code: category_name(category) for category in people.categories(session)}
    events = session.scalars(sa.select(Event).where(Event.questionnaire_id == questionnaire.id).order_by(Event.starts_at))
    form = condition_form(list(earlier), parse(stored), segments=segments, contexts={event.slug: event.title for event in events})
    if form.validate_on_submit():
        try:
            with saving() as session:
                save(session, to_json(form.condition))
                noted("condition", questionnaire)
        except SurveyError as error:
            form_refused(form, error)
        else:
            return _done(questionnaire.id, subject.get("question"), subject.get("section"))
    page = render_template("desk/questionnaires/conditions.html", form=form, heading=heading, questionnaire=questionnaire, shown=draft_of(questionnaire),
                           **{"question": None, "section": None, "option": None, **subject})
    return (page, 422) if form.errors else page


def _before(section: Section, question: Question | None) -> Iterator[Asked]:
    """The questions before this one, or before the section."""
    form = draft_of(section.questionnaire)
    for each in section.questionnaire.sections:
        if question is None and each is section:
            return
        for one in each.questions:
            if one is question:
                return
            if asked := form.question(one.code):
                yield asked


def _has_limits(question: Question) -> bool:
    kind = KINDS[question.kind]
    return kind.compared == "option" and not kind.parts(question.options, question.settings)


def _done(questionnaire_id: int, question: Question | None, section: Section | None = None) -> Response:
    flash(gettext("修改已保存。"), "success")
    return back_to(questionnaire_id, f"question-{question.id}" if question else f"section-{section.id}" if section else "")
