"""The short way in for the alert bodies that come most often; whoever asks for anything else is handed to aiohttp with all it sent.

A POST of JSON to a known source that carries its secret in ``Authorization`` needs no router and no task of its own: its head is the same
time after time, so that it is read once and compared from then on. A request that is odd in any way (another method, a header that
changes how the body is read, a wrong secret, JSON that is broken) takes the long way and gets its answer there; so does the rest of its
connection. The body is committed before it is answered, as everywhere (RELIABILITY 1).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from bot import telemetry
from bot.clock import new_request_id
from bot.errors import Malformed
from bot.sources.forms import form_of
from bot.sources.source import Form
from bot.web.bodies import check_object
from bot.web.carriers import is_in_authorization
from bot.web.edge import Edge, Monitor
from bot.web.prompt import accepted_bytes, busy_bytes

ROUTE = "/alerts/{source}"
_LENGTH_AT_MOST = 64 * 1024
_LINES = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+")
_LENGTH = re.compile(rb"[0-9]{1,6}")
_CHANGES_THE_BODY = {b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"trailer", b"te", b"x-muster-test"}


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a request says: whose it is, how long its body is, and the id that it brought."""

    monitor: Monitor
    length: int
    request_id: str | None


class Express:
    """The sources that can be posted at the short way, and the connections that are on it."""

    def __init__(self, edge: Edge, server: Callable[[], asyncio.Protocol], keepalive: float) -> None:
        self.edge = edge
        self.server = server
        self.keepalive = keepalive
        self.ways: set[Way] = set()
        self._server: asyncio.Server | None = None
        self.follow()

    def follow(self) -> None:
        """Takes up what the policy in force lets in."""
        self._plain = {b"POST /alerts/%b HTTP/1.1\r\n" % name.encode(): one for name, one in self.edge.monitors.items() if one.plain}

    async def open(self, host: str, port: int) -> str:
        """Listens; the address to reach it at."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Way(self), host, port, backlog=1024)
        address, number = self._server.sockets[0].getsockname()[:2]
        return f"http://{address}:{number}"

    async def close(self, within: float) -> None:
        """Stops listening, and hangs up once whoever waits for a commit has been answered."""
        if self._server is None:
            return
        self._server.close()
        waiting = [way.done for way in self.ways if way.done is not None]
        if waiting:
            await asyncio.wait(waiting, timeout=within)
        for way in tuple(self.ways):
            way.hang_up()

    def read(self, head: bytes) -> Head | None:
        """What the head says; None for one that has to take the long way."""
        line, _, rest = head.partition(b"\r\n")
        monitor = self._plain.get(line + b"\r\n")
        if monitor is None or not _LINES.fullmatch(rest):
            return None
        lines = [one.partition(b":") for one in rest.split(b"\r\n")[:-1]]
        fields = {name.lower(): value.strip() for name, _, value in lines}
        if len(fields) != len(lines) or not fields.keys().isdisjoint(_CHANGES_THE_BODY) or b"host" not in fields:
            return None
        return self._read_fields(monitor, {name: value.decode("latin-1") for name, value in fields.items()})

    def _read_fields(self, monitor: Monitor, fields: dict[bytes, str]) -> Head | None:
        length, request_id = fields.get(b"content-length", ""), fields.get(b"x-request-id")
        stays = fields.get(b"connection", "keep-alive").lower() == "keep-alive"
        known = monitor.rule.unsigned or is_in_authorization(fields.get(b"authorization"), monitor)
        json = form_of("POST", fields.get(b"content-type", "")) is Form.JSON and Form.JSON in monitor.source.forms
        if not (stays and known and json and _LENGTH.fullmatch(length.encode())) or int(length) > _LENGTH_AT_MOST:
            return None
        if request_id is not None and not telemetry.is_request_id(request_id):
            return None
        return Head(monitor, int(length), request_id)


class Way(asyncio.Protocol):
    """One connection: a body is committed, then answered, then the next one is read."""

    def __init__(self, express: Express) -> None:
        self.done: asyncio.Future[str] | None = None
        self._express = express
        self._buffer = b""
        self._bytes = b""
        self._head: Head | None = None
        self._heard = True
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to wait for a request."""
        self._transport = cast(asyncio.Transport, transport)
        self._express.ways.add(self)
        self._timer = asyncio.get_running_loop().call_later(self._express.keepalive, self._look)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forgets the connection; a body that is being committed is kept."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Takes the next request when it is whole; holds back a sender that is too far ahead."""
        self._heard = True
        self._buffer = self._buffer + data if self._buffer else data
        if self.done is None and not self._full:
            self._take()
        elif len(self._buffer) > _LENGTH_AT_MOST:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Takes nothing more from a peer that does not read its answers."""
        self._full = True

    def resume_writing(self) -> None:
        """Goes on with a peer that reads again."""
        self._full = False
        self._go_on()

    @property
    def holds(self) -> int:
        """How many bytes came that no answer was given to."""
        return len(self._buffer)

    def hang_up(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def _leave(self) -> None:
        self._timer.cancel()
        self._express.ways.discard(self)

    def _look(self) -> None:
        """Hangs up on a silent peer; one that began a request and stopped is left to aiohttp's own patience."""
        if self.done is None and self._buffer and not self._full:
            self._hand_over()
        elif self.done is None and not self._heard:
            self.hang_up()
        else:
            self._heard = False
            self._timer = asyncio.get_running_loop().call_later(self._express.keepalive, self._look)

    def _hand_over(self) -> None:
        """Gives the connection, with what was not answered yet, to aiohttp."""
        self._leave()
        server = self._express.server()
        self._transport.set_protocol(server)
        server.connection_made(self._transport)
        server.data_received(self._buffer)

    def _take(self) -> None:
        data = self._buffer
        end = data.find(b"\r\n\r\n")
        head = data[: end + 2]
        if end < 0 or (head != self._bytes and not self._learn(head)):
            self._hand_over()
            return
        assert self._head is not None, "a head that was learned"
        start, stop = end + 4, end + 4 + self._head.length
        if len(data) < stop:
            return
        try:
            check_object(data[start:stop], arrays=self._head.monitor.source.takes_arrays)
        except Malformed:
            self._hand_over()
            return
        self._buffer = data[stop:]
        self._commit(self._head, data[start:stop])

    def _learn(self, head: bytes) -> bool:
        self._head = self._express.read(head)
        self._bytes = head if self._head is not None else b""
        return self._head is not None

    def _commit(self, head: Head, body: bytes) -> None:
        edge, request_id = self._express.edge, head.request_id or new_request_id()
        began = edge.clock.monotonic()
        self.done = edge.intake.put(head.monitor.name, body, request_id)
        self.done.add_done_callback(partial(self._answer, head.monitor.name, request_id, began))

    def _answer(self, name: str, request_id: str, began: float, done: asyncio.Future[str]) -> None:
        self.done, clock = None, self._express.edge.clock
        error = done.exception()
        now = int(clock.real().timestamp())
        if error is not None:
            answered, status = busy_bytes(str(error), now, request_id), 503
        else:
            answered, status = accepted_bytes(done.result(), now, request_id), 202
            telemetry.count_body(name)
        telemetry.count_request(ROUTE, status, clock.monotonic() - began)
        if self._transport.is_closing():
            return
        self._transport.write(answered)
        self._go_on()

    def _go_on(self) -> None:
        """Takes the next request, if one is there and the peer reads its answers."""
        if self._buffer and self.done is None and not self._full:
            self._transport.resume_reading()
            self._take()
