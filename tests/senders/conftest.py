"""The senders with their real SDKs, against the sandbox, and against a peer that answers whatever a test tells it to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import Sandbox
from bot.senders.slack import Slack
from bot.senders.twilio import Twilio


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    opened = Sandbox()
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def slack(sandbox: Sandbox, session: aiohttp.ClientSession) -> Slack:
    return Slack(token=sandbox.settings.bot_token, api_url=sandbox.slack_api_url, session=session)


def make_twilio(sandbox: Sandbox, session: aiohttp.ClientSession, status_callback: str | None = None) -> Twilio:
    world = sandbox.settings
    return Twilio(
        account_sid=world.twilio_account_sid,
        auth_token=world.twilio_auth_token,
        sms_from=world.twilio_from,
        api_url=sandbox.twilio_api_url,
        status_callback=status_callback,
        session=session,
    )


@pytest.fixture
def twilio(sandbox: Sandbox, session: aiohttp.ClientSession) -> Twilio:
    return make_twilio(sandbox, session)


@dataclass
class Peer:
    """A server that gives one answer to everything, but for the methods that have an answer of their own."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: str = '{"ok": true}'
    headers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[list[tuple[str, str]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.path}?{request.query_string}".rstrip("?"))
        self.forms.append([(name, str(value)) for name, value in (await request.post()).items()])
        method = request.path.rpartition("/")[2]
        if method in self.answers:
            return web.json_response(self.answers[method])
        return web.Response(status=self.status, text=self.body, content_type=self.content_type, headers=self.headers)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    told = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", told.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    told.url = f"http://{host}:{port}"
    yield told
    await runner.cleanup()


def slack_of_peer(peer: Peer, session: aiohttp.ClientSession) -> Slack:
    return Slack(token="xoxb-of-a-test", api_url=f"{peer.url}/api/", session=session)
