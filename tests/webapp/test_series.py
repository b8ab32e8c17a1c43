from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
from database import count_queries

from engage import events, series
from engage.events import Event
from engage.series import Interval, Series, SeriesDetails

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def organiser(signed_in):
    return signed_in("organiser")


@pytest.fixture
def spring(saved):
    with saved() as session:
        event = make.event(session, slug="spring", title="春季开放日")
        make.activity(session, event, title="参观大厅")
        return event.id


def made(saved, slug="open-day-20260415"):
    with saved() as session:
        event = events.by_slug(session, slug)
        return event.title, event.starts_at.astimezone(ZONE), [one.title for one in event.activities], event.series_id


def test_an_event_becomes_a_series_and_the_next_date_takes_one_form(organiser, spring, saved):
    overview = organiser.get("/desk/events/spring").text
    assert ("建立系列" in overview, "/desk/events/spring/series" in overview) == (True, True)
    form = organiser.get("/desk/events/spring/series").text
    assert ('value="春季开放日"' in form, 'value="open-day"' in form) == (True, True)
    done = organiser.post("/desk/events/spring/series", data={"title": "平台开放日", "slug": "open-days", "interval": "month"}, follow_redirects=True)
    assert (done.request.path, "系列已建立" in done.text, "春季开放日" in done.text, "/calendar/open-days.ics" in done.text) == (
        "/desk/series/open-days", True, True, True)
    asked = organiser.get("/desk/events/spring/next").text
    assert 'value="2026-04-15T08:00"' in asked
    answer = organiser.post("/desk/events/spring/next", data={"starts_at": "2026-04-15T08:30"}, follow_redirects=True)
    assert (answer.request.path, "下一期草稿已建好" in answer.text, "所属系列" in answer.text) == ("/desk/events/open-day-20260415", True, True)
    assert made(saved) == ("春季开放日", datetime(2026, 4, 15, 8, 30, tzinfo=ZONE), ["参观大厅"], 1)
    assert organiser.get("/desk/events/open-day-20260415/series").location == "/desk/series/open-days"


def test_a_bad_form_keeps_what_was_typed_and_makes_nothing(organiser, spring, saved):
    wrong = organiser.post("/desk/events/spring/series", data={"title": "开放日", "slug": "Open Day", "interval": "week"})
    assert (wrong.status_code, 'value="Open Day"' in wrong.text) == (422, True)
    empty = organiser.post("/desk/events/spring/next", data={"starts_at": ""})
    assert empty.status_code == 422
    with saved() as session:
        assert (session.query(Series).count(), session.query(Event).count()) == (0, 1)


def test_an_existing_event_joins_and_leaves(organiser, spring, saved):
    with saved() as session:
        series.start(session, session.get_one(Event, spring), SeriesDetails(title="开放日", slug="days", interval=Interval.WEEK), by=make.BY, now=make.NOW)
        make.event(session, slug="winter", title="冬季开放日", starts_at=make.NOW - timedelta(days=90), ends_at=make.NOW - timedelta(days=89),
                   registration_closes_at=None)
    added = organiser.post("/desk/series/days/events", data={"event": "winter"}, follow_redirects=True)
    assert ("活动已归入系列" in added.text, "冬季开放日" in added.text) == (True, True)
    assert organiser.post("/desk/series/days/events", data={"event": "winter"}).status_code == 409
    left = organiser.post("/desk/events/winter/series/leave", follow_redirects=True)
    assert (left.request.path, "活动已移出系列" in left.text) == ("/desk/series/days", True)


def test_a_series_is_renamed_and_listed(organiser, spring, saved):
    assert "还没有系列" in organiser.get("/desk/series").text
    with saved() as session:
        series.start(session, session.get_one(Event, spring), SeriesDetails(title="开放日", slug="days", interval=Interval.WEEK), by=make.BY, now=make.NOW)
    done = organiser.post("/desk/series/days/edit", data={"title": "平台开放日", "interval": "quarter"}, follow_redirects=True)
    assert ("修改已保存" in done.text, "平台开放日" in done.text, "每季度" in done.text) == (True, True, True)
    assert "平台开放日" in organiser.get("/desk/series").text
    assert organiser.get("/desk/series/none").status_code == 404


@pytest.mark.parametrize("role, seen, changed", [("viewer", 200, 403), ("door", 403, 403), ("organiser", 200, 302)])
def test_who_sees_and_who_changes_series(signed_in, spring, saved, role, seen, changed):
    with saved() as session:
        series.start(session, session.get_one(Event, spring), SeriesDetails(title="开放日", slug="days", interval=Interval.WEEK), by=make.BY, now=make.NOW)
    browser = signed_in(role)
    assert [browser.get(page).status_code for page in ("/desk/series", "/desk/series/days")] == [seen, seen]
    assert browser.post("/desk/events/spring/next", data={"starts_at": "2026-05-01T09:00"}).status_code == changed


def test_thirty_dates_take_as_many_queries_as_one(app, organiser, spring, saved):
    def queries():
        with app.app_context(), count_queries(app.extensions["sqlalchemy"].engine) as seen:
            assert [organiser.get(page).status_code for page in ("/desk/series", "/desk/series/days")] == [200, 200]
        return len(seen)

    with saved() as session:
        found = series.start(session, session.get_one(Event, spring), SeriesDetails(title="开放日", slug="days", interval=Interval.WEEK), by=make.BY, now=make.NOW)
    few = queries()
    with saved() as session:
        for number in range(29):
            series.add(session, found, make.event(session), by=make.BY, now=make.NOW)
            series.start(session, make.event(session), SeriesDetails(title="别的", slug=f"other-{number}", interval=Interval.WEEK), by=make.BY, now=make.NOW)
    assert queries() == few
