"""Doubtful responses of open links: shown to staff, who leave them out of all figures or take them back in. None is ever dropped."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from surveys import quotas, releases, responses, tallies
from surveys.asked import clean
from surveys.errors import Conflict, Invalid, NotFound
from surveys.forms import form_of, form_of_version
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer, Response


class ReasonMissing(Invalid):
    """Whoever leaves a response out, or takes it back in, says why."""


class NoPlaceLeft(Conflict):
    """Others have taken the place of an option that was picked in this response."""


class QuestionnaireFull(Conflict):
    """The questionnaire has as many responses as it may take: who takes one more back in raises the limit first."""


class NoSuchResponse(NotFound):
    """There is no such response."""


def find(
    questionnaire: Questionnaire, *, context: str | None = None, excluded: bool | None = None, like: Response | None = None,
) -> sa.Select[Response]:
    """Responses in which a hidden field was filled in or whose own words others have sent too, and those that were left out.

    Alike stand together. `excluded` keeps to those that were, or were not, left out, `like` to one and those it resembles.
    """
    other = aliased(Response)
    alike = sa.exists().where(
        other.questionnaire_id == questionnaire.id, other.context == Response.context,
        other.fingerprint == Response.fingerprint, other.id != Response.id, releases.seen(questionnaire, other),
    )
    found = sa.select(Response).where(
        Response.questionnaire_id == questionnaire.id, releases.seen(questionnaire), sa.or_(Response.trapped, Response.excluded_at.is_not(None), alike))
    if context is not None:
        found = found.where(Response.context == context)
    if excluded is not None:
        found = found.where(Response.excluded_at.is_not(None) if excluded else Response.excluded_at.is_(None))
    if like is not None:
        found = found.where(Response.fingerprint == like.fingerprint, Response.context == like.context)
    return found.order_by(Response.context, Response.fingerprint, Response.id)


def alike(session: Session, some: Sequence[Response]) -> dict[int, int]:
    """How many others of the same occasion each of these resembles, by its id, for those of one questionnaire that resemble any."""
    prints = {one.fingerprint for one in some if one.fingerprint is not None}
    if not prints:
        return {}
    rows = session.execute(
        sa.select(Response.context, Response.fingerprint, sa.func.count() - 1)
        .where(Response.questionnaire_id == some[0].questionnaire_id, Response.fingerprint.in_(prints),
               releases.seen(session.get_one(Questionnaire, some[0].questionnaire_id)))
        .group_by(Response.context, Response.fingerprint).having(sa.func.count() > 1)
    )
    others = {(row[0], row[1]): row[2] for row in rows}
    return {one.id: others[key] for one in some if (key := (one.context, one.fingerprint)) in others}


def texts(session: Session, some: Sequence[Response]) -> dict[int, list[str]]:
    """What was written in each of these responses in its own words, by the response's id."""
    found: dict[int, list[str]] = {one.id: [] for one in some}
    rows = session.execute(
        sa.select(Answer.response_id, Answer.text).where(Answer.response_id.in_(found), Answer.text.is_not(None))
        .order_by(Answer.response_id, Answer.question_id, Answer.place)
    )
    for response_id, text in rows:
        found[response_id].append(text or "")
    return found


def get(session: Session, response_id: int) -> Response:
    """The response with this id. Raises NoSuchResponse."""
    response = session.get(Response, response_id)
    if response is None:
        raise NoSuchResponse
    return response


def exclude(session: Session, response: Response, *, reason: str, now: datetime) -> None:
    """Leave it out of all figures from now on, and free the places it took. Left out twice, the first time stays. Raises ReasonMissing.

    An anonymous one that was shown goes with others, when as many come or go: see releases.py.
    """
    reason = _stated(reason)
    questionnaire = _held(session, response)
    if response.excluded_at is None:
        response.excluded_at, response.excluded_for = now, reason
        for question_id, choice in _places(session, questionnaire, response):
            quotas.give_back(session.connection(), question_id, choice, context=response.context)
        session.flush()


def include(session: Session, response: Response, *, reason: str) -> None:
    """Count it again, with the places it takes. Raises ReasonMissing, QuestionnaireFull or NoPlaceLeft."""
    _stated(reason)
    questionnaire = _held(session, response)
    if response.excluded_at is None:
        return
    if responses.full(session, questionnaire):
        raise QuestionnaireFull(most=questionnaire.most_responses)
    now_asked = form_of(session, questionnaire)
    with session.begin_nested():  # all places or none
        for question_id, choice in _places(session, questionnaire, response):
            most = now_asked.quotas.get((question_id, choice), quotas.MOST_PLACES)
            if not quotas.take(session.connection(), question_id, choice, context=response.context, quota=most):
                form = form_of_version(session, questionnaire, response.version)
                raise NoPlaceLeft(option=quotas.label(form, question_id, choice))
    response.excluded_at, response.excluded_for = None, ""
    session.flush()


def _held(session: Session, response: Response) -> Questionnaire:
    """Its questionnaire; the response is as it now is, in no kept figure, and nobody else's to change before the transaction ends."""
    questionnaire = session.get_one(Questionnaire, response.questionnaire_id)
    tallies.unfold(session, questionnaire, [response.id])
    session.refresh(response)
    return questionnaire


def _places(session: Session, questionnaire: Questionnaire, response: Response) -> list[tuple[int, str]]:
    """Question and option of each place that it took when it was sent, in the order of the form, as `submit` takes them."""
    limited = form_of_version(session, questionnaire, response.version).quotas
    if not limited:
        return []
    picked = session.execute(sa.select(Answer.question_id, Answer.choice).where(Answer.response_id == response.id)).all()
    chosen = {(row[0], row[1]) for row in picked}
    return [place for place in limited if place in chosen]


def _stated(reason: str) -> str:
    reason = clean(reason)[: Response.excluded_for.type.length]
    if not reason:
        raise ReasonMissing(field="reason")
    return reason
