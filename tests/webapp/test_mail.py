"""Mail on its way through a real SMTP server: taken, refused, put off, and a server that is away."""

import socket
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from io import BytesIO

import make
import pytest
import sqlalchemy as sa
import zxingcpp
from aiosmtpd.controller import Controller
from PIL import Image

from engage import invitations, outbox, parties, registrations
from engage.outbox import Channel, Message, Purpose, State
from webapp import create_app, delivery


class Server:
    """Keeps what it takes; `answers` are its replies to addresses, `hang_up_after` so many mails it ends the connection."""

    def __init__(self):
        self.mails, self.answers, self.hang_up_after = [], {}, None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 -- aiosmtpd's name
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content))
        if len(self.mails) == self.hang_up_after:
            server.transport.close()
        return "250 OK"

    @property
    def told(self):
        return [mail["To"] for mail in self.mails]


@pytest.fixture
def server():
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=_free_port())
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


@pytest.fixture
def now(monkeypatch):
    """The office's clock, to be moved: `now[0] += …`."""
    moment = [make.NOW]
    for module in ("delivery", "views.desk.outbox", "views.desk.invitations"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: moment[0])
    return moment


@pytest.fixture
def app(app, server):
    return app_for(app, server.port)


def app_for(app, port):
    settings = replace(app.extensions["engage_settings"], mail_server="127.0.0.1", mail_port=port,
                       mail_default_sender="office@example.org", base_url="https://engage.example.org")
    return create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False, MAIL_SUPPRESS_SEND=False)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def invited(app, saved, *addresses):
    """An event whose invitations to these addresses are in the outbox."""
    with app.app_context(), saved() as session:
        event = make.event(session, title="平台开放日")
        for address in addresses:
            make.invitation(session, event, email=address)
        invitations.send(session, event, by=make.BY, now=make.NOW)
        yield event


def send(app):
    with app.app_context():
        return delivery.deliver_mail()


def states(saved):
    with saved() as session:
        return {message.address: message.state for message in session.scalars(sa.select(Message))}


def parts(mail):
    return {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()}


def test_an_invitation_arrives_with_its_personal_link_as_text_and_as_a_qr_code(app, saved, server, now):
    with invited(app, saved, "li@example.com"):
        pass
    assert send(app) == 1
    (mail,) = server.mails
    with saved() as session:
        token = session.scalars(sa.select(invitations.Invitation.token)).one()
    link = f"https://engage.example.org/i/{token}"
    body = parts(mail)
    assert (mail["To"], mail["From"]) == ("li@example.com", "office@example.org")
    assert str(make_header(decode_header(mail["Subject"]))) == "诚邀您参加“平台开放日”"
    assert link in body["text/plain"].decode()
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(body["image/png"])))] == [link]
    assert states(saved) == {"li@example.com": State.SENT}


def test_what_was_sent_is_not_sent_again(app, saved, server, now):
    with invited(app, saved, "a@example.com", "b@example.com"):
        pass
    assert (send(app), send(app)) == (2, 0)
    assert sorted(server.told) == ["a@example.com", "b@example.com"]


def test_a_ticket_carries_the_calendar_entry(app, saved, server, now):
    with app.app_context(), saved() as session:
        event = make.event(session)
        parties.tell(session, make.registration(session, event), Purpose.TICKET, now=make.NOW)
    assert send(app) == 1
    entry = parts(server.mails[0])["text/calendar"].decode()
    assert entry.startswith("BEGIN:VCALENDAR")
    assert f"UID:{event.slug}@engage" in entry


def test_a_mail_is_kept_as_it_was_sent(app, saved, server, now):
    with invited(app, saved, "li@example.com"):
        pass
    with saved() as session:
        assert session.scalars(sa.select(Message.body)).one() == ""
    assert send(app) == 1
    with saved() as session:
        message = session.scalars(sa.select(Message)).one()
        assert (message.subject, message.body) == ("诚邀您参加“平台开放日”", parts(server.mails[0])["text/plain"].decode().strip().replace("\r\n", "\n"))
        assert f"{message.link}\n" in message.body


def test_what_holds_no_longer_is_withdrawn_and_stops_nobody_else(app, saved, server, now, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 2)
    with app.app_context(), saved() as session:
        event = make.event(session)
        several = [make.registration(session, event) for _ in range(3)]
        for party in several:
            parties.tell(session, party, Purpose.TICKET, now=make.NOW)
        for party in several[:2]:  # all of the first batch
            registrations.cancel(session, party, by="guest", now=make.NOW)
    assert send(app) == 1
    assert states(saved) == {party.leader.email: state for party, state in zip(several, [State.WITHDRAWN, State.WITHDRAWN, State.SENT], strict=True)}


def test_a_refused_address_fails_at_once_and_the_desk_says_why(app, saved, server, now, signed_in):
    server.answers["gone@example.com"] = "550 5.1.1 no such user"
    with invited(app, saved, "gone@example.com", "li@example.com"):
        pass
    assert send(app) == 1
    assert states(saved) == {"gone@example.com": State.FAILED, "li@example.com": State.SENT}
    page = signed_in("organiser").get("/desk/outbox?state=failed").text
    assert "收件地址不存在或被拒收，请核对邮箱" in page
    assert "gone@example.com" in page
    assert "li@example.com" not in page


def test_a_server_busy_for_a_while_gets_the_mail_later(app, saved, server, now):
    server.answers["li@example.com"] = "451 try again"
    with invited(app, saved, "li@example.com"):
        pass
    assert send(app) == 0
    assert states(saved) == {"li@example.com": State.QUEUED}
    server.answers.clear()
    now[0] += timedelta(minutes=1)
    assert send(app) == 0
    now[0] += timedelta(minutes=4)
    assert send(app) == 1
    assert states(saved) == {"li@example.com": State.SENT}


def test_a_crash_between_sending_and_noting_repeats_the_mail_under_the_same_identity(app, saved, server, now, monkeypatch):
    with invited(app, saved, "li@example.com"):
        pass
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "delivered", lambda *_args, **_more: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send(app)
    assert send(app) == 0
    now[0] += outbox.LEASE
    assert send(app) == 1
    assert len(server.mails) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1


def test_a_server_that_is_away_costs_no_attempt(app, saved, server, now):
    with invited(app, saved, "li@example.com"):
        pass
    assert send(app_for(app, _free_port())) == 0
    with saved() as session:
        message = session.scalars(sa.select(Message)).one()
        assert (message.state, message.attempts, message.due_at) == (State.QUEUED, 0, make.NOW)
    assert send(app) == 1


def test_a_connection_that_breaks_puts_off_one_mail_and_leaves_the_rest_due(app, saved, server, now):
    server.hang_up_after = 2
    with invited(app, saved, *(f"guest{number}@example.com" for number in range(4))):
        pass
    assert send(app) == 1
    with saved() as session:
        waiting = session.scalars(sa.select(Message).where(Message.state == State.QUEUED).order_by(Message.id)).all()
        assert [(m.attempts, m.error, m.due_at > now[0]) for m in waiting] == [(1, "connection", True), (0, "", False), (0, "", False)]
    assert send(app) == 2
    now[0] += timedelta(minutes=5)
    assert send(app) == 1
    assert set(states(saved).values()) == {State.SENT}


@pytest.mark.parametrize("address", ["张三@例子.中国", "a\nb@example.com"])
def test_an_address_that_no_mail_can_have_fails_and_stops_nobody_else(app, saved, server, now, address):
    with app.app_context(), saved() as session:
        for to in (address, "li@example.com"):
            outbox.post(session, Message(channel=Channel.EMAIL, purpose=Purpose.INVITATION, name="李", address=to, subject="邀请", body="您好"),
                        now=make.NOW)
    assert send(app) == 1
    assert server.told == ["li@example.com"]
    assert states(saved)[address] is State.FAILED


def test_nothing_of_the_database_is_locked_while_a_mail_is_sent(app, saved, server, now, monkeypatch):
    written = []
    sending = delivery.PatientConnection.send

    def send_while_others_write(self, mail):
        with saved() as session:  # SQLite would wait for a write lock, and here in vain
            session.execute(sa.text("PRAGMA busy_timeout=100"))
            written.append(make.event(session).id)
        return sending(self, mail)

    monkeypatch.setattr(delivery.PatientConnection, "send", send_while_others_write)
    with invited(app, saved, "li@example.com"):
        pass
    assert send(app) == 1
    assert len(written) == 1


def test_without_a_mail_server_messages_stay_and_the_desk_says_what_to_do(saved, now, app, signed_in):
    settings = replace(app.extensions["engage_settings"], mail_server="", mail_default_sender="")
    bare = create_app(settings, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False, MAIL_SUPPRESS_SEND=False)
    with invited(bare, saved, "li@example.com"):
        pass
    assert send(bare) == 0
    assert states(saved) == {"li@example.com": State.QUEUED}
    browser = bare.test_client()
    with signed_in("admin").session_transaction() as cookie, browser.session_transaction() as other:
        other.update(cookie)
    page = browser.get("/desk/outbox").text
    assert "还没有配置邮件服务器" in page
    assert "ENGAGE_MAIL_SERVER、ENGAGE_MAIL_DEFAULT_SENDER" in page


def test_mails_that_should_have_left_are_told_on_the_desk(app, saved, now, signed_in):
    with invited(app, saved, "li@example.com"):
        pass
    browser = signed_in("organiser")
    assert "可能无法连接邮件服务器" not in browser.get("/desk/outbox").text
    now[0] += timedelta(minutes=6)
    assert "有 1 封邮件已等待 5 分钟以上，可能无法连接邮件服务器" in browser.get("/desk/outbox").text
