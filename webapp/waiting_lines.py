"""Waiting lists, kept moving by the minute: offers that are over are taken back, and free seats given to those who follow."""

from engage import waiting
from engage.events import Event
from webapp.wiring import clock, db, saving


def move_up() -> int:
    """Look after the lists where something is due, each in a transaction of its own; answers how many offers lapsed."""
    due = waiting.due(db.session(), now=clock())
    db.session.rollback()
    lapsed = 0
    for key in due:
        with saving() as session:
            lapsed += waiting.lapse(session, session.get_one(Event, key), now=clock())
    return lapsed
