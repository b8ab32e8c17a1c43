"""Builders and fixtures do what the other tests rely on."""

import make
import pytest
import sqlalchemy as sa
from database import count_queries, undone

from engage.events import Event, State
from engage.parties import Attendee
from engage.people import Category


def test_a_session_keeps_a_savepoints_failure_to_itself(session):
    make.category(session, code="guest")
    session.commit()
    savepoint = session.begin_nested()
    session.add(Category(code="guest", name="又一类"))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    savepoint.rollback()
    assert session.scalars(sa.select(Category.code)).all() == ["guest"]


test_nothing_is_left_by_the_test_before = test_a_session_keeps_a_savepoints_failure_to_itself


def test_an_example_is_undone(session):
    with undone(session):
        make.category(session)
    assert session.scalars(sa.select(Category)).all() == []


def test_queries_are_counted_without_savepoints(session):
    with count_queries(session) as seen, session.begin_nested():
        session.execute(sa.select(Category))
        session.execute(sa.update(Category).values(position=1))
    assert (len(seen), len(seen.writes)) == (2, 1)


def test_own_databases_start_with_tables_and_without_rows(fresh_engine):
    with fresh_engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Category)) == 0


@pytest.mark.parametrize("state", list(State))
def test_an_event_comes_in_every_state(session, state):
    assert make.event(session, state=state).state is state


def test_a_party_registers_by_invitation(session):
    event = make.event(session, visibility="invited")
    activity = make.activity(session, event)
    registration = make.registration(
        session, event, invitation=make.invitation(session, event), companions=2, activity_ids=[activity.id],
    )
    assert session.scalar(sa.select(sa.func.count()).select_from(Attendee)) == 3
    assert registration.activities == [activity]


def test_a_questionnaire_asks_in_every_kind_and_is_answered(session):
    questionnaire = make.questionnaire(session)
    assert [question.code for question in questionnaire.sections[0].questions] == ["q1", "q2", "q3", "q4", "q5", "q6"]
    assert make.response(session, questionnaire).questionnaire_id == questionnaire.id


def test_what_a_web_test_saves_is_there_for_the_app(saved):
    with saved() as session:
        event = make.event(session)
    with saved() as session:
        assert session.scalars(sa.select(Event.slug)).all() == [event.slug]


def test_staff_reaches_the_desk_and_a_guest_is_sent_to_sign_in(client, signed_in):
    assert client.get("/desk/").location.startswith("/desk/sign-in")
    assert signed_in("admin").get("/desk/").status_code == 200
