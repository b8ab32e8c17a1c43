"""The files that came with answers, to be looked through and taken home; those of responses that are left out stay away."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, undefer

from surveys.attachments import Attachment
from surveys.errors import NotFound
from surveys.questionnaires import Question, Questionnaire
from surveys.responses import Response
from surveys.tallies import Which


class NoSuchFile(NotFound):
    """There is no such file, or its response is left out."""


def _wanted(questionnaire: Questionnaire, context: str | None, question: str | None) -> list[sa.ColumnElement[bool]]:
    """From the files to their responses: most responses have none, also where there are a million."""
    asked = sa.select(Question.id).where(Question.questionnaire_id == questionnaire.id)
    if question is not None:
        asked = asked.where(Question.code == question)
    counted = Which(context=context).among(Response, questionnaire)
    return [Attachment.question_id.in_(asked), Attachment.response.has(sa.and_(*counted))]


def find(questionnaire: Questionnaire, *, context: str | None = None, question: str | None = None) -> sa.Select[Attachment]:
    """The files of one context or all, of the question with this code or all, as a statement to page through.

    Each Attachment comes with its `question` and `response`, but without its bytes; in an order that is arbitrary but steady.
    """
    return (
        sa.select(Attachment).options(joinedload(Attachment.response), joinedload(Attachment.question))
        .where(*_wanted(questionnaire, context, question))
        .order_by(Attachment.question_id, Attachment.response_id, Attachment.place)
    )


def counts(session: Session, questionnaire: Questionnaire, *, context: str | None = None) -> dict[str, int]:
    """How many files came for each question, by its code; none where there are none."""
    found = session.execute(
        sa.select(Question.code, sa.func.count()).select_from(Attachment).join(Attachment.question)
        .where(*_wanted(questionnaire, context, None)).group_by(Question.code)
    )
    return {row[0]: row[1] for row in found}


def get(session: Session, questionnaire: Questionnaire, attachment_id: int, *, context: str | None = None) -> Attachment:
    """The file with this id. Raises NoSuchFile."""
    found = session.scalar(find(questionnaire, context=context).where(Attachment.id == attachment_id))
    if found is None:
        raise NoSuchFile
    return found


def each(session: Session, attachment_ids: list[int]) -> Iterator[Attachment]:
    """These files with their bytes, of which never more than one are in memory; one that was removed meanwhile is passed over."""
    for attachment_id in attachment_ids:
        found = session.scalar(sa.select(Attachment).options(undefer(Attachment.content)).where(Attachment.id == attachment_id))
        if found is not None:
            yield found
            session.expunge(found)
