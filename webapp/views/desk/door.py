"""The door of an event: scan or type a ticket, search a guest, admit a party, take the last admission back.

Every form works without JavaScript: it posts and is led back to the page, which shows the answer. At which door staff stand, and
whether people come or go, is then part of the address (`room`, `way`). With JavaScript the page decides by itself: see
`webapp.views.desk.scanner`.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel.speaklater import LazyString
from flask_login import current_user
from msgspec.structs import replace
from sqlalchemy.orm import Session, joinedload, selectinload
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as BaseResponse

from engage import arrivals, events, parties, settling, undos
from engage.activities import Activity
from engage.arrivals import Direction, Outcome, Result, ScanRequest
from engage.events import Event
from engage.parties import Attendee, Registration, Standing, State
from engage.staff import Permission
from webapp import security
from webapp.forms.door import RESULT_WORDS, WHY
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

FOUND_AT_MOST = 20
DEVICE = "desk"
LONGEST_KEY = 18  # digits; more fit into no database
KINDS: Mapping[Result, str] = {  # of the band
    Result.ADMITTED: "yes",
    Result.ALREADY: "look",
    Result.LEFT: "yes",
}  # and no for all others


class Shown(NamedTuple):
    """An answer as the band shows it: whose ticket it is, and who of the party has not come in yet."""

    outcome: Outcome
    kind: str
    word: LazyString
    attendee: Attendee | None
    waiting: Sequence[Attendee]


class Place(NamedTuple):
    """Where staff stand: at a room's door or, with no room, at the event's; and which way people go there."""

    room: Activity | None
    direction: Direction

    @property
    def fields(self) -> Mapping[str, str]:
        """What stands in the address and in the forms; nothing for who comes in at the event's door."""
        return ({"room": str(self.room.id)} if self.room else {}) | ({"way": "out"} if self.direction is Direction.OUT else {})


@desk.get("/events/<slug>/door")
@allowed(Permission.DOOR)
def door(slug: str) -> Response:
    """The page; `?code=` (from a guest's ticket) asks for one tap and admits nobody by itself."""
    session = db.session()
    event = events.by_slug(session, slug)
    words, code, answered = _typed("q"), _typed("code"), _typed("scan")
    outcome = arrivals.answer_of(session, event, answered) if answered else None
    page = make_response(_render(
        "door", event, shown=_shown(session, outcome) if outcome else None, code=code, holder=_holder(session, code) if code else None,
        words=words, guests=_found(session, event, words) if words else None, doubts=settling.open_count(session, event),
    ))
    page.headers["Content-Security-Policy"] = security.policy(script_src="'self' 'wasm-unsafe-eval'")
    return page


@desk.post("/events/<slug>/door/scans")
@allowed(Permission.DOOR)
def door_scan(slug: str) -> BaseResponse:
    """One scan: of a `code`, or of the `attendee` picked from the list. The form's `id` makes a repetition harmless."""
    scan_id = _scan_id()
    with saving() as session:
        now, event = clock(), events.by_slug(session, slug)
        code = arrivals.code_in(request.form.get("code", ""))
        if request.form.get("attendee"):
            code = _guest(session, event).ticket_code
        place = _place(event)
        scan = ScanRequest(id=scan_id, code=code, at=now, direction=place.direction, activity=place.room and place.room.id, device=DEVICE)
        (outcome,) = arrivals.scan(session, event, [scan], by=current_user.by, now=now)
        return _back(slug, outcome, place)


@desk.post("/events/<slug>/door/party")
@allowed(Permission.DOOR)
def door_party(slug: str) -> BaseResponse:
    """Everyone of the attendee's party who is not in yet, at one tap; or those who are ticked, the rest later."""
    scan_id = _scan_id()
    with saving() as session:
        now, event = clock(), events.by_slug(session, slug)
        leader = _guest(session, event)
        ticked = {_key(text) for text in request.form.getlist("coming")} if "tick" in request.form else None
        requests = arrivals.party(leader, scan_id=scan_id, at=now, only=ticked) or abort(400)
        outcomes = arrivals.scan(session, event, requests, by=current_user.by, now=now)
        shown = next((each for each in outcomes if each.result is Result.ADMITTED), outcomes[0])
        leader_shown = replace(shown, name=leader.name, attendee_id=leader.id)
    return _back(slug, leader_shown)


@desk.post("/events/<slug>/door/undo")
@allowed(Permission.DOOR)
def door_undo(slug: str) -> BaseResponse:
    """Take the admission of these attendees back. Who has been taken back meanwhile is passed over."""
    with saving() as session:
        now, event = clock(), events.by_slug(session, slug)
        picked = [_key(text) for text in request.form.getlist("attendee")]
        ours = sa.select(Attendee).where(Attendee.event_id == event.id, Attendee.id.in_(picked), Attendee.arrived_at.is_not(None))
        for attendee in session.scalars(ours).all():
            undos.undo(session, attendee, by=current_user.by, now=now)
    return _back(slug, None)


@desk.get("/events/<slug>/door/counts")
@allowed(Permission.DOOR)
def door_counts(slug: str) -> Response:
    """The line of counts, asked for every two seconds."""
    return make_response(_render("door_counts", events.by_slug(db.session(), slug)))


@desk.get("/events/<slug>/door/guests")
@allowed(Permission.DOOR)
def door_guests(slug: str) -> Response:
    """The list of guests whose name or phone holds `?q=`."""
    event, words = events.by_slug(db.session(), slug), _typed("q")
    return make_response(_render("door_guests", event, words=words, guests=_found(db.session(), event, words) if words else None))


def _place(event: Event) -> Place:
    """Where the form or the address says that staff stand; what is no room of the event is its own door."""
    wanted = _key(request.values.get("room", ""))
    room = next((activity for activity in event.activities if activity.id == wanted), None)
    return Place(room, Direction.OUT if request.values.get("way") == "out" else Direction.IN)


def _back(slug: str, outcome: Outcome | None, place: Place | None = None) -> BaseResponse:
    """To the page, which shows the answer."""
    there: dict[str, Any] = dict(place.fields) if place else {}
    return redirect(url_for("desk.door", slug=slug, scan=outcome and outcome.id, **there), 303)


def _render(template: str, event: Event, **parts: object) -> str:
    """A page or a part of it, with what nearly all of them show."""
    session = db.session()
    return render_template(
        f"desk/{template}.html", event=event, counts=arrivals.counts(session, event), new_id=_new_id, category_name=category_name, why=WHY,
        last=arrivals.last_admitted(session, event, by=current_user.by), place=_place(event), **parts,
    )


def _shown(session: Session, outcome: Outcome) -> Shown:
    kind, word = KINDS.get(outcome.result, "no"), RESULT_WORDS[outcome.result]
    if outcome.attendee_id is None:
        return Shown(outcome, kind, word, None, ())
    whole = joinedload(Attendee.registration).selectinload(Registration.attendees)
    attendee = session.get(Attendee, outcome.attendee_id, options=[whole, joinedload(Attendee.category)])
    if attendee is None or attendee.place or kind == "no":
        return Shown(outcome, kind, word, attendee, ())
    waiting = [each for each in attendee.registration.attendees if each.state is State.CONFIRMED and not each.arrived_at]
    return Shown(outcome, kind, word, attendee, waiting)


def _holder(session: Session, code: str) -> Attendee | None:
    """Whoever holds the ticket, of whichever event."""
    whole = joinedload(Attendee.registration).options(joinedload(Registration.event))
    return session.scalar(sa.select(Attendee).where(Attendee.ticket_code == arrivals.code_in(code)).options(whole, joinedload(Attendee.category)))


def _found(session: Session, event: Event, words: str) -> Sequence[Attendee]:
    found = parties.attendees(event, standing=Standing.CONFIRMED, words=words)
    return session.scalars(found.options(selectinload(Attendee.registration, Registration.attendees)).limit(FOUND_AT_MOST)).all()


def _guest(session: Session, event: Event) -> Attendee:
    """The attendee of this event whom the form names."""
    found = session.get(Attendee, _key(request.form["attendee"]))
    if found is None or found.event_id != event.id:
        raise parties.TicketNotFound
    return found


def _key(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < LONGEST_KEY else 0


def _typed(name: str) -> str:
    return "".join(filter(str.isprintable, request.args.get(name, ""))).strip()


def _scan_id() -> str:
    try:
        return str(uuid.UUID(request.form.get("id", "")))
    except ValueError:
        raise BadRequest from None


def _new_id() -> str:
    return str(uuid.uuid4())
