"""`engage import invitees`."""

import sys
from pathlib import Path

import click

from engage import people_import
from engage.people_import import ImportPlan, ImportResult, Note
from webapp.commands import BY, Answer, engage, told
from webapp.wiring import clock, db, saving


@engage.group("import")
def import_group() -> None:
    """Read a file into the database."""


@import_group.command("invitees")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@told
def import_invitees(file: Path, *, dry_run: bool) -> Answer:
    """Import an invitation list (.xlsx, or CSV in UTF-8 or GBK). A row of somebody who is known adds nobody."""
    data = file.read_bytes()
    with click.progressbar(length=2, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        if dry_run:
            done = people_import.plan_import(db.session(), data)
        else:
            with saving() as session:
                plan = people_import.plan_import(session, data)
                bar.update(1)
                done = people_import.carry_out(session, plan, by=BY, now=clock())
        bar.finish()
    return _answer(done, dry_run=dry_run)


def _answer(done: ImportPlan | ImportResult, *, dry_run: bool) -> Answer:
    verbs = ("Would add", "would match") if dry_run else ("Added", "matched")
    lines = [f"{verbs[0]} {done.added}, {verbs[1]} {done.matched}, refused {len(done.refused)}, {len(done.warnings)} warnings."]
    lines += [f"refused  {_place(note)}: {note.reason}" for note in done.refused]
    lines += [f"warning  {_place(note)}: {note.reason}" for note in done.warnings]
    return Answer("\n".join(lines), done.as_dict())


def _place(note: Note) -> str:
    return " ".join(part for part in (note.sheet, f"row {note.row}", note.column) if part)
