"""A year of an invented centre: fills an empty database through the library's own functions, each at its own time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import devices, invitations, parties, people, people_import, screens, series, staff
from engage.errors import Conflict
from engage.events import Event, Kind, State
from engage.invitations import Invitation
from engage.known_names import mask_for
from engage.parties import Attendee
from engage.people import Invitee
from engage.series import Interval, SeriesDetails
from engage.staff import Role, User
from surveys import Questionnaire, clouds, questionnaires
from surveys.forms import form_of
from surveys.templates import create_from_template
from webapp.demo.agenda import Agenda
from webapp.demo.guests import HOW_MANY, Directory, as_list
from webapp.demo.programme import YEAR
from webapp.demo.story import DAY, HOUR, MINUTE, ORGANISER, Stage, Story

WORDS = 25  # on the hall's screen
SEED = 20250318  # the same year every time; only codes and passwords are new
YEAR_AGO = timedelta(days=345)
STAFF = {
    "admin": (Role.ADMIN, "系统管理员"), "organiser": (Role.ORGANISER, "活动管理员"), "door": (Role.DOOR, "签到员"),
    "analyst": (Role.ANALYST, "分析员"), "viewer": (Role.VIEWER, "查看人员"),
}
DEVICE = "东门手持机"
SATURDAY = 5
HOLIDAYS = {(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 8))}  # those with a fixed date


class NotEmpty(Conflict):
    """The database is not empty: the demo fills a new one only."""


@dataclass(frozen=True)
class Demo:
    """What to try first. `past`, `running`, `public` and `invited` are events, the others codes that open something."""

    past: Event
    running: Event
    public: Event
    invited: Event
    invitation: Invitation
    attendee: Attendee
    screen: str
    device_token: str


def fill(session: Session, *, password: str, now: datetime, step: Callable[[], object] = lambda: None) -> Demo:
    """Tell the year up to `now`, which is in the office's zone; `step` is called after each deed. Raises NotEmpty."""
    if any(session.scalar(sa.select(sa.exists().select_from(table))) for table in (User, Event, Invitee, Questionnaire)):
        raise NotEmpty
    chance = Random(SEED)  # noqa: S311 -- for likeness, not for secrets
    agenda, began = Agenda(), (now - YEAR_AGO).replace(hour=9, minute=0, second=0, microsecond=0)
    for name, (role, shown) in STAFF.items():
        staff.add_user(session, name, password, role=role, display_name=shown, now=began, by="system")
    _device, token = devices.add_device(session, DEVICE, now=began + 5 * MINUTE, by="user:admin")
    categories = {category.code: category for category in people.seed_categories(session)}
    directory = Directory(chance)
    stage = Stage(session, agenda, directory, categories, _questionnaires(session, began + HOUR), now)
    _invitees(stage, began + 2 * HOUR)
    stories = [
        Story(stage, occasion, _start(now, occasion.day), Random(f"{SEED} {occasion.title}"))  # noqa: S311 -- as above
        for occasion in YEAR
    ]
    for story in stories:
        story.begin()
    for _ in agenda.play(now):
        step()
    session.flush()
    held = [story.event for story in stories if story.event.state is not State.DRAFT]
    open_days, trainings = ([event for event in held if event.kind is kind] for kind in (Kind.OPEN_DAY, Kind.TRAINING))
    _series(session, SeriesDetails(title="平台开放日", slug="open-days", interval=Interval.QUARTER), open_days, now=now)
    _series(session, SeriesDetails(title="集中培训", slug="trainings", interval=Interval.QUARTER), trainings, now=now)
    *_, past, running, public, invited = open_days
    return Demo(past, running, public, invited, _unanswered(session, invited), _expected(session, running), _screen(session, running, now=now), token)


def _questionnaires(session: Session, began: datetime) -> dict[Kind, Questionnaire]:
    """One for each kind of event, open, and one that is still being written."""
    asked: dict[Kind, Questionnaire] = {}
    for kind, template in {Kind.OPEN_DAY: "open_day", Kind.TRAINING: "training"}.items():
        asked[kind] = create_from_template(session, template, now=began)
        questionnaires.open_for_answers(session, asked[kind], now=began)
    create_from_template(session, "service_rating", now=began + 300 * DAY)
    return asked


def _invitees(stage: Stage, began: datetime) -> None:
    """Two lists: most people at the year's beginning, some more in its middle."""
    names = {code: category.name for code, category in stage.categories.items()}
    guests = [stage.directory.guest(code) for code, wanted in HOW_MANY.items() for _ in range(wanted)]
    early = [one for place, one in enumerate(guests) if place % 6]
    for when, some in ((began, early), (began + 130 * DAY, [one for one in guests if one not in early])):
        stage.agenda.at(when, lambda now, some=some: people_import.carry_out(
            stage.session, people_import.plan_import(stage.session, as_list(some, names)), by=ORGANISER, now=now
        ))


def _series(session: Session, details: SeriesDetails, dates: Sequence[Event], *, now: datetime) -> None:
    first, *others = dates
    made = series.start(session, first, details, by=ORGANISER, now=now)
    for event in others:
        series.add(session, made, event, by=ORGANISER, now=now)


def _screen(session: Session, event: Event, *, now: datetime) -> str:
    """The code of the hall's screen, its results shown and of what people wrote the words that several used."""
    assert event.questionnaire is not None
    screen = screens.renew(session, event, by=ORGANISER, now=now)
    screens.reveal(session, screen, screen.questions, shown=True, by=ORGANISER, now=now)
    form = form_of(session, event.questionnaire)
    written = [asked for asked in screens.offered(form) if screens.has_words(asked)]
    found = clouds.counted(session, event.questionnaire, written, context=event.slug, mask=mask_for(session, event))
    for asked in written:
        several = [word for word, count in found[asked.id].items() if count > 1]
        screens.decide(session, event, asked, several[:WORDS], approved=True, by=ORGANISER, now=now)
    screens.turn(session, screen, form, written[-1].id, now=now)
    return screen.code


def _start(now: datetime, day: int) -> datetime:
    """Nine o'clock of the next day on which offices work; the event of today began an hour before the last half hour."""
    if day == 0:
        return now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - HOUR
    start = (now + day * DAY).replace(hour=9, minute=0, second=0, microsecond=0)
    while start.weekday() >= SATURDAY or (start.month, start.day) in HOLIDAYS:
        start += DAY
    return start


def _unanswered(session: Session, event: Event) -> Invitation:
    waiting = invitations.of_event(event, state=invitations.State.INVITED).limit(1)
    return session.scalars(waiting).one()


def _expected(session: Session, event: Event) -> Attendee:
    """A leader with companions who has not come yet."""
    party = parties.attendees(event, standing=parties.Standing.CONFIRMED).where(
        Attendee.arrived_at.is_(None), Attendee.place == 0
    )
    return session.scalars(party.order_by(None).order_by(parties.Registration.party.desc(), Attendee.id).limit(1)).one()


