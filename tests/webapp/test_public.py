"""What anybody may look at: the home page, an event's page, the posters."""

from datetime import timedelta

import make
import pytest
from database import count_queries

from engage.events import Kind, Visibility
from surveys.questionnaires import Access

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    monkeypatch.setattr("webapp.views.public.clock", lambda: NOW)
    monkeypatch.setattr("webapp.wiring.clock", lambda: NOW)


def test_without_events_the_home_page_says_what_will_be_there(client):
    page = client.get("/")
    assert (page.status_code, "近期没有公开活动" in page.text, "往期活动" in page.text) == (200, True, False)


def test_the_home_page_lists_public_events_and_no_others(client, saved):
    with saved() as session:
        make.event(session, title="即将举行的开放日", seats=40)
        make.event(session, title="去年的开放日", starts_at=NOW - timedelta(days=300), ends_at=NOW - timedelta(days=299),
                   registration_closes_at=None)
        make.event(session, title="已收官的培训", state="closed")
        make.event(session, title="草稿", state="draft")
        make.event(session, title="取消的", state="cancelled")
        make.event(session, title="内部座谈", visibility=Visibility.INVITED)
        make.event(session, title="演练", kind=Kind.REHEARSAL)
    coming, _, past = client.get("/").text.partition("往期活动")
    assert [title in coming for title in ("即将举行的开放日", "余 40 个", "去年的开放日", "已收官的培训")] == [True, True, False, False]
    assert [title in past for title in ("即将举行的开放日", "去年的开放日", "已收官的培训")] == [False, True, True]
    assert [title in coming + past for title in ("草稿", "取消的", "内部座谈", "演练")] == [False] * 4


def test_the_event_page_says_what_when_where_for_whom_and_how(client, saved):
    with saved() as session:
        make.category(session, name="热心市民")
        event = make.event(session, seats=40, title="三月<开放>日", purpose="第一段\n第二段")
        make.activity(session, event, title="参观开标大厅", seats=20)
    page = client.get(f"/events/{event.slug}").text
    for words in ("三月&lt;开放&gt;日", "2026年3月18日（周三）8:00–11:00", "交易大厅", "文化路1号", "热心市民", "共 40 个，余 40 个",
                  "我要报名", f"/events/{event.slug}/register", "参观开标大厅", "名额 20 个", "王老师", "tel:0371-60000000", "个人信息如何使用"):
        assert words in page, words


def test_the_calendar_entry_leads_back_to_the_event(client, saved):
    with saved() as session:
        event = make.event(session)
    entry = client.get(f"/events/{event.slug}.ics")
    assert entry.mimetype == "text/calendar"
    assert f"http://127.0.0.1:8000/events/{event.slug}".encode() in entry.data.replace(b"\r\n ", b"")


@pytest.mark.parametrize("kind", ["draft", "rehearsal"])
def test_what_is_not_for_the_public_is_shown_to_organisers_only(client, saved, signed_in, kind):
    with saved() as session:
        event = make.event(session, state="draft") if kind == "draft" else make.event(session, kind=Kind.REHEARSAL)
    seen = [browser.get(f"/events/{event.slug}").status_code for browser in (client, signed_in("viewer"), signed_in("organiser"))]
    assert seen == [404, 404, 200]
    assert "预览" in signed_in("organiser").get(f"/events/{event.slug}").text


def test_a_cancelled_event_stays_to_say_so(client, saved):
    with saved() as session:
        event = make.event(session, state="cancelled")
    page = client.get(f"/events/{event.slug}")
    assert (page.status_code, "活动已取消" in page.text, "我要报名" in page.text) == (200, True, False)


def test_an_unknown_event_is_a_page(client):
    assert client.get("/events/nothing").status_code == 404


@pytest.mark.parametrize("name,leads_to", [("poster", "/events/{0.slug}/register"), ("survey-poster", "/q/{0.survey_code}")])
def test_posters_are_for_organisers_and_lead_where_they_should(client, saved, signed_in, monkeypatch, name, leads_to):
    with saved() as session:
        event = make.event(session)
    drawn = []
    monkeypatch.setattr("engage.codes.qr_svg", lambda address: drawn.append(address) or "<svg></svg>")
    address = f"/events/{event.slug}/{name}"
    assert [client.get(address).status_code, signed_in("viewer").get(address).status_code] == [302, 403]
    page = signed_in("organiser").get(address)
    assert (page.status_code, drawn) == (200, ["http://127.0.0.1:8000" + leads_to.format(event)])


def test_where_only_personal_links_count_no_poster_shows_one_for_everybody(saved, signed_in):
    with saved() as session:
        event = make.asking_event(session, access=Access.PERSONAL)
    organiser = signed_in("organiser")
    for address in (f"/events/{event.slug}/survey-poster", f"/desk/events/{event.slug}/questionnaire"):
        page = organiser.get(address).text
        assert ("只凭个人链接作答" in page, event.survey_code in page, "问卷的二维码" in page) == (True, False, False)


def test_the_home_page_asks_as_often_for_thirty_events_as_for_one(app, client, saved):
    counted = []
    for _ in range(2):
        with saved() as session:
            for _ in range(1 if not counted else 29):
                make.event(session)
                make.event(session, state="closed")
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as seen:
            client.get("/")
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 6


def test_in_english_nothing_breaks(client, saved):
    with saved() as session:
        event = make.event(session)
    page = client.get(f"/events/{event.slug}?lang=en")
    assert (page.status_code, 'lang="en"' in page.text, "Wed 18 March 2026" in page.text) == (200, True, True)
