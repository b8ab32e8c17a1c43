"""What every benchmark needs: an installation of its own, `engage serve` before it, and the floor beside it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECRET = "only for the bench"


@dataclass(frozen=True)
class Installation:
    """An instance folder with its environment; `engage("device", "add", "gate")` runs a command and gives its JSON."""

    folder: Path
    environment: dict[str, str]

    def engage(self, *words: str) -> Any:
        done = subprocess.run([*ENGAGE, *words, "--json"], env=self.environment, cwd=ROOT, check=True, capture_output=True)
        return json.loads(done.stdout)


ENGAGE = [sys.executable, "-c", "from webapp.cli import main; main(prog_name='engage')"]


def install(folder: Path, database_url: str = "") -> Installation:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    settings = {"ENGAGE_INSTANCE": str(folder), "ENGAGE_SECRET_KEY": SECRET}
    if database_url:
        settings["ENGAGE_DATABASE_URL"] = database_url
    made = Installation(folder, outside | settings)
    made.engage("init")
    return made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process until the block ends; it is there when something listens on the port."""
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=None if os.environ.get("BENCH_LOUD") else subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        else:
            raise RuntimeError(f"{command} did not come up")
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def serving(installation: Installation) -> Iterator[int]:
    """`engage serve`; yields its port."""
    port = free_port()
    with running([*ENGAGE, "serve", "--port", str(port)], port, installation.environment):
        yield port


@contextmanager
def floor(database: str) -> Iterator[int]:
    """The floor on this database (prepared); yields its port."""
    port = free_port()
    with running([sys.executable, "-m", "bench.floor", str(port), database], port, dict(os.environ)):
        yield port
