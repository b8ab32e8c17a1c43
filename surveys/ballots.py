"""The ballot box of anonymous questionnaires: that somebody has answered, and nothing that leads to the answers.

A ballot and its response are written in one transaction, so that neither is ever there without the other. What a database
keeps of a transaction (its number, the order on disk, the write-ahead log) would therefore join the two. Hence ballots bear a
signature instead of a name, made with a secret that is kept outside the database; and for whoever holds that secret too,
mixing.py takes away the order and the transaction.
"""

import hmac

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.statements import Statement

SIGNED = "~"  # before a signature; what does not begin with it is a name in the clear


class Ballot(Base):
    """That `respondent` has answered. No time, no number, no order: rows lie sorted by the key itself."""

    __tablename__ = "ballot"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    respondent: Mapped[str] = mapped_column(sa.String(80), primary_key=True)


def _parameter(name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name, type_=Ballot.__table__.columns[name.removeprefix("clear_")].type)


# Ballots from before there was a secret are in the clear until they are mixed.
_IN_THE_CLEAR = sa.exists().where(
    Ballot.questionnaire_id == _parameter("questionnaire_id"), Ballot.context == _parameter("context"),
    Ballot.respondent == _parameter("clear_respondent"),
)
_INSERT = Statement(
    postgresql.insert(Ballot).from_select(
        list(Ballot.__table__.columns),
        sa.select(*(_parameter(column.name) for column in Ballot.__table__.columns)).where(~_IN_THE_CLEAR),
    ).on_conflict_do_nothing().returning(Ballot.questionnaire_id)
)


def signed(questionnaire_id: int, *, context: str, respondent: str, secret: str) -> str:
    """What stands on the ballot: with a secret it names nobody, and differs from questionnaire to questionnaire."""
    if not secret or respondent.startswith(SIGNED):
        return respondent
    told = "\0".join(("ballot", str(questionnaire_id), context, respondent))
    return SIGNED + hmac.digest(secret.encode(), told.encode(), "sha256").hex()


def cast(connection: sa.Connection, questionnaire_id: int, *, context: str, respondent: str, secret: str) -> bool:
    """Put it in the box; False when it lies there already."""
    name = signed(questionnaire_id, context=context, respondent=respondent, secret=secret)
    return bool(_INSERT.rows(connection, questionnaire_id=questionnaire_id, context=context, respondent=name, clear_respondent=respondent))


def has_cast(session: Session, questionnaire_id: int, *, context: str, respondent: str, secret: str) -> bool:
    """Whether it is in the box."""
    names = {respondent, signed(questionnaire_id, context=context, respondent=respondent, secret=secret)}
    return bool(session.scalar(sa.select(sa.exists().where(
        Ballot.questionnaire_id == questionnaire_id, Ballot.context == context, Ballot.respondent.in_(names),
    ))))
