"""A hundred thousand timers, ten thousand of them due within ten seconds or all at once: ``python -m bench.timers``.

Each is the warning of a promise of a real incident: firing it writes to the timeline and says it in the incident's channel in Slack, which
the sandbox plays and which takes whatever comes. Lateness is what the bot keeps with each timer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, select, update

from bench import rows, servers
from bench.report import Figure, in_a_folder, run, spans
from bot.clock import SystemClock
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import TimerKind
from bot.services.work import Services, UnitOfWork
from bot.store.tables import promises, timeline, timers

ARMED, DUE = 100_000, 10_000
_PER_INCIDENT = 6
_WITHIN = timedelta(seconds=20)
_BEFORE = timedelta(seconds=3)
_POLICY = """
extends: jovie
name: timers
announce: null
severities:
  - {label: P0, rank: 0, meaning: "All is broken", clocks: {acknowledge: 24h, mitigate: 24h, update: 24h}}
default_severity: P0
routes: []
systems: {}
"""


@dataclass(frozen=True, slots=True)
class Round:
    """How late each timer was in seconds, how many fired, were told of on timelines and fired early, and how long all of it took."""

    late: list[float]
    fired: int
    told: int
    early: int
    seconds: float = 0.0


async def _arm(work: UnitOfWork, channels: list[str]) -> None:
    many = rows.Many(ARMED // _PER_INCIDENT + 1, "P0", work.now, channels=channels)
    await rows.add_incidents(work, many)


def _warnings() -> tuple[Any, Any]:
    """The warnings of one clock of the first ten thousand incidents."""
    chosen = select(promises.c.id).where(promises.c.clock == ClockName.UPDATE.value).order_by(promises.c.incident_id).limit(DUE)
    return timers.c.kind == TimerKind.WARN.value, timers.c.promise_id.in_(chosen)


async def _bring_forward(work: UnitOfWork, begin: datetime, over: timedelta) -> None:
    """Has those warnings come due one after the other from ``begin`` on, spread evenly over that span."""
    found = (await work.tx.run(select(timers.c.id).where(*_warnings()).order_by(timers.c.promise_id))).scalars().all()
    moments = [{"which": timer, "moment": begin + over * number / DUE} for number, timer in enumerate(found)]
    await work.tx.run(update(timers).where(timers.c.id == bindparam("which")).values(due_at=bindparam("moment")), moments)


async def _look(work: UnitOfWork) -> Round:
    """How it went until now; a timer that has not fired is as late as it is by now."""
    known = (await work.tx.run(select(timers.c.due_at, timers.c.late_seconds).where(*_warnings()))).mappings().all()
    late = [(work.now - one["due_at"]).total_seconds() if one["late_seconds"] is None else one["late_seconds"] for one in known]
    fired = sum(one["late_seconds"] is not None for one in known)
    written = select(func.count()).select_from(timeline).where(timeline.c.kind == EntryKind.PROMISE_WARNED.value)
    early = select(func.count()).select_from(timers).where(timers.c.fired_at < timers.c.due_at)
    return Round(late, fired, (await work.tx.run(written)).scalar_one(), (await work.tx.run(early)).scalar_one())


async def _wait(services: Services, begin: datetime) -> Round:
    """How it went when all were fired and committed, or when they had time enough."""
    until = begin + _WITHIN
    while True:
        await asyncio.sleep(0.25)
        found = await services.read(_look)
        if found.fired == DUE or SystemClock().real() > until:
            return replace(found, seconds=(SystemClock().real() - begin).total_seconds())


async def _round(folder: Path, over: timedelta) -> Round:
    folder.mkdir()
    async with servers.world({}) as sandbox, rows.prepared(folder, _POLICY) as services:
        state = sandbox.state
        await services.run(_arm, [state.create(f"bench-{number}", state.bot_user_id).id for number in range(DUE)])
        async with servers.beside(sandbox, folder, _POLICY, {}):
            begin = SystemClock().real() + _BEFORE
            await services.run(_bring_forward, begin, over)
            return await _wait(services, begin)


async def punctual(folder: Path) -> list[Figure]:
    """The lateness of both rounds, and whether each timer fired once and none early."""
    spread = await _round(folder / "spread", timedelta(seconds=10))
    at_once = await _round(folder / "at-once", timedelta())
    fired, told = spread.fired + at_once.fired, spread.told + at_once.told
    early = spread.early + at_once.early
    right = early == 0 and fired == told == 2 * DUE
    done = f"last seen {at_once.seconds:.0f} s after"
    return [
        spans(f"timers late: {ARMED:,} armed, {DUE:,} due within 10 s", spread.late, "p99 ≤ 1 s", 0.99, 1.0, "≤ 250 ms"),
        spans(f"timers late: {DUE:,} due at once, {done}", at_once.late, "p99 ≤ 5 s", 0.99, 5.0, "≤ 2 s"),
        Figure("timers fired, each once", f"{fired:,} of {2 * DUE:,}, {told:,} told of, {early} early", "all, none early", right),
    ]


async def every_figure() -> list[Figure]:
    """All of them, one after the other."""
    return await in_a_folder(punctual)


if __name__ == "__main__":
    run(every_figure)
