"""`engage init`: the database as this version needs it."""

from flask import Flask, current_app

from engage import people
from surveys import bank
from webapp import HERE, create_app, wiring
from webapp.commands import Answer, engage, told


def migrating(app: Flask | None = None) -> Flask:
    """The app with Alembic's commands: `flask --app webapp.commands.database:migrating db migrate -m "…"`."""
    from flask_migrate import Migrate  # noqa: PLC0415 -- Alembic is slow to load and wanted by nobody else

    app = app or create_app()
    in_wheel, in_checkout = HERE / "migrations", HERE.parent / "migrations"
    Migrate(app, wiring.db, directory=str(in_wheel if in_wheel.is_dir() else in_checkout), render_as_batch=True)
    return app


@engage.command()
@told
def init() -> Answer:
    """Create the database, or upgrade an older one without loss."""
    from flask_migrate import upgrade  # noqa: PLC0415 -- as above

    migrating(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask offers no other way
    upgrade()
    with wiring.saving() as session:
        people.seed_categories(session)
        if not bank.holds_any(session):
            bank.fill(session, now=wiring.clock())
    where = wiring.db.engine.url.render_as_string(hide_password=True)
    return Answer(f"The database is ready: {where}", {"database": where})
