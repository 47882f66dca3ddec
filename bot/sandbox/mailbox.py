"""The pretend mailbox: a real SMTP server on the loopback address, and what arrived in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller

from bot.sandbox.clock import SandboxClock


@dataclass(frozen=True)
class Mail:
    """A message as it arrived."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    at: datetime


class Mailbox:
    """Takes every mail, unless it is told to greylist."""

    def __init__(self, clock: SandboxClock) -> None:
        self.messages: list[Mail] = []
        self.greylist = 0
        self._clock = clock
        self._controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name aiosmtpd calls
        """SMTP's answer to a mail."""
        if self.greylist > 0:
            self.greylist -= 1
            return "451 4.7.1 Greylisted, try again later"
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        body = parsed.get_body(preferencelist=("plain", "html"))
        text = body.get_content() if body is not None else ""
        mail = Mail(envelope.mail_from, tuple(envelope.rcpt_tos), str(parsed["Subject"]), text, self._clock.now())
        self.messages.append(mail)
        return "250 OK"

    def start(self, host: str, port: int = 0) -> None:
        """Opens the mailbox."""
        self._controller = _AnyPort(self, hostname=host, port=port)
        self._controller.start()

    @property
    def url(self) -> str:
        """Where it is."""
        assert self._controller is not None, "the mailbox is started"
        return f"smtp://{self._controller.hostname}:{self._controller.port}"

    def stop(self) -> None:
        """Closes it."""
        if self._controller is not None:
            self._controller.stop()


class _AnyPort(Controller):
    """A controller that may be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        assert self.server is not None, "the server listens before it is triggered"
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()  # type: ignore[no-untyped-call]
