import json
import re
from datetime import timedelta

import icalendar
import make
import pytest
from database import count_queries

from engage import events, series
from engage.events import Details, Event, Visibility
from engage.series import Interval, SeriesDetails
from webapp.wiring import clock

LATER = make.NOW + timedelta(days=2)


def entries(answer):
    calendar = icalendar.Calendar.from_ical(answer.data)
    return calendar, {str(one["summary"]): one for one in calendar.walk("VEVENT")}


@pytest.fixture
def days(saved):
    with saved() as session:
        shown = make.event(session, slug="spring", title="春季开放日", purpose="走进大厅；“看”,听\n说", starts_at=LATER, ends_at=LATER + timedelta(hours=2),
                           registration_closes_at=None)
        make.event(session, title="仅限受邀", visibility=Visibility.INVITED)
        make.event(session, title="草稿", state="draft")
        off = make.event(session, title="座谈会", state="cancelled")
        series.start(session, shown, SeriesDetails(title="开放日", slug="days", interval=Interval.WEEK), by=make.BY, now=make.NOW)
        return shown.id, off.id


def test_the_feed_has_what_everybody_may_know_with_zone_and_refresh(client, days):
    calendar, found = entries(client.get("/calendar.ics"))
    assert sorted(found) == ["座谈会", "春季开放日"]
    assert {name: str(one["status"]) for name, one in found.items()} == {"座谈会": "CANCELLED", "春季开放日": "CONFIRMED"}
    spring = found["春季开放日"]
    assert (str(spring["uid"]), spring.decoded("dtstart"), spring["dtstart"].params["TZID"]) == ("spring@127.0.0.1", LATER, "Asia/Shanghai")
    assert (str(spring["description"]), str(spring["url"])) == ("走进大厅；“看”,听\n说", "http://127.0.0.1:8000/events/spring")
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    assert (calendar.decoded("refresh-interval"), str(calendar["x-published-ttl"]), str(calendar["x-wr-calname"])) == (
        timedelta(hours=6), "PT6H", "公共资源交易中心公开活动")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in client.get("/calendar.ics").data


def test_no_line_of_the_feed_is_longer_than_the_standard_allows(client, days):
    data = client.get("/calendar.ics").data
    assert (data.endswith(b"\r\n"), max(map(len, data.split(b"\r\n"))) <= 75) == (True, True)


def test_a_change_keeps_the_uid_and_raises_the_sequence(client, days, saved):
    before = entries(client.get("/calendar.ics"))[1]["春季开放日"]
    with saved() as session:
        event = session.get_one(Event, days[0])
        stated = {name: getattr(event, name) for name in Details.__dataclass_fields__ if name != "slug"}
        events.edit(session, event, Details(**{**stated, "title": "春天开放日"}), by=make.BY, now=LATER)
    after = entries(client.get("/calendar.ics"))[1]["春天开放日"]
    assert (after["uid"], after["sequence"] - before["sequence"], after.decoded("last-modified")) == (before["uid"], 1, LATER)
    with saved() as session:
        events.cancel(session, session.get_one(Event, days[0]), by=make.BY, now=LATER)
    off = entries(client.get("/calendar.ics"))[1]["春天开放日"]
    assert (off["uid"], off["sequence"] - before["sequence"], str(off["status"])) == (before["uid"], 2, "CANCELLED")


def test_the_entry_on_the_events_page_is_the_same_as_in_the_feed(client, days):
    (alone,) = entries(client.get("/events/spring.ics"))[1].values()
    fed = entries(client.get("/calendar.ics"))[1]["春季开放日"]
    assert (alone["uid"], alone["sequence"], alone.decoded("dtstart")) == (fed["uid"], fed["sequence"], fed.decoded("dtstart"))


def test_a_series_has_a_calendar_of_its_own(client, days):
    calendar, found = entries(client.get("/calendar/days.ics"))
    assert (sorted(found), str(calendar["name"])) == (["春季开放日"], "公共资源交易中心：开放日")
    assert client.get("/calendar/none.ics").status_code == 404


def test_an_unchanged_feed_is_not_sent_again(app, client, days, saved):
    first = client.get("/calendar.ics")
    again = client.get("/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, first.headers["Cache-Control"]) == (304, b"", "public, max-age=900")
    assert first.data == client.get("/calendar.ics").data
    with saved() as session:
        events.cancel(session, session.get_one(Event, days[0]), by=make.BY, now=LATER)
    assert client.get("/calendar.ics", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_feed_takes_two_queries_however_long_and_one_when_unchanged(app, client, days, saved):
    with saved() as session:
        for _ in range(30):
            make.event(session)
    with app.app_context(), count_queries(app.extensions["sqlalchemy"].engine) as seen:
        first = client.get("/calendar.ics")
    assert len(seen) == 2
    with app.app_context(), count_queries(app.extensions["sqlalchemy"].engine) as seen:
        client.get("/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert len(seen) == 1


def test_an_empty_feed_is_a_calendar(client):
    assert entries(client.get("/calendar.ics"))[1] == {}


def test_the_home_page_and_the_events_page_lead_to_the_calendars(client, days):
    assert "webcal://127.0.0.1:8000/calendar.ics" in client.get("/").text
    assert "webcal://127.0.0.1:8000/calendar/days.ics" in client.get("/events/spring").text


def structured(page):
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_search_engines_read_what_the_page_shows(client, saved):
    with saved() as session:
        make.category(session)
        make.event(session, slug="spring", title="</script><script>alert(1)</script>", seats=30, starts_at=LATER, ends_at=LATER + timedelta(hours=2),
                   registration_closes_at=None, registration_opens_at=make.NOW - timedelta(days=9000))
        make.event(session, slug="off", state="cancelled", seats=30)
    page = client.get("/events/spring").text
    assert ("<script>alert" in page, "我要报名" in page) == (False, False)  # over by the server's own clock
    told = structured(page)
    assert told == {
        "@context": "https://schema.org", "@type": "Event", "name": "</script><script>alert(1)</script>", "url": "http://127.0.0.1:8000/events/spring",
        "description": "走进交易大厅", "startDate": LATER.isoformat(), "endDate": (LATER + timedelta(hours=2)).isoformat(),
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode", "eventStatus": "https://schema.org/EventScheduled",
        "location": {"@type": "Place", "name": "交易大厅", "address": "文化路1号"},
        "organizer": {"@type": "GovernmentOrganization", "name": "公共资源交易中心", "url": "http://127.0.0.1:8000/"}, "maximumAttendeeCapacity": 30,
    }
    assert structured(client.get("/events/off").text)["eventStatus"] == "https://schema.org/EventCancelled"


def test_offers_are_told_while_one_can_register(client, saved):
    start = clock() + timedelta(days=5)
    with saved() as session:
        category = make.category(session)
        event = make.event(session, slug="soon", seats=1, starts_at=start, ends_at=start + timedelta(hours=2), registration_closes_at=None)
    told = structured(client.get("/events/soon").text)
    assert (told["offers"]["availability"], told["remainingAttendeeCapacity"]) == ("https://schema.org/InStock", 1)
    with saved() as session:
        make.registration(session, session.merge(event), category=session.merge(category), companions=0)
    full = structured(client.get("/events/soon").text)
    assert (full["offers"]["availability"], full["remainingAttendeeCapacity"]) == ("https://schema.org/SoldOut", 0)


def test_a_draft_that_staff_look_at_is_told_to_no_search_engine(signed_in, saved):
    with saved() as session:
        make.event(session, slug="draft", state="draft")
    assert "ld+json" not in signed_in("organiser").get("/events/draft").text
