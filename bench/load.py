"""Load from one process: keep-alive connections, each sending its next request when the last is answered."""

import selectors
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple


class Load(NamedTuple):
    """What a run of requests took: seconds in all, and each request's own seconds."""

    seconds: float
    each: list[float]

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the requests was answered."""
        return sorted(self.each)[min(len(self.each) - 1, int(len(self.each) * share))] * 1000


def joined(loads: Sequence[Load]) -> Load:
    return Load(sum(load.seconds for load in loads), [each for load in loads for each in load.each])


def request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def run(port: int, requests: Sequence[bytes], *, clients: int = 16, status: int = 200, wanted: bytes = b"") -> Load:
    """Send all requests; raises RuntimeError for an answer of another status or without `wanted` in it."""
    waiting = iter(requests)
    selector, each = selectors.DefaultSelector(), []
    busy = 0
    begun = time.perf_counter()
    for _ in range(clients):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        first = next(waiting, None)
        if first is None:
            connection.close()
            break
        selector.register(connection, selectors.EVENT_READ, [time.perf_counter(), b""])
        connection.sendall(first)
        busy += 1
    while busy:
        for key, _ in selector.select():
            key.data[1] += key.fileobj.recv(65536)
            if not _whole(key.data[1]):
                continue
            each.append(time.perf_counter() - key.data[0])
            if not key.data[1].startswith(b"HTTP/1.1 %d" % status) or wanted not in key.data[1]:
                raise RuntimeError(key.data[1].decode(errors="replace"))
            following = next(waiting, None)
            if following is None:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                busy -= 1
            else:
                key.data[:] = [time.perf_counter(), b""]
                key.fileobj.sendall(following)
    return Load(time.perf_counter() - begun, each)


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    stop = lower.find(b"\r\n", start)
    return len(body) >= int(lower[start:stop if stop > 0 else None])
