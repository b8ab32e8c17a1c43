"""The office's name is a setting, and stands wherever the office speaks."""

import shutil
from io import BytesIO

import make
import pytest
from docx import Document

from engage.outbox import Channel
from webapp import create_app, notices
from webapp.settings import Settings

NAME = "海阳市<公共资源>交易中心"


@pytest.fixture
def app(initialised, tmp_path):
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    yield (app := create_app(Settings(instance=tmp_path, secret_key="only for tests", office=NAME), TESTING=True, WTF_CSRF_ENABLED=False))
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def test_pages_letters_messages_and_reports_name_the_office(app, saved, client, signed_in):
    shown = "海阳市&lt;公共资源&gt;交易中心"
    with app.app_context(), saved() as session:
        event = make.event(session, slug="open")
        invitation = make.invitation(session, event)
        assert NAME in notices.invitation_text(invitation, Channel.EMAIL)[1]
    organiser = signed_in("organiser")
    assert {page: shown in organiser.get(page).text for page in ("/", "/desk/", "/desk/events/open/letters?all=1")} == {
        "/": True, "/desk/": True, "/desk/events/open/letters?all=1": True}
    with organiser.get("/desk/events/open/summary.docx") as answer:
        report = Document(BytesIO(answer.data))
    assert report.paragraphs[-2].text == NAME
    assert shown in client.get("/?lang=en").text


@pytest.mark.parametrize("language, name", [("zh", "公共资源交易中心"), ("en", "Public Resource Trading Centre")])
def test_an_office_that_has_not_named_itself_speaks_the_readers_language(initialised, tmp_path, language, name):
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True)
    assert name in app.test_client().get(f"/?lang={language}").text
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()
