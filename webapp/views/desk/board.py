"""The live board on the desk, with names for those who may read them; and the address of the public one."""

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from engage import board, events
from engage.staff import Permission
from webapp.guard import allowed
from webapp.live import boards, last
from webapp.views.desk import desk
from webapp.wiring import clock, db, link, saving

READERS = Permission.PEOPLE, Permission.DOOR  # of whole names


@desk.get("/events/<slug>/board")
@allowed(Permission.SEE, Permission.DOOR)
def board_page(slug: str) -> str:
    """The board, and where its public one is."""
    event = events.by_slug(db.session(), slug)
    public = board.of(db.session(), event)
    figures = boards().snapshot(event.id)[0].figures
    return render_template("desk/board.html", event=event, figures=figures, last=last(figures, names=current_user.may(*READERS)),
                           address=public and link("board.screen", code=public.code))


@desk.get("/events/<slug>/board/figures")
@allowed(Permission.SEE, Permission.DOOR)
def board_figures(slug: str) -> Response:
    """What has changed."""
    return boards().answer(events.by_slug(db.session(), slug).id, names=current_user.may(*READERS))


@desk.post("/events/<slug>/board")
@allowed(Permission.EVENTS)
def renew_board(slug: str) -> BaseResponse:
    """Open the public board, or give it another address."""
    with saving() as session:
        board.renew(session, events.by_slug(session, slug), by=current_user.by, now=clock())
    flash(gettext("公开大屏的地址已生成，之前的地址不再可用。"), "success")
    return redirect(url_for("desk.board_page", slug=slug), 303)


@desk.post("/events/<slug>/board/withdraw")
@allowed(Permission.EVENTS)
def withdraw_board(slug: str) -> BaseResponse:
    """Close the public board."""
    with saving() as session:
        board.withdraw(session, events.by_slug(session, slug), by=current_user.by, now=clock())
    flash(gettext("公开大屏已停用。"), "success")
    return redirect(url_for("desk.board_page", slug=slug), 303)
