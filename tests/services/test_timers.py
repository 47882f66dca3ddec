"""A timer that breaks holds up nobody else, is tried again, and is late when it fires at last (B2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.domain.incidents import Incident
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.domain.timers import TimerKind
from bot.services import health, timers
from bot.services.work import UnitOfWork
from bot.store import timers as rows
from bot.store.tables import timers as table
from bot.ticker import Ticker
from tests.house import NOON
from tests.policies import make_policy
from tests.services.desk import Desk, open_desk

BROKEN, MENDED = "severity:nothing", "severity:0"


@asynccontextmanager
async def ticking(desk: Desk) -> AsyncIterator[Ticker]:
    ticker = Ticker(desk.services, desk.clock)
    running = asyncio.create_task(ticker.run())
    try:
        yield ticker
    finally:
        ticker.stop()
        await running


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.01)


async def arm(desk: Desk, incident: Incident, count: int) -> None:
    """Arms steps that no policy can have meant, due a minute after noon: whatever fires them raises."""

    async def add(work: UnitOfWork) -> None:
        for number in range(count):
            due_at = NOON + timedelta(minutes=1, seconds=number)
            subject = f"{number}:{BROKEN}"
            await rows.add_timer(work.tx, incident.id, TimerKind.STEP, due_at=due_at, armed_at=work.now, subject=subject)

    await desk.run(add)


async def steps(desk: Desk) -> list[dict[str, Any]]:
    statement = select(table).where(table.c.kind == TimerKind.STEP.value).order_by(table.c.due_at)
    found = await desk.read(lambda work: work.tx.run(statement))
    return [dict(row) for row in found.mappings()]


@pytest.mark.parametrize("count", [1, 40])
async def test_timers_that_break_whenever_they_fire_hold_up_none_that_are_due_later(desk: Desk, count: int) -> None:
    incident = await desk.declare()
    await arm(desk, incident, count)
    desk.clock.set(NOON + timedelta(minutes=5))

    async def missed() -> bool:
        return (await desk.owed(incident))[ClockName.ACKNOWLEDGE].missed_at is not None

    with capture_logs() as logged:
        async with ticking(desk) as ticker:
            await until(missed)

            async def round_done() -> bool:
                return ticker.cycles > 0

            await until(round_done)
    broke = [entry for entry in logged if entry["event"] == "timer_broke"]
    assert {entry["timer_id"] for entry in broke} == {row["id"] for row in await steps(desk)}
    assert all(entry["incident_id"] == incident.id and entry["late_seconds"] > 0 for entry in broke)
    assert [row["fired_at"] for row in await steps(desk)] == [None] * count
    assert await desk.read(lambda work: timers.overdue(work, health.OVERDUE_AFTER)) == count


async def test_two_that_fire_one_step_at_once_escalate_once(database_url: str) -> None:
    low = {"label": "LOW", "rank": 0, "escalate": [{"after": "1h", "who": ["ben"]}]}
    async with open_desk(database_url, make_policy(severities=[low], default_severity="LOW", routes=[])) as desk:
        incident = await desk.declare(severity="LOW")
        desk.clock.set(NOON + timedelta(hours=1))
        due = await desk.run(timers.list_due, timers.ONE)
        await asyncio.gather(*(desk.run(timers.fire, due) for _ in range(4)))
        assert (await desk.entries(incident)).count(EntryKind.ESCALATED) == 1


async def test_what_broke_is_tried_again_and_knows_how_late_it_is(desk: Desk) -> None:
    incident = await desk.declare()
    await arm(desk, incident, 1)
    desk.clock.set(NOON + timedelta(minutes=5))
    with capture_logs():
        async with ticking(desk) as ticker:

            async def tried() -> bool:
                return ticker.cycles > 0

            await until(tried)
            assert (await steps(desk))[0]["fired_at"] is None
            await desk.run(lambda work: work.tx.run(update(table).where(table.c.subject == f"0:{BROKEN}").values(subject=MENDED)))

            async def fired() -> bool:
                return (await steps(desk))[0]["fired_at"] is not None

            await until(fired)
    assert (await steps(desk))[0]["late_seconds"] == 240
