"""Cross-tabs on the desk: what they show, what their files leave out, and for whom they are."""

import make
import pytest
from database import count_queries

from engage import events, respondents
from surveys import Questionnaire


@pytest.fixture
def asked(saved):
    """Twelve deputies and one of the media have answered."""
    with saved() as session:
        event = make.event(session, slug="spring")
        made = make.questionnaire(session)
        events.attach(session, event, made, by=make.BY, now=make.NOW)
        for segment, option, people in (("deputy", "1", 8), ("deputy", "2", 6), ("media", "2", 1)):
            for _ in range(people):
                make.response(session, made, {"q1": option, "q3": "5"}, segment=segment, context="spring")
    return "/desk/events/spring/crosstab"


def test_the_page_shows_all_figures_and_its_files_leave_small_ones_out(asked, signed_in):
    analyst = signed_in("analyst")
    page = analyst.get(f"{asked}?down=segment&across=q1").text
    assert "共 15 人同时回答了这两项。" in page
    assert "样本太少" in page
    assert page.count('<td class="num">1<br>') == 2
    lines = analyst.get(f"{asked}.csv?down=segment&across=q1", buffered=True).data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1:] for line in lines[2:5]] == [["–"] * 5, ["–"] * 5, ["8", "7", "0", "0", "15"]]
    assert lines[-1] == "“–”：人数过少的数据，以及可据以推算的数据，未列出"
    assert analyst.get(f"{asked}.xlsx?down=segment&across=q1", buffered=True).data.startswith(b"PK")


def test_answers_are_crossed_with_the_activities_of_those_who_gave_them_for_the_house_only(saved, signed_in):
    with saved() as session:
        event = make.asking_event(session)
        visit = make.activity(session, event, title="参观大厅")
        guest = make.registration(session, event, activity_ids=[visit.id]).leader
        make.response(session, event.questionnaire, context=event.slug, respondent=respondents.respondent(guest))
        make.response(session, event.questionnaire, context=event.slug)
        address = f"/desk/events/{event.slug}/crosstab"
    analyst = signed_in("analyst")
    page = analyst.get(f"{address}?down=chosen&across=q3").text
    assert '<tr><th scope="row">参观大厅</th>' in page
    assert "共 1 人同时回答了这两项。" in page
    assert ("不能导出" in page, "crosstab.csv" in page) == (True, False)
    assert "参观大厅,–,–,–,–,–,–\r\n" in analyst.get(f"{address}.csv?down=chosen&across=q3", buffered=True).text
    with saved() as session:
        session.get_one(Questionnaire, event.questionnaire_id).anonymous = True
    assert "选择的环节" not in analyst.get(address).text
    assert analyst.get(f"{address}?down=chosen&across=q3").status_code == 404


def test_an_anonymous_questionnaire_leaves_small_figures_out_on_the_page_too(asked, saved, signed_in):
    with saved() as session:
        questionnaire = events.by_slug(session, "spring").questionnaire
        questionnaire.anonymous = True
        make.released(session, questionnaire)
    page = signed_in("analyst").get(f"{asked}?down=segment&across=q1").text
    assert "匿名问卷：少于 5 人的数字" in page
    assert '<td class="num">1<br>' not in page


def test_what_cannot_be_crossed_is_told(asked, signed_in):
    analyst = signed_in("analyst")
    assert "请选择两项" in analyst.get(asked).text
    assert analyst.get(f"{asked}?down=q1&across=q1").status_code == 422
    assert analyst.get(f"{asked}?down=q1&across=q99").status_code == 404
    assert analyst.get(f"{asked}.pdf?down=q1&across=q3").status_code == 404


def test_cross_tabs_are_for_those_who_analyse(asked, signed_in):
    assert {role: signed_in(role).get(asked).status_code for role in ("analyst", "viewer", "door")} == {"analyst": 200, "viewer": 403, "door": 403}


def test_the_number_of_queries_does_not_grow(asked, saved, signed_in, app):
    analyst = signed_in("analyst")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    analyst.get(f"{asked}?down=segment&across=q1")
    numbers = []
    for people in (0, 30):
        with saved() as session:
            for _ in range(people):
                make.response(session, events.by_slug(session, "spring").questionnaire, {"q1": "3", "q3": "1"}, segment="media", context="spring")
        with count_queries(engine) as seen:
            analyst.get(f"{asked}?down=segment&across=q1")
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] <= 8


def test_the_summary_of_an_anonymous_questionnaire_leaves_small_groups_out(asked, saved, signed_in):
    with saved() as session:
        questionnaire = events.by_slug(session, "spring").questionnaire
        questionnaire.anonymous = True
        make.released(session, questionnaire)
    page = signed_in("analyst").get("/desk/events/spring/summary").text
    assert "匿名问卷：各类别中少于 5 人的数字" in page
    assert "media" in page  # that the group is there is no secret, what it answered is
