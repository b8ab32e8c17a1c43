"""How Alembic reaches the database: over the connection it is given, or that of the running Flask app.

`engage init` and `flask db …` come here through Flask-Migrate. A test or a script without an app gives its own connection:
`config.attributes["connection"] = connection`.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.exc import IntegrityError

import engage  # noqa: F401 -- fills the metadata
import surveys  # noqa: F401 -- fills the metadata
from surveys.base import Base, UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Iterator


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write plain types into a migration, so that it still runs when the library's own types have moved on."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


@contextmanager
def references_off(connection: sa.Connection) -> "Iterator[None]":
    """SQLite changes a table by copying and dropping it; with foreign keys on, that would delete what refers to it.

    The pragma does nothing inside a transaction, so it goes past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    (before,) = raw.execute("PRAGMA foreign_keys").fetchone()
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA foreign_keys = {before}")


def migrate(connection: sa.Connection) -> None:
    """Run what Alembic asked for in one transaction, so that a failed upgrade leaves the database as it was."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    with references_off(connection):
        with context.begin_transaction():
            context.run_migrations()
            if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise IntegrityError("PRAGMA foreign_key_check", None, ValueError("a reference leads nowhere"))
        connection.commit()


if "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])
else:
    from flask import current_app

    # The option makes SQLite take its write lock at the start: a second upgrade waits for the first.
    with current_app.extensions["migrate"].db.engine.execution_options(writes=True).connect() as own_connection:
        migrate(own_connection)
