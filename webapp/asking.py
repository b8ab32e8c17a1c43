"""Who is asked which questions, by the link in the hall or a personal one; answers sent at the same moment are stored together."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from engage import arrivals, parties, people
from engage.events import Event, State
from engage.parties import Attendee, TicketNotFound
from engage.people import Category
from surveys import questionnaires, responses
from surveys.errors import SurveyError
from surveys.questionnaires import NoSuchQuestionnaire, Questionnaire
from surveys.responses import NotOpen
from webapp import formats
from webapp.forms.questionnaire import SEGMENT, Sheet
from webapp.together import Together
from webapp.wiring import clock, saving

SMALL = 5  # in an anonymous questionnaire nobody is asked for a group of fewer people than this
MOST = 50  # sheets in one transaction: nobody waits long for the others
BY_SURVEY_CODE = sa.select(Event).where(Event.survey_code == sa.bindparam("code")).options(joinedload(Event.questionnaire))


@dataclass(frozen=True)
class Asking:
    """Who is asked on which occasion; without an attendee it is whoever scans the code in the hall."""

    event: Event
    questionnaire: Questionnaire
    attendee: Attendee | None

    @property
    def respondent(self) -> str | None:
        return f"attendee:{self.attendee.id}" if self.attendee else None

    @property
    def cookie(self) -> str:
        return f"answered-{self.questionnaire.id}"

    def open(self) -> bool:
        """Whether answers are taken now."""
        published = self.event.state in {State.PUBLISHED, State.CLOSED}
        return published and questionnaires.accepts(self.questionnaire, now=clock())

    def groups(self, session: Session) -> Sequence[Category]:
        """The groups that an answer may be counted under. Anonymous answers only under groups too large to point at anybody."""
        if not self.questionnaire.anonymous:
            return [self.attendee.category] if self.attendee else people.categories(session)
        large = [count.category for count in arrivals.counts(session, self.event) if count.expected >= SMALL]
        if self.attendee is None:
            return large
        return [category for category in large if category.id == self.attendee.category_id]


@dataclass(frozen=True)
class Filled:
    """A sheet on its way."""

    token: str
    sheet: Sheet
    language: str


def asking_of(session: Session, token: str) -> Asking:
    """What a link opens. Raises NoSuchQuestionnaire."""
    event = session.scalar(BY_SURVEY_CODE, {"code": token})
    attendee = None
    if event is None:
        try:
            attendee = parties.by_survey_code(session, token)
        except TicketNotFound:
            raise NoSuchQuestionnaire from None
        event = attendee.registration.event
        if attendee.state is parties.State.CANCELLED:
            raise NoSuchQuestionnaire
    if event.questionnaire is None:
        raise NoSuchQuestionnaire
    return Asking(event, event.questionnaire, attendee)


def _store_all(sheets: Sequence[Filled]) -> list[str | Exception | None]:
    with saving() as session:
        halls: dict[str, Asking] = {}  # what the links in the hall open is read once, within the transaction
        return [_tried(session, filled, halls) for filled in sheets]


# Stores the answers and gives the cookie by which a device knows that it has answered, None for a personal link. Raises
# NoSuchQuestionnaire, NotOpen, and what `responses.submit` raises.
SHEETS = Together("sheets", _store_all, most=MOST)


def _tried(session: Session, filled: Filled, halls: dict[str, Asking]) -> str | Exception | None:
    try:
        asking = halls.get(filled.token) or asking_of(session, filled.token)
        if asking.attendee is None:
            halls[filled.token] = asking
        if not asking.open():
            return NotOpen()
        responses.submit(
            session, asking.questionnaire, filled.sheet.sent, now=formats.local(clock()), context=asking.event.slug,
            segment=_segment(session, asking, filled.sheet.value(SEGMENT)), respondent=asking.respondent,
            submission=filled.sheet.submission, language=filled.language,
        )
    except SurveyError as refusal:
        return refusal
    return None if asking.attendee else asking.cookie


def _segment(session: Session, asking: Asking, stated: str) -> str:
    """The code of the group under which the answers are counted, "" for none."""
    if asking.attendee is None and not stated:
        return ""
    codes = [category.code for category in asking.groups(session)]
    if asking.attendee is None:
        return stated if stated in codes else ""
    return next(iter(codes), "")
