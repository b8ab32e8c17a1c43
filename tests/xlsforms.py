"""Forms in the XLSForm format, written down as tables."""

from surveys.xlsform import read_xlsform


def table(text):
    """The rows of a sheet, each with its number: cells between bars, a blank line is an empty row."""
    lines = text.strip("\n").splitlines()
    rows = [(number, [cell.strip() for cell in line.strip().strip("|").split("|")]) for number, line in enumerate(lines, start=1)]
    return [(number, cells) for number, cells in rows if any(cells)]


def read(survey, choices="", settings="| form_title |\n| 表 |", title="表"):
    """What a form with these sheets would make."""
    sheets = {"survey": table(survey), "choices": table(choices), "settings": table(settings)}
    return read_xlsform({name: rows for name, rows in sheets.items() if rows}, title=title)


def told(found):
    """What was found: (sheet, row, column, code) of each finding."""
    return [(finding.sheet, finding.row, finding.column, finding.code) for finding in found.findings]


def outline(found):
    """The sections with the kinds of their questions."""
    return [(section.title, [f"{fields['code']} {fields['kind']}" for fields in section.questions]) for section in found.sections]


def only(found):
    """The one question there is."""
    (question,) = [fields for section in found.sections for fields in section.questions]
    return question
