"""`make bench`: every benchmark, one table with the machine and the date. Name some to run only those: `make bench ARGS=single_scans`.

A benchmark is a function that yields Figures; add it to BENCHMARKS.
"""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.board import boards
from bench.exports import exports
from bench.imports import imports
from bench.invitations import many_invitations
from bench.opening import opening
from bench.report import table
from bench.scanner import scanner
from bench.scans import single_scans, single_scans_postgresql
from bench.startup import startup
from bench.submits import submits
from bench.summaries import summaries
from bench.themes import themes

BENCHMARKS = [single_scans, single_scans_postgresql, submits, summaries, opening, imports, many_invitations, boards, scanner, startup, themes, exports]


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    told = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1_000_000
    processor = next(iter(told.values()), platform.machine()).strip()
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    wanted = set(sys.argv[1:]) or {each.__name__ for each in BENCHMARKS}
    figures = [figure for each in BENCHMARKS if each.__name__ in wanted for figure in each()]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n{table(figures)}")  # noqa: TID251 -- the date of the measurement
    return 0
