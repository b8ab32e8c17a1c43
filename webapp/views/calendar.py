"""Calendars to subscribe to: of all public events, or of one series. Asked for again and again, so an unchanged one costs one query."""

import hashlib
from http import HTTPStatus

import sqlalchemy as sa
from flask import Blueprint, Response, request
from flask_babel import gettext

from engage import events, series, tickets
from engage.events import Event, Kind, State, Visibility
from webapp.formats import zone
from webapp.views.public import CALENDAR
from webapp.wiring import db, link, office

MOST = 500  # entries, the latest
FRESH = 900  # seconds

pages = Blueprint("calendar", __name__)


@pages.get("/calendar.ics", endpoint="all")
def whole() -> Response:
    """All public events."""
    return _feed(_shown(), gettext("%(office)s公开活动", office=office()))


@pages.get("/calendar/<slug>.ics")
def of_series(slug: str) -> Response:
    """The public events of one series."""
    wanted = series.by_slug(db.session(), slug)
    return _feed(_shown().where(Event.series_id == wanted.id), gettext("%(office)s：%(title)s", office=office(), title=wanted.title))


def _shown() -> sa.Select[Event]:
    """What everybody may know of, cancelled events too, so that they vanish from nobody's calendar without a word."""
    public = sa.and_(Event.visibility == Visibility.PUBLIC, Event.state != State.DRAFT, Event.kind != Kind.REHEARSAL)
    return events.find().where(public, Event.starts_at.is_not(None)).order_by(Event.starts_at.desc(), Event.id).limit(MOST)


def _feed(wanted: sa.Select[Event], title: str) -> Response:
    versions = db.session.execute(wanted.with_only_columns(Event.id, Event.revision, maintain_column_froms=True)).all()
    stamp = repr((title, link("public.home"), [tuple(version) for version in versions]))
    answer = Response(content_type=CALENDAR)
    answer.set_etag(hashlib.sha256(stamp.encode()).hexdigest()[:32])
    answer.cache_control.public, answer.cache_control.max_age = True, FRESH
    if answer.make_conditional(request).status_code != HTTPStatus.NOT_MODIFIED:
        found = reversed(db.session.scalars(wanted).all())
        answer.data = tickets.feed(found, title=title, zone=zone(), address=lambda event: link("public.event", slug=event.slug))
    return answer
