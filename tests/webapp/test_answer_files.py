"""Files and photos with answers: sent by a guest's browser, looked through and taken home at the desk."""

import io
import uuid
import zipfile
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from database import count_queries
from everykind import picture
from PIL import Image

from engage.audit import AuditEntry
from surveys import doubts, gallery
from surveys.attachments import Attachment
from surveys.files import Upload
from surveys.responses import Response
from webapp import robots

NOW = make.NOW
ASKS = (
    {"code": "shot", "kind": "photo", "text": "现场照片", "settings": {"max_files": 2, "megabytes": 1}},
    {"code": "proof", "kind": "file", "text": "证明材料"}, {"code": "times", "kind": "number", "text": "几次"},
)
PDF = b"%PDF-1.7\n"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.asking_event(session, asks=ASKS)


def sheet(**fields):
    issued = robots.issued("only for tests", now=NOW - timedelta(minutes=1))
    return {"form.submission": str(uuid.uuid4()), "form.issued": issued, **fields}


def file(name, content):
    return (io.BytesIO(content), name)


def send(client, event, **fields):
    answer = client.post(f"/q/{event.survey_code}", data=sheet(**fields), content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # the client's own, a file where it is large
    return answer


def kept(saved):
    with saved() as session:
        return session.scalars(sa.select(Attachment.name).order_by(Attachment.question_id, Attachment.place)).all()


@pytest.mark.parametrize("way", ["", "/kiosk"])
def test_files_come_with_the_form_under_harmless_names(client, saved, event, way):
    page = client.get(f"/q/{event.survey_code}{way}").text
    assert ('enctype="multipart/form-data"' in page, 'accept="image/jpeg,image/png,image/webp" multiple' in page) == (True, True)
    photos = [file("../门口<b>.jpg", picture("JPEG")), file("x.exe", picture("PNG"))]
    answer = client.post(f"/q/{event.survey_code}{way}", data=sheet(shot=photos, proof=file("", b""), times="3"), content_type="multipart/form-data")
    assert (answer.status_code, answer.location.split("?")[0]) == (302, f"/q/{event.survey_code}{way}/thanks")
    assert kept(saved) == ["门口b.jpg", "x.exe.png"]


@pytest.mark.parametrize("shot, times, codes, words", [
    ([file("a.jpg", b"MZ\x90")], "3", ["shot"], "只接受 JPG / PNG / WEBP 文件"),
    ([file("a.jpg", b"\xff\xd8\xff" + bytes(1_000_001))], "3", ["shot"], "文件不能超过 1 MB"),
    ([file(f"{n}.jpg", picture("JPEG")) for n in range(3)], "3", ["shot"], "最多 2 个文件"),
    ([file("a.jpg", picture("JPEG"))], "many", ["times"], "请重新选择文件"),
])
def test_what_is_refused_is_said_at_its_question_and_files_are_to_be_picked_again(client, saved, event, shot, times, codes, words):
    page = send(client, event, shot=shot, times=times)
    assert (page.status_code, [code for code in ("shot", "proof", "times") if f'id="a-{code}-error"' in page.text]) == (200, codes)
    assert (words in page.text, page.text.count("请重新选择文件："), f'value="{times}"' in page.text) == (True, 1, True)
    assert kept(saved) == []


def test_a_form_without_files_may_come_plain(client, saved, event):
    assert client.post(f"/q/{event.survey_code}", data=sheet(times="3")).status_code == 302
    assert client.post(f"/q/{event.survey_code}", data=sheet(shot="C:\\fakepath\\a.jpg")).status_code == 200
    assert kept(saved) == []


def test_files_of_no_question_and_of_closed_questionnaires_are_not_looked_at(client, saved, event, monkeypatch):
    monkeypatch.setattr("surveys.kinds.files.made_anew", lambda _upload: pytest.fail("looked at"))
    assert send(client, event, times="3", other=file("a.jpg", picture("JPEG"))).status_code == 302
    with saved() as session:
        session.merge(event).questionnaire.closes_at = NOW
    assert "已结束" in send(client, event, shot=file("a.jpg", picture("JPEG"))).text
    assert kept(saved) == []


def test_a_body_beyond_all_limits_is_refused_as_too_large(app, client, event):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert send(client, event, proof=file("a.pdf", PDF + bytes(2000))).status_code == 413


# ---- at the desk


@pytest.fixture
def filed(saved, event):
    with saved() as session:
        asked = session.merge(event).questionnaire
        make.response(session, asked, {"shot": [Upload("门口.jpg", picture("JPEG")), Upload("侧面.png", picture("PNG"))]}, context=event.slug)
        make.response(session, asked, {"proof": Upload("证明 1.pdf", PDF)}, context=event.slug)
        make.response(session, asked, {"proof": Upload("别处.pdf", PDF)}, context="elsewhere")
        return {one.name: one.id for one in session.scalars(gallery.find(asked))}


def test_the_summary_leads_to_the_files_and_each_can_be_taken_home(signed_in, event, filed):
    analyst, base = signed_in("analyst"), f"/desk/events/{event.slug}"
    assert f'href="{base}/files?question=shot"' in analyst.get(f"{base}/summary").text
    page = analyst.get(f"{base}/files").text
    assert [name for name in filed if name in page] == [name for name in filed if name != "别处.pdf"]
    assert "证明 1.pdf" not in analyst.get(f"{base}/files?question=shot").text
    got = analyst.get(f"{base}/files/{filed['证明 1.pdf']}")
    assert (got.data, got.content_type, got.headers["Content-Disposition"]) == (
        PDF, "application/pdf", "attachment; filename*=UTF-8''%E8%AF%81%E6%98%8E%201.pdf")
    assert (got.headers["X-Content-Type-Options"], got.headers["Cache-Control"], "sandbox" in got.headers["Content-Security-Policy"]) == ("nosniff", "no-store", True)
    small = analyst.get(f"{base}/files/{filed['侧面.png']}/preview")
    assert (small.content_type, small.headers["Cache-Control"], Image.open(io.BytesIO(small.data)).format) == ("image/jpeg", "no-store", "JPEG")
    assert [analyst.get(f"{base}/files/{number}").status_code for number in (filed["别处.pdf"], 1, 10**30)] == [404] * 3
    assert analyst.get(f"{base}/files/{filed['证明 1.pdf']}/preview").status_code == 404


def test_all_files_come_in_one_that_is_noted(signed_in, saved, event, filed):
    analyst, base = signed_in("analyst"), f"/desk/events/{event.slug}"
    with zipfile.ZipFile(io.BytesIO(analyst.get(f"{base}/files.zip").data)) as packed:
        assert packed.testzip() is None
        inside = {info.filename.split("-")[0] + "-" + info.filename.split("-")[2]: info.date_time[0] for info in packed.infolist()}
    assert inside == {"shot-门口.jpg": 1980, "shot-侧面.png": 1980, "proof-证明 1.pdf": 1980}
    with zipfile.ZipFile(io.BytesIO(analyst.get(f"{base}/files.zip?question=proof").data)) as packed:
        assert packed.namelist() == ["proof-001-证明 1.pdf"]
    analyst.get(f"{base}/files/{filed['门口.jpg']}")
    with saved() as session:
        noted = session.execute(sa.select(AuditEntry.action, AuditEntry.detail).where(AuditEntry.action.like("questionnaire.file%")).order_by(AuditEntry.id)).all()
    assert [(action, detail["question"], detail.get("files")) for action, detail in noted] == [
        ("questionnaire.files", None, 3), ("questionnaire.files", "proof", 1), ("questionnaire.file", "shot", None)]


def test_files_of_what_is_left_out_are_gone_and_others_roles_see_none(signed_in, saved, event, filed):
    base = f"/desk/events/{event.slug}/files"
    with saved() as session:
        for response in session.scalars(sa.select(Response)):
            doubts.exclude(session, response, reason="试填", now=NOW)
    analyst = signed_in("analyst")
    assert ("还没有收到文件" in analyst.get(base).text, analyst.get(f"{base}/{filed['门口.jpg']}").status_code) == (True, 404)
    for role in ("door", "viewer"):
        client = signed_in(role)
        assert [client.get(path).status_code for path in (base, f"{base}/{filed['门口.jpg']}", f"{base}/{filed['门口.jpg']}/preview", f"{base}.zip")] == [403] * 4


def test_the_page_costs_the_same_for_one_and_for_thirty(app, signed_in, saved, event):
    analyst = signed_in("analyst")

    def cost(more):
        with saved() as session:
            asked = session.merge(event).questionnaire
            for number in range(more):
                make.response(session, asked, {"proof": Upload(f"{number}.pdf", PDF)}, context=event.slug)
        with app.app_context(), count_queries(app.extensions["sqlalchemy"].engine) as counted:
            assert analyst.get(f"/desk/events/{event.slug}/files").status_code == 200
        return len(counted)

    cost(1)
    assert cost(0) == cost(29)


def test_a_question_for_files_cannot_be_added_where_nobody_is_to_be_known(signed_in, saved):
    with saved() as session:
        asked = make.questionnaire(session, state="draft", anonymous=True)
        section = asked.sections[0].id
    page = signed_in("organiser").post(f"/desk/sections/{section}/questions/new?kind=photo", data={"text": "照片"})
    assert (page.status_code, "匿名问卷不能收集文件或照片（“照片”）" in page.text) == (422, True)
