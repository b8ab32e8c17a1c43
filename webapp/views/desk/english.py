"""Both languages of a questionnaire side by side, and what has no English yet."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage.staff import Permission
from surveys import draft_of, questionnaires, wordings
from surveys.errors import SurveyError
from webapp.errors import status_of, words
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import noted
from webapp.wiring import clock, db, saving


@desk.route("/questionnaires/<int:questionnaire_id>/english", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def questionnaire_english(questionnaire_id: int) -> str | Response | tuple[str, int]:
    """Every text with its English, or only those that have none."""
    found = questionnaires.get(db.session(), questionnaire_id)
    if request.method == "GET":
        return _page(found)
    try:
        with saving() as session:
            changed = wordings.translate(session, found, request.form, now=clock(), by=current_user.by)
            if changed:
                noted("english", found, texts=changed)
    except SurveyError as error:
        return _page(found, words(error)), status_of(error)
    flash(gettext("已保存 %(count)s 处英文。", count=changed), "success")
    return redirect(url_for("desk.questionnaire", questionnaire_id=questionnaire_id))


def _page(found: questionnaires.Questionnaire, refusal: str = "") -> str:
    written = wordings.wordings(found)
    only = "missing" in request.args
    return render_template(
        "desk/questionnaires/english.html", questionnaire=found, refusal=refusal, missing=sum(one.missing for one in written), only=only,
        written=[one for one in written if one.missing or not only], numbers={one.id: one.number for one in draft_of(found).questions},
    )
