"""The desk's page of themes: found at once or by a job, put right by staff, undone, and led back to the answers."""

import json
from io import BytesIO

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from docx import Document
from openpyxl import load_workbook

from engage.audit import AuditEntry
from surveys import themes
from surveys.questionnaires import Question
from surveys.themes import Finding, Theme
from webapp import themes as finder
from webapp.wiring import db

PARKING = ["停车位太少，绕了两圈才停下。", "来得晚一点就没有停车位了，建议给来宾预留。", "停车场离大厅太远，停车不方便。"]
GUIDE = ["讲解员讲得很细致，听得明白。", "讲解员声音太小，后排听不清。", "给讲解员点赞，讲解通俗易懂。"]


@pytest.fixture
def opinions(saved):
    """An event with open answers on two matters; its slug."""
    with saved() as session:
        questionnaire = make.questionnaire(session, asks=[{"kind": "long_text", "text": "您的意见和建议"}])
        event = make.event(session, slug="open-day")
        event.questionnaire = questionnaire
        for text in (*PARKING, *GUIDE, "没有意见"):
            make.response(session, questionnaire, {"q1": text}, context=event.slug, segment="deputy")
    return "open-day"


@pytest.fixture
def analyst(signed_in):
    return signed_in("analyst")


def found(app, title):
    with app.app_context():
        return db.session.scalar(sa.select(Theme.id).where(sa.or_(Theme.name == title, Theme.label.startswith(title))))


def test_before_themes_are_found_the_page_says_what_to_do(opinions, analyst):
    page = analyst.get("/desk/events/open-day/themes").text
    assert "还没有整理主题" in page
    assert "共 7 条文字回答" in page
    assert 'action="/desk/events/open-day/themes/find"' in page


def test_an_event_without_questionnaire_or_answers_says_so(saved, analyst):
    with saved() as session:
        make.event(session, slug="bare")
        make.event(session, slug="silent").questionnaire = make.questionnaire(session, asks=[{"kind": "text", "text": "意见"}])
    assert "没有可以整理的问题" in analyst.get("/desk/events/bare/themes").text
    assert "还没有文字回答" in analyst.get("/desk/events/silent/themes").text
    assert analyst.post("/desk/events/bare/themes/find").status_code == 404


def test_themes_are_found_with_size_share_quotations_and_a_way_to_their_sources(opinions, analyst):
    page = analyst.post("/desk/events/open-day/themes/find", follow_redirects=True).text
    assert "7 条回答，2 个主题" in page
    assert page.count("3 条，占 42.9%") == 2
    assert all(text in page for text in (*PARKING, *GUIDE))
    assert "仅供参考" in page
    link = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/desk/events/open-day/themes/"))
    assert "共 3 条" in analyst.get(link).text
    assert "没有意见" in analyst.get("/desk/events/open-day/questions/q1/loose").text


def test_many_answers_are_sorted_by_a_job_and_the_page_says_how_far_it_is(app, opinions, analyst, monkeypatch):
    asked = []
    monkeypatch.setattr("webapp.themes.AT_ONCE", 3)
    monkeypatch.setattr("webapp.jobs.soon", asked.append)
    page = analyst.post("/desk/events/open-day/themes/find", follow_redirects=True).text
    assert (asked, "正在整理：0 / 1 题。" in page) == (["find_themes"], True)
    with app.app_context():
        assert (finder.work_off(), finder.work_off()) == (1, 0)
    assert "7 条回答，2 个主题" in analyst.get("/desk/events/open-day/themes").text


def test_new_answers_are_told_until_they_are_sorted(saved, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    with saved() as session:
        make.response(session, session.scalars(sa.select(Question)).one().section.questionnaire, {"q1": "停车位要预留"}, context="open-day")
    assert "有 1 条新回答还没有整理" in analyst.get("/desk/events/open-day/themes").text
    page = analyst.post("/desk/events/open-day/themes/find", follow_redirects=True).text
    assert ("8 条回答，2 个主题" in page, "还没有整理" in page) == (True, False)


def test_staff_rename_pin_hide_and_take_it_back(app, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    parking, guide = found(app, "停车"), found(app, "讲解")

    def shown():
        with app.app_context():
            event_themes = themes.overview(db.session(), db.session.scalars(sa.select(Question)).one().section.questionnaire, context="open-day")[0]
            return [(theme.id, theme.named and theme.title, theme.pinned, theme.hidden) for theme in event_themes.themes]

    analyst.post(f"/desk/events/open-day/themes/{guide}/pin")
    page = analyst.post(f"/desk/events/open-day/themes/{parking}/rename", data={"name": "停车难"}, follow_redirects=True).text
    assert "主题已改名。" in page
    analyst.post(f"/desk/events/open-day/themes/{parking}/hide")
    assert shown() == [(guide, False, True, False), (parking, "停车难", False, True)]
    for _ in range(3):
        analyst.post("/desk/events/open-day/questions/q1/undo")
    assert set(shown()) == {(guide, False, False, False), (parking, False, False, False)}
    assert "没有可以撤销的操作。" in analyst.post("/desk/events/open-day/questions/q1/undo", follow_redirects=True).text


def test_staff_merge_split_and_move(app, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    parking, guide = found(app, "停车"), found(app, "讲解")
    page = analyst.post("/desk/events/open-day/questions/q1/merge", data={"theme": [parking, guide]}, follow_redirects=True).text
    assert ("7 条回答，1 个主题" in page, "6 条，占 85.7%" in page) == (True, True)
    page = analyst.post(f"/desk/events/open-day/themes/{parking}/split", follow_redirects=True).text
    assert "7 条回答，2 个主题" in page
    loose = analyst.get("/desk/events/open-day/questions/q1/loose").text
    key = loose.split('name="answer" value="')[1].split('"')[0]
    page = analyst.post("/desk/events/open-day/questions/q1/move", data={"answer": key, "to": "new", "name": "满意"}, follow_redirects=True).text
    assert ("回答已移动。" in page, "7 条回答，3 个主题" in page, found(app, "满意") is not None) == (True, True, True)
    for data, words in (
        ({"to": "new", "name": "空的"}, "请先选中要移动的回答。"), ({"answer": key, "to": "new"}, "请填写主题名称。"),
        ({"answer": key, "to": "99999"}, "没有这个主题"), ({"answer": "x", "to": str(guide)}, "请先选中要移动的回答。"),
    ):
        assert words in analyst.post("/desk/events/open-day/questions/q1/move", data=data, follow_redirects=True).text


def test_what_staff_decide_is_in_the_audit_trail(saved, app, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    parking = found(app, "停车")
    analyst.post(f"/desk/events/open-day/themes/{parking}/pin")
    analyst.post("/desk/events/open-day/questions/q1/undo")
    analyst.post("/desk/events/open-day/conclusion", data={"text": "停车问题突出。"})
    with saved() as session:
        entries = session.scalars(sa.select(AuditEntry).where(sa.or_(AuditEntry.action.startswith("theme."), AuditEntry.action == "event.conclude")).order_by(AuditEntry.id))
        told = [(entry.action, entry.detail) for entry in entries if entry.by.startswith("user:analyst")]
    assert told == [
        ("theme.find", {}), ("theme.pin", {"event": "open-day", "theme": parking}), ("theme.undo", {"event": "open-day", "what": "pin"}),
        ("event.conclude", {}),
    ]


def test_a_theme_of_another_event_is_not_there(saved, app, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    with saved() as session:
        make.event(session, slug="other").questionnaire = session.scalars(sa.select(Question)).one().section.questionnaire
    parking = found(app, "停车")
    assert analyst.get(f"/desk/events/other/themes/{parking}").status_code == 404
    analyst.post(f"/desk/events/other/themes/{parking}/pin")
    assert not any(theme.pinned for theme in _themes(app))
    assert analyst.get("/desk/events/other/questions/q1/loose").status_code == 404


def _themes(app):
    with app.app_context():
        return db.session.scalars(sa.select(Theme)).all()


def test_only_those_who_analyse_see_themes(opinions, signed_in):
    assert [signed_in(role).get("/desk/events/open-day/themes").status_code for role in ("viewer", "door", "organiser")] == [403, 403, 200]


def test_the_conclusion_of_staff_stands_above_the_figures(opinions, analyst):
    page = analyst.post("/desk/events/open-day/conclusion", data={"text": "来宾对讲解满意，\n停车是主要问题。"}, follow_redirects=True).text
    assert page.index("来宾对讲解满意， 停车是主要问题。") < page.index("共邀请0人")
    assert "结论最多 300 字" in analyst.post("/desk/events/open-day/conclusion", data={"text": "长" * 301}, follow_redirects=True).text
    assert "停车是主要问题" not in analyst.post("/desk/events/open-day/conclusion", data={"text": ""}, follow_redirects=True).text


def test_the_page_asks_as_many_queries_for_one_theme_as_for_thirty(app, saved, opinions, analyst):
    def ask():
        with app.app_context():
            engine = db.engine
        with count_queries(engine) as seen:
            assert analyst.get("/desk/events/open-day/themes").status_code == 200
        return len(seen)

    analyst.post("/desk/events/open-day/themes/find")
    few = ask()
    with saved() as session:
        finding = session.scalars(sa.select(Finding)).one()
        session.add_all(Theme(finding_id=finding.id, label=f"主题{number}", name=f"第{number}个", words={"主题": 1.0}, kept=True) for number in range(30))
    assert ask() == few


def test_themes_and_the_conclusion_leave_the_house_with_the_report(app, opinions, analyst):
    analyst.post("/desk/events/open-day/themes/find")
    analyst.post(f"/desk/events/open-day/themes/{found(app, '停车')}/rename", data={"name": "停车难"})
    analyst.post(f"/desk/events/open-day/themes/{found(app, '讲解')}/hide")
    analyst.post("/desk/events/open-day/conclusion", data={"text": "停车问题突出。"})
    files = {suffix: BytesIO(analyst.get(f"/desk/events/open-day/summary.{suffix}", buffered=True).data) for suffix in ("xlsx", "docx", "json")}
    book = load_workbook(files["xlsx"])
    rows = [row[:6] for row in book["意见主题"].iter_rows(values_only=True, min_row=2)]
    assert rows == [(1, "您的意见和建议", "停车难", 3, pytest.approx(3 / 7), 3)]
    assert book["概览"]["A2"].value.startswith("停车问题突出。\n")
    document = Document(files["docx"])
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said.index("停车问题突出。") < said.index("关于“停车难”（3条）：")
    assert sorted(said[said.index("关于“停车难”（3条）：") + 1 :][:3]) == sorted(f"“{text}”" for text in PARKING)
    assert ["停车难", "3", "42.9%"] in [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert json.load(files["json"])["remark"] == "停车问题突出。"


def test_a_report_before_anything_was_sorted_has_no_themes(opinions, analyst):
    book = load_workbook(BytesIO(analyst.get("/desk/events/open-day/summary.xlsx", buffered=True).data))
    assert "意见主题" not in book.sheetnames
