"""Ten thousand people put on a list and sent their invitations: what the organiser's two requests take, and the work behind them."""

import gc
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.report import Figure
from engage import batches, events, people
from engage.audit import AuditEntry
from engage.events import Event
from engage.outbox import Message
from engage.people import Invitee
from surveys.base import Base
from webapp import create_app, mailings, notices, wiring
from webapp.settings import Settings

MANY, BY = 10_000, "system"
LONGEST_REQUEST, MOST_GROWTH = 0.5, 20  # seconds; MB


def many_invitations() -> Iterator[Figure]:
    """On SQLite, in this process; the work is that of the jobs."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        office = multiprocessing.get_context("fork").Process(target=_office, args=[folder])  # whose memory is none of ours
        office.start()
        office.join()
        with _app(folder).app_context():
            event_id = wiring.db.session.scalars(sa.select(Event.id)).one()
            for kind, words in ((batches.Kind.INVITE, "invitations made"), (batches.Kind.SEND, "invitations queued")):
                asking = _timed(lambda kind=kind: _ask(event_id, kind))
                before = _peak(anew=True)
                working = _timed(mailings.work_off)
                grown = _peak() - before
                yield Figure(f"{MANY:,} {words}, the request", f"{asking * 1000:,.0f} ms", f"at most {LONGEST_REQUEST * 1000:.0f} ms",
                             met=asking <= LONGEST_REQUEST)
                yield Figure(f"{MANY:,} {words}, in the background", f"{MANY / working:,.0f}/s",
                             f"{working:.1f} s; peak of memory grows by {grown:.0f} MB, at most {MOST_GROWTH} MB", met=grown <= MOST_GROWTH)
            assert wiring.db.session.scalar(sa.select(sa.func.count(Message.id))) == MANY
            steps = wiring.db.session.scalar(sa.select(sa.func.count(AuditEntry.id)).where(AuditEntry.action == "event.send"))
            some = wiring.db.session.scalars(sa.select(Message).limit(notices.AT_ONCE)).all()
            writing = _timed(lambda: notices.texts(wiring.db.session(), some))
            yield Figure("texts of invitations written", f"{len(some) / writing:,.0f}/s", f"when they leave; {steps} transactions queued them")
            wiring.db.session.remove()
            wiring.db.engine.dispose()


def _app(folder: str) -> Flask:
    return create_app(Settings(instance=Path(folder), secret_key="only for the bench"))


def _office(folder: str) -> None:
    """An event that begins in ten days, and the people."""
    with _app(folder).app_context():
        Base.metadata.create_all(wiring.db.engine)
        _fill()


def _fill() -> None:
    now = datetime.now(UTC)  # noqa: TID251 -- the office's clock
    start = now + timedelta(days=10)
    with wiring.saving() as session:
        people.seed_categories(session)
        category = people.categories(session)[0].id
        session.execute(sa.insert(Invitee), [
            {"name": f"来宾{number}", "name_key": f"来宾{number}", "phone": f"139{number:08}", "email": f"guest{number}@example.org",
             "category_id": category, "created_at": now, "updated_at": now} for number in range(MANY)
        ])
        event = events.create(session, events.Details(
            title="平台开放日", place="交易大厅", contact_phone="0371-60000000", starts_at=start, ends_at=start + timedelta(hours=3),
        ), seats=None, by=BY, now=now)
        events.publish(session, event, by=BY, now=now)


def _ask(event_id: int, kind: batches.Kind) -> None:
    with wiring.saving() as session:
        batches.start(session, session.get_one(Event, event_id), kind, by=BY, now=wiring.clock())


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak(*, anew: bool = False) -> float:
    """The most memory this process has had at a time, in MB, since it was last asked for `anew`."""
    if anew:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("VmHWM"))) / 1000
