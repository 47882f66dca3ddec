"""Pages while ten thousand chat messages wait for Slack, and how fast these go out: ``python -m bench.queue``.

The messages wait in the channels of a hundred incidents. Slack, played by the sandbox, takes sixty a minute in each, which is the ideal.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from bench import rows, servers
from bench.report import Figure, in_a_folder, run, spans
from bot.clock import SystemClock
from bot.sandbox import Sandbox
from bot.services.work import UnitOfWork

WAITING, CHANNELS, SECONDS, PAGES = 10_000, 100, 60.0, 20
_PHONE = "+14155550101"
_POLICY = f"""
extends: jovie
name: queue
announce: null
people: {{tim: {{name: Tim, slack: U0TIM, phone: "{_PHONE}", roads: [sms]}}}}
chain: [{{name: primary, who: [tim], delay: 4m}}]
sources: {{bench: {{kind: generic, secret: "env:BENCH_SECRET"}}}}
routes: [{{name: critical, match: {{severity: critical}}, action: declare, severity: P0, by: [title]}}]
"""
_NEVER = 3600.0


async def _fill(work: UnitOfWork, channels: list[str]) -> None:
    """The incidents, an hour old and of a severity without clocks, with their messages."""
    many = rows.Many(CHANNELS, "P2", work.now - timedelta(hours=1), channels=channels)
    await rows.add_posts(work, await rows.add_incidents(work, many), WAITING // CHANNELS)


async def _page(http: aiohttp.ClientSession, bot: servers.Server, number: int) -> tuple[str, datetime]:
    """Tells of a critical alert; gives back its title and the moment."""
    title, headers, at = f"Page {number:03d}", {"Authorization": f"Bearer {servers.SECRET}"}, SystemClock().real()
    body = {"title": title, "severity": "critical"}
    async with http.post(f"{bot.url}/alerts/bench", json=body, headers=headers) as response:
        response.raise_for_status()
    return title, at


async def _tell(bot: servers.Server) -> dict[str, datetime]:
    """When which alert was told of, one after the other for as long as the figure takes."""
    told: dict[str, datetime] = {}
    began = time.perf_counter()
    async with aiohttp.ClientSession() as http:
        for number in range(PAGES):
            await asyncio.sleep(max(0.0, began + (number + 0.5) * SECONDS / PAGES - time.perf_counter()))
            title, at = await _page(http, bot, number)
            told[title] = at
    await asyncio.sleep(max(0.0, began + SECONDS - time.perf_counter()))
    return told


def _late(sandbox: Sandbox, told: dict[str, datetime]) -> list[float]:
    """Seconds from each alert to its page at the provider; an hour for one that never came."""
    sent = [one for one in sandbox.requests if one.name == "Messages" and one.error is None]
    found = []
    for title, at in told.items():
        pages = [one.at for one in sent if title in str(one.params.get("Body"))]
        found.append((min(pages) - at).total_seconds() if pages else _NEVER)
    return found


async def wait_behind(folder: Path) -> list[Figure]:
    """How late the pages are, what part of the ideal was said, and how often Slack had to slow us down."""
    async with servers.world({_PHONE: "U0TIM"}) as sandbox, rows.prepared(folder, _POLICY) as services:
        state = sandbox.state
        channels = [state.create(f"bench-{number}", state.bot_user_id).id for number in range(CHANNELS)]
        await services.run(_fill, channels)
        sandbox.slack.enforce_rate_limits = True
        async with servers.beside(sandbox, folder, _POLICY, {}) as bot:
            told = await _tell(bot)
            late, said = _late(sandbox, told), sum(len(state.channels[one].messages) for one in channels)
            limited = [one.name for one in sandbox.requests if one.status == 429]
    ideal = CHANNELS * SECONDS
    share, posts = said / ideal, limited.count("chat.postMessage")
    return [
        spans(f"page while {WAITING:,} chat messages wait", late, "p99 ≤ 2 s", 0.99, 2.0, "≤ 500 ms"),
        Figure("outbox rate against what Slack takes", f"{share:.2f} ({said:,} in {SECONDS:.0f} s)", "≥ 0.6", share >= 0.6, "≥ 0.8"),
        Figure("… Slack said it was too often", f"{posts} times of posts, {len(limited)} in all", "never of posts", posts == 0),
    ]


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    return await in_a_folder(wait_behind)


if __name__ == "__main__":
    run(every_figure)
