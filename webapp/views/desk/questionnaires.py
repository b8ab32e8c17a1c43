"""The desk's pages of questionnaires: the list, one questionnaire, and its way from draft to open to closed."""

from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from engage import audit
from engage.events import Event
from engage.staff import Permission
from surveys import (
    create_from_template,
    draft_of,
    form_of_version,
    questionnaires,
    questions,
    responses,
    versions,
    wordings,
)
from surveys.errors import SurveyError
from surveys.kinds import KINDS
from surveys.questionnaires import Question, Questionnaire, State
from webapp.errors import form_refused, status_of, words
from webapp.forms import questionnaires as forms
from webapp.forms.questionnaire import Sheet
from webapp.forms.questionnaires import new_questionnaire_form, questionnaire_form
from webapp.guard import allowed, local_path
from webapp.security import policy
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 30
Answer = str | Response | tuple[str, int]


@desk.context_processor
def survey_words() -> dict[str, Any]:
    """The words for states and kinds of questions, for every template of the desk."""
    return {"SURVEY_STATE_WORDS": forms.SURVEY_STATE_WORDS, "SURVEY_STATE_LOOKS": forms.SURVEY_STATE_LOOKS, "SETTING_WORDS": forms.SETTING_WORDS, "KINDS": KINDS}


@desk.get("/questionnaires")
@allowed(Permission.SEE, Permission.SURVEYS)
def questionnaire_list() -> str:
    """All questionnaires: search, filter, sort, page."""
    state = request.args.get("state", "")
    found = questionnaires.find(words=request.args.get("q", ""), state=State(state) if state in set(State) else None,
                                sort=request.args.get("sort", ""))
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    counts = responses.counts(db.session(), [questionnaire.id for questionnaire in pages.items])
    return render_template("desk/questionnaires/list.html", pages=pages, counts=counts)


@desk.route("/questionnaires/new", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def new_questionnaire() -> Answer:
    """A new draft, blank or from a template."""
    form = new_questionnaire_form()
    if form.validate_on_submit():
        try:
            with saving():
                made = make_questionnaire(form.template.data, form.title.data or "")
                made_id = made.id
        except SurveyError as error:
            form_refused(form, error)
        else:
            flash(gettext("问卷已新建，可以编辑问题。"), "success")
            return redirect(url_for("desk.questionnaire", questionnaire_id=made_id))
    page = render_template("desk/questionnaires/new.html", form=form)
    return (page, 422) if form.errors else page


@desk.get("/questionnaires/<int:questionnaire_id>")
@allowed(Permission.SEE, Permission.SURVEYS)
def questionnaire(questionnaire_id: int) -> str:
    """One questionnaire with its questions, and what can be done with it."""
    return _page(questionnaires.get(db.session(), questionnaire_id))


@desk.route("/questionnaires/<int:questionnaire_id>/edit", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def edit_questionnaire(questionnaire_id: int) -> Answer:
    """Title, texts, times."""
    found = questionnaires.get(db.session(), questionnaire_id)
    form = questionnaire_form(found)
    if form.validate_on_submit():
        try:
            with saving() as session:
                questionnaires.edit(session, found, now=clock(), by=current_user.by, **form.details())
                noted("edit", found)
        except SurveyError as error:
            form_refused(form, error)
        else:
            flash(gettext("修改已保存。"), "success")
            return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id))
    page = render_template("desk/questionnaires/edit.html", form=form, questionnaire=found)
    return (page, 422) if form.errors else page


@desk.get("/questionnaires/<int:questionnaire_id>/preview")
@allowed(Permission.SEE, Permission.SURVEYS)
def preview_questionnaire(questionnaire_id: int) -> Response:
    """The questions as participants see them, as they stand or under a version; alone or beside the editor."""
    found = questionnaires.get(db.session(), questionnaire_id)
    number = request.args.get("version", 0, type=int)
    form = form_of_version(db.session(), found, number) if number else draft_of(found)
    texts = versions.get(db.session(), found, number).content if number else versions.content_of(found)
    page = make_response(render_template("desk/questionnaires/preview.html", questionnaire=found, form=form, texts=texts,
                                         sheet=Sheet(), version=number, beside="beside" in request.args))
    page.headers["Content-Security-Policy"] = policy(frame_ancestors="'self'")
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    return page


@desk.post("/questionnaires/<int:questionnaire_id>/<any(open, close, publish):move>")
@allowed(Permission.SURVEYS)
def move_questionnaire(questionnaire_id: int, move: str) -> Answer:
    """Open, close, or ask what was changed; back to where the button was."""
    found = questionnaires.get(db.session(), questionnaire_id)
    go, done = {
        "open": (partial(questionnaires.open_for_answers, by=current_user.by), gettext("问卷已开放，可以作答。")),
        "close": (questionnaires.close, gettext("问卷已停止收集。")),
        "publish": (partial(questionnaires.publish, by=current_user.by), gettext("修改已发布，此后按新版本作答。")),
    }[move]
    try:
        with saving() as session:
            go(session, found, now=clock())
            noted(move, found)
    except SurveyError as error:
        return _page(found, refusal=error), status_of(error)
    flash(done, "success")
    return redirect(local_path(request.form.get("next")) or url_for("desk.questionnaire", questionnaire_id=questionnaire_id))


@desk.post("/questionnaires/<int:questionnaire_id>/copy")
@allowed(Permission.SURVEYS)
def copy_questionnaire(questionnaire_id: int) -> Response:
    """A draft with the same questions."""
    found = questionnaires.get(db.session(), questionnaire_id)
    with saving() as session:
        title = gettext("%(title)s（副本）", title=found.title)[:Questionnaire.title.type.length]
        twin = questionnaires.copy(session, found, now=clock(), title=title)
        noted("copy", twin, of=found.id)
        twin_id = twin.id
    flash(gettext("副本已建好，可以修改。"), "success")
    return redirect(url_for("desk.questionnaire", questionnaire_id=twin_id))


@desk.route("/questionnaires/<int:questionnaire_id>/delete", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def delete_questionnaire(questionnaire_id: int) -> Answer:
    """Delete it for good, once it is confirmed; not when it was answered or an event asks it."""
    found = questionnaires.get(db.session(), questionnaire_id)
    if request.method == "GET":
        return _delete_page(found)
    try:
        with saving() as session:
            noted("delete", found, title=found.title)
            questionnaires.remove(session, found, now=clock())
    except (SurveyError, IntegrityError):  # an event that asks it holds it by a foreign key
        return _delete_page(found), 409
    flash(gettext("问卷已删除。"), "success")
    return redirect(url_for("desk.questionnaire_list"))


def make_questionnaire(template: str, title: str) -> Questionnaire:
    """A new draft within the caller's transaction, from the template of this name or blank."""
    session = db.session()
    if template:
        made = create_from_template(session, template, now=clock(), title=title)
    else:
        made = questionnaires.create(session, now=clock(), title=title)
        questions.add_section(session, made, now=clock())  # to begin with
    noted("create", made)
    return made


def back_to(questionnaire_id: int, subject: str) -> Response:
    """Back to its page at the section or question `subject`, such as "question-7"; what was said stands there."""
    at = f"{subject}-here" if subject else None
    return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id, at=at, _anchor=subject or None))


def noted(action: str, subject: Questionnaire, **detail: Any) -> None:
    """Add to the audit trail what the surveys library, which knows of none, has done."""
    audit.record(db.session(), f"questionnaire.{action}", subject, by=current_user.by, now=clock(), **detail)


def _delete_page(found: Questionnaire) -> str:
    return render_template("desk/questionnaires/delete.html", questionnaire=found, used_by=_used_by(found),
                           answered=questionnaires.has_responses(db.session(), found))


def _used_by(found: Questionnaire) -> list[Event]:
    return list(db.session.scalars(sa.select(Event).where(Event.questionnaire_id == found.id).order_by(Event.starts_at)))


def _page(found: Questionnaire, refusal: SurveyError | None = None) -> str:
    session, form = db.session(), draft_of(found)
    numbers = {one.id: one.number for one in form.questions}
    return render_template(
        "desk/questionnaires/questionnaire.html", questionnaire=found, sections=found.sections, draft=form,
        asked={one.id: one for section in form.sections for one in section.questions}, used_by=_used_by(found),
        count=responses.count(session, found), refusal=refusal and words(refusal), numbers=numbers,
        places={f"section-{each.id}" for each in found.sections} | {f"question-{number}" for number in numbers},
        unpublished=versions.unpublished(session, found), removed=_removed(found), missing=sum(one.missing for one in wordings.wordings(found)),
    )


def _removed(found: Questionnaire) -> Question | None:
    """The question that was removed a moment ago, as the address says, while it can still be brought back."""
    question = db.session.get(Question, request.args.get("removed", 0, type=int))
    return question if question and question.questionnaire_id == found.id and question.section_id is None else None
