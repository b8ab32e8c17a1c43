"""Attendance of an event's activities: the rooms, and who was in one of them for how many minutes."""

from flask import render_template, request
from flask_login import current_user

from engage import attendance, events, people
from engage.staff import Permission
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.activities import found_activity
from webapp.wiring import clock, db

ON_A_PAGE = 50


@desk.get("/events/<slug>/attendance")
@allowed(Permission.SEE, Permission.DOOR)
def attendance_list(slug: str) -> str:
    """Each activity with how many came and how many are in the room."""
    event = events.by_slug(db.session(), slug)
    return render_template("desk/attendance.html", event=event, turnouts=attendance.turnouts(db.session(), event))


@desk.get("/events/<slug>/attendance/<int:activity_id>")
@allowed(Permission.SEE, Permission.DOOR)
def activity_attendance(slug: str, activity_id: int) -> str:
    """Who was there. Names are shown, and searched, only where the role may see them."""
    event, activity = found_activity(slug, activity_id)
    personal = current_user.may(Permission.PEOPLE, Permission.DOOR)
    inside = {"in": True, "out": False}.get(request.args.get("inside", ""))
    found = attendance.find(activity, category_id=request.args.get("category", type=int), inside=inside,
                            words=request.args.get("q", "").strip() if personal else "")
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    return render_template("desk/activity_attendance.html", event=event, activity=activity, pages=pages, personal=personal,
                           now=clock(), minutes=attendance.minutes, category_name=category_name,
                           labelled=[(category.id, category_name(category)) for category in people.categories(db.session())])
