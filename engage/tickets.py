"""What people carry in their calendars: an event as one entry, or a feed of events to subscribe to (RFC 5545, RFC 7986).

An event has the same UID in both, and a SEQUENCE that rises whenever it is changed, so that a calendar knows the entry again.
"""
# pyright: reportUnknownMemberType=false
# -- icalendar takes values of any type.

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from engage.events import Event, State

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar import Event as Entry

REFRESH = timedelta(hours=6)  # how often a calendar should ask again
PRODUCT = "-//Engage//engage//ZH"


def calendar(event: Event, *, url: str = "", now: datetime) -> bytes:
    """A calendar with the event as its one entry; `url` leads back to the ticket or the event's page."""
    ics = _calendar()
    ics.add_component(_entry(event, url=url, stamp=now))
    return ics.to_ical()


def feed(events: Iterable[Event], *, title: str, zone: ZoneInfo, address: Callable[[Event], str]) -> bytes:
    """A calendar of events to subscribe to; `address` tells an event's page. The same events make the same bytes."""
    ics = _calendar()
    for name, value in {"name": title, "x-wr-calname": title, "x-wr-timezone": zone.key}.items():
        ics.add(name, value)
    ics.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    ics.add("x-published-ttl", "PT6H")
    for event in events:
        revised = event.revised_at or event.published_at or event.created_at
        entry = _entry(event, url=address(event), stamp=revised, zone=zone)
        entry.add("last-modified", revised)
        ics.add_component(entry)
    ics.add_missing_timezones()
    return ics.to_ical()


def _calendar() -> "Calendar":
    from icalendar import Calendar  # noqa: PLC0415 -- slow import

    ics = Calendar()
    for name, value in {"prodid": PRODUCT, "version": "2.0", "calscale": "GREGORIAN", "method": "PUBLISH"}.items():
        ics.add(name, value)
    return ics


def _entry(event: Event, *, url: str, stamp: datetime, zone: ZoneInfo | None = None) -> "Entry":
    """The event with its times in UTC, or in a zone that the calendar then describes."""
    from icalendar import Event as Entry  # noqa: PLC0415 -- slow import

    starts_at, ends_at = (moment.astimezone(zone) if moment and zone else moment for moment in (event.starts_at, event.ends_at))
    stated: dict[str, datetime | str | int | None] = {
        "uid": f"{event.slug}@{urlsplit(url).hostname or 'engage'}", "dtstamp": stamp, "summary": event.title, "dtstart": starts_at,
        "dtend": ends_at, "location": "，".join(part for part in (event.place, event.address) if part),
        "description": event.purpose, "url": url, "status": "CANCELLED" if event.state is State.CANCELLED else "CONFIRMED",
    }
    entry = Entry()
    for name, value in stated.items():
        if value:
            entry.add(name, value)
    entry.add("sequence", event.revision)
    return entry
