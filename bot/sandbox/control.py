"""The control routes, for whoever meets the sandbox over HTTP: look at it, act as its people, script its faults."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from bot.sandbox import page, snapshot
from bot.sandbox.acts_table import Acts
from bot.sandbox.snapshot import LOOKS_PER_SECOND, Changes
from bot.sandbox.workspace import SlackError

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

_STREAM = {**page.HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
_ALIVE_EVERY = 15 * LOOKS_PER_SECOND
_WRONG = (KeyError, TypeError, ValueError, LookupError, SlackError)


class _Control:
    """The routes over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._acts, self._changes, self._closing = Acts(sandbox), Changes(sandbox), asyncio.Event()

    async def close(self, _app: web.Application) -> None:
        """Ends the streams, which would otherwise outlive the server."""
        self._closing.set()

    async def state(self, _request: web.Request) -> web.Response:
        """Everything there is to see."""
        return _answer({"version": self._changes.version(), **snapshot.take(self._sandbox)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A stream of server-sent events: one whenever something changed, at most ten a second."""
        stream = web.StreamResponse(headers=_STREAM)
        await stream.prepare(request)
        told, turns = -1, 0
        try:
            while not self._closing.is_set():
                version, turns = self._changes.version(), turns + 1
                if version != told:
                    await stream.write(b"data: " + snapshot.encode({"version": version}) + b"\n\n")
                elif turns % _ALIVE_EVERY == 0:
                    await stream.write(b": still here\n\n")
                told = version
                await asyncio.sleep(1 / LOOKS_PER_SECOND)
        except ConnectionResetError:
            return stream
        return stream

    async def requests(self, request: web.Request) -> web.Response:
        """Every request that the bot made, from ``since`` on."""
        start = int(request.query.get("since", "0"))
        listed = self._sandbox.requests[start:]
        return _answer({"requests": [asdict(one) for one in listed], "next": start + len(listed)})

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a shared file."""
        for file in self._sandbox.state.files:
            if file.id == request.match_info["id"]:
                return web.Response(body=file.content, content_type="text/plain", charset="utf-8", headers=page.HEADERS)
        raise web.HTTPNotFound

    async def promises(self, _request: web.Request) -> web.Response:
        """The incidents of the bot and what was promised in each, as the bot's own API tells it."""
        sandbox = self._sandbox
        headers = {"Authorization": f"Bearer {sandbox.settings.bot_api_token}"}
        try:
            async with sandbox.session.get(f"{sandbox.bot_url}/api/v1/incidents?state=all", headers=headers) as response:
                found = await response.json()
                if response.status == 200:
                    return _answer(found)
                return _refusal(f"The bot answered {response.status}: {found.get('message', 'no reason given')}", 502)
        except (aiohttp.ClientError, ValueError) as error:
            return _refusal(f"The bot does not answer ({type(error).__name__}).", 502)

    async def act(self, request: web.Request) -> web.Response:
        """Acts: ``{"do": "command", …}``; a wrong one is 400 with a sentence."""
        try:
            wanted = await request.json()
            if not isinstance(wanted, dict):
                raise ValueError('expected an object such as {"do": "advance", "seconds": 60}')
            return _answer(await self._acts.do(wanted))
        except _WRONG as error:
            return _refusal(_sentence(error), 400)
        except aiohttp.ClientError as error:
            return _refusal(f"The bot does not answer ({type(error).__name__}).", 502)


def _answer(body: Any) -> web.Response:
    return web.Response(body=snapshot.encode(body), content_type="application/json", headers=page.HEADERS)


def _refusal(sentence: str, status: int) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers=page.HEADERS)


def _sentence(error: Exception) -> str:
    """What went wrong, in the words of the act where it has some."""
    return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"


def register(app: web.Application, sandbox: Sandbox) -> None:
    """Mounts the routes, behind the same door as the page."""
    routes, host = _Control(sandbox), sandbox.settings.host
    app.on_shutdown.append(routes.close)
    for path, handler in (
        ("state", routes.state),
        ("events", routes.events),
        ("requests", routes.requests),
        ("promises", routes.promises),
        ("files/{id}", routes.file),
    ):
        app.router.add_get(f"/sandbox/{path}", page.guarded(handler, host))
    app.router.add_post("/sandbox/act", page.guarded(routes.act, host))
    page.register(app, host)
