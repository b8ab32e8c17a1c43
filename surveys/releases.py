"""Releases: every result of an anonymous questionnaire is made of the responses that were released, five at a time or more.

Whoever knows who has just sent a form, and compares what is shown before with what is shown afterwards, would else read the answers
off the difference. So a response waits. While the questionnaire is open, those of one group on one occasion are released when five
can go and five stay behind; chance says which, since their ids are random. Those who stayed go when the questionnaire is over:
thus the last one or two are never alone. What staff leave out is taken out together with the next who come, or with four others.

Any two results therefore differ by none or at least five responses, of every group, whenever and by whomever they are made, in
any file. Released is what is folded into the kept figures, see tallies.py; named questionnaires know no waiting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys.questionnaires import Questionnaire, State
from surveys.responses import Response

FEWEST = 5  # responses by which two results may differ, and of a group of which it may be told that they are of it

sa.Index("ix_response_excluded", Response.questionnaire_id, sqlite_where=Response.excluded_at.is_not(None),
         postgresql_where=Response.excluded_at.is_not(None))

_WAITS = sa.and_(~Response.folded, Response.excluded_at.is_(None))
_LEAVES = sa.and_(Response.folded, Response.excluded_at.is_not(None))
_GROUP = (Response.questionnaire_id, Response.context, Response.segment)


@dataclass(frozen=True, slots=True)
class Group:
    """Responses of one group on one occasion by their ids: those that are released now, all with the same `month`, and those taken out."""

    come: Sequence[int]
    month: date
    leave: Sequence[int]


def counted(questionnaire: Questionnaire) -> sa.ColumnElement[bool]:
    """Which of its responses every result is made of: those that staff have not left out; of an anonymous one those released."""
    return Response.folded.is_(True) if questionnaire.anonymous else Response.excluded_at.is_(None)


def seen(questionnaire: Questionnaire, response: type[Response] = Response) -> sa.ColumnElement[bool]:
    """Which of its responses staff may look at one by one: all; of an anonymous one those released, and those taken out since."""
    return sa.or_(response.folded, response.excluded_at.is_not(None)) if questionnaire.anonymous else sa.true()


def waiting(session: Session, questionnaire: Questionnaire, *, context: str) -> int:
    """How many have answered on an occasion and are in no result yet; 0 where it is not anonymous."""
    if not questionnaire.anonymous:
        return 0
    wanted = sa.select(sa.func.count()).where(_WAITS, Response.questionnaire_id == questionnaire.id, Response.context == context)
    return session.scalar(wanted) or 0


def over(questionnaire: Questionnaire, *, now: datetime) -> bool:
    """Whether it takes no more answers."""
    return questionnaire.state is not State.OPEN or (questionnaire.closes_at is not None and questionnaire.closes_at <= now)


def due(session: Session, *, now: datetime, fewest: int = FEWEST) -> set[int]:
    """The ids of the anonymous questionnaires of which a group can be released, or taken out."""
    closed = sa.or_(Questionnaire.state != State.OPEN, Questionnaire.closes_at <= now)
    groups = [
        sa.select(Response.questionnaire_id).join(Questionnaire, Questionnaire.id == Response.questionnaire_id)
        .where(Questionnaire.anonymous, moves).group_by(*_GROUP, Questionnaire.id).having(sa.func.count() >= enough)
        for moves, enough in ((_WAITS, sa.case((closed, fewest), else_=2 * fewest)), (_LEAVES, fewest))
    ]
    return set(session.scalars(sa.union(*groups)))


def groups(session: Session, questionnaire: Questionnaire, *, now: datetime, fewest: int, at_most: int) -> Iterator[Group]:
    """What can be released of each group, no more than about `at_most`, and what can be taken out with it.

    They all get the month in which the last of those who waited was sent: else one of them could be told by it.
    """
    stay = 0 if over(questionnaire, now=now) else fewest
    mine = Response.questionnaire_id == questionnaire.id
    arrived: dict[tuple[str, str], tuple[int, date]] = {
        (row[0], row[1]): (row[2], row[3]) for row in session.execute(
            sa.select(Response.context, Response.segment, sa.func.count(), sa.func.max(Response.submitted_on))
            .where(mine, _WAITS).group_by(Response.context, Response.segment))
    }
    leaving: dict[tuple[str, str], list[int]] = {}
    for context, segment, key in session.execute(sa.select(Response.context, Response.segment, Response.id).where(mine, _LEAVES)):
        leaving.setdefault((context, segment), []).append(key)
    for group in arrived.keys() | leaving.keys():
        number, month = arrived.get(group, (0, date.min))
        free = number - stay
        if free >= at_most + fewest:  # what is left is enough for a group of its own
            free = max(at_most, fewest)
        come: Sequence[int] = ()
        if free >= fewest:
            own = sa.select(Response.id).where(mine, _WAITS, Response.context == group[0], Response.segment == group[1])
            come = session.scalars(own.order_by(Response.id).limit(free)).all()
        leave = leaving.get(group, [])
        if come or len(leave) >= fewest:
            yield Group(come, month, leave)


def of_small_groups(session: Session, questionnaire: Questionnaire, *, fewest: int) -> Sequence[tuple[int, bool]]:
    """The ids of responses of groups too small to be told of, and of those that would tell them (`small_groups`); whether released."""
    mine = Response.questionnaire_id == questionnaire.id
    sizes: dict[str, dict[str, int]] = {}
    counts = sa.select(Response.context, Response.segment, sa.func.count()).where(mine).group_by(Response.context, Response.segment)
    for context, segment, size in session.execute(counts):
        sizes.setdefault(context, {})[segment] = size
    hidden = [(context, segment) for context, of_segments in sizes.items() for segment in small_groups(of_segments, fewest=fewest)]
    if not hidden:
        return ()
    found = sa.select(Response.id, Response.folded).where(mine, sa.tuple_(Response.context, Response.segment).in_(hidden))
    return [(row[0], row[1]) for row in session.execute(found)]


def small_groups(sizes: Mapping[str, int], *, fewest: int = FEWEST) -> set[str]:
    """Which groups of these sizes are too small to be told of, "" being nobody's group: those, and as many more as it takes until
    what is left without a group could be of several.
    """
    named = sorted((size, segment) for segment, size in sizes.items() if segment)
    small = {segment for size, segment in named if size < fewest}
    without = sizes.get("", 0) + sum(sizes[segment] for segment in small)
    for size, segment in named:
        if not 0 < without < fewest:
            break
        if segment not in small:
            small.add(segment)
            without += size
    return small
