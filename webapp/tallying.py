"""Answers added by the minute to the kept figures, so that summaries stay as fast as they are when there are few, and those of
anonymous questionnaires are released.
"""

import time

from surveys import questionnaires, tallies
from surveys.releases import FEWEST
from webapp.formats import local
from webapp.wiring import clock, db, saving, settings

BREATH = 0.01  # seconds between two transactions, in which others who write come in between


def work_off() -> int:
    """Fold all that is new, step by step; answers how many responses. Two who do this at once take turns."""
    due = tallies.due(db.session(), now=local(clock()), fewest=fewest())
    db.session.rollback()
    done = 0
    for key in due:
        step = 1
        while step:
            with saving() as session:
                step = tallies.fold(session, questionnaires.get(session, key), now=local(clock()), fewest=fewest())
            done += step
            time.sleep(BREATH)
    return done


def fewest() -> int:
    """How many anonymous responses are released together: never fewer than a cell must have to be shown."""
    return max(FEWEST, settings().smallest_cell)
