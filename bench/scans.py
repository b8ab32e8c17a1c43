"""Scans, with every admission on disk before its answer: one at a time from 16 clients beside the floor, and late ones in batches."""

import json
import secrets
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pgserver
import sqlalchemy as sa

from bench import floor, load, servers
from bench.report import Figure
from engage.parties import Attendee

ROUNDS, EACH = 10, 400
LATE, BATCH = 1000, 500  # in a round


def single_scans() -> Iterator[Figure]:
    """On SQLite."""
    yield from _scans("SQLite", "")


def single_scans_postgresql() -> Iterator[Figure]:
    """On a PostgreSQL of its own, as durable as it comes."""
    folder = tempfile.mkdtemp(prefix="engage-bench-pg-")
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield from _scans("PostgreSQL", server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _scans(database: str, url: str) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder), url.replace("postgresql://", "postgresql+psycopg://"))
        token = installation.engage("device", "add", "bench")["token"]
        slug = installation.engage("rehearse", "--guests", str((ROUNDS + 1) * (EACH + LATE)))["slug"]
        codes = _codes(url.replace("postgresql://", "postgresql+psycopg://") or f"sqlite:///{folder}/engage.sqlite")
        beside = url or str(Path(folder) / "floor.sqlite")
        floor.prepare(beside, codes)
        ours, theirs, late = [], [], []
        with servers.floor(beside) as floor_port, servers.serving(installation) as port:
            for number in range(ROUNDS + 1):  # alternating, so that a noisy neighbour disturbs both; the first round warms up
                some = codes[number * EACH:(number + 1) * EACH]
                theirs.append(load.run(floor_port, [load.request("POST", f"/{code}") for code in some]))
                ours.append(load.run(port, [scan(slug, token, code) for code in some], wanted=b"admitted"))
                others = codes[(ROUNDS + 1) * EACH + number * LATE:][:LATE]
                batches = [scan(slug, token, *others[first:first + BATCH]) for first in range(0, LATE, BATCH)]
                late.append(load.run(port, batches, clients=1, wanted=b"admitted"))
    one_by_one = load.joined(ours[1:])
    yield from _compared(database, load.joined(theirs[1:]), one_by_one)
    rate = BATCH * load.joined(late[1:]).rate
    times = rate / one_by_one.rate
    yield Figure(f"{ROUNDS * LATE:,} late scans in batches of {BATCH}, {database}", f"{rate:,.0f}/s",
                 f"{times:.1f} times the rate one at a time; at least 10", met=times >= 10)


def _codes(url: str) -> list[str]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        codes = list(connection.scalars(sa.select(Attendee.ticket_code).order_by(Attendee.id)))
    engine.dispose()
    return codes


def _compared(database: str, bare: load.Load, engage: load.Load) -> Iterator[Figure]:
    for name, measured in (("floor", bare), ("scan", engage)):
        yield Figure(f"{name}, {database}, 16 clients", f"{measured.rate:,.0f}/s",
                     f"p50 {measured.percentile(0.5):.1f} ms, p99 {measured.percentile(0.99):.1f} ms")
    ratio = engage.rate / bare.rate
    yield Figure(f"scan ÷ floor, {database}", f"{ratio:.2f}", "at least 0.60; p99 below 100 ms",
                 met=ratio >= 0.6 and engage.percentile(0.99) < 100)


def _scan_id(now: datetime) -> str:
    """A UUID of version 7, as our scanner makes them."""
    milliseconds, random = int(now.timestamp() * 1000), secrets.randbits(74)
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random & (1 << 62) - 1))


def scan(slug: str, token: str, *codes: str) -> bytes:
    now = datetime.now(UTC)  # noqa: TID251 -- the scanner's own clock
    body = json.dumps({"scans": [{"id": _scan_id(now), "code": code, "at": now.isoformat(), "direction": "in", "activity": None,
                                  "device": "bench"} for code in codes]}).encode()
    return load.request("POST", f"/api/v1/events/{slug}/scans", body,
                        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
