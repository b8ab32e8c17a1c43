"""The question bank: kept from a questionnaire, found again, and copied into another."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import audit
from engage.staff import Permission
from surveys import bank, questionnaires, questions
from surveys.kinds import KINDS
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import back_to, noted
from webapp.wiring import clock, db, language, saving

ON_A_PAGE = 30
OFFERED = 100  # of the questionnaires to add to, the latest


@desk.get("/bank")
@allowed(Permission.SURVEYS)
def question_bank() -> str:
    """Everything in the bank: search, filter, sort, page; for one questionnaire each can be added to it."""
    kind = request.args.get("kind", "")
    found = bank.find(words=request.args.get("q", ""), kinds=[kind] if kind in {*KINDS, bank.SECTION} else [],
                      sort=request.args.get("sort", ""))
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    wanted = request.args.get("questionnaire", type=int)
    into = questionnaires.get(db.session(), wanted) if wanted else None
    return render_template("desk/questionnaires/bank.html", pages=pages, into=into, SECTION=bank.SECTION,
                           kinds=[(code, each.label(language())) for code, each in KINDS.items()])


@desk.get("/bank/<int:item_id>")
@allowed(Permission.SURVEYS)
def bank_item(item_id: int) -> str:
    """One item with all its questions."""
    session = db.session()
    drafts = session.scalars(questionnaires.find().limit(OFFERED)).all()
    return render_template("desk/questionnaires/bank_item.html", item=bank.get(session, item_id), offered=drafts, SECTION=bank.SECTION)


@desk.post("/bank/<int:item_id>/add")
@allowed(Permission.SURVEYS)
def add_from_bank(item_id: int) -> Response:
    """Copy the item into a questionnaire."""
    found = questionnaires.get(db.session(), request.form.get("questionnaire", 0, type=int))
    into = request.form.get("into", 0, type=int)
    with saving() as session:
        item = bank.get(session, item_id)
        section = next((each for each in found.sections if each.id == into), None)
        made = bank.take(session, item, found, section, now=clock())
        noted("bank.add", found, item=item.id, codes=[question.code for question in made])
        subject = f"question-{made[-1].id}" if made else ""
    flash(gettext("已从题库加入，可以继续修改；题库中的原题不变。"), "success")
    return back_to(found.id, subject)


@desk.post("/<any(questions, sections):what>/<int:subject_id>/keep")
@allowed(Permission.SURVEYS)
def keep_in_bank(what: str, subject_id: int) -> Response:
    """Put a copy of a question or a section into the bank."""
    with saving() as session:
        if what == "questions":
            question = questions.get_question(session, subject_id)
            item, found, subject = bank.keep_question(session, question, now=clock()), question.section.questionnaire, f"question-{subject_id}"
        else:
            section = questions.get_section(session, subject_id)
            item, found, subject = bank.keep_section(session, section, now=clock()), section.questionnaire, f"section-{subject_id}"
        noted("bank.keep", found, item=item.id)
        questionnaire_id = found.id
    flash(gettext("已存入题库，今后的问卷可以选用。"), "success")
    return back_to(questionnaire_id, subject)


@desk.route("/bank/<int:item_id>/remove", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def remove_from_bank(item_id: int) -> Response | str:
    """Take the item out, once it is confirmed; questionnaires keep their copies."""
    if request.method == "GET":
        return render_template("desk/questionnaires/bank_remove.html", item=bank.get(db.session(), item_id))
    with saving() as session:
        item = bank.get(session, item_id)
        audit.record(session, "bank.remove", item, by=current_user.by, now=clock(), title=item.title)
        bank.remove(session, item)
    flash(gettext("已从题库删除。已加入问卷的问题不受影响。"), "success")
    return redirect(url_for("desk.question_bank"))


@desk.post("/bank/fill")
@allowed(Permission.SURVEYS)
def fill_bank() -> Response:
    """Put the questions of the ready-made templates into the bank."""
    with saving() as session:
        made = bank.fill(session, now=clock())
        audit.note(session.connection(), "bank.fill", "bank_item:", by=current_user.by, now=clock(), items=made)
    flash(gettext("题库现有 %(count)s 项。", count=made), "success")
    return redirect(url_for("desk.question_bank"))
