import json
import re
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from doorday import HOW, ROOMS, door_day, figures_in
from openday import open_day, questioned

from engage import respondents
from engage.audit import AuditEntry
from engage.exports import ATTENDEE_FORMATS, FORMATS
from surveys import Questionnaire
from webapp.beats import BEAT


@pytest.fixture
def day(saved):
    with saved() as session:
        return open_day(session, slug="spring", title="春季开放日")


@pytest.fixture
def analyst(signed_in):
    return signed_in("analyst")


def exported(saved):
    with saved() as session:
        found = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export"))
        return [(entry.by.split("-")[0], entry.detail["what"]) for entry in found]


def test_the_summary_begins_with_its_conclusion(day, analyst):
    page = analyst.get("/desk/events/spring/summary")
    assert page.status_code == 200
    assert "共邀请4人，报名7人，到场4人（到场率57.1%），回收问卷5份，满意率60.0%。" in page.text


def test_the_summary_shows_every_question_with_count_and_share(day, analyst):
    page = analyst.get("/desk/events/spring/summary").text
    for number, words in enumerate(("总体评价", "从哪里得知", "印象最深的环节", "办事次数", "意见建议"), start=1):
        assert f"{number}. {words}" in page
    assert "5 人回答 · 满意率 60.0% · 平均 3 分（中位数 3，标准差 1.41）" in page
    assert '<p class="muted small reload"><a href="/desk/events/spring/summary">刷新数据</a></p>' in page  # for those without JavaScript
    assert '<td class="num">2</td><td class="num">66.7%</td>' in page  # 参观: 2 of 3


def test_page_and_downloads_tell_the_same_of_walk_ins_stand_ins_and_rooms(saved, analyst):
    with saved() as session:
        slug = door_day(session).event.slug
    page = analyst.get(f"/desk/events/{slug}/summary").text
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in page.split("<tr>")]
    how = {row[0]: tuple(map(int, row[5:9])) for row in rows if row and row[0] in HOW}
    rooms = {row[0]: (int(row[2]), float(row[3])) for row in rows if len(row) == 4 and row[0] in ROOMS}  # the bars have a table too
    downloads = [figures_in(analyst.get(f"/desk/events/{slug}/summary.{suffix}", buffered=True).data, suffix) for suffix in FORMATS]
    assert [(how, rooms), *downloads] == [(HOW, ROOMS)] * 5
    assert "到场率 72.7%<br>现场登记 1 人<br>代替他人 3 人" in page


def test_an_activity_that_nobody_was_scanned_at_has_no_attendance(day, analyst):
    assert "各环节到场" not in analyst.get("/desk/events/spring/summary").text


def test_the_summary_speaks_english(day, analyst):
    page = analyst.get("/desk/events/spring/summary?lang=en").text
    assert "4 people were invited, 7 registered" in page
    assert "1. How was it?" in page
    assert "Delegate" in page


def test_an_event_without_questionnaire_says_what_to_do(saved, analyst):
    with saved() as session:
        make.event(session, slug="bare")
    page = analyst.get("/desk/events/bare/summary").text
    assert "没有关联问卷" in page
    assert "还没有邀请和报名" in page
    assert "没有关联问卷" in analyst.get("/desk/events/bare/answers").text


def test_a_questionnaire_nobody_has_answered_says_so(saved, analyst):
    with saved() as session:
        questioned(session, make.event(session, slug="silent"))
    assert "还没有收到问卷" in analyst.get("/desk/events/silent/summary").text
    assert "还没有文字回答" in analyst.get("/desk/events/silent/answers").text


def test_open_answers_are_read_by_question_category_and_words(day, analyst):
    def read(**wanted):
        page = analyst.get("/desk/events/spring/answers", query_string=wanted).text
        return [words for words in ("停车位太少", "讲解很好", "=邻居") if words in page]

    assert read() == ["停车位太少", "讲解很好", "=邻居"]
    assert read(question="q2") == ["=邻居"]
    assert read(category=day.village.code) == ["讲解很好"]
    assert read(q="停车") == ["停车位太少"]
    assert "没有符合条件的回答" in analyst.get("/desk/events/spring/answers?q=x").text


def test_answers_are_selected_by_what_was_answered_category_and_days(day, analyst):
    def read(**wanted):
        page = analyst.get("/desk/events/spring/summary", query_string=wanted).text
        return re.findall(r"共收到 5 份，符合条件的 (\d) 份", page), "没有符合条件的回答" in page, "共邀请4人" in page

    assert read(given="q1:5") == (["1"], False, False)
    assert read(given=["q2:1", "q3:2"], category=day.deputies.code) == (["1"], False, False)
    assert read(**{"from": "2026-03-18", "to": "2026-03-18"}, category=day.village.code) == (["2"], False, False)
    assert read(to="2026-03-17") == ([], True, False)
    page = analyst.get("/desk/events/spring/summary?given=q2:1&given=q3:2&from=2026-03-01").text
    assert re.findall(r'aria-label="去掉条件：([^"]*)"', page) == ["2. 从哪里得知：单位通知", "3. 印象最深的环节：=座谈", "2026年3月1日（周日）起"]
    assert 'href="/desk/events/spring/summary?from=2026-03-01&amp;given=q2:1"' in page  # without the other answer
    assert '<a href="/desk/events/spring/summary">查看全部回答</a>' in page


def test_answers_are_grouped_by_what_the_registration_tells(saved, analyst):
    """Both who answered under a name chose the visit, one of them the talk too."""
    with saved() as session:
        event = make.asking_event(session)
        visit, talk = (make.activity(session, event, title=title) for title in ("参观大厅", "座谈会"))
        for activities, level in (((visit, talk), "5"), ((visit,), "4"), ((), "1")):
            guest = activities and make.registration(session, event, activity_ids=[one.id for one in activities]).leader
            make.response(session, event.questionnaire, {"q3": level}, context=event.slug, respondent=(guest and respondents.respondent(guest)) or None)
        slug = event.slug
    page = analyst.get(f"/desk/events/{slug}/summary?by=chosen").text
    assert "共收到 3 份，符合条件的 2 份" in page
    assert "按选择的环节分组" in page
    rows = re.findall(r'<tr><th scope="row">(全部|参观大厅|座谈会)</th>((?:<td class="num">\d+</td>)+)</tr>', page)
    assert [(name, re.findall(r"\d+", cells)) for name, cells in rows] == [
        ("全部", ["0", "0", "0", "1", "1", "2"]), ("参观大厅", ["0", "0", "0", "1", "1", "2"]), ("座谈会", ["0", "0", "0", "0", "1", "1"])]
    assert analyst.get(f"/desk/events/{slug}/summary?by=shoes").status_code == 404


def test_what_cannot_be_selected_is_refused(day, analyst):
    for wanted, status in (("given=q9:1", 404), ("given=q1.1:1", 404), ("from=soon", 422), ("given=q1", 200), ("given=q1:99", 200)):
        assert (wanted, analyst.get(f"/desk/events/spring/summary?{wanted}").status_code) == (wanted, status)


def test_answers_to_an_anonymous_questionnaire_are_not_selected(saved, analyst):
    with saved() as session:
        open_day(session, slug="secret", anonymous=True)
    assert "匿名问卷不提供筛选" in analyst.get("/desk/events/secret/summary").text
    for wanted in ("given=q1:5", "category=deputy", "from=2026-03-01", "by=chosen"):
        for page in ("summary", "summary/live"):
            assert analyst.get(f"/desk/events/secret/{page}?{wanted}").status_code == 409


def test_an_open_page_is_sent_what_is_new_and_nothing_else(day, analyst, saved, monkeypatch):
    at = [make.NOW]
    for module in ("answers_live", "live", "views.desk.summary"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: at[0])
    addresses = [f"/desk/events/spring/summary/live{rest}" for rest in ("", "?given=q1:5")]

    def sent(known=("", "")):
        at[0] += timedelta(seconds=BEAT)
        answers = [analyst.get(address, headers={"If-None-Match": etag}) for address, etag in zip(addresses, known, strict=True)]
        return [answer.status_code for answer in answers], [answer.headers["ETag"] for answer in answers], [answer.get_json(silent=True) for answer in answers]

    _, etags, told = sent()
    assert [each["responses"] for each in told] == [5, 1]
    assert "5 人回答 · 满意率 60.0% · 平均 3 分" in told[0]["html"]
    assert sent(etags)[0] == [304, 304]
    with saved() as session:
        make.response(session, session.get_one(Questionnaire, day.questionnaire.id), {"q1": "4"}, context="spring")
    status, _, told = sent(etags)
    assert (status, told[0]["responses"], told[1]["responses"]) == ([200, 200], 6, 1)
    assert "共收到 6 份，符合条件的 1 份" in told[1]["html"]


def test_open_answers_come_in_pages(saved, analyst):
    with saved() as session:
        event = make.event(session, slug="long")
        questionnaire = questioned(session, event)
        for number in range(51):
            make.response(session, questionnaire, {"q1": "5", "q5": f"意见{number:03}"}, context="long")
    pages = [analyst.get(f"/desk/events/long/answers?page={page}").text for page in (1, 2)]
    assert [page.count("意见0") for page in pages] == [50, 1]
    assert "共 51 条" in pages[0]


def test_texts_are_shown_as_texts(saved, analyst):
    with saved() as session:
        event = make.event(session, slug="odd")
        make.response(session, questioned(session, event), {"q1": "5", "q5": "<script>alert(1)</script>"}, context="odd")
    page = analyst.get("/desk/events/odd/answers").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


@pytest.mark.parametrize("address", ["summary", "summary/live", "answers", "summary.xlsx", "summary.json"])
def test_opinions_are_for_those_who_analyse(day, signed_in, address):
    statuses = {role: signed_in(role).get(f"/desk/events/spring/{address}", buffered=True).status_code for role in ("organiser", "analyst", "viewer", "door")}
    assert statuses == {"organiser": 200, "analyst": 200, "viewer": 403, "door": 403}


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_is_a_download_and_leaves_a_trace(day, analyst, saved, suffix):
    answer = analyst.get(f"/desk/events/spring/summary.{suffix}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, FORMATS[suffix].media_type)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data
    assert exported(saved) == [("user:analyst", f"summary.{suffix}")]


@pytest.mark.parametrize("suffix", ATTENDEE_FORMATS)
def test_the_list_of_attendees_is_a_download_and_leaves_a_trace(day, signed_in, saved, suffix):
    answer = signed_in("organiser").get(f"/desk/events/spring/attendees.{suffix}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, ATTENDEE_FORMATS[suffix].media_type)
    assert exported(saved) == [("user:organiser", f"attendees.{suffix}")]


def test_only_who_may_see_people_gets_their_names(day, signed_in, saved):
    with saved() as session:
        make.registration(session, day.event, name="欧阳小明", phone="13912345678")
    texts = {role: signed_in(role).get("/desk/events/spring/attendees.csv", buffered=True).text for role in ("organiser", "analyst", "viewer")}
    assert {role: ("欧阳小明" in text, "13912345678" in text) for role, text in texts.items()} == {
        "organiser": (True, True), "analyst": (False, False), "viewer": (False, False),
    }
    assert signed_in("door").get("/desk/events/spring/attendees.csv").status_code == 403
    assert not any("ticket_code" in text for text in texts.values())


def test_downloads_speak_the_language_of_the_page(day, analyst):
    assert json.loads(analyst.get("/desk/events/spring/summary.json?lang=en", buffered=True).text)["language"] == "en"


@pytest.mark.parametrize("address", ["/desk/events/spring/summary.pdf", "/desk/events/none/summary", "/desk/events/none/summary.csv",
                                     "/desk/events/spring/attendees.docx"])
def test_what_is_not_there_is_not_found(day, signed_in, saved, address):
    assert signed_in("admin").get(address).status_code == 404
    assert exported(saved) == []


def test_the_page_asks_the_database_as_often_for_a_large_event_as_for_a_small_one(app, day, saved, analyst):
    with saved() as session:
        small = make.event(session, slug="small")
        make.activity(session, small)
        make.response(session, questioned(session, small), {"q1": "5"}, context="small")
    seen = []
    for slug in ("small", "spring"):
        analyst.get(f"/desk/events/{slug}/summary")  # the form is kept in memory from now on
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as queries:
            analyst.get(f"/desk/events/{slug}/summary")
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 16
