"""Socket Mode: Slack comes in over websockets that we open, into the very Bolt app that stands behind HTTP.

The SDK reads, pings and notices a silent peer; whenever it would connect anew by itself its link ends instead, and a fresh one is made
here, with a pause that grows, and before the old one is let go. Nothing is acknowledged that was not committed: Slack sends it again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import telemetry
from bot.errors import Refused, SendError
from bot.listeners import ANSWER_WITHIN, Slack
from bot.listeners.probe import Probe, ProbePace, Tell
from bot.listeners.requests import parse_object
from bot.senders.slack_calls import ask, web_client
from bot.services import once
from bot.services.work import Services

_CONNECT_WITHIN = 10.0
_PASSED_OVER = 16
_AT_ONCE = ("link_disabled", "too_many_websockets")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many links, and real seconds: between pings, before connecting anew (doubled each time), and what counts as steady."""

    links: int = 2
    ping_every: float = 5.0
    first_pause: float = 0.5
    longest_pause: float = 60.0
    steady_after: float = 10.0
    probe: ProbePace = field(default_factory=ProbePace)

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row: half of it is chance, so that links do not come back in step."""
        whole = min(self.longest_pause, self.first_pause * 2.0 ** min(failures, 20))
        return whole * (0.5 + secrets.randbelow(1000) / 2000)


class Link(SocketModeClient):
    """One websocket for one life: ``ended`` is set where the SDK would replace it, ``reason`` says why if Slack did."""

    def __init__(self, app_token: str, web: AsyncWebClient, ping_every: float, now: float) -> None:
        super().__init__(app_token=app_token, web_client=web, ping_interval=ping_every)
        self.ended = asyncio.Event()
        self.reason = "lost"
        self.at_work: set[asyncio.Task[Any]] = set()
        self.made_at = self.used_at = now
        self.passed_over = 0

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Ends this link; ``force`` is the SDK's and makes no difference."""
        self.ended.set()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """Notes why Slack wants the link replaced, then lets the SDK do its work."""
        if message.get("type") == "disconnect":
            self.reason = str(message.get("reason"))
        await super().run_message_listeners(message, raw_message)


class Socket:
    """Keeps some links open; each envelope is checked, done and acknowledged as a request over HTTP is.

    ``on_dead`` is told, in a sentence, when Slack is found not to reach us although the links look well; ``on_back`` is called with the
    first link after a time without any, for what was missed.
    """

    def __init__(
        self,
        services: Services,
        edge: Slack,
        app_token: str,
        api_url: str,
        session: aiohttp.ClientSession,
        pace: Pace | None = None,
        on_dead: Tell | None = None,
        on_back: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.links: set[Link] = set()
        self._on_back, self._was_away = on_back, False
        self._edge, self._clock, self._app_token = edge, services.clock, app_token
        self._pace = pace or Pace()
        self._web = web_client(app_token, api_url, session)
        self._stopped = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()
        self.probe = Probe(services, edge.client, edge.own, self.reconnect, self._pace.probe, on_dead)

    async def run(self) -> None:
        """Keeps the links until ``stop``, then lets what is under way finish."""
        loops = [asyncio.create_task(self._keep()) for _ in range(self._pace.links)]
        loops.append(asyncio.create_task(self.probe.run()))
        try:
            await self._stopped.wait()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            for link in list(self.links):
                self._let_go(link)
            await asyncio.gather(*self._leaving, return_exceptions=True)

    def stop(self) -> None:
        """Ends the loops; what was taken is still answered."""
        self._stopped.set()

    def reconnect(self, reason: str) -> None:
        """Has every link replaced; what did not come meanwhile is missed."""
        self._was_away = True
        for link in self.links:
            link.reason = reason
            link.ended.set()

    # Links

    async def _keep(self) -> None:
        """Keeps one link, replacing it whenever it ends; one that never lasts is replaced less and less often."""
        failures = 0
        old: Link | None = None
        while True:
            [link] = await asyncio.gather(self._connect(), return_exceptions=True)
            if isinstance(link, BaseException):
                failures += 1
                telemetry.logger().warning("socket_not_connected", error=_sentence(link), failures=failures)
                await asyncio.sleep(max(_asked_pause(link), self._pace.pause(failures)))
                continue
            if old is not None:
                self._let_go(old)
            old = link
            await link.ended.wait()
            steady = self._clock.monotonic() - link.made_at >= self._pace.steady_after
            failures = 0 if steady else failures + 1
            self._ended(link)
            await asyncio.sleep(self._pace.pause(failures))

    async def _connect(self) -> Link:
        opened = await ask("apps.connections.open", self._web.apps_connections_open(app_token=self._app_token))
        link = Link(self._app_token, self._web, self._pace.ping_every, self._clock.monotonic())
        link.wss_uri = opened["url"]
        link.socket_mode_request_listeners.append(self._take)
        connected = False
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                await link.connect()  # type: ignore[no-untyped-call]
            connected = True
        finally:
            if not connected:
                await link.close()  # type: ignore[no-untyped-call]
        self.links.add(link)
        if self._was_away and self._on_back is not None:
            await self._on_back()
        self._was_away = False
        telemetry.SOCKET_LINKS.set(len(self.links))
        return link

    def _ended(self, link: Link) -> None:
        """Writes down why; a link that is of no more use is let go before there is a new one."""
        telemetry.SOCKET_ENDS.labels(link.reason).inc()
        telemetry.logger().info("socket_ended", reason=link.reason)
        if link.reason in _AT_ONCE or link.current_session is None or link.current_session.closed:
            self._let_go(link)

    def _let_go(self, link: Link) -> None:
        if link in self.links:
            self.links.remove(link)
            self._was_away = self._was_away or not self.links
            telemetry.SOCKET_LINKS.set(len(self.links))
            task = asyncio.create_task(_retire(link))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    # Envelopes

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Does what an envelope asks for, then acknowledges it over the link that it came by."""
        link, task = client, asyncio.current_task()
        assert isinstance(link, Link)
        assert task is not None
        link.at_work.add(task)
        self._used(link)
        try:
            with telemetry.working_on(request.envelope_id):
                answer = await self._answer(request)
                taken = answer is not None and answer.status == 200
                if answer is not None and taken:
                    await _acknowledge(link, request, answer)
                telemetry.SOCKET_ENVELOPES.labels("acknowledged" if taken else "left").inc()
        finally:
            link.at_work.discard(task)

    def _used(self, link: Link) -> None:
        """Something arrived; a link that others are always served before is replaced, for it may be deaf."""
        self.probe.arrived()
        link.passed_over, link.used_at = 0, self._clock.monotonic()
        for other in self.links - {link}:
            other.passed_over += 1
            silent = link.used_at - other.used_at
            if other.passed_over >= _PASSED_OVER and silent >= self._pace.probe.quiet_after:
                other.reason = "passed_over"
                other.ended.set()

    async def _answer(self, request: SocketModeRequest) -> BoltResponse | None:
        """What the edge answers; None for what is refused at the door or was not committed in time."""
        text = json.dumps(request.payload)
        try:
            verified = self._edge.verification.check_payload(parse_object(text))
        except Refused as refusal:
            await self._edge.note_refusal(refusal)
            telemetry.logger().warning("slack_envelope_refused", code=refusal.code, error=str(refusal))
            return None
        bolt_request = AsyncBoltRequest(mode="socket_mode", body=dict(verified.payload))
        return await self._edge.answer(bolt_request, verified.key, once.digest(text.encode()))


async def _acknowledge(link: Link, request: SocketModeRequest, answer: BoltResponse) -> None:
    """Sends the answer; when the link died meanwhile Slack sends the envelope again, and gets the same one."""
    payload = None
    if request.accepts_response_payload and answer.body:
        payload = json.loads(answer.body) if answer.body.startswith("{") else {"text": answer.body}
    try:
        await link.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
    except (ConnectionError, aiohttp.ClientError) as error:
        telemetry.logger().warning("slack_envelope_not_acknowledged", error=repr(error))


async def _retire(link: Link) -> None:
    """Closes a link once what it brought is answered."""
    if link.at_work:
        await asyncio.wait(link.at_work, timeout=ANSWER_WITHIN + 0.5)
    await link.close()  # type: ignore[no-untyped-call]


def _asked_pause(error: BaseException) -> float:
    """The seconds that Slack asked us to wait."""
    asked = error.retry_after if isinstance(error, SendError) else None
    return 0.0 if asked is None else asked.total_seconds()


def _sentence(error: BaseException) -> str:
    if isinstance(error, SendError) and error.code in ("invalid_auth", "not_allowed_token_type", "token_revoked", "account_inactive"):
        return f"Slack refuses the app-level token ({error.code}): check SLACK_APP_TOKEN, it begins with xapp-"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
