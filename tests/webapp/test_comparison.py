"""The page on which the occasions of a series stand side by side."""

import re
from datetime import timedelta

import make
import pytest
from database import count_queries

from engage import events, series
from engage.events import Event
from webapp.wiring import db


@pytest.fixture
def held(saved):
    """Two occasions of a series: all who answered at the first came to know of it one way, of the second half."""
    with saved() as session:
        first, second = (make.event(session, slug=slug, title=title, starts_at=make.NOW + timedelta(days=days)) for slug, title, days in (
            ("spring", "春季开放日", -90), ("summer", "夏季开放日", 0)))
        asked = make.questionnaire(session)
        made = series.start(session, first, series.SeriesDetails(title="平台开放日", slug="open-days", interval=series.Interval.QUARTER), by=make.BY, now=make.NOW)
        series.add(session, made, second, by=make.BY, now=make.NOW)
        for event, levels in ((first, "5555"), (second, "5511")):
            events.attach(session, event, asked, by=make.BY, now=make.NOW)
            for level in levels:
                make.response(session, asked, {"q3": level}, context=event.slug)
    return "/desk/events/summer/comparison"


def test_the_figures_of_each_occasion_stand_beside_one_another_with_what_changed(held, signed_in):
    page = signed_in("analyst").get(held).text
    row = re.search(r"满意率</th>(.*?)</tr>", page, re.DOTALL)[1]
    assert re.findall(r"<strong>(.*?)</strong>", row) == ["50.0%", "100.0%"]
    assert re.findall(r"#(up|down)\"/></svg>([^<]*)", row) == [("down", "-50.0")]
    assert re.findall(r'<rect width="(.*?)"', row) == ["50.00%", "100.00%"]
    assert ("1. 您的身份" in page, "3. 您对服务是否满意" in page) == (False, True)  # nobody answered the first


def test_the_summary_of_an_event_of_a_series_leads_there_and_no_other(held, saved, signed_in):
    with saved() as session:
        alone = make.asking_event(session).slug
    analyst = signed_in("analyst")
    assert ['/comparison"' in analyst.get(f"/desk/events/{slug}/summary").text for slug in ("spring", alone)] == [True, False]
    assert analyst.get(f"/desk/events/{alone}/comparison").status_code == 409
    assert {role: signed_in(role).get(held).status_code for role in ("viewer", "door")} == {"viewer": 403, "door": 403}


def test_a_series_without_answers_says_so(saved, signed_in):
    with saved() as session:
        event = make.asking_event(session)
        series.start(session, event, series.SeriesDetails(title="平台开放日", slug="open-days", interval=series.Interval.QUARTER), by=make.BY, now=make.NOW)
        slug = event.slug
    assert "还没有可以比较的场次" in signed_in("analyst").get(f"/desk/events/{slug}/comparison").text


def test_the_page_takes_as_many_queries_for_many_occasions(app, held, saved, signed_in):
    analyst, seen = signed_in("analyst"), []
    for more in (0, 5):
        with saved() as session:
            first = session.query(Event).filter_by(slug="spring").one()
            for _ in range(more):
                event = make.event(session)
                events.attach(session, event, first.questionnaire, by=make.BY, now=make.NOW)
                series.add(session, series.of_event(session, first), event, by=make.BY, now=make.NOW)
        analyst.get(held)  # the form is kept in memory from now on
        with app.app_context(), count_queries(db.engine) as queries:
            analyst.get(held)
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 7
