"""What anybody may look at: the home page, an event's page, its calendar entry; and the posters that staff print of it."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from engage import codes, events, series, tickets
from engage.errors import EngageError
from engage.events import Event, EventNotFound, State
from engage.quotas import Full
from engage.staff import Permission
from webapp import guard
from webapp.formats import local
from webapp.openings import obstacle, self_chosen, shown_to_all
from webapp.wiring import clock, db, link, office

PAST_SHOWN = 12
CALENDAR = "text/calendar; charset=utf-8"

pages = Blueprint("public", __name__)


@pages.get("/")
def home() -> str:
    """The office, what is coming, what has been."""
    now = clock()
    over = sa.or_(Event.state == State.CLOSED, Event.ends_at < now)
    listed = events.public().options(selectinload(Event.quotas))
    coming = db.session.scalars(listed.where(sa.not_(over))).all()
    past = db.session.scalars(listed.where(over).order_by(None).order_by(Event.starts_at.desc()).limit(PAST_SHOWN)).all()
    categories = self_chosen(db.session())
    cards = [(event, obstacle(event, categories, now=now)) for event in coming]
    feed = link("calendar.all")
    return render_template("public/home.html", cards=cards, past=past, feed=feed, webcal=webcal(feed))


@pages.get("/events/<slug>")
def event(slug: str) -> str:
    """What an event is, when and where, for whom; the way to register."""
    found = visible(slug)
    categories = self_chosen(db.session())
    hindrance, shown = obstacle(found, categories, now=clock()), shown_to_all(found)
    of = series.of_event(db.session(), found)
    return render_template("public/event.html", event=found, categories=categories, preview=not shown, obstacle=hindrance,
                           structured=structured(found, hindrance) if shown else None,
                           webcal=webcal(link("calendar.of_series", slug=of.slug)) if of and shown else None)


@pages.get("/events/<slug>.ics")
def event_calendar(slug: str) -> Response:
    """The event as a calendar entry."""
    found = visible(slug)
    return calendar(found, link("public.event", slug=found.slug))


@pages.get("/events/<slug>/poster")
def poster(slug: str) -> str | Response:
    """A sheet with the way to the registration form; for staff."""
    return _poster(slug, "public/poster.html", lambda found: link("registration.register", slug=found.slug))


@pages.get("/events/<slug>/survey-poster")
def survey_poster(slug: str) -> str | Response:
    """A sheet for the hall with the way to the questionnaire; for staff."""
    return _poster(slug, "public/survey_poster.html", lambda found: link("questionnaire.answer", token=found.survey_code))


def structured(found: Event, hindrance: EngageError | None) -> dict[str, Any]:
    """The event as schema.org describes one, for search engines: nothing that the page does not show."""
    page = link("public.event", slug=found.slug)
    place = {"@type": "Place", "name": found.place, "address": found.address or found.place}
    told: dict[str, Any] = {
        "@context": "https://schema.org", "@type": "Event", "name": found.title, "url": page, "description": found.purpose or None,
        "startDate": found.starts_at and local(found.starts_at).isoformat(), "endDate": found.ends_at and local(found.ends_at).isoformat(),
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "eventStatus": f"https://schema.org/{'EventCancelled' if found.state is State.CANCELLED else 'EventScheduled'}",
        "location": place, "organizer": {"@type": "GovernmentOrganization", "name": office(), "url": link("public.home")},
        "maximumAttendeeCapacity": found.capacity,
    }
    if hindrance is None or isinstance(hindrance, Full):
        told["offers"] = {"@type": "Offer", "url": link("registration.register", slug=found.slug),
                          "availability": f"https://schema.org/{'InStock' if hindrance is None else 'SoldOut'}"}
        told["remainingAttendeeCapacity"] = found.quota.free
    return {name: value for name, value in told.items() if value is not None}


def webcal(address: str) -> str:
    """The address of a calendar as calendar programs take it."""
    return f"webcal://{address.partition('://')[2]}"


def visible(slug: str) -> Event:
    """The event if the reader may see its page. Raises EventNotFound, also for what exists but is not for strangers."""
    found = events.by_slug(db.session(), slug)
    if not shown_to_all(found) and not current_user.may(Permission.EVENTS):
        raise EventNotFound(slug=slug)
    return found


def calendar(found: Event, url: str) -> Response:
    """The event as a file that a phone puts into its calendar."""
    answer = Response(tickets.calendar(found, url=url, now=clock()), content_type=CALENDAR)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{found.slug}.ics")
    return answer


def qr(address: str) -> Markup:
    """The address as a QR code to stand in a page; what the library draws is our own."""
    return Markup(codes.qr_svg(address))  # noqa: S704 -- drawn by us, holds no text of others


def _poster(slug: str, template: str, leads_to: Any) -> str | Response:
    if (answer := guard.require(Permission.EVENTS)) is not None:
        return answer
    found = events.by_slug(db.session(), slug)
    address = leads_to(found)
    return render_template(template, event=found, address=address, qr=qr(address))
