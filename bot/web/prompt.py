"""The answers to alert bodies: a few prepared bytes in one write, for they are given more often than all others together."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache

import orjson
from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from bot.telemetry import current_request_id
from bot.web.edge import HEADERS, answer, edge_of

BUSY_FOR = "5"
"""Seconds after which somebody who was told 503 should come again."""
_HEAD = "".join(f"{name}: {value}\r\n" for name, value in (("Content-Type", "application/json; charset=utf-8"), *HEADERS.items()))


class Prompt(web.StreamResponse):
    """A whole answer as bytes, its head included; only for a connection of HTTP/1.1 that stays open."""

    def __init__(self, status: int, content: bytes) -> None:
        super().__init__(status=status)
        self._content = content

    @property
    def keep_alive(self) -> bool:
        """True: the connection stays open."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Writes the answer, head and body; waits for a peer that does not read."""
        if request.transport is None:
            raise ConnectionResetError("The sender hung up before it was answered.")
        request.transport.write(self._content)
        await request.writer.drain()
        return None

    async def write_eof(self, _data: bytes = b"") -> None:
        """Nothing: it was all written."""


def accepted(request: web.Request, receipt: str) -> web.StreamResponse:
    """202 and the receipt, as ``sources.source.accepted`` says it."""
    if request.version != HttpVersion11 or not request.keep_alive:
        return answer(202, {"receipt": receipt, "url": f"/alerts/receipts/{receipt}"})
    now = int(edge_of(request).clock.real().timestamp())
    return Prompt(202, accepted_bytes(receipt, now, current_request_id() or ""))


def accepted_bytes(receipt: str, now: int, request_id: str) -> bytes:
    """The whole answer that a body was taken; ``now`` in Unix seconds."""
    body = f'{{"receipt": "{receipt}", "url": "/alerts/receipts/{receipt}"}}'
    return f"{_head('202 Accepted', now)}X-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode("ascii")


def busy_bytes(message: str, now: int, request_id: str) -> bytes:
    """The whole answer that a body could not be taken now."""
    body = orjson.dumps({"code": "busy", "message": message})
    own = f"Retry-After: {BUSY_FOR}\r\nX-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n"
    head = _head("503 Service Unavailable", now) + own
    return head.encode("ascii") + body


@lru_cache(8)
def _head(status: str, now: int) -> str:
    return f"HTTP/1.1 {status}\r\n{_HEAD}Date: {formatdate(now, usegmt=True)}\r\n"
