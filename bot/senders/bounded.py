"""Answers of others, read no further than they may be long."""

from __future__ import annotations

import aiohttp

from bot.errors import SendError

_PIECE = 65536


async def read(response: aiohttp.ClientResponse, largest: int, too_large: str) -> bytes:
    """The whole body; raises SendError with that sentence once it is larger than so many bytes."""
    content = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        content += piece
        if len(content) > largest:
            raise SendError(too_large, code="too_large", permanent=True)
    return bytes(content)
