"""Options with a limited number of places: never more than there are, whoever comes at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from sqlalchemy.orm import Session

from surveys import doubts, forms, questionnaires, questions, quotas, responses, submit
from surveys.quotas import OptionCount, OptionFull
from surveys.responses import InvalidAnswers
from surveys.walks import OptionNotShown

WRITERS, PLACES = 16, 5


def build(session, *, quota=2, required=True, **changes):
    return make.questionnaire(session, asks=[{
        "kind": "multiple", "text": "参加哪一场", "required": required, "options": [{"label": "上午场", "quota": quota}, {"label": "下午场"}],
    }], **changes)


def test_a_full_option_is_refused_and_another_can_be_picked(session, now):
    made = build(session)
    for picked in ("1", ["1", "2"]):
        submit(session, made, {"q1": picked}, now=now, context="spring")
    with pytest.raises(InvalidAnswers) as caught:
        submit(session, made, {"q1": "1"}, now=now, context="spring")
    assert {code: (type(one), one.facts) for code, one in caught.value.problems.items()} == {"q1": (OptionFull, {"option": "上午场"})}
    submit(session, made, {"q1": "2"}, now=now, context="spring")
    submit(session, made, {"q1": "1"}, now=now, context="autumn")  # every occasion has places of its own
    assert responses.counts(session, [made.id]) == {made.id: 4}
    form = forms.form_of(session, made)
    assert [set(quotas.full(session, form, context=context)) for context in ("spring", "autumn")] == [{("q1", "1")}, set()]
    assert dict(session.execute(sa.select(OptionCount.context, OptionCount.taken)).all()) == {"spring": 2, "autumn": 1}


def test_nobody_must_pick_where_no_place_is_left(session, now):
    made = make.questionnaire(session, asks=[{
        "kind": "single", "text": "场次", "required": True, "options": [{"label": "上午场", "quota": 1}, {"label": "下午场", "quota": 1}],
    }])
    for code in "12":
        submit(session, made, {"q1": code}, now=now)
    submit(session, made, {}, now=now)
    with pytest.raises(InvalidAnswers):
        responses.check(forms.form_of(session, made), {"q1": "1"}, full={("q1", "1")})


def test_a_sheet_sent_again_takes_no_second_place(session, now):
    made = build(session, quota=1)
    sent = {"now": now, "submission": "5e0a9a0e-0000-4000-8000-000000000001"}
    first = submit(session, made, {"q1": "1"}, **sent)
    assert submit(session, made, {"q1": "1"}, **sent).id == first.id
    assert session.scalar(sa.select(OptionCount.taken)) == 1


def test_what_is_left_out_gives_its_place_back_and_takes_it_again_when_there_is_one(session, now):
    made = build(session, quota=1)
    first = submit(session, made, {"q1": ["1", "2"]}, now=now, context="spring")
    for _ in range(2):
        doubts.exclude(session, first, reason="重复", now=now)  # twice is once
    second = submit(session, made, {"q1": "1"}, now=now, context="spring")
    with pytest.raises(doubts.NoPlaceLeft) as caught:
        doubts.include(session, first, reason="看错了")
    assert (caught.value.facts, first.excluded_for) == ({"option": "上午场"}, "重复")
    doubts.exclude(session, second, reason="重复", now=now)
    for _ in range(2):
        doubts.include(session, first, reason="看错了")
    assert (first.excluded_at, session.scalars(sa.select(OptionCount.taken)).all()) == (None, [1])


def test_a_place_is_given_back_by_who_took_one_and_found_again_among_those_there_are_now(session, now):
    made = build(session, quota=None)
    free = submit(session, made, {"q1": "1"}, now=now)
    question = made.sections[0].questions[0]
    for quota in (1, 2):
        questions.edit_question(session, question, options=[{**question.options[0], "quota": quota}, question.options[1]], now=now)
        questionnaires.publish(session, made, now=now)
        taken = submit(session, made, {"q1": "1"}, now=now)
    doubts.exclude(session, free, reason="重复", now=now)
    assert session.scalar(sa.select(OptionCount.taken)) == 2
    for one in (taken, free):
        doubts.exclude(session, one, reason="重复", now=now)
        doubts.include(session, one, reason="看错了")
    assert session.scalar(sa.select(OptionCount.taken)) == 2


def test_an_option_that_is_not_shown_cannot_be_picked(session, now):
    made = make.questionnaire(session, asks=[
        {"kind": "single", "text": "身份", "options": ["业主", "代理"]},
        {"kind": "single", "text": "业务", "options": [{"label": "招标", "show_if": {"picked": ["q1", "1"]}}, {"label": "投标"}]},
    ])
    with pytest.raises(InvalidAnswers) as caught:
        submit(session, made, {"q1": "2", "q2": "1"}, now=now)
    assert type(caught.value.problems["q2"]) is OptionNotShown
    submit(session, made, {"q1": "1", "q2": "1"}, now=now)


def test_quotas_cost_one_read_and_a_write_for_each_place_and_nothing_elsewhere(session, now):
    made, plain = build(session), make.questionnaire(session, asks=[{"kind": "text", "text": "意见"}])
    for one in (made, plain):
        submit(session, one, {"q1": "2"}, now=now)
    with count_queries(session) as seen:
        responses.store(session, plain, {"q1": "好"}, now=now)
    assert len(seen) == 2
    with count_queries(session) as seen:
        responses.store(session, made, {"q1": ["1", "2"]}, now=now)
    assert (len(seen), len(seen.writes)) == (4, 3)


def test_the_last_places_are_taken_once(fresh_engine, now):
    with Session(fresh_engine) as session:
        number = build(session, quota=PLACES).id
        session.commit()

    def come(_: int) -> str:
        with Session(fresh_engine) as session:
            try:
                submit(session, questionnaires.get(session, number), {"q1": "1"}, now=now, context="spring")
            except InvalidAnswers as refused:
                session.rollback()
                return ", ".join(problem.code for problem in refused.problems.values())
            session.commit()
            return "taken"

    with ThreadPoolExecutor(WRITERS) as writers:
        outcomes = list(writers.map(come, range(WRITERS)))
    with Session(fresh_engine) as session:
        stored = session.scalar(sa.select(sa.func.count()).select_from(responses.Answer))
        assert (session.scalar(sa.select(OptionCount.taken)), stored) == (PLACES, PLACES)
    assert (outcomes.count("taken"), outcomes.count("option_full")) == (PLACES, WRITERS - PLACES)
