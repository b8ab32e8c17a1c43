"""What a party has answered on the registration form: seen by those who may see personal data, in full only on demand, and completed."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import answers, events, fields, missing, newcomers
from engage.answers import AnswersRefused, Keeping
from engage.events import Event
from engage.parties import Attendee, Registration
from engage.staff import Permission
from webapp.answering import sheet_of_one, told
from webapp.guard import allowed
from webapp.views.answers import handed_over
from webapp.views.desk import desk
from webapp.wiring import cipher, clock, db, language, saving

Answer = Response | str | tuple[str, int]


@desk.get("/events/<slug>/registrations/<int:registration_id>/answers")
@allowed(Permission.PEOPLE)
def registration_answers(slug: str, registration_id: int) -> str:
    """The party with its answers, sensitive ones masked."""
    return _page(*_found(slug, registration_id), {})


@desk.post("/events/<slug>/registrations/<int:registration_id>/answers")
@allowed(Permission.PEOPLE)
def reveal_answers(slug: str, registration_id: int) -> str:
    """The same with the sensitive answers in full, which is noted."""
    with saving() as session:
        event, registration = _found(slug, registration_id)
        lines = answers.of_people(session, [attendee.id for attendee in registration.attendees])
        keeping = Keeping(cipher(), current_user.by, clock())
        shown = answers.reveal(session, registration, [line for own in lines.values() for line in own], keeping, language=language())
    return _page(event, registration, shown)


@desk.route("/events/<slug>/registrations/<int:registration_id>/answers/<int:attendee_id>", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
def complete_answers(slug: str, registration_id: int, attendee_id: int) -> Answer:
    """Add to what one person has answered, or put it right."""
    event, registration = _found(slug, registration_id)
    attendee, refused = _of_party(registration, attendee_id), None
    if request.method == "POST":
        try:
            with saving() as session:
                answered = told(newcomers.completing(session, attendee), now=clock())
                newcomers.keep(session, attendee, answered, by=current_user.by, now=clock())
        except AnswersRefused as refusal:
            refused = refusal
        else:
            flash(gettext("已保存。"), "success")
            return redirect(url_for("desk.registration_answers", slug=slug, registration_id=registration_id))
    sheet = sheet_of_one(newcomers.completing(db.session(), attendee), [attendee.category], refusal=refused)
    page = render_template("desk/events/complete.html", event=event, registration=registration, attendee=attendee, form={"answers": sheet})
    return (page, 422) if refused else page


@desk.get("/events/<slug>/registrations/<int:registration_id>/files/<int:attendee_id>/<int:field_id>")
@allowed(Permission.PEOPLE)
def registration_file(slug: str, registration_id: int, attendee_id: int, field_id: int) -> Response:
    """A file that somebody of the party has handed in."""
    with saving() as session:
        _, registration = _found(slug, registration_id)
        found = answers.file_of(session, _of_party(registration, attendee_id), field_id, Keeping(cipher(), current_user.by, clock()))
    return handed_over(found)


def _found(slug: str, registration_id: int) -> tuple[Event, Registration]:
    event = events.by_slug(db.session(), slug)
    registration = db.session.get(Registration, registration_id)
    if registration is None or registration.event_id != event.id:
        abort(404)
    return event, registration


def _of_party(registration: Registration, attendee_id: int) -> Attendee:
    return next((attendee for attendee in registration.attendees if attendee.id == attendee_id), None) or abort(404)


def _page(event: Event, registration: Registration, shown: dict[tuple[int, int], str]) -> str:
    session, people = db.session(), [attendee.id for attendee in registration.attendees]
    lines = answers.of_people(session, people)
    return render_template("desk/events/answers.html", event=event, registration=registration, lines=lines, shown=shown,
                           lacking=missing.of_people(session, fields.asked(session, event), people),
                           sealed=any(line.answer.sealed for own in lines.values() for line in own))
