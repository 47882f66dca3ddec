"""A bot as a real process that can be killed, beside the sandbox; whoever talks to it tries again until it is answered."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox import Sandbox
from tests.house import EMAIL_FROM, SECRET_KEY, SECRETS
from tests.policies import policy_data
from tests.web.amazon import Amazon, open_amazon

PATIENCE = 80.0


@dataclass
class Process:
    """One bot process after another on the same database; the first may be armed to die."""

    sandbox: Sandbox
    folder: Path
    database_url: str
    port: int
    policy: dict[str, Any]
    amazon: Amazon
    http: aiohttp.ClientSession
    deaths: int = 0
    _running: asyncio.subprocess.Process | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _environment(self, crashpoint: str | None) -> dict[str, str]:
        world = self.sandbox.settings
        path = self.folder / "policy.yml"
        path.write_text(json.dumps(self.policy))
        named = {
            "DATABASE_URL": self.database_url,
            "MUSTER_POLICY": str(path),
            "MUSTER_PORT": str(self.port),
            "MUSTER_PUBLIC_URL": self.sandbox.phones.public_url,
            "MUSTER_LEASE_SECONDS": "3",
            "SLACK_BOT_TOKEN": world.bot_token,
            "SLACK_SIGNING_SECRET": world.signing_secret,
            "SLACK_API_URL": self.sandbox.slack_api_url,
            "TWILIO_ACCOUNT_SID": world.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": world.twilio_auth_token,
            "TWILIO_SMS_FROM": world.twilio_from,
            "TWILIO_WHATSAPP_FROM": world.whatsapp_from,
            "TWILIO_WHATSAPP_CONTENT_SID": world.whatsapp_content_sid,
            "TWILIO_VOICE_FROM": world.voice_from,
            "TWILIO_API_URL": self.sandbox.twilio_api_url,
            "SNS_API_URL": self.amazon.url,
            "SMTP_URL": self.sandbox.mailbox.url,
            "EMAIL_FROM": EMAIL_FROM,
            "MUSTER_SECRET_KEY": SECRET_KEY,
            "LOG_FORMAT": "json",
        }
        armed = {"MUSTER_CRASHPOINT": crashpoint} if crashpoint else {}
        return {**os.environ, **SECRETS, **named, **armed}

    async def start(self, crashpoint: str | None = None) -> None:
        log = (self.folder / "bot.log").open("ab")
        self._running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", env=self._environment(crashpoint), stdout=log, stderr=log
        )
        log.close()

    async def kill(self) -> None:
        assert self._running is not None
        if self._running.returncode is None:
            self._running.kill()
        await self._running.wait()

    def hang_up(self) -> None:
        """Has the bot read its policy again."""
        assert self._running is not None
        self._running.send_signal(signal.SIGHUP)

    async def revive(self) -> None:
        """Starts the next process when the present one has died."""
        if self._running is not None and self._running.returncode is not None:
            assert self._running.returncode == -9, (self.folder / "bot.log").read_text()[-3000:]
            self.deaths += 1
            await self.start()

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits, reviving the bot, until the condition gives something true back."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.revive()
                    found = condition()
                    found = await found if asyncio.iscoroutine(found) else found
                    if found:
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}\n{(self.folder / 'bot.log').read_text()[-3000:]}") from None

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any] | None:
        """The answer to one request; None when there was none, or it was not a 2xx."""
        try:
            async with self.http.request(method, f"{self.url}{path}", json=body, headers=headers) as response:
                return dict(await response.json()) if response.status // 100 == 2 else None
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The answer to a request that is sent again until it is answered, as monitors and scripts do."""
        answered: dict[str, Any] = await self.until(lambda: self.ask("POST", path, body, **headers), f"an answer to {path}")
        return answered

    async def show(self) -> dict[str, Any]:
        """The first incident as the API shows it."""
        return await self.ask("GET", "/api/v1/incidents/INC-1", Authorization=f"Bearer {SECRETS['MUSTER_API_TOKEN']}") or {}

    async def run(self, *arguments: str) -> tuple[int, str]:
        """A command of the command line on the same database: its exit code and what it printed."""
        ran = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            env=self._environment(None),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await ran.communicate()
        return ran.returncode or 0, printed.decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def open_process(folder: Path, database_url: str, **policy: Any) -> AsyncIterator[Process]:
    """A sandbox and the place for a bot beside it; the bot is started by the test."""
    sandbox = Sandbox()
    await sandbox.start()
    async with open_amazon() as amazon, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8)) as http:
        process = Process(sandbox, folder, database_url, free_port(), policy_data(**policy), amazon, http)
        sandbox.connect(process.url)
        sandbox.clock.follow = None
        try:
            yield process
        finally:
            await process.kill()
            await sandbox.stop()
