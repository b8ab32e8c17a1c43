"""Takes away, from anonymous questionnaires, in what order people answered and what was written together.

Ballots are mixed whenever there are new ones. Responses are, too, once the questionnaire takes no more answers; while it does,
their order leads nowhere, because that of the ballots is gone. Both are rewritten as a whole, in the order of keys that say
nothing, and the databases are made to drop what they keep of the former rows. Before that those that still waited are released:
see releases.py.

This rewrites what lies below the records of a session, so it takes an engine and commits. It may be cut short at any moment:
rows are rewritten in one transaction, and what was not noted as mixed is mixed the next time.
"""

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from surveys import ballots, tallies
from surveys.ballots import Ballot
from surveys.base import Base
from surveys.questionnaires import Questionnaire, State
from surveys.releases import FEWEST
from surveys.responses import Answer, Response

PATIENCE = 500  # milliseconds for which others may keep a mixing waiting before it is put off


class Mixing(Base):
    """How many ballots and responses of an anonymous questionnaire lie in an order that tells nothing."""

    __tablename__ = "mixing"

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    ballots: Mapped[int] = mapped_column(default=0)
    responses: Mapped[int] = mapped_column(default=0)


def mix(engine: sa.Engine, *, now: datetime, secret: str, fewest: int = FEWEST) -> None:
    """Mix what is new; ballots in the clear are signed by the way. To be called every minute.

    Ballots take a second or two for 100,000 of them. Responses, once for each questionnaire that is over, take as long as the database
    needs to rewrite those of all questionnaires. Raises sqlalchemy's OperationalError when others keep the tables too long.
    """
    mixed = _mix_ballots(engine, secret)
    with engine.connect() as connection:
        over = sa.or_(Questionnaire.state != State.OPEN, Questionnaire.closes_at <= now)
        new = _new(connection, Response, Mixing.responses, over)
    if new:
        _release(engine, new, now=now, fewest=fewest)
        if engine.dialect.name == "postgresql":
            _renew_responses(engine, new)
        else:
            _on_sqlite(engine, "VACUUM")
        with _writing(engine) as connection:
            _note(connection, "responses", new)
    if engine.dialect.name == "sqlite" and (mixed or new or _has_ballots(engine)):
        _on_sqlite(engine, "PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _writing(engine: sa.Engine) -> Generator[sa.Connection]:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {PATIENCE}")
        else:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        yield connection


def _mix_ballots(engine: sa.Engine, secret: str) -> bool:
    with engine.connect() as connection:
        new = _new(connection, Ballot, Mixing.ballots)
    if not new:
        return False
    with _writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            # The questionnaires first: whoever deletes one has its row before it looks for ballots.
            connection.execute(sa.select(Questionnaire.id).where(Questionnaire.anonymous).with_for_update(key_share=True, read=True))
            connection.exec_driver_sql("LOCK TABLE ballot IN ACCESS EXCLUSIVE MODE")
        if secret:
            _sign(connection, secret)
        connection.exec_driver_sql("CREATE TEMPORARY TABLE mixed AS SELECT questionnaire_id, context, respondent FROM ballot")
        # TRUNCATE begins a new file; the old one goes with the commit, and with it what it told.
        connection.exec_driver_sql("TRUNCATE ballot" if engine.dialect.name == "postgresql" else "DELETE FROM ballot")
        connection.exec_driver_sql(
            "INSERT INTO ballot (questionnaire_id, context, respondent) SELECT questionnaire_id, context, respondent FROM mixed ORDER BY 1, 2, 3")
        connection.exec_driver_sql("DROP TABLE mixed")
        _note(connection, "ballots", _new(connection, Ballot, Mixing.ballots))
    return True


def _sign(connection: sa.Connection, secret: str) -> None:
    clear = sa.select(Ballot.questionnaire_id, Ballot.context, Ballot.respondent).where(~Ballot.respondent.startswith(ballots.SIGNED))
    rows = connection.execute(clear).all()
    if rows:
        key = [Ballot.questionnaire_id == sa.bindparam("of"), Ballot.context == sa.bindparam("on"), Ballot.respondent == sa.bindparam("whose")]
        connection.execute(sa.update(Ballot).where(*key).values(respondent=sa.bindparam("signed")), [
            {"of": row[0], "on": row[1], "whose": row[2], "signed": ballots.signed(row[0], context=row[1], respondent=row[2], secret=secret)}
            for row in rows
        ])


def _release(engine: sa.Engine, questionnaire_ids: Collection[int], *, now: datetime, fewest: int) -> None:
    with _writing(engine) as connection, Session(connection) as session:
        for questionnaire_id in questionnaire_ids:
            while tallies.fold(session, session.get_one(Questionnaire, questionnaire_id), now=now, fewest=fewest):
                pass


def _renew_responses(engine: sa.Engine, questionnaire_ids: Collection[int]) -> None:
    """On PostgreSQL: one transaction for all rows, then all in the order of their random keys in a new file."""
    of_them = Response.questionnaire_id.in_(questionnaire_ids)
    with _writing(engine) as connection:
        connection.execute(sa.update(Response).where(of_them).values(id=Response.id))
        connection.execute(sa.update(Answer).values(place=Answer.place).where(Answer.response_id.in_(sa.select(Response.id).where(of_them))))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = {PATIENCE}")
        for table in (Response, Answer):
            connection.exec_driver_sql(f"CLUSTER {table.__tablename__} USING pk_{table.__tablename__}")
        connection.exec_driver_sql("RESET lock_timeout")


def _on_sqlite(engine: sa.Engine, statement: str) -> None:
    """Outside of any transaction. A checkpoint that readers keep from being done is done the next time."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            cursor.execute(statement).fetchall()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
    finally:
        connection.close()


def _has_ballots(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().select_from(Ballot))))


def _new(
    connection: sa.Connection, table: type[Ballot] | type[Response], mixed: InstrumentedAttribute[int], *which: sa.ColumnElement[bool],
) -> dict[int, int]:
    """How many rows there are, by questionnaire, where they are not as many as were mixed."""
    counted = sa.func.count()
    found = connection.execute(
        sa.select(table.questionnaire_id, counted)
        .join(Questionnaire, Questionnaire.id == table.questionnaire_id)
        .outerjoin(Mixing, Mixing.questionnaire_id == table.questionnaire_id)
        .where(Questionnaire.anonymous, *which).group_by(table.questionnaire_id, mixed)
        .having(counted != sa.func.coalesce(mixed, 0))
    )
    return {row[0]: row[1] for row in found}


def _note(connection: sa.Connection, what: str, counts: Mapping[int, int]) -> None:
    for questionnaire_id, count in counts.items():
        row = {"questionnaire_id": questionnaire_id, "ballots": 0, "responses": 0, what: count}
        connection.execute(postgresql.insert(Mixing).values(row).on_conflict_do_update(
            index_elements=[Mixing.questionnaire_id], set_={what: count}))
