"""Many invitations in the background: the request answers at once, the list shows how far it has come, a crash repeats nothing."""

import make
import pytest
import sqlalchemy as sa

from engage import batches, invitations, reminders
from engage.invitations import Invitation
from engage.outbox import Message, Purpose
from engage.reminders import Anchor
from webapp import jobs, mailings
from webapp.settings import Settings


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Three are many."""
    monkeypatch.setattr(batches, "STEP", 3)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    moment = [make.NOW]
    for module in ("mailings", "views.desk.invitations"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: moment[0])
    return moment


@pytest.fixture
def event(saved):
    with saved() as session:
        event = make.event(session, slug="open")
        kind = make.category(session)
        for _ in range(7):
            make.invitee(session, category=kind)
    return event


def count(saved, table):
    with saved() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


def work_off(app):
    with app.app_context():
        return mailings.work_off()


def test_many_are_invited_and_sent_without_a_request_waiting(app, signed_in, saved, event):
    browser = signed_in("organiser")
    added = browser.post("/desk/events/open/invitations/add", data={"everyone": "1"})
    assert (added.location, count(saved, Invitation)) == ("/desk/events/open/invitations", 0)
    page = browser.get(added.location)
    assert ("正在加入名单：0 / 7 人" in page.text, page.headers["Refresh"]) == (True, "3")
    work_off(app)
    page = browser.get(added.location)
    assert ("已将 7 人加入邀请名单" in page.text, "Refresh" in page.headers) == (True, False)
    browser.post("/desk/events/open/invitations/send")
    browser.post("/desk/events/open/invitations/send")
    assert (count(saved, Invitation), count(saved, Message)) == (7, 0)
    work_off(app)
    assert count(saved, Message) == 7
    assert "已生成 7 份邀请" in browser.get(added.location).text


def test_few_are_done_at_once(signed_in, saved, event):
    with saved() as session:
        for person in session.scalars(invitations.audience(event)).all()[:5]:
            invitations.invite(session, event, [person], by=make.BY, now=make.NOW)
    browser = signed_in("organiser")
    browser.post("/desk/events/open/invitations/add", data={"everyone": "1"})
    assert count(saved, Invitation) == 7


def test_after_a_crash_the_rest_is_done_and_nothing_twice(app, saved, event, monkeypatch):
    with saved() as session:
        batches.start(session, session.merge(event), batches.Kind.INVITE, by=make.BY, now=make.NOW)
        batches.start(session, session.merge(event), batches.Kind.SEND, by=make.BY, now=make.NOW)
    whole = invitations.send

    def crash(*args, **more):
        whole(*args, **more)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(invitations, "send", crash)
        with pytest.raises(SystemExit):
            work_off(app)
    assert (count(saved, Invitation), count(saved, Message)) == (7, 0)
    work_off(app)
    assert count(saved, Message) == 7
    assert work_off(app) == 0


def test_the_queue_hands_the_work_to_whoever_works_it(app, event, saved):
    with saved() as session:
        batches.start(session, session.merge(event), batches.Kind.INVITE, by=make.BY, now=make.NOW)
    settings = Settings(instance=app.extensions["engage_settings"].instance)
    with app.app_context():
        jobs.soon("invite")
    queue = jobs.make_queue(app, settings)
    task = queue.dequeue()
    queue.execute(task)
    queue.storage.close()
    assert count(saved, Invitation) == 7


def test_a_queue_out_of_order_stops_nobody(app, monkeypatch):
    monkeypatch.setattr(jobs, "_queue", lambda _settings: 1 / 0)
    with app.app_context():
        jobs.soon("invite")


def test_reminders_leave_at_their_time(app, saved, event, clock):
    with saved() as session:
        future = make.event(session, starts_at=make.NOW + 7 * reminders.PAUSE * 24, ends_at=make.NOW + 8 * reminders.PAUSE * 24,
                            registration_closes_at=None)
        make.invitation(session, future)
        invitations.send(session, future, by=make.BY, now=make.NOW)
        session.execute(sa.update(Message).values(state="sent"))
        reminders.add(session, future, Anchor.START, 1, by=make.BY, now=make.NOW)
    with app.app_context():
        assert mailings.remind() == 0
        clock[0] = future.starts_at - 24 * reminders.PAUSE
        assert [mailings.remind(), mailings.remind()] == [1, 0]
    with saved() as session:
        assert session.scalars(sa.select(Message.purpose).order_by(Message.id)).all() == [Purpose.INVITATION, Purpose.REMINDER]
