"""Thirty guests answer an anonymous questionnaire by their personal links: what the office's machine knows of it afterwards."""

import logging
import random
import uuid

import make
import pytest
import sqlalchemy as sa

from engage import events
from engage.people import seed_categories
from surveys.ballots import Ballot
from surveys.mixing import Mixing
from surveys.responses import Answer, Response
from webapp import create_app, mixing
from webapp.settings import Settings
from webapp.wiring import db, saving

NOW = make.NOW
GUESTS = 30
OF_ANSWERS = {"ballot", "response", "answer", "tally", "mixing", "option_count"}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("asking", "wiring", "mixing"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: NOW)


@pytest.fixture
def app(database_url, tmp_path):
    """The web app as an office runs it, rate limits and all, on a database of its own of either kind."""
    settings = Settings(instance=tmp_path / "instance", secret_key="kept outside of the database", database_url=database_url)
    app = create_app(settings, TESTING=True)
    with app.app_context():
        db.create_all()
        with saving() as session:
            seed_categories(session)
    yield app
    with app.app_context():
        db.engine.dispose()


def dumped(engine):
    """Every row of every table that is not about answers."""
    tables = [table for table in sa.inspect(engine).get_table_names() if table not in OF_ANSWERS]
    with engine.connect() as connection:
        return {table: sorted(map(str, connection.execute(sa.text(f'SELECT * FROM "{table}"')))) for table in tables}


def opinion(number):
    return f"opinion-of-{number:03}-opinion"


def test_answering_leaves_a_trace_in_no_other_table_no_log_and_no_counter(app, tmp_path, caplog):
    with app.app_context(), saving() as session:
        event = make.event(session)
        asked = make.questionnaire(session, anonymous=True, asks=[{"kind": "text", "text": "意见"}])
        events.attach(session, event, asked, by="system", now=NOW)
        kinds = [make.category(session) for _ in range(2)]
        languages = ["en" if number == 7 else "zh" for number in range(GUESTS)]
        guests = [make.registration(session, event, category=kinds[number >= GUESTS - 3], language=languages[number]).leader
                  for number in range(GUESTS)]
        codes, names, large = [guest.survey_code for guest in guests], [guest.name for guest in guests], kinds[0].code
        ids = [guest.id for guest in guests]
    with app.app_context():
        before = dumped(db.engine)
    caplog.set_level(logging.DEBUG)
    for number in random.sample(range(GUESTS), GUESTS):
        client, address = app.test_client(), {"REMOTE_ADDR": f"10.0.0.{number}"}
        way = f"/q/{codes[number]}?lang={languages[number]}"
        assert client.get(way, environ_overrides=address).status_code == 200
        sheet = {"form.submission": str(uuid.uuid4()), "q1": opinion(number)}
        assert client.post(way, data=sheet, environ_overrides=address).status_code == 302
    with app.app_context():
        mixing.work_off()
        assert dumped(db.engine) == before
        responses = db.session.scalars(sa.select(Response)).all()
        answers = db.session.scalars(sa.select(Answer.text)).all()
        ballots = db.session.scalars(sa.select(Ballot.respondent)).all()
        assert db.session.execute(sa.select(Mixing.ballots, Mixing.responses)).all() == [(GUESTS, 0)]
    assert sorted(answers) == [opinion(number) for number in range(GUESTS)]
    assert {(one.respondent, one.submitted_at, one.submitted_on, one.language) for one in responses} == {(None, None, NOW.date().replace(day=1), "")}
    assert sorted(one.segment for one in responses) == [""] * 3 + [large] * (GUESTS - 3)
    assert not [ballot for ballot in ballots if any(ballot == f"attendee:{one}" for one in ids)]
    telling = [*codes, *names, *(opinion(number) for number in range(GUESTS))]
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("asyncio"))
    counters = repr(vars(app.extensions["engage_rates"].storage))
    beside = b"".join(path.read_bytes() for path in (tmp_path / "instance").rglob("*") if path.is_file() and "engage.sqlite" not in path.name)
    assert [word for word in telling if word in logged or word in counters or word.encode() in beside] == []


def test_the_office_mixes_what_is_over_and_still_knows_who_has_answered(app):
    with app.app_context(), saving() as session:
        event = make.event(session)
        asked = make.questionnaire(session, anonymous=True)
        events.attach(session, event, asked, by="system", now=NOW)
        code = make.registration(session, event).leader.survey_code
    client = app.test_client()
    sheet = {"form.submission": str(uuid.uuid4()), "q3": "5"}
    assert client.post(f"/q/{code}", data=sheet).status_code == 302
    with app.app_context():
        with saving() as session:
            session.get(type(asked), asked.id).state = "closed"
        mixing.work_off()
        assert db.session.execute(sa.select(Mixing.ballots, Mixing.responses)).all() == [(1, 1)]
        with saving() as session:
            session.get(type(asked), asked.id).state = "open"
    assert "每人只能提交一次" in client.get(f"/q/{code}").text
    assert "每人只能提交一次" in client.post(f"/q/{code}", data=sheet | {"form.submission": str(uuid.uuid4())}).text
