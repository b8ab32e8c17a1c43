"""`engage export event`, `engage export responses`, `engage export attendees`, `engage export badges`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import click

from engage import badge_sheets, badges, events, exports
from engage.badge_sheets import SIZES
from engage.badges import Choice, NobodyChosen, Printed
from engage.events import Event
from engage.exports import ATTENDEE_FORMATS, FORMATS, FULL, RESPONSE_FORMATS, TICKET, Table, Texts
from webapp.commands import BY, Answer, engage, told
from webapp.exporting import gathered
from webapp.wiring import LANGUAGES, cipher, clock, db, link, saving, settings

output = click.option("-o", "--output", "file", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
texts_option = click.option(
    "--texts", type=click.Choice([each.value for each in Texts]), default=Texts.MASKED.value, show_default=True, help="What becomes of names and numbers in texts.",
)
language_option = click.option("--language", type=click.Choice(list(LANGUAGES)), default="zh", show_default=True)


@engage.group()
def export() -> None:
    """Write an event's figures or lists to a file."""


@export.command("event")
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), required=True)
@output
@language_option
@texts_option
@told
def export_event(slug: str, kind: str, file: Path, language: str, *, texts: str) -> Answer:
    """Write the opinion summary of the event SLUG."""
    made = partial(gathered, language=language, texts=Texts(texts))
    return _written(slug, f"summary.{kind}", file, lambda event, stream: FORMATS[kind].write(made(event), stream), texts=Texts(texts))


@export.command("responses")
@click.argument("slug")
@click.option("--format", "kind", type=click.Choice(list(RESPONSE_FORMATS)), required=True)
@output
@language_option
@texts_option
@told
def export_responses(slug: str, kind: str, file: Path, language: str, *, texts: str) -> Answer:
    """Write the responses to the questionnaire of the event SLUG: one a row, one row for each part of an answer (long), or for SPSS."""
    made = partial(gathered, language=language, texts=Texts(texts))
    return _written(slug, f"responses.{kind}", file, lambda event, stream: RESPONSE_FORMATS[kind].write(made(event), stream), texts=Texts(texts))


@export.command("attendees")
@click.argument("slug")
@click.option("--tickets", is_flag=True, help="Add the column ticket_code. Whoever has a ticket's code has the ticket.")
@click.option("--sensitive", is_flag=True, help="Decrypt the sensitive answers; without it they are masked.")
@click.option("--format", "kind", type=click.Choice(list(ATTENDEE_FORMATS)), required=True)
@output
@language_option
@told
def export_attendees(slug: str, kind: str, file: Path, language: str, *, tickets: bool, sensitive: bool) -> Answer:
    """Write the list of attendees of the event SLUG, personal data in full."""

    def write(event: Event, stream: BinaryIO) -> None:
        columns = (*FULL, TICKET) if tickets else FULL
        extra = exports.answer_columns(db.session(), event, personal=True, cipher=cipher() if sensitive else None)
        table = Table(db.session(), event, columns, ZoneInfo(settings().timezone), language, extra, now=clock())
        ATTENDEE_FORMATS[kind].write(table, stream)

    more = [words for words, wanted in (("tickets", tickets), ("sensitive answers", sensitive)) if wanted]
    return _written(slug, f"attendees{' with ' if more else ''}{' and '.join(more)}.{kind}", file, write)


@export.command("badges")
@click.argument("slug")
@click.option("--size", type=click.Choice(list(SIZES)), default="a4-2x5", show_default=True, help="A card's millimetres, or a sheet's columns and rows.")
@click.option("--printed", type=click.Choice([each.value for each in Printed]), default=Printed.ALL.value, show_default=True, help="Whose badges.")
@output
@told
def export_badges(slug: str, size: str, printed: str, file: Path) -> Answer:
    """Write the badges of the event SLUG as a PDF; from then on they count as printed."""

    def write(event: Event, stream: BinaryIO) -> None:
        found = badges.find(db.session(), event, Choice(printed=Printed(printed)))
        if not found:
            raise NobodyChosen
        badge_sheets.write_pdf(stream, found, size=SIZES[size], title=event.title, address=lambda code: link("registration.ticket", code=code))
        with saving() as session:
            badges.note_printed(session, event, found, by=BY, now=clock())

    return _written(slug, "badges.pdf", file, write)


def _written(slug: str, what: str, file: Path, write: Callable[[Event, BinaryIO], None], *, texts: Texts = Texts.MASKED) -> Answer:
    """Note the export, then write beside the file and put it in place only when it is whole."""
    with saving() as session:
        event = events.by_slug(session, slug)
        exports.note_export(session, event, what, texts=texts, by=BY, now=clock())
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as stream:
            write(event, stream)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    facts: dict[str, Any] = {"event": slug, "file": str(file), "bytes": file.stat().st_size}
    return Answer(f"Wrote {file} ({facts['bytes']:,} bytes).", facts)
