"""The tab of an event with its questionnaire: attach one, open it, bring it to the hall."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events
from engage.staff import Permission
from surveys import TEMPLATES, questionnaires, responses
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.questionnaires import make_questionnaire
from webapp.views.public import qr
from webapp.wiring import clock, db, link, saving

OFFERED = 100  # of the questionnaires to choose from, the latest


@desk.get("/events/<slug>/questionnaire")
@allowed(Permission.SEE)
def event_questionnaire(slug: str) -> str:
    """The questionnaire with its link and its responses; where there is none, those to choose from."""
    event = events.by_slug(db.session(), slug)
    attached = event.questionnaire
    session = db.session()
    address = link("questionnaire.answer", token=event.survey_code)
    return render_template(
        "desk/events/questionnaire.html", event=event, questionnaire=attached, address=address, qr=qr(address),
        count=responses.count(session, attached, context=event.slug) if attached else 0,
        offered=[] if attached else session.scalars(questionnaires.find().limit(OFFERED)).all(), templates=TEMPLATES,
    )


@desk.post("/events/<slug>/questionnaire/attach")
@allowed(Permission.EVENTS)
def attach_questionnaire(slug: str) -> Response:
    """Ask an existing questionnaire, or none when none is named."""
    event = events.by_slug(db.session(), slug)
    wanted = request.form.get("questionnaire", type=int)
    with saving() as session:
        chosen = questionnaires.get(session, wanted) if wanted else None
        events.attach(session, event, chosen, by=current_user.by, now=clock())
    flash(gettext("问卷已选定。") if wanted else gettext("问卷已从活动中移除，问卷本身和已收到的答案都保留。"), "success")
    return redirect(url_for("desk.event_questionnaire", slug=slug))


@desk.post("/events/<slug>/questionnaire/create")
@allowed(Permission.EVENTS)
def create_event_questionnaire(slug: str) -> Response:
    """Make a questionnaire from a template and ask it."""
    event = events.by_slug(db.session(), slug)
    with saving() as session:
        made = make_questionnaire(request.form.get("template", ""), event.title)
        events.attach(session, event, made, by=current_user.by, now=clock())
    flash(gettext("问卷已建好并用于本活动。请检查问题，然后开放作答。"), "success")
    return redirect(url_for("desk.event_questionnaire", slug=slug))
