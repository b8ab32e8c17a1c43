"""What a guest carries: the calendar entry of an event (RFC 5545). The ticket's QR code is drawn by `codes`."""

from datetime import datetime

from icalendar import Calendar
from icalendar import Event as Entry

from engage.events import Event


def calendar(event: Event, *, url: str = "", now: datetime) -> bytes:
    """A calendar with the event as its one entry; `url` leads back to the ticket or the event's page."""
    entry = Entry()
    entry.add("uid", f"{event.slug}@engage")
    entry.add("dtstamp", now)
    entry.add("summary", event.title)
    if event.starts_at:
        entry.add("dtstart", event.starts_at)
    if event.ends_at:
        entry.add("dtend", event.ends_at)
    entry.add("location", "，".join(part for part in (event.place, event.address) if part))
    if event.purpose:
        entry.add("description", event.purpose)
    if url:
        entry.add("url", url)
    ics = Calendar()
    ics.add("prodid", "-//Engage//engage//ZH")
    ics.add("version", "2.0")
    ics.add("method", "PUBLISH")
    ics.add_component(entry)
    return ics.to_ical()
