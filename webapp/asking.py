"""Who is asked which questions, by the link in the hall or a personal one; answers sent at the same moment are stored together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload
from werkzeug.datastructures import FileStorage, MultiDict

from engage import arrivals, parties, people, respondents
from engage.events import Event, State
from engage.parties import Attendee, TicketNotFound
from engage.people import Category
from surveys import forms, questionnaires, responses
from surveys.errors import Conflict, SurveyError
from surveys.files import Upload
from surveys.kinds import KINDS, File
from surveys.questionnaires import Access, NoSuchQuestionnaire, Questionnaire
from surveys.responses import InvalidAnswers, NotOpen
from webapp import formats, robots
from webapp.forms.questionnaire import SEGMENT, Sheet
from webapp.together import Together
from webapp.wiring import clock, db, saving, secret

SMALL = 5  # in an anonymous questionnaire nobody is asked for a group of fewer people than this
MOST = 50  # sheets, or megabytes of files, in one transaction: nobody waits long for the others
BY_SURVEY_CODE = sa.select(Event).where(Event.survey_code == sa.bindparam("code")).options(joinedload(Event.questionnaire))


@dataclass(frozen=True)
class Asking:
    """Who is asked on which occasion; without an attendee it is whoever scans the code in the hall, or might have."""

    event: Event
    questionnaire: Questionnaire
    attendee: Attendee | None

    @property
    def respondent(self) -> str | None:
        return respondents.respondent(self.attendee) if self.attendee else None

    @property
    def cookie(self) -> str:
        return f"answered-{self.questionnaire.id}"

    @property
    def held(self) -> bool:
        """Whether the event is there for its guests."""
        return self.event.state in {State.PUBLISHED, State.CLOSED}

    def open(self) -> bool:
        """Whether answers are taken now."""
        return self.held and questionnaires.accepts(self.questionnaire, now=clock()) and not responses.full(db.session(), self.questionnaire)

    def done(self) -> bool:
        """Whether this person has answered."""
        return self.respondent is not None and responses.answered(
            db.session(), self.questionnaire, context=self.event.slug, respondent=self.respondent, secret=secret())

    def issued(self, sheet: Sheet) -> str:
        """When the form was handed out, for the form to bring back: the first time that it was."""
        before = sheet.value(robots.ISSUED)
        return before if robots.is_ours(secret(), before) else robots.issued(secret(), now=clock())

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
    """A sheet on its way; `files` are what came with it, by the code of the question, as the library takes them."""

    token: str
    sheet: Sheet
    language: str
    files: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])


class PersonalLinkOnly(Conflict):
    """This questionnaire is answered by personal links only."""


class TooFast(InvalidAnswers):
    """The form came back faster than anybody can fill it in."""

    def __init__(self) -> None:
        super().__init__({})


def asking_of(session: Session, token: str) -> Asking:
    """What a link opens. Where there is one link for everybody, a personal one leads to it. Raises NoSuchQuestionnaire or PersonalLinkOnly."""
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
    questionnaire = questionnaire_of(event)
    access = questionnaire.access
    if access is Access.PERSONAL and attendee is None:
        raise PersonalLinkOnly
    if access is Access.OPEN:
        attendee = None
    return Asking(event, questionnaire, attendee)


def questionnaire_of(event: Event) -> Questionnaire:
    """What the event asks. Raises NoSuchQuestionnaire while it asks nothing."""
    if event.questionnaire is None:
        raise NoSuchQuestionnaire
    return event.questionnaire


def looked_at(session: Session, filled: Filled, sent: MultiDict[str, FileStorage]) -> Filled:
    """The sheet with the files that came for its questions, judged: pictures take long, so before a transaction and nothing else waits.

    Raises NoSuchQuestionnaire, PersonalLinkOnly or NoSuchVersion.
    """
    asking = asking_of(session, filled.token)
    if not asking.held or not questionnaires.accepts(asking.questionnaire, now=clock()):
        return filled
    form = forms.form_of_version(session, asking.questionnaire, filled.sheet.version)
    files = {
        one.code: kind.looked_at(one, uploads) for one in form.questions
        if isinstance(kind := KINDS[one.kind], File) and (uploads := _uploads(sent.getlist(one.code)))
    }
    return replace(filled, files=files)


def _uploads(sent: Sequence[FileStorage]) -> list[Upload]:
    return [Upload(one.filename, one.read()) for one in sent if one.filename]


def _weight(filled: Filled) -> int:
    return 1 + sum(len(one.content) for files in filled.files.values() for one in files if isinstance(one, Upload)) // 1_000_000


def _store_all(sheets: Sequence[Filled]) -> list[str | Exception | None]:
    with saving() as session:
        halls: dict[str, Asking] = {}  # what the links in the hall open is read once, within the transaction
        return [_tried(session, filled, halls) for filled in sheets]


# Stores the answers and gives the cookie by which a device knows that it has answered, None for a personal link. Raises
# NoSuchQuestionnaire, PersonalLinkOnly, NotOpen, TooFast, and what `responses.store` raises.
SHEETS = Together("sheets", _store_all, most=MOST, size=_weight)


def _tried(session: Session, filled: Filled, halls: dict[str, Asking]) -> str | Exception | None:
    try:
        asking = halls.get(filled.token) or asking_of(session, filled.token)
        if asking.attendee is None:
            halls[filled.token] = asking
        if not asking.held:
            return NotOpen()
        sheet = filled.sheet
        if asking.attendee is None and robots.too_fast(secret(), sheet.value(robots.ISSUED), now=clock()):
            return TooFast()
        responses.store(
            session, asking.questionnaire, {**sheet.sent, **filled.files} if filled.files else sheet.sent, now=formats.local(clock()), context=asking.event.slug,
            segment=_segment(session, asking, sheet.value(SEGMENT)), respondent=asking.respondent,
            submission=sheet.submission, language=filled.language, secret=secret(),
            trapped=bool(sheet.value(robots.TRAP)), version=sheet.version,
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
