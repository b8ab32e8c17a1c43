"""What tests stand on: two databases, a fixed time, and the web app when it is there."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import walk_packages

import hypothesis
import make
import pgserver
import pytest
import sqlalchemy as sa
from database import open_engine, open_memory, sqlite_file
from flask import Flask
from flask.templating import Environment
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session

import engage  # noqa: F401 -- fills the metadata
import surveys  # noqa: F401 -- fills the metadata
import webapp
from engage.people import seed_categories
from engage.staff import Role, User
from surveys.base import Base
from webapp import App, create_app, live
from webapp.guard import SignedIn
from webapp.settings import Settings

# Fixtures live longer than an example on purpose: `database.undone(session)` takes each example back.
hypothesis.settings.register_profile(
    "here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("here"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

# All of the app is loaded before any test stops its clock: a module that first meets `webapp.wiring.clock` while another
# stands in its place would keep that one, and judge the scans of all later tests by it.
for module in walk_packages(webapp.__path__, "webapp."):
    import_module(module.name)


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning at the office, nine o'clock."""
    return make.NOW


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database; `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)` keeps a test to one."""
    return request.param


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL of this process, with its empty database `postgres`."""
    folder = tempfile.mkdtemp(prefix="engage-pg-")  # not below pytest's own folder: the server's user must get in
    server = pgserver.get_server(folder, cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")  # it lives for these tests only
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(database: str, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """An engine with all tables, made once. Only `session` writes to it, and takes everything back."""
    engine = open_memory() if database == "sqlite" else open_engine(_own_database(request))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session whose work is rolled back after the test, its commits too."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def database_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database without tables that belongs to this test alone, for several processes or a migration."""
    return sqlite_file(tmp_path) if database == "sqlite" else _own_database(request)


@pytest.fixture
def fresh_engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine with all tables on a database of this test alone, for threads that really commit."""
    options = {"connect_args": {"timeout": 30}} if database_url.startswith("sqlite") else {"pool_size": 30}
    engine = open_engine(database_url, **options)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _own_database(request: pytest.FixtureRequest) -> str:
    server = sa.make_url(request.getfixturevalue("postgresql"))
    name = f"t_{uuid.uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session", autouse=True)
def templates(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Every app finds its templates compiled, here: compiling those of one page takes longer than most tests."""
    assert request.config.cache
    folder = request.config.cache.mkdir("templates")
    compiled = FileSystemBytecodeCache(str(folder), f"{version('jinja2')}-%s.cache")
    make = App.create_jinja_environment

    def environment(app: App) -> Environment:
        made = make(app)
        made.bytecode_cache = compiled
        return made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(App, "create_jinja_environment", environment)
        yield folder


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file as `engage init` leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("initialised")
    engine = open_engine(sqlite_file(folder))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        seed_categories(session)
        session.commit()
    engine.dispose()  # which also folds the write-ahead log into the file
    return folder / "engage.sqlite"


@pytest.fixture(scope="session")
def one_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app that every test finds as new in `app`: making one takes longer than most tests."""
    app = _made_app(tmp_path_factory.mktemp("instance"))
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    sa.event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))  # no test pulls the plug
    yield app
    engine.dispose()


@pytest.fixture
def app(one_app: Flask, initialised: Path) -> Iterator[Flask]:
    """The web app on a SQLite database of its own, categories there; without form tokens and rate limits. For one more route: `own_app`."""
    instance = one_app.extensions["engage_settings"].instance
    for path in instance.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copy(initialised, instance / "engage.sqlite")
    one_app.extensions["engage_boards"] = live.Boards()
    one_app.extensions.pop("engage_answers_live", None)
    one_app.extensions.pop("engage_screens", None)
    config = dict(one_app.config)
    yield one_app
    one_app.config.clear()
    one_app.config.update(config)
    with one_app.app_context():
        one_app.extensions["sqlalchemy"].engine.dispose()  # with its connections to the file that goes


@pytest.fixture
def own_app(initialised: Path, tmp_path: Path) -> Iterator[Flask]:
    """As `app`, but made for this test alone, which may add to it, and as durable as in an office."""
    instance = tmp_path / "instance"
    instance.mkdir()
    shutil.copy(initialised, instance / "engage.sqlite")
    app = _made_app(instance)
    yield app
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def _made_app(instance: Path) -> Flask:
    settings = Settings(instance=instance, secret_key="only for tests")
    return create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


@pytest.fixture
def saved(app: Flask) -> Callable[[], AbstractContextManager[Session]]:
    """`with saved() as session:` writes to the app's database and commits at the end; what was loaded stays readable."""

    @contextmanager
    def writing() -> Iterator[Session]:
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine.execution_options(writes=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    return writing


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A guest's browser."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask, saved: Callable[[], AbstractContextManager[Session]]) -> Callable[[Role | str], FlaskClient]:
    """`signed_in("door")` is the browser of a new member of staff of that role."""

    def browser(role: Role | str) -> FlaskClient:
        with saved() as session:
            # Straight to the table: hashing a password takes long on purpose, and nobody types it here.
            user = User(username=f"{Role(role).value}-{uuid.uuid4().hex[:8]}", display_name="王老师", password_hash="",
                        role=Role(role), session_stamp=uuid.uuid4().hex, created_at=make.NOW)
            session.add(user)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = SignedIn(user).get_id()
            cookie["_fresh"] = True
        return client

    return browser
