"""What is told the morning after an event without anybody pressing a button, where its organiser has ticked it."""

from datetime import timedelta

from engage import afterwards
from engage.events import Event
from engage.outbox import Purpose
from webapp import notices
from webapp.formats import local
from webapp.wiring import clock, db, saving

MORNING = 9  # o'clock, of the office
BELATED = timedelta(days=3)  # later nobody is told any more: the jobs did not run, and a late word reads odd


def tell_next_morning() -> int:
    """Tell the guests of events that ended before today; answers how many messages were queued."""
    now = clock()
    here = local(now)
    if here.hour < MORNING:
        return 0
    today = here.replace(hour=0, minute=0, second=0, microsecond=0)
    due = [event.id for event in afterwards.due(db.session(), ended_from=today - BELATED, ended_before=today)]
    db.session.rollback()
    return sum(map(_tell, due))


def _tell(event_id: int) -> int:
    with saving() as session:
        event, now = session.get_one(Event, event_id), clock()
        chosen = afterwards.claim(session, event, now=now)
        if chosen is None:  # another process was quicker
            return 0
        wanted = ((Purpose.THANKS, chosen.thanks), (Purpose.MISSED, chosen.missed))
        return sum(notices.tell_all(session, event, purpose, by="system", now=now) for purpose, ticked in wanted if ticked)
