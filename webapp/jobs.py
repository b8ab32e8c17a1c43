"""Background jobs: huey on SQLite inside `engage serve`, or on Redis in any number of processes.

Every consumer runs the periodic jobs, so a job must be harmless when two run it at once: the outbox hands each message to
one of them only.
"""

import logging
from collections.abc import Callable

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from webapp import (
    aftermath,
    delivery,
    exporting,
    lost_links,
    mailings,
    mixing,
    tallying,
    themes,
    uploads,
    waiting_lines,
)
from webapp.settings import Settings
from webapp.wiring import settings

EVERY_MINUTE: dict[str, Callable[[], object]] = {
    "deliver_mail": delivery.deliver_mail, "sweep_uploads": uploads.sweep, "tell_next_morning": aftermath.tell_next_morning,
    "invite": mailings.work_off, "move_waiting_lines": waiting_lines.move_up, "remind": mailings.remind, "find_lost_links": lost_links.work_off,
    "mix": mixing.work_off, "fold": tallying.work_off,
    "find_themes": themes.work_off, "export": exporting.work_off,
}

log = logging.getLogger(__name__)


class QuietConsumer(Consumer):
    """A consumer that leaves the signals to the process it lives in."""

    def _set_signal_handlers(self) -> None:
        pass


def make_queue(app: Flask, settings: Settings) -> Huey:
    """The queue of this app, its jobs registered."""
    queue = _queue(settings)
    for name, job in EVERY_MINUTE.items():
        queue.periodic_task(crontab(), name=name)(_in_context(app, job))
        _soon(queue, name, _in_context(app, job))
    return queue


def soon(name: str) -> None:
    """Have a job of EVERY_MINUTE done without waiting for the minute, by whoever works the queue."""
    try:
        queue = _queue(settings())
        _soon(queue, name, _in_context(current_app, EVERY_MINUTE[name]))()
        queue.storage.close()
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with the queue, the minute comes
        log.warning("queue: %s", type(error).__name__)


def _queue(settings: Settings) -> Huey:
    if settings.redis_url:
        return RedisHuey("engage", url=settings.redis_url, results=False)
    return SqliteHuey("engage", filename=str(settings.instance / "jobs.sqlite"), results=False)


def _soon(queue: Huey, name: str, job: Callable[[], None]) -> Callable[[], object]:
    return queue.task(name=f"{name}_soon")(job)


def make_consumer(app: Flask, settings: Settings) -> Consumer:
    """A consumer of one thread and a scheduler, not yet started: `start()` and `stop(graceful=True)`."""
    logging.getLogger("huey").setLevel(logging.WARNING)  # its information names the arguments of jobs
    return QuietConsumer(make_queue(app, settings), workers=1, max_delay=2.0, shutdown_timeout=5)


def _in_context(app: Flask, job: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            job()

    return run
