"""A tablet in the hall: one guest after the other, and no way from there to the desk."""

import uuid
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from surveys.questionnaires import Access
from surveys.responses import Response
from webapp import robots

NOW = make.NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("asking", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.asking_event(session)


@pytest.fixture
def sheet(app):
    def made(**answers):
        with app.app_context():
            key = app.config["SECRET_KEY"]
        return {"form.submission": str(uuid.uuid4()), "form.issued": robots.issued(key, now=NOW - timedelta(minutes=1)), "q3": "4", **answers}

    return made


def test_one_guest_after_the_other_answers_and_the_tablet_remembers_nobody(client, saved, event, sheet):
    way = f"/q/{event.survey_code}/kiosk?idle=30"
    for _ in range(2):
        page = client.get(way).text
        assert ('name="q3"' in page, "checked" in page, 'autocomplete="off"' in page) == (True, False, True)
        sent = client.post(way, data=sheet())
        assert (sent.location, "Set-Cookie" in sent.headers) == (f"/q/{event.survey_code}/kiosk/thanks?idle=30", False)
        thanks = client.get(sent.location).text
        assert ("问卷已提交" in thanks, f'href="/q/{event.survey_code}/kiosk?idle=30"' in thanks) == (True, True)
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Response)) == 2


def test_what_is_refused_is_told_and_kept(client, event, sheet):
    page = client.post(f"/q/{event.survey_code}/kiosk", data=sheet(q3="", q6="已经写了"))
    assert ("请回答这一题" in page.text, "已经写了" in page.text) == (True, True)


def test_a_guests_own_link_is_not_for_a_tablet(client, saved, event):
    with saved() as session:
        guest = make.registration(session, session.merge(event)).leader
    assert client.get(f"/q/{guest.survey_code}/kiosk").status_code == 404


def test_nonsense_in_the_address_is_the_usual_time(client, event):
    assert '"idle": 60' in client.get(f"/q/{event.survey_code}/kiosk?idle=nonsense").text


def test_whoever_starts_it_is_signed_out(signed_in, event):
    staff = signed_in("door")
    page = staff.get(f"/desk/events/{event.slug}/kiosk").text
    start = f"/q/{event.survey_code}/kiosk?idle=60"
    assert start.replace("&", "&amp;") in page
    assert staff.post("/desk/sign-out", data={"next": start}).location == start
    assert "/desk/sign-in" in staff.get(f"/desk/events/{event.slug}/kiosk").location


def test_a_questionnaire_for_personal_links_only_has_no_tablet(signed_in, client, saved, event):
    with saved() as session:
        session.merge(event).questionnaire.access = Access.PERSONAL
    page = signed_in("door").get(f"/desk/events/{event.slug}/kiosk").text
    assert ("只凭个人链接作答" in page, "退出登录并开始" in page) == (True, False)
    assert client.get(f"/q/{event.survey_code}/kiosk").status_code == 409


def test_signing_out_leads_nobody_away(signed_in):
    assert signed_in("door").post("/desk/sign-out", data={"next": "https://elsewhere.example/"}).location == "/desk/sign-in"
