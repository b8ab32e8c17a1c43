"""The questionnaire editor: sections and questions are added, changed, moved, doubled, removed and brought back one by one.

All of it works without a script; builder.js only presses the same buttons.
"""

from typing import Any, Literal, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from engage.staff import Permission
from surveys import draft_of, questionnaires, questions
from surveys.errors import SurveyError
from surveys.flow import ConditionUnknown, PipeUnknown, Place
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, Section
from surveys.questions import NoSuchSection
from webapp.errors import form_refused, place_words, words
from webapp.forms.questionnaires import SETTING, SETTING_WORDS, QuestionForm, SectionForm, question_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import back_to, noted
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
                noted("section.create", found)
                anchor = f"section-{section.id}"
        except SurveyError as error:
            form_refused(form, error)
        else:
            return back_to(questionnaire_id, anchor)
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
                noted("section.edit", section.questionnaire)
        except SurveyError as error:
            form_refused(form, error)
        else:
            return back_to(section.questionnaire_id, f"section-{section_id}")
    return _section_page(form, section.questionnaire, section)


@desk.post("/sections/<int:section_id>/remove")
@allowed(Permission.SURVEYS)
def remove_section(section_id: int) -> Response:
    """Remove an empty section."""
    section = questions.get_section(db.session(), section_id)
    questionnaire_id = section.questionnaire_id
    try:
        with saving() as session:
            noted("section.remove", section.questionnaire)
            questions.remove_section(session, section, now=clock())
    except SurveyError as error:
        flash(words(error), "error")
        return back_to(questionnaire_id, f"section-{section_id}")
    flash(gettext("分组已删除。"), "success")
    return back_to(questionnaire_id, "")


@desk.post("/sections/<int:section_id>/<any(up, down):way>")
@allowed(Permission.SURVEYS)
def move_section(section_id: int, way: str) -> Response:
    """One place up or down."""
    section = questions.get_section(db.session(), section_id)
    with saving() as session:
        place = section.questionnaire.sections.index(section) + (1 if way == "down" else -1)
        questions.place_section(session, section, place, now=clock())
        noted("section.move", section.questionnaire)
    return _at(section.questionnaire_id, f"section-{section_id}", way)


@desk.post("/sections/<int:section_id>/duplicate")
@allowed(Permission.SURVEYS)
def duplicate_section(section_id: int) -> Response:
    """A copy right behind it."""
    section = questions.get_section(db.session(), section_id)
    with saving() as session:
        twin = questions.duplicate_section(session, section, now=clock())
        noted("section.duplicate", section.questionnaire)
        anchor = f"section-{twin.id}"
    flash(gettext("分组和其中的问题已复制，排在原分组之后。"), "success")
    return back_to(section.questionnaire_id, anchor)


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
                noted("question.create", section.questionnaire, code=question.code)
                anchor = f"question-{question.id}"
        except SurveyError as error:
            _refused(form, kind, error)
        else:
            return back_to(section.questionnaire_id, anchor)
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
                made = questions.edit_question(session, question, now=clock(), kind=kind, **stated)
                noted("question.edit", made.section.questionnaire, code=made.code)
                anchor, replaced = f"question-{made.id}", made is not question
        except SurveyError as error:
            _refused(form, kind, error)
        else:
            if replaced:
                flash(gettext("含义已经改变，已另成一题；原来的问题不再询问，收到的回答仍保留。"), "success")
            return back_to(question.questionnaire_id, anchor)
    return _question_page(form, question.section, kind, question)


@desk.post("/questions/<int:question_id>/<any(up, down):way>")
@allowed(Permission.SURVEYS)
def move_question(question_id: int, way: Literal["up", "down"]) -> Response:
    """One place up or down."""
    question = questions.get_question(db.session(), question_id)
    try:
        with saving() as session:
            questions.move_question(session, question, way, now=clock())
            noted("question.move", question.section.questionnaire, code=question.code)
    except SurveyError as error:
        flash(words(error), "error")
    return _at(question.questionnaire_id, f"question-{question_id}", way)


@desk.route("/questions/<int:question_id>/place", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def place_question(question_id: int) -> Answer:
    """Anywhere else in the questionnaire: chosen from a list, or dropped there."""
    question = questions.get_question(db.session(), question_id)
    if request.method == "GET":
        form = draft_of(question.section.questionnaire)
        return render_template("desk/questionnaires/place.html", question=question, sections=question.section.questionnaire.sections,
                               numbers={one.id: one.number for one in form.questions})
    section, place = _place()
    try:
        with saving() as session:
            questions.place_question(session, question, questions.get_section(session, section), place, now=clock())
            noted("question.move", question.section.questionnaire, code=question.code)
    except SurveyError as error:
        flash(words(error), "error")
    return _at(question.questionnaire_id, f"question-{question_id}", "move")


@desk.post("/questions/<int:question_id>/duplicate")
@allowed(Permission.SURVEYS)
def duplicate_question(question_id: int) -> Response:
    """A copy right behind it."""
    question = questions.get_question(db.session(), question_id)
    with saving() as session:
        twin = questions.duplicate_question(session, question, now=clock())
        noted("question.duplicate", question.section.questionnaire, code=twin.code)
        anchor = f"question-{twin.id}"
    flash(gettext("问题已复制，排在原问题之后。"), "success")
    return back_to(question.questionnaire_id, anchor)


@desk.post("/questions/<int:question_id>/remove")
@allowed(Permission.SURVEYS)
def remove_question(question_id: int) -> Response:
    """Ask it no more; the page then offers to bring it back."""
    question = questions.get_question(db.session(), question_id)
    questionnaire_id, section = question.questionnaire_id, question.section
    place, section_id = section.questions.index(question), section.id
    try:
        with saving() as session:
            noted("question.remove", section.questionnaire, code=question.code)
            questions.remove_question(session, question, now=clock())
    except SurveyError as error:
        flash(_still_needed(question, error), "error")
        return back_to(questionnaire_id, f"question-{question_id}")
    return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id, removed=question_id, section=section_id, place=place))


@desk.post("/questions/<int:question_id>/restore")
@allowed(Permission.SURVEYS)
def restore_question(question_id: int) -> Response:
    """Bring a removed question back to where it was."""
    section, place = _place()
    try:
        with saving() as session:
            question = questions.get_removed(session, question_id)
            questions.place_question(session, question, questions.get_section(session, section), place, now=clock())
            noted("question.restore", question.section.questionnaire, code=question.code)
    except NoSuchSection:  # it went meanwhile
        flash(gettext("原来的分组已删除，问题没有恢复。"), "error")
        return back_to(question.questionnaire_id, "")
    return back_to(question.questionnaire_id, f"question-{question_id}")


def _still_needed(question: Question, error: SurveyError) -> str:
    """Why the question is not removed: the library speaks of a question that would not be there then."""
    reasons = {
        ConditionUnknown: gettext("第 %(number)s 题不能删除：%(place)s是否显示取决于它。请先修改那里的显示条件。"),
        PipeUnknown: gettext("第 %(number)s 题不能删除：%(place)s的文字引用了它的答案。请先修改那里的文字。"),
    }
    place = error.facts.get("place")
    if type(error) not in reasons or not isinstance(place, Place):
        return words(error)
    number = next(one.number for one in draft_of(question.section.questionnaire).questions if one.id == question.id)
    return reasons[type(error)] % {"number": number, "place": place_words(place)}


def _place() -> tuple[int, int]:
    """The section and the place in it, from 0: two fields, or both in one as the list of places has them."""
    section, _, place = request.form.get("to", "").partition(".")
    return _number(request.form.get("section", section)), _number(request.form.get("place", place))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


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


def _at(questionnaire_id: int, subject: str, way: str) -> Response:
    """Back to the questionnaire with the focus where it was; browsers set none where the address names a place in the page."""
    return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id, at=f"{subject}-{way}"))


def _section_page(form: SectionForm, questionnaire: Questionnaire, section: Section | None) -> Answer:
    page = render_template("desk/questionnaires/section.html", form=form, questionnaire=questionnaire, group=section)
    return (page, 422) if form.errors else page


def _question_page(form: QuestionForm, section: Section, kind: str, question: Question | None) -> Answer:
    page = render_template("desk/questionnaires/question.html", form=form, group=section, kind=kind, question=question)
    return (page, 422) if form.errors else page
