"""Importing a list of people: upload, look at what would become of each row, confirm, read the result."""

import json
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engage import events, invitations, people, people_import, tables
from engage.events import Event, State
from engage.people import Category
from engage.people_import import COLUMNS, ImportPlan, Outcome, PeopleChanged, PlannedRow
from engage.sheets import Row, UnreadableFile, read_tables
from engage.staff import Permission
from webapp import uploads
from webapp.errors import form_refused, words
from webapp.forms.events import category_name
from webapp.forms.people import OUTCOME_LOOKS, OUTCOME_WORDS, note_words, upload_form
from webapp.guard import allowed
from webapp.rates import limited
from webapp.views.desk import desk
from webapp.views.desk.people import MEDIA
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
EVENTS_OFFERED = 50
WRITTEN = ("name", "category", "organisation", "position", "phone", "email", "district", "uscc", "note")
Answer = str | Response | tuple[str, int]


class RowPages(Pagination):
    """Paging through rows in memory, for the same macro as database pages."""

    def _query_items(self) -> list[Any]:
        return self._query_args["rows"][self._query_offset : self._query_offset + self.per_page]

    def _query_count(self) -> int:
        return len(self._query_args["rows"])


@desk.route("/people/import", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
@limited("30 per minute")
def import_people() -> Answer:
    """Choose a file; what cannot be read as a list is refused here."""
    open_events = list(db.session.scalars(
        events.find().where(Event.state.in_((State.DRAFT, State.PUBLISHED))).order_by(None)
        .order_by(Event.starts_at.desc(), Event.id.desc()).limit(EVENTS_OFFERED)))
    form = upload_form(people.categories(db.session()), open_events, request.args.get("category", type=int),
                       request.args.get("event", ""))
    if form.validate_on_submit():
        data = form.file.data.read()
        try:
            people_import.plan_import(db.session(), data, category=_category(form.category.data))
        except UnreadableFile as error:
            form_refused(form, error)
        else:
            uploads.sweep()
            key = uploads.keep(data, "list", owner=current_user.user.id)
            told = {"category": form.category.data, "event": form.event.data}
            return redirect(url_for("desk.planned_import", key=key, **{name: value for name, value in told.items() if value}))
    page = render_template("desk/people/import.html", form=form)
    return (page, 422) if form.errors or form.form_errors else page


@desk.get("/people/import/template.xlsx")
@allowed(Permission.PEOPLE)
def import_template() -> Response:
    """An empty list with the usual columns, and how to fill it in on a second sheet."""
    notes = [
        gettext("每人一行。姓名必填；手机号码和电子邮箱至少填一项。"),
        gettext("人员类别可以写：") + gettext("、").join(category_name(category) for category in people.categories(db.session())),
        gettext("号码按文本填写，请勿使用科学计数。"),
        gettext("同名且电话或邮箱相同的，视为同一人，重复导入不会重复添加。"),
    ]
    file = BytesIO()
    tables.write_xlsx(file, gettext("名单"), _headings(), [], notes=(gettext("填写说明"), notes))
    file.seek(0)
    return send_file(file, mimetype=MEDIA["xlsx"], as_attachment=True, download_name=gettext("人员名单模板") + ".xlsx")


@desk.route("/people/import/<key>", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
def planned_import(key: str) -> Answer:
    """What would become of each row; a POST does it."""
    data = uploads.read(key, "list", owner=current_user.user.id)
    if data is None:
        flash(gettext("这份名单已处理或已过期，请重新上传。"), "warning")
        return redirect(url_for("desk.import_people"))
    if request.method == "POST":
        return _carry_out(key, data)
    plan = people_import.plan_import(db.session(), data, category=_category(request.args.get("category", "")))
    outcome = request.args.get("outcome", "")
    rows = [row for row in plan.rows if row.warnings] if outcome == "warnings" else \
        plan.having(Outcome(outcome)) if outcome in set(Outcome) else plan.rows
    slug = request.args.get("event", "")
    return render_template(
        "desk/people/import_plan.html", plan=plan, key=key, outcome=outcome, note_words=note_words,
        warned=sum(bool(row.warnings) for row in plan.rows),
        pages=RowPages(per_page=ON_A_PAGE, error_out=False, rows=rows), OUTCOME_WORDS=OUTCOME_WORDS, OUTCOME_LOOKS=OUTCOME_LOOKS,
        told={name: value for name in ("category", "event") if (value := request.args.get(name))},
        event=events.by_slug(db.session(), slug) if slug else None,
    )


@desk.post("/people/import/<key>/discard")
@allowed(Permission.PEOPLE)
def discard_import(key: str) -> Response:
    """Forget an uploaded list."""
    if uploads.read(key, "list", owner=current_user.user.id) is not None:
        uploads.remove(key, "list", owner=current_user.user.id)
    flash(gettext("已取消，没有导入任何人员，上传的文件已删除。"), "success")
    return redirect(url_for("desk.people"))


@desk.get("/people/import/<key>/result")
@allowed(Permission.PEOPLE)
def import_result(key: str) -> Answer:
    """What the import did."""
    kept = uploads.read(key, "result", owner=current_user.user.id)
    if kept is None:
        flash(gettext("这份名单已处理或已过期，请重新上传。"), "warning")
        return redirect(url_for("desk.import_people"))
    result = json.loads(kept)
    event = events.by_slug(db.session(), result["event"]) if result["event"] else None
    return render_template("desk/people/import_result.html", key=key, result=result, event=event)


@desk.get("/people/import/<key>/refused.xlsx")
@allowed(Permission.PEOPLE)
def import_refused(key: str) -> Response:
    """The rows that were not imported and why, in a workbook that can be mended and imported again."""
    kept = uploads.read(key, "refused", owner=current_user.user.id)
    if kept is None:
        flash(gettext("这份名单已处理或已过期，请重新上传。"), "warning")
        return redirect(url_for("desk.import_people"))
    return send_file(BytesIO(kept), mimetype=MEDIA["xlsx"], as_attachment=True, download_name=gettext("未导入人员") + ".xlsx")


def _category(chosen: str) -> Category | None:
    return next((category for category in people.categories(db.session()) if str(category.id) == chosen), None)


def _carry_out(key: str, data: bytes) -> Answer:
    owner, category_id, slug = current_user.user.id, request.args.get("category", ""), request.args.get("event", "")
    try:
        with saving() as session:
            plan = people_import.plan_import(session, data, category=_category(category_id))
            result = people_import.carry_out(session, plan, by=current_user.by, now=clock())
            invited = _invite(session, slug, data, category_id) if slug else 0
    except PeopleChanged as error:
        flash(words(error), "warning")
        return redirect(request.full_path)
    told = {"added": result.added, "matched": result.matched, "refused": len(result.refused), "warnings": len(result.warnings),
            "event": slug, "invited": invited}
    uploads.keep(json.dumps(told).encode(), "result", owner=owner, key=key)
    if result.refused:
        uploads.keep(_refused_rows(plan, data), "refused", owner=owner, key=key)
    uploads.remove(key, "list", owner=owner)
    return redirect(url_for("desk.import_result", key=key))


def _invite(session: Session, slug: str, data: bytes, category_id: str) -> int:
    """Put everybody on the list, new or known, on the event's list of invitations; answers how many were not on it."""
    known = people_import.plan_import(session, data, category=_category(category_id))  # now each good row is somebody
    ids = [row.known_id for row in known.rows if row.known_id]
    return invitations.invite(session, events.by_slug(session, slug), ids, by=current_user.by, now=clock())


def _refused_rows(plan: ImportPlan, data: bytes) -> bytes:
    """A workbook of what was refused, as the office wrote it."""
    columns = [*_headings(), (gettext("未导入的原因"), 40), (gettext("原工作表"), 14), (gettext("原行号"), 8)]
    written = {(row.sheet, row.number): row for table in read_tables(data, COLUMNS, needed={"name"}) for row in table.rows}
    file = BytesIO()
    tables.write_xlsx(file, gettext("未导入"), columns,
                      (_refused_row(row, written[row.sheet, row.row]) for row in plan.having(Outcome.REFUSED)))
    return file.getvalue()


def _refused_row(row: PlannedRow, written: Row) -> list[str]:
    reason = note_words(row.refusal) if row.refusal else ""
    return [*(written.get(column) for column in WRITTEN), reason, row.sheet, str(row.row)]


def _headings() -> list[tuple[str, int]]:
    return [(gettext("姓名"), 14), (gettext("人员类别"), 18), (gettext("工作单位"), 32), (gettext("职务"), 16),
            (gettext("手机号码"), 16), (gettext("电子邮箱"), 28), (gettext("区县"), 14), (gettext("统一社会信用代码"), 24),
            (gettext("备注"), 30)]
