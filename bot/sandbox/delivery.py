"""How what happens in the workspace reaches the bot: as signed requests, or as envelopes over Socket Mode."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox import events
from bot.sandbox.background import Background
from bot.sandbox.clock import real_now
from bot.sandbox.workspace import State

WITHIN_SECONDS = 3.0
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Envelope:
    """What a socket carries; retries are counted for events only."""

    type: str
    payload: Mapping[str, Any]
    retry_attempt: int = 0
    retry_reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What the bot answered; ``request`` or ``envelope`` is kept so that the very same can be sent again."""

    status: int
    body: Any
    request: tuple[bytes, dict[str, str]] = (b"", {})
    envelope: Envelope | None = None


class Delivery:
    """The road from the workspace to the bot; ``socket`` carries everything when it is set, else signed requests do."""

    def __init__(self, state: State, signing_secret: str, bot_url: Callable[[], str]) -> None:
        self.state = state
        self.retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.subscriptions = set(events.SUBSCRIPTIONS)
        self.session: aiohttp.ClientSession | None = None
        self.socket: Callable[[Envelope], Awaitable[Answer]] | None = None
        self._secret, self._bot_url = signing_secret, bot_url
        self._sent: dict[str, dict[str, Any]] = {}
        self._telling, self._retrying = Background(), Background()

    @property
    def telling(self) -> bool:
        """Whether something that the bot caused is on its way to it for the first time."""
        return self._telling.busy > 0

    async def close(self) -> None:
        """Ends what is still under way."""
        await self._telling.close()
        await self._retrying.close()

    def sign(self, body: bytes, timestamp: int | str | None = None) -> dict[str, str]:
        """Slack's headers for a body."""
        stamp = str(int(real_now().timestamp()) if timestamp is None else timestamp)
        digest = hmac.new(self._secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def raw(self, body: bytes, content_type: str, headers: Mapping[str, str]) -> Answer:
        """Posts anything to the bot, signed or not."""
        assert self.session is not None, "the sandbox is started"
        sent = {"Content-Type": content_type, **headers}
        async with self.session.post(f"{self._bot_url()}/slack/events", data=body, headers=sent) as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type == _JSON and text else text or None
            return Answer(response.status, parsed, (body, sent))

    async def replay(self, answer: Answer) -> Answer:
        """The same signed bytes once more, or the same payload in a new envelope."""
        if answer.envelope is not None and self.socket is not None:
            return await self.socket(answer.envelope)
        body, headers = answer.request
        return await self.raw(body, headers["Content-Type"], headers)

    async def _command(self, fields: Mapping[str, str], timestamp: int | None = None) -> Answer:
        """Delivers a slash command."""
        if self.socket is not None:
            return await self.socket(Envelope("slash_commands", fields))
        return await self._form(fields, timestamp)

    async def _interact(self, payload: Mapping[str, Any]) -> Answer:
        """Delivers a click, a submission or a shortcut."""
        common = {"team": {"id": self.state.team_id, "domain": "sandbox"}, "api_app_id": self.state.app_id, "token": "unused"}
        whole = {**common, **payload}
        if self.socket is not None:
            return await self.socket(Envelope("interactive", whole))
        return await self._form({"payload": json.dumps(whole)})

    async def _form(self, fields: Mapping[str, str], timestamp: int | None = None) -> Answer:
        body = urlencode(fields).encode()
        return await self.raw(body, _FORM, self.sign(body, timestamp))

    # Events

    async def event(self, event: Mapping[str, Any]) -> Answer:
        """Delivers an event, and again when it is not answered with 2xx in time, as Slack does."""
        event_id = self._keep(event)
        answer = await self.redeliver(event_id)
        if answer.status // 100 != 2:
            self._retrying.start(self._redeliver_later(event_id))
        return answer

    async def event_with_retries(self, event: Mapping[str, Any]) -> list[Answer]:
        """Delivers an event together with its three retries, all at the same moment, as a slow network may."""
        event_id = self._keep(event)
        return await asyncio.gather(*(self.redeliver(event_id, number) for number in range(4)))

    def _keep(self, event: Mapping[str, Any]) -> str:
        event_id = self.state.new_id("Ev")
        self._sent[event_id] = events.envelope(self.state, event, event_id)
        return event_id

    @property
    def last_event_id(self) -> str:
        """The id of the newest event."""
        return next(reversed(self._sent))

    async def redeliver(self, event_id: str, number: int = 0, reason: str = "http_error") -> Answer:
        """Delivers an event once more, said to be a retry when ``number`` is not 0."""
        if self.socket is not None:
            return await self.socket(Envelope("events_api", self._sent[event_id], number, "timeout" if number else ""))
        body = json.dumps(self._sent[event_id]).encode()
        headers = self.sign(body)
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                return await self.raw(body, _JSON, headers)
        except (TimeoutError, aiohttp.ClientError):
            return Answer(0, None)

    async def _redeliver_later(self, event_id: str) -> None:
        for number, delay in enumerate(self.retry_delays, start=1):
            await asyncio.sleep(delay)
            if (await self.redeliver(event_id, number, "http_timeout")).status // 100 == 2:
                return

    def tell_bot(self, event: Mapping[str, Any]) -> None:
        """Delivers what the bot caused itself, in the background; what it has not subscribed to is not sent."""
        if events.heard(self.state, self.subscriptions, event) and (self.socket is not None or self._bot_url()):
            self._telling.start(self.event(event))
