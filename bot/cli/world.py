"""The demo's world: the bot on a database of its own, beside the sandbox; everything after its start goes over HTTP."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import aiohttp
import click

from bot.app import Muster
from bot.cli.cast import PHONE_BOOK
from bot.clock import SteeredClock
from bot.domain.policy import Policy
from bot.errors import SettingsError
from bot.sandbox import Sandbox, SandboxSettings
from bot.settings import Settings, lend_secrets, resolve_secret

PATIENCE_SECONDS = 30.0
PAGE_PORT = 4747
_HOST = "127.0.0.1"
_LOOK_EVERY = 0.02
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """Where the bot and the sandbox answer, and how they are spoken to."""

    bot_url: str
    sandbox_url: str
    policy: Policy
    alerts_secret: str
    api_token: str
    control_token: str
    http: aiohttp.ClientSession

    async def act(self, do: str, **what: Any) -> dict[str, Any]:
        """Has somebody of the sandbox do something; a refusal ends the demo with its sentence."""
        return await self._json("POST", f"{self.sandbox_url}/sandbox/act", json={"do": do, **what})

    async def state(self) -> dict[str, Any]:
        """Everything there is to see in the sandbox."""
        return await self._json("GET", f"{self.sandbox_url}/sandbox/state")

    async def requests(self, since: int) -> dict[str, Any]:
        """What the bot asked of Slack and of the phone network from the request of that number on."""
        return await self._json("GET", f"{self.sandbox_url}/sandbox/requests?since={since}")

    async def file(self, file_id: str) -> str:
        """The content of a file that was shared in Slack."""
        async with self.http.get(f"{self.sandbox_url}/sandbox/files/{file_id}") as response:
            return await response.text()

    async def alert(self, source: str, body: dict[str, Any]) -> dict[str, Any]:
        """The receipt of an alert that is posted to the bot."""
        headers = {"Authorization": f"Bearer {self.alerts_secret}"}
        return await self._json("POST", f"{self.bot_url}/alerts/{source}", json=body, headers=headers)

    async def incident(self, reference: str) -> dict[str, Any]:
        """An incident as the bot's own API shows it."""
        headers = {"Authorization": f"Bearer {self.api_token}"}
        return await self._json("GET", f"{self.bot_url}/api/v1/incidents/{reference}", headers=headers)

    async def rest(self) -> dict[str, Any]:
        """What the bot says of its work, once nothing is due any more."""

        async def idle() -> dict[str, Any] | None:
            headers = {"Authorization": f"Bearer {self.control_token}"}
            found = await self._json("GET", f"{self.bot_url}/control/idle", headers=headers)
            return found if found["idle"] else None

        return await self.until(idle, "the bot to have done what is due")

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """The first thing that ``look`` finds; ends the demo with ``what`` when it finds nothing in time."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (found := await look()) is None:
                    await asyncio.sleep(_LOOK_EVERY)
                return found
        except TimeoutError as error:
            raise click.ClickException(f"Waited {PATIENCE_SECONDS:.0f} seconds in vain for {what}.") from error

    async def fill(self, user: str, callback_id: str, said: Mapping[str, str]) -> None:
        """Fills in the form of that kind which somebody has just opened, each field by its label, and sends it."""

        async def look() -> dict[str, Any] | None:
            views = (await self.state())["views"]
            return next(
                (one for one in views if one["user"] == user and one["body"].get("callback_id") == callback_id and _is_filled(one)), None
            )

        view = await self.until(look, f"the form {callback_id}")
        labelled = {block["label"]["text"]: block["block_id"] for block in view["body"]["blocks"] if block["type"] == "input"}
        values = {labelled[label]: {"value": value} for label, value in said.items()}
        answer = await self.act("submit", user=user, view_id=view["id"], values=values)
        if answer["body"]:
            raise click.ClickException(f"The form {callback_id} was refused: {answer['body']}")

    async def _json(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        async with self.http.request(method, url, **request) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise click.ClickException(f"{url} answered {response.status}: {answer.get('message') or answer.get('error')}")
            return answer


def _is_filled(view: dict[str, Any]) -> bool:
    return any(block["type"] == "input" for block in view["body"]["blocks"])


def _missing(policy: Policy) -> Iterator[str]:
    """The names of the secrets of the policy's own monitors and heartbeats that this machine does not have."""
    named = (*(rule.secret for rule in policy.sources.values()), *(rule.secret for rule in policy.heartbeats.values()))
    for secret in filter(None, named):
        try:
            resolve_secret(secret)
        except SettingsError:
            yield secret.removeprefix("env:")


def _settings(sandbox: Sandbox, folder: str, port: int) -> Settings:
    world = sandbox.settings
    return Settings.model_validate(
        {
            "database_url": f"sqlite+aiosqlite:///{Path(folder) / 'demo.db'}",
            "port": port,
            "public_url": sandbox.phones.public_url,
            "slack_bot_token": world.bot_token,
            "slack_signing_secret": world.signing_secret,
            "slack_api_url": sandbox.slack_api_url,
            "twilio_account_sid": world.twilio_account_sid,
            "twilio_auth_token": world.twilio_auth_token,
            "twilio_sms_from": world.twilio_from,
            "twilio_whatsapp_from": world.whatsapp_from,
            "twilio_whatsapp_content_sid": world.whatsapp_content_sid,
            "twilio_voice_from": world.voice_from,
            "twilio_api_url": sandbox.twilio_api_url,
            "smtp_url": sandbox.mailbox.url,
            "email_from": "muster@example.com",
            "secret_key": secrets.token_hex(32),
        }
    )


def free_port(*wanted: int) -> int:
    """The first of the wanted ports that nothing listens on, else any free one."""
    for port in (*wanted, 0):
        with socket.socket() as door:
            if os.name == "posix":  # a port that was just left is free; elsewhere the option means something else
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((_HOST, port))
            except OSError:
                continue
            found: int = door.getsockname()[1]
            return found
    raise click.ClickException(f"No port of {_HOST} is free.")


@asynccontextmanager
async def open_world(policy: Policy, port: int, page_port: int | None = None) -> AsyncIterator[World]:
    """A bot under that policy beside the sandbox until the block ends; their clocks run together and can be moved.

    The page is at ``page_port``; without one at PAGE_PORT where that is free, else at any free port.
    """
    control, alerts_secret, api_token = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(16)
    lend_secrets({"DEMO_ALERTS_SECRET": alerts_secret, "DEMO_API_TOKEN": api_token, **dict.fromkeys(_missing(policy), alerts_secret)})
    settings = SandboxSettings(
        port=free_port(PAGE_PORT) if page_port is None else page_port,
        control_token=control,
        bot_api_token=api_token,
        alerts_secret=alerts_secret,
        phone_book=PHONE_BOOK,
    )
    sandbox, bot_port = Sandbox(settings), port or free_port()
    sandbox.phones.public_url = f"http://{_HOST}:{bot_port}"
    with TemporaryDirectory(prefix="muster-demo-") as folder:
        await _open(sandbox.start, settings.port, "--page-port")
        bot = Muster(_settings(sandbox, folder, bot_port), policy, SteeredClock(sandbox.clock.now()), control)
        try:
            await _open(bot.start, bot_port, "--port")
            sandbox.connect(bot.url)
            try:
                async with aiohttp.ClientSession() as http:
                    yield World(bot.url, sandbox.url, policy, alerts_secret, api_token, control, http)
            finally:
                await bot.stop()
        finally:
            await sandbox.stop()


async def _open(start: Callable[[], Awaitable[None]], port: int, option: str) -> None:
    try:
        await start()
    except OSError as error:
        raise click.ClickException(f"Port {port} is taken ({error.strerror}); choose another with {option}.") from error
