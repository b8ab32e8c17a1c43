"""Work on many invitations that no request waits for: putting people on a list, sending, reminding."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from engage import batches, reminders
from webapp.wiring import clock, db, saving

BREATH = 0.01  # seconds between two transactions, in which others who write come in between


def work_off() -> int:
    """Do all unfinished batches, step by step; answers how many steps. Two who do this at once take turns."""
    steps = 0
    while waiting := _read(batches.unfinished):
        for batch in waiting:
            more = True
            while more:
                with saving() as session:
                    more = batches.step(session, batch, now=clock())
                steps += 1
                time.sleep(BREATH)
    return steps


def remind() -> int:
    """Send the reminders whose time has come; answers how many messages."""
    sent = 0
    for event in _read(lambda session: reminders.due(session, now=clock())):
        with saving() as session:
            sent += reminders.send_due(session, event, now=clock())
    return sent


def _read(question: Callable[[Session], Sequence[int]]) -> Sequence[int]:
    found = question(db.session())
    db.session.rollback()
    return found
