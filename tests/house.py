"""The whole house in one process: the real bot, over HTTP, against the sandbox; its clock moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.app import Muster
from bot.clock import SteeredClock
from bot.domain.policy import Policy
from bot.listeners.socket import Pace
from bot.sandbox import Sandbox, SandboxSettings
from bot.services import health, timers
from bot.settings import Settings
from tests.policies import make_policy

NOON = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
CONTROL = "control-token-of-the-tests"
SECRETS = {"PROMETHEUS_SECRET": "prometheus-secret", "MUSTER_API_TOKEN": "api-token"}
PATIENCE = 15.0


@dataclass
class House:
    """A running bot and the world around it."""

    bot: Muster
    sandbox: Sandbox
    http: aiohttp.ClientSession

    @property
    def clock(self) -> SteeredClock:
        assert self.bot.steered is not None
        return self.bot.steered

    async def idle(self) -> bool:
        """Whether nothing is due and nothing is under way."""
        return await self.bot.services.read(health.idle)

    async def settle(self) -> None:
        """Waits until the bot has done everything that is due at this moment."""
        await self.eventually(self.idle, "the bot to come to rest")

    async def eventually(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits, in real time, until the condition gives something true back; fails with ``what`` otherwise."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = condition()
                found = await found if asyncio.iscoroutine(found) else found
                if found:
                    return found
                await asyncio.sleep(0.01)

    async def travel(self, **span: float) -> None:
        """Moves the clock on by a span, stopping at every timer on the way, as time itself would."""
        target = self.clock.now() + timedelta(**span)
        await self.settle()
        while (due := await self.bot.services.read(timers.next_due)) is not None and due <= target:
            self._move(due)
            await self.settle()
        self._move(target)
        await self.settle()

    def _move(self, to: datetime) -> None:
        self.clock.set(max(to, self.clock.now()))
        self.bot.database.wakes.set("timers")

    async def post_alert(self, body: dict[str, Any], source: str = "prometheus", **headers: str) -> aiohttp.ClientResponse:
        """The answer to an alert body posted as the monitor would."""
        headers = headers or {"Authorization": f"Bearer {SECRETS['PROMETHEUS_SECRET']}"}
        response = await self.http.post(f"{self.bot.url}/alerts/{source}", json=body, headers=headers)
        await response.read()
        return response

    async def show(self, reference: str) -> dict[str, Any]:
        """An incident as the API shows it."""
        headers = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
        async with self.http.get(f"{self.bot.url}/api/v1/incidents/{reference}", headers=headers) as response:
            return dict(await response.json())

    def texts(self, number: str) -> list[str]:
        """The texts that lie on a phone, oldest first."""
        return [sms.body for sms in self.sandbox.phones.inbox(number)]

    def said(self, channel: str) -> list[str]:
        """What was posted in a channel, oldest first."""
        return [message.text for message in self.sandbox.slack.channel(channel).messages]


def alert(status: str = "firing", starts_at: datetime = NOON, fingerprint: str = "f1", **labels: str) -> dict[str, Any]:
    """An Alertmanager v4 body with one alert."""
    named = {"alertname": "CheckoutErrors", "severity": "critical", **labels}
    ends = "0001-01-01T00:00:00Z" if status == "firing" else (starts_at + timedelta(minutes=9)).isoformat()
    one = {
        "status": status,
        "labels": named,
        "annotations": {"summary": "Checkout returns 500 for card payments"},
        "startsAt": starts_at.isoformat(),
        "endsAt": ends,
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=up",
        "fingerprint": fingerprint,
    }
    return {"version": "4", "status": status, "receiver": "muster", "groupKey": "{}", "truncatedAlerts": 0, "alerts": [one]}


def make_settings(sandbox: Sandbox, database_url: str, public_url: str = "http://bot.test") -> Settings:
    """The settings of a bot that lives in the sandbox; Slack comes to it as the sandbox delivers."""
    world = sandbox.settings
    return Settings(
        database_url=database_url,
        port=0,
        public_url=public_url,
        slack_bot_token=world.bot_token,
        slack_signing_secret=None if world.socket_mode else world.signing_secret,
        slack_app_token=world.app_token if world.socket_mode else None,
        slack_api_url=sandbox.slack_api_url,
        twilio_account_sid=world.twilio_account_sid,
        twilio_auth_token=world.twilio_auth_token,
        twilio_sms_from=world.twilio_from,
        twilio_api_url=sandbox.twilio_api_url,
    )


@asynccontextmanager
async def open_house(
    database_url: str, policy: Policy | None = None, socket_mode: bool = False, pace: Pace | None = None, **changes: Any
) -> AsyncIterator[House]:
    """A house that is lived in until the block ends; Slack reaches it over HTTP, or over the links that it opened.

    ``changes`` are settings other than those of ``make_settings``; without a public URL no phone reaches the bot by itself.
    """
    sandbox = Sandbox(SandboxSettings(control_token=CONTROL, socket_mode=socket_mode))
    sandbox.phones.webhooks = changes.get("public_url", "") is not None
    await sandbox.start()
    settings = make_settings(sandbox, database_url).model_copy(update=changes)
    clock, pace = SteeredClock(NOON, speed=0), pace or Pace()
    bot = Muster(settings, policy or make_policy(), clock, CONTROL, pace)
    await bot.start()
    sandbox.connect(bot.url)
    async with aiohttp.ClientSession() as http:
        house = House(bot, sandbox, http)
        try:
            if socket_mode:
                await house.eventually(lambda: len(sandbox.socket.connections) == pace.links, "the links to Slack")
            yield house
        finally:
            await house.bot.stop()
            await sandbox.stop()
