"""Delivery of the outbox by mail. Without a mail server the messages stay in the outbox and are shown on the desk."""

import smtplib

from flask_mail import Message as Mail

from engage import codes, outbox
from engage.outbox import Channel, Message
from webapp.wiring import clock, mail, saving, settings

BATCH = 50
PERMANENT = 500  # from here on the mail server will not think again (RFC 5321)


def deliver_mail() -> int:
    """Send what is due; the number of messages that the mail server took.

    At least once: a crash between sending and noting it repeats the message when its claim has run out.
    """
    sent = 0
    if not settings().mail_server:
        return sent
    while claimed := _claimed():
        try:
            with mail.connect() as connection:
                for message in claimed:
                    sent += _sent(message, connection)
        except (OSError, smtplib.SMTPException):  # no server, or it hung up: the claims run out and are tried again
            return sent
    return sent


def _claimed() -> list[Message]:
    with saving() as session:
        claimed = list(outbox.claim(session, Channel.EMAIL, now=clock(), limit=BATCH))
        for message in claimed:
            session.expunge(message)  # read after the commit, without asking the database again
    return claimed


def _sent(message: Message, connection: object) -> bool:
    try:
        connection.send(_mail(message))  # type: ignore[attr-defined]
    except smtplib.SMTPRecipientsRefused as error:
        (answer,) = error.recipients.values()
        _note_failure(message, f"{answer[0]} {answer[1].decode(errors='replace')}", final=answer[0] >= PERMANENT)
        return False
    except smtplib.SMTPResponseException as error:
        _note_failure(message, str(error.smtp_code), final=error.smtp_code >= PERMANENT)
        return False
    with saving() as session:
        outbox.delivered(session, [message], now=clock())
    return True


def _note_failure(message: Message, error: str, *, final: bool) -> None:
    with saving() as session:
        outbox.failed(session, session.get_one(Message, message.id), error, now=clock(), final=final)


def _mail(message: Message) -> Mail:
    written = Mail(subject=message.subject, recipients=[message.address], body=message.body)
    if message.link:
        written.attach("qr.png", "image/png", codes.qr_png(message.link))
    return written
