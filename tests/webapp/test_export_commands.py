import csv
import json

import make
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from openday import open_day

from engage.audit import AuditEntry
from engage.exports import ATTENDEE_FORMATS, FORMATS
from engage.parties import Attendee
from webapp import cli


@pytest.fixture
def run(app, monkeypatch):
    """`run("export", …)` as on the command line, on the app's database."""
    monkeypatch.setattr("webapp.commands.create_app", lambda: app)
    return lambda *words: CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.fixture
def day(saved):
    with saved() as session:
        return open_day(session, slug="spring")


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_event_writes_the_file_and_tells_its_size(run, day, tmp_path, suffix):
    file = tmp_path / f"out.{suffix}"
    done = run("export", "event", "spring", "--format", suffix, "-o", file, "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"event": "spring", "file": str(file), "bytes": file.stat().st_size})
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == [file.name]


@pytest.mark.parametrize("suffix", ATTENDEE_FORMATS)
def test_export_attendees_writes_the_file(run, day, tmp_path, suffix):
    file = tmp_path / f"list.{suffix}"
    done = run("export", "attendees", "spring", "--format", suffix, "-o", file)
    assert (done.exit_code, done.stdout) == (0, f"Wrote {file} ({file.stat().st_size:,} bytes).\n")


def test_tickets_add_the_column_ticket_code(run, day, saved, tmp_path):
    file = tmp_path / "list.csv"
    assert run("export", "attendees", "spring", "--tickets", "--format", "csv", "-o", file).exit_code == 0
    with saved() as session:
        codes = set(session.scalars(sa.select(Attendee.ticket_code)))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["ticket_code"] for row in rows} == codes
    assert all(row["姓名"] for row in rows)


def test_an_export_leaves_a_trace(run, day, saved, tmp_path):
    run("export", "attendees", "spring", "--tickets", "--format", "csv", "-o", tmp_path / "a.csv")
    run("export", "event", "spring", "--format", "json", "-o", tmp_path / "b.json")
    with saved() as session:
        found = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.export").order_by(AuditEntry.id))
        assert [(one.by, one.detail["what"]) for one in found] == [("system", "attendees with tickets.csv"), ("system", "summary.json")]


def test_export_speaks_english_when_asked(run, day, tmp_path):
    file = tmp_path / "out.json"
    run("export", "event", "spring", "--format", "json", "--language", "en", "-o", file)
    assert json.loads(file.read_text(encoding="utf-8"))["conclusion"].startswith("4 people were invited")


def test_an_unknown_event_is_one_clear_line_and_no_file(run, app, tmp_path):
    done = run("export", "event", "nowhere", "--format", "csv", "-o", tmp_path / "out.csv")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Error: There is no such event. (slug=nowhere)\n")
    assert not [one for one in tmp_path.iterdir() if one.is_file()]


def test_an_unknown_format_is_wrong_usage(run, day, tmp_path):
    assert run("export", "attendees", "spring", "--format", "docx", "-o", tmp_path / "x").exit_code == 2


def test_a_file_that_was_there_survives_a_failure(run, saved, tmp_path, monkeypatch):
    with saved() as session:
        make.event(session, slug="spring")
    file = tmp_path / "out.csv"
    file.write_text("before")
    monkeypatch.setattr("engage.exports.plain.lines", lambda _material: 1 / 0)
    assert run("export", "event", "spring", "--format", "csv", "-o", file).exit_code == 1
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir() if one.is_file()] == [("out.csv", "before")]
