"""How long a summary of twelve questions takes at 10,000 and at 1,000,000 responses, and a cross-tab beside pandas reading the same rows.

Responses are made in SQL, folded as the job of the minute does, and then a few come in new. Live is what a page asks for; cold is
the first reading of a process on a file that nobody has open, with a cross-tab, which reads the answers themselves.
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.report import Figure
from surveys import questionnaires, questions, tallies
from surveys.base import Base
from surveys.crosstabs import crosstab
from surveys.questionnaires import Questionnaire
from surveys.responses import submit
from surveys.summaries import summarise

FEW, MANY, QUESTIONS, NEW, REPEATS = 10_000, 1_000_000, 12, 50, 7
NOW = datetime(2026, 3, 18, 9, tzinfo=UTC)

_RESPONSES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO response (id, questionnaire_id, context, segment, submitted_on, submitted_at, language, version, trapped, excluded_for, folded)
SELECT i * 4096, ?, 'spring', 'group' || (i % 6), date('2026-01-01', '+' || (i % 60) || ' days'), NULL, 'zh', 1, 0, '', 0 FROM n
"""
_ANSWERS = """
INSERT INTO answer (response_id, question_id, place, choice, number, part)
SELECT r.id, q.id, 0, CASE WHEN q.kind = 'single' THEN 1 + (r.id / 4096 * 7 + q.id * 13) % 4 END,
       CASE WHEN q.kind = 'scale' THEN 1 + (r.id / 4096 * 11 + q.id * 5) % 5 END, ''
FROM response r CROSS JOIN question q ORDER BY r.id, q.id
"""
_ROWS = """
SELECT r.id, r.segment, a.question_id, a.choice, a.number FROM response r JOIN answer a ON a.response_id = r.id
WHERE r.questionnaire_id = 1 AND r.context = 'spring'
"""


def summaries() -> Iterator[Figure]:
    """On SQLite."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        times = {}
        for people in (FEW, MANY):
            path = Path(folder) / f"{people}.sqlite"
            begun = time.perf_counter()
            engine = _filled(path, people)
            times[people] = _live(engine)
            yield Figure(f"live summary, {QUESTIONS} questions, {people:,} responses", f"{times[people] * 1000:.1f} ms",
                         f"median of {REPEATS}, {NEW} of them new; made and folded in {time.perf_counter() - begun:.0f} s")
        ratio = times[MANY] / times[FEW]
        yield Figure(f"live summary at {MANY:,} ÷ at {FEW:,}", f"{ratio:.2f}", "at most 2", met=ratio <= 2)
        cold, plain = _timed(lambda: _cold(path)), _timed(lambda: _plain(path))
        yield Figure(f"cold summary with a cross-tab ÷ pandas, {MANY:,}", f"{cold / plain:.2f}", f"{cold:.1f} s; pandas {plain:.1f} s; at most 2",
                     met=cold <= 2 * plain)


def _filled(path: Path, people: int) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        made = questionnaires.create(session, title="问卷", now=NOW)
        section = questions.add_section(session, made, now=NOW)
        for number in range(QUESTIONS):
            kind = {"kind": "scale"} if number % 2 else {"kind": "single", "options": ["一", "二", "三", "四"]}
            questions.add_question(session, section, text=f"第{number}题", now=NOW, **kind)
        questionnaires.open_for_answers(session, made, now=NOW)
        key = made.id
    with sqlite3.connect(path) as database:
        database.execute(_RESPONSES, (people, key))
        database.execute(_ANSWERS)
    database.close()
    done = 1
    while done:
        with Session(engine) as session, session.begin():
            done = tallies.fold(session, session.get_one(Questionnaire, key), now=NOW, at_most=20_000)
    with Session(engine) as session, session.begin():
        made = session.get_one(Questionnaire, key)
        for _ in range(NEW):
            submit(session, made, {f"q{n + 1}": "1" for n in range(QUESTIONS)}, context="spring", segment="group1", now=NOW)
    return engine


def _live(engine: sa.Engine) -> float:
    with Session(engine) as session:
        made = session.get_one(Questionnaire, 1)
        return statistics.median(_timed(lambda: summarise(session, made, context="spring")) for _ in range(REPEATS))


def _cold(path: Path) -> None:
    with Session(sa.create_engine(f"sqlite:///{path}")) as session:
        made = session.get_one(Questionnaire, 1)
        summarise(session, made, context="spring")
        crosstab(session, made, "q1", "q2", context="spring")


def _plain(path: Path) -> None:
    with sqlite3.connect(path) as database:
        rows = pd.read_sql_query(_ROWS, database)
    rows.groupby(["question_id", "segment", "choice"]).size()
    rows.groupby(["question_id", "segment", "number"]).size()
    first, second = (rows[rows.question_id == number].set_index("id") for number in (1, 2))
    pd.crosstab(first.choice, second.number)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
