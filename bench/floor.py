"""The floor to compare with: a bare Flask view on the same server with the same threads, which does one raw-driver
`UPDATE … RETURNING` and commits it durably. Run as `python -m bench.floor PORT DATABASE`.

DATABASE is the path of an SQLite file or a PostgreSQL URL; its table `ticket` is made by `prepare`.
"""

import sqlite3
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime

import psycopg
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from webapp import BLOCKING_THREADS

TABLE = "CREATE TABLE ticket (code VARCHAR(26) PRIMARY KEY, name VARCHAR(60) NOT NULL, arrived_at VARCHAR(32))"
ARRIVE = "UPDATE ticket SET arrived_at = ? WHERE code = ? AND arrived_at IS NULL RETURNING name"


def connect(database: str) -> sqlite3.Connection | psycopg.Connection:
    if database.startswith("postgresql"):
        return psycopg.connect(database)
    connection = sqlite3.connect(database, timeout=15, isolation_level="IMMEDIATE", check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def prepare(database: str, codes: Iterable[str]) -> None:
    connection = connect(database)
    cursor = connection.cursor()
    cursor.execute(TABLE)
    insert = "INSERT INTO ticket VALUES (?, ?, NULL)"
    cursor.executemany(insert if isinstance(connection, sqlite3.Connection) else insert.replace("?", "%s"),
                       [(code, "演练嘉宾") for code in codes])
    connection.commit()
    connection.close()


def make_app(database: str) -> Flask:
    app = Flask("floor")
    held = threading.local()
    on_sqlite = not database.startswith("postgresql")
    statement = ARRIVE if on_sqlite else ARRIVE.replace("?", "%s")
    one_writer = threading.Lock()  # without it SQLite's own waiting makes the floor slower

    def arrive(code: str) -> str:
        if not hasattr(held, "connection"):
            held.connection = connect(database)
        row = held.connection.execute(statement, (datetime.now(UTC).isoformat(), code)).fetchone()  # noqa: TID251 -- its own clock
        held.connection.commit()
        return row[0] if row else "?"

    @app.post("/<code>")
    def scan(code: str) -> str:
        if not on_sqlite:
            return arrive(code)
        with one_writer:
            return arrive(code)

    return app


def main() -> None:
    port, database = int(sys.argv[1]), sys.argv[2]
    Server("floor", "127.0.0.1", port, interface=Interfaces.WSGI, workers=1, http=HTTPModes.http1, blocking_threads=BLOCKING_THREADS,
           log_access=False, log_level=LogLevels.error).serve(target_loader=lambda: make_app(database), wrap_loader=False)


if __name__ == "__main__":
    main()
