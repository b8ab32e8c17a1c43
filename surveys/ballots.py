"""The ballot box of anonymous questionnaires: that somebody has answered, and nothing that leads to the answers."""

import typing

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base


class Ballot(Base):
    """That `respondent` has answered. No time, no number, no order: rows lie sorted by the key itself."""

    __tablename__ = "ballot"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    respondent: Mapped[str] = mapped_column(sa.String(80), primary_key=True)


_INSERT = sa.insert(typing.cast("sa.Table", Ballot.__table__))  # a plain statement: no object is needed for a row


def cast(connection: sa.Connection, questionnaire_id: int, *, context: str, respondent: str) -> None:
    """Put it in the box. The primary key refuses a second one (IntegrityError)."""
    connection.execute(_INSERT, {
        "questionnaire_id": questionnaire_id, "context": context, "respondent": respondent,
    })


def has_cast(session: Session, questionnaire_id: int, *, context: str, respondent: str) -> bool:
    """Whether it is in the box."""
    return session.get(Ballot, (questionnaire_id, context, respondent)) is not None
