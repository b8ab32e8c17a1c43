"""A questionnaire made of a form that was read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from surveys import attachments, flow
from surveys.errors import Conflict
from surveys.forms import draft_of
from surveys.questionnaires import Question, Questionnaire, Section, create
from surveys.questions import Fields, describe
from surveys.xlsform.findings import Found, FoundSection


class NothingToImport(Conflict):
    """Not one question of the form can be asked here."""


def make(session: Session, found: Found, *, now: datetime) -> Questionnaire:
    """A new draft with all that was found. Raises NothingToImport or FilesNotAnonymous."""
    if not found.questions:
        raise NothingToImport
    questionnaire = create(session, now=now, **found.details)
    questionnaire.sections = drafted(found.sections, questionnaire.id)
    attachments.refuse_where(questionnaire, anonymous=questionnaire.anonymous)
    flow.judge_draft(questionnaire)
    session.flush()
    return questionnaire


def judge(sections: Sequence[FoundSection]) -> None:
    """Raises what flow.judge does when the conditions make no sense together."""
    flow.judge(draft_of(Questionnaire(sections=drafted(sections, 0))))


def drafted(sections: Sequence[FoundSection], questionnaire_id: int) -> list[Section]:
    """The sections with their questions, belonging to no session."""
    return [
        Section(title=planned.title, title_en=planned.title_en, show_if=planned.show_if, position=place, questions=[
            _question(fields, questionnaire_id, position) for position, fields in enumerate(planned.questions)
        ])
        for place, planned in enumerate(sections) if planned.questions
    ]


def _question(fields: Fields, questionnaire_id: int, position: int) -> Question:
    question = Question(questionnaire_id=questionnaire_id, code="", kind="", text="", options=[], settings={}, position=position)
    describe(question, fields, ())
    return question
