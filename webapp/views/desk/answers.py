"""What a party has answered on the registration form: seen by those who may see personal data, in full only on demand."""

from flask import abort, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import answers, events
from engage.answers import Keeping
from engage.events import Event
from engage.parties import Registration
from engage.staff import Permission
from webapp.guard import allowed
from webapp.views.answers import handed_over
from webapp.views.desk import desk
from webapp.wiring import cipher, clock, db, language, saving


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


@desk.get("/events/<slug>/registrations/<int:registration_id>/files/<int:attendee_id>/<int:field_id>")
@allowed(Permission.PEOPLE)
def registration_file(slug: str, registration_id: int, attendee_id: int, field_id: int) -> Response:
    """A file that somebody of the party has handed in."""
    with saving() as session:
        _, registration = _found(slug, registration_id)
        holder = next((attendee for attendee in registration.attendees if attendee.id == attendee_id), None) or abort(404)
        found = answers.file_of(session, holder, field_id, Keeping(cipher(), current_user.by, clock()))
    return handed_over(found)


def _found(slug: str, registration_id: int) -> tuple[Event, Registration]:
    event = events.by_slug(db.session(), slug)
    registration = db.session.get(Registration, registration_id)
    if registration is None or registration.event_id != event.id:
        abort(404)
    return event, registration


def _page(event: Event, registration: Registration, shown: dict[tuple[int, int], str]) -> str:
    lines = answers.of_people(db.session(), [attendee.id for attendee in registration.attendees])
    return render_template("desk/events/answers.html", event=event, registration=registration, lines=lines, shown=shown,
                           sealed=any(line.answer.sealed for own in lines.values() for line in own))
