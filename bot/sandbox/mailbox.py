"""The pretend mailbox: a real SMTP server on the loopback address, and what arrived in it."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from bot.sandbox.clock import SandboxClock

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass(frozen=True)
class Mail:
    """A message as it arrived; ``html`` and ``calendar`` are empty for one that has no such part."""

    id: str
    to: tuple[str, ...]
    sender: str
    subject: str
    text: str
    html: str
    at: datetime
    headers: dict[str, str] = field(default_factory=dict)
    calendar: str = ""


def links(mail: Mail) -> list[str]:
    """Where the links of a mail lead, in order and each once: those of its HTML, then those that its text spells out."""
    found = _Hrefs()
    found.feed(mail.html)
    spelt = [link.rstrip(".,;:!?") for link in _LINK.findall(mail.text)]
    return list(dict.fromkeys([*found.hrefs, *spelt]))


class _Hrefs(HTMLParser):
    """Collects the addresses of an HTML document's links."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps the address of one link."""
        self.hrefs.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


class Mailbox:
    """Takes every mail, unless it is told to refuse.

    ``refuse`` is the answer to the next ``refusals`` mails, or to all while that is None, such as ``450 4.7.1 greylisted``; 421 ends
    the connection as well. ``unknown`` are addresses that are refused as recipients. With ``tls`` it takes mail over STARTTLS only,
    with ``login`` only from who knows name and password; both are set before it is started.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self.messages: list[Mail] = []
        self.refuse: str | None = None
        self.refusals: int | None = None
        self.refused: list[str] = []
        self.unknown: set[str] = set()
        self.tls: ssl.SSLContext | None = None
        self.login: tuple[str, str] | None = None
        self._clock = clock
        self._controller: Controller | None = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """SMTP's answer to a recipient."""
        if address in self.unknown:
            return "550 5.1.1 The mailbox does not exist"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """SMTP's answer to a mail."""
        refusal = self._refusal()
        if refusal is None:
            self.messages.append(self._read(envelope))
            return "250 OK"
        self.refused.append(refusal)
        if refusal.startswith("421"):
            asyncio.get_running_loop().call_soon(server.transport.close)
        return refusal

    def _refusal(self) -> str | None:
        if self.refuse is None or self.refusals == 0:
            return None
        if self.refusals is not None:
            self.refusals -= 1
        return self.refuse

    def _read(self, envelope: Any) -> Mail:
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage), "the policy makes this class"
        headers = {name: str(value) for name, value in parsed.items()}
        text, html = _part(parsed, "plain"), _part(parsed, "html")
        calendar = next((str(part.get_content()) for part in parsed.walk() if part.get_content_type() == "text/calendar"), "")
        number = f"mail-{len(self.messages) + 1}"
        to, subject = tuple(envelope.rcpt_tos), str(parsed["Subject"] or "")
        return Mail(number, to, str(envelope.mail_from or ""), subject, text, html, self._clock.now(), headers, calendar)

    def start(self, host: str, port: int = 0) -> None:
        """Opens the mailbox; port 0 takes any free one."""
        options: dict[str, Any] = {"enable_SMTPUTF8": True, "tls_context": self.tls, "require_starttls": self.tls is not None}
        if self.login is not None:
            options |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": self.tls is not None}
        self._controller = _AnyPort(self, hostname=host, port=port, **options)
        self._controller.start()

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert self.login is not None, "a login is set"
        name, password = self.login
        right = isinstance(given, LoginPassword) and given == LoginPassword(name.encode(), password.encode())
        return AuthResult(success=right, handled=right)

    @property
    def url(self) -> str:
        """Where it is, with the login that it asks for."""
        assert self._controller is not None, "the mailbox is started"
        login = "" if self.login is None else f"{quote(self.login[0], safe='')}:{quote(self.login[1], safe='')}@"
        return f"smtp://{login}{self._controller.hostname}:{self._controller.port}"

    def stop(self) -> None:
        """Closes it."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


class _AnyPort(Controller):
    """A controller that may be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        assert self.server is not None, "the server listens before it is triggered"
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()  # type: ignore[no-untyped-call]
