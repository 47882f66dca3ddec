"""Firing what is due: each timer once, its lateness kept (B2); and the signals that time alone brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta

from bot import telemetry
from bot.domain.episodes import Episode
from bot.domain.heartbeats import Heartbeat
from bot.domain.timers import Timer, TimerKind, lateness
from bot.services import escalations, promises, signals, stages, watching
from bot.services.work import UnitOfWork
from bot.store import episodes, heartbeats, incidents, timers


async def _ring(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a ring timer belongs to a run through the chain"
    await escalations.go_on(work, timer.escalation_id)


async def _take_next_roads(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a road timer belongs to a run through the chain"
    await escalations.take_next_roads(work, timer.escalation_id)


_HANDLERS: Mapping[TimerKind, Callable[[UnitOfWork, Timer], Awaitable[None]]] = {
    TimerKind.WARN: stages.warn,
    TimerKind.BREACH: stages.miss,
    TimerKind.CHASE: promises.chase,
    TimerKind.RING: _ring,
    TimerKind.ROAD: _take_next_roads,
    TimerKind.STEP: stages.reach,
    TimerKind.QUIET: watching.quiet_is_over,
    TimerKind.WATCH: watching.watch_is_over,
}


async def fire_next(work: UnitOfWork, at_most: int = 1, besides: Collection[str] = ()) -> Timer | Heartbeat | Episode | None:
    """The last of up to ``at_most`` timers, the longest overdue, fired one after the other, or else what of heartbeats and episodes is due.

    None when nothing is. They share the transaction, and with it its fate: what breaks one of them leaves all of them armed. Those
    ``besides`` whose ids they are it does not look for (B2).
    """
    due = await list_due(work, at_most, besides)
    for timer in due:
        await fire(work, timer)
    return due[-1] if due else await signals.fire_next(work)


async def list_due(work: UnitOfWork, at_most: int, besides: Collection[str] = ()) -> list[Timer]:
    """What of timers is due, the longest overdue first, without those of the ids ``besides``."""
    return await timers.list_due(work.tx, work.now, at_most, besides)


async def fire(work: UnitOfWork, timer: Timer) -> None:
    """Fires a timer that is due, unless somebody else did."""
    await incidents.lock_incident(work.tx, timer.incident_id)
    if await timers.mark_fired(work.tx, timer, work.now):
        late = lateness(timer.due_at, work.now)
        telemetry.observe_timer(timer.kind.value, late.total_seconds())
        await _HANDLERS[timer.kind](work, timer)


async def next_due(work: UnitOfWork, besides: Collection[str] = ()) -> datetime | None:
    """When something is due next, the timers of the ids ``besides`` left out; None when nothing is armed."""
    moments = [await timers.find_next_due(work.tx, besides), *[await rows.find_next_due(work.tx) for rows in (heartbeats, episodes)]]
    return min((moment for moment in moments if moment is not None), default=None)


async def overdue(work: UnitOfWork, by: timedelta) -> int:
    """How much should have fired more than ``by`` ago."""
    return sum([await rows.count_overdue(work.tx, work.now - by) for rows in (timers, heartbeats, episodes)])
