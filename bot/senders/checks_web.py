"""Whether the world reaches us, for ``muster doctor``: our own public address, asked from here."""

from __future__ import annotations

import asyncio

import aiohttp

from bot.errors import SendError

TIMEOUT_SECONDS = 10.0


async def probe(session: aiohttp.ClientSession, method: str, url: str) -> int:
    """The status that an address answers with, to a request without a body or a signature; raises SendError."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), session.request(method, url, allow_redirects=False) as answer:
            return answer.status
    except aiohttp.ClientConnectorCertificateError as error:
        raise SendError("its certificate is not trusted", code="certificate") from error
    except (aiohttp.ClientError, OSError) as error:
        raise SendError(f"nothing answers there ({type(error).__name__})", code="unreachable") from error
