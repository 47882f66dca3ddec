"""The storm: ten thousand alerts in a minute, half of them a few problems said again, half for the inbox, and three P0 among them.

The bot is a process of its own; the sandbox, which plays Slack and the phone network and enforces Slack's limits, runs beside the load.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench import servers
from bench.report import Figure, spans
from bot.clock import SystemClock
from bot.sandbox import Sandbox, SandboxSettings, samples

ALERTS, SECONDS, NOISE, CONNECTIONS = 10_000, 60.0, 8, 64
CRITICAL = {0.25: "Checkout returns 500", 0.5: "Database primary is gone", 0.75: "Login is down"}
"""What is told of when, as a share of the storm."""
_COMMAND_EVERY = 0.5
_SETTLED_WITHIN = 90.0
_TOKEN = "token-of-the-bench"
_PHONE = "+14155550101"
_POLICY = f"""
extends: jovie
name: storm
people: {{tim: {{name: Tim, slack: U0TIM, phone: "{_PHONE}", roads: [sms]}}, ana: {{name: Ana, slack: U0ANA}}}}
groups: {{engineering-owners: [ana]}}
chain: [{{name: primary, who: [tim], delay: 4m}}]
tokens: [{{name: bench, secret: "env:BENCH_TOKEN", access: responder, person: ana}}]
sources: {{bench: {{kind: alertmanager, secret: "env:BENCH_SECRET"}}}}
correlation: {{by: [alertname]}}
routes:
  - {{name: critical, match: {{severity: critical}}, action: declare, severity: P0, by: [alertname]}}
  - {{name: noise, match: {{severity: warning}}, action: declare, severity: P2, by: [alertname]}}
"""


@dataclass(slots=True)
class _Ledger:
    """What was sent, what was acknowledged, and when."""

    receipts: list[str] = field(default_factory=list)
    refused: int = 0
    told_at: dict[str, datetime] = field(default_factory=dict)
    commands: list[float] = field(default_factory=list)


def _body(title: str, severity: str, instance: int) -> bytes:
    sample = samples.load("checkout-firing", SystemClock().real())
    alert = sample["alerts"][0]
    alert["labels"] |= {"alertname": title, "severity": severity, "instance": f"web-{instance}"}
    alert["annotations"] = {"summary": title}
    alert["startsAt"] = "2026-01-01T00:00:00Z"
    alert["fingerprint"] = f"{abs(hash((title, instance))):016x}"[:16]
    return json.dumps(sample).encode()


def _environment(sandbox: Sandbox) -> dict[str, str]:
    world = sandbox.settings
    return {
        "BENCH_TOKEN": _TOKEN,
        "SLACK_BOT_TOKEN": world.bot_token,
        "SLACK_SIGNING_SECRET": world.signing_secret,
        "SLACK_API_URL": sandbox.slack_api_url,
        "TWILIO_ACCOUNT_SID": world.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": world.twilio_auth_token,
        "TWILIO_SMS_FROM": world.twilio_from,
        "TWILIO_API_URL": sandbox.twilio_api_url,
        "MUSTER_PUBLIC_URL": "http://127.0.0.1:9",
    }


async def survive(folder: Path) -> list[Figure]:
    """The figures of one storm."""
    sandbox = Sandbox(SandboxSettings(phone_book={_PHONE: "U0TIM"}))
    await sandbox.start()
    sandbox.slack.enforce_rate_limits = True
    try:
        async with servers.muster(folder, policy=_POLICY, environment=_environment(sandbox)) as bot:
            sandbox.connect(bot.url)
            servers.pin(bot.process.pid, 0)
            servers.pin(0, 1)
            return await _blow(folder, sandbox, bot)
    finally:
        await sandbox.stop()


async def _blow(folder: Path, sandbox: Sandbox, bot: servers.Server) -> list[Figure]:
    ledger = _Ledger()
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {servers.SECRET}"}) as http:
        await _post(http, bot, ledger, _body("Warming up", "critical", 0))
        await _settled(folder, sandbox)
        before = bot.resident_mib() or 0.0
        commands = asyncio.create_task(_command(sandbox, ledger))
        await _tell_all(http, bot, ledger)
        commands.cancel()
        settled = await _settled(folder, sandbox)
        incidents = await _incidents(http, bot)
    await asyncio.sleep(3)
    return _figures(folder, sandbox, ledger, incidents, (bot.resident_mib() or 0.0) - before, settled)


async def _tell_all(http: aiohttp.ClientSession, bot: servers.Server, ledger: _Ledger) -> None:
    """Posts every alert at its moment, whether those before it were answered or not."""
    critical = {int(share * ALERTS): title for share, title in CRITICAL.items()}
    noise = [_body(f"Noise {number}", "warning", number % 4) for number in range(NOISE)]
    began, posts = time.perf_counter(), []
    for number in range(ALERTS):
        await asyncio.sleep(max(0.0, began + number * SECONDS / ALERTS - time.perf_counter()))
        if number in critical:
            ledger.told_at[critical[number]] = SystemClock().real()
            posts.append(asyncio.create_task(_post(http, bot, ledger, _body(critical[number], "critical", 1))))
        else:
            body = noise[number // 2 % NOISE] if number % 2 else _body(f"Remark {number}", "info", number)
            posts.append(asyncio.create_task(_post(http, bot, ledger, body)))
    await asyncio.gather(*posts)


async def _post(http: aiohttp.ClientSession, bot: servers.Server, ledger: _Ledger, body: bytes) -> None:
    async with http.post(f"{bot.url}/alerts/bench", data=body, headers={"Content-Type": "application/json"}) as response:
        if response.status == 202:
            ledger.receipts.append((await response.json())["receipt"])
        else:
            ledger.refused += 1


async def _command(sandbox: Sandbox, ledger: _Ledger) -> None:
    """Types a slash command again and again, and notes how long each took to be acknowledged."""
    number = 0
    while True:
        began, number = time.perf_counter(), number + 1
        await sandbox.slack.command(user="U0ANA", text=f"note INC-1 remark {number}")
        ledger.commands.append(time.perf_counter() - began)
        await asyncio.sleep(_COMMAND_EVERY)


async def _settled(folder: Path, sandbox: Sandbox) -> bool:
    """Whether the intake and the pages were worked off in time, and Slack heard nothing new for two seconds."""
    until, heard = time.perf_counter() + _SETTLED_WITHIN, -1
    while time.perf_counter() < until:
        if not _ask(folder, "SELECT count(*) FROM intake WHERE state IN ('pending', 'working')") and heard == len(sandbox.requests):
            return True
        heard = len(sandbox.requests)
        await asyncio.sleep(2)
    return False


def _ask(folder: Path, question: str) -> int:
    connection = sqlite3.connect(folder / "bench.db")
    try:
        return int(connection.execute(question).fetchone()[0])
    finally:
        connection.close()


async def _incidents(http: aiohttp.ClientSession, bot: servers.Server) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    async with http.get(f"{bot.url}/api/v1/incidents", headers=headers) as response:
        found: list[dict[str, Any]] = (await response.json())["incidents"]
        return found


def _missing(folder: Path, receipts: Sequence[str]) -> int:
    connection = sqlite3.connect(folder / "bench.db")
    try:
        done = {row[0] for row in connection.execute("SELECT id FROM intake WHERE state = 'done'")}
    finally:
        connection.close()
    return len(set(receipts) - done)


def _pages(sandbox: Sandbox, ledger: _Ledger) -> list[float]:
    """Seconds from each P0's alert to its page at the provider; an hour for one that never came."""
    found = []
    for title, told_at in ledger.told_at.items():
        pages = [
            one.at for one in sandbox.requests if one.name == "Messages" and title in str(one.params.get("Body")) and one.error is None
        ]
        found.append((min(pages) - told_at).total_seconds() if pages else 3600.0)
    return found


def _figures(
    folder: Path, sandbox: Sandbox, ledger: _Ledger, incidents: Sequence[dict[str, Any]], grown: float, settled: bool
) -> list[Figure]:
    problems, missing = NOISE + len(CRITICAL) + 1, _missing(folder, ledger.receipts)
    limited = sum(one.status == 429 for one in sandbox.requests)
    taken = f"{len(ledger.receipts) - missing:,} of {len(ledger.receipts):,}, {ledger.refused} refused"
    return [
        spans("storm: critical alert POST → page accepted", _pages(sandbox, ledger), "p99 ≤ 5 s", 0.99, 5.0, "≤ 2 s"),
        Figure("storm: acknowledged alerts that were worked off", taken, "all", missing == 0 and settled),
        Figure("storm: incidents", f"{len(incidents)} for {problems} problems", "one each", len(incidents) == problems),
        Figure("storm: memory afterwards", f"{grown:+.0f} MiB", "≤ 64 MiB", grown <= 64),
        Figure("storm: Slack said it was too often", f"{limited} times in {len(sandbox.requests):,} calls", "never", limited == 0),
        spans("storm: slash command → acknowledged", ledger.commands, "p99 ≤ 500 ms", 0.99, 0.5, "≤ 250 ms"),
    ]
