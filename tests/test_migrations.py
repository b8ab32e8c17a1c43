"""The migrations lead to exactly the tables that the libraries declare, forward and back.

With the second migration comes a test that a database of the first one, filled, keeps every row on its way up.
"""

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database import migrations, open_engine

from surveys.base import Base


def described(engine: sa.Engine) -> dict[str, Any]:
    """All tables with what Alembic's own comparison leaves out: checks, partial indexes, what a deletion takes along."""
    inspector = sa.inspect(engine)

    def sorted_by_name(found: list[Any]) -> list[Any]:
        return sorted(found, key=lambda each: each["name"])

    return {
        table: {
            "columns": {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)},
            "key": inspector.get_pk_constraint(table),
            "indexes": [
                {**index, "dialect_options": {key: str(value) for key, value in index.get("dialect_options", {}).items()}}
                for index in sorted_by_name(inspector.get_indexes(table))
            ],
            "unique": sorted_by_name(inspector.get_unique_constraints(table)),
            "checks": sorted_by_name(inspector.get_check_constraints(table)),
            "references": sorted_by_name(inspector.get_foreign_keys(table)),
        }
        for table in inspector.get_table_names() if table != "alembic_version"
    }


def test_an_empty_database_is_upgraded_to_what_the_models_say(database_url):
    engine = open_engine(database_url)
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "head")
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    migrated = described(engine)
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    declared = described(engine)
    engine.dispose()
    assert difference == []
    assert migrated == declared


def test_every_step_can_be_taken_back(database_url):
    engine = open_engine(database_url)
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "head")
        command.downgrade(migrations(connection), "base")
    left = sa.inspect(engine).get_table_names()
    engine.dispose()
    assert left == ["alembic_version"]


def test_the_history_is_one_line():
    assert len(ScriptDirectory.from_config(migrations()).get_heads()) == 1
