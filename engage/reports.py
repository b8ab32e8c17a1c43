"""Reports: what came of an event in figures. Every page and every export of them shows this one structure."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import arrivals, attendance, events, invitations, origins, parties, respondents
from engage.activities import ActivityKind
from engage.errors import Conflict
from engage.events import Event
from engage.invitations import Invitation
from engage.origins import Origin
from engage.parties import Attendee, ChosenActivity, Registration
from engage.people import Category, Invitee
from surveys import conclusions, paper, releases, suppression
from surveys.asked import Asked, Tally, in_language
from surveys.kinds import KINDS, Text
from surveys.questionnaires import Questionnaire
from surveys.questions import NoSuchQuestion
from surveys.summaries import QuestionSummary, Summary, summarise
from surveys.suppression import BELOW


class AnonymousUndivided(Conflict):
    """Answers to an anonymous questionnaire are counted together: picked out by what was answered, or by days, they would tell of persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Whose answers are looked at: of a category, on the days from `since` to `until`, and of those who gave certain answers.

    `given` are codes of questions (`q3.ROW` for a part of one) and options, all of which must have been chosen. `by` is a code of
    `respondents.known`: of those alone of whom that is known, in groups by it in place of the categories.
    """

    category: str | None = None
    since: date | None = None
    until: date | None = None
    given: tuple[tuple[str, str], ...] = ()
    by: str = ""


EVERYBODY = Narrowing()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """What was announced of the event; times are aware, `seats` None is no limit, `hours` are class hours of a training."""

    slug: str
    title: str
    kind: events.Kind
    state: events.State
    topic: events.Topic | None
    hours: float | None
    purpose: str
    place: str
    address: str
    starts_at: datetime | None
    ends_at: datetime | None
    seats: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many were asked, came and answered. Invitations count invitees, registrations and arrivals count people.

    An invitation counts once its message is on its way or it was answered; `registered` are the people who hold a seat and are
    expected, those who come along and those entered at the door included. Of those who arrived, `walk_ins` were entered at the
    door and `stand_ins` came in somebody's place: see `origins`. `responses` is None where it is left out for being small.
    """

    invited: int = 0
    opened: int = 0
    accepted: int = 0
    declined: int = 0
    registered: int = 0
    arrived: int = 0
    walk_ins: int = 0
    stand_ins: int = 0
    responses: int | None = 0

    @property
    def arrival_share(self) -> float | None:
        """The part of those registered who arrived, 0 to 1; None when nobody was registered."""
        return self.arrived / self.registered if self.registered else None


@dataclass(frozen=True, slots=True)
class CategoryTurnout:
    """The turnout of one category. The code is "" for responses whose sender is of no known category."""

    code: str
    name: str
    name_en: str
    turnout: Turnout

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.name, self.name_en)


@dataclass(frozen=True, slots=True)
class ActivityChoice:
    """An activity and the people of all parties that chose it; `seats` None is no limit.

    `attended` are the people scanned in its room, and `minutes` how long they stayed, in the mean, to one decimal; both are None
    where nobody was scanned.
    """

    title: str
    kind: ActivityKind
    room: str
    starts_at: datetime | None
    seats: int | None
    chosen: int
    attended: int | None
    minutes: float | None


@dataclass(frozen=True, slots=True)
class EventSummary:
    """All figures of an event at the time `made_at`, with no tie to the database any more.

    `categories` are those with any figure at all, in the office's order; their turnouts add up to `total`. `survey` is the
    attached questionnaire in this event's context, its segments being category codes; None when no questionnaire is attached.
    """

    event: EventFacts
    made_at: datetime
    total: Turnout
    categories: tuple[CategoryTurnout, ...]
    activities: tuple[ActivityChoice, ...]
    survey: Summary | None
    survey_title: str
    survey_title_en: str
    on_paper: int = 0  # of the responses, those that staff entered from paper
    waiting: int = 0  # anonymous responses that are in no figure yet: see surveys.releases
    remark: str = ""  # what staff conclude of it all, in their own words

    def title(self, language: str = "zh") -> str:
        """The title of the questionnaire."""
        return in_language(language, self.survey_title, self.survey_title_en)

    @property
    def questions(self) -> tuple[QuestionSummary, ...]:
        """The questions of the questionnaire in their order; none without one."""
        return self.survey.questions if self.survey else ()

    @property
    def satisfied(self) -> float | None:
        """满意率: the part of all answers to five-level questions that is 基本满意 or better; None when there is none."""
        rated = [(tally.satisfied, tally.answered or 0) for one in self.questions if (tally := one.tally).satisfied is not None]
        answered = sum(people for _, people in rated)
        return sum((satisfied or 0) * people for satisfied, people in rated) / answered if answered else None

    def share_of_registered(self, activity: ActivityChoice) -> float:
        """The part of those registered who chose an activity, 0 to 1."""
        return activity.chosen / self.total.registered if self.total.registered else 0

    def segments(self, language: str = "zh") -> dict[str, str]:
        """The label of each category that answered the questionnaire, by its code."""
        labels = {category.code: category.label(language) for category in self.categories}
        return {code: labels[code] for code in self.survey.segments} if self.survey else {}

    def groups(self, question: QuestionSummary, language: str = "zh") -> list[tuple[str, Tally]]:
        """The tallies of a question by category, each with the category's label."""
        return [(label, question.by_segment[code]) for code, label in self.segments(language).items()]


def opinions(
    session: Session, event: Event, questionnaire: Questionnaire, *, narrowing: Narrowing = EVERYBODY, language: str = "zh"
) -> Summary:
    """The answers to the event's questionnaire in figures, the segments being codes of categories, or what they are grouped by.

    Raises NoSuchQuestion, also for what nothing can be grouped by, or AnonymousUndivided where answers to an anonymous one are
    picked out: every selection can be compared with another that differs by one person, and no single one shows it.
    """
    if questionnaire.anonymous and narrowing != EVERYBODY:
        raise AnonymousUndivided
    groups = respondents.known(session, event, language=language) if narrowing.by else {}
    if narrowing.by not in groups and narrowing.by:
        raise NoSuchQuestion(question=narrowing.by)
    return summarise(
        session, questionnaire, context=event.slug, segments={one.code: one.name for one in _categories(session)},
        segment=narrowing.category, since=narrowing.since, until=narrowing.until, given=dict(narrowing.given), by=groups.get(narrowing.by),
    )


def event_summary(session: Session, event: Event, *, now: datetime, survey: Summary | None = None) -> EventSummary:
    """Count everything of an event: some ten queries, whatever the number of people, categories and questions.

    `survey` are its `opinions` where they were counted already.
    """
    known = _categories(session)
    questionnaire = event.questionnaire
    if questionnaire is not None and survey is None:
        survey = summarise(session, questionnaire, context=event.slug, segments={one.code: one.name for one in known})
    counted = _turnouts(session, event)
    answered = {code: size or 0 for code, size in survey.by_segment.items()} if survey else {}
    categories = [
        CategoryTurnout(category.code, category.name, category.name_en, Turnout(**figures))
        for category in known
        if any((figures := {**counted.get(category.id, {}), "responses": answered.get(category.code, 0)}).values())
    ]
    unknown = [code for code in answered if code not in {category.code for category in known}]
    categories += [
        CategoryTurnout(code, code or "未注明类别", code or "Not stated", Turnout(responses=answered[code])) for code in unknown
    ]
    return EventSummary(
        event=EventFacts(
            seats=event.capacity,
            **{field.name: getattr(event, field.name) for field in fields(EventFacts) if field.name != "seats"},
        ),
        made_at=now, total=_sum(category.turnout for category in categories), categories=tuple(categories),
        activities=_activities(session, event, now=now), survey=survey,
        survey_title=questionnaire.title if questionnaire else "",
        survey_title_en=questionnaire.title_en if questionnaire else "",
        on_paper=paper.count(session, questionnaire, context=event.slug) if questionnaire else 0,
        waiting=releases.waiting(session, questionnaire, context=event.slug) if questionnaire else 0,
        remark=conclusions.written(session, questionnaire, context=event.slug) if questionnaire else "",
    )


def grouped(summary: EventSummary, survey: Summary) -> EventSummary:
    """The summary with the groups of `survey`, whatever they are, in place of the categories."""
    groups = tuple(CategoryTurnout(code, words, words, Turnout(responses=survey.by_segment[code])) for code, words in survey.segments.items())
    return replace(summary, survey=survey, categories=groups)


def suppressed(summary: EventSummary, *, below: int = BELOW) -> EventSummary:
    """The summary as it may leave the house: of the questionnaire, small figures are left out with those that would reveal them.

    How many of a category were invited and came is no answer of theirs, and stays.
    """
    if summary.survey is None:
        return summary
    survey = suppression.suppressed(summary.survey, below=below)
    return replace(summary, survey=survey, categories=tuple(
        replace(one, turnout=replace(one.turnout, responses=survey.by_segment.get(one.code, 0))) for one in summary.categories
    ))


def takes_words(question: Asked) -> bool:
    """Whether people answer a question in their own words: it has open answers, or an option "other"."""
    return isinstance(KINDS[question.kind], Text) or any(option.other for option in question.options)


def conclusion(summary: EventSummary, language: str = "zh") -> str:
    """The whole summary in one sentence of facts; what does not apply is left out."""
    total, rate, satisfied = summary.total, summary.total.arrival_share, summary.satisfied
    parts = [
        in_language(language, f"共邀请{total.invited}人", f"{total.invited} people were invited"),
        in_language(language, f"报名{total.registered}人", f"{total.registered} registered"),
        in_language(language, f"到场{total.arrived}人", f"{total.arrived} came")
        + ("" if rate is None else in_language(language, f"（到场率{rate:.1%}）", f" ({rate:.1%})")),
    ]
    if summary.survey:
        parts.append(
            in_language(language, f"回收问卷{total.responses}份", f"{total.responses} questionnaires were returned")
            + (in_language(language, f"（其中纸质{summary.on_paper}份）", f" ({summary.on_paper} on paper)") if summary.on_paper else "")
            + (in_language(language, f"（另有{summary.waiting}份待计入）", f" ({summary.waiting} more wait to be counted)") if summary.waiting else "")
        )
    if satisfied is not None:
        parts.append(in_language(language, f"满意率{satisfied:.1%}", f"{satisfied:.1%} of the ratings were satisfied"))
    return in_language(language, "，".join(parts) + "。", ", ".join(parts) + ".")


def _categories(session: Session) -> Sequence[Category]:
    """All of them, those out of use too."""
    return session.scalars(sa.select(Category).order_by(Category.position, Category.id)).all()


def _turnouts(session: Session, event: Event) -> dict[int, dict[str, int]]:
    """Invitations and people of the event by category id, in the words of Turnout."""
    state = invitations.State
    asked = (
        sa.select(
            Invitee.category_id,
            _number(Invitation.state != state.DRAFTED).label("invited"),
            sa.func.count(Invitation.opened_at).label("opened"),
            _number(Invitation.state == state.ACCEPTED).label("accepted"),
            _number(Invitation.state == state.DECLINED).label("declined"),
        )
        .join(Invitation.invitee).where(Invitation.event_id == event.id).group_by(Invitee.category_id)
    )
    seated = (
        sa.select(
            Attendee.category_id, arrivals.EXPECTED.label("registered"), sa.func.count(Attendee.arrived_at).label("arrived"),
            _number(origins.came_as(Origin.WALK_IN)).label("walk_ins"),
            _number(origins.came_as(Origin.STAND_IN)).label("stand_ins"),
        )
        .where(Attendee.event_id == event.id, arrivals.COUNTS)
        .group_by(Attendee.category_id)
    )
    counted: dict[int, dict[str, int]] = {}
    for query in (asked, seated):
        for category_id, *numbers in session.execute(query):
            names = list(query.selected_columns.keys())[1:]
            counted.setdefault(category_id, {}).update(zip(names, numbers, strict=True))
    return counted


def _number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))


def _sum(turnouts: Iterable[Turnout]) -> Turnout:
    columns = zip(*(astuple(turnout) for turnout in turnouts), strict=True)
    return Turnout(**dict(zip((field.name for field in fields(Turnout)), map(sum, columns), strict=False)))


def _activities(session: Session, event: Event, *, now: datetime) -> tuple[ActivityChoice, ...]:
    people = (
        sa.select(ChosenActivity.activity_id, sa.func.sum(Registration.party))
        .join(Registration, Registration.id == ChosenActivity.registration_id)
        .where(Registration.event_id == event.id, Registration.state == parties.State.CONFIRMED)
        .group_by(ChosenActivity.activity_id)
    )
    chosen = {row[0]: int(row[1]) for row in session.execute(people)}
    attended = {activity_id: turnout.came for activity_id, turnout in attendance.turnouts(session, event).items()}
    minutes = attendance.average_minutes(session, event, now=now)
    return tuple(
        ActivityChoice(one.title, one.kind, one.room, one.starts_at, one.quota.seats, chosen.get(one.id, 0),
                       attended.get(one.id), minutes.get(one.id))
        for one in event.activities
    )
