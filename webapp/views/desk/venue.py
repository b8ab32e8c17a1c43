"""The hall's screen: the code with which guests check in on their own phones, changing every half minute."""

from typing import NamedTuple

from flask import flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from engage import events, venue
from engage.events import Event
from engage.staff import Permission
from engage.venue import Venue, VenueNotFound
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.public import qr
from webapp.wiring import clock, db, link, saving


class Shown(NamedTuple):
    """What the screen shows now, and for how many seconds."""

    qr: Markup
    seconds: float


@desk.get("/events/<slug>/venue")
@allowed(Permission.DOOR)
def venue_screen(slug: str) -> str:
    """The screen; before it has a code, the way to begin."""
    event = events.by_slug(db.session(), slug)
    try:
        shown = _shown(event, venue.of(db.session(), event))
    except VenueNotFound:
        shown = None
    return render_template("desk/venue.html", event=event, shown=shown)


@desk.get("/events/<slug>/venue/code")
@allowed(Permission.DOOR)
def venue_code(slug: str) -> Response:
    """The code alone, for the page that is open."""
    event = events.by_slug(db.session(), slug)
    return jsonify(_shown(event, venue.of(db.session(), event))._asdict())


@desk.post("/events/<slug>/venue")
@allowed(Permission.DOOR)
def renew_venue(slug: str) -> Response:
    """Begin, or make worthless what was photographed."""
    with saving() as session:
        event = events.by_slug(session, slug)
        venue.renew(session, event, by=current_user.by, now=clock())
    flash(gettext("签到码已更换，之前的全部作废。"), "success")
    return redirect(url_for("desk.venue_screen", slug=slug), 303)


def _shown(event: Event, screen: Venue) -> Shown:
    now = clock()
    address = link("venue.scan", slug=event.slug, code=venue.code_at(screen, now))
    return Shown(qr(address), (venue.change_after(now) - now).total_seconds())
