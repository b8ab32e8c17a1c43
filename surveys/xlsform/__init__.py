"""Questionnaires from and to XLSForm, the form format in Excel workbooks that ODK and KoboToolbox share.

    found = read_xlsform(sheets, title="问卷")    # what it would make, with a finding for every place that does not fit
    questionnaire = make(session, found, now=now)
    write_xlsform(questionnaire)                  # bytes of an .xlsx file; read again it gives the same questionnaire

What maps to what: docs/xlsform.md. Format read: https://xlsform.org/en/ and the ODK XForms specification.
"""

from surveys.xlsform.findings import (
    NOT_TAKEN,
    TAKEN_DIFFERENTLY,
    Finding,
    FormTooLarge,
    Found,
    FoundSection,
    NotAnXlsform,
)
from surveys.xlsform.making import NothingToImport, make
from surveys.xlsform.reading import read_xlsform
from surveys.xlsform.sheets import Sheets
from surveys.xlsform.writing import TooLongForACell, write_xlsform

__all__ = [
    "NOT_TAKEN", "TAKEN_DIFFERENTLY", "Finding", "FormTooLarge", "Found", "FoundSection", "NotAnXlsform", "NothingToImport",
    "Sheets", "TooLongForACell", "make", "read_xlsform", "write_xlsform",
]
