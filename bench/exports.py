"""How long the workbook of 100,000 responses to twelve questions takes, beside XlsxWriter writing the same cells and doing nothing else; and
how much memory. Each in a process of its own, on a folded SQLite file.

`python -m bench.exports` alone measures fewer: `python -m bench.exports 10000`.
"""

import pickle
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.report import Figure

PEOPLE, QUESTIONS, MOST, MOST_MEMORY = 100_000, 12, 1.5, 300  # responses, questions, times the plain writing, MB
NOW = datetime(2026, 3, 18, 9, tzinfo=UTC)

_RESPONSES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO response (id, questionnaire_id, context, segment, submitted_on, submitted_at, language, version, trapped, excluded_for, folded)
SELECT i * 4096, ?, ?, 'group' || (i % 6), date('2026-01-01', '+' || (i % 60) || ' days'), '2026-03-18 01:00:00.000000', 'zh', 1, 0, '', 0 FROM n
"""
_ANSWERS = """
INSERT INTO answer (response_id, question_id, place, choice, number, text, part)
SELECT r.id, q.id, 0, CASE WHEN q.kind = 'single' THEN 1 + (r.id / 4096 * 7 + q.id * 13) % 4 END,
       CASE WHEN q.kind = 'scale' THEN 1 + (r.id / 4096 * 11 + q.id * 5) % 5 END,
       CASE WHEN q.kind = 'long_text' THEN '停车的地方太少，希望下次在门口有人引导' || (r.id / 4096 % 5000) END, ''
FROM response r CROSS JOIN question q WHERE q.kind <> 'long_text' OR r.id / 4096 % 10 = 0 ORDER BY r.id, q.id
"""


def exports(people: int = PEOPLE) -> Iterator[Figure]:
    """On SQLite; the workbook is the whole summary with its raw data wide and long."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        made, ours, plain = (str(Path(folder) / name) for name in ("made.sqlite", "ours.xlsx", "plain.xlsx"))
        _fill(Path(made), people)
        mine = _alone("ours", made, ours)
        _alone("cells", made, f"{made}.cells")
        bare = _alone("plain", f"{made}.cells", plain)
        size = Path(ours).stat().st_size / 1e6
    ratio = mine.seconds / bare.seconds
    yield Figure(f"workbook of {people:,} responses", f"{mine.seconds:.1f} s", f"{size:.0f} MB; raw data wide and long")
    yield Figure("the same ÷ XlsxWriter alone, the same cells", f"{ratio:.2f}",
                 f"constant memory, {bare.seconds:.1f} s; of the processor's time {mine.busy / bare.busy:.2f}; at most {MOST}", met=ratio <= MOST)
    yield Figure("its memory", f"{mine.memory:.0f} MB", f"peak of the process; at most {MOST_MEMORY} MB", met=mine.memory < MOST_MEMORY)


class Taken(NamedTuple):
    """What a part took in a process of its own: seconds on the clock and of the processor, megabytes at most."""

    seconds: float
    busy: float
    memory: float


def _alone(what: str, source: str, target: str) -> Taken:
    done = subprocess.run([sys.executable, "-m", "bench.exports", what, source, target], capture_output=True, check=True, text=True)
    return Taken(*map(float, done.stdout.split()))


def _fill(path: Path, people: int) -> None:
    from engage import events  # noqa: PLC0415 -- not in the process that only writes cells
    from surveys import questionnaires, questions, tallies  # noqa: PLC0415 -- as above
    from surveys.base import Base  # noqa: PLC0415 -- as above

    engine = sa.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        made = questionnaires.create(session, title="问卷", now=NOW)
        section = questions.add_section(session, made, now=NOW)
        for number in range(QUESTIONS - 1):
            kind: dict[str, Any] = {"kind": "scale"} if number % 2 else {"kind": "single", "options": ["一", "二", "三", "四"]}
            questions.add_question(session, section, text=f"第{number}题", now=NOW, **kind)
        questions.add_question(session, section, text="意见", kind="long_text", now=NOW)
        questionnaires.open_for_answers(session, made, now=NOW)
        event = events.create(session, events.Details(title="开放日"), seats=None, by="system", now=NOW)
        events.attach(session, event, made, by="system", now=NOW)
        key, slug = made.id, event.slug
    with sqlite3.connect(path) as database:
        database.execute(_RESPONSES, (people, key, slug))
        database.execute(_ANSWERS)
    database.close()
    done = 1
    while done:
        with Session(engine) as session, session.begin():
            done = tallies.fold(session, session.get_one(questionnaires.Questionnaire, key), now=NOW, at_most=20_000)
    engine.dispose()


def _material(path: str) -> Any:
    from engage import exports as library  # noqa: PLC0415 -- as above
    from engage.events import Event  # noqa: PLC0415 -- as above

    session = Session(sa.create_engine(f"sqlite:///{path}"))
    return library.gather(session, session.scalars(sa.select(Event)).one(), zone=UTC, language="en", below=1, now=NOW)


def _ours(source: str, target: str) -> None:
    from engage.exports import FORMATS  # noqa: PLC0415 -- as above

    with Path(target).open("wb") as stream:
        FORMATS["xlsx"].write(_material(source), stream)


def _cells(source: str, target: str) -> None:
    """The cells of the sheets that grow with the answers, kept for the plain writing."""
    from engage.exports import responses  # noqa: PLC0415 -- as above

    material = _material(source)
    with Path(target).open("wb") as stream:
        for rows in (responses.wide_rows(material), responses.long_rows(material), ([said.text] for said in material.answers())):
            pickle.dump([tuple(row) for row in rows], stream)


def _plain(source: str, target: str) -> tuple[float, float]:
    """Answers the seconds and those of the processor after everything was read."""
    from xlsxwriter import Workbook  # noqa: PLC0415 -- as above

    with Path(source).open("rb") as stream:
        tables = [pickle.load(stream) for _ in range(3)]
    begun = time.perf_counter(), time.process_time()
    with Workbook(target, {"constant_memory": True}) as book:
        plain = book.add_format({"valign": "top"})
        for rows in tables:
            sheet, sheets = book.add_worksheet(), 1
            for number, row in enumerate(rows):
                if number == 1_048_575 * sheets:
                    sheet, sheets = book.add_worksheet(), sheets + 1
                sheet.write_row(number - 1_048_575 * (sheets - 1), 0, row, plain)
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def main() -> None:
    if len(sys.argv) > 2:
        what, source, target = sys.argv[1:]
        begun = time.perf_counter(), time.process_time()
        own = {"ours": _ours, "cells": _cells, "plain": _plain}[what](source, target)
        print(*own or (time.perf_counter() - begun[0], time.process_time() - begun[1]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        for figure in exports(int(sys.argv[1]) if sys.argv[1:] else PEOPLE):
            print(*figure, sep=" | ")


if __name__ == "__main__":
    main()
