"""What has grown: a timeline of ten thousand entries, a database of a hundred thousand incidents: ``python -m bench.large``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench import rows, servers
from bench.report import Figure, run, spans
from bot.clock import SystemClock
from bot.domain.timeline import EntryKind
from bot.services import people
from bot.services.work import Services, UnitOfWork

ENTRIES, DRAFTS, INCIDENTS = 10_000, 5, 100_000
_ADDED, _CHUNK = 100.0, 1000
_TOKEN = "token-of-the-bench"
_POLICY = """
extends: jovie
name: large
people: {tim: {name: Tim}, ana: {name: Ana}}
tokens: [{name: bench, secret: "env:BENCH_TOKEN", access: responder, person: ana}]
routes: []
"""
_REMARK = "Checkout answers again for <one> region; the share of errors is at *4 %* and falls. Next: restart the workers of shard {}."


def _kinds() -> Iterator[EntryKind]:
    """What a long incident is made of: mostly messages, some notes and updates."""
    while True:
        yield from (*(EntryKind.MESSAGE,) * 7, EntryKind.NOTE, EntryKind.UPDATED, EntryKind.PINNED)


async def _write_chunk(work: UnitOfWork, incident: str, author: str, first: int) -> None:
    for number, kind in zip(range(first, first + _CHUNK), _kinds(), strict=False):
        at = work.now - timedelta(hours=20) + timedelta(seconds=7 * number)
        await work.write(kind, incident, actor_id=author, text=_REMARK.format(number), at=at, facts={"message_ts": f"{number}.000100"})


async def _long_timeline(services: Services) -> None:
    many = rows.Many(1, "P2", SystemClock().real() - timedelta(hours=21), resolved=False)
    (incident,) = await services.run(rows.add_incidents, many)
    author = await services.run(people.by_key, "ana")
    for first in range(0, ENTRIES, _CHUNK):
        await services.run(_write_chunk, incident, author.id, first)


async def _draft(http: aiohttp.ClientSession, bot: servers.Server) -> float:
    """Seconds until the draft is there."""
    began = time.perf_counter()
    async with http.get(f"{bot.url}/api/v1/incidents/INC-1/postmortem") as response:
        response.raise_for_status()
        markdown = (await response.json())["markdown"]
    if markdown.count("Checkout answers again") < ENTRIES:
        raise RuntimeError("the draft does not hold the whole timeline")
    return time.perf_counter() - began


async def _note(http: aiohttp.ClientSession, bot: servers.Server, number: int) -> None:
    """Changes the timeline, so that the next draft is a new one."""
    async with http.post(f"{bot.url}/api/v1/incidents/INC-1/update", json={"text": f"Looked at it, number {number}"}) as response:
        response.raise_for_status()


async def postmortem(folder: Path) -> list[Figure]:
    """How long drafts of the long timeline take, each after a change, and the most memory that they add."""
    async with rows.prepared(folder, _POLICY) as services:
        await _long_timeline(services)
    took = []
    async with (
        servers.muster(folder, policy=_POLICY, environment={"BENCH_TOKEN": _TOKEN}) as bot,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {_TOKEN}"}) as http,
    ):
        await _note(http, bot, 0)
        before = bot.resident_mib() or 0.0
        for number in range(DRAFTS):
            took.append(await _draft(http, bot))
            await _note(http, bot, number + 1)
        added = (bot.resident_mib(peak=True) or 0.0) - before
    return [
        spans(f"postmortem of a timeline of {ENTRIES:,} entries", took, "all ≤ 1 s", 1.0, 1.0, "≤ 300 ms"),
        Figure("… memory added at most", f"{added:+.0f} MiB", f"≤ {_ADDED:.0f} MiB", added <= _ADDED),
    ]


async def start(folder: Path) -> list[Figure]:
    """Seconds from the command to ready with a hundred thousand incidents, a hundred of them open with their clocks."""
    async with rows.prepared(folder, _POLICY) as services:
        long_ago = SystemClock().real() - timedelta(days=300)
        resolved = rows.Many(INCIDENTS, "P0", long_ago, resolved=True, channels=[f"C{number}" for number in range(INCIDENTS)])
        await services.run(rows.add_incidents, resolved)
        await services.run(rows.add_incidents, rows.Many(100, "P0", SystemClock().real(), first=INCIDENTS + 1))
    async with servers.muster(folder, policy=_POLICY, environment={"BENCH_TOKEN": _TOKEN}) as bot:
        took = bot.ready_after
    return [Figure(f"start to ready, with {INCIDENTS:,} incidents", f"{took:.2f} s", "≤ 4 s", took <= 4, "≤ 2 s")]


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    with TemporaryDirectory(prefix="muster-bench-") as folder:
        for part in ("postmortem", "start"):
            (Path(folder) / part).mkdir()
        return [*await postmortem(Path(folder) / "postmortem"), *await start(Path(folder) / "start")]


if __name__ == "__main__":
    run(every_figure)
