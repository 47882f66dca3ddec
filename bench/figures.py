"""The figures, each measured on the real program."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import load, servers
from bot.cli.world import World, open_world
from bot.clock import SystemClock
from bot.sandbox import samples

ROUNDS, SECONDS = 3, 3.0
_ALERTS, _COMMANDS = 25, 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report; ``holds`` says whether the floor is held."""

    name: str
    measured: str
    floor: str
    holds: bool


def _body(*, unique: bool) -> Callable[[int], bytes]:
    """Alertmanager bodies of about 2 KB; unique ones differ in their fingerprint."""
    sample = samples.load("checkout-firing", SystemClock().real())
    alert = sample["alerts"][0]
    alert["labels"] |= {"severity": "none"}
    alert["annotations"]["description"] = "x" * (2048 - len(json.dumps(sample)))
    head, tail = json.dumps(sample).encode().split(alert["fingerprint"].encode())
    return lambda number: b"%b%016x%b" % (head, number if unique else 1, tail)


async def intake(folder: Path) -> list[Figure]:
    """Alert bodies accepted a second, against the bare handler on the same core, in interleaved rounds."""
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(servers.bare())
        bot = await stack.enter_async_context(servers.muster(folder))
        for process in (bare.process.pid, bot.process.pid):
            servers.pin(process, 0)
        servers.pin(0, 1)
        return [await _intake(bare.url, bot.url, unique=unique) for unique in (True, False)]


async def _intake(bare: str, bot: str, *, unique: bool) -> Figure:
    headers, rounds = f"Authorization: Bearer {servers.SECRET}\r\n", []
    for _ in range(ROUNDS):
        least = await load.post(f"{bare}/alerts/bench", _body(unique=unique), headers, SECONDS)
        ours = await load.post(f"{bot}/alerts/bench", _body(unique=unique), headers, SECONDS)
        rounds.append((ours.rate / least.rate, ours.p99_ms, ours.rate, least.rate, ours.refused))
    ratio, p99, ours_rate, bare_rate, _ = (statistics.median(column) for column in zip(*rounds, strict=True))
    refused = sum(one[4] for one in rounds)
    measured = f"{ratio:.2f} of bare ({ours_rate:,.0f}/s, bare {bare_rate:,.0f}/s), p99 {p99:.0f} ms, {refused} refused"
    name = f"alerts accepted durably, {'unique' if unique else 'repeated'}"
    return Figure(name, measured, "≥ 0.60 of bare, p99 ≤ 30 ms", ratio >= 0.60 and p99 <= 30 and not refused)


async def start_and_rest(folder: Path) -> list[Figure]:
    """Seconds from the command to ready on an empty database, and memory a while later."""
    async with servers.muster(folder) as bot:
        await asyncio.sleep(3)
        resident = bot.resident_mib()
    started = Figure("start to ready, empty", f"{bot.ready_after:.2f} s", "≤ 3 s", bot.ready_after <= 3)
    if resident is None:
        return [started]
    return [started, Figure("memory at rest", f"{resident:.0f} MiB", "≤ 180 MiB", resident <= 180)]


async def reactions() -> list[Figure]:
    """How long an alert takes to a page and to a card, and a slash command to its acknowledgement, while all is quiet."""
    async with open_world("jovie", 0) as world:
        pages, cards = [], []
        for number in range(_ALERTS):
            page, card = await _react(world, f"Bench {number:04d}")
            pages.append(page)
            cards.append(card)
        commands = [await _acknowledge(world, number) for number in range(_COMMANDS)]
    return [
        _spans("critical alert POST → page accepted, idle", pages, "p99 ≤ 1 s", 0.99, 1.0),
        _spans("critical alert POST → channel and card, idle", cards, "p99 ≤ 2 s", 0.99, 2.0),
        _spans("slash command → acknowledged after the commit, idle", commands, "p50 ≤ 20 ms", 0.5, 0.02),
    ]


def _spans(name: str, spans: list[float], floor: str, share: float, limit: float) -> Figure:
    middle, last = (load.percentile(spans, at) * 1000 for at in (0.5, 0.99))
    measured = f"p50 {middle:.1f} ms, p99 {last:.1f} ms ({len(spans)} times)"
    return Figure(name, measured, floor, load.percentile(spans, share) <= limit)


async def _react(world: World, title: str) -> tuple[float, float]:
    since = (await world.requests(0))["next"]
    sent_at = SystemClock().real()
    await world.alert("monitor", {"title": title, "severity": "critical"})

    async def look() -> tuple[float, float] | None:
        found = (await world.requests(since))["requests"]
        page = _first(found, "Messages", "Body", title)
        card = _first(found, "chat.postMessage", "text", f"[P0] {title}")
        return None if page is None or card is None else ((page - sent_at).total_seconds(), (card - sent_at).total_seconds())

    spans = await world.until(look, f"the page and the card of {title}")
    await world.rest()
    return spans


def _first(requests: list[dict[str, Any]], name: str, field: str, words: str) -> datetime | None:
    """When the sandbox had taken the first request of that name that says those words."""
    found = (
        request["at"]
        for request in requests
        if request["name"] == name and request["error"] is None and words in str(request["params"].get(field))
    )
    first = next(found, None)
    return None if first is None else datetime.fromisoformat(first)


async def _acknowledge(world: World, number: int) -> float:
    began = time.perf_counter()
    await world.act("command", user="U0ANA", text=f"note INC-1 remark {number}")
    return time.perf_counter() - began


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    figures: list[Figure] = []
    with TemporaryDirectory(prefix="muster-bench-") as folder:
        for part in ("rest", "intake"):
            (Path(folder) / part).mkdir()
        figures += await start_and_rest(Path(folder) / "rest")
        figures += await reactions()
        figures += await intake(Path(folder) / "intake")
    return figures
