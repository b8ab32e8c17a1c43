"""Answers are judged as a whole, stored once, and an anonymous one cannot be joined to who gave it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from database import count_queries
from sqlalchemy.orm import Session

from surveys import questionnaires, questions, responses
from surveys.ballots import Ballot
from surveys.responses import AlreadyAnswered, Answer, Changed, InvalidAnswers, NotOpen, Response, answered, submit

UUID = "6f1c1f0e-9d0a-4e5e-8a3c-0c7b7d1f2a10"


def build(session, now, **details):
    made = questionnaires.create(session, title="问卷", now=now, **details)
    section = questions.add_section(session, made, now=now)
    questions.add_question(session, section, kind="single", text="甲？", required=True, options=["是", "否"],
                           settings={"other": True}, now=now)
    questions.add_question(session, section, kind="multiple", text="乙？", options=["一", "二", "三"], now=now)
    questions.add_question(session, section, kind="scale", text="丙？", now=now)
    questions.add_question(session, section, kind="long_text", text="丁？", now=now)
    questionnaires.open_for_answers(session, made, now=now)
    return made


@pytest.fixture
def questionnaire(session, now):
    return build(session, now)


@pytest.fixture
def anonymous(session, now):
    return build(session, now, anonymous=True)


def stored(session):
    """Every answer row, as the code of its question and what it holds."""
    codes = {question.id: question.code for question in session.scalars(sa.select(questionnaires.Question))}
    rows = session.execute(sa.select(Answer.question_id, Answer.place, Answer.choice, Answer.number, Answer.text))
    return sorted(((codes[row[0]], *row[1:]) for row in rows), key=lambda row: row[:2])


def test_a_form_is_stored_row_by_row(session, questionnaire, now):
    raw = {"csrf_token": ["x"], "q1": ["other"], "q1.other": ["看情况"], "q2": ["3", "1"], "q3": ["4"], "q4": [" 很好\r\n谢谢 "]}
    response = submit(session, questionnaire, raw, now=now, context="open-day", segment="deputy", respondent="a",
                      submission=UUID, language="en")
    session.expire_all()
    assert stored(session) == [
        ("q1", 0, "other", None, "看情况"), ("q2", 0, "1", None, None), ("q2", 1, "3", None, None),
        ("q3", 0, None, 4, None), ("q4", 0, None, None, "很好\n谢谢"),
    ]
    assert (response.questionnaire_id, response.context, response.segment, response.respondent, response.submission) == (
        questionnaire.id, "open-day", "deputy", "a", UUID,
    )
    assert (response.submitted_on, response.submitted_at, response.language) == (date(2026, 3, 18), now, "en")
    assert responses.count(session, questionnaire) == 1
    assert responses.count(session, questionnaire, context="other day") == 0
    assert responses.counts(session, [questionnaire.id, 4711]) == {questionnaire.id: 1, 4711: 0}


def test_all_wrong_answers_are_told_at_once_and_nothing_is_stored(session, questionnaire, now):
    with pytest.raises(InvalidAnswers) as caught:
        submit(session, questionnaire, {"q2": "9", "q3": "9", "q4": "好"}, now=now)
    assert {code: problem.code for code, problem in caught.value.problems.items()} == {
        "q1": "missing", "q2": "unknown_option", "q3": "unknown_option",
    }
    assert (responses.count(session, questionnaire), stored(session)) == (0, [])


def test_the_same_form_sent_again_gets_the_first_response_and_changes_nothing(session, questionnaire, now):
    first = submit(session, questionnaire, {"q1": "1"}, now=now, respondent="a", submission=UUID)
    again = submit(session, questionnaire, {"q1": "2"}, now=now, respondent="a", submission=UUID)
    invalid = submit(session, questionnaire, {}, now=now, submission=UUID)
    questionnaires.close(session, questionnaire, now=now)
    late = submit(session, questionnaire, {"q1": "2"}, now=now, submission=UUID)
    assert {first.id, again.id, invalid.id, late.id} == {first.id}
    assert stored(session) == [("q1", 0, "1", None, None)]


@pytest.mark.parametrize("kind", ["questionnaire", "anonymous"])
def test_a_person_answers_once_on_each_occasion(session, kind, request, now):
    made = request.getfixturevalue(kind)
    submit(session, made, {"q1": "1"}, now=now, context="spring", respondent="a")
    with pytest.raises(AlreadyAnswered):
        submit(session, made, {"q1": "2"}, now=now, context="spring", respondent="a")
    submit(session, made, {"q1": "2"}, now=now, context="autumn", respondent="a")
    submit(session, made, {"q1": "2"}, now=now, context="spring", respondent="b")
    assert responses.count(session, made, context="spring") == 2
    assert [answered(session, made, context="spring", respondent=one) for one in "abc"] == [True, True, False]


def test_an_open_link_takes_any_number_of_answers(session, questionnaire, now):
    assert len({submit(session, questionnaire, {"q1": "1"}, now=now).id for _ in range(3)}) == 3


def test_an_anonymous_answer_keeps_the_month_and_nothing_of_the_person(session, anonymous, now):
    submit(session, anonymous, {"q1": "1"}, now=now, context="spring", segment="deputy", respondent="attendee-77", language="en", secret="s")
    session.expire_all()
    response = session.scalars(sa.select(Response)).one()
    assert (response.respondent, response.submitted_at, response.submitted_on, response.language) == (None, None, date(2026, 3, 1), "")
    assert {column.name for column in Ballot.__table__.columns} == {"questionnaire_id", "context", "respondent"}
    everything = [str(row) for table in (Response, Answer, Ballot) for row in session.execute(sa.select(table.__table__))]
    assert not [row for row in everything if "attendee-77" in row]


def test_a_refused_ballot_leaves_no_response_behind(session, anonymous, now):
    submit(session, anonymous, {"q1": "1"}, now=now, respondent="a", submission=UUID)
    with pytest.raises(AlreadyAnswered):
        submit(session, anonymous, {"q1": "2"}, now=now, respondent="a")
    assert (responses.count(session, anonymous), len(stored(session))) == (1, 1)


def test_a_closed_or_late_questionnaire_takes_nothing(session, questionnaire, now):
    questionnaires.edit(session, questionnaire, closes_at=now + timedelta(hours=1), now=now)
    for late in (True, False):
        if not late:
            questionnaires.close(session, questionnaire, now=now)
        with pytest.raises(NotOpen):
            submit(session, questionnaire, {"q1": "1"}, now=now + timedelta(hours=late))
    assert responses.count(session, questionnaire) == 0


def test_answers_judged_by_questions_that_were_changed_meanwhile_are_not_taken(session, questionnaire, now):
    session.execute(sa.update(questionnaires.Questionnaire.__table__).values(edition=1))
    with pytest.raises(Changed):
        submit(session, questionnaire, {"q1": "1"}, now=now)
    assert (responses.count(session, questionnaire), stored(session)) == (0, [])


def test_a_submit_takes_three_writes_at_most_and_reads_nothing_once_the_form_is_known(session, anonymous, now):
    submit(session, anonymous, {"q1": "1"}, now=now)
    with count_queries(session) as seen:
        responses.store(session, anonymous, {"q1": "1", "q2": ["1", "2"], "q3": 5, "q4": "好"}, now=now, respondent="a", submission=UUID)
    assert (len(seen), len(seen.writes)) == (3, 3)


@pytest.mark.parametrize("is_anonymous", [False, True])
@pytest.mark.parametrize("given, outcomes", [
    ({"respondent": "a"}, ["AlreadyAnswered", "stored"]),
    ({"submission": UUID}, ["stored", "stored"]),
])
def test_two_at_the_same_moment_are_stored_once(fresh_engine, now, is_anonymous, given, outcomes):
    with Session(fresh_engine) as session:
        number = build(session, now, anonymous=is_anonymous).id
        session.commit()
    start = threading.Barrier(2)

    def send(choice):
        start.wait()
        with Session(fresh_engine) as session:
            try:
                submit(session, questionnaires.get(session, number), {"q1": choice, "q2": ["1", "2"]}, now=now, **given)
            except AlreadyAnswered as refusal:
                return type(refusal).__name__
            session.commit()
            return "stored"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, ["1", "2"])) == outcomes
    with Session(fresh_engine) as session:
        assert (responses.counts(session, [number]), len(stored(session))) == ({number: 1}, 3)
