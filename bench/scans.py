"""Scans one at a time: 16 clients, every ticket admitted once, every admission on disk before its answer; beside the floor."""

import json
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import floor, load, servers
from bench.report import Figure

ROUNDS, EACH = 4, 1000


def single_scans() -> Iterator[Figure]:
    """On SQLite."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder))
        token = installation.engage("device", "add", "bench")["token"]
        slug = installation.engage("rehearse", "--guests", str((ROUNDS + 1) * EACH))["slug"]
        with sqlite3.connect(Path(folder) / "engage.sqlite") as database:
            codes = [code for (code,) in database.execute("SELECT ticket_code FROM attendee ORDER BY id")]
        beside = str(Path(folder) / "floor.sqlite")
        floor.prepare(beside, codes)
        ours, theirs = [], []
        with servers.floor(beside) as floor_port, servers.serving(installation) as port:
            for number in range(ROUNDS + 1):  # alternating, so that a noisy neighbour disturbs both; the first round warms up
                some = codes[number * EACH:(number + 1) * EACH]
                theirs.append(load.run(floor_port, [load.request("POST", f"/{code}") for code in some]))
                ours.append(load.run(port, [scan(slug, token, code) for code in some], wanted=b"admitted"))
    yield from _compared("SQLite", load.joined(theirs[1:]), load.joined(ours[1:]))


def _compared(database: str, bare: load.Load, engage: load.Load) -> Iterator[Figure]:
    for name, measured in (("floor", bare), ("scan", engage)):
        yield Figure(f"{name}, {database}, 16 clients", f"{measured.rate:,.0f}/s",
                     f"p50 {measured.percentile(0.5):.1f} ms, p99 {measured.percentile(0.99):.1f} ms")
    ratio = engage.rate / bare.rate
    yield Figure(f"scan ÷ floor, {database}", f"{ratio:.2f}", "at least 0.50; p99 below 150 ms",
                 met=ratio >= 0.5 and engage.percentile(0.99) < 150)


def scan(slug: str, token: str, code: str) -> bytes:
    now = datetime.now(UTC).isoformat()  # noqa: TID251 -- the scanner's own clock
    body = json.dumps({"scans": [{"id": str(uuid.uuid4()), "code": code, "at": now, "direction": "in", "activity": None,
                                  "device": "bench"}]}).encode()
    return load.request("POST", f"/api/v1/events/{slug}/scans", body,
                        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
