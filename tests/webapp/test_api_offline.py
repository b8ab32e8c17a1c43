"""The API for a door without a network: what it takes along, what it sends later, and that nothing is lost or counted twice."""

import gzip
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from datetime import timedelta

import make
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engage import devices
from engage.audit import AuditEntry
from engage.codes import digest
from engage.events import Event
from engage.parties import Attendee
from engage.presence import Scan
from engage.walk_ins import WalkIn
from webapp import create_app
from webapp.cli import main
from webapp.settings import Settings
from webapp.wiring import clock

ENGAGE = [sys.executable, "-c", "from webapp.cli import main; main(prog_name='engage')"]


@pytest.fixture
def event(saved):
    """An open day that is on now and takes walk-ins, with a room for one."""
    with saved() as session:
        now = clock()
        made = make.event(session, state="published", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=2),
                          registration_closes_at=now + timedelta(hours=1), walk_ins=True)
        make.activity(session, made, starts_at=None, ends_at=None, capacity=1)
        session.flush()
        return made


@pytest.fixture
def party(saved, event):
    with saved() as session:
        return list(make.registration(session, session.get(Event, event.id), companions=1).attendees)


@pytest.fixture
def api(client, saved):
    """`api(path, body)` posts as a device, `api(path)` asks."""
    with saved() as session:
        token = devices.add_device(session, "东门", by=make.BY, now=make.NOW)[1]

    def call(path, body=None, **headers):
        method = "GET" if body is None else "POST"
        return client.open(f"/api/v1/events/{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}"} | headers)

    return call


def held(code, **changes):
    return {"id": str(uuid.uuid4()), "code": code, "at": clock().isoformat()} | changes


def test_the_roster_is_sent_packed_and_only_when_something_has_changed(api, event, party, saved):
    first = api(f"{event.slug}/roster", **{"Accept-Encoding": "gzip"})
    assert (first.headers["Content-Encoding"], len(json.loads(gzip.decompress(first.data))["tickets"])) == ("gzip", 2)
    again = api(f"{event.slug}/roster", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    with saved() as session:
        room = session.get(Event, event.id).activities[0].id
    api(f"{event.slug}/scans", {"scans": [held(party[0].ticket_code, activity=room)]})
    changed = api(f"{event.slug}/roster", **{"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, "Content-Encoding" in changed.headers) == (200, False)
    assert changed.json["activities"][0] | {"title": "", "room": ""} == {
        "id": room, "title": "", "room": "", "starts_at": None, "ends_at": None, "capacity": 1, "inside": 1}
    assert [[each["id"] for each in ticket.get("activities", [])] for ticket in changed.json["tickets"]] == [[room], []]


def test_a_wrong_clock_is_corrected_and_both_times_are_kept(api, event, party, saved):
    wrong = clock() - timedelta(days=365)
    sent = {"scans": [held(party[0].ticket_code, at=(wrong - timedelta(minutes=10)).isoformat())], "sent_at": wrong.isoformat()}
    answer = api(f"{event.slug}/scans", sent).json["scans"][0]
    assert answer["result"] == "admitted"
    with saved() as session:
        scan = session.get(Scan, sent["scans"][0]["id"])
        assert abs(scan.at - (clock() - timedelta(minutes=10))) < timedelta(seconds=30)
        assert scan.clock_at == wrong - timedelta(minutes=10)
    odd = {"scans": [held("x", at="0001-01-01T00:00:00Z")], "sent_at": "9999-12-31T23:59:59Z"}
    assert api(f"{event.slug}/scans", odd).status_code == 200


def test_a_room_answers_for_itself(api, event, party, saved):
    with saved() as session:
        room = session.get(Event, event.id).activities[0].id
    sent = {"scans": [held(each.ticket_code, activity=room) for each in party] + [held(party[0].ticket_code, activity=room + 1)]}
    assert [each["result"] for each in api(f"{event.slug}/scans", sent).json["scans"]] == ["admitted", "over_capacity", "wrong_event"]


def test_undos_come_after_their_scans_and_may_be_repeated(api, event, party, saved):
    scan = held(party[0].ticket_code)
    undo = {"undos": [{"id": str(uuid.uuid4()).upper(), "scan": scan["id"], "at": clock().isoformat(), "reason": "错人"}]}

    def sent():
        return api(f"{event.slug}/undos", undo).json["undos"]

    assert sent() == [{"id": undo["undos"][0]["id"], "result": "unknown"}]
    api(f"{event.slug}/scans", {"scans": [scan]})
    assert sent() == sent() == [{"id": undo["undos"][0]["id"], "result": "undone"}]
    with saved() as session:
        assert session.get(Attendee, party[0].id).arrived_at is None
        assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "arrival.undo")) == 1


def test_walk_ins_are_entered_once(api, event, saved):
    walk_in = {"id": str(uuid.uuid4()), "name": "赵六", "category": "enterprise", "consent": True, "at": clock().isoformat()}
    first = api(f"{event.slug}/walk-ins", {"walk_ins": [walk_in, walk_in], "sent_at": clock().isoformat()}).json["walk_ins"]
    again = api(f"{event.slug}/walk-ins", {"walk_ins": [walk_in]}).json["walk_ins"]
    with saved() as session:
        (guest,) = session.scalars(sa.select(Attendee))
        assert first + again == [{"id": walk_in["id"], "result": "admitted", "digest": digest(guest.ticket_code)}] * 3
        assert (guest.name, guest.arrived_at is not None) == ("赵六", True)
    for wrong in ({"consent": False}, {"name": "  "}, {"beyond_seats": 1}):
        assert api(f"{event.slug}/walk-ins", {"walk_ins": [walk_in | wrong]}).status_code == 422


def test_the_desk_session_will_do_where_the_role_admits_guests(event, party, signed_in):
    scans, body = f"/api/v1/events/{event.slug}/scans", {"scans": [held(party[0].ticket_code)]}
    assert signed_in("door").post(scans, json=body).json["scans"][0]["result"] == "admitted"
    refused = signed_in("analyst").get(f"/api/v1/events/{event.slug}/roster")
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_call_with_the_desk_session_needs_the_form_token(tmp_path):
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True)  # with form tokens
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()
        with app.extensions["sqlalchemy"].session() as session:
            user = make.user(session, "door")
            made, stamp = make.event(session, state="published").slug, f"{user.id}:{user.session_stamp}"
            session.commit()
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = stamp, True
        path = f"/api/v1/events/{made}/undos"
        without = client.post(path, json={"undos": []})
        page = client.get("/desk/account").text
        token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
        with_token = client.post(path, json={"undos": []}, headers={"X-CSRFToken": token})
        app.extensions["sqlalchemy"].engine.dispose()
    assert (without.status_code, without.json["code"], with_token.status_code) == (403, "form_token_refused", 200)


@pytest.fixture
def installed(initialised, tmp_path, monkeypatch):
    """A server's environment, a rehearsal for 600, a device, and the ticket codes."""
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    for name in [each for each in os.environ if each.startswith("ENGAGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ENGAGE_INSTANCE", str(tmp_path))

    def command(*words):
        answer = CliRunner().invoke(main, words, catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    slug = json.loads(command("rehearse", "--guests", "600", "--json"))["slug"]
    token = json.loads(command("device", "add", "东门", "--json"))["token"]
    database = sqlite3.connect(tmp_path / "engage.sqlite")
    yield dict(os.environ), slug, token, [row[0] for row in database.execute("SELECT ticket_code FROM attendee ORDER BY id")], database
    database.close()


def test_a_server_killed_in_the_middle_of_a_batch_loses_nothing_and_counts_nothing_twice(installed):
    environment, slug, token, codes, database = installed
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scans = [held(code) for code in codes]
    undone = [{"id": str(uuid.uuid4()), "scan": scan["id"], "at": clock().isoformat()} for scan in scans[:50]]
    entered = [{"id": str(uuid.uuid4()), "name": f"来宾{n}", "category": "enterprise", "consent": True, "at": clock().isoformat()}
               for n in range(20)]
    database.execute("UPDATE event SET walk_ins = 1")
    database.commit()
    queue = [("scans", scans[start:start + 100]) for start in range(0, 600, 100)] + [("undos", undone), ("walk-ins", entered)]

    def served():
        server = subprocess.Popen([*ENGAGE, "serve", "--port", str(port), "--json"], env=environment, stdout=subprocess.DEVNULL)
        for _ in range(400):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()
                break
            except OSError:
                time.sleep(0.05)
        return server

    def send(kind, records):
        body = json.dumps({kind.replace("-", "_"): records}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/events/{slug}/{kind}", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    for kind, records in (queue[3], queue[6], queue[7]):  # in the middle of each of these
        server = served()
        for before in queue[:queue.index((kind, records))]:
            send(*before)
        killer = threading.Timer(0.004, os.kill, (server.pid, signal.SIGKILL))
        killer.start()
        with suppress(OSError, urllib.error.URLError, json.JSONDecodeError):
            send(kind, records)
        killer.join()
        server.wait()
    server = served()
    try:
        answers = [send(*batch) for batch in queue]
        assert answers == [send(*batch) for batch in queue]
    finally:
        server.kill()
        server.wait()
    assert {each["result"] for answer in answers[:6] for each in answer["scans"]} == {"admitted"}
    assert {each["result"] for each in answers[6]["undos"]} == {"undone"}
    assert {each["result"] for each in answers[7]["walk_ins"]} == {"admitted"}
    arrived = database.execute("SELECT count(*), count(arrived_at) FROM attendee").fetchone()
    counted = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in (Scan.__tablename__, "scan_undo", WalkIn.__tablename__)]
    assert (arrived, counted) == ((620, 570), [620, 50, 20])
