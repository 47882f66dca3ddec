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
from bot.sandbox import DEFAULT_SCOPES, Sandbox, SandboxSettings
from bot.sandbox.calls import Call
from bot.sandbox.clock import SandboxClock
from bot.sandbox.mailbox import Mail
from bot.senders.twilio import RING_SECONDS
from bot.services import health, timers
from bot.settings import Settings
from tests.policies import make_policy

NOON = datetime(2026, 11, 20, 22, 5, tzinfo=UTC)
CONTROL = "control-token-of-the-tests"
SECRETS = {"PROMETHEUS_SECRET": "prometheus-secret", "MUSTER_API_TOKEN": "api-token"}
SECRET_KEY = "secret-key-of-the-tests-0123456789"
EMAIL_FROM = "muster@example.com"
RING = timedelta(seconds=RING_SECONDS)
PATIENCE = 60.0


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
        """Waits until everything that is due at this moment is done: by the bot, by the phone network, and by Slack with its events."""
        await self.eventually(self._at_rest, "the bot, the phones and Slack to come to rest")

    async def _at_rest(self) -> bool:
        return self._outside_rests() and await self.idle() and self._outside_rests()

    def _outside_rests(self) -> bool:
        """Whether no receipt and no event is on its way; a phone that rings keeps ringing until time goes on."""
        if self.sandbox.slack.telling:
            return False
        phones, now = self.sandbox.phones, self.sandbox.clock.now()
        ringing = [call for call in phones.calls if call.status == "ringing"]
        over = [call for call in ringing if call.at + RING <= now]
        return not phones.background.busy and not over and phones.voice.background.busy <= len(ringing)

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
        """Moves all clocks on by a span, stopping at every timer and where a phone has rung in vain, as time itself would."""
        target = self.clock.now() + timedelta(**span)
        await self.settle()
        while (due := await self._next_due()) is not None and due <= target:
            await self._move(due)
        await self._move(target)

    async def _next_due(self) -> datetime | None:
        timer = await self.bot.services.read(timers.next_due)
        ends = [call.at + RING for call in self.sandbox.phones.calls if call.status == "ringing"]
        return min([*ends, *([] if timer is None else [timer])], default=None)

    async def _move(self, to: datetime) -> None:
        to = max(to, self.clock.now())
        self.clock.set(to)
        await set_phones_clock(self.sandbox, to)
        self.bot.database.wakes.set("timers")
        await self.settle()

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

    def card(self, channel: str) -> str:
        """The status card of an incident's channel, with everything that stands in it."""
        card = next(message for message in self.sandbox.slack.channel(channel).messages if message.text.startswith("[P0]"))
        return f"{card.text}\n{card.blocks}"

    def calls(self, number: str) -> list[Call]:
        """The calls to a number, oldest first."""
        return [call for call in self.sandbox.phones.calls if call.to == number]

    def mails(self, address: str) -> list[Mail]:
        """The mails that lie in a mailbox, oldest first."""
        return [mail for mail in self.sandbox.mailbox.messages if address in mail.to]


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
        twilio_whatsapp_from=world.whatsapp_from,
        twilio_whatsapp_content_sid=world.whatsapp_content_sid,
        twilio_voice_from=world.voice_from,
        twilio_api_url=sandbox.twilio_api_url,
        sentry_token=world.sentry_token,
        smtp_url=sandbox.mailbox.url,
        email_from=EMAIL_FROM,
        secret_key=SECRET_KEY,
    )


async def set_phones_clock(sandbox: Sandbox, moment: datetime) -> None:
    """Makes ``moment`` the present on phones and in mailboxes, where it stands still; the bot's clock is not told."""
    sandbox.clock.follow = None
    await sandbox.clock.freeze()
    await sandbox.clock.set(moment)


@asynccontextmanager
async def open_house(
    database_url: str,
    policy: Policy | None = None,
    socket_mode: bool = False,
    pace: Pace | None = None,
    scopes: frozenset[str] = DEFAULT_SCOPES,
    **changes: Any,
) -> AsyncIterator[House]:
    """A house that is lived in until the block ends; Slack reaches it over HTTP, or over the links that it opened.

    ``changes`` are settings other than those of ``make_settings``; without a public URL no phone reaches the bot by itself.
    Slack stamps its messages in real time, by which the bot finds its own again; phones and mailboxes go by the bot's clock.
    """
    sandbox = Sandbox(SandboxSettings(control_token=CONTROL, socket_mode=socket_mode, scopes=scopes))
    sandbox.phones.webhooks = changes.get("public_url", "") is not None
    await sandbox.start()
    settings = make_settings(sandbox, database_url).model_copy(update=changes)
    clock, pace = SteeredClock(NOON, speed=0), pace or Pace()
    bot = Muster(settings, policy or make_policy(), clock, CONTROL, pace)
    await bot.start()
    sandbox.connect(bot.url)
    sandbox.state.clock = SandboxClock()
    await set_phones_clock(sandbox, NOON)
    async with aiohttp.ClientSession() as http:
        house = House(bot, sandbox, http)
        try:
            if socket_mode:
                await house.eventually(lambda: len(sandbox.socket.connections) == pace.links, "the links to Slack")
            yield house
        finally:
            await house.bot.stop()
            await sandbox.stop()
