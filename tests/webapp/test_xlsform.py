"""XLSForms on the desk and on the command line: upload, look, make a draft; and out again."""

import json
import re
from io import BytesIO

import make
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from workbooks import xlsx

from engage.audit import AuditEntry
from engage.xlsforms import read_form
from surveys import form_of
from surveys.questionnaires import Question, Questionnaire, State
from surveys.xlsform import NOT_TAKEN, TAKEN_DIFFERENTLY
from webapp.cli import main
from webapp.forms.xlsforms import FINDING_WORDS

FORM = xlsx(
    [["type", "name", "label", "required"], ["select_one yn", "Happy", "您满意吗？", "yes"], ["geopoint", "where", "在哪里？", ""],
     ["text", "why", "为什么？", ""]],
    [["list_name", "name", "label"], ["yn", 1, "是"], ["yn", 2, "否"]], [["form_title"], ["满意度"]],
    names=("survey", "choices", "settings"))
TOLD = {
    "added": 2, "matched": 0,
    "refused": [{"sheet": "survey", "row": 3, "column": "type", "code": "type_not_supported",
                 "reason": "Questions of the type “geopoint” cannot be asked here."}],
    "warnings": [{"sheet": "survey", "row": 2, "column": "name", "code": "renamed", "reason": "The name “Happy” became “happy”."}],
}


@pytest.fixture
def author(signed_in):
    return signed_in("analyst")


@pytest.fixture
def run(app, monkeypatch):
    """The command, in the same folder as the app of the other fixtures."""
    monkeypatch.setenv("ENGAGE_INSTANCE", str(app.extensions["engage_settings"].instance))
    return lambda *words: CliRunner().invoke(main, [*map(str, words)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(FORM)
    return path


def upload(browser, data=FORM, name="问卷.xlsx"):
    return browser.post("/desk/questionnaires/import", data={"file": (BytesIO(data), name)})


def drafts(saved):
    with saved() as session:
        return [(one.title, one.state, [question.code for section in one.sections for question in section.questions])
                for one in session.scalars(sa.select(Questionnaire))]


def uploads_left(app):
    folder = app.extensions["engage_settings"].instance / "uploads"
    return sorted(path.suffix for path in folder.iterdir()) if folder.exists() else []


def test_an_uploaded_form_is_looked_at_row_by_row_and_becomes_a_draft(app, author, saved):
    plan = upload(author).location
    page = author.get(plan).text
    assert re.findall(r"第 (\d+) 行", page) == ["3", "2"]
    assert "不支持题型“geopoint”" in page
    assert "名称“Happy”改为“happy”" in page
    assert (drafts(saved), uploads_left(app)) == ([], [".xlsform"])
    assert author.post(plan).location == "/desk/questionnaires/1"
    assert (drafts(saved), uploads_left(app)) == ([("满意度", State.DRAFT, ["happy", "why"])], [])
    assert author.post(plan).location == "/desk/questionnaires/import"
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "questionnaire.import")).one()
        assert noted.detail == {"questions": 2, "refused": 1, "warnings": 1}


def test_a_form_can_be_thrown_away_again(app, author, saved):
    plan = upload(author).location.partition("?")[0]
    assert author.post(f"{plan}/discard").location == "/desk/questionnaires"
    assert author.post(f"{plan}/discard").location == "/desk/questionnaires/import"
    assert (drafts(saved), uploads_left(app)) == ([], [])


@pytest.mark.parametrize("data, words", [
    (b"PK\x03\x04 broken", "文件不是 .xlsx 表格"), (xlsx([["姓名"], ["张三"]]), "文件不是 XLSForm"), (b"type,name\ntext,a\n", "文件不是 XLSForm"),
])
def test_a_file_that_is_no_form_is_refused_on_the_page(app, author, saved, data, words):
    page = upload(author, data)
    assert (page.status_code, words in page.text, uploads_left(app)) == (422, True, [])


def test_a_form_with_nothing_to_ask_can_only_be_thrown_away(author, saved):
    plan = upload(author, xlsx([["type", "name"], ["start", "s"]], names=("survey",))).location
    assert "表单里没有可以导入的问题" in author.get(plan).text
    assert author.post(plan).status_code == 302
    assert drafts(saved) == []


def test_nobody_sees_a_form_that_somebody_else_sent(author, signed_in):
    plan = upload(author).location
    assert signed_in("admin").get(plan).location == "/desk/questionnaires/import"


@pytest.mark.parametrize("role", ["viewer", "door"])
def test_whoever_may_not_make_questionnaires_may_not_import_any(signed_in, role):
    assert signed_in(role).get("/desk/questionnaires/import").status_code == 403


def test_a_questionnaire_goes_out_and_comes_in_again(author, saved):
    with saved() as session:
        made_id = make.questionnaire(session, title="满意度").id
    answer = author.get(f"/desk/questionnaires/{made_id}/xlsform")
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    again = author.post(upload(author, answer.data).location).location
    with saved() as session:
        first, second = session.scalars(sa.select(Questionnaire).order_by(Questionnaire.id))
        assert again == f"/desk/questionnaires/{second.id}"
        asked = [[(one.code, one.kind, one.text, one.options, one.settings) for one in form_of(session, each).questions] for each in (first, second)]
    assert asked[0] == asked[1]


def test_every_finding_has_its_words():
    assert FINDING_WORDS.keys() == NOT_TAKEN.keys() | TAKEN_DIFFERENTLY.keys()


def test_the_command_makes_a_draft_and_prints_one_json_object(run, file, saved):
    done = run("import", "questionnaire", file, "--json")
    assert (done.exit_code, json.loads(done.stdout), done.stderr) == (0, {**TOLD, "questionnaire": 1}, "")
    assert drafts(saved) == [("满意度", State.DRAFT, ["happy", "why"])]


def test_a_dry_run_tells_the_same_and_writes_nothing(run, file, saved):
    done = run("import", "questionnaire", file, "--dry-run", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {**TOLD, "questionnaire": None})
    assert drafts(saved) == []


def test_words_tell_where_to_look(run, file):
    assert run("import", "questionnaire", file).stdout.splitlines() == [
        "Made the draft 1 with 2 questions; refused 1, 1 warnings.",
        "refused  survey row 3 type: Questions of the type “geopoint” cannot be asked here.",
        "warning  survey row 2 name: The name “Happy” became “happy”."]


@pytest.mark.parametrize("data", [b"PK\x03\x04 broken", xlsx([["姓名"], ["张三"]]), xlsx([["type"], ["start"]], names=("survey",))],
                         ids=["broken", "list", "nothing"])
def test_what_cannot_be_imported_ends_with_one_line(run, file, saved, data):
    file.write_bytes(data)
    done = run("import", "questionnaire", file)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert drafts(saved) == []


def test_the_command_writes_a_questionnaire_to_a_file(run, saved, tmp_path):
    with saved() as session:
        made_id = make.questionnaire(session).id
    file = tmp_path / "out.xlsx"
    done = run("export", "questionnaire", made_id, "-o", file, "--json")
    assert json.loads(done.stdout) == {"questionnaire": made_id, "file": str(file), "bytes": file.stat().st_size}
    assert read_form(file, name="out.xlsx").questions == 6
    missing = run("export", "questionnaire", 99, "-o", tmp_path / "none.xlsx")
    assert (missing.exit_code, len(missing.stderr.splitlines()), (tmp_path / "none.xlsx").exists()) == (1, 1, False)


def test_the_draft_made_by_the_command_has_what_the_form_says(run, file, saved):
    run("import", "questionnaire", file)
    with saved() as session:
        happy = session.scalars(sa.select(Question).where(Question.code == "happy")).one()
        assert (happy.required, happy.options) == (True, [{"code": "1", "label": "是", "label_en": ""}, {"code": "2", "label": "否", "label_en": ""}])
