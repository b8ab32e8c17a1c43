"""Who is signed in, and whether the page is for them.

Every view of the desk is marked `@allowed(Permission.X, …)` (one of them suffices; none: any signed-in user) or
`@for_everyone`. The marks are enforced in one place, before each request, and a view without a mark is refused to all.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import abort, current_app, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from engage.staff import Permission, User
from webapp.wiring import db, login

View = TypeVar("View", bound=Callable[..., object])


class SignedIn(UserMixin):
    """The user of this request: `current_user.user` is the record, `.by` the actor for the audit trail."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.by = user.actor
        self.display_name = user.display_name
        self.stamp = user.session_stamp

    def may(self, *wanted: Permission) -> bool:
        """Whether the role allows one of these."""
        return self.user.may(*wanted)

    def get_id(self) -> str:
        """What the session cookie remembers; the stamp ends the session when the password changes."""
        return f"{self.user.id}:{self.stamp}"


class Guest(AnonymousUserMixin):
    """Nobody is signed in."""

    by = "guest"
    display_name = ""

    def may(self, *wanted: Permission) -> bool:
        """A guest may nothing."""
        return False


def allowed(*wanted: Permission) -> Callable[[View], View]:
    """Mark a view: for signed-in users whose role allows one of these; with none given, for any signed-in user."""

    def mark(view: View) -> View:
        view.allowed = wanted  # type: ignore[attr-defined] -- the mark
        return view

    return mark


def for_everyone(view: View) -> View:
    """Mark a view of the desk that needs no sign-in."""
    view.allowed = None  # type: ignore[attr-defined] -- the mark
    return view


def check_view() -> Response | None:
    """Before each request to the desk: let it pass, send to sign-in, or refuse."""
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if not hasattr(view, "allowed"):
        abort(403)
    return None if view.allowed is None else require(*view.allowed)


def require(*wanted: Permission) -> Response | None:
    """Ask for a permission anywhere: the answer to give instead of the page, None when it may be shown; 403 for the rest."""
    if not current_user.is_authenticated:
        if request.method == "GET":
            return redirect(url_for("desk.sign_in", next=request.full_path.rstrip("?")))
        abort(401)
    if not current_user.may(*wanted):
        abort(403)
    return None


def begin_session(user: User) -> None:
    """Sign in with a session that has nothing of the one before."""
    language_and_csrf = {name: session[name] for name in ("csrf_token",) if name in session}
    session.clear()
    session.update(language_and_csrf)
    session.permanent = True
    login_user(SignedIn(user))


def end_session() -> None:
    """Sign out."""
    logout_user()
    session.clear()


def local_path(wish: str | None) -> str | None:
    """The address if it is a page of this site, so that nobody is led away by `?next=`."""
    if wish and wish.startswith("/") and not wish.startswith(("//", "/\\")) and wish.isprintable() and "\\" not in wish:
        return wish
    return None


@login.user_loader
def load(remembered: str) -> SignedIn | None:
    """The active user of a session whose stamp is still right."""
    key, _, stamp = remembered.partition(":")
    user = db.session.get(User, int(key)) if key.isdecimal() else None
    return SignedIn(user) if user and user.active and user.session_stamp == stamp else None


login.anonymous_user = Guest
