"""What a guest carries: the calendar entry of an event (RFC 5545). The ticket's QR code is drawn by `codes`."""

from datetime import datetime

from engage.events import Event


def calendar(event: Event, *, url: str = "", now: datetime) -> bytes:
    """A calendar with the event as its one entry; `url` leads back to the ticket or the event's page."""
    from icalendar import Calendar  # noqa: PLC0415 -- slow import
    from icalendar import Event as Entry  # noqa: PLC0415 -- slow import

    stated: dict[str, datetime | str | None] = {
        "uid": f"{event.slug}@engage", "dtstamp": now, "summary": event.title, "dtstart": event.starts_at,
        "dtend": event.ends_at, "location": "，".join(part for part in (event.place, event.address) if part),
        "description": event.purpose, "url": url,
    }
    entry, ics = Entry(), Calendar()
    for name, value in stated.items():
        if value:
            entry.add(name, value)  # pyright: ignore[reportUnknownMemberType] -- icalendar takes values of any type
    for name, value in {"prodid": "-//Engage//engage//ZH", "version": "2.0", "method": "PUBLISH"}.items():
        ics.add(name, value)  # pyright: ignore[reportUnknownMemberType] -- the same
    ics.add_component(entry)
    return ics.to_ical()
