"""Staff: who may sign in to the desk, with which role, and what a role may do."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import argon2
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.errors import Conflict, Denied, Invalid, NotFound
from surveys.base import Base

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
PASSWORD_LENGTH = 10  # at least
USERNAME = re.compile(r"[\w.\-]{2,60}")

# OWASP's second Argon2id profile: 19 MiB and two passes, so that many sign-ins at once do not eat the memory.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class UserUnknown(NotFound):
    """There is no such user."""


class UserNameInvalid(Invalid):
    """A user name has 2 to 60 letters, digits, dots, hyphens or underscores."""


class UserNameTaken(Conflict):
    """There is a user of this name already."""


class PasswordTooShort(Invalid):
    """The password is too short."""


class PasswordIsUserName(Invalid):
    """The password contains the user name."""


class PasswordWrong(Denied):
    """The present password is not right."""


class LastAdmin(Conflict):
    """The last active administrator must stay one."""


class SignInFailed(Denied):
    """User name or password is wrong, or the account is locked after too many failures."""


class SetupOver(Denied):
    """The first administrator exists already."""


class Role(StrEnum):
    ADMIN = "admin"
    ORGANISER = "organiser"
    DOOR = "door"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a page or command asks for."""

    SEE = "see"  # look at events, figures and lists, personal data masked
    EVENTS = "events"  # make and change events
    PEOPLE = "people"  # see and change personal data
    INVITE = "invite"  # send invitations and messages
    DOOR = "door"  # admit guests
    SURVEYS = "surveys"  # make and change questionnaires
    ANALYSE = "analyse"  # read open answers, export
    ADMIN = "admin"  # users, devices, categories, audit trail


MAY: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.ORGANISER: frozenset(Permission) - {Permission.ADMIN},
    Role.DOOR: frozenset({Permission.DOOR}),
    Role.ANALYST: frozenset({Permission.SEE, Permission.SURVEYS, Permission.ANALYSE}),
    Role.VIEWER: frozenset({Permission.SEE}),
}


class User(Base):
    """A member of staff. `session_stamp` changes with the password and the role's end, and so ends open sessions."""

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(60), unique=True)  # see `username_key()`
    display_name: Mapped[str] = mapped_column(sa.String(60))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role]
    active: Mapped[bool] = mapped_column(default=True)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    session_stamp: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]

    def may(self, *wanted: Permission) -> bool:
        """Whether the user is active and the role allows at least one of these; with none given: just active."""
        return self.active and (not wanted or not MAY[self.role].isdisjoint(wanted))

    @property
    def actor(self) -> str:
        """How the audit trail names this user."""
        return f"user:{self.username}"


def username_key(username: str) -> str:
    """The form in which user names are stored and compared: width, case and outer spaces do not matter."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def users(*, search: str = "") -> sa.Select[User]:
    """All users, or those whose user name or display name contains `search`."""
    found = sa.select(User)
    if search:
        found = found.where(User.username.contains(username_key(search), autoescape=True)
                            | User.display_name.icontains(search.strip(), autoescape=True))
    return found


def user_named(session: Session, username: str) -> User:
    """Raises UserUnknown."""
    if user := session.scalar(sa.select(User).where(User.username == username_key(username))):
        return user
    raise UserUnknown(username=username)


def user_with_id(session: Session, user_id: int) -> User:
    """Raises UserUnknown."""
    if user := session.get(User, user_id):
        return user
    raise UserUnknown(id=user_id)


def any_user(session: Session) -> bool:
    """Whether anybody was ever given an account."""
    return session.scalar(sa.select(sa.exists(sa.select(User.id)))) or False


def add_user(  # noqa: PLR0913 -- a dataclass for one optional name would tell less
    session: Session, username: str, password: str, *, role: Role, display_name: str = "", now: datetime, by: str,
) -> User:
    """Raises UserNameInvalid, UserNameTaken, PasswordTooShort, PasswordIsUserName."""
    key = username_key(username)
    if not USERNAME.fullmatch(key):
        raise UserNameInvalid(field="username")
    _check_password(key, password)
    user = User(username=key, display_name=display_name.strip() or username.strip(), password_hash=_hasher.hash(password),
                role=role, session_stamp=secrets.token_hex(16), created_at=now)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise UserNameTaken(field="username", username=key) from None
    audit.record(session, "user.add", user, by=by, now=now, role=role)
    return user


def add_first_admin(session: Session, username: str, password: str, *, now: datetime) -> User:
    """The administrator whom the one-time set-up link makes; raises SetupOver once anybody has an account."""
    if any_user(session):
        raise SetupOver
    return add_user(session, username, password, role=Role.ADMIN, now=now, by="system")


def rename_user(session: Session, user: User, display_name: str, *, now: datetime, by: str) -> None:
    """Change the name that is shown."""
    user.display_name = display_name.strip() or user.username
    audit.record(session, "user.rename", user, by=by, now=now)


def set_role(session: Session, user: User, role: Role, *, now: datetime, by: str) -> None:
    """Raises LastAdmin."""
    if role is user.role:
        return
    if role is not Role.ADMIN:
        _keep_an_admin(session, user)
    audit.record(session, "user.set_role", user, by=by, now=now, old=user.role, new=role)
    user.role = role


def deactivate(session: Session, user: User, *, now: datetime, by: str) -> None:
    """No more sign-in, and open sessions end. Raises LastAdmin."""
    _keep_an_admin(session, user)
    user.active = False
    user.session_stamp = secrets.token_hex(16)
    audit.record(session, "user.deactivate", user, by=by, now=now)


def reactivate(session: Session, user: User, *, now: datetime, by: str) -> None:
    """Sign-in works again, a lock-out included."""
    user.active = True
    user.failed_sign_ins, user.locked_until = 0, None
    audit.record(session, "user.reactivate", user, by=by, now=now)


def reset_password(session: Session, user: User, password: str, *, now: datetime, by: str) -> None:
    """Give a new password, end every session and any lock-out. Raises PasswordTooShort, PasswordIsUserName."""
    _check_password(user.username, password)
    user.password_hash = _hasher.hash(password)
    user.session_stamp = secrets.token_hex(16)
    user.failed_sign_ins, user.locked_until = 0, None
    audit.record(session, "user.password", user, by=by, now=now)


def change_password(session: Session, user: User, password: str, *, present: str, now: datetime, by: str) -> None:
    """One's own password, proved by the present one. Raises PasswordWrong and what `reset_password` raises."""
    if not _matches(user.password_hash, present):
        raise PasswordWrong(field="present")
    reset_password(session, user, password, now=now, by=by)


@dataclass(frozen=True)
class Attempt:
    """A user name and a password, judged. `against` is the hash that it was judged by."""

    username: str
    right: bool
    against: str
    rehashed: str = ""  # where today's parameters want a new hash


def attempt(session: Session, username: str, password: str) -> Attempt:
    """Judge a password. It is slow on purpose, so do it before the write transaction in which `sign_in` decides."""
    known = sa.select(User.password_hash).where(User.username == username_key(username))
    against = session.scalar(known) or _nobody()
    right = _matches(against, password)
    again = _hasher.hash(password) if right and _hasher.check_needs_rehash(against) else ""
    return Attempt(username_key(username), right, against, again)


def sign_in(session: Session, attempt: Attempt, *, now: datetime) -> User:
    """The user whose name and password these are.

    Raises SignInFailed, the same for an unknown, an inactive and a locked user and for a password that was changed meanwhile:
    whoever guesses learns neither names nor passwords. Five failures lock for fifteen minutes. A refusal changes the
    counters: commit nevertheless.
    """
    user = session.scalar(sa.select(User).where(User.username == attempt.username).with_for_update())
    refusal = SignInFailed(allowed=FAILURES_ALLOWED, minutes=LOCKED_FOR // timedelta(minutes=1))
    if user is None or not user.active or (user.locked_until and user.locked_until > now):
        raise refusal
    if not attempt.right or user.password_hash != attempt.against:
        user.failed_sign_ins += 1
        audit.record(session, "user.sign_in_failed", user, by="guest", now=now)
        if user.failed_sign_ins >= FAILURES_ALLOWED:
            user.failed_sign_ins, user.locked_until = 0, now + LOCKED_FOR
            audit.record(session, "user.locked_out", user, by="system", now=now)
        raise refusal
    user.failed_sign_ins, user.locked_until, user.last_sign_in_at = 0, None, now
    user.password_hash = attempt.rehashed or user.password_hash
    audit.record(session, "user.sign_in", user, by=user.actor, now=now)
    return user


def _check_password(username: str, password: str) -> None:
    if len(password) < PASSWORD_LENGTH:
        raise PasswordTooShort(field="password", least=PASSWORD_LENGTH)
    if username in username_key(password):
        raise PasswordIsUserName(field="password")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


_nobodys_hash: list[str] = []


def _nobody() -> str:
    """A hash that no password fits, made when first needed: an unknown user takes as long as a known one."""
    if not _nobodys_hash:
        _nobodys_hash.append(_hasher.hash(secrets.token_hex(16)))
    return _nobodys_hash[0]


def _keep_an_admin(session: Session, user: User) -> None:
    # The rows are locked so that two administrators cannot demote each other at the same moment.
    admins = session.scalars(sa.select(User).where(User.role == Role.ADMIN, User.active).with_for_update()).all()
    if list(admins) == [user]:
        raise LastAdmin(field="role")
