"""Load: keep-alive connections that post one body after the other, as fast as they are answered."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_LAST_ANSWER_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one round took: answers, in seconds, answers a second, and the 99th percentile of their time in milliseconds."""

    answers: int
    seconds: float
    p99_ms: float
    refused: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, next_request: Callable[[], bytes | None], until: float) -> None:
        self._next, self._until = next_request, until
        self._buffer, self._sent_at = b"", 0.0
        self.times: list[float] = []
        self.refused = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        request = self._next() if self._sent_at < self._until else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not blank or length is None or len(body) < int(length[1]):
            return
        self.times.append(time.perf_counter() - self._sent_at)
        self.refused += not head.startswith(b"HTTP/1.1 20")
        self._buffer = b""
        self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def post(
    url: str, body: Callable[[int], bytes], headers: str, seconds: float, connections: int = 64, at_most: int | None = None
) -> Measured:
    """Posts ``body(n)`` to ``url`` for that long, or until ``at_most`` bodies are posted."""
    parts, numbers = urlsplit(url), iter(range(at_most or 10**9))
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    start = f"POST {parts.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}".encode()

    def request() -> bytes | None:
        number = next(numbers, None)
        if number is None:
            return None
        content = body(number)
        return b"%bContent-Length: %d\r\n\r\n%b" % (start, len(content), content)

    loop, began = asyncio.get_running_loop(), time.perf_counter()
    opened = [await loop.create_connection(lambda: _Connection(request, began + seconds), host, port) for _ in range(connections)]
    async with asyncio.timeout(seconds + _LAST_ANSWER_WITHIN):
        await asyncio.gather(*(connection.ended for _, connection in opened))
    times = [taken for _, connection in opened for taken in connection.times]
    refused = sum(connection.refused for _, connection in opened)
    return Measured(len(times), time.perf_counter() - began, percentile(times, 0.99) * 1000, refused)
