"""The demo's year: complete, lifelike, and told in the order in which it happened."""

import json
import re
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from engage import attendance, comparisons, devices, events, fields, missing, outbox, staff
from engage.arrivals import Scan
from engage.audit import AuditEntry
from engage.contacts import valid_uscc
from engage.events import Event, Kind
from engage.fields import Answer as FieldAnswer
from engage.invitations import Invitation
from engage.invitations import State as InvitationState
from engage.parties import Attendee, Registration
from engage.people import Category, Invitee
from engage.walk_ins import WalkIn
from surveys import Answer, Question, Response
from webapp import create_app, wiring
from webapp.cli import main
from webapp.demo import NotEmpty, fill
from webapp.demo.guests import HOW_MANY, Directory
from webapp.settings import Settings

NOW = datetime(2026, 3, 18, 10, 40, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def demo(initialised: Path, tmp_path_factory: pytest.TempPathFactory):
    """The app with a filled demo, made once by the command, and what the command answered."""
    instance = tmp_path_factory.mktemp("demo")
    shutil.copy(initialised, instance / "engage.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGAGE_INSTANCE", str(instance))
        patch.setattr("webapp.commands.demo.clock", lambda: NOW)
        answer = CliRunner().invoke(main, ["demo", "--json"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    app = create_app(Settings(instance=instance, secret_key="only for tests"), TESTING=True, RATELIMIT_ENABLED=False)
    with app.app_context():
        yield app, wiring.db.session(), json.loads(answer.stdout)
        wiring.db.session.remove()
        wiring.db.engine.dispose()


def slug_in(link: str) -> str:
    return link.split("/events/")[1].split("/", maxsplit=1)[0]


def test_a_year_has_its_open_days_and_trainings(demo):
    _, session, _ = demo
    told = session.execute(sa.select(Event.kind, Event.state, Event.starts_at, Event.ends_at).order_by(Event.starts_at)).all()

    def phase(event):
        return "past" if event.ends_at < NOW else "coming" if event.starts_at > NOW else "running"

    assert Counter((event.kind.value, event.state.value, phase(event)) for event in told) == {
        ("open_day", "closed", "past"): 3, ("open_day", "published", "running"): 1, ("open_day", "published", "coming"): 2,
        ("training", "closed", "past"): 3, ("training", "draft", "coming"): 1,
    }


def test_the_open_day_of_now_began_an_hour_before_the_last_half_hour(demo):
    _, session, made = demo
    running = events.by_slug(session, slug_in(made["links"]["door"]))
    assert (running.starts_at, running.ends_at) == (NOW.replace(hour=9, minute=30), NOW.replace(hour=12, minute=30))


def test_the_open_days_are_a_series_whose_opinions_stand_side_by_side(demo):
    _, session, made = demo
    compared = comparisons.side_by_side(session, events.by_slug(session, slug_in(made["links"]["summary"])), now=NOW)
    assert [each.title.split("：")[0] for each in compared.occasions] == [f"第{number}期平台开放日" for number in (13, 14, 15, 16)]


def test_the_halls_screen_shows_words_that_several_wrote(demo):
    app, _, made = demo
    page = app.test_client().get(urlsplit(made["links"]["screen"]).path).text
    assert len(re.findall("<text ", page)) > 3


def test_every_open_day_has_its_four_kinds_of_activity_with_room_and_host(demo):
    _, session, _ = demo
    for event in session.scalars(events.find(kind=Kind.OPEN_DAY)):
        assert [activity.kind.value for activity in event.activities] == ["visit", "experience", "discussion", "survey"]
        assert all(activity.room and activity.host for activity in event.activities)


def test_three_hundred_invitees_of_all_categories_are_reachable_at_invented_addresses(demo):
    _, session, _ = demo
    people = session.scalars(sa.select(Invitee)).all()
    assert Counter(one.category.code for one in people) == HOW_MANY
    assert len(people) == 300
    assert [one.phone for one in people if not re.fullmatch(r"1990000\d{4}|0999000\d{4}", one.phone)] == []
    assert [one.email for one in people if one.email and not one.email.endswith("@example.com")] == []
    assert 0.5 < sum(bool(one.email) for one in people) / 300 < 0.7


def test_650_responses_are_filed_under_their_events_and_categories(demo):
    _, session, _ = demo
    slugs, codes = set(session.scalars(sa.select(Event.slug))), {*session.scalars(sa.select(Category.code)), ""}
    responses = session.scalars(sa.select(Response)).all()
    assert len(responses) == 650
    assert {one.context for one in responses} <= slugs
    assert {one.segment for one in responses} == codes
    assert all(one.submitted_at <= NOW for one in responses)


def test_guests_say_many_different_things(demo):
    _, session, _ = demo
    said = session.scalars(sa.select(Answer.text).where(sa.func.length(Answer.text) > 12)).all()
    assert len(said) > 200
    assert len(set(said)) > 100


def test_categories_differ_in_what_they_think(demo):
    _, session, _ = demo
    rated = sa.select(Response.segment, sa.func.avg(Answer.number)).join(Response, Answer.response_id == Response.id)
    rated = rated.join(Question, Question.id == Answer.question_id).where(Question.kind == "scale")
    mean = {segment: float(level) for segment, level in session.execute(rated.group_by(Response.segment))}
    assert mean["deputy"] > mean["agency"]


def test_invitations_and_messages_are_in_all_their_states(demo):
    _, session, _ = demo
    assert set(session.scalars(sa.select(Invitation.state))) == set(InvitationState)
    assert set(session.scalars(sa.select(outbox.Message.state))) == set(outbox.State)
    assert set(session.scalars(sa.select(outbox.Message.channel))) == set(outbox.Channel)


def test_people_bring_company_cancel_and_arrive_once(demo):
    _, session, _ = demo
    assert {1, 2, 3} == set(session.scalars(sa.select(Registration.party)))
    assert {"confirmed", "cancelled"} == set(session.scalars(sa.select(Registration.state)))
    assert {"admitted", "already", "left", "unknown"} == set(session.scalars(sa.select(Scan.result)))
    admitted = session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.distinct(Scan.attendee_id))).where(Scan.result == "admitted", Scan.activity_id.is_(None))
    )
    arrived = session.scalar(sa.select(sa.func.count(Attendee.arrived_at)))
    assert admitted.one() == (arrived, arrived)


def test_people_are_seen_in_rooms_and_some_come_without_a_registration(demo):
    _, session, made = demo
    running = events.by_slug(session, slug_in(made["links"]["door"]))
    visit, experience, discussion, survey = running.activities
    turnouts = attendance.turnouts(session, running)
    assert turnouts[visit.id].came > 40
    assert turnouts[experience.id].came > 20  # it began twenty minutes ago
    assert turnouts.keys() & {discussion.id, survey.id} == set()  # these are still to come
    walked_in = sa.select(WalkIn.event_id, sa.func.count(WalkIn.attendee_id)).group_by(WalkIn.event_id)
    assert sorted(count for _, count in session.execute(walked_in)) == [4, 6]


def test_what_todays_open_day_asks_is_answered_and_can_be_exported(demo):
    _, session, made = demo
    running = events.by_slug(session, slug_in(made["links"]["door"]))
    asked = fields.asked(session, running)
    assert [(one.label, one.kind) for one in asked] == [
        ("是否需要停车位", "yes_no"), ("车牌号", "text"), ("是否在中心用工作午餐", "yes_no"), ("饮食禁忌", "multiple"),
        ("统一社会信用代码", "text"), ("需要的无障碍协助", "text"),
    ]
    answered = fields.answer_counts(session, running)
    parties, people = (session.scalar(sa.select(sa.func.count(table.id)).where(table.event_id == running.id)) for table in (Registration, Attendee))
    assert (answered[asked[0].id], answered[asked[2].id]) == (parties - 4, people - 4)
    assert all(0 < answered.get(one.id, 0) <= people for one in asked)
    assert missing.count(session, running) == 4  # those four who came without a registration are still to be asked
    codes = session.scalars(sa.select(FieldAnswer.value).where(FieldAnswer.field_id == asked[4].id)).all()
    assert [code for code in codes if not valid_uscc(code)] == []
    assert all(one.sealed for one in session.scalars(sa.select(FieldAnswer).where(FieldAnswer.field_id == asked[5].id)))


def test_nothing_has_happened_yet_that_lies_ahead(demo):
    _, session, _ = demo
    for column in (AuditEntry.at, Scan.at, Registration.created_at, Attendee.arrived_at, outbox.Message.created_at):
        assert session.scalar(sa.select(sa.func.max(column))) <= NOW


def test_the_public_open_day_is_nearly_full_and_the_training_is_not_ready(demo):
    _, session, made = demo
    public = events.by_slug(session, slug_in(made["links"]["public_event"]))
    assert 0 < public.quota.free <= 6
    draft = session.scalars(events.find(state=events.State.DRAFT)).one()
    assert [problem.code for problem in events.problems(draft)] == ["place_missing", "contact_missing"]


def test_all_five_sign_in_with_the_password_and_the_device_with_its_token(demo):
    _, session, made = demo
    assert made["users"] == ["admin", "organiser", "door", "analyst", "viewer"]
    assert [staff.sign_in(session, staff.attempt(session, name, made["password"]), now=NOW).role.value for name in made["users"]] == made["users"]
    assert devices.device_for(session, made["device_token"]).name == "东门手持机"


def test_what_is_offered_to_try_opens(demo):
    app, _, made = demo
    paths = {name: urlsplit(link).path for name, link in made["links"].items()}
    answers = {name: app.test_client().get(path).status_code for name, path in paths.items()}
    assert answers == {
        "desk": 302, "public_event": 200, "invitation": 200, "ticket": 200, "questionnaire": 200, "screen": 200, "door": 302, "summary": 302,
    }


def test_a_database_with_anything_in_it_is_refused(demo):
    _, session, _ = demo
    with pytest.raises(NotEmpty):
        fill(session, password="long password 1", now=NOW)


def test_the_same_people_are_made_up_every_time():
    first, second = (Directory(Random(1)) for _ in range(2))
    assert [first.guest("enterprise") for _ in range(50)] == [second.guest("enterprise") for _ in range(50)]


def test_the_command_refuses_in_one_line(app: Flask, saved, monkeypatch):
    with saved() as session:
        staff.add_user(session, "anna", "long password 1", role=staff.Role.ADMIN, now=NOW, by="system")
    monkeypatch.setenv("ENGAGE_INSTANCE", str(app.instance_path))
    answer = CliRunner().invoke(main, ["demo"])
    assert (answer.exit_code, answer.output) == (1, "Error: The database is not empty: the demo fills a new one only.\n")
