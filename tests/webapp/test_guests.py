"""Guests' forms, decided before Flask makes a request of them."""

import io
import threading
import time
import uuid
from urllib.parse import parse_qs, urlencode

import make
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from engage.parties import Registration
from engage.people import Category
from webapp.together import Together
from webapp.wiring import Asked


@pytest.fixture
def address(saved):
    """Where strangers register, and what they send."""
    with saved() as session:
        event = make.event(session, seats=5)
        category = session.scalars(sa.select(Category).where(Category.self_chosen)).first()
        return f"/events/{event.slug}/register", {
            "submission": str(uuid.uuid4()), "category": category.id, "name": "王敏", "phone": "13900000001", "consent": "y",
        }


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The office's clock stands at NOW."""
    for module in ("views.public", "views.registration", "seating", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: make.NOW)


def test_a_form_that_is_taken_is_answered_without_a_view_and_carries_what_every_answer_does(client, address, monkeypatch):
    path, sent = address
    monkeypatch.setitem(client.application.view_functions, "registration.register", None)
    answer = client.post(path, data=sent)
    assert (answer.status_code, answer.location[:3], answer.data) == (302, "/t/", b"")
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_under_a_prefix_the_guest_stays_under_it(client, address):
    path, sent = address
    answer = client.post(path, data=sent, environ_overrides={"SCRIPT_NAME": "/engage"})
    assert answer.location.startswith("/engage/t/")


def test_what_fails_while_deciding_is_told_and_logged_by_name_as_anything_else(app, address, monkeypatch, caplog):
    path, sent = address
    monkeypatch.setattr("webapp.guests.read", lambda *_args, **_options: 1 / 0)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().post(path, data=sent)
    assert answer.status_code == 500
    assert [record.getMessage() for record in caplog.records] == ["exception in registration.register [POST]"]


def test_a_form_of_more_fields_than_any_form_has_is_too_large(client, address):
    path, sent = address
    assert client.post(path, data=sent | {f"x{number}": "" for number in range(5000)}).status_code == 413


def test_half_a_form_is_not_taken_for_a_whole_one(client, address, saved):
    path, sent = address
    body = urlencode(sent).encode()
    answer = client.open(EnvironBuilder(method="POST", path=path, content_type="application/x-www-form-urlencoded", environ_overrides={
        "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) + 9),
    }))
    with saved() as session:
        assert (answer.status_code, session.scalar(sa.select(sa.func.count()).select_from(Registration))) == (400, 0)


def test_what_another_site_sends_is_refused_before_it_is_counted_or_decided(client, address):
    path, sent = address
    for _ in range(31):
        assert client.post(path, data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert client.post(path, data=sent, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302


def test_whoever_is_expected_is_waited_for_and_done_with_the_first(app, monkeypatch):
    monkeypatch.setattr("webapp.together.PATIENCE", 30)
    done, ready, made = [], threading.Barrier(2), []

    def do_all(given):
        done.append(sorted(given))
        return [number * 10 for number in given]

    together = Together("tens", do_all, most=50)

    def ask(number):
        with app.app_context(), together.expected():
            ready.wait(10)
            made.append(together.do(number))

    threads = [threading.Thread(target=ask, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (done, sorted(made)) == ([[1, 2]], [10, 20])


def test_whoever_is_expected_but_does_not_come_holds_nobody_up_for_long(app):
    together = Together("tens", lambda given: [number * 10 for number in given], most=50)
    with app.app_context(), together.expected(), together.expected():
        assert together.do(1) == 10


def test_as_many_as_came_together_a_moment_ago_are_waited_for_although_nobody_has_said_that_they_come(app, monkeypatch):
    monkeypatch.setattr("webapp.together.PATIENCE", 30)
    monkeypatch.setattr("webapp.together.LATELY", 60)
    done, ready = [], threading.Barrier(2)

    def do_all(given):
        done.append(sorted(given))
        return given

    together = Together("same", do_all, most=50)

    def ask(first, second):
        with app.app_context():
            with together.expected():
                ready.wait(10)
                together.do(first)
            if first == 2:
                time.sleep(0.2)
            with together.expected():
                together.do(second)

    threads = [threading.Thread(target=ask, args=numbers) for numbers in ((1, 3), (2, 4))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert done == [[1, 2], [3, 4]]


def test_whatever_comes_at_once_is_done_once_in_the_order_it_came_and_what_fails_takes_no_other_with_it(app):
    done = []

    def do_all(given):
        if 13 in given:
            raise ValueError(13) if len(given) == 1 else RuntimeError(given)
        done.extend(given)
        return [number * 10 for number in given]

    together, made = Together("tens", do_all, most=7), {}

    def ask(numbers):
        with app.app_context():
            for number in numbers:
                try:
                    made[number] = together.do(number)
                except ValueError as refused:
                    made[number] = refused.args

    threads = [threading.Thread(target=ask, args=[range(start, 160, 8)]) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == {number: number * 10 for number in range(160)} | {13: (13,)}
    assert sorted(done) == [number for number in range(160) if number != 13]
    assert all([each for each in done if each % 8 == start] == [n for n in range(start, 160, 8) if n != 13] for start in range(8))


@given(st.lists(st.tuples(st.text(), st.text())), st.text("ab%&=+12CdeE字", max_size=30))
def test_a_plain_form_is_read_as_the_standard_library_reads_it(pairs, odd):
    for body in (urlencode(pairs), odd, f"{urlencode(pairs)}&{odd}"):
        sent = Asked({"wsgi.input": io.BytesIO(body.encode()), "CONTENT_LENGTH": str(len(body.encode())), "REQUEST_METHOD": "POST",
                      "CONTENT_TYPE": "application/x-www-form-urlencoded"})
        assert dict(sent.fields.lists()) == parse_qs(body, keep_blank_values=True)
