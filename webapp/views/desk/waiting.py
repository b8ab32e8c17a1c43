"""The desk's page of an event's waiting list: who waits, in which order; seats given by hand, and seats kept back."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, waiting
from engage.contacts import mask_name
from engage.errors import EngageError
from engage.events import Event
from engage.parties import Attendee, Registration, State
from engage.people import Category
from engage.staff import Permission
from webapp.errors import form_refused, status_of, words
from webapp.forms.waiting import HoldForm, hold_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
NAMED = 5  # of those who got seats at once; more are counted
TO_THE_FRONT = -1_000_000
ACTS: Mapping[str, tuple[Callable[..., None], Any]] = {
    "seat": (waiting.seat, lazy_gettext("已为%(name)s安排名额，并发送入场凭证。")),
    "first": (partial(waiting.move, steps=TO_THE_FRONT), lazy_gettext("已将%(name)s移到最前。")),
    "up": (partial(waiting.move, steps=-1), lazy_gettext("已将%(name)s上移一位。")),
    "down": (partial(waiting.move, steps=1), lazy_gettext("已将%(name)s下移一位。")),
}
Answer = str | Response | tuple[str, int]


@desk.context_processor
def lines() -> dict[str, Any]:
    """`waiting_counts(event)`: how many parties wait and how many have been offered a seat, for the pages that lead here."""
    return {"waiting_counts": lambda event: waiting.counts(db.session(), event)}


@desk.get("/events/<slug>/waiting")
@allowed(Permission.SEE)
def waiting_list(slug: str) -> str:
    """Those who were offered a seat, then the line."""
    event = events.by_slug(db.session(), slug)
    return _page(event, _hold_form(event))


@desk.post("/events/<slug>/waiting/<int:registration_id>/<any(seat, first, up, down):act>")
@allowed(Permission.EVENTS)
def move_waiting(slug: str, registration_id: int, act: str) -> Response:
    """Give a party a seat now, or another place in the line."""
    event, party = events.by_slug(db.session(), slug), db.session.get(Registration, registration_id)
    if party is None or party.event_id != event.id:
        abort(404)
    do, done = ACTS[act]
    try:
        with saving() as session:
            do(session, party, by=current_user.by, now=clock())
    except EngageError as error:
        flash(words(error), "error")
    else:
        flash(str(done) % {"name": _shown(party)}, "success")
    kept: dict[str, Any] = {name: request.args.get(name) for name in ("q", "page")}
    return redirect(url_for("desk.waiting_list", slug=slug, _anchor=f"party-{party.id}", **kept))


@desk.post("/events/<slug>/waiting/held")
@allowed(Permission.EVENTS)
def hold_seats(slug: str) -> Answer:
    """Keep seats back to give by hand; those no longer kept go to the line."""
    event = events.by_slug(db.session(), slug)
    form = _hold_form(event)
    if not form.validate_on_submit():
        return _page(event, form), 422
    try:
        with saving() as session:
            waiting.hold(session, event, form.held(), by=current_user.by, now=clock())
            promoted = waiting.promote(session, event, now=clock())
    except EngageError as error:
        form_refused(form, error)
        return _page(event, form), status_of(error)
    flash(gettext("修改已保存。"), "success")
    say_promoted(promoted)
    return redirect(url_for("desk.waiting_list", slug=slug))


def say_promoted(promoted: Sequence[Registration]) -> None:
    """Tell who has been given a seat, or the offer of one."""
    if not promoted:
        return
    facts = {"names": gettext("、").join(map(_shown, promoted[:NAMED])), "count": len(promoted)}
    if promoted[0].state is State.OFFERED:
        flash(gettext("有了空余名额，已通知候补的%(names)s，共 %(count)s 组，请其在时限内确认。", **facts), "success")
    else:
        flash(gettext("有了空余名额，候补的%(names)s，共 %(count)s 组，已获得名额。", **facts), "success")


def _shown(party: Registration) -> str:
    return party.leader.name if current_user.may(Permission.PEOPLE) else mask_name(party.leader.name)


def _hold_form(event: Event) -> HoldForm:
    return hold_form(event, db.session.scalars(sa.select(Category)).all())


def _page(event: Event, form: HoldForm) -> str:
    pages = db.paginate(_found(event), per_page=ON_A_PAGE, error_out=False)
    return render_template(
        "desk/events/waiting.html", event=event, pages=pages, form=form, personal=current_user.may(Permission.PEOPLE),
        places=waiting.places(db.session(), event, [party.id for party in pages.items]),
    )


def _found(event: Event) -> sa.Select[Any]:
    """What this request looks for; whoever may not see personal data cannot find out by searching for it either."""
    typed = request.args.get("q", "").strip()
    if not typed or current_user.may(Permission.PEOPLE):
        return waiting.line(event, words=typed)
    of_organisation = sa.select(Attendee.registration_id).where(
        Attendee.event_id == event.id, Attendee.organisation.icontains(typed, autoescape=True))
    return waiting.line(event).where(Registration.id.in_(of_organisation))
