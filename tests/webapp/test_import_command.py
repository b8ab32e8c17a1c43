"""`engage import invitees`: what it prints, what it writes, how it fails."""

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from workbooks import xlsx

from engage.audit import AuditEntry
from engage.people import Invitee
from webapp.cli import main

SHEET = [
    ["2026年平台开放日受邀人员名单"], ["序号", "姓 名", "人员类别", "联系电话", "统一社会信用代码"],
    [1, "张 三", "市人大代表", 13800000001, ""], [2, "李四", "不知道什么", "13800000002", ""], [3, "王五", "政协委员", "", ""],
    [4, "张三", "人大代表", "138-0000-0001", ""], [5, "赵六", "企业代表", "13800000006", "91370300X6BFH3YY2A"],
]
RESULT = {
    "added": 2, "matched": 1,
    "refused": [
        {"sheet": "名单", "row": 4, "column": "人员类别", "code": "unknown_category", "reason": "Nobody can know which category this is."},
        {"sheet": "名单", "row": 5, "column": "联系电话", "code": "no_contact",
         "reason": "The row has neither a phone number nor an e-mail address."},
    ],
    "warnings": [
        {"sheet": "名单", "row": 7, "column": "统一社会信用代码", "code": "wrong_uscc",
         "reason": "The check character of the unified social credit code is wrong."},
    ],
}


@pytest.fixture
def run(app, monkeypatch):
    """The command, in the same folder as the app of the other fixtures."""
    monkeypatch.setenv("ENGAGE_INSTANCE", str(app.extensions["engage_settings"].instance))
    return lambda *words: CliRunner().invoke(main, ["import", "invitees", *map(str, words)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "名单.xlsx"
    path.write_bytes(xlsx(SHEET))
    return path


def everybody(saved):
    with saved() as session:
        return [(one.name, one.phone) for one in session.scalars(sa.select(Invitee).order_by(Invitee.id))]


def test_an_import_prints_one_json_object_and_adds_the_good_rows(run, file, saved):
    done = run(file, "--json")
    assert (done.exit_code, json.loads(done.stdout), done.stderr) == (0, RESULT, "")
    assert everybody(saved) == [("张三", "13800000001"), ("赵六", "13800000006")]
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "invitee.import")).one()
        assert (noted.by, noted.detail["added"], noted.detail["refused"]) == ("system", 2, 2)


def test_a_dry_run_tells_the_same_and_writes_nothing(run, file, saved):
    done = run(file, "--dry-run", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, RESULT)
    assert everybody(saved) == []


def test_the_same_file_again_adds_nobody(run, file, saved):
    run(file)
    again = json.loads(run(file, "--json").stdout)
    assert (again["added"], again["matched"]) == (0, 3)
    assert len(everybody(saved)) == 2


def test_words_tell_where_to_look(run, file):
    assert run(file).stdout.splitlines() == [
        "Added 2, matched 1, refused 2, 1 warnings.",
        "refused  名单 row 4 人员类别: Nobody can know which category this is.",
        "refused  名单 row 5 联系电话: The row has neither a phone number nor an e-mail address.",
        "warning  名单 row 7 统一社会信用代码: The check character of the unified social credit code is wrong.",
    ]


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", b"nothing,of\nany,use\n"],
                         ids=["broken", "old", "no header"])
def test_a_file_that_is_no_list_fails_with_one_line(run, tmp_path, saved, content):
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    failed = run(path)
    assert failed.exit_code == 1
    assert failed.stdout == ""
    assert failed.stderr.startswith("Error: ")
    assert failed.stderr.count("\n") == 1
    assert everybody(saved) == []


def test_a_missing_file_is_wrong_usage(run, tmp_path):
    assert run(tmp_path / "nothing.xlsx").exit_code == 2
