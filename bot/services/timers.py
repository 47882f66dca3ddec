"""Firing what is due: each timer once, in a transaction of its own, its lateness kept (B2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot import telemetry
from bot.domain.timers import Timer, TimerKind, lateness
from bot.services import escalations, promises
from bot.services.work import UnitOfWork
from bot.store import incidents, timers


async def _ring(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a ring timer belongs to a run through the chain"
    await escalations.go_on(work, timer.escalation_id)


async def _take_next_roads(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a road timer belongs to a run through the chain"
    await escalations.take_next_roads(work, timer.escalation_id)


_HANDLERS: Mapping[TimerKind, Callable[[UnitOfWork, Timer], Awaitable[None]]] = {
    TimerKind.WARN: promises.warn,
    TimerKind.BREACH: promises.miss,
    TimerKind.CHASE: promises.chase,
    TimerKind.RING: _ring,
    TimerKind.ROAD: _take_next_roads,
}


async def fire_next(work: UnitOfWork) -> Timer | None:
    """The longest overdue timer, fired; None when none is due."""
    due = await timers.list_due(work.tx, work.now, 1)
    if not due:
        return None
    timer = due[0]
    await incidents.lock_incident(work.tx, timer.incident_id)
    if await timers.mark_fired(work.tx, timer, work.now):
        late = lateness(timer.due_at, work.now)
        telemetry.observe_timer(timer.kind.value, late.total_seconds())
        await _HANDLERS[timer.kind](work, timer)
    return timer


async def next_due(work: UnitOfWork) -> datetime | None:
    """When the next timer is due; None when none is armed."""
    return await timers.find_next_due(work.tx)


async def overdue(work: UnitOfWork, by: timedelta) -> int:
    """How many timers should have fired more than ``by`` ago."""
    return await timers.count_overdue(work.tx, work.now - by)
