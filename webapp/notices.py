"""What guests are told by e-mail, SMS and letter: who is told what, and the words, which are written when a message leaves."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from engage import audit, outbox, reminders
from engage.events import Event
from engage.events import State as EventState
from engage.invitations import Invitation
from engage.outbox import Channel, Message, Purpose, Text
from engage.parties import Attendee, Registration, State, reach
from engage.people import Invitee
from webapp.wiring import language, link, office, speaking

MESSAGE_LANGUAGE = "zh"  # of those who have not chosen one yet
AT_ONCE = 500  # messages whose records are loaded together
NAME, LINK = "\ue000", "\ue001"  # characters that nobody types


# ---- who is told what ----

# Where nobody at all was checked in, nobody is known to have stayed away.
_came = aliased(Attendee)
_seated = Attendee.state == State.CONFIRMED
_somebody_came = sa.exists().where(_came.event_id == Attendee.event_id, _came.arrived_at.is_not(None))

# Who is told at once, beyond being expected: everybody who came is thanked, the leaders hear that nobody need come.
TOLD_TOGETHER: Mapping[Purpose, sa.ColumnElement[bool]] = {
    Purpose.THANKS: sa.and_(_seated, Attendee.arrived_at.is_not(None)),
    Purpose.MISSED: sa.and_(_seated, Attendee.arrived_at.is_(None), _somebody_came),
    Purpose.CALLED_OFF: sa.and_(Attendee.state != State.CANCELLED, Attendee.place == 0),  # who waits for a seat too, and those invited: see `_still_invited`
}


def tell_all(session: Session, event: Event, purpose: Purpose, *, by: str, now: datetime) -> int:
    """Thank those who came, or tell the leaders and those invited who have not answered that the event is cancelled: whoever
    can be reached and was not told yet.

    Answers how many were told now. Raises KeyError for other purposes.
    """
    session.refresh(event, with_for_update=True)  # of two who send at once the second finds nobody left
    count = outbox.post_many(session, (row for row in _untold(session, event, purpose) if row["channel"]), now=now)
    audit.record(session, f"event.tell.{purpose}", event, by=by, now=now, told=count)
    return count


def to_tell(session: Session, event: Event, purpose: Purpose) -> Counter[Channel | None]:
    """How many `tell_all` would tell, by channel; None counts those who cannot be reached."""
    return Counter(row["channel"] for row in _untold(session, event, purpose))


def _untold(session: Session, event: Event, purpose: Purpose) -> Iterator[dict[str, Any]]:
    """Their messages as rows of the outbox, without a channel where nobody can be reached."""
    before = sa.select(Message.attendee_id, Message.name, Message.address).where(
        Message.event_id == event.id, Message.purpose == purpose)
    known: set[Any] = set()
    for attendee_id, name, address in session.execute(before):
        known |= {attendee_id, (name, address)}
    expected = (
        sa.select(Attendee.id, Attendee.name, Attendee.phone, Attendee.email, Registration.invitation_id).join(Attendee.registration)
        .where(Attendee.event_id == event.id, TOLD_TOGETHER[purpose]).order_by(Attendee.id)
    )
    for key, name, phone, email, invitation_id in session.execute(expected).all():
        if not {key, (name, email), (name, phone)} & known:
            yield {"event_id": event.id, "invitation_id": invitation_id, "attendee_id": key, "purpose": purpose, "name": name,
                   "channel": reach(phone=phone, email=email), "address": email or phone}
    if purpose is Purpose.CALLED_OFF:
        yield from _still_invited(session, event)


def _still_invited(session: Session, event: Event) -> Iterator[dict[str, Any]]:
    """Those who were told of a cancelled event, have not answered and do not know yet."""
    knowing = sa.select(Message.invitation_id).where(
        Message.event_id == event.id, Message.purpose == Purpose.CALLED_OFF, Message.invitation_id.is_not(None))
    asked = (
        sa.select(Invitation.id, Invitee.name, Invitee.phone, Invitee.email).join(Invitation.invitee)
        .where(Invitation.event_id == event.id, Invitation.state.in_(reminders.UNANSWERED), Invitation.invited_at.is_not(None))
        .where(Invitation.id.not_in(knowing)).order_by(Invitation.id)
    )
    for key, name, phone, email in session.execute(asked).all():
        yield {"event_id": event.id, "invitation_id": key, "purpose": Purpose.CALLED_OFF, "name": name,
               "channel": reach(phone=phone, email=email), "address": email or phone}


# ---- what they are told ----

class _Draft(NamedTuple):
    subject: str
    link: str = ""
    facts: Mapping[str, Any] = {}


def _ticket(holder: Attendee) -> _Draft:
    """The leader gets the tickets of all, a companion the own one only."""
    party = holder.registration
    of_party = {"party": 1} if holder.place else {
        "party": party.party, "companions": [(guest.name, _ticket_link(guest)) for guest in party.companions],
    }
    return _Draft(gettext("您已报名“%(title)s”", title=party.event.title), _ticket_link(holder), of_party)


def _cancellation(leader: Attendee) -> _Draft:
    return _Draft(gettext("您已取消“%(title)s”的报名", title=leader.registration.event.title), _ticket_link(leader))


def _removed(leader: Attendee) -> _Draft:
    return _Draft(gettext("您“%(title)s”的报名已由主办单位取消", title=leader.registration.event.title))


def _handed_over(former: Attendee) -> _Draft:
    return _Draft(gettext("您已转交“%(title)s”的报名", title=former.registration.event.title))


def _waiting(leader: Attendee) -> _Draft:
    party = leader.registration
    return _Draft(gettext("您已登记候补“%(title)s”", title=party.event.title), _ticket_link(leader), {"party": party.party})


def _offer(leader: Attendee) -> _Draft:
    party = leader.registration
    subject = gettext("“%(title)s”有了空余名额，请您确认", title=party.event.title)
    return _Draft(subject, _ticket_link(leader), {"party": party.party, "until": party.offered_until})


def _lapsed(leader: Attendee) -> _Draft:
    return _Draft(gettext("“%(title)s”为您保留的名额已取消", title=leader.registration.event.title), _ticket_link(leader))


def _thanks(attendee: Attendee) -> _Draft:
    """With the personal link to the questionnaire, where the event has one."""
    event = attendee.registration.event
    asked = link("questionnaire.answer", token=attendee.survey_code) if event.questionnaire_id else ""
    return _Draft(gettext("感谢您参加“%(title)s”", title=event.title), asked)


def _missed(attendee: Attendee) -> _Draft:
    title = attendee.registration.event.title
    return _Draft(gettext("“%(title)s”未能见到您", title=title), link("public.home"))


def _called_off(leader: Attendee) -> _Draft:
    party = leader.registration
    return _Draft(gettext("“%(title)s”已取消", title=party.event.title), facts={"party": party.party})


def _invitation(invitation: Invitation) -> _Draft:
    event = invitation.event
    return _Draft(
        gettext("诚邀您参加“%(title)s”", title=event.title), link("registration.invitation", token=invitation.token),
        {"deadline": event.registration_closes_at},
    )


def _reminder(invitation: Invitation) -> _Draft:
    again = gettext("请答复是否参加“%(title)s”", title=invitation.event.title)
    return _invitation(invitation)._replace(subject=again)


def _called_off_for_invited(invitation: Invitation) -> _Draft:
    return _Draft(gettext("“%(title)s”已取消", title=invitation.event.title), facts={"invited": True, "party": 1})


def _ticket_link(attendee: Attendee) -> str:
    return link("registration.ticket", code=attendee.ticket_code)


def _expected(attendee: Attendee) -> bool:
    return attendee.state is State.CONFIRMED and attendee.registration.event.state is not EventState.CANCELLED


class _Kind(NamedTuple):
    """How messages of a purpose are written, and whether what they tell of still holds."""

    draft: Callable[[Any], _Draft]
    holds: Callable[[Any], bool]


# By purpose and by what the message is about.
KINDS: Mapping[tuple[Purpose, type[Attendee | Invitation]], _Kind] = {
    (Purpose.INVITATION, Invitation): _Kind(_invitation, lambda one: one.event.state is EventState.PUBLISHED),
    (Purpose.REMINDER, Invitation): _Kind(
        _reminder, lambda one: one.event.state is EventState.PUBLISHED and one.state in reminders.UNANSWERED),
    (Purpose.CALLED_OFF, Invitation): _Kind(_called_off_for_invited, lambda one: one.event.state is EventState.CANCELLED),
    (Purpose.TICKET, Attendee): _Kind(_ticket, _expected),
    (Purpose.WAITING, Attendee): _Kind(_waiting, lambda one: one.registration.state is State.WAITING),
    (Purpose.OFFER, Attendee): _Kind(_offer, lambda one: one.registration.state is State.OFFERED),
    (Purpose.LAPSED, Attendee): _Kind(_lapsed, lambda one: one.state is State.CANCELLED),
    (Purpose.CANCELLATION, Attendee): _Kind(_cancellation, lambda one: one.state is State.CANCELLED),
    (Purpose.REMOVED, Attendee): _Kind(_removed, lambda one: one.state is State.CANCELLED),
    (Purpose.HANDED_OVER, Attendee): _Kind(_handed_over, lambda one: one.state is State.CANCELLED),
    (Purpose.CALLED_OFF, Attendee): _Kind(_called_off, lambda one: one.registration.event.state is EventState.CANCELLED),
    (Purpose.THANKS, Attendee): _Kind(_thanks, _expected),
    (Purpose.MISSED, Attendee): _Kind(_missed, lambda one: _expected(one) and one.arrived_at is None),
}


def texts(session: Session, messages: Collection[Message]) -> dict[int, Text]:
    """What each message says, by its id: as it was written, or else as it is written now, in the language of its reader.

    Messages are left out when what they would tell holds no longer: the registration or the invitation is cancelled or gone.
    The number of queries does not grow with that of messages, up to AT_ONCE.
    """
    written: dict[int, Text] = {}
    for some in outbox.in_portions(messages, AT_ONCE):
        about = _about(session, some)
        told = [(message, one) for message in some if (one := about(message)) or message.body]
        for spoken, group in groupby(told, key=lambda pair: _language(pair[1])):
            with speaking(spoken):
                bodies: dict[Any, str] = {}
                written.update({message.id: text for message, one in group if (text := _text(message, one, bodies))})
    return written


def invitation_text(invitation: Invitation, channel: Channel) -> Text:
    """What an invitation says, for whoever carries it without a message."""
    with speaking(MESSAGE_LANGUAGE):
        draft = _invitation(invitation)
        return _addressed(draft, _body(draft, Purpose.INVITATION, channel, invitation.event), invitation.invitee.name)


def _about(session: Session, messages: Iterable[Message]) -> Callable[[Message], Attendee | Invitation | None]:
    """Load the attendees and invitations that messages are about, with all that their texts say."""
    attendees = sa.select(Attendee).where(Attendee.id.in_({one.attendee_id for one in messages if one.attendee_id}))
    party = selectinload(Attendee.registration).options(
        selectinload(Registration.event), selectinload(Registration.attendees))
    about: dict[tuple[str, int | None], Attendee | Invitation] = {("attendee", one.id): one for one in session.scalars(attendees.options(party))}
    wanted = {one.invitation_id for one in messages if one.invitation_id and not one.attendee_id}
    asked = sa.select(Invitation).where(Invitation.id.in_(wanted)).options(selectinload(Invitation.event), joinedload(Invitation.invitee))
    about |= {("invitation", one.id): one for one in session.scalars(asked)}
    return lambda one: about.get(("attendee", one.attendee_id) if one.attendee_id else ("invitation", one.invitation_id))


def _language(about: Attendee | Invitation | None) -> str:
    return about.registration.language if isinstance(about, Attendee) else MESSAGE_LANGUAGE


def _text(message: Message, about: Attendee | Invitation | None, bodies: dict[Any, str]) -> Text | None:
    kind = KINDS.get((message.purpose, type(about))) if about else None
    if kind and not kind.holds(about):
        return None
    if message.body:
        return Text(message.subject, message.body, message.link, language())
    if not kind or not about:
        return None
    event = about.registration.event if isinstance(about, Attendee) else about.event
    draft = kind.draft(about)
    # What many are told of one event differs in name and link only, and rendering is a hundred times slower than putting them in.
    alike = (message.purpose, message.channel, event.id, bool(draft.link), repr(draft.facts))
    if alike not in bodies:
        bodies[alike] = _body(draft, message.purpose, message.channel, event)
    return _addressed(draft, bodies[alike], message.name)


def _body(draft: _Draft, purpose: Purpose, channel: Channel, event: Event) -> str:
    """The body with NAME and LINK where the reader's own will stand."""
    # Not `render_template`: what pages know of the request and of who is signed in is no matter of a message.
    template = current_app.jinja_env.get_template(f"messages/{purpose}.{channel}.txt")
    body = template.render(draft.facts, name=NAME, event=event, link=LINK if draft.link else "", office=office())
    return re.sub(r"\n{3,}", "\n\n", body).strip()


def _addressed(draft: _Draft, body: str, name: str) -> Text:
    return Text(draft.subject, body.replace(LINK, draft.link).replace(NAME, name), draft.link, language())
