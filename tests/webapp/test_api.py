"""The API: its shapes whole, its refusals, and that a scan counts once whatever happens."""

import io
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import make
import msgspec
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from engage import devices, registrations
from engage.arrivals import Scan
from engage.codes import digest
from engage.parties import Attendee
from webapp import create_app
from webapp.api import access, scans, schemas
from webapp.settings import Settings
from webapp.wiring import db, saving

OPEN = "2026-03-18T09:00:00+08:00"


@pytest.fixture
def event(saved):
    """An open day in make's own time."""
    with saved() as session:
        return make.event(session, state="published", starts_at=make.NOW, ends_at=make.NOW + timedelta(hours=2),
                          registration_closes_at=make.NOW + timedelta(hours=1), place="市公共资源交易中心", address="人民路 1 号")


@pytest.fixture
def party(saved, event):
    """A leader and one companion."""
    with saved() as session:
        guests = list(make.registration(session, session.merge(event), companions=1, name="王建国").attendees)
        assert guests[0].category.name  # loaded while it can be
        return guests


@pytest.fixture
def token(saved):
    with saved() as session:
        return devices.add_device(session, "东门", by=make.BY, now=make.NOW)[1]


@pytest.fixture
def api(client, token):
    """`api("GET", path, …)` as the device."""

    def call(method, path, **options):
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    return call


def held(code, **changes):
    return {"id": str(uuid.uuid4()), "code": code, "at": OPEN, "direction": "in", "activity": None, "device": "东门 2"} | changes


def counted(saved):
    with saved() as session:
        return session.scalar(sa.select(sa.func.count(Scan.id))), session.scalar(sa.select(sa.func.count(Attendee.arrived_at)))


def test_an_event_is_told_whole(api, event, party):
    told = {
        "slug": event.slug, "title": event.title, "kind": "open_day", "state": "published", "visibility": event.visibility.value,
        "starts_at": "2026-03-18T09:00:00+08:00", "ends_at": "2026-03-18T11:00:00+08:00", "place": "市公共资源交易中心",
        "address": "人民路 1 号", "expected": 2, "arrived": 0,
    }
    assert api("GET", "/events").json == {"events": [told], "next": None}
    category = party[0].category
    assert api("GET", f"/events/{event.slug}").json == told | {
        "scans_from": "2026-03-17T21:00:00+08:00", "scans_until": "2026-03-18T23:00:00+08:00",
        "categories": [{"code": category.code, "name": category.name, "expected": 2, "arrived": 0}],
    }


def test_a_long_list_comes_in_parts_without_drafts(api, saved):
    with saved() as session:
        made = [make.event(session, state="published").slug for _ in range(5)]
        make.event(session, state="draft")
    read, query = [], "?limit=2"
    while query:
        page = api("GET", f"/events{query}").json
        read += [event["slug"] for event in page["events"]]
        query = f"?limit=2&cursor={page['next']}" if page["next"] else ""
    assert read == made[::-1]


def test_the_roster_has_digests_and_names_and_no_codes_or_numbers(api, event, party):
    roster = api("GET", f"/events/{event.slug}/roster")
    assert roster.json | {"made_at": "", "categories": []} == {
        "event": event.slug, "title": event.title, "place": "市公共资源交易中心", "starts_at": "2026-03-18T09:00:00+08:00",
        "ends_at": "2026-03-18T11:00:00+08:00", "scans_from": "2026-03-17T21:00:00+08:00", "scans_until": "2026-03-18T23:00:00+08:00",
        "walk_ins": False, "activities": [], "categories": [], "made_at": "", "tickets": [
            {"digest": digest(guest.ticket_code), "name": guest.name, "category": party[0].category.name, "party": 2,
             "party_id": guest.registration_id, "place": place, "state": "confirmed", "arrived_at": None, "left_at": None}
            for place, guest in enumerate(party)
        ]}
    assert {"code": "enterprise", "name": "企业代表", "name_en": "Enterprise", "colour": "#14508c"}.keys() == roster.json["categories"][0].keys()
    assert not any(secret in roster.text for guest in party for secret in (guest.ticket_code, guest.phone) if secret)


def test_scans_are_answered_whole_and_in_order(api, event, party, saved):
    leader, companion = party
    sent = [held(leader.ticket_code), held(f"https://kfr.example.cn/t/{companion.ticket_code}"), held(leader.ticket_code, at="2026-03-18T01:30:00Z"),
            held("nobody has this"), held(companion.ticket_code, direction="out", id=str(uuid.uuid4()).upper())]
    answer = api("POST", f"/events/{event.slug}/scans", json={"scans": sent})
    category = leader.category.name
    assert (answer.status_code, answer.json) == (200, {"scans": [
        {"id": sent[0]["id"], "result": "admitted", "name": "王建国", "category": category, "first_at": OPEN},
        {"id": sent[1]["id"], "result": "admitted", "name": companion.name, "category": category, "first_at": OPEN},
        {"id": sent[2]["id"], "result": "already", "name": "王建国", "category": category, "first_at": OPEN},
        {"id": sent[3]["id"], "result": "unknown", "name": "", "category": "", "first_at": None},
        {"id": sent[4]["id"], "result": "left", "name": companion.name, "category": category, "first_at": OPEN},
    ]})
    again = api("POST", f"/events/{event.slug}/scans", json={"scans": sent})
    assert again.json == answer.json
    assert counted(saved) == (5, 2)


def test_every_result_has_its_word(api, event, party, saved):
    with saved() as session:
        other, cancelled = make.event(session, state="published"), make.registration(session, session.merge(event), name="李取消")
        stranger = make.registration(session, other).leader.ticket_code
        registrations.cancel(session, cancelled, by=make.BY, now=make.NOW)
        gone = cancelled.leader.ticket_code
    early = held(party[0].ticket_code, at="2026-03-17T08:00:00+08:00")
    answer = api("POST", f"/events/{event.slug}/scans", json={"scans": [held(stranger), held(gone), early]})
    assert [scan["result"] for scan in answer.json["scans"]] == ["wrong_event", "cancelled", "not_open"]
    assert counted(saved) == (3, 0)


def test_staff_pick_a_guest_by_the_digest_of_the_roster(api, event, party, saved):
    sent = [held(f"#{digest(party[1].ticket_code)}"), held(f"#{digest('not on the roster')}")]
    answered = api("POST", f"/events/{event.slug}/scans", json={"scans": sent}).json["scans"]
    assert [(each["result"], each["name"]) for each in answered] == [("admitted", party[1].name), ("unknown", "")]
    with saved() as session:
        kept = session.scalars(sa.select(Scan.code_digest).where(Scan.attendee_id == party[1].id)).all()
    assert kept == [digest(party[1].ticket_code)]


def test_a_thousand_scans_go_in_one_request_and_no_more(api, event, saved):
    thousand = [held(f"unknown-{number}") for number in range(1000)]
    answer = api("POST", f"/events/{event.slug}/scans", json={"scans": thousand})
    assert [scan["id"] for scan in answer.json["scans"]] == [scan["id"] for scan in thousand]
    refused = api("POST", f"/events/{event.slug}/scans", json={"scans": [*thousand, held("one more")]})
    assert (refused.status_code, refused.json["errors"]) == (422, [{"path": "/scans", "detail": "最多 1000 条，请分批发送。"}])
    assert counted(saved) == (1000, 0)


def test_sixteen_scanners_with_one_ticket_admit_it_once(app, event, party, token, saved):
    together = threading.Barrier(16)

    def one(_):
        together.wait()
        answer = app.test_client().post(f"/api/v1/events/{event.slug}/scans", json={"scans": [held(party[0].ticket_code)]},
                                        headers={"Authorization": f"Bearer {token}"})
        return answer.json["scans"][0]["result"]

    with ThreadPoolExecutor(16) as threads:
        answers = sorted(threads.map(one, range(16)))
    assert answers == ["admitted", *["already"] * 15]
    assert counted(saved) == (16, 1)


def test_an_unknown_event_among_scans_that_are_decided_together_is_its_own_affair(app, event, party, token):
    together = threading.Barrier(8)

    def one(slug):
        together.wait()
        return app.test_client().post(f"/api/v1/events/{slug}/scans", json={"scans": [held(party[0].ticket_code)]},
                                      headers={"Authorization": f"Bearer {token}"}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, [event.slug, "no-such-event"] * 4)) == [200, 404] * 4


WRONG = [
    ({"scans": [held("x") | {"id": "7"}]}, "/scans/0/id"),
    ({"scans": [held("x") | {"id": "{12345678-1234-1234-1234-123456789012}"}]}, "/scans/0/id"),
    ({"scans": [held("x"), held("x") | {"at": "2026-03-18T09:00:00"}]}, "/scans/1/at"),
    ({"scans": [held("x") | {"at": 1773795600}]}, "/scans/0/at"),
    ({"scans": [held("x") | {"at": "0001-01-01T00:00:00+14:00"}]}, "/scans/0/at"),
    ({"scans": [held("x") | {"at": "2026-02-30T09:00:00Z"}]}, "/scans/0/at"),
    ({"scans": [held("x") | {"code": ""}]}, "/scans/0/code"),
    ({"scans": [held("x") | {"code": 5}]}, "/scans/0/code"),
    ({"scans": [held("x") | {"direction": "up"}]}, "/scans/0/direction"),
    ({"scans": [held("x") | {"direction": []}]}, "/scans/0/direction"),
    ({"scans": [held("x") | {"activity": "3"}]}, "/scans/0/activity"),
    ({"scans": [held("x") | {"activity": 0}]}, "/scans/0/activity"),
    ({"scans": [held("x") | {"told": "fine"}]}, "/scans/0/told"),
    ({"scans": [], "sent_at": "yesterday"}, "/sent_at"),
    ({"scans": [held("x") | {"device": "d" * 81}]}, "/scans/0/device"),
    ({"scans": [held("x") | {"devise": "d"}]}, "/scans/0/devise"),
    ({"scans": [{"code": "x", "at": OPEN}]}, "/scans/0/id"),
    ({"scans": {}}, "/scans"), ({"scans": None}, "/scans"), ({"scans": [None]}, "/scans/0"), ({}, "/scans"), ([], ""), (None, ""), ("x", ""),
]


@pytest.mark.parametrize("body,path", WRONG)
def test_a_wrong_body_is_refused_with_the_place_and_changes_nothing(api, event, saved, body, path):
    answer = api("POST", f"/events/{event.slug}/scans", data=json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert [fault["path"] for fault in answer.json["errors"]] == [path]
    assert answer.json | {"errors": []} == {
        "type": "about:blank", "title": "内容有误", "status": 422, "code": "invalid_request", "detail": "请求内容有误，详见 errors。", "errors": []}
    assert counted(saved) == (0, 0)


@pytest.mark.parametrize("data,kind,status,code", [
    (b"[[", "application/json", 400, "not_json"),
    (b"\xff\xfe", "application/json", 400, "not_json"),
    (b"[" * 100_000, "application/json", 400, "not_json"),
    (b"9" * 5000, "application/json", 400, "not_json"),
    (b"", "application/json", 400, "not_json"),
    (b"scans=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b" " * 2_000_001, "application/json", 413, "request_entity_too_large"),
])
def test_what_is_no_json_is_refused(api, event, data, kind, status, code):
    answer = api("POST", f"/events/{event.slug}/scans", data=data, content_type=kind)
    assert (answer.status_code, answer.json["code"], answer.content_type) == (status, code, "application/problem+json")


@pytest.mark.parametrize("text", ["\u0000", "\ud800", "𠮷" * 500, "BEGIN:VCARD\nFN:张三\nEND:VCARD"])
def test_whatever_a_camera_reads_is_answered(api, event, saved, text):
    answer = api("POST", f"/events/{event.slug}/scans", data=json.dumps({"scans": [held(text, device=text[:80])]}),
                 content_type="application/json")
    assert [scan["result"] for scan in answer.json["scans"]] == ["unknown"]


@pytest.mark.parametrize("method,path,status,code", [
    ("GET", "/events/nope", 404, "event_not_found"), ("GET", "/events/nope/roster", 404, "event_not_found"),
    ("PUT", "/events", 405, "method_not_allowed"), ("GET", "/nowhere", 404, "not_found"), ("GET", "/events?limit=0", 422, "invalid_request"),
    ("GET", "/events?limit=x", 422, "invalid_request"), ("GET", "/events?cursor=1e5", 422, "invalid_request"),
    ("GET", f"/events?cursor={'9' * 30}", 422, "invalid_request"), ("GET", "/events/%00", 404, "event_not_found"),
])
def test_other_refusals_are_problems_too(api, method, path, status, code):
    answer = api(method, path)
    assert (answer.status_code, answer.json["code"], answer.content_type) == (status, code, "application/problem+json")


@pytest.mark.parametrize("header,code", [
    (None, "device_token_missing"), ("Basic eDp5", "device_token_missing"), ("Bearer", "device_token_missing"),
    ("Bearer egd_wrong", "device_token_refused"), ("Bearer 中文".encode().decode("latin-1"), "device_token_refused"),
])
def test_without_a_good_token_there_is_nothing_to_see(client, event, saved, header, code):
    headers = {"Authorization": header} if header else {}
    for answer in (client.get("/api/v1/events", headers=headers), client.get("/api/v1/events/nope", headers=headers),
                   client.post(f"/api/v1/events/{event.slug}/scans", json={"scans": [held("x")]}, headers=headers)):
        assert (answer.status_code, answer.json["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="engage"')
    assert counted(saved) == (0, 0)


def test_a_revoked_token_is_refused_within_seconds(api, app, saved, monkeypatch):
    assert api("GET", "/events").status_code == 200
    with saved() as session:
        devices.revoke(session, session.scalars(sa.select(devices.Device)).one(), by=make.BY, now=make.NOW)
    later = access.time.monotonic() + access.TRUSTED + 1
    monkeypatch.setattr(access.time, "monotonic", lambda: later)
    assert api("GET", "/events").status_code == 401


def test_a_device_that_calls_is_seen(api, saved):
    api("GET", "/events")
    with saved() as session:
        assert session.scalars(sa.select(devices.Device.last_seen_at)).one() is not None


def test_wrong_tokens_are_slowed_down_and_right_ones_never(tmp_path):
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests"), TESTING=True)  # with rate limits
    with app.app_context():
        db.create_all()
        with saving() as session:
            token = devices.add_device(session, "东门", by=make.BY, now=make.NOW)[1]
        client = app.test_client()
        wrong = [client.get("/api/v1/events", headers={"Authorization": "Bearer x"}).status_code for _ in range(31)]
        right = [client.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"}).status_code for _ in range(40)]
        db.engine.dispose()
    assert (wrong, right) == ([401] * 30 + [429], [200] * 40)


def test_no_cookie_is_read_or_set(client, token):
    client.set_cookie("engage", "whatever")
    answer = client.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])


scalars = st.sampled_from([[], {}, [None], {"a": 1}]) | st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([OPEN, "in", str(uuid.uuid4()), "a" * 26, "d" * 81])
members = st.sampled_from(["id", "code", "at", "direction", "activity", "told", "device", "other"])
right = st.fixed_dictionaries({
    "id": st.uuids().map(str) | scalars, "code": st.text(min_size=1, max_size=30) | scalars, "at": st.just(OPEN) | scalars,
}, optional={"direction": st.sampled_from(["in", "out"]) | scalars, "activity": st.none() | st.integers(1, 9) | scalars, "told": st.just("admitted") | scalars, "device": st.text(max_size=80) | scalars})


@given(body=st.fixed_dictionaries({"scans": st.lists(right | st.dictionaries(members, scalars), max_size=3)},
                                  optional={"sent_at": st.just(OPEN) | scalars}))
@settings(max_examples=300)
def test_the_quick_reading_and_the_schema_agree(app, body):
    with app.test_request_context():
        try:
            judged = msgspec.convert(schemas.Scans().load(body), scans.Sent)
        except schemas.ma.ValidationError:
            judged = None
    for read, sent in ((msgspec.convert, body), (msgspec.json.decode, json.dumps(body))):
        try:
            quick = read(sent, type=scans.Sent)
        except msgspec.ValidationError:
            quick = None
        assert quick == judged


def test_scans_of_a_device_that_is_known_are_answered_before_flask_as_by_the_view(api, event, party, app, monkeypatch):
    sent = {"scans": [held(party[0].ticket_code), held("unknown")]}
    by_the_view = api("POST", f"/events/{event.slug}/scans", json=sent)  # which makes the device known
    before_flask = api("POST", f"/events/{event.slug}/scans", json=sent)
    assert (before_flask.status, dict(before_flask.headers), before_flask.data) == (by_the_view.status, dict(by_the_view.headers), by_the_view.data)

    def dispatch():
        raise AssertionError("a view was asked")

    monkeypatch.setattr(app, "full_dispatch_request", dispatch)
    more = api("POST", f"/events/{event.slug}/scans", json={"scans": [held(party[1].ticket_code)]})
    assert [scan["result"] for scan in more.json["scans"]] == ["admitted"]


@pytest.mark.parametrize("whole", [b'{"scans": []}', b""], ids=["a body", "the beginning of one"])
def test_a_body_that_breaks_off_is_refused_by_a_device_that_is_known_too(api, event, party, saved, whole):
    path, scan = f"/events/{event.slug}/scans", held(party[0].ticket_code)
    assert api("POST", path, json={"scans": []}).status_code == 200
    sent = whole or json.dumps({"scans": [scan]}).encode()[:-9]
    answer = api("POST", path, environ_overrides={
        "wsgi.input": io.BytesIO(sent), "CONTENT_LENGTH": str(len(sent) + 9), "CONTENT_TYPE": "application/json",
    })
    assert (answer.status_code, counted(saved)) == (400, (0, 0))


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_call_keeps_to_its_description(app, event, party, token, mode):
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for operation in (found.ok() for found in described.get_all_operations()):

        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        @settings(max_examples=25)
        def follow(case, known):
            if known and "slug" in case.path_parameters:
                case.path_parameters["slug"] = event.slug
            # Addresses may carry parameters that nobody asked for (`?lang=en`); bodies may not.
            lenient = [negative_data_rejection] if case.method == "GET" else []
            case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}, excluded_checks=lenient)

        follow()


def test_the_guide_names_every_result_and_every_call(client):
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    described = client.get("/api/v1/openapi.json").json
    words = [*described["components"]["schemas"]["Outcome"]["properties"]["result"]["enum"], *described["paths"],
             *described["components"]["schemas"]["Scan"]["properties"]]
    assert [word for word in words if f"`{word}`" not in guide and f"{word}`" not in guide] == []
