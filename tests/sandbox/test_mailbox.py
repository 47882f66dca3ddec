"""The pretend mailbox over real SMTP: what arrives, what is refused, and who is let in."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from yarl import URL

from bot.sandbox.clock import SandboxClock
from bot.sandbox.mailbox import Mail, Mailbox, links

ANA = "ana@example.com"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    opened = Mailbox(SandboxClock())
    opened.start("127.0.0.1")
    yield opened
    opened.stop()


def letter(**headers: str) -> EmailMessage:
    """A mail to Ana in plain text and HTML."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "muster@example.com", ANA, "P0 Zahlung fällt aus"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Acknowledge: https://bot.test/ack/7?t=a&b=c.\n")
    mail.add_alternative('<p>P0</p><a href="https://bot.test/ack/7?t=a&amp;b=c">Acknowledge</a> <a name="x">no link</a>', subtype="html")
    return mail


async def post(mailbox: Mailbox, mail: EmailMessage) -> None:
    """Delivers a mail as a mail server would."""
    url = URL(mailbox.url)
    await aiosmtplib.send(mail, hostname=url.host, port=url.port, start_tls=False)


async def test_a_mail_arrives_whole(mailbox: Mailbox) -> None:
    await post(mailbox, letter(Auto_Submitted="auto-generated"))
    await post(mailbox, letter())
    first, second = mailbox.messages
    assert (first.sender, first.to, first.subject) == ("muster@example.com", (ANA,), "P0 Zahlung fällt aus")
    assert first.text.startswith("Acknowledge:")
    assert "<p>P0</p>" in first.html
    assert (first.headers["Auto-Submitted"], first.id != second.id) == ("auto-generated", True)


async def test_the_links_of_a_mail_are_listed_once_each(mailbox: Mailbox) -> None:
    await post(mailbox, letter())
    assert links(mailbox.messages[0]) == ["https://bot.test/ack/7?t=a&b=c"]


def test_a_mail_in_plain_text_has_links_too() -> None:
    mail = Mail("mail-1", (ANA,), "", "", "see (https://a.test/x), then https://b.test.", "", SandboxClock().now())
    assert links(mail) == ["https://a.test/x", "https://b.test"]


async def test_the_next_mails_are_refused_as_often_as_it_is_told(mailbox: Mailbox) -> None:
    mailbox.refuse, mailbox.refusals = "450 4.7.1 greylisted", 2
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await post(mailbox, letter())
        assert refusal.value.code == 450
    await post(mailbox, letter())
    assert (len(mailbox.messages), len(mailbox.refused)) == (1, 2)


async def test_a_421_ends_the_connection(mailbox: Mailbox) -> None:
    mailbox.refuse = "421 4.3.2 shutting down"
    url = URL(mailbox.url)
    async with aiosmtplib.SMTP(hostname=url.host, port=url.port, start_tls=False) as client:
        with pytest.raises((aiosmtplib.SMTPResponseException, aiosmtplib.SMTPServerDisconnected)):
            await client.send_message(letter())
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await client.noop()
    assert mailbox.messages == []


async def test_an_unknown_recipient_is_refused(mailbox: Mailbox) -> None:
    mailbox.unknown.add(ANA)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await post(mailbox, letter())
    assert mailbox.messages == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else trusts, and its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    wanted = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", *wanted, "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


async def test_mail_is_only_taken_over_tls_from_who_knows_the_password(certificate: Path) -> None:
    mailbox = Mailbox(SandboxClock())
    mailbox.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mailbox.tls.load_cert_chain(certificate)
    mailbox.login = ("muster", "p@ss:word")
    mailbox.start("127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(certificate))
    url = URL(mailbox.url)
    assert (url.user, url.password) == mailbox.login
    try:
        with pytest.raises(aiosmtplib.SMTPException):
            await post(mailbox, letter())
        async with aiosmtplib.SMTP(hostname=url.host, port=url.port, start_tls=True, tls_context=trusting) as client:
            with pytest.raises(aiosmtplib.SMTPException):
                await client.send_message(letter())
            with pytest.raises(aiosmtplib.SMTPAuthenticationError):
                await client.login("muster", "guess")
            await client.login("muster", "p@ss:word")
            await client.send_message(letter())
        assert len(mailbox.messages) == 1
    finally:
        mailbox.stop()
