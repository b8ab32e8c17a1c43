"""What protects a visitor: headers, cookies, limits, silent errors and logs."""

import io
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import sqlalchemy as sa

from webapp import create_app, security
from webapp.settings import Settings
from webapp.wiring import db

PATHS = ["/", "/privacy", "/desk/sign-in", "/healthz", "/nowhere", "/api/nowhere", "/static/engage.css"]


@pytest.fixture
def strict_app(tmp_path):
    """As in production behind https: form tokens and rate limits are on."""
    app = create_app(Settings(instance=tmp_path, secret_key="only for tests", base_url="https://kfr.example.cn"), TESTING=True)
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_the_headers(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    told = {name: headers.get(name) for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
                                                 "Referrer-Policy", "Strict-Transport-Security")}
    assert told == {"Content-Security-Policy": security.STRICT, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
                    "Referrer-Policy": "no-referrer", "Strict-Transport-Security": None}
    assert ("no-store" in headers["Cache-Control"]) is not path.startswith("/static/")


def test_the_policy_lets_nothing_inline_run_and_nobody_frame_us():
    assert "unsafe" not in security.STRICT
    assert {"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(security.STRICT.split("; "))


def test_behind_https_the_browser_is_told_to_stay_there_and_cookies_are_secure(strict_app):
    answer = strict_app.test_client().get("/desk/sign-in", base_url="https://kfr.example.cn")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("engage=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_the_language_cookie_is_kept_and_returns_to_a_page_of_ours_only(client):
    answer = client.get("/language/en?next=/privacy")
    assert (answer.location, answer.headers["Set-Cookie"].startswith("lang=en;")) == ("/privacy", True)
    assert '<html lang="en">' in client.get("/privacy").text
    assert client.get("/language/zh?next=//evil.example").location == "/"
    assert client.get("/language/xx").status_code == 404


@pytest.mark.parametrize("path", ["/desk/settings", "/desk/settings/users", "/desk/settings/users/new", "/desk/settings/devices",
                                  "/desk/settings/audit", "/desk/account", "/privacy", "/nowhere"])
def test_pages_have_no_inline_script_style_or_handler(signed_in, path):
    page = signed_in("admin").get(path).text
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page) == []


def test_a_form_without_its_token_is_refused_and_says_what_to_do(strict_app):
    answer = strict_app.test_client().post("/desk/sign-in", data={"username": "anna", "password": "x"})
    assert (answer.status_code, "刷新后重新提交" in answer.text) == (400, True)


def test_guessing_passwords_is_slowed_down(strict_app):
    strict_app.config["WTF_CSRF_ENABLED"] = False
    client = strict_app.test_client()
    statuses = [client.post("/desk/sign-in", data={"username": f"u{n}", "password": "wrong"}).status_code for n in range(11)]
    assert statuses == [200] * 10 + [429]
    assert client.get("/desk/sign-in").status_code == 200


def test_too_large_a_body_is_refused(app, client):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/desk/sign-in", data={"username": (io.BytesIO(b"x" * 2000), "x.bin")})
    assert (answer.status_code, "文件太大" in answer.text) == (413, True)


@pytest.mark.parametrize("language, heading", [("zh", "系统出了问题"), ("en", None)])
def test_a_failure_tells_the_visitor_nothing_and_the_log_no_address(own_app, caplog, language, heading):
    def fail(token):
        raise ValueError("secret inside")

    own_app.add_url_rule("/i-fail/<token>", "fail", fail)
    own_app.config.update(PROPAGATE_EXCEPTIONS=False)
    with caplog.at_level(logging.ERROR):
        answer = own_app.test_client().get(f"/i-fail/tokentokentoken?lang={language}")
    assert answer.status_code == 500
    assert ("secret inside" in answer.text, "Traceback" in answer.text) == (False, False)
    assert heading is None or heading in answer.text
    assert ("tokentokentoken" in caplog.text, "ValueError: secret inside" in caplog.text) == (False, True)


def test_an_error_page_is_there_even_without_the_database(app, client, monkeypatch):
    def broken(*_given, **_more):
        raise sa.exc.OperationalError("SELECT secret", {}, Exception("gone"))

    app.config.update(PROPAGATE_EXCEPTIONS=False)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "1:stamp"
    monkeypatch.setattr("sqlalchemy.orm.Session.get", broken)
    answer = client.get("/privacy")
    assert (answer.status_code, "系统出了问题" in answer.text, "SELECT" in answer.text) == (500, True, False)
    assert answer.headers["Content-Security-Policy"] == security.STRICT


@pytest.mark.parametrize("status, path, method", [(404, "/nowhere", "GET"), (405, "/privacy", "POST"), (405, "/healthz", "DELETE")])
def test_error_pages_speak_chinese_and_offer_a_way_on(client, status, path, method):
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert 'href="/"' in answer.text
    assert "Not Found" not in answer.text


def test_the_server_starts_logs_no_token_and_leaves_no_process_behind(app, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = app.extensions["engage_settings"]
    environ = os.environ | {"ENGAGE_INSTANCE": str(settings.instance), "ENGAGE_SECRET_KEY": "only for tests"}
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", str(port), "--json"]
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            answered = _first_answer(f"http://127.0.0.1:{port}/readyz", within=60)
            for path in ("/i/tokentoken", "/t/tokentoken", "/q/tokentoken", "/desk/setup/tokentoken"):
                with pytest.raises(urllib.error.HTTPError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
            children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True).stdout.split()
        finally:
            server.send_signal(signal.SIGTERM)
        assert (answered, server.wait(30)) == (200, 0)
        log.seek(0)
        said = log.read()
    assert f'"address": "http://127.0.0.1:{port}"' in said
    assert "tokentoken" not in said
    assert children
    assert [child for child in children if os.path.exists(f"/proc/{child}")] == []  # noqa: PTH110 -- a pid, not a path


def _first_answer(url, *, within):
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            return urllib.request.urlopen(url, timeout=5).status
        except OSError:
            time.sleep(0.1)
    return None
