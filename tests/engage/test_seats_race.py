"""Nothing is oversold: threads and processes run for the last seats of a real database."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import chain
import pytest
import sqlalchemy as sa
from database import open_engine
from sqlalchemy.orm import Session

from engage import applications, events, people, registrations
from engage.parties import Attendee, State
from engage.quotas import EventFull, Quota
from surveys.base import Base


def one_guest(engine, slug, number):
    """Register one person in a transaction of one's own: True with a seat, False without."""
    with Session(engine) as session, session.begin():
        event = events.by_slug(session, slug)
        category = next(c for c in people.categories(session) if c.self_chosen)
        leader = applications.Person(name=f"来宾{number}", phone=f"139{number:08}")
        form = applications.Application(leader=leader, category=category, consent=True)
        try:
            registrations.register(session, event, form, by="guest", now=chain.NOW)
        except EventFull:
            return False
        return True


def guests_of_a_process(url, slug, numbers):
    options = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {"pool_size": 12}
    engine = open_engine(url, **options)
    with ThreadPoolExecutor(12) as threads:
        seated = list(threads.map(lambda number: one_guest(engine, slug, number), numbers))
    engine.dispose()
    return sum(seated)


def prepare(engine):
    with Session(engine) as session, session.begin():
        people.seed_categories(session)
        return chain.event(session, seats=5).slug


def taken_and_seated(engine):
    with Session(engine) as session:
        confirmed = sa.select(sa.func.count(Attendee.id)).where(Attendee.state == State.CONFIRMED)
        event_quota = sa.select(Quota.taken).where(Quota.category_id.is_(None))
        return session.scalar(event_quota), session.scalar(confirmed)


def test_24_threads_after_the_last_5_seats_seat_exactly_5(fresh_engine):
    slug = prepare(fresh_engine)
    with ThreadPoolExecutor(24) as threads:
        seated = list(threads.map(lambda number: one_guest(fresh_engine, slug, number), range(24)))
    assert sum(seated) == 5
    assert taken_and_seated(fresh_engine) == (5, 5)


def test_2_processes_of_12_threads_after_the_last_5_seats_seat_exactly_5(database_url):
    engine = open_engine(database_url)
    Base.metadata.create_all(engine)
    slug = prepare(engine)
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as processes:
        shares = [(database_url, slug, range(12)), (database_url, slug, range(12, 24))]
        assert sum(processes.starmap(guests_of_a_process, shares)) == 5
    assert taken_and_seated(engine) == (5, 5)
    engine.dispose()


def test_the_database_itself_refuses_an_oversold_limit(session):
    event = chain.event(session, seats=5)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.update(Quota).where(Quota.event_id == event.id).values(taken=6))
