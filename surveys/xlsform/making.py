"""A questionnaire made of a form that was read."""

from datetime import datetime

from sqlalchemy.orm import Session

from surveys.errors import Conflict
from surveys.questionnaires import Questionnaire, create
from surveys.questions import add_question, add_section
from surveys.xlsform.findings import Found


class NothingToImport(Conflict):
    """Not one question of the form can be asked here."""


def make(session: Session, found: Found, *, now: datetime) -> Questionnaire:
    """A new draft with all that was found. Raises NothingToImport."""
    if not found.questions:
        raise NothingToImport
    questionnaire = create(session, now=now, **found.details)
    for planned in found.sections:
        section = add_section(session, questionnaire, title=planned.title, title_en=planned.title_en, now=now)
        for fields in planned.questions:
            add_question(session, section, now=now, **fields)
    return questionnaire
