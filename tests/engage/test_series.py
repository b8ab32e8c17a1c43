from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import activities, afterwards, events, registrations, reminders, series
from engage.audit import AuditEntry
from engage.reminders import Anchor
from engage.series import BadSeriesSlug, Held, InSeriesAlready, Interval, SeriesDetails, SeriesSlugTaken
from surveys import questionnaires

ZONE = ZoneInfo("Asia/Shanghai")
DETAILS = SeriesDetails(title="平台开放日", slug="open-days", interval=Interval.MONTH)


def day(month, date, hour=9, year=2026):
    return datetime(year, month, date, hour, tzinfo=ZONE)


@pytest.fixture
def event(session):
    category = make.category(session)
    return make.event(session, seats=60, by_category={category.id: 20}, starts_at=day(3, 25), ends_at=day(3, 25, 12),
                      registration_opens_at=day(3, 1), registration_closes_at=day(3, 24, 18), walk_ins=True)


@pytest.mark.parametrize("starts_at, interval, following", [
    (day(3, 18), Interval.WEEK, day(3, 25)), (day(3, 18), Interval.FORTNIGHT, day(4, 1)),
    (day(3, 18), Interval.MONTH, day(4, 15)),  # the third Wednesday again
    (day(3, 31), Interval.MONTH, day(4, 28)),  # a fifth Tuesday, which April has not
    (day(3, 18), Interval.QUARTER, day(6, 17)), (day(3, 18), Interval.HALF_YEAR, day(9, 16)), (day(12, 16), Interval.MONTH, day(1, 20, year=2027)),
    (day(3, 18), Interval.YEAR, day(3, 17, year=2027)),
])
def test_the_next_date_is_proposed_on_the_same_weekday(starts_at, interval, following):
    assert series.next_start(starts_at, interval, zone=ZONE) == following


def test_the_next_date_takes_over_the_set_up_and_nobody(session, event, now):
    room = make.activity(session, event, title="参观", room="二楼", seats=15, starts_at=day(3, 25, 10), ends_at=day(3, 25, 11))
    asked = make.questionnaire(session)
    events.attach(session, event, asked, by=make.BY, now=now)
    afterwards.choose(session, event, thanks=True, missed=False, by=make.BY, now=now)
    for anchor, days in ((Anchor.START, 2), (Anchor.CLOSING, 1)):
        reminders.add(session, event, anchor, days, by=make.BY, now=now)
    made = series.start(session, event, DETAILS, by=make.BY, now=now)
    make.registration(session, event, activity_ids=[room.id])
    following = series.follow(session, event, starts_at=day(4, 15, 14), by=make.BY, now=now)
    session.expire_all()
    same = ("title", "kind", "visibility", "purpose", "place", "address", "contact_name", "contact_phone", "walk_ins", "questionnaire_id", "series_id", "capacity")
    assert {name: getattr(following, name) for name in same} == {name: getattr(event, name) for name in same}
    assert (following.state, following.series_id, following.slug) == (events.State.DRAFT, made.id, "open-day-20260415")
    assert (following.starts_at, following.ends_at) == (day(4, 15, 14), day(4, 15, 17))
    assert (following.registration_opens_at, following.registration_closes_at) == (day(3, 22, 14), day(4, 14, 23))
    assert {quota.category_id: (quota.seats, quota.taken) for quota in following.quotas if quota.category_id and quota.seats} == {
        quota.category_id: (quota.seats, 0) for quota in event.quotas if quota.category_id and quota.seats}
    (copied,) = following.activities
    assert (copied.title, copied.room, copied.quota.seats, copied.quota.taken, copied.starts_at, copied.ends_at) == (
        "参观", "二楼", 15, 0, day(4, 15, 15), day(4, 15, 16))
    assert session.scalars(sa.select(registrations.Registration).where(registrations.Registration.event_id == following.id)).all() == []
    chosen = afterwards.of_event(session, following)
    assert (chosen.thanks, chosen.missed, chosen.sent_at) == (True, False, None)
    told = reminders.of_event(session, following)
    assert [(one.anchor, one.days, one.due_at, one.done_at) for one in told] == [
        (Anchor.START, 2, day(4, 13, 14), None), (Anchor.CLOSING, 1, day(4, 13, 23), None)]
    assert following.survey_code != event.survey_code


def test_reminders_whose_time_has_passed_for_the_next_date_are_left_out(session, event, now):
    for days in (1, 5):
        reminders.add(session, event, Anchor.START, days, by=make.BY, now=now)
    following = series.follow(session, event, starts_at=now + timedelta(days=4), by=make.BY, now=now)
    assert [one.days for one in reminders.of_event(session, following)] == [1]


def test_a_closed_questionnaire_is_copied_so_that_it_can_be_asked_again(session, event, now):
    closed = make.questionnaire(session, state="closed")
    events.attach(session, event, closed, by=make.BY, now=now)
    following = series.follow(session, event, starts_at=day(4, 15), by=make.BY, now=now)
    asked = following.questionnaire
    assert (asked.id == closed.id, asked.title, asked.state) == (False, closed.title, questionnaires.State.DRAFT)


def test_a_draft_without_times_is_followed_too(session, now):
    draft = make.event(session, state="draft", starts_at=None, ends_at=None, registration_closes_at=None)
    activities.add(session, draft, activities.ActivityDetails(title="参观"), by=make.BY, now=now)
    following = series.follow(session, draft, starts_at=day(4, 15), by=make.BY, now=now)
    assert (following.starts_at, following.ends_at, [one.starts_at for one in following.activities]) == (day(4, 15), None, [None])


def test_the_clock_of_the_office_counts_where_clocks_change(session, now):
    zone = ZoneInfo("Europe/Berlin")
    event = make.event(session, starts_at=datetime(2026, 3, 18, 9, tzinfo=zone), ends_at=datetime(2026, 3, 18, 12, tzinfo=zone),
                       registration_closes_at=None)
    following = series.follow(session, event, starts_at=series.next_start(event.starts_at, Interval.MONTH, zone=zone), by=make.BY, now=now)
    assert [moment.astimezone(zone).hour for moment in (following.starts_at, following.ends_at)] == [9, 12]


def test_a_series_is_refused_what_it_cannot_be(session, event, now):
    with pytest.raises(BadSeriesSlug):
        series.start(session, event, SeriesDetails(title="开放日", slug="Open Days", interval=Interval.WEEK), by=make.BY, now=now)
    with pytest.raises(events.TitleMissing):
        series.start(session, event, SeriesDetails(title=" ", slug="x", interval=Interval.WEEK), by=make.BY, now=now)
    made = series.start(session, event, DETAILS, by=make.BY, now=now)
    with pytest.raises(SeriesSlugTaken):
        series.start(session, make.event(session), DETAILS, by=make.BY, now=now)
    with pytest.raises(InSeriesAlready):
        series.add(session, made, event, by=make.BY, now=now)


def test_attendance_over_time_is_one_query(session, event, now):
    made = series.start(session, event, DETAILS, by=make.BY, now=now)
    came = make.registration(session, event, companions=2)
    came.attendees[0].arrived_at = now
    gone = make.registration(session, event)
    registrations.cancel(session, gone, by="guest", now=now)
    later = make.event(session, starts_at=now + timedelta(days=30), ends_at=now + timedelta(days=30, hours=2))
    series.add(session, made, later, by=make.BY, now=now)
    other = make.event(session)
    session.flush()
    with count_queries(session) as seen:
        dates = series.held(session, made)
    assert len(seen) == 1
    assert dates == [Held(event=later, registered=0, arrived=0), Held(event=event, registered=3, arrived=1)]
    assert [date.rate for date in dates] == [None, 1 / 3]
    assert series.latest(dates) == later
    assert [one.id for one in session.scalars(series.free_events())] == [other.id]
    series.take_out(session, later, by=make.BY, now=now)
    assert [one.event for one in series.held(session, made)] == [event]


def test_who_did_what_to_a_series_is_in_the_trail(session, event, now):
    made = series.start(session, event, DETAILS, by=make.BY, now=now)
    series.edit(session, made, title="开放日", interval=Interval.QUARTER, by=make.BY, now=now)
    series.follow(session, event, starts_at=day(4, 15), by=make.BY, now=now)
    noted = session.query(AuditEntry.action).filter(AuditEntry.action.in_(("event.series", "series.create", "series.edit", "event.follow")))
    assert [action for (action,) in noted.order_by(AuditEntry.id)] == ["event.series", "series.create", "series.edit", "event.follow"]
