"""A bot that only listens: it checks each signature as Twilio's SDK does, keeps what came, and answers what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from bot.sandbox import Sandbox

TIM, ANA = "+14155550101", "+14155550102"
PUBLIC = "http://bot.test"


@dataclass
class PhoneBot:
    """What the bot heard, path by path, and the world that it heard it from."""

    sandbox: Sandbox
    http: aiohttp.ClientSession
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    unsigned: int = 0

    async def take(self, request: web.Request) -> web.Response:
        """Keeps a request when its signature is right."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        query = dict(request.query) if request.method == "GET" else {}
        validator = RequestValidator(self.sandbox.settings.twilio_auth_token)
        if not validator.validate(f"{PUBLIC}{request.rel_url}", form, request.headers["X-Twilio-Signature"]):
            self.unsigned += 1
            return web.Response(status=403)
        self.heard.append((request.path, form | query))
        text = self.answers.get(request.path, "")
        return web.Response(text=text, content_type="text/xml", status=self.statuses.get(request.path, 200))

    def at(self, path: str) -> list[dict[str, str]]:
        """What came to one path, oldest first."""
        return [form for where, form in self.heard if where == path]

    async def ask(self, method: str, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        """The status and the body of a request to Twilio's API by the account itself."""
        world = self.sandbox.settings
        login = aiohttp.encode_basic_auth(world.twilio_account_sid, world.twilio_auth_token)
        url = f"{self.sandbox.twilio_api_url}{path.replace('AC/', f'{world.twilio_account_sid}/')}"
        query, data = (fields, None) if method == "GET" else (None, fields)
        async with self.http.request(method, url, headers={"Authorization": login}, params=query, data=data) as response:
            return response.status, await response.json()

    async def send(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Twilio's answer to a new message; by SMS to Tim unless the fields say otherwise."""
        named = {"To": TIM, "From": self.sandbox.settings.twilio_from, "StatusCallback": f"{PUBLIC}/twilio/status"}
        return await self.ask("POST", "/2010-04-01/Accounts/AC/Messages.json", **{**named, **fields})

    async def whatsapp(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Twilio's answer to a new WhatsApp message."""
        return await self.send(**{"To": f"whatsapp:{TIM}", "From": f"whatsapp:{self.sandbox.settings.whatsapp_from}", **fields})

    async def call(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Twilio's answer to a new call to Tim."""
        named = {"To": TIM, "From": self.sandbox.settings.voice_from}
        return await self.ask("POST", "/2010-04-01/Accounts/AC/Calls.json", **{**named, **fields})

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Waits, in real time, until the condition gives something true back."""
        async with asyncio.timeout(5):
            while not (found := condition()):
                await asyncio.sleep(0.005)
        return found


@asynccontextmanager
async def open_phone_bot() -> AsyncIterator[PhoneBot]:
    """A listening bot beside a sandbox whose clock stands still unless it is moved."""
    sandbox = Sandbox()
    await sandbox.start()
    await sandbox.clock.freeze()
    app, runner = web.Application(), None
    try:
        async with aiohttp.ClientSession() as http:
            bot = PhoneBot(sandbox, http)
            app.router.add_route("*", "/{path:.*}", bot.take)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            sandbox.bot_url = f"http://{host}:{port}"
            yield bot
    finally:
        await sandbox.stop()
        if runner is not None:
            await runner.cleanup()
