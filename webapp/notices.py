"""What guests are told by e-mail and SMS: the texts, and their way into the outbox."""

import re
from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext
from sqlalchemy.orm import Session, joinedload

from engage import audit, outbox
from engage.contacts import is_mobile
from engage.events import Event
from engage.invitations import Invitation
from engage.outbox import Channel, Message, Purpose
from engage.registrations import Attendee, Registration, State
from webapp.wiring import link, office, speaking

MESSAGE_LANGUAGE = "zh"  # of those who have not chosen one yet


def invitation_text(invitation: Invitation, channel: Channel) -> tuple[str, str, str]:
    """Subject, body and personal link of an invitation; what `invitations.send` asks for."""
    event = invitation.event
    address = link("registration.invitation", token=invitation.token)
    with speaking(MESSAGE_LANGUAGE):
        subject = gettext("诚邀您参加“%(title)s”", title=event.title)
        body = _body(
            f"invitation.{channel}", event=event, name=invitation.invitee.name, link=address,
            deadline=event.registration_closes_at,
        )
    return subject, body, address


def ticket_message(session: Session, registration: Registration, *, now: datetime) -> Message | None:
    """Send the leader the way to the tickets; None where there is neither e-mail nor mobile phone."""
    with speaking(registration.language):
        return _tell(
            session, registration.leader, Purpose.TICKET, now=now,
            subject=gettext("您已报名“%(title)s”", title=registration.event.title),
            link=link("registration.ticket", code=registration.leader.ticket_code), party=registration.party,
            companions=[(guest.name, link("registration.ticket", code=guest.ticket_code)) for guest in registration.companions],
        )


def cancellation_message(session: Session, registration: Registration, *, now: datetime) -> Message | None:
    """Confirm to the leader that the party is no longer expected."""
    with speaking(registration.language):
        return _tell(
            session, registration.leader, Purpose.CANCELLATION, now=now,
            subject=gettext("您已取消“%(title)s”的报名", title=registration.event.title),
            link=link("registration.ticket", code=registration.leader.ticket_code),
        )


def thanks_message(session: Session, attendee: Attendee, *, now: datetime) -> Message | None:
    """Thank somebody who came and give the personal link to the questionnaire, where the event has one."""
    registration = attendee.registration
    with speaking(registration.language):
        return _tell(
            session, attendee, Purpose.THANKS, now=now,
            subject=gettext("感谢您参加“%(title)s”", title=registration.event.title),
            link=link("questionnaire.answer", token=attendee.survey_code) if registration.event.questionnaire_id else "",
        )


def called_off_message(session: Session, registration: Registration, *, now: datetime) -> Message | None:
    """Tell the leader of a party that the event will not take place."""
    with speaking(registration.language):
        return _tell(
            session, registration.leader, Purpose.CALLED_OFF, now=now,
            subject=gettext("“%(title)s”已取消", title=registration.event.title), link="",
            party=registration.party,
        )


# Who is told at once, beyond being expected, and how: everybody who came is thanked, the leaders hear that nobody need come.
TOLD_TOGETHER = {
    Purpose.THANKS: (Attendee.arrived_at.is_not(None), thanks_message),
    Purpose.CALLED_OFF: (Attendee.place == 0, lambda session, leader, *, now: called_off_message(session, leader.registration, now=now)),
}


def tell_all(session: Session, event: Event, purpose: Purpose, *, by: str, now: datetime) -> int:
    """Thank those who came, or tell the leaders that the event is cancelled: whoever can be reached and was not told yet.

    Answers how many were told now. Raises KeyError for other purposes.
    """
    session.refresh(event, with_for_update=True)  # of two who send at once the second finds nobody left
    write = TOLD_TOGETHER[purpose][1]
    messages = [write(session, attendee, now=now) for attendee in _untold(session, event, purpose)]
    count = sum(message is not None for message in messages)
    audit.record(session, f"event.tell.{purpose}", event, by=by, now=now, told=count)
    return count


def to_tell(session: Session, event: Event, purpose: Purpose) -> Counter[Channel | None]:
    """How many `tell_all` would tell, by channel; None counts those who cannot be reached."""
    return Counter(_reach(attendee) for attendee in _untold(session, event, purpose))


def _untold(session: Session, event: Event, purpose: Purpose) -> list[Attendee]:
    before = sa.select(Message.name, Message.address).where(Message.event_id == event.id, Message.purpose == purpose)
    told = {(name, address) for name, address in session.execute(before)}
    expected = session.scalars(
        sa.select(Attendee)
        .where(Attendee.event_id == event.id, Attendee.state == State.CONFIRMED, TOLD_TOGETHER[purpose][0]).order_by(Attendee.id)
        .options(joinedload(Attendee.registration).joinedload(Registration.event))
    )
    return [
        attendee for attendee in expected
        if not {(attendee.name, attendee.email), (attendee.name, attendee.phone)} & told
    ]


def _reach(attendee: Attendee) -> Channel | None:
    if attendee.email:
        return Channel.EMAIL
    return Channel.SMS if is_mobile(attendee.phone) else None


def _tell(
    session: Session, attendee: Attendee, purpose: Purpose, *, subject: str, link: str, now: datetime, **facts: Any
) -> Message | None:
    """Queue one text for one person by the channel that the contact suggests."""
    if (channel := _reach(attendee)) is None:
        return None
    event = attendee.registration.event
    body = _body(f"{purpose}.{channel}", event=event, name=attendee.name, link=link, **facts)
    return outbox.post(session, Message(
        event_id=event.id, invitation_id=attendee.registration.invitation_id, channel=channel, purpose=purpose,
        name=attendee.name, address=attendee.email or attendee.phone, subject=subject, body=body, link=link,
    ), now=now)


def _body(template: str, **facts: Any) -> str:
    # Not `render_template`: what pages know of the request and of who is signed in is no matter of a message.
    text = current_app.jinja_env.get_template(f"messages/{template}.txt").render(facts, office=office())
    return re.sub(r"\n{3,}", "\n\n", text).strip()


