"""What an event's registration form asks beyond name and contact: from what a guest sends to what is kept, and back to the page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from flask import Request, request
from sqlalchemy.orm import Session

from engage import answers, applications, fields, newcomers
from engage.answers import AnswersRefused, Judged, Keeping, Line, Person
from engage.events import Event
from engage.fields import EventField
from engage.newcomers import Form, Told
from engage.parties import Attendee, Registration
from engage.people import Category
from engage.registrations import Applied
from webapp.errors import Refusal
from webapp.forms.answers import AnswerSheet, prefixes, problems, sent, typed
from webapp.wiring import cipher, db

Coming = Callable[[Sequence[EventField]], list[Person]]  # from what is asked to what came for each person
NOBODY: Mapping[tuple[str, int], Line] = {}


def coming(brought: Request) -> Coming:
    """What a request brings: read only where something is asked, perhaps by another thread."""
    return lambda asked: sent(asked, brought.form, brought.files)


class Sheets:
    """The answers of one form on their way: judged before its party is seated or changed, kept afterwards."""

    def __init__(self, asked: Sequence[EventField], names: Sequence[str], judged: Sequence[Mapping[int, Judged]]) -> None:
        self._asked, self._names, self._judged = asked, names, judged

    def keep(self, session: Session, registration: Registration, *, by: str, now: datetime) -> None:
        """Keep them with the party."""
        if self._asked:
            answers.keep(session, registration, self._names, asked=self._asked, judged=self._judged,
                         keeping=Keeping(cipher(), by, now))


def judged(
    asked: Sequence[EventField], applied: Applied, come: Coming, *, party: Registration | None = None, now: datetime
) -> Sheets:
    """What came, judged; of a `party` that changes, what is not shown again stays. Raises AnswersRefused, and in its `besides` what
    else is wrong with the form.
    """
    if not asked:
        return Sheets((), (), ())
    application = applied.application
    names = [application.leader.name, *(person.name for person in application.companions)]
    kept = [answers.staying(lines) for lines in _standing(party, names)] if party else []
    try:
        read = answers.read(asked, come(asked), category_id=application.category.id, kept=kept, now=now)
    except AnswersRefused as refusal:
        refusal.besides = applications.faults(applied.event, application, applied.invitation)
        raise
    return Sheets(asked, names, read)


def sheet(
    event: Event, categories: Sequence[Category], *, party: Registration | None = None, refusal: Refusal | None = None
) -> AnswerSheet | None:
    """The page's view of what is asked, filled in with what was sent or stands; None where nothing is asked."""
    asked = fields.asked(db.session(), event)
    kept = _kept(party, posted=request.method == "POST") if asked and party else NOBODY
    return _sheet(asked, categories, kept, refusal)


def sheet_of_one(form: Form, categories: Sequence[Category], *, refusal: Refusal | None = None) -> AnswerSheet | None:
    """The same of what one person is asked."""
    return _sheet(form.fields, categories, {("", line.field.id): line for line in form.lines}, refusal)


def told(form: Form, *, now: datetime) -> Told:
    """What this request brings of one person, judged. Raises AnswersRefused."""
    came = sent(form.fields, request.form, request.files)[0] if form.fields else {}
    return newcomers.read(form, came, cipher=cipher(), now=now)


def _sheet(
    asked: Sequence[EventField], categories: Sequence[Category], kept: Mapping[tuple[str, int], Line], refusal: Refusal | None
) -> AnswerSheet | None:
    if not asked:
        return None
    wrong = problems(refusal, request.form) if isinstance(refusal, AnswersRefused) else {}
    values = request.form.to_dict(flat=False) if request.method == "POST" else typed(kept)
    return AnswerSheet(asked, categories, values, kept, wrong, again=any(file.filename for file in request.files.values()))


def of_holder(holder: Attendee) -> Sequence[Line]:
    """What a ticket's holder has answered to what the form asks now."""
    if not holder.registration.event.extra_fields:
        return ()
    return [line for line in answers.of_people(db.session(), [holder.id])[holder.id] if not line.field.archived_at]


def _kept(party: Registration, *, posted: bool) -> dict[tuple[str, int], Line]:
    """The party's answers, by the beginning of the names of each person's inputs on the page, and by field."""
    if posted:
        who = prefixes(request.form)
        names = [party.leader.name, *(request.form.get(f"{prefix}name", "").strip() for prefix in who[1:])]
    else:
        names = [party.leader.name, *(guest.name for guest in party.companions)]
        who = ["", *(f"companions-{row}-" for row in range(len(names) - 1))]
    lines = zip(who, _standing(party, names), strict=True)
    return {(prefix, line.field.id): line for prefix, own in lines for line in own if not line.field.archived_at}


def _standing(party: Registration, names: Sequence[str]) -> Sequence[Sequence[Line]]:
    """What people of these names have answered: the leader whatever the name, of two with one name each once, nothing of new ones."""
    found = answers.of_people(db.session(), [party.leader.id, *(guest.id for guest in party.companions)])
    waiting, standing = list(party.companions), [found[party.leader.id]]
    for name in names[1:]:
        guest = next((guest for guest in waiting if guest.name == name), None)
        if guest is not None:
            waiting.remove(guest)
        standing.append(found[guest.id] if guest else [])
    return standing
