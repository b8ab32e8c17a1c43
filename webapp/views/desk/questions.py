"""The questionnaire editor, without a script: sections and questions are added, changed, moved and removed one by one."""

from typing import Any, Literal, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import audit
from engage.staff import Permission
from surveys import questionnaires, questions
from surveys.errors import SurveyError
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section
from webapp.errors import form_refused, words
from webapp.forms.questionnaires import SETTING, SETTING_WORDS, QuestionForm, SectionForm, question_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.route("/questionnaires/<int:questionnaire_id>/sections/new", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def new_section(questionnaire_id: int) -> Answer:
    """A new last section."""
    found = questionnaires.get(db.session(), questionnaire_id)
    form = SectionForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                section = questions.add_section(session, found, now=clock(), title=form.title.data or "",
                                                title_en=form.title_en.data or "")
                _noted("section.create", found)
                anchor = f"section-{section.id}"
        except SurveyError as error:
            form_refused(form, error)
        else:
            return _back(questionnaire_id, anchor)
    return _section_page(form, found, None)


@desk.route("/sections/<int:section_id>/edit", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def edit_section(section_id: int) -> Answer:
    """Another title for the section."""
    section = questions.get_section(db.session(), section_id)
    form = SectionForm(obj=section)
    if form.validate_on_submit():
        try:
            with saving() as session:
                questions.edit_section(session, section, now=clock(), title=form.title.data or "",
                                       title_en=form.title_en.data or "")
                _noted("section.edit", section.questionnaire)
        except SurveyError as error:
            form_refused(form, error)
        else:
            return _back(section.questionnaire_id, f"section-{section_id}")
    return _section_page(form, section.questionnaire, section)


@desk.post("/sections/<int:section_id>/remove")
@allowed(Permission.SURVEYS)
def remove_section(section_id: int) -> Response:
    """Remove an empty section."""
    section = questions.get_section(db.session(), section_id)
    questionnaire_id = section.questionnaire_id
    try:
        with saving() as session:
            _noted("section.remove", section.questionnaire)
            questions.remove_section(session, section, now=clock())
    except SurveyError as error:
        flash(words(error), "error")
        return _back(questionnaire_id, f"section-{section_id}")
    flash(gettext("分组已删除。"), "success")
    return _back(questionnaire_id, "")


@desk.route("/sections/<int:section_id>/questions/new", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def new_question(section_id: int) -> Answer:
    """A new last question of the section, of the kind that the address names."""
    section = questions.get_section(db.session(), section_id)
    kind = _kind("single")
    form = question_form(kind)
    if form.validate_on_submit():
        try:
            with saving() as session:
                question = questions.add_question(session, section, now=clock(), kind=kind, **cast("Any", form.fields()))
                _noted("question.create", section.questionnaire, code=question.code)
                anchor = f"question-{question.id}"
        except SurveyError as error:
            _refused(form, kind, error)
        else:
            return _back(section.questionnaire_id, anchor)
    return _question_page(form, section, kind, None)


@desk.route("/questions/<int:question_id>/edit", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def edit_question(question_id: int) -> Answer:
    """Change a question, its kind too."""
    question = questions.get_question(db.session(), question_id)
    kind = _kind(question.kind)
    form = question_form(kind, question)
    if form.validate_on_submit():
        try:
            with saving() as session:
                stated = cast("Any", form.fields(question.options))
                questions.edit_question(session, question, now=clock(), kind=kind, **stated)
                _noted("question.edit", question.section.questionnaire, code=question.code)
        except SurveyError as error:
            _refused(form, kind, error)
        else:
            return _back(question.questionnaire_id, f"question-{question_id}")
    return _question_page(form, question.section, kind, question)


@desk.post("/questions/<int:question_id>/<any(up, down):way>")
@allowed(Permission.SURVEYS)
def move_question(question_id: int, way: Literal["up", "down"]) -> Response:
    """One place up or down."""
    question = questions.get_question(db.session(), question_id)
    try:
        with saving() as session:
            questions.move_question(session, question, way, now=clock())
            _noted("question.move", question.section.questionnaire, code=question.code)
    except SurveyError as error:
        flash(words(error), "error")
    return _back(question.questionnaire_id, f"question-{question_id}")


@desk.route("/questions/<int:question_id>/remove", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def remove_question(question_id: int) -> Answer:
    """Remove a question, once it is confirmed."""
    question = questions.get_question(db.session(), question_id)
    section = question.section
    if request.method == "GET":
        return render_template("desk/questionnaires/remove_question.html", question=question)
    try:
        with saving() as session:
            _noted("question.remove", section.questionnaire, code=question.code)
            questions.remove_question(session, question, now=clock())
    except SurveyError as error:
        flash(words(error), "error")
    else:
        flash(gettext("问题已删除。"), "success")
    return _back(section.questionnaire_id, f"section-{section.id}")


def _kind(default: str) -> str:
    kind = request.args.get("kind", default)
    if kind not in KINDS:
        abort(404)
    return kind


def _refused(form: QuestionForm, kind: str, error: SurveyError) -> None:
    """Put a refused setting next to its own input; the rest goes where the error says."""
    setting = error.facts.get("setting")
    if setting is None:
        form_refused(form, error)
        return
    field = form[f"{SETTING}{setting}"]
    named = SETTING_WORDS.get(str(setting)) or SETTING_WORDS[f"{kind}.{setting}"]
    field.errors = [*field.errors, gettext("“%(setting)s”的值不合适，请检查。", setting=named)]


def _noted(action: str, subject: Questionnaire, **detail: Any) -> None:
    """Add to the audit trail what the surveys library, which knows of none, has done."""
    audit.record(db.session(), f"questionnaire.{action}", subject, by=current_user.by, now=clock(), **detail)


def _back(questionnaire_id: int, anchor: str) -> Response:
    return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id, _anchor=anchor or None))


def _section_page(form: SectionForm, questionnaire: Questionnaire, section: Section | None) -> Answer:
    page = render_template("desk/questionnaires/section.html", form=form, questionnaire=questionnaire, group=section)
    return (page, 422) if form.errors else page


def _question_page(form: QuestionForm, section: Section, kind: str, question: Question | None) -> Answer:
    page = render_template("desk/questionnaires/question.html", form=form, group=section, kind=kind, question=question)
    return (page, 422) if form.errors else page
