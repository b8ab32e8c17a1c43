import io

import make
import pypdfium2
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from database import count_queries

from engage.audit import AuditEntry
from engage.badges import BadgePrint
from engage.export_jobs import ExportJob
from engage.registrations import Attendee
from webapp import cli, exporting, jobs

PAGE = "/desk/events/day/badges"


@pytest.fixture
def organiser(signed_in):
    return signed_in("organiser")


@pytest.fixture
def guests(saved):
    with saved() as session:
        event = make.event(session, slug="day", title="平台开放日")
        category = make.category(session, name="企业代表团")
        return {name: make.registration(session, event, name=name, organisation=office, category=category).leader.id
                for name, office in (("安一", "东村"), ("白二", "西村"), ("陈三", "西村"))}


def printed(saved):
    with saved() as session:
        return sorted(session.scalars(sa.select(Attendee.name).join(BadgePrint, BadgePrint.attendee_id == Attendee.id)))


def text_of(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_the_chosen_are_printed_and_noted_then_the_rest(organiser, guests, saved):
    page = organiser.get(PAGE).text
    assert [name in page for name in ("安一", "白二", "陈三", "东村", "企业代表团")] == [True] * 5
    done = organiser.post(f"{PAGE}.pdf", data={"size": "a4-2x5", "pick": [guests["白二"]]}, buffered=True)
    assert (done.status_code, done.content_type, done.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert "%E5%B9%B3%E5%8F%B0%E5%BC%80%E6%94%BE%E6%97%A5%E8%83%B8%E7%89%8C.pdf" in done.headers["Content-Disposition"]
    assert printed(saved) == ["白二"]
    left = organiser.get(f"{PAGE}?printed=not_yet").text
    assert [name in left for name in ("安一", "白二", "陈三")] == [True, False, True]
    (text,) = text_of(organiser.post(f"{PAGE}.pdf", data={"printed": "not_yet"}, buffered=True).data)
    assert [name in text for name in ("安一", "白二", "陈三")] == [True, False, True]
    assert printed(saved) == ["安一", "白二", "陈三"]
    with saved() as session:
        noted = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "event.badges").order_by(AuditEntry.id))
        assert [entry.detail for entry in noted] == [{"badges": 1}, {"badges": 2}]


def test_many_badges_are_drawn_by_a_job_and_count_as_printed_when_the_file_is_fetched(app, organiser, guests, saved, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "soon", asked.append)
    monkeypatch.setattr("webapp.views.desk.badges.AT_ONCE", 1)
    ordered = organiser.post(f"{PAGE}.pdf", data={"size": "a4-2x5", "order": "organisation", "q": "西村"})
    assert (ordered.status_code, ordered.location, asked, printed(saved)) == (303, "/desk/events/day/exports", ["export"], [])
    with app.app_context():
        assert exporting.work_off() == 1
    with saved() as session:
        (job,) = session.scalars(sa.select(ExportJob))
        address = f"/desk/exports/{job.key}"
        assert (job.total, job.parameters["people"]) == (2, [guests["白二"], guests["陈三"]])
        assert session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "event.export")).one() == {
            "what": "badges.pdf", "size": "a4-2x5", "order": "organisation"}
    done = organiser.get(address, buffered=True)
    assert (done.content_type, ["白二" in text and "安一" not in text for text in text_of(done.data)]) == ("application/pdf", [True])
    assert printed(saved) == ["白二", "陈三"]


def test_the_list_is_searched_and_filtered_and_the_form_prints_what_is_shown(organiser, guests):
    page = organiser.get(f"{PAGE}?q=西村&order=organisation&size=a4-3x8").text
    assert [name in page for name in ("安一", "白二", "陈三")] == [False, True, True]
    assert ('<input type="hidden" name="q" value="西村">' in page, '<input type="hidden" name="size" value="a4-3x8">' in page) == (True, True)
    (text,) = text_of(organiser.post(f"{PAGE}.pdf", data={"q": "西村", "size": "a4-3x8"}, buffered=True).data)
    assert [name in text for name in ("安一", "白二", "陈三")] == [False, True, True]
    assert "没有符合条件的人员" in organiser.get(f"{PAGE}?q=没有").text


def test_spoilt_badges_are_to_be_printed_again(organiser, guests, saved):
    organiser.post(f"{PAGE}.pdf", buffered=True)
    told = organiser.post(f"{PAGE}/spoilt", data={"pick": [guests["安一"]]}, follow_redirects=True)
    assert ("已将 1 人记为尚未打印" in told.text, printed(saved)) == (True, ["白二", "陈三"])


def test_nobody_is_printed_without_a_word(organiser, guests, saved):
    for address in (f"{PAGE}.pdf", f"{PAGE}/spoilt"):
        assert "没有符合条件的人员" in organiser.post(address, data={"q": "没有"}, follow_redirects=True).text
    assert printed(saved) == []


def test_the_preview_shows_the_sheets_and_prints_nothing(organiser, guests, saved):
    page = organiser.get(f"{PAGE}/preview?size=a4-2x5").text
    assert (page.count("<svg xmlns"), page.count("安一"), printed(saved)) == (1, 1, [])
    assert organiser.get(f"{PAGE}/preview?size=cr80").text.count("<svg xmlns") == 3


def test_a_character_that_the_font_lacks_is_warned_of(organiser, guests, saved):
    with saved() as session:
        session.get_one(Attendee, guests["安一"]).name = "安𠮷"
    for page in (PAGE, f"{PAGE}/{guests['安一']}"):
        assert "胸牌字体没有以下字符" in organiser.get(page).text
    assert "胸牌字体没有以下字符" not in organiser.get(f"{PAGE}/{guests['白二']}").text


def test_the_door_prints_a_single_badge_and_sees_no_list(signed_in, guests, saved):
    door = signed_in("door")
    page = f"{PAGE}/{guests['陈三']}"
    assert ("陈三的胸牌" in door.get(page).text, door.get(PAGE).status_code) == (True, 403)
    (text,) = text_of(door.post(page, data={"size": "cr80"}, buffered=True).data)
    assert ("陈三" in text, printed(saved)) == (True, ["陈三"])
    assert "打印过" in door.get(page).text


@pytest.mark.parametrize("role, single", [("viewer", 403), ("analyst", 403), ("door", 200)])
def test_names_are_for_those_who_may_see_them(signed_in, guests, role, single):
    browser = signed_in(role)
    asked = [browser.get(PAGE), browser.get(f"{PAGE}/preview"), browser.post(f"{PAGE}.pdf"), browser.post(f"{PAGE}/spoilt"), browser.get(f"{PAGE}/{guests['安一']}")]
    assert [answer.status_code for answer in asked] == [403, 403, 403, 403, single]


def test_a_badge_of_another_event_is_not_found(organiser, guests, saved):
    with saved() as session:
        make.event(session, slug="other")
    assert [organiser.open(f"/desk/events/other/badges/{guests['安一']}", method=method).status_code for method in ("GET", "POST")] == [404, 404]


@pytest.mark.parametrize("query", ["size=x", "printed=x&order=x", "category=x&pick=x", "page=99", "category=99999999999999999999"])
def test_odd_addresses_do_no_harm(organiser, guests, query):
    assert organiser.get(f"{PAGE}?{query}").status_code in {200, 404}


def test_thirty_guests_take_as_many_queries_as_one(app, organiser, saved):
    def queries():
        with app.app_context(), count_queries(app.extensions["sqlalchemy"].engine) as seen:
            assert organiser.get(PAGE).status_code == 200
        return len(seen)

    with saved() as session:
        event, category = make.event(session, slug="day"), make.category(session)
        make.registration(session, event, category=category)
    few = queries()
    with saved() as session:
        for _ in range(29):
            make.registration(session, session.merge(event), category=session.merge(category))
    assert queries() == few


@pytest.fixture
def run(app, monkeypatch):
    monkeypatch.setattr("webapp.commands.create_app", lambda: app)
    return lambda *words: CliRunner().invoke(cli.main, [str(word) for word in words])


def test_the_command_writes_the_badges_and_notes_them(run, guests, saved, tmp_path):
    file = tmp_path / "badges.pdf"
    done = run("export", "badges", "day", "--size", "a7", "-o", file)
    assert (done.exit_code, done.stdout) == (0, f"Wrote {file} ({file.stat().st_size:,} bytes).\n")
    assert len(text_of(io.BytesIO(file.read_bytes()))) == 3
    assert printed(saved) == ["安一", "白二", "陈三"]
    again = run("export", "badges", "day", "--printed", "not_yet", "-o", tmp_path / "none.pdf")
    assert (again.exit_code, again.stderr, (tmp_path / "none.pdf").exists()) == (1, "Error: Nobody who is expected fits what was chosen.\n", False)
