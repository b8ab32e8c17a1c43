"""Lost links: the wish is kept in the request, alike for everybody; what there is to send is found out by a job."""

from limits import parse

from engage import lost_links
from webapp import rates
from webapp.wiring import clock, db, saving

PER_CONTACT = parse("3 per hour")  # so that nobody is flooded with messages by others
PORTIONS = 50  # transactions in one go


def ask(contact: str) -> None:
    """Keep the wish of a clean contact, unless it was kept several times just now; nothing tells which."""
    if rates.allowed(PER_CONTACT, "lost_link", contact):
        with saving() as session:
            lost_links.ask(session, contact, now=clock())


def work_off() -> int:
    """Queue what was asked for; answers how many messages. What is left after PORTIONS waits for the next minute."""
    count = 0
    for _ in range(PORTIONS):
        if not lost_links.waiting(db.session()):
            break
        with saving() as session:
            count += lost_links.work_off(session, now=clock())
    return count
