"""The web app on either database: what the two drivers answer differently, and the main journey."""

import inspect
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import make
import pytest
import sqlalchemy as sa
from werkzeug.routing import IntegerConverter

import webapp
from engage.events import Event
from engage.invitations import Invitation
from engage.outbox import Message
from engage.parties import Attendee
from engage.people import seed_categories
from webapp import create_app
from webapp.settings import Settings
from webapp.wiring import clock, db, saving

BEYOND = "9" * 20  # larger than any integer of a database
NUMBERS = (  # what stands in the addresses of lists
    "page", "category", "event", "invitation", "months", "pick", "question", "questionnaire", "idle", "version", "removed", "sheet", "like",
)


@pytest.fixture
def app(database_url, tmp_path):
    """The web app on a database of its own, of either kind."""
    settings = Settings(instance=tmp_path, secret_key="only for tests", database_url=database_url)
    app = create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with app.app_context():
        db.create_all()
        with saving() as session:
            seed_categories(session)
    yield app
    with app.app_context():
        db.engine.dispose()


def test_an_id_beyond_the_databases_integers_is_not_found(app, saved, signed_in):
    with saved() as session:
        slug = make.event(session).slug
    admin = signed_in("admin")
    answers = {}
    for rule in app.url_map.iter_rules():
        numbers = [name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)]
        if numbers:
            first = {name: kind.regex.removeprefix("(?:").partition("|")[0] for name, kind in rule._converters.items()}
            address = rule.build(first | {"slug": slug} | dict.fromkeys(numbers, int(BEYOND)))[1]
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answers[f"{method} {address}"] = admin.open(address, method=method).status_code
    assert len(answers) > 30
    assert {request: status for request, status in answers.items() if status != 404} == {}


def test_a_number_beyond_the_databases_integers_in_a_query_finds_nothing(app, saved, signed_in):
    with saved() as session:
        event = make.event(session)
        event.questionnaire = make.questionnaire(session)
        make.activity(session, event)
        make.field(session, event, required=True)
        make.registration(session, event)
        slug = event.slug
    admin = signed_in("admin")
    failed, asked = {}, set()
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or not rule.rule.startswith(("/desk", "/q")):
            continue
        source = inspect.getsource(inspect.getmodule(app.view_functions[rule.endpoint]))
        first = {each: kind.regex.removeprefix("(?:").partition("|")[0] for each, kind in rule._converters.items()}
        ones = {each: 1 for each, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
        for name in NUMBERS:
            if name != "page" and f'"{name}"' not in source:
                continue
            asked.add(name)
            for number in (BEYOND, 2**31):
                address = f"{rule.build(first | {'slug': slug} | ones)[1]}?picked=1&{name}={number}"
                with admin.get(address) as answer:
                    if answer.status_code >= 500:
                        failed[address] = answer.status_code
    assert failed == {}
    assert asked == {*NUMBERS}


def test_every_number_that_a_page_reads_from_its_address_is_among_those():
    read = re.compile(r"""\.get(?:list)?\("(\w+)"[^)]*type=int""")
    views = Path(webapp.__file__).parent / "views"
    found = {name for file in views.rglob("*.py") for line in file.read_text().splitlines() if "form.get" not in line for name in read.findall(line)}
    assert found <= {*NUMBERS}


def test_a_number_beyond_the_databases_integers_in_a_form_is_refused(saved, signed_in):
    with saved() as session:
        slug = make.event(session).slug
    organiser = signed_in("organiser")
    sent = {
        f"/desk/events/{slug}/questionnaire/attach": {"questionnaire": BEYOND},
        f"/desk/events/{slug}/invitations/add": {"category": BEYOND},
        f"/desk/events/{slug}/invitations/pick": {"person": BEYOND},
        f"/desk/events/{slug}/invitations/send": {"picked": "1", "invitation": BEYOND},
        f"/desk/events/{slug}/letters": {"message": BEYOND},
    }
    assert {address: organiser.post(address, data=data).status_code for address, data in sent.items()} == dict.fromkeys(sent, 404)


LIST = "姓名,类别,手机,邮箱\n张三,企业代表,13800138001,zhang@example.org\n李四,人大代表,13800138002,\n"


def happening(session, **changes):
    """An event that is going on now."""
    now = clock()
    until = now + timedelta(hours=2)
    return make.event(session, starts_at=now - timedelta(hours=1), ends_at=until, registration_closes_at=until, **changes)


def test_from_a_list_to_a_summary(app, saved, signed_in, client):
    with saved() as session:
        event = happening(session, slug="open")
        event.questionnaire = make.questionnaire(session)
    organiser = signed_in("organiser")
    planned = organiser.post("/desk/people/import", data={"file": (BytesIO(LIST.encode("gb18030")), "名单.csv"), "category": "", "event": ""})
    assert organiser.post(planned.location).status_code == 302
    organiser.post("/desk/events/open/invitations/add", data={"everyone": "1"})
    organiser.post("/desk/events/open/invitations/send")
    with saved() as session:
        sent = session.scalars(sa.select(Message).order_by(Message.name)).all()
        assert [(message.name, message.channel) for message in sent] == [("张三", "email"), ("李四", "sms")]
        guest = f"/i/{session.get(Invitation, sent[0].invitation_id).token}"
    assert "张三" in client.get(guest).text
    accepted = client.post(guest, data={"submission": str(uuid.uuid4()), "name": "张三", "phone": "13800138001", "consent": "y"})
    code = accepted.location.rpartition("/")[2]
    door = signed_in("door")
    scan = {"id": str(uuid.uuid4()), "code": code}
    assert "张三" in door.post("/desk/events/open/door/scans", data=scan, follow_redirects=True).text
    with saved() as session:
        leader = session.scalars(sa.select(Attendee)).one()
        assert leader.arrived_at is not None
    answered = client.post(f"/q/{leader.survey_code}", data={"submission": str(uuid.uuid4()), "q3": "5", "q6": "很好"})
    assert answered.status_code == 302
    summary = signed_in("analyst").get("/desk/events/open/summary")
    assert (summary.status_code, "很好" in signed_in("analyst").get("/desk/events/open/answers").text) == (200, True)
    assert organiser.post("/desk/events/open/tell/thanks").status_code == 302


def test_of_eight_browsers_at_once_one_gets_the_last_seat(app, saved):
    with saved() as session:
        happening(session, slug="open", seats=1)
        category = make.category(session, self_chosen=True)
    start = threading.Barrier(8)

    def register(place):
        browser = app.test_client()
        start.wait()
        return browser.post("/events/open/register", data={
            "submission": str(uuid.uuid4()), "category": category.id, "name": f"客人{place}", "phone": f"1380013800{place}", "consent": "y",
        }).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(register, range(8))) == [200] * 7 + [302]
    with saved() as session:
        assert (session.scalar(sa.select(sa.func.count(Attendee.id))), session.scalars(sa.select(Event)).one().quota.taken) == (1, 1)


def test_a_connection_that_died_while_it_rested_is_replaced_and_one_in_use_is_not_asked_about(app, database_url, monkeypatch):
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no server whose connections could die")
    asked = []
    with app.app_context():
        monkeypatch.setattr(db.engine.dialect, "do_ping", ask := _asking(db.engine.dialect.do_ping, asked))
        assert db.engine.dialect.do_ping is ask
        with db.engine.connect() as connection:
            first = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        with db.engine.connect() as connection:
            assert (connection.scalar(sa.text("SELECT pg_backend_pid()")), asked) == (first, [])
        monkeypatch.setattr("webapp.wiring.RESTED", 0)
        other = sa.create_engine(database_url)
        with other.connect() as killer:
            killer.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
        other.dispose()
        with db.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != first
    assert len(asked) == 1


def _asking(ping, asked):
    def ask(connection):
        asked.append(connection)
        return ping(connection)

    return ask
