"""The server: granian with the app's threads, and the jobs in the same process."""

import ctypes
import gc
import multiprocessing
import signal
import sys
import threading
from functools import cache, partial
from importlib.metadata import version
from multiprocessing import util

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from jinja2 import FileSystemBytecodeCache

from webapp import BLOCKING_THREADS, create_app
from webapp.settings import Settings

STOP_WITHIN = 10  # seconds that requests under way may take when the server is stopped
JOBS_AFTER = 5  # seconds after the start: what they load would keep the first page waiting


@cache
def app() -> Flask:
    """The app of this process, which the processes that serve take over when they are forked from it.

    Its compiled templates are kept, because compiling them takes most of a page's first answer.
    """
    settings = Settings.from_environment()
    made = create_app(settings)
    kept = settings.instance / "templates"
    kept.mkdir(exist_ok=True)
    made.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(kept), f"{version('jinja2')}-%s.cache")
    gc.freeze()  # it stays as long as the process: looking through it for garbage would stop all threads for 60 ms now and then
    return made


def run(host: str, port: int, *, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; raises SystemExit with 1 when a process died.

    There is no access log: addresses contain tokens. A reverse proxy in front should leave them out as well.
    """
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)  # loading everything again takes a second
    server = Server("webapp", host, port, interface=Interfaces.WSGI, workers=workers, http=HTTPModes.http1,
                    blocking_threads=BLOCKING_THREADS, log_access=False, log_level=LogLevels.error,
                    workers_kill_timeout=STOP_WITHIN)
    server.serve(target_loader=load, wrap_loader=False)


def load() -> Flask:
    """The app of one serving process, its jobs about to start."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive a parent that was killed
    made = app()
    starting = threading.Timer(JOBS_AFTER, partial(_start_jobs, made))
    starting.daemon = True
    starting.start()
    return made


def _start_jobs(app: Flask) -> None:
    from webapp import jobs  # noqa: PLC0415 -- slow import

    consumer = jobs.make_consumer(app, Settings.from_environment())
    consumer.start()
    util.Finalize(None, consumer.stop, kwargs={"graceful": True}, exitpriority=10)
