"""E-mail goes out: one page or notice a message, over TLS unless the mail server is on this machine or the operator says otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot import telemetry
from bot.domain.outbox import Delivery, Receipt
from bot.errors import SendError, SettingsError

TIMEOUT_SECONDS = 10.0
_BYE_SECONDS = 1.0
_EXPECTED = "expected smtp://user:password@host:587, smtps://… or smtp://host?starttls=required"
_IN_CLEAR, _ONLY_TLS = "tls=off", "starttls=required"
_OPTIONS = ("", _IN_CLEAR, _ONLY_TLS)
_PERMANENT_FROM = 500


class Security(StrEnum):
    """How the way to the mail server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as SMTP_URL names it; ``password`` is never shown."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def read_url(url: str) -> Server:
    """The server that SMTP_URL names; raises SettingsError.

    ``smtps`` is TLS from the first byte. Otherwise STARTTLS is required, but for a server on this machine that asks for no password, and
    where the address says ``?tls=off``.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(f"SMTP_URL: {_EXPECTED}") from error
    if parts.scheme not in ("smtp", "smtps") or not host or parts.query not in _OPTIONS:
        raise SettingsError(f"SMTP_URL: {_EXPECTED}")
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    security = _security(parts.scheme, host, parts.query, trusted=username is not None)
    usual = {Security.TLS: 465, Security.STARTTLS: 587, Security.OFF: 25}[security]
    return Server(host, port or usual, security, username, password)


def _security(scheme: str, host: str, option: str, *, trusted: bool) -> Security:
    if scheme == "smtps":
        return Security.TLS
    open_here = _is_here(host) and not trusted and option != _ONLY_TLS
    return Security.OFF if open_here or option == _IN_CLEAR else Security.STARTTLS


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Email:
    """Sends what the outbox holds for mailboxes."""

    def __init__(self, smtp_url: str, sender: str) -> None:
        self._server = read_url(smtp_url)
        self._sender = sender

    async def send(self, delivery: Delivery) -> Receipt:
        """The message's own id, once the server has taken it; raises SendError.

        What is sent again carries the same Message-ID. A failure before the words went out cannot have mailed anything.
        """
        message = self._message(delivery)
        client = self._client()
        handed_over = False
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await client.connect()
                if self._server.username is not None:  # not within connect, which keeps the connection of a login that failed to itself
                    await client.login(self._server.username, self._server.password or "")
                handed_over = True
                await client.send_message(message, sender=self._sender, recipients=[delivery.request["to"]])
        except (SMTPException, OSError, ValueError) as error:
            raise _failure(error, handed_over=handed_over) from error
        finally:
            await _leave(client)
        return Receipt(delivery.id, {})

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            local_hostname=self._sender.rpartition("@")[2],
            timeout=TIMEOUT_SECONDS,
        )

    def _message(self, delivery: Delivery) -> EmailMessage:
        """The page or the notice as a mail; an address or a subject that would break out of its header is refused for good."""
        words, message = delivery.request, EmailMessage(policy=WIRE)
        try:
            message["From"] = Address(addr_spec=self._sender)
            message["To"] = Address(addr_spec=words["to"])
            message["Subject"] = words["subject"]
        except (ValueError, IndexError, MessageError) as error:
            raise SendError("the address or the subject cannot stand in a mail", code="malformed", permanent=True) from error
        message["Date"] = format_datetime(delivery.since)
        message["Message-ID"] = f"<{delivery.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(words["text"] if "text" in words else words["body"])
        if words.get("html"):
            message.add_alternative(words["html"], subtype="html")
        if words.get("attachment"):
            _attach(message, words["attachment"])
        return message


def _attach(message: EmailMessage, attachment: Mapping[str, Any]) -> None:
    """Adds a text file to a mail; an invitation as an alternative of its words, which is where calendars look for it (RFC 6047)."""
    described = EmailMessage()
    described["Content-Type"] = attachment["content_type"]
    main, sub, name = described.get_content_maintype(), described.get_content_subtype(), attachment["filename"]
    if main != "text":
        raise SendError(f"a file of {main}/{sub} cannot go with a notice", code="malformed", permanent=True)
    given = {key: value for key, value in described["Content-Type"].params.items() if key != "charset"}
    add = message.add_alternative if sub == "calendar" else message.add_attachment
    add(attachment["content"], subtype=sub, params=given, filename=name, disposition="attachment")


async def _leave(client: SMTP) -> None:
    """Says goodbye to the server; what it does with that changes nothing about the mail, so that nobody waits for it to hang up."""
    transport = client.transport
    try:
        if client.is_connected:
            async with asyncio.timeout(_BYE_SECONDS):
                await client.quit()
    except (SMTPException, OSError) as error:
        telemetry.logger().debug("mail_server_without_goodbye", error=type(error).__name__)
    finally:
        client.close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
            await asyncio.sleep(0)


def _failure(error: Exception, *, handed_over: bool) -> SendError:
    """What went wrong, in our words: the server's own repeat the address."""
    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        return _refusal(error.recipients[0].code, "the mail server refuses the address")
    if isinstance(error, SMTPAuthenticationError):
        return _refusal(error.code, "the mail server refuses our password: check SMTP_URL")
    if isinstance(error, SMTPSenderRefused):
        return _refusal(error.code, "the mail server refuses our address: check EMAIL_FROM")
    if isinstance(error, SMTPResponseException):
        return _refusal(error.code, "the mail server refuses the mail")
    if isinstance(error, OSError):
        what = "does not answer" if isinstance(error, TimeoutError) else "cannot be reached"
        return SendError(f"the mail server {what} ({type(error).__name__})", code="unreachable", ambiguous=handed_over)
    if "STARTTLS" in str(error):
        return SendError("the mail server offers no TLS: use smtps://, or ?tls=off if the way there is safe", code="no_tls")
    return SendError(f"the mail cannot be handed over ({type(error).__name__})", code="refused", ambiguous=handed_over)


def _refusal(code: int, what: str) -> SendError:
    return SendError(f"{what} (SMTP {code})", code=str(code), permanent=code >= _PERMANENT_FROM)
