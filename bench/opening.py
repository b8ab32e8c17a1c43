"""Registration at opening time: 2,000 people ready to wait, 500 seats, 32 clients; beside the floor.

What the database holds afterwards is looked at, and RuntimeError raised when it is wrong: exactly 500 are seated, and the rest
wait in the order in which they were stored. A busy database would be an answer of another status, which `load.run` raises.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pgserver
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench import floor, load, servers
from bench.report import Figure
from bench.submits import BY, Form, Hall, stated
from engage import events, people, waiting
from engage.parties import Registration, State

PEOPLE, SEATS, CLIENTS = 2000, 500, 32
EACH = 500  # in a round; as many go to the floor before, so that a noisy neighbour disturbs both


def opening() -> Iterator[Figure]:
    """On SQLite, and on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        beside = str(Path(folder) / "floor.sqlite")
        ratio, engage, bare = _opened(Path(folder), f"sqlite:///{folder}/engage.sqlite", beside, "")
    yield from _figures("SQLite", engage, bare)
    yield Figure("registration at opening time ÷ floor, SQLite", f"{ratio:.2f}", "at least 0.33", met=ratio >= 1 / 3)
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder, _postgresql() as server:
        ratio, engage, bare = _opened(Path(folder), server.replace("://", "+psycopg://", 1), server, server.replace("://", "+psycopg://", 1))
    yield from _figures("PostgreSQL", engage, bare)
    yield Figure("registration at opening time ÷ floor, PostgreSQL", f"{ratio:.2f}")


def _figures(database: str, engage: load.Load, bare: load.Load) -> Iterator[Figure]:
    yield Figure(f"registration at opening time, {database}, {CLIENTS} clients", f"{engage.rate:,.0f}/s",
                 f"{SEATS} seated, {PEOPLE - SEATS} waiting in order; p50 {engage.percentile(0.5):.1f} ms, "
                 f"p99 {engage.percentile(0.99):.1f} ms; floor {bare.rate:,.0f}/s")


def _opened(folder: Path, database: str, beside: str, configured: str) -> tuple[float, load.Load, load.Load]:
    """Our rate by the floor's, and both."""
    installation = servers.install(folder, configured)
    installation.environment["ENGAGE_TRUSTED_PROXIES"] = "1"
    engine = sa.create_engine(database)
    rehearsed, opened = (_hall(engine, seats) for seats in (EACH, SEATS))
    codes = [f"{number:026}" for number in range(PEOPLE + EACH)]
    floor.prepare(beside, codes)
    ours, theirs = [], []
    with servers.floor(beside) as floor_port, servers.serving(installation) as port:
        for first in range(0, PEOPLE + EACH, EACH):  # the first round, of another event, warms up
            hall = opened if first else rehearsed
            form = Form("registration", hall.registration, lambda number, hall=hall: {**stated(hall, number), "wait": "y"})
            numbers = range(first, first + EACH)
            theirs.append(load.run(floor_port, [load.request("POST", f"/{codes[number]}") for number in numbers], clients=CLIENTS))
            ours.append(load.run(port, [form.sent(number) for number in numbers], clients=CLIENTS, status=302))
    _verify(engine, opened)
    engine.dispose()
    bare, engage = load.joined(theirs[1:]), load.joined(ours[1:])
    return engage.rate / bare.rate, engage, bare


def _verify(engine: sa.Engine, hall: Hall) -> None:
    with Session(engine) as session:
        event = events.by_slug(session, hall.registration.split("/")[2])
        stored = session.execute(
            sa.select(Registration.id, Registration.state, Registration.created_at)
            .where(Registration.event_id == event.id).order_by(Registration.id)
        ).all()
        line = [party.id for party in session.scalars(waiting.line(event))]
        found = {
            "taken": event.quota.taken, "states": [row.state for row in stored], "line": line,
            "times": [row.created_at for row in stored],
        }
    expected = {
        "taken": SEATS, "states": [State.CONFIRMED] * SEATS + [State.WAITING] * (PEOPLE - SEATS),
        "line": [row.id for row in stored[SEATS:]], "times": sorted(found["times"]),
    }
    if wrong := [name for name, value in expected.items() if found[name] != value]:
        raise RuntimeError(f"after the opening these are wrong: {', '.join(wrong)}")


def _hall(engine: sa.Engine, seats: int) -> Hall:
    """A public open day in a week's time."""
    now = datetime.now(UTC)  # noqa: TID251 -- the office's clock
    start = now + timedelta(days=7)
    with Session(engine) as session:
        event = events.create(session, events.Details(
            title="平台开放日", visibility=events.Visibility.PUBLIC, place="交易大厅", contact_phone="0371-60000000",
            starts_at=start, ends_at=start + timedelta(hours=3),
        ), seats=seats, by=BY, now=now)
        events.publish(session, event, by=BY, now=now)
        category = next(each for each in people.categories(session) if each.self_chosen)
        hall = Hall(f"/events/{event.slug}/register", "", category.id)
        session.commit()
    return hall


@contextmanager
def _postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL of its own, as durable as it comes."""
    folder = tempfile.mkdtemp(prefix="engage-bench-pg-")
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
