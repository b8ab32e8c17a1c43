"""Begin answering on a tablet in the hall. Whoever begins is signed out on it: nobody else there shall reach the desk."""

from flask import render_template, url_for

from engage import events
from engage.staff import Permission
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.kiosk import IDLE
from webapp.wiring import db


@desk.get("/events/<slug>/kiosk")
@allowed(Permission.DOOR, Permission.SURVEYS)
def kiosk(slug: str) -> str:
    """What it does, and after how long a form that nobody touches is cleared. Also where one gets by signing in to leave it."""
    event = events.by_slug(db.session(), slug)
    starts = {idle: url_for("kiosk.answer", token=event.survey_code, idle=idle) for idle in IDLE}
    return render_template("desk/events/kiosk.html", event=event, questionnaire=event.questionnaire, starts=starts, usual=IDLE[1])
