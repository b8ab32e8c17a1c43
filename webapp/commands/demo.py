"""`engage demo`: a year of an invented centre, to look at and to try."""

import secrets
import sys

import click

from webapp import formats
from webapp.commands import Answer, engage, told
from webapp.wiring import clock, link, saving

DEEDS = 5000  # about so many things happen in the year: for the progress bar


@engage.command()
@told
def demo() -> Answer:
    """Fill an empty database with a year of invented, lifelike engagement; prints log-ins and links."""
    from webapp.demo import STAFF, fill  # noqa: PLC0415 -- wanted by nobody else

    password = secrets.token_hex(6)
    bar = click.progressbar(length=DEEDS, label="A year passes", file=sys.stderr, hidden=not sys.stderr.isatty())
    with bar, saving() as session:
        made = fill(session, password=password, now=formats.local(clock()), step=lambda: bar.update(1))
        desk = link("desk.home")
        links = {
            "desk": desk,
            "public_event": link("public.event", slug=made.public.slug),
            "invitation": link("registration.invitation", token=made.invitation.token),
            "ticket": link("registration.ticket", code=made.attendee.ticket_code),
            "questionnaire": link("questionnaire.answer", token=made.running.survey_code),
            "screen": link("screen.shown", code=made.screen),
            "door": f"{desk}events/{made.running.slug}/door",
            "summary": link("desk.summary", slug=made.past.slug),
        }
        made_on, token = formats.when(made.running.starts_at), made.device_token
    users = ", ".join(STAFF)
    titles = {
        "desk": "The desk", "public_event": "A coming open day", "invitation": "A personal invitation",
        "ticket": "A ticket for today", "questionnaire": "The questionnaire in the hall",
        "screen": "Its results on the hall's screen", "door": "The door of today's open day",
        "summary": "The summary of a past one",
    }
    words = [
        f"A year at an invented centre is ready; today's open day began {made_on}.",
        "", f"Log-ins   {users}", f"Password  {password}", f"Scanner's API token  {token}", "",
        *(f"{titles[name]:32}{address}" for name, address in links.items()),
    ]
    facts = {"users": list(STAFF), "password": password, "device_token": token, "links": links}
    return Answer("\n".join(words), facts)
