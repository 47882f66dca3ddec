"""Pages by SMTP, against real servers on this machine: what was taken, what can never arrive, and what is never sent in clear."""

from __future__ import annotations

import asyncio
import email
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from bot.domain.outbox import Kind
from bot.errors import SettingsError
from bot.senders import email as module
from bot.senders.email import Email, Security, read_url
from tests.senders.deliveries import failure, make_delivery

ANA, US = "ana@example.com", "muster@bot.example.com"
PAGE: dict[str, Any] = {
    "to": ANA,
    "subject": "[INC-42 #7] P0 Zahlung kaputt – 决済",
    "text": "Grüße\nhttps://bot.example.com/ack/x\n",
    "html": "<p>Grüße</p>",
}


class Server:
    """A mail server that answers each step as it is told, and keeps what it took."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.hangs = False

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        if self.hangs:
            await asyncio.Event().wait()
        if self.answers.get("DATA") == "drop":
            server.transport.abort()
            return ""
        if "DATA" not in self.answers:
            self.envelopes.append(envelope)
            self.taken.append(email.message_from_bytes(bytes(envelope.content or b""), policy=policy.default))  # type: ignore[arg-type]
        return self.answers.get("DATA", "250 OK")

    def login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p:ss/w", handled=False)


class AnyPort(Controller):
    """A controller that may be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


Opener = Callable[..., tuple[Server, int]]


@pytest.fixture
def opened() -> Iterator[Opener]:
    running: list[Controller] = []

    def _open(host: str = "127.0.0.1", **options: Any) -> tuple[Server, int]:
        server = Server()
        if options.pop("logs_in", False):
            options |= {"authenticator": server.login, "auth_required": True}
        running.append(AnyPort(server, hostname=host, port=0, **options))
        running[-1].start()
        return server, running[-1].port

    yield _open
    for controller in running:
        controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    asked = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run([*asked, *extensions, "-keyout", "-", "-out", "-"], capture_output=True, check=True)
    path.write_bytes(made.stdout)
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the certificate one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


async def test_a_page_lies_in_the_mailbox_as_text_and_html(opened: Opener) -> None:
    server, port = opened()
    delivery = make_delivery(Kind.EMAIL, identity="01OUT", **PAGE)
    receipt = await Email(f"smtp://127.0.0.1:{port}", US).send(delivery)
    [mail], [envelope] = server.taken, server.envelopes
    assert receipt.provider_id == "01OUT"
    assert (envelope.mail_from, envelope.rcpt_tos) == (US, [ANA])
    assert (mail["From"], mail["To"], mail["Subject"]) == (US, ANA, PAGE["subject"])
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<01OUT@bot.example.com>", "auto-generated")
    assert mail["Date"].datetime.replace(microsecond=0) == delivery.since.replace(microsecond=0)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert (plain.get_content().replace("\r\n", "\n"), html.get_content().strip()) == (PAGE["text"], PAGE["html"])


async def test_what_is_sent_again_carries_the_same_id(opened: Opener) -> None:
    server, port = opened()
    for _ in range(2):
        await Email(f"smtp://127.0.0.1:{port}", US).send(make_delivery(Kind.EMAIL, identity="01OUT", **PAGE))
    assert [mail["Message-ID"] for mail in server.taken] == ["<01OUT@bot.example.com>"] * 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "permanent"), [("451 4.7.1 greylisted", False), ("421 4.3.2 shutting down", False), ("550 5.1.1 no", True)]
)
async def test_what_a_server_refuses_for_now_is_tried_again_and_what_it_refuses_for_good_is_not(
    opened: Opener, step: str, answer: str, permanent: bool
) -> None:
    server, port = opened()
    server.answers[step] = answer
    error = await failure(Email(f"smtp://127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous, error.code) == (permanent, False, answer[:3])
    assert ANA not in str(error)
    assert server.taken == []


async def test_a_connection_that_broke_in_the_middle_of_the_mail_is_ambiguous(opened: Opener) -> None:
    server, port = opened()
    server.answers["DATA"] = "drop"
    error = await failure(Email(f"smtp://127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous, error.code) == (False, True, "unreachable")


async def test_a_server_that_hangs_is_given_up(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.3)
    server, port = opened()
    server.hangs = True
    error = await failure(Email(f"smtp://127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous, error.code) == (False, True, "unreachable")
    assert "does not answer" in str(error)


async def test_a_server_that_is_not_there_has_surely_taken_nothing(unused_port: int) -> None:
    error = await failure(Email(f"smtp://127.0.0.1:{unused_port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous, error.code) == (False, False, "unreachable")


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


@pytest.mark.parametrize("url", ["smtp://me:pw@127.0.0.1:{}", "smtp://127.0.0.1:{}?starttls=required", "smtp://0.0.0.0:{}"])
async def test_a_server_without_tls_gets_neither_the_password_nor_the_page(opened: Opener, url: str) -> None:
    server, port = opened("0.0.0.0")
    error = await failure(Email(url.format(port), US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous, error.code) == (False, False, "no_tls")
    assert (server.taken, server.logins) == ([], [])


async def test_a_server_elsewhere_is_spoken_to_in_clear_only_when_the_operator_says_so(opened: Opener) -> None:
    server, port = opened("0.0.0.0")
    await Email(f"smtp://0.0.0.0:{port}?tls=off", US).send(make_delivery(Kind.EMAIL, **PAGE))
    assert len(server.taken) == 1


@pytest.mark.usefixtures("trusted")
async def test_a_password_is_given_after_starttls(opened: Opener, certificate: Path) -> None:
    server, port = opened(tls_context=server_context(certificate), require_starttls=True, logs_in=True)
    await Email(f"smtp://me%40x:p%3Ass%2Fw@127.0.0.1:{port}", US).send(make_delivery(Kind.EMAIL, **PAGE))
    assert server.logins == [(b"me@x", b"p:ss/w")]
    assert len(server.taken) == 1


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_is_permanent_and_names_the_setting(opened: Opener, certificate: Path) -> None:
    server, port = opened(tls_context=server_context(certificate), require_starttls=True, logs_in=True)
    error = await failure(Email(f"smtp://me:wrong@127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.code) == (True, "535")
    assert "SMTP_URL" in str(error)
    assert "wrong" not in str(error)
    assert server.taken == []


async def test_a_certificate_that_nobody_trusts_gets_no_password(opened: Opener, certificate: Path) -> None:
    server, port = opened(tls_context=server_context(certificate), require_starttls=True, logs_in=True)
    error = await failure(Email(f"smtp://me:pw@127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **PAGE))
    assert (error.permanent, error.ambiguous) == (False, False)
    assert (server.logins, server.taken) == ([], [])


@pytest.mark.parametrize(
    "words",
    [
        {"subject": "x\r\nBcc: all@example.com"},
        {"to": "ana@example.com\r\nBcc: all@example.com"},
        {"to": "ana@example.com, all@example.com"},
        {"to": "not an address"},
        {"to": ""},
    ],
)
async def test_what_would_break_out_of_its_header_is_refused_for_good(opened: Opener, words: dict[str, str]) -> None:
    server, port = opened()
    error = await failure(Email(f"smtp://127.0.0.1:{port}", US), make_delivery(Kind.EMAIL, **(PAGE | words)))
    assert (error.permanent, error.code) == (True, "malformed")
    assert server.taken == []


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtps://me:pw@mail.example.com", "mail.example.com", 465, Security.TLS),
        ("smtps://localhost:4465", "localhost", 4465, Security.TLS),
        ("smtp://mail.example.com", "mail.example.com", 587, Security.STARTTLS),
        ("smtp://me:pw@localhost", "localhost", 587, Security.STARTTLS),
        ("smtp://localhost:2525?starttls=required", "localhost", 2525, Security.STARTTLS),
        ("smtp://localhost.evil.example", "localhost.evil.example", 587, Security.STARTTLS),
        ("smtp://localhost", "localhost", 25, Security.OFF),
        ("smtp://[::1]:2525", "::1", 2525, Security.OFF),
        ("smtp://me:pw@relay.internal?tls=off", "relay.internal", 25, Security.OFF),
    ],
)
def test_an_address_says_how_the_way_is_protected(url: str, host: str, port: int, security: Security) -> None:
    server = read_url(url)
    assert (server.host, server.port, server.security) == (host, port, security)


@pytest.mark.parametrize(
    "url",
    ["http://mail.example.com", "smtp://", "smtp://host:port", "smtp://host:99999", "smtp://host?tls=on", "smtp://host?x=1", "smtp://[::1"],
)
def test_an_address_that_cannot_be_read_is_refused_with_what_is_expected(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL: expected smtp://"):
        read_url(url)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(read_url("smtp://me:secret@mail.example.com"))


INVITATION: dict[str, Any] = {
    "to": ANA,
    "subject": "Blameless postmortem",
    "body": "On Thursday.\n",
    "attachment": {
        "filename": "meeting.ics",
        "content_type": 'text/calendar; charset="utf-8"; method=REQUEST',
        "content": "BEGIN:VCALENDAR\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n",
    },
}


async def test_an_invitation_goes_as_an_alternative_with_its_method_which_is_where_calendars_look(opened: Opener) -> None:
    server, port = opened()
    await Email(f"smtp://127.0.0.1:{port}", US).send(make_delivery(Kind.NOTICE, **INVITATION))
    (message,) = server.taken
    assert message.get_content_type() == "multipart/alternative"
    text, calendar = message.iter_parts()
    assert isinstance(text, EmailMessage) and isinstance(calendar, EmailMessage)
    assert text.get_content().strip() == "On Thursday."
    assert (calendar.get_content_type(), calendar.get_filename()) == ("text/calendar", "meeting.ics")
    assert calendar.get_param("method") == "REQUEST"
    assert "SUMMARY:Grüße" in calendar.get_content()


async def test_a_notice_has_its_words_alone_and_another_text_goes_beside_them(opened: Opener) -> None:
    server, port = opened()
    mailbox = Email(f"smtp://127.0.0.1:{port}", US)
    await mailbox.send(make_delivery(Kind.NOTICE, to=ANA, subject="A notice", body="Grüße\n"))
    log = {"filename": "log.txt", "content_type": "text/plain", "content": "all of it\n"}
    await mailbox.send(make_delivery(Kind.NOTICE, to=ANA, subject="A notice", body="Grüße\n", attachment=log))
    plain, both = server.taken
    assert (plain.get_content_type(), plain.get_content().strip()) == ("text/plain", "Grüße")
    assert [part.get_content_type() for part in both.iter_attachments()] == ["text/plain"]


async def test_a_file_that_is_no_text_is_refused_for_good(opened: Opener) -> None:
    _, port = opened()
    picture = {"filename": "a.png", "content_type": "image/png", "content": "x"}
    notice = make_delivery(Kind.NOTICE, to=ANA, subject="A notice", body="x", attachment=picture)
    error = await failure(Email(f"smtp://127.0.0.1:{port}", US), notice)
    assert (error.permanent, error.code) == (True, "malformed")
