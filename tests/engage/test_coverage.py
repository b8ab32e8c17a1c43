"""Coverage: who, and which organisations, categories and districts, have not been invited for a while."""

from datetime import UTC, datetime, timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from make import BY, NOW

from engage import batches, coverage, events, invitations, outbox, people
from engage.coverage import By, Look
from engage.invitations import State
from engage.outbox import Message

YEAR = coverage.months_before(NOW, 12)


def look(by=By.INVITEE, *, since=YEAR, name="", **wanted):
    return Look(by=by, since=since, people=people.find_invitees(**wanted), name=name)


def told(session, wanted, *, sort="last"):
    """What was not invited: its name, its people, who of them waits, when and to what it was last invited."""
    keys = session.scalars(coverage.gaps(wanted, sort=sort)).all()
    return [
        (gap.subject if isinstance(gap.subject, str) else gap.subject.name, gap.people, gap.waiting,
         gap.at and gap.at.astimezone(NOW.tzinfo).date().isoformat(), gap.event and gap.event.title)
        for gap in coverage.describe(session, wanted, keys)
    ]


def names(session, wanted, *, sort="last"):
    return [row[0] for row in told(session, wanted, sort=sort)]


def asked(session, person, on, *, title="开放日", state="published"):
    """The person, invited to an event of this title on this day."""
    event = make.event(session, title=title)
    made = make.invitation(session, event, invitee=person)
    made.state, made.invited_at = State.INVITED, datetime.fromisoformat(f"{on}T09:00+08:00")
    if state == "cancelled":
        events.cancel(session, event, by=BY, now=NOW)
    session.flush()
    return made


@pytest.fixture
def office(session):
    """甲 was invited last month, 乙 two years ago and then a year and a half ago, 丙 never; 丁 of 乙's organisation never."""
    deputy, firm = make.category(session, name="代表", code="a_deputy"), make.category(session, name="企业", code="b_firm", name_en="Firms")
    of = {
        "甲": make.invitee(session, name="甲", category=deputy, organisation="一局", district="东区"),
        "乙": make.invitee(session, name="乙", category=firm, organisation="二公司", district="西区"),
        "丙": make.invitee(session, name="丙", category=deputy, organisation="一局", district="西区"),
        "丁": make.invitee(session, name="丁", category=firm, organisation="二公司", district=""),
    }
    asked(session, of["甲"], "2026-02-18", title="二月开放日")
    asked(session, of["乙"], "2024-03-01", title="老开放日")
    asked(session, of["乙"], "2024-09-18", title="秋季开放日")
    return of


def test_people_who_were_never_invited_come_first_then_those_longest_ago(session, office):
    assert told(session, look()) == [
        ("丁", 1, 0, None, None), ("丙", 1, 0, None, None), ("乙", 1, 0, "2024-09-18", "秋季开放日")]
    assert names(session, look(), sort="-last") == ["乙", "丁", "丙"]
    assert names(session, look(), sort="-name") == list(reversed(names(session, look(), sort="name")))
    assert names(session, look(since=coverage.months_before(NOW, 24))) == ["丁", "丙"]


def test_an_organisation_a_category_or_a_district_is_invited_with_anybody_of_it(session, office):
    assert told(session, look(By.ORGANISATION)) == [("二公司", 2, 0, "2024-09-18", "秋季开放日")]
    assert told(session, look(By.CATEGORY)) == [("企业", 2, 0, "2024-09-18", "秋季开放日")]
    assert told(session, look(By.DISTRICT)) == [("西区", 2, 0, "2024-09-18", "秋季开放日")]
    assert {by: coverage.counts(session, look(by)) for by in By} == {
        By.INVITEE: (3, 4), By.ORGANISATION: (1, 2), By.CATEGORY: (1, 2), By.DISTRICT: (1, 2)}


def test_a_category_that_nobody_is_known_of_is_a_gap_until_it_is_retired(session, office):
    media = make.category(session, name="媒体", code="c_media")
    assert told(session, look(By.CATEGORY)) == [("媒体", 0, 0, None, None), ("企业", 2, 0, "2024-09-18", "秋季开放日")]
    assert told(session, look(By.CATEGORY), sort="-people")[0][0] == "企业"
    people.retire_category(session, media, by=BY, now=NOW)
    assert names(session, look(By.CATEGORY)) == ["企业"]


def test_only_some_of_the_people_are_looked_at_and_groups_are_searched_by_name(session, office):
    deputy = office["甲"].category
    assert names(session, look(category=deputy)) == ["丙"]
    assert names(session, look(text="二公司")) == ["丁", "乙"]
    assert told(session, look(By.ORGANISATION, district="西区")) == [
        ("一局", 1, 0, None, None), ("二公司", 1, 0, "2024-09-18", "秋季开放日")]
    assert names(session, look(By.ORGANISATION, name="公司")) == ["二公司"]
    assert names(session, look(By.CATEGORY, name="firms")) == ["企业"]
    assert names(session, look(By.DISTRICT, name="%")) == []


def test_a_drafted_invitation_reaches_nobody_and_is_told_while_it_can_be_sent(session, office):
    coming, gone = make.event(session, state="draft"), make.event(session)
    invitations.invite(session, coming, [office["丙"].id], by=BY, now=NOW)
    invitations.invite(session, gone, [office["丁"].id], by=BY, now=NOW)
    events.close(session, gone, by=BY, now=NOW)
    assert told(session, look())[:2] == [("丁", 1, 0, None, None), ("丙", 1, 1, None, None)]
    assert told(session, look(By.DISTRICT)) == [("西区", 2, 1, "2024-09-18", "秋季开放日")]


def test_a_link_that_was_opened_or_answered_without_a_message_counts(session, office):
    event = make.event(session, title="今日开放日")
    opened, answered = (make.invitation(session, event, invitee=office[name]) for name in "丙丁")
    invitations.opened(session, opened, now=NOW)
    invitations.answer(session, answered, State.DECLINED, by=BY, now=NOW)
    assert names(session, look()) == ["乙"]


def test_an_invitation_that_came_back_reached_nobody_and_one_to_a_cancelled_event_did(session, office):
    back = asked(session, office["丙"], "2026-03-01")
    outbox.post_many(session, [{
        "event_id": back.event_id, "invitation_id": back.id, "purpose": outbox.Purpose.INVITATION, "channel": outbox.Channel.EMAIL,
        "name": "丙", "address": "nobody@example.com"}], now=NOW)
    session.execute(sa.update(Message).values(state=outbox.State.FAILED))
    asked(session, office["丁"], "2026-03-01", state="cancelled")
    assert told(session, look()) == [("丙", 1, 0, None, None), ("乙", 1, 0, "2024-09-18", "秋季开放日")]


def test_those_found_are_the_people_of_all_that_was_not_invited_or_of_what_was_picked(session, office):
    def who(wanted, keys=None):
        ids = set(session.scalars(coverage.members(wanted, keys)))
        return {name for name, person in office.items() if person.id in ids}

    assert who(look()) == {"乙", "丙", "丁"}
    assert who(look(), [office["丙"].id, office["甲"].id]) == {"丙"}
    assert who(look(By.ORGANISATION), ["二公司", "一局"]) == {"乙", "丁"}
    assert who(look(By.CATEGORY), [office["乙"].category_id]) == {"乙", "丁"}
    assert who(look(By.DISTRICT)) == {"乙", "丙"}
    assert who(look(By.DISTRICT), []) == set()


@pytest.mark.parametrize("by", By)
def test_thirty_take_no_more_queries_than_one(session, office, by):
    def queries():
        session.flush()
        with count_queries(session) as seen:
            wanted = look(by)
            coverage.counts(session, wanted)
            coverage.describe(session, wanted, session.scalars(coverage.gaps(wanted)).all())
        return len(seen)

    one = queries()
    for number in range(30):
        person = make.invitee(session, organisation=f"单位{number}", district=f"{number}区")
        asked(session, person, "2024-01-01")
    assert queries() == one


def test_months_are_the_calendars():
    assert coverage.months_before(datetime(2026, 3, 31, 9, tzinfo=UTC), 1) == datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert coverage.months_before(datetime(2026, 3, 31, 9, tzinfo=UTC), 3) == datetime(2025, 12, 31, 9, tzinfo=UTC)
    assert coverage.months_before(datetime(2026, 3, 31, 9, tzinfo=UTC), 15) == datetime(2024, 12, 31, 9, tzinfo=UTC)


def test_whoever_was_invited_exactly_so_long_ago_is_still_covered(session, office):
    asked(session, office["丙"], "2025-03-18")
    assert names(session, look()) == ["丁", "乙"]
    assert names(session, look(since=YEAR + timedelta(seconds=1))) == ["丁", "乙", "丙"]


def test_many_that_were_picked_are_invited_step_by_step_and_once(session, office, monkeypatch):
    monkeypatch.setattr(batches, "STEP", 2)
    event = make.event(session)
    found = coverage.members(look())
    assert [batches.start_picked(session, event, found, by=BY, now=NOW) for _ in range(2)] == [3, 0]
    (batch,) = batches.unfinished(session)
    assert [batches.step(session, batch, now=NOW) for _ in range(3)] == [True, True, False]
    done = session.get_one(batches.Batch, batch)
    assert (done.done, done.total, done.finished_at) == (3, 3, NOW)
    assert session.scalars(sa.select(batches.BatchInvitee.invitee_id)).all() == []
    invited = session.scalars(sa.select(invitations.Invitation.invitee_id).where(invitations.Invitation.event_id == event.id))
    assert set(invited) == {office[name].id for name in "乙丙丁"}


def test_an_organisation_is_one_however_it_is_written_and_called_as_most_write_it(session):
    firm = make.category(session, name="企业")
    for number, organisation in enumerate([
        "丰和（郑州）建设 有限公司", "丰和(郑州)建设有限公司", "丰和(郑州)建设有限公司", "丰和〔郑州〕建设有限公司", "丰和(郑州)建设有限责任公司", "ＡＢＣ Ltd", "abc ltd", "abc ltd",
    ]):
        make.invitee(session, name=f"来宾{number}", category=firm, organisation=organisation)
    every = look(By.ORGANISATION)
    assert [(row[0], row[1]) for row in told(session, every, sort="-people")] == [
        ("丰和(郑州)建设有限公司", 4), ("abc ltd", 3), ("丰和(郑州)建设有限责任公司", 1)]
    (key,) = session.scalars(coverage.gaps(look(By.ORGANISATION, name="丰和（郑州） 建设有限公司"))).all()
    assert len(session.scalars(coverage.members(every, [key])).all()) == len(session.scalars(people.find_invitees(text="丰和【郑州】建设有限公司")).all()) == 4
