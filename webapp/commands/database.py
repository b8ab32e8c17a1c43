"""`engage init`: the database as this version needs it."""

import flask_migrate

from engage import people
from webapp import wiring
from webapp.commands import Answer, engage, told


@engage.command()
@told
def init() -> Answer:
    """Create the database, or upgrade an older one without loss."""
    flask_migrate.upgrade()
    with wiring.saving() as session:
        people.seed_categories(session)
    where = wiring.db.engine.url.render_as_string(hide_password=True)
    return Answer(f"The database is ready: {where}", {"database": where})
