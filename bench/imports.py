"""Importing an invitation list of 10,000 people beside merely reading the workbook's cells."""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy.orm import Session

from bench import servers
from bench.report import Figure
from engage import people_import, sheets

ROWS, ROUNDS = 10_000, 3
HEADER = ("序号", "姓名", "人员类别", "工作单位", "职务", "手机号", "电子邮箱", "备注")
CATEGORIES = ("人大代表", "政协委员", "企业代表", "媒体", "重大项目负责人")


def imports() -> Iterator[Figure]:
    """Planned, carried out and committed into an empty SQLite; the best of three, alternating with the readers."""
    data = _workbook()
    ours, readers = [], {"openpyxl": [], "our own reader": []}
    for _ in range(ROUNDS):
        readers["openpyxl"].append(_seconds(lambda: _read_with_openpyxl(data)))
        readers["our own reader"].append(_seconds(lambda: sheets.read_sheets(data)))
        ours.append(_import(data))
    for name, took in readers.items():
        yield Figure(f"reading {ROWS:,} rows with {name}", f"{min(took):.2f} s")
    for name, took in readers.items():
        ratio = min(ours) / min(took)
        yield Figure(f"import of {ROWS:,} rows ÷ reading with {name}", f"{ratio:.2f}", f"{min(ours):.2f} s; at most 3", met=ratio <= 3)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _import(data: bytes) -> float:
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        servers.install(Path(folder))
        engine = sa.create_engine(f"sqlite:///{folder}/engage.sqlite")
        now = datetime.now(UTC)  # noqa: TID251 -- the office's clock

        def work() -> None:
            with Session(engine) as session:
                done = people_import.carry_out(session, people_import.plan_import(session, data), by="system", now=now)
                session.commit()
            if done.added != ROWS:
                raise RuntimeError(f"{done.added} of {ROWS} rows were added")

        took = _seconds(work)
        engine.dispose()
        return took


def _read_with_openpyxl(data: bytes) -> int:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    cells = sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))
    book.close()
    return cells


def _workbook() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("邀请名单")
    sheet.write(0, 0, "平台开放日邀请名单")
    sheet.write_row(1, 0, HEADER)
    for number in range(1, ROWS + 1):
        sheet.write_row(number + 1, 0, (
            number, f"受邀人{number:05}", CATEGORIES[number % len(CATEGORIES)], f"丰和建设工程第{number % 700}分公司", "经理",
            f"138{number:08}", f"guest{number}@example.com" if number % 3 else "", "",
        ))
    book.close()
    return target.getvalue()
