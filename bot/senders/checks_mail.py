"""Whether the mail server takes us, for ``muster doctor``: it is greeted and logged in to as the sender would, and nothing is sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPConnectError, SMTPException

from bot.errors import SendError, SettingsError
from bot.senders.email import Security, Server, read_url

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """How the server was spoken to; ``exposed`` when others may listen in, which SMTP_URL has to allow."""

    host: str
    encrypted: bool
    exposed: bool
    logged_in: bool


async def greet(url: str) -> MailServer:
    """What became of a visit to the server that SMTP_URL names; raises SendError."""
    try:
        server = read_url(url)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await _visit(server)
    except SettingsError as error:
        raise SendError(str(error), code="malformed", permanent=True) from error
    except SMTPAuthenticationError as error:
        raise SendError(f"the mail server refuses our password (SMTP {error.code})", code=str(error.code), permanent=True) from error
    except (SMTPConnectError, OSError, ValueError) as error:
        raise SendError(f"the mail server cannot be reached ({type(error).__name__})", code="unreachable") from error
    except SMTPException as error:
        if "STARTTLS" in str(error):
            raise SendError("the mail server offers no TLS", code="no_tls", permanent=True) from error
        raise SendError(f"the mail server does not take us ({type(error).__name__})", code="refused") from error
    encrypted = server.security is not Security.OFF
    return MailServer(server.host, encrypted, not encrypted and bool(urlsplit(url).query), server.username is not None)


async def _visit(server: Server) -> None:
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.security is Security.TLS,
        start_tls=server.security is Security.STARTTLS,
        timeout=TIMEOUT_SECONDS,
    )
    async with client:
        await client.noop()
