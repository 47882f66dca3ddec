"""The sandbox as one HTTP server: Slack's Web API, Twilio's, Sentry's, and the control routes."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.sandbox import control, page
from bot.sandbox.clock import SandboxClock, real_now
from bot.sandbox.faults import Faults, RecordedRequest, cut, play
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.people import Workspace
from bot.sandbox.phones import PhoneNetwork
from bot.sandbox.scopes import DEFAULT_SCOPES, FORM_ONLY, PER_MINUTE
from bot.sandbox.sentry import Issues, SentryApi
from bot.sandbox.socket import Socket
from bot.sandbox.twilioapi import TwilioApi
from bot.sandbox.webapi import WebApi
from bot.sandbox.workspace import SlackError, State

_CLOSING_SECONDS = 1.0
"""What is still under way then is cut off: a fault may hold an answer back for an hour."""


@dataclass(frozen=True)
class SandboxSettings:
    """Who the pretend world believes the bot to be."""

    bot_token: str = field(default_factory=lambda: f"xoxb-{secrets.token_hex(12)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    app_token: str = field(default_factory=lambda: f"xapp-1-A0MUSTER-{secrets.token_hex(16)}")
    socket_mode: bool = False
    twilio_account_sid: str = field(default_factory=lambda: f"AC{secrets.token_hex(16)}")
    twilio_auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    twilio_from: str = "+15550100000"
    whatsapp_from: str = "+15550100001"
    whatsapp_content_sid: str = field(default_factory=lambda: f"HX{secrets.token_hex(16)}")
    voice_from: str = "+15550100002"
    sentry_token: str = field(default_factory=lambda: f"sntrys_{secrets.token_hex(16)}")
    sentry_organisation: str = "acme"
    scopes: frozenset[str] = DEFAULT_SCOPES
    host: str = "127.0.0.1"
    port: int = 0
    control_token: str = ""
    bot_api_token: str = ""
    alerts_secret: str = ""
    phone_book: Mapping[str, str] = field(default_factory=dict)


class Sandbox:
    """A pretend Slack workspace, phone network and mailbox that meet the bot over HTTP only."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.clock, self.faults = SandboxClock(), Faults()
        self.requests: list[RecordedRequest] = []
        self.firing: dict[str, str] = {}
        self.bot_url, self.url = "", ""
        self.state = State(self.clock)
        self.slack = Workspace(self.state, self.settings.signing_secret, lambda: self.bot_url)
        world = self.settings
        self.socket = Socket(self.state, world.app_token, lambda: self.url)
        self.slack.socket = self.socket.deliver if world.socket_mode else None
        owned = frozenset({world.twilio_from})
        self.phones = PhoneNetwork(
            self.clock,
            world.twilio_account_sid,
            world.twilio_auth_token,
            owned,
            lambda: self.bot_url,
            whatsapp_from=world.whatsapp_from,
            whatsapp_content_sid=world.whatsapp_content_sid,
            voice_from=world.voice_from,
        )
        self.mailbox = Mailbox(self.clock)
        self.issues = Issues(world.sentry_organisation)
        self._api = WebApi(self.state, lambda: self.url, self.slack.tell_bot, self.settings.scopes)
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None

    @property
    def slack_api_url(self) -> str:
        """What SLACK_API_URL has to be."""
        return f"{self.url}/api/"

    @property
    def twilio_api_url(self) -> str:
        """What TWILIO_API_URL has to be."""
        return self.url

    async def start(self) -> None:
        """Opens the doors."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._slack)
        app.router.add_post("/upload/{id}", page.guarded(self._upload, self.settings.host))
        TwilioApi(self.phones, self.faults, self._record).register(app)
        SentryApi(self.issues, self.settings.sentry_token, self.faults, self._record).register(app)
        control.register(app, self)
        self.socket.register(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.settings.host, self.settings.port).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self.session = aiohttp.ClientSession()
        self.slack.session = self.phones.session = self.session
        self.mailbox.start(self.settings.host)

    def connect(self, bot_url: str) -> None:
        """Says where the bot is; the bot's clock follows from now on."""
        self.bot_url = bot_url
        self.clock.follow = self._steer_bot

    async def _steer_bot(self, step: dict[str, object]) -> None:
        headers = {"Authorization": f"Bearer {self.settings.control_token}"}
        async with self.session.post(f"{self.bot_url}/control/clock", json=step, headers=headers) as response:
            response.raise_for_status()

    async def stop(self) -> None:
        """Closes everything."""
        await self.slack.close()
        await self.socket.close()
        await self.phones.close()
        await self.session.close()
        self.mailbox.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _record(self, peer: str, name: str, params: dict[str, Any], status: int, error: str | None) -> None:
        request = RecordedRequest(real_now(), self.clock.now(), peer, name, params, status, error)
        self.requests.append(request)

    # Slack

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request, json_too=method not in FORM_ONLY)
        channel = str(args.get("channel") or args.get("channel_id") or "") or None
        fault = self.faults.take("slack", method, channel)
        played = await play(request, fault) if fault is not None else None
        if played is not None:
            self._record("slack", method, args, played.status, fault.kind if fault else None)
            return played
        limited = self._limited(method, channel)
        if limited is not None:
            self._record("slack", method, args, 429, "ratelimited")
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(limited)})
        body = await self._answer(request, method, args)
        self._record("slack", method, args, 200, body.get("error"))
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.settings.scopes)), "X-Slack-Req-Id": secrets.token_hex(16)}
        return cut(request) if fault is not None and fault.kind == "drop_after" else web.json_response(body, headers=headers)

    async def _answer(self, request: web.Request, method: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.get("token") or "")
            if method == "apps.connections.open":
                return self.socket.open(given)
            self._check_token(given)
            return await self._api.call(method, args)
        except SlackError as error:
            return {"ok": False, "error": error.error, **error.more}

    def _check_token(self, given: str) -> None:
        if not given:
            raise SlackError("not_authed")
        if given != self.settings.bot_token:
            raise SlackError("invalid_auth")

    def _limited(self, method: str, channel: str | None) -> int | None:
        """Seconds to wait when a method was called too often within a minute; posts are counted by channel."""
        if not self.slack.enforce_rate_limits or method not in PER_MINUTE:
            return None
        key = f"{method}:{channel}" if method == "chat.postMessage" else method
        now, calls = real_now().timestamp(), self._calls[key]
        while calls and now - calls[0] > 60:
            calls.popleft()
        if len(calls) >= PER_MINUTE[method]:
            return max(1, int(61 - (now - calls[0])))
        calls.append(now)
        return None

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        file = next((file for file in self.state.files if file.id == request.match_info["id"]), None)
        if file is None:
            return web.Response(status=404)
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            part = next(iter(form.values()))
            file.content = part.file.read() if isinstance(part, web.FileField) else str(part).encode()
        else:
            file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")


async def _arguments(request: web.Request, *, json_too: bool) -> dict[str, Any]:
    """A call's arguments: query, form, or JSON; a body of JSON is not looked at unless ``json_too``."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        if not json_too:
            return args
        try:
            parsed = json.loads(await request.text() or "{}")
        except ValueError:
            parsed = {}
        return args | (parsed if isinstance(parsed, dict) else {})
    return args | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
