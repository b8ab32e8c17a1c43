"""The conclusion that staff draw from all answers on one occasion, in one line."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys.asked import clean
from surveys.base import Base
from surveys.errors import Invalid
from surveys.questionnaires import Questionnaire

LIMIT = 300


class ConclusionTooLong(Invalid):
    """The conclusion is longer than a line or two."""


class Conclusion(Base):
    """What staff say of the answers. There is none where nobody has said anything."""

    __tablename__ = "conclusion"

    questionnaire_id: Mapped[int] = mapped_column(sa.ForeignKey("questionnaire.id", ondelete="CASCADE"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(LIMIT))
    written_at: Mapped[datetime]


def written(session: Session, questionnaire: Questionnaire, *, context: str) -> str:
    """What staff have written, "" where they have not."""
    found = session.get(Conclusion, (questionnaire.id, context))
    return found.text if found else ""


def write(session: Session, questionnaire: Questionnaire, text: str, *, context: str, now: datetime) -> None:
    """Write the conclusion, or take it away with an empty text. Line breaks become blanks. Raises ConclusionTooLong."""
    text = " ".join(clean(text).split())
    if len(text) > LIMIT:
        raise ConclusionTooLong(field="text", limit=LIMIT)
    found = session.get(Conclusion, (questionnaire.id, context), with_for_update=True)
    if found is None and text:
        session.add(Conclusion(questionnaire_id=questionnaire.id, context=context, text=text, written_at=now))
    elif found is not None and text:
        found.text, found.written_at = text, now
    elif found is not None:
        session.delete(found)
    session.flush()
