"""Every kind of question on the phone, in the summary and in every export."""

import io
import json
import re
import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import make
import pytest
import sqlalchemy as sa
from docx import Document
from everykind import ASKS, NAMELESS, SENT, sent
from openpyxl import load_workbook

from engage.exports import FORMATS, Texts, gather
from surveys import raw_rows, responses
from surveys.kinds import KINDS
from surveys.responses import Answer
from webapp import robots
from webapp.forms.questionnaire import Sheet

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.asking_event(session, asks=ASKS)


def sheet(**changes):
    issued = robots.issued("only for tests", now=NOW - timedelta(minutes=1))
    return {"form.submission": str(uuid.uuid4()), "form.issued": issued, **sent(SENT), **changes}


def test_the_sheet_has_every_kind_there_is():
    assert {ask["kind"] for ask in ASKS} == set(KINDS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_is_asked_and_its_answer_is_stored(client, saved, event, language):
    client.set_cookie("language", language)
    page = client.get(f"/q/{event.survey_code}").text
    assert [name for name in SENT if f'name="{name}"' not in page] == []
    answer = client.post(f"/q/{event.survey_code}", data=sheet())
    assert answer.location == f"/q/{event.survey_code}/thanks"
    with saved() as session:
        (row,) = raw_rows(session, session.merge(event).questionnaire)
        rows = session.execute(sa.select(Answer.question_id, Answer.part, Answer.place).order_by(Answer.question_id, Answer.place)).all()
    assert row.answers == {
        "role": "其他：教师", "liked": "大厅宽敞；流程清楚", "service": 4, "nps": 9, "parts.talk": 5, "parts.food": 3, "parts.way": 1,
        "used.web": "已经使用、希望使用", "used.desk": None, "order.a": 2, "order.b": 1, "order.c": 3, "order.d": 4, "times": 3, "wish": 45, "day": "2026-04-01",
        "hour": "09:30", "moment": "2026-03-18 10:05", "line": "A123", "words": "很好\n继续", "mail": "anna@example.org",
        "phone": "13812345678", "firm": "91350100M000100Y43", "shot": "门口.jpg (1 kB)", "proof": "证明.pdf (1 kB)",
    }
    places = {}
    for question, part, place in rows:
        places.setdefault(question, []).append((part, place))
    assert [("talk", 0), ("food", 100), ("way", 200)] in places.values()
    assert [("web", 0), ("web", 1)] in places.values()
    assert [("b", 0), ("a", 100), ("c", 200), ("d", 300)] in places.values()


WRONG = {
    "role.other": ("", "role"), "nps": ("11", "nps"), "parts.food": ("", "parts"), "order.a": ("1", "order"), "order.c": ("", "order"),
    "wish": ("121", "wish"), "day": ("2025-12-31", "day"), "hour": ("25:00", "hour"), "moment": ("gestern", "moment"), "line": ("a123", "line"),
    "mail": ("anna@", "mail"), "phone": ("12345", "phone"), "firm": ("91350100M000100Y44", "firm"), "used.web": ("3", "used"),
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_is_said_at_its_question_and_nothing_is_stored(client, saved, event, field):
    value, code = WRONG[field]
    page = client.post(f"/q/{event.survey_code}", data=sheet(**{field: value}))
    assert (page.status_code, re.findall(r'id="a-([a-z]+)-error"', page.text), f'href="#a-{code}"' in page.text) == (200, [code], True)
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Answer)) == 0


def test_a_random_order_stays_when_the_sheet_comes_back_and_differs_between_sheets(client, event):
    def order(page):
        return re.findall(r'name="role" value="(\w+)"', page.text)

    pages = [client.post(f"/q/{event.survey_code}", data=sheet(mail="anna@", **{"form.submission": str(uuid.UUID(int=n))}))
             for n in range(20) for _ in range(2)]
    orders = [order(page) for page in pages]
    assert orders[::2] == orders[1::2]
    assert {each[-1] for each in orders} == {"other"}
    assert len({tuple(each) for each in orders}) > 1


def test_a_sheet_names_its_submission_once():
    blank = Sheet()
    assert blank.submission == blank.submission != Sheet().submission


# ---- figures


FIGURES = {  # of three sheets, the second without most answers and the third the other way round
    "nps": {"answered": 2, "mean": 7.5, "nps": 0.0, "groups": {"promoters": 1, "passives": 0, "detractors": 1}},
    "parts": {"answered": 3, "parts": {"talk": (3, 4.0), "food": (3, 3.0), "way": (3, 2.0)}},
    "order": {"answered": 2, "parts": {"a": (2, 2.5), "b": (2, 2.5), "c": (2, 2.5), "d": (2, 2.5)}},
    "day": {"answered": 2, "least": "2026-04-01", "most": "2026-05-01", "days": {"2026-04-01": 1, "2026-05-01": 1}},
    "mail": {"answered": 1},
}


@pytest.fixture
def answered(saved, event):
    with saved() as session:
        questionnaire = session.merge(event).questionnaire
        other = {"service": "2", "parts.talk": "2", "parts.food": "3", "parts.way": "4"}
        for raw in (SENT, {"service": "5", "parts.talk": "5", "parts.food": "3", "parts.way": "1"}, {
            **other, "nps": "6", "order.a": "3", "order.b": "4", "order.c": "2", "order.d": "1", "day": "2026-05-01",
        }):
            responses.submit(session, questionnaire, raw, context=event.slug, now=NOW)
    return event


def exported(saved, event, suffix, language="zh", texts=Texts.MASKED):
    stream = io.BytesIO()
    with saved() as session:
        FORMATS[suffix].write(gather(session, session.merge(event), zone=ZoneInfo("Asia/Shanghai"), language=language, below=1, texts=texts, now=NOW), stream)
    stream.seek(0)
    return stream


def test_the_json_tells_every_figure_by_its_code(saved, answered):
    body = json.load(exported(saved, answered, "json"))
    told = {one["code"]: one for section in body["questionnaire"]["sections"] for one in section["questions"]}
    assert "intro" not in told
    for code, expected in FIGURES.items():
        one = told[code]
        found = {name: one[name] for name in expected if name not in {"groups", "parts", "days"}}
        found |= {name: {each["code"]: each["count"] for each in one[name]} for name in ("groups", "days") if name in expected}
        if "parts" in expected:
            found["parts"] = {part["code"]: (part["answered"], part["mean"]) for part in one["parts"]}
        assert (code, found) == (code, expected)
    assert [said["text"] for said in body["open_answers"]] == ["教师", "A123", "很好\n继续"]


def test_every_export_tells_the_same_of_matrix_ranking_and_recommendation(saved, answered):
    csv = exported(saved, answered, "csv").read().decode("utf-8-sig").splitlines()
    assert [line.split(",")[2:] for line in csv if "请评价各个环节,讲解：平均数,全部" in line] == [["讲解：平均数", "全部", "", "", "4.0"]]
    assert [line.split(",")[2:] for line in csv if "请按重要程度排序,学校：得分,全部" in line] == [["学校：得分", "全部", "", "", "2.5"]]
    assert [line.split(",")[6] for line in csv if "净推荐值（NPS）,全部" in line] == ["0.0"]
    book = load_workbook(exported(saved, answered, "xlsx"))
    cells = [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]
    assert ["讲解", 3, 2, 0, 0, 1, 0, 4] in [row[:8] for row in cells]
    document = Document(exported(saved, answered, "docx"))
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert ["讲解", "3", "2", "0", "0", "1", "0", "4"] in rows
    assert ["道路", "2", "0", "1", "1", "0", "2.5", "2.5"] in rows
    assert any("最早2026-04-01，最晚2026-05-01" in paragraph.text for paragraph in document.paragraphs)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_export_can_be_written_in_both_languages(saved, answered, suffix, language):
    assert len(exported(saved, answered, suffix, language).read()) > 1000


def test_what_reaches_a_person_stands_in_the_raw_data_alone_and_only_as_it_was_written(saved, answered):
    secrets = (SENT["mail"], "13812345678", SENT["firm"])
    texts = {suffix: exported(saved, answered, suffix).read().decode("utf-8-sig") for suffix in ("csv", "json")}
    texts["docx"] = "\n".join(paragraph.text for paragraph in Document(exported(saved, answered, "docx")).paragraphs)
    assert [(suffix, secret) for suffix, text in texts.items() for secret in secrets if secret in text] == []
    for how, wanted in ((Texts.MASKED, set()), (Texts.AS_WRITTEN, {"原始数据", "原始数据（长表）"})):
        book = load_workbook(exported(saved, answered, "xlsx", texts=how))
        where = {sheet.title for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value in secrets}
        assert where == wanted


def test_raw_data_of_an_anonymous_questionnaire_masks_what_reaches_a_person(session):
    questionnaire = make.questionnaire(session, asks=NAMELESS, anonymous=True)
    make.response(session, questionnaire, SENT)
    make.released(session, questionnaire)
    (row,) = raw_rows(session, questionnaire)
    assert [row.answers[code] for code in ("mail", "phone", "firm")] == ["a***@example.org", "138****5678", "91************0Y43"]


def test_the_summary_page_shows_every_kind(client, signed_in, answered):
    client = signed_in("analyst")
    page = client.get(f"/desk/events/{answered.slug}/summary")
    assert page.status_code == 200
    assert all(words in page.text for words in ("净推荐值（NPS）", "贬损者", "讲解", "得分", "平均名次", "最早", "2026-05-01", "标准差"))
    assert [secret for secret in (SENT["mail"], "13812345678", SENT["firm"]) if secret in page.text] == []
    answers = client.get(f"/desk/events/{answered.slug}/answers").text
    assert (SENT["mail"] in answers, "A123" in answers) == (False, True)
