"""The ballot box of anonymous questionnaires: that somebody has answered, and nothing that leads to the answers."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.base import Base
from surveys.statements import Statement, columns


class Ballot(Base):
    """That `respondent` has answered. No time, no number, no order: rows lie sorted by the key itself."""

    __tablename__ = "ballot"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    respondent: Mapped[str] = mapped_column(sa.String(80), primary_key=True)


_INSERT = Statement(postgresql.insert(Ballot).values(columns(Ballot)).on_conflict_do_nothing().returning(Ballot.questionnaire_id))


def cast(connection: sa.Connection, questionnaire_id: int, *, context: str, respondent: str) -> bool:
    """Put it in the box; False when it lies there already."""
    return bool(_INSERT.rows(connection, questionnaire_id=questionnaire_id, context=context, respondent=respondent))


def has_cast(session: Session, questionnaire_id: int, *, context: str, respondent: str) -> bool:
    """Whether it is in the box."""
    return session.get(Ballot, (questionnaire_id, context, respondent)) is not None
