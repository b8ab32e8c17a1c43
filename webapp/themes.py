"""Finding themes without holding up anybody: at once where there are few answers, else by a background job."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import finding, themes
from surveys.questionnaires import Questionnaire
from surveys.themes import Finding
from webapp.wiring import clock, db, saving

T = TypeVar("T")
AT_ONCE = 2000  # answers that are sorted while somebody waits: about two seconds
TRIES = 3  # when staff decide something while answers are being sorted, they are sorted again


def find(questionnaire: Questionnaire, *, context: str) -> bool:
    """Find the themes of all open questions; False when a job does it soon."""
    number = sum(one.sorted + one.fresh for one in themes.overview(db.session(), questionnaire, context=context))
    with saving() as session:
        ids = [one.id for one in themes.ask(session, questionnaire, context=context, now=clock())]
    if number > AT_ONCE:
        from webapp import jobs  # noqa: PLC0415 -- the queue is loaded by what starts a job

        jobs.soon("find_themes")
        return False
    for finding_id in ids:
        _find(finding_id)
    return True


def work_off() -> int:
    """Find all that is waited for; answers how many questions. Two who do this at once do it twice and keep one result."""
    waiting = _read(lambda session: session.scalars(sa.select(Finding.id).where(Finding.asked_at.is_not(None)).order_by(Finding.id)).all())
    for finding_id in waiting:
        _find(finding_id)
    return len(waiting)


def _find(finding_id: int) -> None:
    for _ in range(TRIES):
        given = _read(lambda session: finding.read(session, session.get_one(Finding, finding_id)))
        found = finding.sort(given)
        with saving() as session:
            if finding.keep(session, found, now=clock()):
                return


def _read(question: Callable[[Session], T]) -> T:
    found = question(db.session())
    db.session.rollback()
    return found
