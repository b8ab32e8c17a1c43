"""The calendar entry that a guest saves."""

import chain
import icalendar
from chain import NOW

from engage.tickets import calendar


def test_a_calendar_entry_reads_back_with_time_place_and_the_way_back(session):
    event = chain.event(session)
    ics = calendar(event, url="https://example.org/t/abc", now=NOW)
    (entry,) = icalendar.Calendar.from_ical(ics).walk("VEVENT")
    assert (entry.decoded("dtstart"), entry.decoded("dtend")) == (event.starts_at, event.ends_at)
    assert {name: str(entry[name]) for name in ("uid", "summary", "location", "description", "url")} == {
        "uid": "open-day-20260325@example.org", "summary": "平台开放日", "location": "市公共资源交易中心，人民路 1 号",
        "description": "走进交易大厅", "url": "https://example.org/t/abc",
    }


def test_a_draft_without_times_still_makes_a_calendar(session):
    event = chain.event(session, published=False, starts_at=None, ends_at=None)
    (entry,) = icalendar.Calendar.from_ical(calendar(event, now=NOW)).walk("VEVENT")
    assert "dtstart" not in entry
