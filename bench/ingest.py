"""Alert bodies as fast as they come, beside the bare handler and Alertmanager, and the storm: ``python -m bench.ingest``.

Servers are pinned to one core each and the load comes from the other; rounds are interleaved, and every figure is a ratio of one run. A
round ends when its backlog is worked off, so that no round pays for another.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bench import load, servers, storm
from bench.report import Figure, run
from bench.servers import Server
from bot.clock import SystemClock
from bot.sandbox import samples

ROUNDS, SECONDS, BACKLOG = 3, 3.0, 10_000
_BEARER = f"Authorization: Bearer {servers.SECRET}\r\n"
_WORKED_OFF_WITHIN = 600.0
_WAITING = text("SELECT EXISTS (SELECT 1 FROM intake WHERE state IN ('pending', 'working'))")
Body = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did in one round, beside the bare handler of the same round."""

    ratio: float
    p99_ms: float
    rate: float
    refused: int
    processed_ratio: float


def body(*, unique: bool) -> Body:
    """Alertmanager bodies of about 2 KB; unique ones differ in their fingerprint."""
    sample = samples.load("checkout-firing", SystemClock().real())
    alert = sample["alerts"][0]
    alert["labels"] |= {"severity": "none"}
    alert["annotations"]["description"] = _prose(2048 - len(json.dumps(sample)))
    head, tail = json.dumps(sample).encode().split(alert["fingerprint"].encode())
    return lambda number: b"%b%016x%b" % (head, number if unique else 1, tail)


def own_body(*, unique: bool) -> Body:
    """The same alert as Prometheus posts it at Alertmanager, of the same size."""
    sample = samples.load("checkout-firing", SystemClock().real())["alerts"][0]
    alert = {"labels": sample["labels"] | {"instance": "@"}, "annotations": sample["annotations"], "startsAt": sample["startsAt"]}
    alert["annotations"]["description"] = _prose(2048 - len(json.dumps([alert])))
    head, tail = json.dumps([alert]).encode().split(b'"@"')
    return lambda number: b'%b"%016x"%b' % (head, number if unique else 1, tail)


def _prose(length: int) -> str:
    return ("The share of slow answers is above five percent and still rising. " * 40)[:length]


async def accepted(folder: Path) -> list[Figure]:
    """How fast bodies are accepted and worked off, by database, unique and repeated."""
    async with AsyncExitStack() as stack:
        for name in ("sqlite", "postgresql", "alertmanager"):
            (folder / name).mkdir()
        bare = await stack.enter_async_context(servers.bare())
        sqlite = await stack.enter_async_context(servers.muster(folder / "sqlite"))
        address = stack.enter_context(servers.postgresql(folder / "postgresql" / "data"))
        postgresql = await stack.enter_async_context(servers.muster(folder / "postgresql", address))
        peer = await stack.enter_async_context(servers.alertmanager(folder / "alertmanager"))
        for server in (bare, sqlite, postgresql, peer):
            if server is not None:
                servers.pin(server.process.pid, 0)
        servers.pin(0, 1)
        figures = [figure for unique in (True, False) for figure in await _compare(bare, sqlite, postgresql, peer, unique=unique)]
        return [*figures, await _backlog(sqlite)]


async def _compare(bare: Server, sqlite: Server, postgresql: Server, peer: Server | None, *, unique: bool) -> list[Figure]:
    rounds: dict[str, list[Round]] = {"SQLite": [], "PostgreSQL": [], "Alertmanager": []}
    for number in range(ROUNDS):
        said = _from(body(unique=unique), number)
        least = await load.post(f"{bare.url}/alerts/bench", said, _BEARER, SECONDS)
        rounds["SQLite"].append(await _muster(sqlite, least.rate, said))
        rounds["PostgreSQL"].append(await _muster(postgresql, least.rate, said))
        if peer is not None:
            took = await load.post(f"{peer.url}/api/v2/alerts", _from(own_body(unique=unique), number), "", SECONDS)
            rounds["Alertmanager"].append(Round(took.rate / least.rate, took.p99_ms, took.rate, took.refused, 0))
    return _figures(rounds, "unique" if unique else "repeated")


def _from(said: Body, round_number: int) -> Body:
    """The same bodies, with numbers that no other round has."""
    return lambda number: said(round_number * 10**8 + number)


async def _muster(server: Server, bare_rate: float, said: Body) -> Round:
    began = time.perf_counter()
    took = await load.post(f"{server.url}/alerts/bench", said, _BEARER, SECONDS)
    await _worked_off(server)
    processed = took.answers / (time.perf_counter() - began)
    return Round(took.rate / bare_rate, took.p99_ms, took.rate, took.refused, processed / bare_rate)


async def _worked_off(server: Server) -> None:
    """Waits until nothing is left in the intake; looks into the database itself, for to be asked is work as well."""
    engine = create_async_engine(server.database_url)
    try:
        async with asyncio.timeout(_WORKED_OFF_WITHIN):
            while True:
                async with engine.connect() as connection:
                    if not (await connection.execute(_WAITING)).scalar_one():
                        return
                await asyncio.sleep(0.1)
    finally:
        await engine.dispose()


def _figures(rounds: dict[str, list[Round]], kind: str) -> list[Figure]:
    sqlite, postgresql, peer = rounds["SQLite"], rounds["PostgreSQL"], rounds["Alertmanager"]
    ratio, p99 = _middle(sqlite, "ratio"), _middle(sqlite, "p99_ms")
    none_refused = not sum(one.refused for one in sqlite + postgresql)
    found = [
        _accepted(f"accepted durably, SQLite, {kind}", sqlite, "≥ 0.60, p99 ≤ 30 ms", "≥ 0.80, ≤ 15 ms", ratio >= 0.60 and p99 <= 30),
        _processed(f"… processed, sustained, SQLite, {kind}", sqlite, "≥ 0.25", "≥ 0.40", 0.25),
        _accepted(f"accepted durably, PostgreSQL, {kind}", postgresql, "≥ 0.20", "≥ 0.35", _middle(postgresql, "ratio") >= 0.20),
        _processed(f"… processed, sustained, PostgreSQL, {kind}", postgresql, "", "", 0.0),
        Figure(f"none of them refused, {kind}", str(none_refused), "none", none_refused),
    ]
    if peer:
        against = ratio / _middle(peer, "ratio")
        found.append(_accepted(f"Alertmanager, in memory, {kind}", peer, "", "", holds=True))
        found.append(Figure(f"SQLite against Alertmanager, {kind}", f"{against:.2f} x", "≥ 1.0 x", against >= 1.0, "≥ 1.3 x"))
    return found


def _middle(rounds: Sequence[Round], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in rounds))


def _accepted(name: str, rounds: Sequence[Round], floor: str, aim: str, holds: bool) -> Figure:
    low, high = min(one.ratio for one in rounds), max(one.ratio for one in rounds)
    ratio, rate, p99 = (_middle(rounds, field) for field in ("ratio", "rate", "p99_ms"))
    return Figure(name, f"{ratio:.2f} of bare ({low:.2f} to {high:.2f}), {rate:,.0f}/s, p99 {p99:.0f} ms", floor, holds, aim)


def _processed(name: str, rounds: Sequence[Round], floor: str, aim: str, least: float) -> Figure:
    ratio = _middle(rounds, "processed_ratio")
    return Figure(name, f"{ratio:.2f} of bare", floor, ratio >= least, aim)


async def _backlog(server: Server) -> Figure:
    """How long ten thousand unique bodies take from the last answer until they are worked off."""
    posted = body(unique=True)
    await load.post(f"{server.url}/alerts/bench", lambda number: posted(10**9 + number), _BEARER, 60, at_most=BACKLOG)
    began = time.perf_counter()
    await _worked_off(server)
    took = time.perf_counter() - began
    return Figure("backlog of 10 000 unique alerts, SQLite", f"gone {took:.1f} s after the last answer", "≤ 10 s", took <= 10, "≤ 5 s")


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    with TemporaryDirectory(prefix="muster-bench-") as folder:
        for part in ("accepted", "storm"):
            (Path(folder) / part).mkdir()
        return [*await accepted(Path(folder) / "accepted"), *await storm.survive(Path(folder) / "storm")]


if __name__ == "__main__":
    run(every_figure)
