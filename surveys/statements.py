"""Statements that go straight to the driver, for the few moments when many people write in the same minute.

Compiling is done once, and executing, binding and fetching go past SQLAlchemy: that is most of the time under the write lock.
The text and the types come from the models, so that they change with them. No event of SQLAlchemy sees these statements, and
records that a session has loaded do not learn of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.compiler import compiles

from surveys.base import Base, UtcDateTime


def _processor(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    """What makes of a value what the driver takes; SQLAlchemy's own way takes three times as long for times and words."""
    if dialect.name == "sqlite" and isinstance(kind, UtcDateTime):
        return _text
    if isinstance(kind, sa.Enum):
        return {None: None, **{word: word for word in kind.enums}}.__getitem__  # a StrEnum's member equals its word
    return kind.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=1000)  # of what is written together, most rows name the same few times
def _text(at: datetime | None) -> str | None:
    return at and at.astimezone(UTC).isoformat(" ", "microseconds")[:26]  # without the zone


class _Compiled(NamedTuple):
    text: str
    binds: Sequence[tuple[str, Any]]  # name, and the value that the statement itself names: None where each sending gives its own
    processors: Sequence[tuple[int, Callable[[Any], Any]]]  # to what the driver takes, by the place among the binds

    def values(self, given: Mapping[str, Any]) -> Sequence[Any]:
        """What the driver is given, in its order."""
        return self.placed([given.get(name, stated) for name, stated in self.binds])

    def placed(self, values: list[Any]) -> Sequence[Any]:
        """The same of values that are in its order."""
        for place, process in self.processors:
            values[place] = process(values[place])
        return values


class Statement:
    """An INSERT, UPDATE, DELETE or SELECT with named parameters (`sa.bindparam`), compiled at its first use."""

    def __init__(self, clause: sa.ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, _Compiled] = {}

    def asked(self, connection: sa.Connection, **given: Any) -> Any:
        """Send it once; the cursor, from which the rows are still to be fetched: see `pipelined`."""
        compiled = self._compiled_for(connection)
        cursor = connection.connection.cursor()
        cursor.execute(compiled.text, compiled.values(given))
        return cursor

    def rows(self, connection: sa.Connection, **given: Any) -> Sequence[Any]:
        """Send it once; the rows as the driver gives them: see `moment` for times."""
        return self.asked(connection, **given).fetchall()

    def each(self, connection: sa.Connection, **given: Any) -> Iterator[Any]:
        """`rows` one after another, where there are many: what was read is not kept."""
        cursor = self.asked(connection, **given)
        while some := cursor.fetchmany(1000):
            yield from some

    def send(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row; not at all for none."""
        if rows:
            compiled = self._compiled_for(connection)
            _execute(connection, compiled.text, [compiled.values(row) for row in rows])

    def send_in_order(self, connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """The same in a third of the time, for rows whose values are in the order of the parameters: see Rows."""
        if rows:
            compiled = self._compiled_for(connection)
            _execute(connection, compiled.text, [compiled.placed([*row]) for row in rows])

    def _compiled_for(self, connection: sa.Connection) -> _Compiled:
        database = connection.dialect.name
        return self._compiled.get(database) or self._compile(database)

    def _compile(self, database: str) -> _Compiled:
        dialect = sqlite.dialect(paramstyle="qmark") if database == "sqlite" else psycopg.dialect(paramstyle="format")
        compiled: Any = self._clause.compile(dialect=dialect)
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        processors = [(place, process) for place, bind in enumerate(binds) if (process := _processor(bind.type, dialect))]
        made = _Compiled(str(compiled), [(bind.key, bind.effective_value) for bind in binds], processors)
        self._compiled[database] = made
        return made


def _execute(connection: sa.Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    if len(rows) == 1:
        connection.connection.cursor().execute(text, rows[0])
    else:
        connection.connection.cursor().executemany(text, rows)


class Rows:
    """Rows of a table, each a sequence of the values of `names`, which are in the table's order: they are added, with `passing_over`
    without those that are there; or with `key`, the last of the names, those that have this value are changed.

    SQLite takes them one after the other, PostgreSQL all at once as JSON: the driver would ask after each row whether there is
    an answer yet, and whenever it asks, another thread goes first.
    """

    def __init__(self, kind: type[Base], names: Sequence[str], *, key: str = "", passing_over: bool = False) -> None:
        table = cast("sa.Table", kind.__table__)
        given: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(name) for name in names if name != key}
        if list(names) != sorted(given, key=table.c.keys().index) + [key] * bool(key):
            raise ValueError(f"{names} are not in the order of the table")
        self._table, self._names, self._key, self._passing_over = table, names, key, passing_over
        if key:
            self._one = Statement(sa.update(table).where(table.c[key] == sa.bindparam("key")).values(given))
        else:
            self._one = self._adding(postgresql.insert(table).values(given))

    def send(self, connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Nothing for no rows."""
        if rows and connection.dialect.name == "postgresql":
            every = [dict(zip(self._names, row, strict=True)) for row in rows]
            self._all.asked(connection, rows=msgspec.json.encode(every).decode(), count=len(rows))
        else:
            self._one.send_in_order(connection, rows)

    @cached_property
    def _all(self) -> Statement:
        """Made when it is first wanted: the type of a foreign key is known when all tables are."""
        table, names = self._table, self._names
        if self._key:
            return Statement(_changed_from_json(table, names, self._key))
        given = sa.select(*_from_json(table, names).c)
        return self._adding(postgresql.insert(table).from_select(list(names), given, include_defaults=False))

    def _adding(self, insert: postgresql.Insert) -> Statement:
        return Statement(insert.on_conflict_do_nothing() if self._passing_over else insert)


def _from_json(table: sa.Table, names: Sequence[str]) -> sa.TableValuedAlias:
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, table.c[name].type) for name in names]
    given = sa.cast(sa.bindparam("rows", type_=sa.Text()), sa.JSON())
    return sa.func.json_to_recordset(given).table_valued(*columns).render_derived(name="given", with_types=True)


def _changed_from_json(table: sa.Table, names: Sequence[str], key: str) -> sa.ClauseElement:
    """How many they are tells PostgreSQL to look for each by its key instead of reading the table."""
    given = sa.select(*_from_json(table, names).c).limit(sa.bindparam("count", type_=sa.Integer())).subquery("few")
    values = {name: given.c[name] for name in names if name != key}
    return sa.update(table).where(table.c[key] == given.c[key]).values(values)


def new_keys(connection: sa.Connection, wanted: Mapping[type[Base], int]) -> list[list[int]]:
    """For each of these tables the keys of so many rows to come, ascending. On SQLite the transaction must hold the write lock."""
    cursors = [_new_keys_of(kind, connection.dialect.name).asked(connection, count=count) for kind, count in wanted.items()]
    found = [cursor.fetchall() for cursor in cursors]
    if connection.dialect.name == "postgresql":
        return [[key for (key,) in rows] for rows in found]
    return [list(range(last + 1, last + 1 + count)) for ((last,),), count in zip(found, wanted.values(), strict=True)]


@lru_cache
def _new_keys_of(kind: type[Base], database: str) -> Statement:
    table = cast("sa.Table", kind.__table__)
    if database == "sqlite":
        return Statement(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)))
    following = sa.func.nextval(sa.func.pg_get_serial_sequence(table.name, "id"))
    return Statement(sa.select(following).select_from(sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer()))))


def columns(kind: type[Base], *left_out: str) -> dict[str, sa.BindParameter[Any]]:
    """A parameter for each column of a table, named as the column: what `values` of an INSERT takes."""
    names = [column.name for column in kind.__table__.columns if column.name not in left_out]
    return {name: sa.bindparam(name) for name in names}


class _List(sa.types.TypeDecorator[Sequence[Any]]):
    """A list as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.JSON
    cache_ok = False  # statements of this module are compiled once anyway

    def __init__(self, column: sa.ColumnElement[Any]) -> None:
        super().__init__()
        self.column = column  # not its type: that of a foreign key is known when all tables are

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return sa.JSON() if dialect.name == "sqlite" else postgresql.ARRAY(self.column.type)


class among(sa.ColumnElement[Any]):  # noqa: N801 -- reads as the operator that it is
    """`column IN (…)` for the values of the parameter `name`, whose text does not depend on how many they are."""

    inherit_cache = False

    def __init__(self, column: sa.ColumnElement[Any], name: str) -> None:
        self.column, self.given = column, sa.bindparam(name, type_=_List(column))


@compiles(among, "sqlite")
def _among_json(element: among, compiler: Any, **options: Any) -> str:
    values = sa.select(sa.func.json_each(element.given).table_valued("value").c.value)
    return compiler.process(element.column.in_(values), **options)


@compiles(among, "postgresql")
def _among_array(element: among, compiler: Any, **options: Any) -> str:
    return compiler.process(element.column == sa.any_(element.given), **options)


def pipelined(connection: sa.Connection) -> AbstractContextManager[object]:
    """Inside the block PostgreSQL is waited for only where rows are fetched, at the end and when it commits, instead of after each statement.

    What it refuses is raised there. SQLite knows no waiting.
    """
    on_postgresql = connection.dialect.name == "postgresql"
    return cast("Any", connection.connection.dbapi_connection).pipeline() if on_postgresql else nullcontext()


class savepoint:  # noqa: N801 -- reads as the context manager that it is
    """What the driver is sent inside the block is taken back when the block raises."""

    def __init__(self, connection: sa.Connection) -> None:
        self._cursor = connection.connection.cursor()

    def __enter__(self) -> None:
        self._cursor.execute("SAVEPOINT statements")

    def __exit__(self, failed: object, *_: object) -> None:
        if failed:
            self._cursor.execute("ROLLBACK TO statements")
        self._cursor.execute("RELEASE statements")


def moment(stored: Any) -> datetime | None:
    """A time as a driver gives it: text without a zone on SQLite, aware on PostgreSQL."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC) if stored else None
