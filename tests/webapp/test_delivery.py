"""The outbox over a real SMTP server."""

import io
import socket
from email import message_from_bytes, policy

import make
import pytest
import zxingcpp
from aiosmtpd.controller import Controller
from PIL import Image

from engage import outbox
from engage.outbox import Channel, Message, Purpose, State
from webapp import create_app, delivery
from webapp.settings import Settings

LINK = "https://kfr.example.cn/i/abc"


class Mailbox:
    """Takes mail, except for addresses that begin with `gone` (never) or `later` (not now)."""

    def __init__(self):
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 -- aiosmtpd's name
        if address.startswith(("gone", "later")):
            return "550 no such mailbox" if address.startswith("gone") else "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def mailing(app, mailbox):
    """The app's database behind an app that has a mail server."""
    given = app.extensions["engage_settings"]
    settings = Settings(instance=given.instance, secret_key="only for tests", mail_server="127.0.0.1", mail_port=mailbox.port,
                        mail_default_sender="kfr@example.cn")
    sending = create_app(settings, MAIL_SUPPRESS_SEND=False)
    yield sending
    with sending.app_context():
        sending.extensions["sqlalchemy"].engine.dispose()


def post(saved, *addresses):
    with saved() as session:
        for address in addresses:
            outbox.post(session, Message(channel=Channel.EMAIL, purpose=Purpose.INVITATION, name="王老师", address=address,
                                         subject="平台开放日邀请", body="您好，请点击链接报名。", link=LINK), now=make.NOW)


def states(saved):
    with saved() as session:
        return {message.address: (message.state, message.error) for message in session.scalars(outbox.find())}


def test_mail_arrives_with_its_text_and_a_qr_code_that_a_phone_reads(mailing, mailbox, saved):
    post(saved, "anna@example.cn")
    with mailing.app_context():
        assert delivery.deliver_mail() == 1
        assert delivery.deliver_mail() == 0
    (mail,) = mailbox.taken
    assert (mail["To"], mail["From"], mail["Subject"]) == ("anna@example.cn", "kfr@example.cn", "平台开放日邀请")
    assert mail.get_body().get_content().strip() == "您好，请点击链接报名。"
    (picture,) = mail.iter_attachments()
    with Image.open(io.BytesIO(picture.get_content())) as image:
        assert zxingcpp.read_barcode(image).text == LINK
    assert states(saved) == {"anna@example.cn": (State.SENT, "")}


def test_a_refused_address_fails_for_good_and_a_busy_one_is_tried_again_without_holding_up_the_others(mailing, mailbox, saved):
    post(saved, "gone@example.cn", "later@example.cn", "anna@example.cn")
    with mailing.app_context():
        assert delivery.deliver_mail() == 1
    assert states(saved) == {"gone@example.cn": (State.FAILED, "550 no such mailbox"),
                             "later@example.cn": (State.QUEUED, "451 try again"), "anna@example.cn": (State.SENT, "")}


def test_without_a_mail_server_messages_wait_in_the_outbox(app, saved):
    post(saved, "anna@example.cn")
    with app.app_context():
        assert delivery.deliver_mail() == 0
    assert states(saved) == {"anna@example.cn": (State.QUEUED, "")}


def test_a_server_that_is_away_loses_nothing(mailing, saved):
    mailing.extensions["mail"].port = 1
    post(saved, "anna@example.cn")
    with mailing.app_context():
        assert delivery.deliver_mail() == 0
    assert states(saved) == {"anna@example.cn": (State.QUEUED, "")}
