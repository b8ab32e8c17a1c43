"""Lost links: the wish is kept in the request, alike for everybody; what there is to send is found out by a job."""

from limits import parse

from engage import lost_links
from webapp import rates
from webapp.wiring import clock, saving

PER_CONTACT = parse("3 per hour")  # so that nobody is flooded with messages by others


def ask(contact: str) -> None:
    """Keep the wish of a clean contact, unless it was kept several times just now; nothing tells which."""
    if rates.allowed(PER_CONTACT, "lost_link", contact):
        with saving() as session:
            lost_links.ask(session, contact, now=clock())


def work_off() -> int:
    """Queue what was asked for; answers how many messages."""
    with saving() as session:
        return lost_links.work_off(session, now=clock())
