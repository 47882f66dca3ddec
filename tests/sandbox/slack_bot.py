"""A bot that only listens to Slack: it checks each signature as Slack's SDK does, keeps what came, and answers what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.people import Workspace
from bot.sandbox.workspace import State


@dataclass
class SlackBot:
    """What the bot heard, and the workspace that it heard it from."""

    sandbox: Sandbox
    client: AsyncWebClient
    events: list[dict[str, Any]] = field(default_factory=list)
    envelopes: list[dict[str, Any]] = field(default_factory=list)
    acts: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    status: int = 200
    unsigned: int = 0

    @property
    def slack(self) -> Workspace:
        return self.sandbox.slack

    @property
    def state(self) -> State:
        return self.sandbox.state

    @property
    def act(self) -> dict[str, Any]:
        """The newest command or interaction."""
        return self.acts[-1]

    async def take(self, request: web.Request) -> web.Response:
        """Keeps what came when its signature is right."""
        body = await request.read()
        if not SignatureVerifier(self.sandbox.settings.signing_secret).is_valid_request(body, dict(request.headers)):
            self.unsigned += 1
            return web.Response(status=401)
        if request.content_type == "application/json":
            self.envelopes.append(json.loads(body))
            self.events.append(self.envelopes[-1]["event"])
            return web.Response()
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.acts.append(json.loads(form["payload"]) if "payload" in form else form)
        return web.Response(status=self.status) if self.answer is None else web.json_response(self.answer, status=self.status)

    def kinds(self) -> list[str]:
        """What came, each by its subtype or its type."""
        return [event.get("subtype") or event["type"] for event in self.events]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Waits until the condition gives something true back."""
        async with asyncio.timeout(5):
            while not (found := condition()):
                await asyncio.sleep(0.005)
            return found

    async def channel(self, name: str, *users: str, **more: Any) -> str:
        """The id of a channel that the bot made and invited people to."""
        made = await self.client.conversations_create(name=name, **more)
        channel = str(made["channel"]["id"])
        if users:
            await self.client.conversations_invite(channel=channel, users=",".join(users))
        return channel

    async def quiet(self, expected: int) -> None:
        """Waits until so many events came, and forgets them."""
        await self.until(lambda: len(self.events) >= expected)
        self.events.clear()


async def error_of(call: Any) -> str:
    """The error that a call to the Web API ends with."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


@asynccontextmanager
async def open_slack_bot(settings: SandboxSettings | None = None) -> AsyncIterator[SlackBot]:
    """A listening bot beside a fresh sandbox, until the block ends."""
    sandbox = Sandbox(settings)
    await sandbox.start()
    bot = SlackBot(sandbox, AsyncWebClient(sandbox.settings.bot_token, base_url=sandbox.slack_api_url))
    app = web.Application()
    app.router.add_post("/slack/events", bot.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    sandbox.connect(f"http://{host}:{port}")
    yield bot
    await sandbox.stop()
    await runner.cleanup()
