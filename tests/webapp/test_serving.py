"""`engage serve` as a process."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ENGAGE = [sys.executable, "-c", "from webapp.cli import main; main(prog_name='engage')"]
SLOW = {"alembic", "docx", "huey", "icalendar", "lxml", "openpyxl", "pandas", "PIL", "psycopg", "qrcode", "redis", "xlsxwriter"}


@pytest.fixture
def environment(initialised, tmp_path):
    """Of an installation with tables and nothing in them."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    shutil.copy(initialised, tmp_path / "engage.sqlite")
    return outside | {"ENGAGE_INSTANCE": str(tmp_path)}


@contextmanager
def served(environment, port):
    """The server's process while it answers, and what it greeted with."""
    server = subprocess.Popen([*ENGAGE, "serve", "--port", str(port), "--json"], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        greeting = json.loads(server.stdout.readline())
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{greeting['address']}/healthz").close()
                break
            except OSError:
                time.sleep(0.05)
        yield server, greeting
    finally:
        server.kill()
        server.communicate()


def refused(environment, *words):
    done = subprocess.run([*ENGAGE, "serve", *words], env=environment, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def gone(process):
    """Whether it is no more, or waits for nothing but being forgotten."""
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def children(server):
    return [int(child) for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


def test_serve_greets_answers_and_leaves_nothing_behind(environment, port, tmp_path):
    with served(environment, port) as (server, greeting):
        assert greeting["address"] == f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(greeting["setup"]) as page:
            assert (page.status, page.url.startswith(f"{greeting['address']}/desk/setup")) == (200, True)
        serving = children(server)
        assert len(serving) == 1

        assert refused(environment, "--port", str(port)).startswith("Error: Another `engage serve` uses the database in ")
        other = environment | {"ENGAGE_INSTANCE": str(tmp_path / "other")}
        assert refused(other, "--port", str(port)) == f"Error: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"

        server.terminate()
        assert (server.wait(20), gone(serving[0])) == (0, True)


def test_a_process_that_serves_dies_with_the_one_that_started_it(environment, port):
    with served(environment, port) as (server, _greeting):
        serving = children(server)[0]
        server.kill()
        server.wait(20)
        for _ in range(100):
            if gone(serving):
                break
            time.sleep(0.05)
        assert gone(serving)


def test_without_tables_serve_says_what_to_do(tmp_path):
    assert refused(dict(os.environ) | {"ENGAGE_INSTANCE": str(tmp_path)}) == (
        "Error: The database has no tables yet. Run `engage init` first.\n")


def test_a_start_loads_nothing_that_only_few_pages_need(environment):
    program = "import sys, webapp.cli; from webapp import serving; serving.app(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True).stdout
    assert SLOW & set(loaded.split()) == set()
