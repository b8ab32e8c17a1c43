"""`engage rehearse`."""

import click

from engage import people, rehearsals
from webapp.commands import BY, Answer, engage, told
from webapp.wiring import clock, saving


@engage.command()
@click.option("--guests", type=click.IntRange(min=1), required=True, help="How many invented guests are confirmed.")
@told
def rehearse(guests: int) -> Answer:
    """Make an unlisted event, open for scanning now, to rehearse a door or a load; print its slug."""
    with saving() as session:
        if not people.categories(session):
            people.seed_categories(session)
        slug = rehearsals.rehearse(session, guests, by=BY, now=clock()).slug
    return Answer(slug, {"slug": slug, "guests": guests})
