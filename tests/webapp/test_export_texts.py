"""What people wrote, as the desk and the command line export it: masked, or as it was written for who may see personal data."""

import json

import make
import pytest
import sqlalchemy as sa

from engage import events
from engage.audit import AuditEntry

TEXT = "请王小娟主任回电13912345678"
AS_WRITTEN = {"texts": "as_written"}


def asking(saved, *, anonymous=False):
    with saved() as session:
        event = make.event(session, slug="open-day")
        make.invitation(session, event, name="王小娟")
        questionnaire = make.questionnaire(session, asks=[{"kind": "long_text", "text": "意见"}], anonymous=anonymous)
        events.attach(session, event, questionnaire, by=make.BY, now=make.NOW)
        make.response(session, questionnaire, {"q1": TEXT}, context="open-day")
    return "/desk/events/open-day"


def said(answer):
    return [one["text"] for one in json.loads(answer.data)["open_answers"]]


def exports_noted(saved):
    with saved() as session:
        return session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "event.export").order_by(AuditEntry.id)).all()


def test_a_download_is_masked_and_the_next_page_tells_what_was(saved, signed_in):
    page, analyst = asking(saved), signed_in("analyst")
    assert said(analyst.get(f"{page}/summary.json", buffered=True)) == ["请〔姓名〕主任回电〔手机号〕"]
    shown = analyst.get(f"{page}/exports").get_data(as_text=True)
    assert "本次导出已遮盖姓名1处、手机号1处。" in shown
    assert "按原文导出" not in shown


def test_only_who_may_see_personal_data_gets_texts_as_they_were_written_and_it_is_noted(saved, signed_in):
    page = asking(saved)
    assert signed_in("analyst").get(f"{page}/summary.json", query_string=AS_WRITTEN, buffered=True).status_code == 403
    assert exports_noted(saved) == []
    organiser = signed_in("organiser")
    assert "按原文导出" in organiser.get(f"{page}/exports").get_data(as_text=True)
    assert said(organiser.get(f"{page}/summary.json", query_string=AS_WRITTEN, buffered=True)) == [TEXT]
    assert TEXT in organiser.get(f"{page}/responses.csv", query_string=AS_WRITTEN, buffered=True).get_data(as_text=True)
    assert exports_noted(saved) == [{"what": "summary.json", "texts": "as_written"}, {"what": "responses.csv", "texts": "as_written"}]


@pytest.mark.parametrize("large", [0, 5000])
def test_texts_of_an_anonymous_questionnaire_are_never_exported_as_they_were_written(saved, signed_in, monkeypatch, large):
    monkeypatch.setattr("webapp.views.desk.exports.LARGE", large)
    page, organiser = asking(saved, anonymous=True), signed_in("organiser")
    assert "按原文导出" not in organiser.get(f"{page}/exports").get_data(as_text=True)
    refused = organiser.get(f"{page}/summary.json", query_string=AS_WRITTEN, buffered=True)
    assert (refused.status_code, "匿名问卷的文字回答只能遮盖后导出。" in refused.get_data(as_text=True)) == (403, True)
    assert exports_noted(saved) == []


def test_a_job_tells_what_it_masked(app, saved, signed_in, monkeypatch):
    monkeypatch.setattr("webapp.views.desk.exports.LARGE", 0)
    monkeypatch.setattr("webapp.jobs.soon", lambda *_: None)
    page, organiser = asking(saved), signed_in("organiser")
    organiser.get(f"{page}/summary.json", buffered=True)
    with app.app_context():
        from webapp import exporting  # noqa: PLC0415 -- reads settings of the app

        assert exporting.work_off() == 1
    assert "已遮盖姓名1处、手机号1处" in organiser.get(f"{page}/exports").get_data(as_text=True)
