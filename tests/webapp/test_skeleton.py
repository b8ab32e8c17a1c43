"""Settings, the transaction, refusals in words, formats, and the commands."""

import json
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask_wtf import FlaskForm
from wtforms import StringField

from engage import staff
from engage.errors import Conflict, Denied, EngageError, Invalid, NotFound
from engage.events import RegistrationNotYetOpen
from engage.staff import PasswordTooShort, Role, User
from surveys.errors import SurveyError
from webapp import cli, errors, formats, settings, wiring
from webapp.settings import BadSetting, Settings
from webapp.wiring import db, saving

PASSWORD = "three plain words"


@pytest.fixture
def request_context(app):
    with app.test_request_context() as context:
        yield context


def add(session, name, now):
    return staff.add_user(session, name, PASSWORD, role=Role.VIEWER, now=now, by="system")


# ---- settings


def test_nothing_configured_means_sqlite_in_the_instance_folder(tmp_path):
    given = Settings.from_environment({"ENGAGE_INSTANCE": str(tmp_path)})
    assert given == Settings(instance=tmp_path)
    assert (given.sqlalchemy_url, given.on_sqlite, given.https) == (f"sqlite:///{tmp_path}/engage.sqlite", True, False)


def test_the_environment_is_read_with_its_types():
    given = Settings.from_environment({
        "ENGAGE_DATABASE_URL": "postgres://u:p@h/d", "ENGAGE_BASE_URL": "https://kfr.example.cn/", "ENGAGE_MAIL_PORT": "465",
        "ENGAGE_MAIL_USE_SSL": "yes", "ENGAGE_TRUSTED_PROXIES": "",
    })
    assert given == Settings(database_url="postgres://u:p@h/d", base_url="https://kfr.example.cn", mail_port=465, mail_use_ssl=True)
    assert given.sqlalchemy_url == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize("variable, value", [
    ("ENGAGE_TIMEZONE", "Mars/Base"), ("ENGAGE_BASE_URL", "kfr.example.cn"), ("ENGAGE_MAIL_PORT", "-1"),
    ("ENGAGE_MAIL_USE_TLS", "maybe"),
])
def test_a_value_of_no_use_is_refused_with_the_name_of_its_variable(variable, value):
    with pytest.raises(BadSetting, match=f"^{variable}: "):
        Settings.from_environment({variable: value})


def test_every_setting_is_described_under_one_prefix():
    assert [row[0] for row in settings.described() if not row[0].startswith("ENGAGE_") or not row[2].endswith(".")] == []


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    made = Settings(instance=tmp_path / "new").key()
    assert len(made) >= 43
    assert Settings(instance=tmp_path / "new").key() == made
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


# ---- the transaction


def test_saving_commits_and_an_exception_takes_everything_back(app, now):
    with app.app_context():
        with saving() as session:
            add(session, "anna", now)
        with pytest.raises(staff.UserNameTaken), saving() as session:
            add(session, "ben", now), add(session, "ben", now)
        assert db.session.scalars(sa.select(User.username)).all() == ["anna"]


def test_saving_within_saving_is_refused_and_the_next_one_works(app, now):
    with app.app_context():
        with saving(), pytest.raises(RuntimeError, match="within"):
            saving().__enter__()
        with saving() as session:
            add(session, "anna", now)


def test_a_write_that_begins_with_a_read_waits_for_another_instead_of_failing(app, now):
    with app.app_context():
        with saving() as session:
            anna = add(session, "anna", now)
            key = anna.id
        started = threading.Event()

        def other():
            with app.app_context(), saving() as session:
                started.set()
                session.get_one(User, key).failed_sign_ins += 1
                threading.Event().wait(0.2)

        assert db.session.get_one(User, key).failed_sign_ins == 0  # this request has read …
        thread = threading.Thread(target=other)
        thread.start()
        started.wait(5)
        with saving() as session:  # … and now writes on what the other one left
            session.get_one(User, key).failed_sign_ins += 1
        thread.join()
        assert db.session.get_one(User, key).failed_sign_ins == 2


def test_sqlite_is_durable_and_keeps_its_references(own_app):
    with own_app.app_context():
        told = [db.session.scalar(sa.text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert told == ["wal", 2, 1]


# ---- refusals


def families(kind):
    for each in kind.__subclasses__():
        yield each
        yield from families(each)


def test_every_refusal_of_the_libraries_has_words_for_a_person(app):
    classes = [each for root in (EngageError, SurveyError) for each in families(root)
               if each.__module__.partition(".")[0] in {"engage", "surveys"}]
    named = {each.code for each in classes if each.__doc__}
    assert sorted(named - errors.REFUSALS.keys()) == []


def test_the_table_of_words_is_sorted():
    assert list(errors.REFUSALS) == sorted(errors.REFUSALS)


def test_facts_stand_in_the_words_as_people_write_them(request_context):
    assert errors.words(PasswordTooShort(least=10)) == "密码至少需要 10 个字符。"
    opens_at = datetime(2026, 3, 18, 1, 15, tzinfo=UTC)
    assert errors.words(RegistrationNotYetOpen(opens_at=opens_at)) == "报名尚未开始，将于2026年3月18日（周三）9:15开放。"


def test_a_refusal_without_its_own_words_speaks_for_its_family(request_context):
    class QuiteUnheardOf(Conflict):
        """Nobody wrote words for this."""

    assert errors.words(QuiteUnheardOf()) == errors.words(Conflict())


@pytest.mark.parametrize("kind, status", [(NotFound, 404), (Invalid, 422), (Conflict, 409), (Denied, 403)])
def test_a_refusal_becomes_a_status_and_a_page_or_a_problem(own_app, kind, status):
    def refuse():
        raise kind

    own_app.add_url_rule("/refuse", view_func=refuse)
    own_app.add_url_rule("/api/refuse", "api_refuse", refuse)
    page, problem = (own_app.test_client().get(path) for path in ("/refuse", "/api/refuse"))
    assert (page.status_code, page.content_type) == (status, "text/html; charset=utf-8")
    assert str(errors.REFUSALS[kind.code]) in page.text
    assert (problem.status_code, problem.content_type) == (status, "application/problem+json")
    assert json.loads(problem.text) == {
        "type": "about:blank", "title": str(errors.PAGES[status][0]), "status": status, "code": kind.code,
        "detail": str(errors.REFUSALS[kind.code]),
    }


def test_words_go_next_to_the_field_that_is_meant_or_on_the_form(request_context):
    class NameForm(FlaskForm):
        name = StringField()

    form = NameForm()
    form.validate()
    errors.form_refused(form, Invalid(field="name"))
    errors.form_refused(form, Conflict(field="elsewhere"))
    assert form.name.errors == ["填写的内容有误，请检查后重试。"]
    assert form.form_errors == ["现在不能进行这项操作，请刷新页面后重试。"]


# ---- formats


START = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("language, day, when, period, over_night", [
    ("zh", "2026年3月18日（周三）", "2026年3月18日（周三）9:00", "2026年3月18日（周三）9:00–11:30",
     "2026年3月18日（周三）9:00 – 2026年3月19日（周四）1:00"),
    ("en", "Wed 18 March 2026", "Wed 18 March 2026, 9:00", "Wed 18 March 2026, 9:00–11:30",
     "Wed 18 March 2026, 9:00 – Thu 19 March 2026, 1:00"),
])
def test_dates_are_written_in_words_in_local_time(app, language, day, when, period, over_night):
    with app.test_request_context(f"/?lang={language}"):
        assert (formats.day(START), formats.when(START)) == (day, when)
        assert formats.period(START, START + timedelta(hours=2, minutes=30)) == period
        assert formats.period(START, START + timedelta(hours=16)) == over_night
        assert formats.number(1234567.5) == "1,234,567.5"
        assert [formats.when(None), formats.day(None), formats.number(None), formats.share(0.2543)] == ["", "", "", "25.4%"]


def test_links_follow_the_base_url_whatever_host_was_asked(app):
    with app.test_request_context("/", base_url="http://evil.example"):
        assert wiring.link("site.privacy") == "http://127.0.0.1:8000/privacy"


# ---- commands


@pytest.fixture
def run(app, monkeypatch):
    """`run("user", "add", …)` as on the command line, on the app's database."""
    monkeypatch.setenv("ENGAGE_INSTANCE", str(app.extensions["engage_settings"].instance))
    monkeypatch.setattr("webapp.commands.create_app", lambda: app)
    return lambda *words, **more: CliRunner().invoke(cli.main, words, **more)


def test_user_add_takes_the_password_from_standard_input(run, app):
    done = run("user", "add", "Anna", "--role", "organiser", "--password-stdin", "--json", input=f"{PASSWORD}\n")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"name": "anna", "role": "organiser"})
    with app.app_context():
        assert staff.sign_in(db.session(), staff.attempt(db.session(), "anna", PASSWORD), now=wiring.clock()).role is Role.ORGANISER


def test_device_add_prints_the_token_once(run):
    done = run("device", "add", "gate", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, sorted(told), told["name"]) == (0, ["name", "token"], "gate")
    again = run("device", "add", "gate")
    assert (again.exit_code, again.stdout, again.stderr) == (1, "", "Error: There is a device of this name already. (name=gate)\n")


def test_wrong_usage_is_another_exit_status(run):
    assert run("user", "add", "anna", "--role", "king").exit_code == 2


def test_several_processes_on_sqlite_are_refused_with_the_reason(run):
    refused = run("serve", "--workers", "2")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: SQLite is served by one process only, because")
