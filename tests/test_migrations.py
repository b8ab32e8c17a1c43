"""The migrations lead to exactly the tables that the libraries declare, forward and back, and lose no row on their way up."""

from datetime import UTC, datetime
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


MOMENT = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)
ELSE = {"quota": {"category_id": None, "seats": 2}}  # what a constraint of the table asks for


def filled(tables: sa.MetaData, *, naive: bool) -> dict[str, dict[str, Any]]:
    """One row for each table, with something in every column; what refers to another table refers to its row."""

    def value(column: sa.Column[Any]) -> Any:
        if isinstance(column.type, sa.Boolean):
            return True
        if isinstance(column.type, sa.DateTime):
            return MOMENT.replace(tzinfo=None) if naive else MOMENT
        if isinstance(column.type, sa.Date):
            return MOMENT.date()
        if isinstance(column.type, sa.JSON):
            return {"一": [1, None]}
        return 1 if isinstance(column.type, sa.Integer | sa.Float) else f"文{column.name}"[: column.type.length or 20]

    return {
        table.name: {column.name: value(column) for column in table.columns} | ELSE.get(table.name, {})
        for table in tables.sorted_tables if table.name != "alembic_version"
    }


def filled_at(engine, revision):
    """The tables of a database at a revision, which is made here, and what fills them."""
    with engine.connect() as connection:
        command.upgrade(migrations(connection), revision)
    tables = sa.MetaData()
    tables.reflect(engine)
    return tables, filled(tables, naive=engine.dialect.name == "sqlite")


def test_a_filled_database_of_the_first_release_keeps_every_value(database_url):
    engine = open_engine(database_url)
    first, rows = filled_at(engine, "0001")
    with engine.begin() as connection:
        for table in first.sorted_tables:
            if table.name in rows:
                connection.execute(table.insert(), rows[table.name])
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "head")
    with engine.connect() as connection:
        kept = {name: connection.execute(sa.select(*first.tables[name].columns)).mappings().all() for name in rows}
    engine.dispose()
    rows["response"] |= {"submitted_on": MOMENT.date().replace(day=1), "language": ""}  # what anonymous questionnaires stop keeping
    assert {name: [dict(row) for row in found] for name, found in kept.items()} == {name: [row] for name, row in rows.items()}


def test_who_was_replaced_before_it_was_kept_is_found_in_the_audit_trail(database_url):
    engine = open_engine(database_url)
    before, rows = filled_at(engine, "0011")
    guest, entry = rows["attendee"], rows["audit_entry"]
    with engine.begin() as connection:
        connection.execute(before.tables["category"].insert(), rows["category"])
        connection.execute(before.tables["event"].insert(), rows["event"] | {"questionnaire_id": None, "series_id": None})
        connection.execute(before.tables["registration"].insert(), rows["registration"] | {"invitation_id": None})
        for number, name in enumerate(("甲", "乙", "丙"), start=1):
            codes = {"ticket_code": f"t{number}", "survey_code": f"s{number}"}
            connection.execute(before.tables["attendee"].insert(), guest | codes | {"id": number, "name": name})
        for number, action in ((1, "registration.swap"), (2, "registration.hand_over"), (3, "registration.change")):
            detail = {"out": number, "come": number + 1} if number < 3 else {"party": 1}
            connection.execute(before.tables["audit_entry"].insert(), entry | {"id": number, "action": action, "detail": detail})
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "0012")
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT name, stands_in_for FROM attendee ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in kept] == [("甲", None), ("乙", "甲"), ("丙", "甲")]


def test_anonymous_responses_that_were_shown_are_released(database_url):
    engine = open_engine(database_url)
    before, rows = filled_at(engine, "0026")
    tables = before.tables
    response = rows["response"] | {"context": "", "segment": "", "submitted_on": MOMENT.date(), "folded": False, "excluded_at": None, "respondent": None}
    with engine.begin() as connection:
        for key, anonymous in ((1, True), (2, False)):
            connection.execute(tables["questionnaire"].insert(), rows["questionnaire"] | {"id": key, "anonymous": anonymous})
        for table in ("section", "question"):
            connection.execute(tables[table].insert(), rows[table])
        for key, changes in enumerate(({}, {}, {"excluded_at": response["submitted_at"]}, {"questionnaire_id": 2})):
            connection.execute(tables["response"].insert(), response | {"questionnaire_id": 1, "id": key, "submission": f"{key}"} | changes)
            answer = {"response_id": key, "choice": "1", "number": None, "part": ""}
            connection.execute(tables["answer"].insert(), [rows["answer"] | answer | {"place": 0}, rows["answer"] | answer | {"place": 1, "choice": None}])
    with engine.connect() as connection:
        command.upgrade(migrations(connection), "head")
    tally = tables["tally"].c
    with engine.connect() as connection:
        marks = connection.execute(sa.select(tables["response"].c.folded).order_by(tables["response"].c.id)).scalars().all()
        counts = connection.execute(sa.select(tally.questionnaire_id, tally.question_id, tally.choice, tally.count, tally.people, tally.answered)).all()
    engine.dispose()
    assert [bool(mark) for mark in marks] == [True, True, False, False]
    assert sorted(map(tuple, counts)) == [(1, 0, "", 2, 2, 2), (1, 1, "", 2, 0, 0), (1, 1, "1", 2, 2, 2)]
