"""Socket Mode's far end: hands out addresses, greets, sends envelopes round robin and waits for their acknowledgements."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.sandbox.background import Background
from bot.sandbox.clock import real_now
from bot.sandbox.delivery import WITHIN_SECONDS, Answer, Envelope
from bot.sandbox.workspace import SlackError, State

PATH = "/link/"
MOST_CONNECTIONS = 10
_HEARTBEAT_SECONDS = 10.0
_TICKET_SECONDS = 30.0
_DEBUG = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18_060}


@dataclass(eq=False)
class Connection:
    """One websocket of the bot. A ``leaving`` one gets no more, for the bot was told to go; a ``deaf`` one looks well all the same."""

    request: web.Request
    stream: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    leaving: bool = False
    deaf: bool = False

    async def send(self, frame: dict[str, Any]) -> None:
        """Sends a frame; one to a connection that has just died is lost, as on any network."""
        try:
            await self.stream.send_str(json.dumps(frame))
        except ConnectionError:
            self.leaving = True

    def acknowledged(self, text: str) -> None:
        """Takes the bot's answer to an envelope; one to an unknown envelope is dropped."""
        frame = json.loads(text)
        waiting = self.waiting.pop(str(frame.get("envelope_id")), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame.get("payload"))

    def cut(self) -> None:
        """Drops the TCP connection without a close frame."""
        self.leaving = True
        if self.request.transport is not None:
            self.request.transport.abort()


class Socket:
    """All of the bot's connections. ``deaf`` makes every one deaf, also those to come (bolt-python#1529)."""

    def __init__(self, state: State, app_token: str, url: Callable[[], str]) -> None:
        self.connections: list[Connection] = []
        self.deaf = False
        self.within = WITHIN_SECONDS
        self.delivered: list[Envelope] = []
        self._state, self._app_token, self._url = state, app_token, url
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self._background = Background()

    def register(self, app: web.Application) -> None:
        """Mounts the websocket."""
        app.router.add_get(PATH, self._link)

    async def close(self) -> None:
        """Closes every connection."""
        await self._background.close()
        for connection in list(self.connections):
            await connection.stream.close()

    def open(self, token: str) -> dict[str, Any]:
        """The answer of ``apps.connections.open``: an address that is good once, for half a minute; raises SlackError."""
        if not token:
            raise SlackError("not_authed")
        if not token.startswith("xapp-"):
            raise SlackError("not_allowed_token_type")
        if token != self._app_token:
            raise SlackError("invalid_auth")
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = real_now().timestamp()
        address = self._url().replace("http", "ws", 1)
        return {"ok": True, "url": f"{address}{PATH}?ticket={ticket}&app_id={self._state.app_id}"}

    async def _link(self, request: web.Request) -> web.StreamResponse:
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or real_now().timestamp() - issued > _TICKET_SECONDS:
            return web.Response(status=403, text="The ticket is spent or too old.")
        stream = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS)
        await stream.prepare(request)
        connection = Connection(request, stream)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send(self._farewell("too_many_websockets"))
            await stream.close()
            return stream
        self.connections.append(connection)
        await connection.send(self._about("hello"))
        try:
            async for message in stream:
                if message.type == WSMsgType.TEXT:
                    connection.acknowledged(message.data)
        finally:
            self.connections.remove(connection)
        return stream

    def _about(self, kind: str) -> dict[str, Any]:
        numbers = {"num_connections": len(self.connections), "connection_info": {"app_id": self._state.app_id}}
        return {"type": kind, "debug_info": _DEBUG, **numbers}

    def _farewell(self, reason: str) -> dict[str, Any]:
        return {**self._about("disconnect"), "reason": reason}

    async def deliver(self, envelope: Envelope) -> Answer:
        """The acknowledgement of an envelope, over the next connection; status 0 when none came in time."""
        self.delivered.append(envelope)
        ready = [connection for connection in self.connections if not connection.leaving]
        if not ready:
            return Answer(0, None, envelope=envelope)
        self._turn += 1
        connection, envelope_id = ready[self._turn % len(ready)], str(uuid4())
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = waiting
        if not (self.deaf or connection.deaf):
            await connection.send(_frame(envelope_id, envelope))
        try:
            async with asyncio.timeout(self.within):
                return Answer(200, await waiting, envelope=envelope)
        except TimeoutError:
            return Answer(0, None, envelope=envelope)
        finally:
            connection.waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tells the bot to connect anew. A ``warning`` leaves the connections in use; else each closes when its last answer came."""
        for connection in list(self.connections):
            await connection.send(self._farewell(reason))
            if reason != "warning":
                connection.leaving = True
                self._background.start(_see_out(connection, self.within))

    async def cut(self) -> None:
        """Drops every TCP connection without a close frame."""
        for connection in list(self.connections):
            connection.cut()


async def _see_out(connection: Connection, within: float) -> None:
    if connection.waiting:
        await asyncio.wait(connection.waiting.values(), timeout=within)
    await connection.stream.close()


def _frame(envelope_id: str, envelope: Envelope) -> dict[str, Any]:
    """What goes over the wire; only events know retries, and only what a person waits for takes a payload back."""
    frame: dict[str, Any] = {"envelope_id": envelope_id, "payload": envelope.payload, "type": envelope.type}
    if envelope.type == "events_api":
        retries = {"retry_attempt": envelope.retry_attempt, "retry_reason": envelope.retry_reason}
        return {**frame, "accepts_response_payload": False, **retries}
    takes = envelope.type == "slash_commands" or envelope.payload.get("type") in ("view_submission", "block_suggestion")
    return {**frame, "accepts_response_payload": takes}
