"""Two hundred open boards while tickets are scanned: how soon a scan is seen, and what the boards cost the scanners.

The boards behave as board.js does: each asks when the server says that there can be something new, a little later at random, with the
tag of what it has. They run in a process of their own. A scan counts from when it is sent until a board has read it.
"""

import json
import multiprocessing
import os
import random
import selectors
import socket
import sqlite3
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from bench import load, servers
from bench.report import Figure
from bench.scans import scan

BOARDS, SPREAD = 200, 0.25  # as in board.js, in seconds
SECONDS, RATE = 20, 50  # of the scans that are timed: for how long, and how many a second
ROUNDS, EACH = 3, 1000
CODE = "b" * 26


def boards() -> Iterator[Figure]:
    """On SQLite."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder))
        token = installation.engage("device", "add", "bench")["token"]
        slug = installation.engage("rehearse", "--guests", str(SECONDS * RATE + (2 * ROUNDS + 1) * EACH))["slug"]
        with sqlite3.connect(Path(folder) / "engage.sqlite") as database:
            codes = [code for (code,) in database.execute("SELECT ticket_code FROM attendee ORDER BY id")]
            database.execute("INSERT INTO board SELECT id, ?, created_at FROM event WHERE slug = ?", (CODE, slug))
        scans = (scan(slug, token, code) for code in codes)
        port = servers.free_port()
        with servers.running([*servers.ENGAGE, "serve", "--port", str(port)], port, installation.environment) as server:
            load.run(port, [next(scans) for _ in range(EACH)])  # warms up
            yield from _alone(port, server.pid)
            yield from _seen(port, server.pid, scans)
            yield from _compared(port, scans)


def _alone(port: int, server: int) -> Iterator[Figure]:
    with _watching(port) as watch:
        time.sleep(3)
        busy, begun = _processor(server), time.perf_counter()
        time.sleep(10)
        share = (_processor(server) - busy) / (time.perf_counter() - begun)
    _, asked, seconds = watch.recv()
    yield Figure(f"{BOARDS} boards, nobody comes", f"{asked / seconds:,.0f} requests/s", f"{share:.0%} of one core")


def _seen(port: int, server: int, scans: Iterator[bytes]) -> Iterator[Figure]:
    with _watching(port) as watch:
        time.sleep(3)
        busy, begun = _processor(server), time.perf_counter()
        sent = _steadily(port, scans)
        share = (_processor(server) - busy) / (time.perf_counter() - begun)
        time.sleep(4)
    read, _, _ = watch.recv()
    delays = sorted(
        times[bisect_left(counts, EACH + number)] - at
        for times, counts in read for number, at in enumerate(sent, start=1)
    )
    middle, late = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
    yield Figure(f"scan to board, {BOARDS} boards, {RATE} scans/s", f"{late:.2f} s",
                 f"p99; p50 {middle:.2f} s, slowest {delays[-1]:.2f} s; at most 2 s; {share:.0%} of one core", met=late <= 2)


def _compared(port: int, scans: Iterator[bytes]) -> Iterator[Figure]:
    without, beside = [], []
    for _ in range(ROUNDS):  # alternating, so that a noisy neighbour disturbs both
        without.append(load.run(port, [next(scans) for _ in range(EACH)]))
        with _watching(port) as watch:
            time.sleep(2)
            beside.append(load.run(port, [next(scans) for _ in range(EACH)]))
        watch.recv()
    quiet, busy = load.joined(without), load.joined(beside)
    ratio = busy.rate / quiet.rate
    yield Figure(f"scans beside {BOARDS} boards ÷ without", f"{ratio:.2f}",
                 f"{busy.rate:,.0f}/s, p99 {busy.percentile(0.99):.1f} ms; without {quiet.rate:,.0f}/s, "
                 f"p99 {quiet.percentile(0.99):.1f} ms; at least 0.70", met=ratio >= 0.7)


@contextmanager
def _watching(port: int) -> Iterator[Connection]:
    """The boards, until the block ends; what they have read is received afterwards."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_watch, args=(port, theirs))
    process.start()
    yield ours
    ours.send("enough")
    while not ours.poll(0.05):
        if not process.is_alive():
            raise RuntimeError("the boards have failed")


def _watch(port: int, told: Connection) -> None:
    """Sends, when told to stop: for each board when it read which number of arrivals; how often all asked; in how many seconds."""
    boards, selector = [_Board(port) for _ in range(BOARDS)], selectors.DefaultSelector()
    for board in boards:
        selector.register(board.connection, selectors.EVENT_READ, board)
    begun = time.perf_counter()
    while not told.poll():
        now = time.perf_counter()
        for board in boards:
            board.ask(now)
        for key, _ in selector.select(0.005):
            key.data.read()
    told.send(([(board.times, board.counts) for board in boards], sum(board.asked for board in boards), time.perf_counter() - begun))


class _Board:
    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.times: list[float] = []
        self.counts: list[int] = []
        self.asked, self.etag, self.answer = 0, "", b""
        self.next = time.perf_counter() + random.random()  # opened at any moment

    def ask(self, now: float) -> None:
        if now >= self.next:
            self.next = float("inf")
            self.asked += 1
            self.connection.sendall(load.request("GET", f"/b/{CODE}/figures", headers={"If-None-Match": self.etag}))

    def read(self) -> None:
        self.answer += self.connection.recv(65536)
        head, end, body = self.answer.partition(b"\r\n\r\n")
        lines = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        if not end or (head.startswith(b"HTTP/1.1 200") and len(body) < int(lines["content-length"])):
            return
        if head.startswith(b"HTTP/1.1 200"):
            self.times.append(time.perf_counter())
            self.counts.append(json.loads(body)["arrived"])
        elif not head.startswith(b"HTTP/1.1 304"):
            raise RuntimeError(self.answer.decode(errors="replace"))
        self.answer, self.etag = b"", lines["etag"]
        self.next = time.perf_counter() + int(lines["x-next-in"]) / 1000 + random.random() * SPREAD


def _steadily(port: int, scans: Iterator[bytes]) -> list[float]:
    """Send scans at the rate, one after another as at a door; when each was sent."""
    begun, sent = time.perf_counter(), []
    for number in range(SECONDS * RATE):
        time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        sent.append(time.perf_counter())
        load.run(port, [next(scans)], clients=1, wanted=b"admitted")
    return sent


def _processor(pid: int) -> float:
    """Seconds of the processor that a process and those below it have taken so far."""
    below: dict[int, list[int]] = {}
    ticks = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone meanwhile
        below.setdefault(int(fields[1]), []).append(int(folder.name))
        ticks[int(folder.name)] = int(fields[11]) + int(fields[12])
    waiting, total = [pid], 0
    while waiting:
        each = waiting.pop()
        total += ticks.get(each, 0)
        waiting += below.get(each, [])
    return total / os.sysconf("SC_CLK_TCK")
