"""Exports that take long: ordered once, written by one worker, fetched only by whom they concern, gone after a day."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from make import BY, NOW

from engage import export_jobs
from engage.audit import AuditEntry
from engage.export_jobs import KEPT, SILENT, TRIES, ExportJob, Kind, NoSuchExport, Order, State
from engage.staff import Permission, Role, User

RAW = Order(Kind.RESPONSES, "csv", needs=Permission.ANALYSE)
BADGES = Order(Kind.BADGES, "pdf", needs=Permission.PEOPLE, parameters={"size": "a4-2x5"})


def user(name, role):
    return User(username=name, role=role, active=True)


def written(session, wanted, event=None, now=NOW):
    """A job that is ready."""
    job = export_jobs.order(session, event or make.event(session), wanted, by=BY, now=now)
    session.flush()
    assert export_jobs.claim(session, now=now).id == job.id
    export_jobs.finish(session, job.id, file=f"{job.key}.{job.format}", size=12, now=now)
    session.refresh(job)
    return job


def test_an_export_is_ordered_claimed_reported_and_finished(session):
    job = export_jobs.order(session, make.event(session), BADGES, by=BY, now=NOW)
    assert (job.state, export_jobs.due(session, now=NOW)) == (State.WAITING, True)
    claimed = export_jobs.claim(session, now=NOW)
    assert (claimed.key, claimed.state, claimed.parameters) == (job.key, State.RUNNING, {"size": "a4-2x5"})
    assert export_jobs.claim(session, now=NOW) is None
    export_jobs.report(session.connection(), job.id, 30, 40, now=NOW)
    session.refresh(job)
    assert (job.done, job.total) == (30, 40)
    export_jobs.finish(session, job.id, file="a.pdf", size=12, masked={"name": 3}, now=NOW)
    session.refresh(job)
    assert (job.state, job.done, job.total, job.file, job.size, job.expires_at) == (State.READY, 40, 40, "a.pdf", 12, NOW + KEPT)
    assert job.masked == {"name": 3}
    noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export")).one()
    assert (noted.by, noted.detail) == (BY, {"what": "badges.pdf", "size": "a4-2x5"})


def test_the_same_export_asked_for_twice_is_one_job_until_it_is_done(session):
    event = make.event(session)
    first, again = (export_jobs.order(session, event, RAW, by=BY, now=NOW) for _ in range(2))
    other = export_jobs.order(session, event, RAW, by="user:li", now=NOW)
    assert (first is again, first is other) == (True, False)
    session.execute(sa.update(ExportJob).values(state=State.READY))
    assert export_jobs.order(session, event, RAW, by=BY, now=NOW).id != first.id


def test_a_worker_that_fell_silent_is_followed_by_another_but_not_for_ever(session):
    job = export_jobs.order(session, make.event(session), RAW, by=BY, now=NOW)
    session.flush()
    for turn in range(TRIES):
        assert export_jobs.claim(session, now=NOW + turn * 2 * SILENT).tries == turn + 1
    later = NOW + TRIES * 2 * SILENT
    assert export_jobs.claim(session, now=later) is None
    session.refresh(job)
    assert (job.state, job.refusal) == (State.FAILED, "export_interrupted")


def test_a_worker_that_reports_is_left_alone(session):
    job = export_jobs.order(session, make.event(session), RAW, by=BY, now=NOW)
    session.flush()
    export_jobs.claim(session, now=NOW)
    export_jobs.report(session.connection(), job.id, 1, 2, now=NOW + SILENT)
    assert export_jobs.claim(session, now=NOW + SILENT + timedelta(minutes=1)) is None


@pytest.mark.parametrize("wanted, name, role, seen", [
    (RAW, "wang", Role.ORGANISER, True), (RAW, "li", Role.ANALYST, True), (RAW, "li", Role.VIEWER, False), (RAW, "wang", Role.DOOR, False),
    (BADGES, "wang", Role.ORGANISER, True), (BADGES, "li", Role.ADMIN, False), (BADGES, "wang", Role.ANALYST, False),
])
def test_only_who_ordered_an_export_or_may_analyse_it_gets_it(session, wanted, name, role, seen):
    job = written(session, wanted)
    assert [one.id for one in export_jobs.visible(session, job.event, user(name, role))] == [job.id] * seen
    if seen:
        assert export_jobs.fetch(session, job.key, user(name, role), now=NOW) is job
        assert session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export.fetch")).one().by == f"user:{name}"
    else:
        with pytest.raises(NoSuchExport):
            export_jobs.fetch(session, job.key, user(name, role), now=NOW)


def test_a_file_can_be_fetched_for_a_day_and_is_then_forgotten(session):
    old, new = written(session, RAW), written(session, RAW, now=NOW + timedelta(hours=1))
    with pytest.raises(NoSuchExport):
        export_jobs.fetch(session, old.key, user("wang", Role.ADMIN), now=NOW + KEPT)
    assert (export_jobs.due(session, now=NOW), export_jobs.due(session, now=NOW + KEPT)) == (False, True)
    assert export_jobs.expire(session, now=NOW + KEPT) == [new.file]
    assert session.scalars(sa.select(ExportJob.key)).all() == [new.key]


def test_a_refusal_ends_a_job_and_is_told(session):
    job = export_jobs.order(session, make.event(session), RAW, by=BY, now=NOW)
    session.flush()
    export_jobs.claim(session, now=NOW)
    export_jobs.fail(session, job.id, "nobody_chosen", now=NOW)
    session.refresh(job)
    assert (job.state, job.refusal, job.file) == (State.FAILED, "nobody_chosen", "")
