"""The figures of a quiet bot, each measured on the real program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import servers
from bench.report import Figure, spans
from bot.cli.cast import make_policy
from bot.cli.world import World, open_world
from bot.clock import SystemClock

_ALERTS, _COMMANDS = 20, 100
"""As many alerts as the policy lets open incidents within its span, and notes."""


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
    async with open_world(make_policy("jovie"), 0) as world:
        pages, cards = [], []
        for number in range(_ALERTS):
            page, card = await _react(world, f"Bench {number:04d}")
            pages.append(page)
            cards.append(card)
        commands = [await _acknowledge(world, number) for number in range(_COMMANDS)]
    return [
        spans("critical alert POST → page accepted, idle", pages, "p99 ≤ 1 s", 0.99, 1.0),
        spans("critical alert POST → channel and card, idle", cards, "p99 ≤ 2 s", 0.99, 2.0),
        spans("slash command → acknowledged after the commit, idle", commands, "p50 ≤ 20 ms", 0.5, 0.02),
    ]


async def _react(world: World, title: str) -> tuple[float, float]:
    since = (await world.requests(0))["next"]
    sent_at = SystemClock().real()
    await world.alert("monitor", {"title": title, "severity": "critical"})

    async def look() -> tuple[float, float] | None:
        found = (await world.requests(since))["requests"]
        page = _first(found, "Messages", ("Body", "ContentVariables"), title)
        card = _first(found, "chat.postMessage", ("text",), f"[P0] {title}")
        return None if page is None or card is None else ((page - sent_at).total_seconds(), (card - sent_at).total_seconds())

    spans = await world.until(look, f"the page and the card of {title}")
    await world.rest()
    return spans


def _first(requests: list[dict[str, Any]], name: str, fields: Sequence[str], words: str) -> datetime | None:
    """When the sandbox had taken the first request of that name that says those words in one of the fields."""
    found = (
        request["at"]
        for request in requests
        if request["name"] == name and request["error"] is None and any(words in str(request["params"].get(field)) for field in fields)
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
        figures += await start_and_rest(Path(folder))
        figures += await reactions()
    return figures
