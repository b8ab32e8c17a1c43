"""A guest before the hall's screen: they scan its code, their phone says who they are or they do, and one tap checks them in.

Scanning leaves a visit in a cookie, which lasts a few minutes. A ticket that was opened on a phone is remembered there in another.
"""

import uuid
from collections.abc import Mapping

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as BaseResponse

from engage import arrivals, events, parties, tokens, venue
from engage.contacts import InvalidEmail, InvalidPhone
from engage.errors import EngageError
from engage.events import Event
from engage.parties import Attendee
from engage.presence import Result
from engage.tokens import Purpose
from engage.venue import GuestUnknown, Venue, VenueCodeOver, Visit
from webapp import wiring
from webapp.errors import form_refused, status_of
from webapp.forms.registration import number
from webapp.forms.venue import NameForm, TicketForm
from webapp.rates import misses
from webapp.wiring import clock, db, saving

VISIT, TICKETS = "venue", "tickets"  # cookies
TICKETS_KEPT, TICKETS_FOR = 20, 60 * 86_400  # the last ones opened; seconds
WORDS: Mapping[Result, tuple[str, LazyString, LazyString]] = {  # by the scan's result: kind, word, what it means
    Result.ADMITTED: ("yes", lazy_gettext("已签到"), lazy_gettext("欢迎您的到来。")),
    Result.ALREADY: ("look", lazy_gettext("已签到"), lazy_gettext("您之前已经签到，无需重复。")),
    Result.CANCELLED: ("no", lazy_gettext("已取消"), lazy_gettext("这个报名已经取消，不能签到。请到签到处咨询工作人员。")),
    Result.WAITLISTED: ("look", lazy_gettext("候补中"), lazy_gettext("您还在候补名单上，暂不能签到。请到签到处咨询工作人员。")),
    Result.OVER_CAPACITY: ("look", lazy_gettext("已满员"), lazy_gettext("这里已经满员，请到签到处咨询工作人员。")),
    Result.NOT_OPEN: ("no", lazy_gettext("未开放"), lazy_gettext("现在不在签到时间内。")),
}
OTHERWISE = "no", lazy_gettext("未签到"), lazy_gettext("未能签到，请到签到处咨询工作人员。")

pages = Blueprint("venue", __name__)


@pages.after_request
def unlisted(response: Response) -> Response:
    """Nothing here is for a search engine."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.after_app_request
def remember_ticket(response: Response) -> Response:
    """Whoever opens a ticket has it on this phone from now on. Staff look at the tickets of others."""
    if request.endpoint == "registration.ticket" and response.status_code == 200 and not current_user.is_authenticated:  # noqa: PLR2004 -- OK
        opened = (request.view_args or {})["code"]
        codes = [opened, *(code for code in _tickets() if code != opened)][:TICKETS_KEPT]
        _keep(response, TICKETS, tokens.sign(wiring.settings().key(), Purpose.TICKETS, " ".join(codes)), seconds=TICKETS_FOR)
    return response


@pages.errorhandler(VenueCodeOver)
def over(error: VenueCodeOver) -> tuple[str, int]:
    """What to do when the screen has moved on."""
    return render_template("public/venue_over.html"), status_of(error)


@pages.get("/v/<slug>/<code>")
def scan(slug: str, code: str) -> BaseResponse:
    """Where the screen's code leads. The visit that it begins goes into a cookie: it stays on this phone."""
    event, screen = _screen(slug)
    answer = redirect(url_for(".guest", slug=slug), 303)
    try:
        visit = venue.begin_visit(screen, code, now=clock())
    except VenueCodeOver:
        _visit(screen)  # the page of a moment ago, opened once more
    else:
        _keep_visit(answer, event, screen, visit)
    return answer


@pages.get("/v/<slug>")
def guest(slug: str) -> str:
    """Check in as the one whose phone this is, or say who you are (`?who=other`)."""
    event, screen = _screen(slug)
    visit = _visit(screen)
    other = request.args.get("who") == "other"
    return _page(event, None if other else _holder(db.session(), event, visit))


@pages.post("/v/<slug>/who")
def identify(slug: str) -> BaseResponse | str | tuple[str, int]:
    """Who the guest is; nobody is checked in by this."""
    event, screen = _screen(slug)
    visit = _visit(screen)
    forms = NameForm(), TicketForm()
    form = forms[1 if "code" in request.form else 0]
    if form.validate():
        try:
            found = _found(event=event, form=form)
        except (GuestUnknown, InvalidEmail, InvalidPhone) as error:
            form_refused(form, error)
        else:
            answer = redirect(url_for(".guest", slug=slug), 303)
            _keep_visit(answer, event, screen, visit._replace(attendee_id=found.id))
            return answer
    return _page(event, None, forms), 422


@pages.post("/v/<slug>")
def check_in(slug: str) -> BaseResponse:
    """The one tap. The form's `id` makes a repetition harmless; `with` are those of the party who came along."""
    scan_id = _scan_id()
    with saving() as session:
        event, screen = _screen(slug)
        holder, now = _holder(session, event, _visit(screen)), clock()
        if holder is None:
            return redirect(url_for(".guest", slug=slug), 303)
        everyone = [each.id for each in venue.party(holder)] if "all" in request.form else map(number, request.form.getlist("with"))
        outcome = venue.admit(session, event, holder, set(everyone), scan_id=scan_id, now=now)
    return redirect(url_for(".done", slug=slug, scan_id=outcome.id), 303)


@pages.get("/v/<slug>/scans/<uuid:scan_id>")
def done(slug: str, scan_id: uuid.UUID) -> str:
    """What came of it; the page may stay open as long as it likes."""
    session = db.session()
    event = events.by_slug(session, slug)
    outcome = arrivals.answer_of(session, event, str(scan_id))
    if outcome is None or outcome.attendee_id is None:
        raise NotFound
    kind, word, meaning = WORDS.get(outcome.result, OTHERWISE)
    shown = venue.visitor(session, event, outcome.attendee_id)
    party = [each for each in shown.registration.attendees if each.state is parties.State.CONFIRMED]
    return render_template("public/venue_done.html", event=event, outcome=outcome, kind=kind, word=word, meaning=meaning, shown=shown,
                           party=party)


def _screen(slug: str) -> tuple[Event, Venue]:
    event = events.by_slug(db.session(), slug)
    return event, venue.of(db.session(), event)


def _visit(screen: Venue) -> Visit:
    """The visit that this phone carries. Raises VenueCodeOver."""
    return venue.visit_in(screen, request.cookies.get(VISIT, ""), now=clock())


def _scan_id() -> str:
    try:
        return str(uuid.UUID(request.form.get("id", "")))
    except ValueError:
        raise BadRequest from None


def _keep_visit(answer: BaseResponse, event: Event, screen: Venue, visit: Visit) -> None:
    _keep(answer, VISIT, venue.sealed(screen, visit), seconds=int(venue.GRACE.total_seconds()), path=url_for(".guest", slug=event.slug))


def _keep(answer: BaseResponse, name: str, value: str, *, seconds: int, path: str = "/") -> None:
    answer.set_cookie(name, value, max_age=seconds, path=path, secure=wiring.settings().https, httponly=True, samesite="Lax")


def _tickets() -> list[str]:
    """The codes of the tickets that were opened on this phone, the last one first."""
    try:
        kept = tokens.subject_of(wiring.settings().key(), Purpose.TICKETS, request.cookies.get(TICKETS, ""), max_age=TICKETS_FOR)
    except EngageError:
        return []
    return kept.split()


def _holder(session: Session, event: Event, visit: Visit) -> Attendee | None:
    try:
        return venue.visitor(session, event, visit.attendee_id) if visit.attendee_id else venue.holder(session, event, _tickets())
    except GuestUnknown:
        return None


@misses
def _found(*, event: Event, form: NameForm | TicketForm) -> Attendee:
    """Who is meant. Who guesses is slowed down like one who guesses tickets, right guesses included."""
    session = db.session()
    if isinstance(form, TicketForm):
        return venue.holder(session, event, [arrivals.code_in(form.code.data or "")])
    return venue.guest(session, event, name=form.name.data or "", contact=form.contact.data or "")


def _page(event: Event, holder: Attendee | None, forms: tuple[NameForm, TicketForm] | None = None) -> str:
    by_name, by_ticket = forms or (NameForm(), TicketForm())
    party = venue.party(holder) if holder else []
    return render_template("public/venue.html", event=event, holder=holder, party=party, by_name=by_name, by_ticket=by_ticket,
                           new_id=str(uuid.uuid4()))
