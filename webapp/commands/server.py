"""`engage serve` and `engage worker`."""

import fcntl
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from flask import Flask

from engage import staff, tokens
from webapp import create_app, wiring
from webapp.commands import Answer, engage, json_option, tell
from webapp.settings import Settings

LOCK_PATIENCE = 5  # seconds that a server which was just killed may need to be gone


@engage.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes; PostgreSQL only.")
@json_option
def serve(host: str, port: int, workers: int, *, as_json: bool) -> None:
    """Serve the site and run its jobs until stopped."""
    from webapp import serving  # noqa: PLC0415 -- the server is loaded by nobody else

    settings = Settings.from_environment()
    if settings.on_sqlite and workers > 1:
        raise click.ClickException("SQLite is served by one process only, because several queue badly for its single "
                                   "write lock. Leave out --workers, or set ENGAGE_DATABASE_URL to a PostgreSQL.")
    with _only_server(settings):
        _require_free(host, port)
        if not os.environ.get("ENGAGE_BASE_URL"):
            seen_at = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared, not bound
            address = f"http://{f'[{seen_at}]' if ':' in seen_at else seen_at}:{port}"
            os.environ["ENGAGE_BASE_URL"] = address  # for the app, in whichever process it is made
        tell(_greeting(serving.app()), as_json=as_json)
        serving.run(host, port, workers=workers)


@engage.command()
@json_option
def worker(*, as_json: bool) -> None:
    """Run background jobs until stopped."""
    from webapp import jobs  # noqa: PLC0415 -- slow import, and no other command needs it

    settings = Settings.from_environment()
    consumer = jobs.make_consumer(create_app(settings), settings)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    consumer.start()
    tell(Answer("Working. Stop with Ctrl+C.", {"jobs": sorted(jobs.EVERY_MINUTE)}), as_json=as_json)
    stopped.wait()
    consumer.stop(graceful=True)


def _greeting(app: Flask) -> Answer:
    """Where the site is, and on a database without users the link that makes the first administrator."""
    with app.app_context():
        if not sa.inspect(wiring.db.engine).has_table(staff.User.__tablename__):
            raise click.ClickException("The database has no tables yet. Run `engage init` first.")
        settings, session = wiring.settings(), wiring.db.session()
        told = {"address": settings.base_url}
        words = f"Serving on {settings.base_url} – stop with Ctrl+C."
        if not staff.any_user(session):
            token = tokens.sign(settings.key(), tokens.Purpose.SETUP, "first-admin")
            told["setup"] = wiring.link("desk.setup", token=token)
            words += f"\nNobody has an account yet. Make the first administrator here: {told['setup']}"
        session.close()
        wiring.db.engine.dispose()  # no connection may be shared with the processes that serve
    return Answer(words, told)


def _require_free(host: str, port: int) -> None:
    """The server shares its port with others of its kind without a word, so look first."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """While a server uses an SQLite database, a second one is refused with the reason."""
    if not settings.on_sqlite:
        yield
        return
    settings.instance.mkdir(parents=True, exist_ok=True)
    with (settings.instance / "serve.lock").open("w") as file:
        for _ in range(LOCK_PATIENCE * 10):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        else:
            raise click.ClickException(f"Another `engage serve` uses the database in {settings.instance}. SQLite is served by "
                                       "one process only; stop the other, or set ENGAGE_DATABASE_URL to a PostgreSQL.")
        yield
