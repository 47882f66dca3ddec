"""Servers as processes of their own, pinned to one core while the load comes from another."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import aiohttp

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
    """A running server, and how long it took until it said that it was ready."""

    url: str
    process: subprocess.Popen[bytes]
    ready_after: float

    def resident_mib(self) -> float | None:
        """Its memory in MiB; None where /proc does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pin(process_id: int, core: int) -> bool:
    """Keeps a process on one core; False where that cannot be done."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return False
    os.sched_setaffinity(process_id, {core})
    return True


async def _ready(url: str, process: subprocess.Popen[bytes]) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(_WITHIN):
        while process.poll() is None:
            try:
                async with http.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # it is not listening yet
            await asyncio.sleep(0.01)
    raise RuntimeError(f"the server ended with {process.returncode} before it was ready")


@asynccontextmanager
async def started(module: str, *arguments: str, environment: dict[str, str], port: int) -> AsyncIterator[Server]:
    """A Python module as a server on that port, until the block ends."""
    began = time.perf_counter()
    with TemporaryFile() as log:
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            await _ready(url, process)
            yield Server(url, process, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(20)


@asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """The bare handler."""
    port = free_port()
    async with started("bench.bare", str(port), environment={}, port=port) as server:
        yield server


@asynccontextmanager
async def muster(folder: Path) -> AsyncIterator[Server]:
    """The bot as it is served, on SQLite in the folder, without Slack and phones."""
    policy, port = folder / "bench.yml", free_port()
    policy.write_text(_POLICY)
    environment = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bench.db'}",
        "MUSTER_POLICY": str(policy),
        "MUSTER_PORT": str(port),
        "BENCH_SECRET": SECRET,
    }
    async with started("bot", "serve", environment=environment, port=port) as server:
        yield server
