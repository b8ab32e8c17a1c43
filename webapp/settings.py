"""What can be configured: environment variables, read once into typed settings.

Every field of `Settings` names its variable and says what it does; with nothing set the product runs on SQLite in
`instance/`. `described()` lists them for the documentation.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


class BadSetting(ValueError):
    """An environment variable has a value that cannot be used."""


def _told(variable: str, meaning: str) -> dict[str, str]:
    return {"variable": variable, "meaning": meaning}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The configuration of one installation. Raises BadSetting, from `from_environment`, for a value of no use."""

    instance: Path = field(default=Path("instance"), metadata=_told(
        "ENGAGE_INSTANCE", "Folder for the SQLite database, the job queue, uploads, compiled templates and the secret key."))
    database_url: str = field(default="", metadata=_told(
        "ENGAGE_DATABASE_URL", "SQLAlchemy address of the database; empty: SQLite in the instance folder. `postgresql://…` is understood."))
    redis_url: str = field(default="", metadata=_told(
        "ENGAGE_REDIS_URL", "Redis for jobs, rate limits and live updates; empty: inside the process."))
    secret_key: str = field(default="", metadata=_told(
        "ENGAGE_SECRET_KEY", "Signs sessions and expiring links; empty: made once and kept in the instance folder. The same for all processes."))
    field_key: str = field(default="", metadata=_told(
        "ENGAGE_FIELD_KEY", "Encrypts sensitive answers in the database. Several, separated by commas: the first encrypts, all of them read. Empty: derived from the secret key, which is always tried too."))
    base_url: str = field(default="http://127.0.0.1:8000", metadata=_told(
        "ENGAGE_BASE_URL", "Address under which people reach the site; links, QR codes and secure cookies follow it."))
    office: str = field(default="公共资源交易中心", metadata=_told(
        "ENGAGE_OFFICE", "Name of the office, as pages, letters, messages and reports show it."))
    timezone: str = field(default="Asia/Shanghai", metadata=_told(
        "ENGAGE_TIMEZONE", "Time zone in which times are shown and typed."))
    smallest_cell: int = field(default=5, metadata=_told(
        "ENGAGE_SMALLEST_CELL", "Groups and cells with fewer answers are left out of every summary that leaves the house; 1: none are."))
    trusted_proxies: int = field(default=0, metadata=_told(
        "ENGAGE_TRUSTED_PROXIES", "Number of reverse proxies in front whose X-Forwarded headers are believed."))
    max_upload_mb: int = field(default=16, metadata=_told(
        "ENGAGE_MAX_UPLOAD_MB", "Largest request body, in megabytes."))
    mail_server: str = field(default="", metadata=_told(
        "ENGAGE_MAIL_SERVER", "SMTP server; empty: messages stay in the outbox."))
    mail_port: int = field(default=25, metadata=_told(
        "ENGAGE_MAIL_PORT", "Port of the SMTP server."))
    mail_use_tls: bool = field(default=False, metadata=_told(
        "ENGAGE_MAIL_USE_TLS", "Use STARTTLS."))
    mail_use_ssl: bool = field(default=False, metadata=_told(
        "ENGAGE_MAIL_USE_SSL", "Use TLS from the first byte (usually port 465)."))
    mail_username: str = field(default="", metadata=_told(
        "ENGAGE_MAIL_USERNAME", "User name at the SMTP server."))
    mail_password: str = field(default="", metadata=_told(
        "ENGAGE_MAIL_PASSWORD", "Password at the SMTP server."))
    mail_default_sender: str = field(default="", metadata=_told(
        "ENGAGE_MAIL_DEFAULT_SENDER", "Sender address of all mail."))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables; those that are absent or empty keep their defaults."""
        types = get_type_hints(cls)
        given = {each.name: _parsed(each, types[each.name], text.strip())
                 for each in fields(cls) if (text := environ.get(each.metadata["variable"], "")).strip()}
        return cls(**given).checked()

    def checked(self) -> "Settings":
        """These settings, when they make sense; raises BadSetting otherwise."""
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadSetting(f"ENGAGE_TIMEZONE: no such time zone: {self.timezone}") from None
        address = urlsplit(self.base_url)
        if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
            raise BadSetting(f"ENGAGE_BASE_URL: not an http(s) address: {self.base_url}")
        if self.smallest_cell < 1:
            raise BadSetting(f"ENGAGE_SMALLEST_CELL: at least 1: {self.smallest_cell}")
        if self.mail_use_tls and self.mail_use_ssl:
            raise BadSetting("ENGAGE_MAIL_USE_TLS and ENGAGE_MAIL_USE_SSL exclude each other")
        return self

    @property
    def https(self) -> bool:
        """Whether people reach the site by https."""
        return self.base_url.startswith("https:")

    @property
    def on_sqlite(self) -> bool:
        return self.sqlalchemy_url.startswith("sqlite")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address with the driver that this product ships."""
        if not self.database_url:
            return f"sqlite:///{(self.instance / 'engage.sqlite').resolve()}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    def field_secrets(self) -> tuple[str, ...]:
        """From what the keys for sensitive answers are derived, the one that encrypts first."""
        return (*filter(None, (secret.strip() for secret in self.field_key.split(","))), self.key())

    def key(self) -> str:
        """The secret key: the given one, or one made on first use and kept, readable by its owner only."""
        if self.secret_key:
            return self.secret_key
        path = self.instance / "secret.key"
        self.instance.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            if kept := path.read_text().strip():
                return kept
            raise BadSetting(f"{path} is empty: remove it or set ENGAGE_SECRET_KEY") from None
        made = secrets.token_urlsafe(48)
        with os.fdopen(handle, "w") as file:
            file.write(made)
        return made


def described() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, in order."""
    return [(each.metadata["variable"], str(each.default), each.metadata["meaning"]) for each in fields(Settings)]


def _parsed(setting: Field[Any], kind: type, text: str) -> Any:
    variable = setting.metadata["variable"]
    if kind is bool:
        if text.casefold() not in TRUE | FALSE:
            raise BadSetting(f"{variable}: neither yes nor no: {text}")
        return text.casefold() in TRUE
    if kind is int:
        if not text.isascii() or not text.isdecimal():
            raise BadSetting(f"{variable}: not a whole number: {text}")
        return int(text)
    return text.rstrip("/") if setting.name == "base_url" else kind(text)
