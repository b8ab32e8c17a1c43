"""What the web app is wired to: database, clock, sign-in, form protection, languages, mail.

`saving()` is the web's only commit and `clock()` its only clock.
"""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from babel.support import NullTranslations, Translations
from flask import Flask, Request, current_app, g, request
from flask_babel import Babel, force_locale, gettext
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as BoundSession
from flask_wtf import CSRFProtect
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.utils import cached_property
from wtforms.i18n import messages_path

from engage.sealing import Cipher
from surveys.base import Base
from surveys.statements import pipelined
from webapp.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MOST_FIELDS = 5000  # in one form
RESTED = 1.0  # seconds after which a connection to PostgreSQL may have died unnoticed
_ESCAPED = re.compile("(?:%[0-9A-Fa-f]{2})+")  # of a form: the bytes of one character or of several
ASKED = "engage.asked"  # in the environ: see `asked`
LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}  # what ?lang and the cookie say → locale; the first is the default


class OneDatabase(BoundSession):
    """Flask-SQLAlchemy's session without its search, at each statement, for the database of a table: there is one.

    While `saving` lasts its connection is found at once.
    """

    def __init__(self, db: SQLAlchemy, **options: Any) -> None:
        super().__init__(db, **options | {"bind": db.engine})

    get_bind = Session.get_bind  # type: ignore[assignment] -- SQLAlchemy's own, which takes fewer words

    def connection(self, bind_arguments: Any = None, execution_options: Any = None) -> sa.Connection:
        held = self.info.get("saving") if execution_options is None else None
        return held if held is not None else super().connection(bind_arguments, execution_options)


# What was committed is as it was written; the next saving() reads it again anyway.
db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options={"class_": OneDatabase, "expire_on_commit": False})
csrf = CSRFProtect()
login = LoginManager()
babel = Babel()
mail = Mail()
bootstrap = Bootstrap5()

# On SQLite only one transaction writes at a time. Waiting here is fair and wakes at once; SQLite's own waiting sleeps
# and polls. Other processes (the command line) still queue by busy_timeout.
_writing = threading.Lock()


def clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


@contextmanager
def saving() -> Iterator[Session]:
    """Open a write transaction (`with saving() as session:`), which commits at the end and rolls back on any exception.

    What was read before is read again, so that nothing is decided on a stale state. Not to be nested (RuntimeError).
    """
    session: Session = db.session()
    if "saving" in session.info:
        raise RuntimeError("saving() within saving()")
    session.info["saving"] = None
    try:
        with _writing if session.get_bind().dialect.name == "sqlite" else nullcontext():
            session.rollback()  # ends the reading transaction of this request
            session.expire_all()  # what an earlier saving() kept belongs to no transaction, so rolling back leaves it
            session.info["saving"] = session.connection(execution_options={"writes": True})
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        del session.info["saving"]


@contextmanager
def writing() -> Iterator[sa.Connection]:
    """`saving` without a session, for statements that load no records: half the work, for what must be quick.

    On PostgreSQL what was sent last and the commit are waited for once; see `pipelined`.
    """
    engine = db.engine
    lock = _writing if engine.dialect.name == "sqlite" else nullcontext()
    with lock, engine.connect().execution_options(writes=True) as connection, pipelined(connection), connection.begin():
        yield connection


def tune_sqlite(engine: sa.Engine) -> None:
    """Make an engine on SQLite durable and patient; a transaction with the option `writes` takes the lock at its start.

    A transaction that begins by reading and then writes would fail at once when another has written meanwhile.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver shall not begin by itself
        for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def tune_postgresql(engine: sa.Engine) -> None:
    """Ask whether a connection is still alive when it has rested; SQLAlchemy's own asking, each time, is a fifth of a scan."""

    @event.listens_for(engine, "checkin")
    def checkin(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def checkout(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("used_at", inf) > RESTED and not _alive(engine.dialect, connection):
            raise DisconnectionError


def _alive(dialect: sa.Dialect, connection: DBAPIConnection) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Inside the block texts, dates and numbers are in this language, whatever the request's is: for messages to others."""
    before = g.get("speaking")
    g.speaking = wanted if wanted in LANGUAGES else next(iter(LANGUAGES))
    try:
        with force_locale(LANGUAGES[g.speaking]):
            yield
    finally:
        g.speaking = before


def language() -> str:
    """The language of this request, or of the message being written: `zh` or `en`."""
    if g and (speaking := g.get("speaking")):
        return speaking
    return request.language if request else next(iter(LANGUAGES))  # type: ignore[attr-defined] -- see Asked


def office() -> str:
    """The name of the office; the one that stands for none chosen speaks the reader's language."""
    chosen = settings().office
    return gettext("公共资源交易中心") if chosen == Settings.office else chosen


def link(endpoint: str, **values: Any) -> str:
    """The full address of a page, under ENGAGE_BASE_URL whatever the request's Host header says; works in jobs too."""
    base = urlsplit(settings().base_url)
    adapter = current_app.url_map.bind(base.netloc, script_name=base.path or "/", url_scheme=base.scheme)
    return adapter.build(endpoint, values, force_external=True)


@cache
def _form_words(locale: str) -> NullTranslations:
    return Translations.load(messages_path(), [locale], domain="wtforms")


class Asked(Request):
    """A request that finds out once, and only when it is wanted, which language to answer in."""

    @cached_property
    def language(self) -> str:
        """Of what `?lang` and the cookie say the first that there is; most guests send neither a query nor a cookie."""
        if self.query_string and (wish := self.args.get("lang")) in LANGUAGES:
            return wish
        if "HTTP_COOKIE" in self.environ and (wish := self.cookies.get("lang")) in LANGUAGES:
            return wish
        return next(iter(LANGUAGES))

    @cached_property
    def fields(self) -> MultiDict[str, str]:
        """What `form` holds, but a plain form is read in a third of the time. A page that is shown again may still ask for `form`."""
        if "form" in self.__dict__ or self.mimetype != "application/x-www-form-urlencoded":  # once read, the body is gone
            return self.form
        length = self.content_length
        if (length or 0) > (self.max_form_memory_size or inf):
            raise RequestEntityTooLarge
        if length is not None:
            read_at_once(self.environ, length)
        return _fields(self.get_data().decode(errors="replace"))

    @cached_property
    def wtforms_translations(self) -> NullTranslations:
        """Where Flask-WTF looks; it would read WTForms' own catalogue from disk in every request that has a form."""
        return _form_words(LANGUAGES[self.language])


def _fields(body: str) -> MultiDict[str, str]:
    """What `urllib.parse.parse_qs` would read of a plain form; of Chinese, of which each character is nine there, in a quarter of the time."""
    pairs = body.replace("+", " ").split("&")
    if len(pairs) > MOST_FIELDS:
        raise RequestEntityTooLarge
    fields: dict[str, list[str]] = {}
    for pair in filter(None, pairs):
        name, _, value = pair.partition("=")
        fields.setdefault(_unescaped(name), []).append(_unescaped(value))
    return MultiDict(fields)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(errors="replace"), text) if "%" in text else text


def asked(environ: "WSGIEnvironment") -> Asked:
    """The request of this environment, one for Flask and for what comes before it: what was read of it is not read again."""
    if (request := environ.get(ASKED)) is None:
        request = environ[ASKED] = Asked(environ)
    return request


def read_at_once(environ: "WSGIEnvironment", length: int) -> bytes:
    """The body of this length, which whoever asks later reads again. Raises ClientDisconnected where less has come: half a form must
    not be taken for a whole one.

    Whenever the server is asked for more, another thread goes first.
    """
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    if len(body) < length:
        raise ClientDisconnected
    return body


def sent_fields() -> MultiDict[str, str]:
    """What this request's form brings: see `Asked.fields`."""
    return request.fields  # type: ignore[attr-defined] -- of Asked


def cipher() -> Cipher:
    """What encrypts sensitive answers."""
    return _cipher(settings().field_secrets())


@cache
def _cipher(secrets: tuple[str, ...]) -> Cipher:
    return Cipher(secrets)


def settings() -> Settings:
    """The settings of the current app."""
    return current_app.extensions["engage_settings"]


def secret() -> str:
    """The secret key of the current app, without a look at its file."""
    return current_app.config["SECRET_KEY"]


def init_app(app: Flask) -> None:
    """Wire everything to the app; its configuration is already set."""
    db.init_app(app)
    csrf.init_app(app)
    login.init_app(app)
    babel.init_app(app, locale_selector=lambda: LANGUAGES[language()])
    mail.init_app(app)
    bootstrap.init_app(app)
    with app.app_context():
        tune = tune_sqlite if db.engine.dialect.name == "sqlite" else tune_postgresql
        tune(db.engine)
