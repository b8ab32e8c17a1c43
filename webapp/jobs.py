"""Background jobs: huey on SQLite inside `engage serve`, or on Redis in any number of processes.

Every consumer runs the periodic jobs, so a job must be harmless when two run it at once: the outbox hands each message to
one of them only.
"""

import logging
from collections.abc import Callable

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from webapp import delivery, uploads
from webapp.settings import Settings

EVERY_MINUTE: dict[str, Callable[[], object]] = {"deliver_mail": delivery.deliver_mail, "sweep_uploads": uploads.sweep}


class QuietConsumer(Consumer):
    """A consumer that leaves the signals to the process it lives in."""

    def _set_signal_handlers(self) -> None:
        pass


def make_queue(app: Flask, settings: Settings) -> Huey:
    """The queue of this app, its jobs registered."""
    queue = (RedisHuey("engage", url=settings.redis_url, results=False) if settings.redis_url
             else SqliteHuey("engage", filename=str(settings.instance / "jobs.sqlite"), results=False))
    for name, job in EVERY_MINUTE.items():
        queue.periodic_task(crontab(), name=name)(_in_context(app, job))
    return queue


def make_consumer(app: Flask, settings: Settings) -> Consumer:
    """A consumer of one thread and a scheduler, not yet started: `start()` and `stop(graceful=True)`."""
    logging.getLogger("huey").setLevel(logging.WARNING)  # its information names the arguments of jobs
    return QuietConsumer(make_queue(app, settings), workers=1, max_delay=2.0, shutdown_timeout=5)


def _in_context(app: Flask, job: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            job()

    return run
