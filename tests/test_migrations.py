"""The migrations lead to exactly the tables that the libraries declare, forward and back.

With the second migration comes a test that a database of the first one, filled, keeps every row on its way up.
"""

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database import migrations, open_engine

from surveys.base import Base


def test_an_empty_database_is_upgraded_to_what_the_models_say(database_url):
    engine = open_engine(database_url)
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "head")
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    engine.dispose()
    assert difference == []


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
