import make
import pytest
from database import count_queries
from openday import open_day, questioned

from engage.reports import Turnout, conclusion, event_summary
from surveys.forms import whole_form


def counted(session, event):
    return event_summary(session, event, now=make.NOW)


def test_every_category_has_its_figures_and_their_sum_is_the_total(session):
    day = open_day(session)
    summary = counted(session, day.event)
    deputies = Turnout(invited=4, opened=2, accepted=2, declined=1, registered=5, arrived=3, responses=3)
    village = Turnout(registered=2, arrived=1, responses=2)
    assert {one.code: one.turnout for one in summary.categories} == {day.deputies.code: deputies, day.village.code: village}
    assert summary.total == Turnout(invited=4, opened=2, accepted=2, declined=1, registered=7, arrived=4, responses=5)
    assert [one.turnout.arrival_share for one in summary.categories] == [0.6, 0.5]


def test_categories_stand_in_the_offices_order_with_names_in_both_languages(session):
    summary = counted(session, open_day(session).event)
    assert [(one.label("zh"), one.label("en")) for one in summary.categories] == [("代表", "Delegate"), ("村民", "Villager")]
    assert list(summary.segments("en").values()) == ["Delegate", "Villager"]


def test_activities_count_the_people_of_standing_parties(session):
    summary = counted(session, open_day(session).event)
    assert [(one.title, one.chosen) for one in summary.activities] == [("Visit", 3), ("Talk", 5)]


def test_the_questionnaire_is_counted_in_this_event_only(session):
    summary = counted(session, open_day(session).event)
    assert [one.tally.answered for one in summary.questions] == [5, 4, 3, 3, 3]
    assert {row.code: row.count for row in summary.questions[0].tally.rows} == {"5": 1, "4": 1, "3": 1, "2": 1, "1": 1}
    assert summary.satisfied == pytest.approx(3 / 5)


def test_answers_from_nobody_knows_whom_have_a_row_of_their_own(session):
    day = open_day(session)
    make.response(session, day.questionnaire, {"q1": "5"}, context=day.event.slug)
    summary = counted(session, day.event)
    assert [(one.code, one.label("zh"), one.turnout) for one in summary.categories][-1] == ("", "未注明类别", Turnout(responses=1))
    assert summary.segments("en")[""] == "Not stated"
    assert summary.total.responses == 6


def test_the_conclusion_is_one_sentence_of_facts(session):
    summary = counted(session, open_day(session).event)
    assert conclusion(summary) == "共邀请4人，报名7人，到场4人（到场率57.1%），回收问卷5份，满意率60.0%。"
    assert conclusion(summary, "en") == (
        "4 people were invited, 7 registered, 4 came (57.1%), 5 questionnaires were returned, 60.0% of the ratings were satisfied."
    )


def test_an_event_without_anything_is_a_summary_of_zeros(session):
    summary = counted(session, make.event(session))
    assert (summary.total, summary.categories, summary.activities, summary.survey) == (Turnout(), (), (), None)
    assert (summary.questions, summary.segments(), summary.satisfied) == ((), {}, None)
    assert conclusion(summary) == "共邀请0人，报名0人，到场0人。"


def test_a_questionnaire_without_answers_has_its_questions_and_no_shares(session):
    event = make.event(session)
    questioned(session, event)
    summary = counted(session, event)
    assert [one.tally.answered for one in summary.questions] == [0] * 5
    assert conclusion(summary) == "共邀请0人，报名0人，到场0人，回收问卷0份。"


def test_the_number_of_queries_does_not_grow(session):
    small = make.event(session)
    make.activity(session, small)
    questioned(session, small)
    day = open_day(session)
    seen = []
    for event in (small, day.event):
        whole_form(session, event.questionnaire)
        session.expire_all()
        with count_queries(session) as queries:
            counted(session, event)
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 13
