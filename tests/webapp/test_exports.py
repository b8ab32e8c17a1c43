"""The desk's exports: small ones at once, large ones by a job that shows how far it has come and whose file is gone after a day."""

import csv
import re
import sys
from datetime import timedelta
from io import StringIO

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from openday import open_day

from engage import export_jobs
from engage.audit import AuditEntry
from engage.export_jobs import ExportJob, State
from engage.exports import RESPONSE_FORMATS
from engage.staff import Permission
from webapp import exporting, jobs

PAGE = "/desk/events/spring/exports"


@pytest.fixture
def day(saved):
    with saved() as session:
        return open_day(session, slug="spring", title="春季开放日")


@pytest.fixture
def asked(monkeypatch):
    """The jobs that were asked for, which nobody does by himself here."""
    seen = []
    monkeypatch.setattr(jobs, "soon", seen.append)
    return seen


@pytest.fixture
def large(monkeypatch):
    """Every export is a large one."""
    monkeypatch.setattr("webapp.views.desk.exports.LARGE", 0)


def worked_off(app):
    with app.app_context():
        return exporting.work_off()


def files(app):
    folder = app.extensions["engage_settings"].instance / "exports"
    return [(path.name.partition(".")[2], oct(path.stat().st_mode)[-3:]) for path in folder.glob("*")]


@pytest.mark.parametrize("suffix", RESPONSE_FORMATS)
def test_small_exports_of_responses_are_sent_at_once(day, signed_in, asked, suffix):
    answer = signed_in("analyst").get(f"/desk/events/spring/responses.{suffix}", buffered=True)
    assert (answer.status_code, asked, len(answer.data) > 100) == (200, [], True)
    assert "%E5%8E%9F%E5%A7%8B%E6%95%B0%E6%8D%AE" in answer.headers["Content-Disposition"]  # 原始数据


def test_a_large_export_is_ordered_written_and_fetched(app, day, saved, signed_in, asked, large):
    analyst = signed_in("analyst")
    answer = analyst.get("/desk/events/spring/responses.csv")
    assert (answer.status_code, answer.location, asked) == (303, PAGE, ["export"])
    page = analyst.get(PAGE).text
    assert "等待生成" in page
    assert "刷新进度" in page
    with saved() as session:
        job = session.scalars(sa.select(ExportJob)).one()
        key, by = job.key, job.by
        export_jobs.report(session.connection(), export_jobs.claim(session, now=make.NOW).id, 2, 5, now=make.NOW)
    assert re.search(r'<progress max="5" value="2"[^>]*></progress>\s*40.0%', analyst.get(PAGE).text)
    with saved() as session:
        session.execute(sa.update(ExportJob).values(state=State.WAITING))
    assert (worked_off(app), files(app)) == (1, [("csv", "600")])
    page = analyst.get(PAGE).text
    assert f'href="/desk/exports/{key}"' in page
    assert "刷新进度" not in page
    data = analyst.get(f"/desk/exports/{key}", buffered=True).data
    assert [row[0] for row in csv.reader(StringIO(data.decode("utf-8-sig"), newline=""))] == ["序号", "1", "2", "3", "4", "5"]
    with saved() as session:
        noted = session.execute(sa.select(AuditEntry.action, AuditEntry.by).where(AuditEntry.action.startswith("event.export"))).all()
        assert noted == [("event.export", by), ("event.export.fetch", by)]


def test_only_who_may_have_it_gets_a_file_and_after_a_day_nobody(app, day, saved, signed_in, asked, large):
    organiser = signed_in("organiser")
    organiser.get("/desk/events/spring/attendees.xlsx")
    worked_off(app)
    with saved() as session:
        job = session.scalars(sa.select(ExportJob)).one()
        address = f"/desk/exports/{job.key}"
    assert signed_in("admin").get(address).status_code == 404
    assert signed_in("analyst").get(PAGE).text.count(address) == 0
    assert organiser.get(address, buffered=True).status_code == 200
    with saved() as session:
        session.execute(sa.update(ExportJob).values(expires_at=make.NOW))
    assert organiser.get(address).status_code == 404
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(exporting, "ABANDONED", -60)
        assert worked_off(app) == 0
    assert files(app) == []
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ExportJob)) == 0


def test_what_stops_an_export_is_told_and_others_go_on(app, day, saved, signed_in, asked, large, monkeypatch):
    analyst = signed_in("analyst")
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    for suffix in ("sav", "csv"):
        analyst.get(f"/desk/events/spring/responses.{suffix}")
    assert (worked_off(app), files(app)) == (2, [("csv", "600")])
    assert "服务器没有安装 SPSS 导出组件" in analyst.get(PAGE).text


def test_spss_without_its_extra_is_refused_in_words(day, signed_in, asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    answer = signed_in("analyst").get("/desk/events/spring/responses.sav")
    assert (answer.status_code, "pyreadstat" in answer.text) == (409, True)


def test_jobs_tell_how_far_they_are_while_they_write(app, day, saved, signed_in, asked, large, monkeypatch):
    told = []
    monkeypatch.setattr(exporting, "PACE", -1.0)
    monkeypatch.setattr("engage.exports.material.BATCH", 2)
    monkeypatch.setattr(export_jobs, "report", lambda _connection, _job, done, total, **_now: told.append((done, total)))
    signed_in("analyst").get("/desk/events/spring/summary.xlsx")
    worked_off(app)
    assert told == [(2, 10), (4, 10), (6, 10), (8, 10)]  # five responses are read twice


def test_the_print_page_has_the_figures_of_the_report_and_is_noted(day, saved, signed_in):
    page = signed_in("analyst").get("/desk/events/spring/summary/print").text
    for words in ("一、活动概况", "四、意见建议", "1．总体评价（满意度量表）", "共5人回答，满意率60.0%（基本满意及以上），平均数3。", "“停车位太少”"):
        assert words in page
    assert page.count("report.css") == 1
    with saved() as session:
        assert session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "event.export")).all() == [{"what": "summary.print"}]


def test_the_page_asks_as_often_for_thirty_exports_as_for_one(app, day, saved, signed_in, asked, large):
    analyst, seen = signed_in("analyst"), []
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    for number in (1, 29):
        with saved() as session:
            event = session.merge(day.event)
            for _ in range(number):
                order = export_jobs.Order(export_jobs.Kind.RESPONSES, "csv", Permission.ANALYSE)
                export_jobs.order(session, event, order, by=f"user:{number}", now=make.NOW + timedelta(seconds=number)).state = State.FAILED
                session.flush()
                session.execute(sa.update(ExportJob).values(refusal="export_interrupted"))
        with count_queries(engine) as queries:
            analyst.get(PAGE)
        seen.append(len(queries))
    assert seen[0] == seen[1]
