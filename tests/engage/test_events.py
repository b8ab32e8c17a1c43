"""Events: what a draft may leave open, what publication needs, and which moves there are."""

from datetime import timedelta

import chain
import pytest
import sqlalchemy as sa
from chain import BY, NOW

from engage import activities, events, registrations
from engage.activities import ActivityDetails
from engage.audit import AuditEntry
from engage.errors import EngageError
from engage.events import Kind, State, Visibility
from engage.quotas import QuotaBelowTaken


def test_a_draft_needs_a_title_and_nothing_else(session):
    event = events.create(session, events.Details(title="草稿"), by=BY, now=NOW)
    assert (event.state, event.capacity, event.starts_at) == (State.DRAFT, None, None)


def test_publishing_names_each_gap_with_its_field(session):
    event = events.create(session, events.Details(title="草稿"), by=BY, now=NOW)
    assert [(problem.code, problem.field) for problem in events.problems(event)] == [
        ("start_missing", "starts_at"), ("end_missing", "ends_at"), ("place_missing", "place"),
        ("contact_missing", "contact_phone"),
    ]
    with pytest.raises(events.StartMissing):
        events.publish(session, event, by=BY, now=NOW)
    assert event.state is State.DRAFT


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"title": "  "}, "title_missing", "title"),
        ({"ends_at": NOW}, "ends_before_start", "ends_at"),
        ({"registration_opens_at": NOW, "registration_closes_at": NOW}, "registration_window_reversed",
         "registration_closes_at"),
        ({"registration_closes_at": NOW + timedelta(days=30)}, "registration_closes_too_late", "registration_closes_at"),
    ],
)
def test_what_can_never_be_right_is_refused_at_once(session, changes, code, field):
    with pytest.raises(EngageError) as refusal:
        events.create(session, chain.details(**changes), by=BY, now=NOW)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert session.scalars(sa.select(events.Event)).all() == []


def test_an_event_goes_from_draft_to_published_to_closed_and_never_back(session):
    event = chain.event(session, published=False)
    with pytest.raises(events.IllegalMove):
        events.close(session, event, by=BY, now=NOW)
    events.publish(session, event, by=BY, now=NOW)
    with pytest.raises(events.IllegalMove) as twice:
        events.publish(session, event, by=BY, now=NOW)
    assert twice.value.facts == {"now": State.PUBLISHED, "wanted": State.PUBLISHED}
    events.close(session, event, by=BY, now=NOW)
    with pytest.raises(events.NotEditable):
        events.edit(session, event, chain.details(), by=BY, now=NOW)
    trail = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert trail == ["event.create", "event.published", "event.closed"]


def test_a_published_event_stays_complete(session):
    event = chain.event(session)
    with pytest.raises(events.PlaceMissing):
        events.edit(session, event, chain.details(place=""), by=BY, now=NOW)
    assert event.place == "市公共资源交易中心"


def test_an_edit_tells_the_audit_trail_which_fields_changed(session):
    event = chain.event(session)
    events.edit(session, event, chain.details(title="新标题", place="二楼"), by=BY, now=NOW)
    (entry,) = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.edit"))
    assert entry.detail == {"changed": ["title", "place"]}


def test_slugs_come_from_kind_and_local_day_and_stay_unique(session):
    first, second = chain.event(session), chain.event(session)
    assert (first.slug, second.slug) == ("open-day-20260325", "open-day-20260325-2")
    with pytest.raises(events.SlugTaken):
        chain.event(session, slug="open-day-20260325")


def test_quotas_stay_within_the_capacity_and_above_what_is_taken(session):
    event = chain.event(session, seats=10)
    enterprise = chain.category(session)
    with pytest.raises(events.QuotaAboveCapacity) as refusal:
        events.set_quotas(session, event, 10, {enterprise.id: 11}, by=BY, now=NOW)
    assert refusal.value.field == f"category-{enterprise.id}"
    chain.registration(session, event, companions=["赵一", "钱二"])
    with pytest.raises(QuotaBelowTaken) as refusal:
        events.set_quotas(session, event, 10, {enterprise.id: 2}, by=BY, now=NOW)
    assert refusal.value.facts == {"taken": 3, "wanted": 2}
    events.set_quotas(session, event, 10, {enterprise.id: 4}, by=BY, now=NOW)
    quota = event.category_quota(enterprise.id)
    assert quota is not None
    assert (quota.seats, quota.taken, quota.free) == (4, 3, 1)


def test_an_activity_lies_within_its_event_and_its_capacity(session):
    event = chain.event(session, seats=10)
    assert event.starts_at is not None
    with pytest.raises(activities.OutsideEvent):
        chain.activity(session, event, starts_at=event.starts_at - timedelta(minutes=1))
    with pytest.raises(events.QuotaAboveCapacity):
        chain.activity(session, event, seats=11)
    activity = chain.activity(session, event, seats=5)
    activities.edit(session, activity, ActivityDetails(title="座谈", seats=6), by=BY, now=NOW)
    assert (activity.title, activity.quota.seats) == ("座谈", 6)


def test_an_activity_that_somebody_chose_stays(session):
    event = chain.event(session)
    chosen, free = chain.activity(session, event), chain.activity(session, event, "座谈")
    chain.registration(session, event, activity_ids=[chosen.id])
    session.expire_all()
    with pytest.raises(activities.ActivityChosen):
        activities.remove(session, chosen, by=BY, now=NOW)
    activities.remove(session, free, by=BY, now=NOW)
    session.flush()
    session.expire_all()
    assert [activity.title for activity in event.activities] == ["参观开标大厅"]
    assert {quota.activity_id for quota in event.quotas} == {None, chosen.id}


def test_an_activity_goes_when_who_chose_it_has_cancelled_and_stays_while_somebody_waits_for_it(session):
    event = chain.event(session, seats=2)
    event.quota.held = 1  # so that no two people fit
    visit = chain.activity(session, event)
    first = chain.registration(session, event, activity_ids=[visit.id])
    second = chain.registration(session, event, "赵六", phone="13900000002", activity_ids=[visit.id], wait=True, companions=["钱七"])
    registrations.cancel(session, first, by="guest", now=NOW)
    assert (second.state, visit.quota.taken) == ("waiting", 0)
    with pytest.raises(activities.ActivityChosen) as refused:
        activities.remove(session, visit, by=BY, now=NOW)
    assert refused.value.facts == {"taken": 2}
    registrations.cancel(session, second, by="guest", now=NOW)
    activities.remove(session, visit, by=BY, now=NOW)
    session.flush()
    session.expire_all()
    assert (event.activities, first.activities, second.activities) == ([], [], [])


def test_registration_is_open_from_its_opening_to_its_closing(session):
    event = chain.event(
        session, registration_opens_at=NOW + timedelta(days=1), registration_closes_at=NOW + timedelta(days=2)
    )
    with pytest.raises(events.RegistrationNotYetOpen):
        events.require_open(event, now=NOW)
    events.require_open(event, now=NOW + timedelta(days=1))
    with pytest.raises(events.RegistrationOver):
        events.require_open(event, now=NOW + timedelta(days=2))


def test_the_public_sees_public_events_and_never_a_draft_or_a_rehearsal(session):
    shown = chain.event(session, title="公开")
    chain.event(session, visibility=Visibility.INVITED)
    chain.event(session, published=False)
    chain.event(session, kind=Kind.REHEARSAL)
    assert session.scalars(events.public()).all() == [shown]
    assert len(session.scalars(events.find()).all()) == 3
    assert session.scalars(events.find(words="公开")).all() == [shown]
