"""Responses of open links that a person should look at: left out of all figures, or taken back in, with a reason."""

from collections.abc import Iterable

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import audit
from engage.events import Event
from engage.staff import Permission
from surveys import doubts, questionnaires, responses
from surveys.errors import SurveyError
from webapp.errors import form_refused
from webapp.forms.questionnaires import ReasonForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 30
STATES = {"counted": False, "excluded": True}


@desk.get("/questionnaires/<int:questionnaire_id>/doubtful")
@allowed(Permission.ANALYSE)
def doubtful(questionnaire_id: int) -> str:
    """What looks sent by a program or sent repeatedly, and what was left out; like beside like."""
    session = db.session()
    found = questionnaires.get(session, questionnaire_id)
    like = request.args.get("like", type=int)
    wanted = doubts.find(found, excluded=STATES.get(request.args.get("state", "")), like=None if like is None else doubts.get(session, like))
    pages = db.paginate(wanted, per_page=ON_A_PAGE, error_out=False)
    return render_template("desk/questionnaires/doubtful.html", questionnaire=found, pages=pages, like=like, events=_events(pages.items),
                           alike=doubts.alike(session, pages.items), texts=doubts.texts(session, pages.items))


@desk.route("/responses/<int:response_id>/<any(exclude, include):move>", methods=["GET", "POST"])
@allowed(Permission.ANALYSE)
def judge_response(response_id: int, move: str) -> str | Response | tuple[str, int]:
    """Leave one out, or count it again, once a reason is given."""
    response = doubts.get(db.session(), response_id)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                if move == "exclude":
                    doubts.exclude(session, response, reason=form.reason.data or "", now=clock())
                else:
                    doubts.include(session, response, reason=form.reason.data or "")
                audit.record(session, f"response.{move}", response, by=current_user.by, now=clock(), reason=form.reason.data)
        except SurveyError as error:
            form_refused(form, error)
        else:
            flash(gettext("已剔除，不再计入汇总。") if move == "exclude" else gettext("已恢复，重新计入汇总。"), "success")
            return redirect(url_for("desk.doubtful", questionnaire_id=response.questionnaire_id))
    page = render_template("desk/questionnaires/doubtful_one.html", response=response, move=move, form=form, events=_events([response]),
                           alike=doubts.alike(db.session(), [response]), texts=doubts.texts(db.session(), [response])[response.id])
    return (page, 422) if form.errors else page


def _events(some: Iterable[responses.Response]) -> dict[str, Event]:
    """At which events these were given, by the event's slug."""
    return {event.slug: event for event in db.session.scalars(sa.select(Event).where(Event.slug.in_({one.context for one in some})))}
