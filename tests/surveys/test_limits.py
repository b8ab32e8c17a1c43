"""A questionnaire takes as many responses as it may, and not one more, however many are sent at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import make
import pytest
from sqlalchemy.orm import Session

from surveys import doubts, questionnaires, responses
from surveys.doubts import QuestionnaireFull
from surveys.responses import LimitReached, submit

NOW = make.NOW
UUID = "6f1c1f0e-9d0a-4e5e-8a3c-0c7b7d1f2a10"


@pytest.mark.parametrize("anonymous", [False, True])
def test_sixteen_at_the_same_moment_fill_it_exactly(fresh_engine, anonymous):
    with Session(fresh_engine) as session, session.begin():
        number = make.questionnaire(session, anonymous=anonymous, most_responses=10).id
    start = threading.Barrier(16)

    def send(person):
        start.wait()
        taken = 0
        for turn in range(2):
            with Session(fresh_engine) as session:
                try:
                    submit(session, questionnaires.get(session, number), {"q3": "5"}, now=NOW, respondent=f"{person}-{turn}", secret="s")
                    session.commit()
                    taken += 1
                except LimitReached:
                    session.rollback()
        return taken

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(send, range(16))) == 10
    with Session(fresh_engine) as session:
        found = questionnaires.get(session, number)
        assert (responses.count(session, found), responses.full(session, found)) == (10, True)
        voted = sum(responses.answered(session, found, context="", respondent=f"{person}-{turn}", secret="s")
                    for person in range(16) for turn in range(2))
        assert voted == 10  # whoever was refused has not voted


def test_the_last_response_sent_again_is_still_the_first(session):
    made = make.questionnaire(session, most_responses=1)
    first = make.response(session, made, submission=UUID)
    assert make.response(session, made, submission=UUID).id == first.id
    with pytest.raises(LimitReached):
        make.response(session, made)


def test_what_was_left_out_makes_room_for_another(session):
    made = make.questionnaire(session, most_responses=1)
    spam = make.response(session, made)
    doubts.exclude(session, spam, reason="广告", now=NOW)
    assert make.response(session, made).id != spam.id
    with pytest.raises(LimitReached):
        make.response(session, made)
    with pytest.raises(QuestionnaireFull):
        doubts.include(session, spam, reason="看错了")
    assert spam.excluded_for == "广告"
    made.most_responses = 2
    doubts.include(session, spam, reason="看错了")
    assert (spam.excluded_at, responses.full(session, made)) == (None, True)


def test_without_a_limit_nothing_is_counted(session):
    made = make.questionnaire(session)
    assert responses.full(session, made) is False


def test_a_copy_is_answered_in_the_same_way_and_has_no_limit(session):
    made = make.questionnaire(session, access=questionnaires.Access.PERSONAL, most_responses=3)
    twin = questionnaires.copy(session, made, now=NOW)
    assert (made.access, twin.access, twin.most_responses) == (questionnaires.Access.PERSONAL, questionnaires.Access.PERSONAL, None)
