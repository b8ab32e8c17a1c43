"""`engage import questionnaire` and `engage export questionnaire`."""

from pathlib import Path

import click

from engage import xlsforms
from surveys import questionnaires
from surveys.xlsform import Finding
from webapp.commands import BY, Answer, told
from webapp.commands.export import export, output
from webapp.commands.people import import_group
from webapp.wiring import clock, db, saving


@import_group.command("questionnaire")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@told
def import_questionnaire(file: Path, *, dry_run: bool) -> Answer:
    """Make a draft of a form in the XLSForm format (.xlsx) of ODK and KoboToolbox."""
    with file.open("rb") as stream:
        found = xlsforms.read_form(stream, name=file.name)
    made_id = None
    if not dry_run:
        with saving() as session:
            made_id = xlsforms.add_form(session, found, by=BY, now=clock()).id
    verb = "Would make a draft" if dry_run else f"Made the draft {made_id}"
    lines = [f"{verb} with {found.questions} questions; refused {len(found.refused)}, {len(found.warnings)} warnings."]
    lines += [f"refused  {_place(finding)}: {finding.reason}" for finding in found.refused]
    lines += [f"warning  {_place(finding)}: {finding.reason}" for finding in found.warnings]
    return Answer("\n".join(lines), {**found.as_dict(), "questionnaire": made_id})


def _place(finding: Finding) -> str:
    return " ".join(part for part in (finding.sheet, f"row {finding.row}", finding.column) if part)


@export.command("questionnaire")
@click.argument("questionnaire_id", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@output
@told
def export_questionnaire(questionnaire_id: int, file: Path) -> Answer:
    """Write the questions of the questionnaire ID as a form in the XLSForm format (.xlsx), without answers."""
    with saving() as session:
        data = xlsforms.form_workbook(session, questionnaires.get(db.session(), questionnaire_id), by=BY, now=clock())
        part = file.with_name(f".{file.name}.part")
        try:
            part.write_bytes(data)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return Answer(f"Wrote {file} ({len(data):,} bytes).", {"questionnaire": questionnaire_id, "file": str(file), "bytes": len(data)})
