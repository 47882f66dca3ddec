"""Firing what is due: each timer once, in a transaction of its own, its lateness kept (B2); and the signals that time alone brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot import telemetry
from bot.domain.episodes import Episode
from bot.domain.heartbeats import Heartbeat
from bot.domain.timers import Timer, TimerKind, lateness
from bot.services import escalations, promises, signals
from bot.services.work import UnitOfWork
from bot.store import episodes, heartbeats, incidents, timers


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


async def fire_next(work: UnitOfWork) -> Timer | Heartbeat | Episode | None:
    """The longest overdue timer, fired, or else what of heartbeats and episodes is due; None when nothing is."""
    due = await timers.list_due(work.tx, work.now, 1)
    return await _fire(work, due[0]) if due else await signals.fire_next(work)


async def _fire(work: UnitOfWork, timer: Timer) -> Timer:
    await incidents.lock_incident(work.tx, timer.incident_id)
    if await timers.mark_fired(work.tx, timer, work.now):
        late = lateness(timer.due_at, work.now)
        telemetry.observe_timer(timer.kind.value, late.total_seconds())
        await _HANDLERS[timer.kind](work, timer)
    return timer


async def next_due(work: UnitOfWork) -> datetime | None:
    """When something is due next; None when nothing is armed."""
    moments = [await rows.find_next_due(work.tx) for rows in (timers, heartbeats, episodes)]
    return min((moment for moment in moments if moment is not None), default=None)


async def overdue(work: UnitOfWork, by: timedelta) -> int:
    """How much should have fired more than ``by`` ago."""
    return sum([await rows.count_overdue(work.tx, work.now - by) for rows in (timers, heartbeats, episodes)])
