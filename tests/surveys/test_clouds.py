"""Words of open answers for a cloud: counted by answers, without what tells who somebody is, shown when staff have approved them."""

import make
import pytest
from database import count_queries

from surveys import clouds, form_of
from surveys.deidentify import Mask

SAID = ("大厅引导标识清楚，讲解细致", "讲解细致，讲解员耐心", "请联系张三，电话13812345678，停车不便")


@pytest.fixture
def asked(session):
    """A questionnaire with two open questions, and the first of these with answers of two occasions."""
    questionnaire = make.questionnaire(session, asks=[{"kind": "long_text", "text": "您的意见"}, {"kind": "text", "text": "一个词"}])
    for text in SAID:
        make.response(session, questionnaire, {"q1": text, "q2": "透明"}, context="spring")
    make.response(session, questionnaire, {"q1": "讲解细致"}, context="autumn")
    return questionnaire, form_of(session, questionnaire).questions


def test_a_word_counts_once_for_each_answer_the_most_frequent_first(session, asked):
    questionnaire, questions = asked
    with count_queries(session) as seen:
        found = clouds.counted(session, questionnaire, questions, context="spring", mask=Mask())
    words = found[questions[0].id]
    assert (len(seen), list(words)[:2], words["讲解"], words["细致"], words["停车"]) == (1, ["细致", "讲解"], 2, 2, 1)
    assert found[questions[1].id] == {"透明": 3}


def test_names_and_numbers_are_never_offered(session, asked):
    questionnaire, (asks, _) = asked
    with_names = clouds.counted(session, questionnaire, [asks], context="spring", mask=Mask(["张三"]))[asks.id]
    assert not [word for word in with_names if "张三" in word or any(character.isdigit() for character in word)]
    assert "停车" in with_names


def test_nothing_is_shown_before_it_is_approved_and_what_is_new_waits(session, asked, now):
    _, (asks, other) = asked
    decided = clouds.decisions(session, [asks.id], context="spring")[asks.id]
    found = {"讲解": 2, "细致": 2, "停车": 1}
    assert clouds.approved(found, decided) == []
    clouds.decide(session, asks, ["停车", "讲解"], context="spring", approved=True, now=now)
    clouds.decide(session, asks, ["停车", "细致", "长" * 41], context="spring", approved=False, now=now)
    decided = clouds.decisions(session, [asks.id, other.id], context="spring")
    assert decided == {asks.id: {"讲解": True, "停车": False, "细致": False}, other.id: {}}
    assert clouds.approved(found | {"新词": 5}, decided[asks.id]) == [("讲解", 2)]
    assert clouds.decisions(session, [asks.id], context="autumn") == {asks.id: {}}
    clouds.decide(session, asks, [], context="spring", approved=True, now=now)
