"""Word clouds: the words that open answers have in common, none of which is shown before staff have approved it.

    found = clouds.counted(session, questionnaire, [asked], context=…, mask=Mask(names))
    clouds.decide(session, asked, ["引导标识"], context=…, approved=True, now=now)
    clouds.approved(found[asked.id], clouds.decisions(session, found, context=…)[asked.id])

A word that nobody has decided about waits, also when it is new in a cloud that was approved.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from surveys import summaries
from surveys.asked import Asked
from surveys.base import Base
from surveys.deidentify import Mask
from surveys.identifiers import Span
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer
from surveys.terms import words_of

LONGEST = 40  # characters of a word; longer ones are no words
BATCH = 2000


class CloudWord(Base):
    """What staff have decided of a word of one question on one occasion. A word without a row waits for them."""

    __tablename__ = "cloud_word"

    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    context: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    word: Mapped[str] = mapped_column(sa.String(LONGEST), primary_key=True)
    approved: Mapped[bool]
    decided_at: Mapped[datetime]


def counted(
    session: Session, questionnaire: Questionnaire, asked: Collection[Asked], *, context: str, mask: Mask
) -> dict[int, dict[str, int]]:
    """Every word of the answers to these open questions, by the question's id, and in how many answers it is; the most frequent first.

    What `mask` finds, names and numbers that tell who somebody is, is left out of the texts and is no word either. One query.
    """
    found: dict[int, Counter[str]] = {one.id: Counter() for one in asked}
    said = summaries.open_answers(questionnaire, context=context).where(Answer.question_id.in_(found))
    rows = session.execute(said.with_only_columns(Answer.question_id, Answer.text), execution_options={"yield_per": BATCH})
    for question_id, text in rows:
        found[question_id].update(words_of(_without(text or "", mask.find(text or ""))))
    tells = {word for words in found.values() for word in words if len(word) > LONGEST or mask.identifies(word)}
    return {
        key: dict(sorted(((word, n) for word, n in words.items() if word not in tells), key=lambda one: (-one[1], one[0])))
        for key, words in found.items()
    }


def _without(text: str, spans: Sequence[Span]) -> str:
    for span in reversed(spans):
        text = f"{text[: span.start]}；{text[span.end :]}"
    return text


def decisions(session: Session, question_ids: Collection[int], *, context: str) -> dict[int, dict[str, bool]]:
    """For each of these questions the words that staff have approved (True) or hidden (False)."""
    found: dict[int, dict[str, bool]] = {question_id: {} for question_id in question_ids}
    rows = session.execute(
        sa.select(CloudWord.question_id, CloudWord.word, CloudWord.approved)
        .where(CloudWord.question_id.in_(question_ids), CloudWord.context == context)
    )
    for question_id, word, approved in rows:
        found[question_id][word] = approved
    return found


def approved(found: Mapping[str, int], decided: Mapping[str, bool]) -> list[tuple[str, int]]:
    """The words that may be shown with their counts, in the order of `found`."""
    return [(word, count) for word, count in found.items() if decided.get(word)]


def decide(session: Session, asked: Asked, words: Collection[str], *, context: str, approved: bool, now: datetime) -> None:
    """Let these words be shown, or hide them, whatever was decided of them before."""
    rows = [
        {"question_id": asked.id, "context": context, "word": word, "approved": approved, "decided_at": now}
        for word in sorted(set(words)) if len(word) <= LONGEST
    ]
    if rows:
        add = postgresql.insert(CloudWord)  # SQLite takes the same words
        session.execute(add.on_conflict_do_update(
            index_elements=["question_id", "context", "word"], set_={"approved": add.excluded.approved, "decided_at": add.excluded.decided_at},
        ), rows)
