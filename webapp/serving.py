"""The server: granian with the app's threads, and the jobs in the same process."""

import ctypes
import signal
import sys
from collections.abc import Callable
from multiprocessing import util
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from webapp import BLOCKING_THREADS, create_app, jobs
from webapp.settings import Settings

STOP_WITHIN = 10  # seconds that requests under way may take when the server is stopped


def run(host: str, port: int, *, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; raises SystemExit with 1 when a process died.

    There is no access log: addresses contain tokens. A reverse proxy in front should leave them out as well.
    """
    server = Server("webapp", host, port, interface=Interfaces.WSGI, workers=workers, http=HTTPModes.http1,
                    blocking_threads=BLOCKING_THREADS, log_access=False, log_level=LogLevels.error,
                    workers_kill_timeout=STOP_WITHIN)
    server.serve(target_loader=load, wrap_loader=False)


def load() -> Callable[..., Any]:
    """The app of one serving process, its jobs started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive a parent that was killed
    settings = Settings.from_environment()
    app = create_app(settings)
    consumer = jobs.make_consumer(app, settings)
    consumer.start()
    util.Finalize(None, consumer.stop, kwargs={"graceful": True}, exitpriority=10)
    return app
