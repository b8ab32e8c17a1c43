"""Questionnaires as workbooks in the XLSForm format: the file read safely here, the form understood by surveys."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from engage import audit
from engage.sheets import Source, read_sheets
from surveys.asked import clean
from surveys.questionnaires import Questionnaire
from surveys.xlsform import Found, make, read_xlsform, write_xlsform


def read_form(source: Source, *, name: str) -> Found:
    """What the workbook would make; writes nothing. `name` is the file's, a title for a form that has none.

    Raises what `sheets.read_sheets` raises when the file cannot be read, NotAnXlsform or FormTooLarge.
    """
    sheets = {sheet.name: sheet.rows for sheet in read_sheets(source, tidy=clean)}
    return read_xlsform(sheets, title=clean(Path(name).stem) or "XLSForm")


def add_form(session: Session, found: Found, *, by: str, now: datetime) -> Questionnaire:
    """A new draft made of what was read. Raises NothingToImport."""
    questionnaire = make(session, found, now=now)
    audit.record(session, "questionnaire.import", questionnaire, by=by, now=now, questions=found.questions,
                 refused=len(found.refused), warnings=len(found.warnings))
    return questionnaire


def form_workbook(session: Session, questionnaire: Questionnaire, *, by: str, now: datetime) -> bytes:
    """The questionnaire as a workbook. Raises TooLongForACell."""
    audit.record(session, "questionnaire.export", questionnaire, by=by, now=now, format="xlsform")
    return write_xlsform(questionnaire)
