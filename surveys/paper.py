"""Answers that came on paper: each sheet is entered once, by the number that is written on it."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from surveys.base import Base


class PaperSheet(Base):
    """That a response came on paper, on the sheet with this number. No time: it would tell the order of anonymous answers."""

    __tablename__ = "paper_sheet"
    __table_args__ = ({"sqlite_with_rowid": False},)

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    response_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("response.id"), unique=True)
