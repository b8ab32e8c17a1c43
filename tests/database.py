"""Databases to test on: how they are opened, counted and undone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from surveys.statements import Statement


def open_engine(url: str, **options: Any) -> sa.Engine:
    """An engine as the product runs it: on SQLite foreign keys, WAL, and every transaction begins as a writing one."""
    engine = sa.create_engine(url, **options)
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # the driver would begin and commit at its own will
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA busy_timeout = 30000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def open_memory() -> sa.Engine:
    """SQLite in memory: one connection, so one test at a time."""
    return open_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def sqlite_file(folder: Path) -> str:
    return f"sqlite:///{folder / 'engage.sqlite'}"


class Statements(list[str]):
    """The SQL that was sent, without savepoints: `len(seen)`, `seen.writes`."""

    @property
    def writes(self) -> list[str]:
        return [sql for sql in self if re.match(r"\s*(INSERT|UPDATE|DELETE)", sql, re.IGNORECASE)]


@contextmanager
def count_queries(where: sa.Engine | Session) -> Iterator[Statements]:
    """Collect the statements that are sent inside the block: `with count_queries(session) as seen: …; len(seen) == 3`."""
    bind = where.get_bind() if isinstance(where, Session) else where
    engine = bind.engine
    seen = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not re.match(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|PRAGMA)", statement, re.IGNORECASE):
            seen.append(statement)

    def compiled_for(statement: Statement, connection: sa.Connection) -> Any:
        compiled = to_driver(statement, connection)
        if connection.engine is engine:
            seen.append(compiled.text)
        return compiled

    to_driver = Statement._compiled_for
    Statement._compiled_for = compiled_for  # what goes straight to the driver is seen by no event of SQLAlchemy
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        Statement._compiled_for = to_driver
        sa.event.remove(engine, "before_cursor_execute", note)


@contextmanager
def undone(session: Session) -> Iterator[Session]:
    """What happens inside is rolled back: one example of a hypothesis test leaves nothing to the next."""
    savepoint = session.begin_nested()
    try:
        yield session
    finally:
        savepoint.rollback()
        session.expunge_all()


def migrations(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration for this repository's migrations, bound to a connection where they are to run."""
    folder = Path(__file__).parent.parent / "migrations"
    config = Config(folder / "alembic.ini")
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    return config
