"""The sandbox as one HTTP server: Slack's Web API, Twilio's, and the control routes."""

from __future__ import annotations

import base64
import json
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.sandbox import control
from bot.sandbox.clock import SandboxClock, real_now
from bot.sandbox.faults import Fault, Faults, RecordedRequest, cut, play
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.people import Workspace
from bot.sandbox.phones import PhoneNetwork, TwilioError
from bot.sandbox.webapi import PER_MINUTE, SCOPES, WebApi
from bot.sandbox.workspace import SlackError, State

DEFAULT_SCOPES = frozenset(
    [
        "commands",
        "chat:write",
        "channels:manage",
        "channels:read",
        "channels:join",
        "channels:history",
        "pins:write",
        "bookmarks:write",
        "bookmarks:read",
        "files:write",
    ]
)


@dataclass(frozen=True)
class SandboxSettings:
    """Who the pretend world believes the bot to be."""

    bot_token: str = field(default_factory=lambda: f"xoxb-{secrets.token_hex(12)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    twilio_account_sid: str = field(default_factory=lambda: f"AC{secrets.token_hex(16)}")
    twilio_auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    twilio_from: str = "+15550100000"
    scopes: frozenset[str] = DEFAULT_SCOPES
    host: str = "127.0.0.1"
    port: int = 0
    control_token: str = ""


class Sandbox:
    """A pretend Slack workspace, phone network and mailbox that meet the bot over HTTP only."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.clock, self.faults = SandboxClock(), Faults()
        self.requests: list[RecordedRequest] = []
        self.bot_url, self.url = "", ""
        self.state = State(self.clock)
        self.slack = Workspace(self.state, self.settings.signing_secret, lambda: self.bot_url)
        world = self.settings
        owned = frozenset({world.twilio_from})
        self.phones = PhoneNetwork(self.clock, world.twilio_account_sid, world.twilio_auth_token, owned, lambda: self.bot_url)
        self.mailbox = Mailbox(self.clock)
        self._api = WebApi(self.state, lambda: self.url, self.slack.tell_bot)
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
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", self._messages)
        control.register(app, self)
        self._runner = web.AppRunner(app, access_log=None)
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
        method, args = request.match_info["method"], await _arguments(request)
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
        return cut(request) if fault is not None and fault.kind == "drop_after" else web.json_response(body)

    async def _answer(self, request: web.Request, method: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            self._check_token(request, method, args)
            return await self._api.call(method, args)
        except SlackError as error:
            return {"ok": False, "error": error.error, **error.more}

    def _check_token(self, request: web.Request, method: str, args: dict[str, Any]) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token")
        if not given:
            raise SlackError("not_authed")
        if given != self.settings.bot_token:
            raise SlackError("invalid_auth")
        needed = SCOPES.get(method, ())
        if needed and not set(needed) & self.settings.scopes:
            raise SlackError("missing_scope", needed=needed[0], provided=",".join(sorted(self.settings.scopes)))

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

    # Twilio

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.faults.take("twilio", "Messages", None)
        played = await self._play_twilio(request, fault) if fault is not None else None
        if played is not None:
            self._record("twilio", "Messages", form, played.status, fault.kind if fault else None)
            return played
        try:
            body, status = self.phones.create(request.match_info["account"], _login(request), form), 201
        except TwilioError as error:
            body, status = error.body, error.status
        self._record("twilio", "Messages", form, status, str(body["code"]) if status != 201 else None)
        answer = web.json_response(body, status=status)
        return cut(request) if fault is not None and fault.kind == "drop_after" else answer

    async def _play_twilio(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        if fault.kind in ("ratelimited", "error"):
            error = TwilioError(20429 if fault.kind == "ratelimited" else int(fault.error or 20500))
            return web.json_response(error.body, status=error.status)
        return await play(request, fault)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """A call's arguments: query, form, or JSON."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            parsed = json.loads(await request.text() or "{}")
        except ValueError:
            parsed = {}
        return args | (parsed if isinstance(parsed, dict) else {})
    return args | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _login(request: web.Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return None
    return name, password
