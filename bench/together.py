"""Ten incidents declared at once against one, while Slack takes its time over every call: ``python -m bench.together``."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

import aiohttp

from bench import servers
from bench.report import Figure, in_a_folder, run
from bot.sandbox import Fault

AT_ONCE, ROUNDS, DELAY = 10, 3, 0.15
_PHONE = "+14155550101"
_WITHIN = 60.0
_SETTLED = 2.0
_TOKENS = "\n".join(
    f'  - {{name: bench-{number}, secret: "env:BENCH_TOKEN_{number}", access: responder, person: person-{number}}}'
    for number in range(AT_ONCE)
)
_PEOPLE = "\n".join(f"  person-{number}: {{name: Person {number}}}" for number in range(AT_ONCE))
_POLICY = f"""
extends: jovie
name: together
people:
  tim: {{name: Tim, slack: U0TIM, phone: "{_PHONE}", roads: [sms]}}
  ana: {{name: Ana, slack: U0ANA}}
{_PEOPLE}
groups: {{engineering-owners: [ana]}}
chain: [{{name: primary, who: [tim], delay: 4m}}]
tokens:
{_TOKENS}
routes: []
"""


def _standing(folder: Path) -> int:
    """How many incidents have their channel with their card in it, as the bot has written down."""
    with closing(sqlite3.connect(folder / "bench.db")) as connection:
        found = connection.execute("SELECT count(*) FROM channels WHERE purpose = 'incident' AND message_ts IS NOT NULL")
        return int(found.fetchone()[0])


async def _declare(http: aiohttp.ClientSession, bot: servers.Server, number: int, title: str) -> None:
    """Declares by the token of one person; nobody declares more than ten within ten minutes."""
    headers = {"Authorization": f"Bearer token-{number}"}
    async with http.post(f"{bot.url}/api/v1/incidents", json={"title": title, "severity": "P0"}, headers=headers) as response:
        response.raise_for_status()


async def _round(http: aiohttp.ClientSession, bot: servers.Server, folder: Path, count: int, name: str) -> float:
    """Seconds until so many incidents, declared at once, all have a channel with their card."""
    before, began = _standing(folder), time.perf_counter()
    await asyncio.gather(*(_declare(http, bot, number, f"{name} {number}") for number in range(count)))
    async with asyncio.timeout(_WITHIN):
        while _standing(folder) < before + count:
            await asyncio.sleep(0.005)
    return time.perf_counter() - began


async def compare(folder: Path) -> list[Figure]:
    """How much longer ten take than one, as the middle of the rounds."""
    environment = {f"BENCH_TOKEN_{number}": f"token-{number}" for number in range(AT_ONCE)}
    one, ten = [], []
    async with servers.world({_PHONE: "U0TIM"}) as sandbox, servers.beside(sandbox, folder, _POLICY, environment) as bot:
        sandbox.faults.add(Fault("slack", "delay", times=None, delay=DELAY))
        async with aiohttp.ClientSession() as http:
            await _round(http, bot, folder, 1, "Warming up")
            for number in range(ROUNDS):
                await asyncio.sleep(_SETTLED)
                one.append(await _round(http, bot, folder, 1, f"Alone {number}"))
                await asyncio.sleep(_SETTLED)
                ten.append(await _round(http, bot, folder, AT_ONCE, f"Together {number}"))
                await asyncio.sleep(_SETTLED)
        sandbox.faults.clear()
    ratio = statistics.median(ten) / statistics.median(one)
    measured = f"{ratio:.2f} x ({statistics.median(ten):.2f} s against {statistics.median(one):.2f} s)"
    name = f"{AT_ONCE} incidents declared at once against one, Slack at {DELAY * 1000:.0f} ms a call"
    return [Figure(name, measured, "≤ 2 x", ratio <= 2.0, "≤ 1.3 x")]


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    return await in_a_folder(compare)


if __name__ == "__main__":
    run(every_figure)
