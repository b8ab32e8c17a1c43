"""Questionnaires as XLSForm workbooks: upload, look at what would come of it, make a draft; and the way out."""

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import xlsforms
from engage.sheets import UnreadableFile
from engage.staff import Permission
from surveys import questionnaires
from surveys.errors import SurveyError
from webapp import uploads
from webapp.errors import form_refused, words
from webapp.forms.xlsforms import XlsformForm, finding_words
from webapp.guard import allowed
from webapp.rates import limited
from webapp.views.desk import desk
from webapp.views.desk.people import MEDIA
from webapp.views.desk.people_import import RowPages
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
PART = "xlsform"
Answer = str | Response | tuple[str, int]


@desk.route("/questionnaires/import", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
@limited("30 per minute")
def import_questionnaire() -> Answer:
    """Choose a file; what is no form is refused here."""
    form = XlsformForm()
    if form.validate_on_submit():
        data, name = form.file.data.read(), form.file.data.filename or ""
        try:
            xlsforms.read_form(data, name=name)
        except (UnreadableFile, SurveyError) as error:
            form_refused(form, error)
        else:
            uploads.sweep()
            key = uploads.keep(data, PART, owner=current_user.user.id)
            return redirect(url_for("desk.planned_questionnaire", key=key, name=name[-80:]))
    page = render_template("desk/xlsform/import.html", form=form)
    return (page, 422) if form.errors or form.form_errors else page


@desk.route("/questionnaires/import/<key>", methods=["GET", "POST"])
@allowed(Permission.SURVEYS)
def planned_questionnaire(key: str) -> Answer:
    """What would come of the form, place by place; a POST makes the draft."""
    owner, name = current_user.user.id, request.args.get("name", "")
    data = uploads.read(key, PART, owner=owner)
    if data is None:
        return _gone()
    found = xlsforms.read_form(data, name=name)
    if request.method == "POST":
        try:
            with saving() as session:
                made_id = xlsforms.add_form(session, found, by=current_user.by, now=clock()).id
        except SurveyError as error:
            flash(words(error), "warning")
            return redirect(request.full_path)
        uploads.remove(key, PART, owner=owner)
        flash(gettext("问卷已导入为草稿，上传的文件已删除。请核对问题后开放作答。"), "success")
        return redirect(url_for("desk.questionnaire", questionnaire_id=made_id))
    pages = RowPages(per_page=ON_A_PAGE, error_out=False, rows=[*found.refused, *found.warnings])
    return render_template("desk/xlsform/plan.html", found=found, key=key, name=name, pages=pages, finding_words=finding_words)


@desk.post("/questionnaires/import/<key>/discard")
@allowed(Permission.SURVEYS)
def discard_questionnaire(key: str) -> Response:
    """Forget an uploaded form."""
    if uploads.read(key, PART, owner=current_user.user.id) is None:
        return _gone()
    uploads.remove(key, PART, owner=current_user.user.id)
    flash(gettext("已取消，没有导入问卷，上传的文件已删除。"), "success")
    return redirect(url_for("desk.questionnaire_list"))


@desk.get("/questionnaires/<int:questionnaire_id>/xlsform")
@allowed(Permission.SEE, Permission.SURVEYS)
def export_questionnaire(questionnaire_id: int) -> Response:
    """The questions as a workbook, without answers."""
    with saving() as session:
        found = questionnaires.get(db.session(), questionnaire_id)
        data, title = xlsforms.form_workbook(session, found, by=current_user.by, now=clock()), found.title
    return send_file(BytesIO(data), mimetype=MEDIA["xlsx"], as_attachment=True, download_name=f"{title}.xlsx")


def _gone() -> Response:
    flash(gettext("这份表单已处理或已过期，请重新上传。"), "warning")
    return redirect(url_for("desk.import_questionnaire"))
