"""How soon `engage serve` answers after it is started, and how much memory its worker has taken before anybody exports."""

import re
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench import load, servers, submits
from bench.report import Figure
from engage import staff

STARTS, FORMS = 5, 320
NAME, PASSWORD = "bench", "lives as long as it measures"


def startup() -> Iterator[Figure]:
    """Five starts, then a day's work for the last of them: guests send forms, staff sign in and look at every kind of page."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder))
        installation.environment["ENGAGE_TRUSTED_PROXIES"] = "1"
        hall = submits.open_hall(Path(folder) / "engage.sqlite")
        _add_user(Path(folder) / "engage.sqlite")
        took = []
        for _ in range(STARTS):
            port, begun = servers.free_port(), time.perf_counter()
            with servers.running([*servers.ENGAGE, "serve", "--port", str(port)], port, installation.environment) as server:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()
                took.append(time.perf_counter() - begun)
                if len(took) == STARTS:
                    _work(port, hall)
                    memory = max(_peak(pid) for pid in _children(server.pid))
    yield Figure("`engage serve` to its first answer", f"{max(took):.2f} s", "slowest of 5 starts; at most 3 s", met=max(took) <= 3)
    yield Figure("memory of the worker, highest", f"{memory:.0f} MB", f"sign-in, desk pages, a summary, {2 * FORMS} forms; below 150 MB",
                 met=memory < 150)


def _work(port: int, hall: submits.Hall) -> None:
    for form in submits.forms(hall):
        load.run(port, [form.sent(number) for number in range(FORMS)], status=302)
    slug = hall.registration.split("/")[2]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    desk = f"http://127.0.0.1:{port}/desk"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.open(f"{desk}/sign-in").read().decode())
    if token is None:
        raise RuntimeError("the sign-in page has no form token")
    browser.open(f"{desk}/sign-in", urlencode({"csrf_token": token[1], "username": NAME, "password": PASSWORD}).encode()).read()
    for page in ("/", "/events", f"/events/{slug}", f"/events/{slug}/registrations", f"/events/{slug}/door", f"/events/{slug}/summary",
                 "/people", "/questionnaires", "/outbox", "/settings/audit"):
        if not browser.open(desk + page).url.endswith(page):
            raise RuntimeError(f"{page} was not shown")


def _add_user(database: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{database}")
    with Session(engine) as session:
        staff.add_user(session, NAME, PASSWORD, role=staff.Role.ADMIN, now=datetime.now(UTC), by=submits.BY)  # noqa: TID251 -- its clock
        session.commit()
    engine.dispose()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak(pid: int) -> float:
    """The most memory that a process has held, in MB."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(told[1]) / 1000 if told else 0.0
