"""Delivery of the outbox by mail. Without a mail server the messages stay in the outbox and are shown on the desk."""

import logging
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app
from flask_mail import BadHeaderError, Connection
from flask_mail import Message as Mail

from engage import codes, outbox, tickets
from engage.events import Event
from engage.outbox import Channel, Message, Purpose, Text
from webapp import notices
from webapp.wiring import clock, db, saving, settings

BATCH = 20  # few enough to be sent before their claim runs out
TIMEOUT = 20  # seconds that the mail server may be silent
PERMANENT = 500  # from here on the mail server will not think again (RFC 5321)
# What is wrong with the message itself, whatever the server: an address or a header that cannot be written
UNSENDABLE = (BadHeaderError, UnicodeError, ValueError, smtplib.SMTPNotSupportedError)

log = logging.getLogger(__name__)


class Claimed(NamedTuple):
    """A message that nobody else will deliver for a while, and what it says."""

    message: Message
    text: Text
    mail: Mail


class HungUp(smtplib.SMTPServerDisconnected):
    """The mail server ended the connection between two messages."""


class PatientConnection(Connection):
    """Flask-Mail's connection, except that a silent server ends it, and that a lost one can be left quietly."""

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in as configured."""
        kind = smtplib.SMTP_SSL if self.mail.use_ssl else smtplib.SMTP
        host = kind(self.mail.server, self.mail.port or 0, timeout=TIMEOUT)
        if self.mail.use_tls:
            host.starttls()
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def __exit__(self, *failure: object) -> None:
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()


def missing_settings() -> list[str]:
    """The variables without which no mail can be sent; empty when it can."""
    chosen = settings()
    given = {"ENGAGE_MAIL_SERVER": chosen.mail_server, "ENGAGE_MAIL_DEFAULT_SENDER": chosen.mail_default_sender}
    return [variable for variable, value in given.items() if not value]


def deliver_mail() -> int:
    """Send what is due; the number of messages that the mail server took.

    Nothing is claimed before there is a connection, so a server that is away costs no message an attempt. At least once: a
    crash between sending and noting it repeats the message, under the same Message-ID, when its claim has run out.
    """
    if missing_settings() or not _due():
        return 0
    sent = 0
    try:
        with PatientConnection(current_app.extensions["mail"]) as connection:
            while (claimed := _claimed()) is not None:
                for _message in _sent(claimed, connection):
                    sent += 1
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail server: %s", type(error).__name__)  # its text may name an address
    return sent


def _due() -> bool:
    due = db.session.scalar(outbox.due(Channel.EMAIL, now=clock()).limit(1)) is not None
    db.session.rollback()
    return due


def _claimed() -> list[Claimed] | None:
    """Messages claimed and written, with nothing of the database left open while they are sent; None when nothing is due.

    They are written outside the transaction that claims them: guests who register at that moment need not wait for it.
    """
    with saving() as session:
        claimed = list(outbox.claim(session, Channel.EMAIL, now=clock(), limit=BATCH))
        for message in claimed:
            session.expunge(message)  # read after the commit without asking the database again
    if not claimed:
        return None
    texts = notices.texts(db.session(), claimed)
    wanted = {message.event_id for message in claimed if message.purpose is Purpose.TICKET}
    events = {event.id: event for event in db.session.scalars(sa.select(Event).where(Event.id.in_(wanted)))} if wanted else {}
    written = [
        Claimed(message, text, _mail(message, text, events.get(message.event_id or 0)))
        for message in claimed if (text := texts.get(message.id))
    ]
    db.session.rollback()
    if len(written) < len(claimed):
        with saving() as session:
            outbox.withdraw_messages(session, [message.id for message in claimed if message.id not in texts])
    return written


def _sent(claimed: Sequence[Claimed], connection: Connection) -> Iterator[Message]:
    """Send each, and yield those that were taken; when the connection breaks the rest are due again at once."""
    for place, one in enumerate(claimed):
        try:
            if _tried(one, connection):
                yield one.message
        except (OSError, smtplib.SMTPException) as error:
            if not isinstance(error, HungUp):
                _note_failure(one.message, "connection", final=False)
                place += 1  # noqa: PLW2901 -- the message that broke it has had its try
            with saving() as session:
                outbox.release(session, [other.message for other in claimed[place:]], now=clock())
            raise


def _tried(claimed: Claimed, connection: Connection) -> bool:
    message, text, mail = claimed
    if connection.host is not None and connection.host.sock is None:
        raise HungUp  # after the message before
    try:
        connection.send(mail)
    except smtplib.SMTPSenderRefused as error:  # a matter of our settings, so no message is given up at once
        _note_failure(message, _told(error.smtp_code, error.smtp_error), final=False)
        return False
    except smtplib.SMTPRecipientsRefused as error:
        (answer,) = error.recipients.values()
        _note_failure(message, _told(*answer), final=answer[0] >= PERMANENT)
        return False
    except smtplib.SMTPResponseException as error:
        _note_failure(message, _told(error.smtp_code, error.smtp_error), final=error.smtp_code >= PERMANENT)
        return False
    except UNSENDABLE:
        _note_failure(message, "address", final=True)
        return False
    with saving() as session:
        outbox.delivered(session, {message.id: text}, now=clock())
    return True


def _told(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _note_failure(message: Message, error: str, *, final: bool) -> None:
    with saving() as session:
        outbox.failed(session, session.get_one(Message, message.id), error, now=clock(), final=final)


def _mail(message: Message, text: Text, event: Event | None) -> Mail:
    """The text, with the QR code of its link, and with the event for the calendar where it is about a ticket."""
    written = Mail(subject=text.subject, recipients=[message.address], body=text.body,
                   extra_headers={"Auto-Submitted": "auto-generated"})
    written.msgId = f"<message-{message.id}.{message.created_at:%Y%m%d%H%M%S%f}@{urlsplit(settings().base_url).hostname}>"
    if text.link:
        written.attach("qr.png", "image/png", codes.qr_png(text.link))
    if event is not None:
        entry = tickets.calendar(event, url=text.link, now=message.created_at)
        written.attach(f"{event.slug}.ics", "text/calendar; charset=utf-8; method=PUBLISH", entry)
    return written
