"""Firing what is due: each timer once, its lateness kept (B2); and the signals that time alone brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from operator import attrgetter

from bot import telemetry
from bot.domain.episodes import Episode
from bot.domain.heartbeats import Heartbeat
from bot.domain.timers import Timer, TimerKind, lateness
from bot.services import escalations, promises, signals, stages, warning, watching
from bot.services.work import UnitOfWork
from bot.store import episodes, heartbeats, incidents, timers


async def _ring(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a ring timer belongs to a run through the chain"
    await escalations.go_on(work, timer.escalation_id)


async def _take_next_roads(work: UnitOfWork, timer: Timer) -> None:
    assert timer.escalation_id is not None, "a road timer belongs to a run through the chain"
    await escalations.take_next_roads(work, timer.escalation_id)


_HANDLERS: Mapping[TimerKind, Callable[[UnitOfWork, Timer], Awaitable[None]]] = {
    TimerKind.BREACH: stages.miss,
    TimerKind.CHASE: promises.chase,
    TimerKind.RING: _ring,
    TimerKind.ROAD: _take_next_roads,
    TimerKind.STEP: stages.reach,
    TimerKind.QUIET: watching.quiet_is_over,
    TimerKind.WATCH: watching.watch_is_over,
}
_TOGETHER: Mapping[TimerKind, Callable[[UnitOfWork, Sequence[Timer]], Awaitable[None]]] = {TimerKind.WARN: warning.warn}
"""What many timers at once are fired by, in as many statements as one; it must leave other timers alone."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many timers share a transaction at most: of all, and of those that each take statements of their own."""

    of_all: int = 1
    of_costly: int = 1


ONE = Share()


async def fire_next(work: UnitOfWork, share: Share = ONE, besides: Collection[str] = ()) -> Timer | Heartbeat | Episode | None:
    """The last of a share of timers, the longest overdue, fired in their order, or else what of heartbeats and episodes is due.

    None when nothing is. They share the transaction, and with it its fate: what breaks one of them leaves all of them armed. Those
    ``besides`` whose ids they are it does not look for (B2).
    """
    due = await list_due(work, share, besides)
    if not due:
        return await signals.fire_next(work)
    fired = await fire(work, due)
    return fired[-1] if fired else None


async def list_due(work: UnitOfWork, share: Share, besides: Collection[str] = ()) -> list[Timer]:
    """A share of the timers that are due, the longest overdue first, without those of the ids ``besides``."""
    due = await timers.list_due(work.tx, work.now, share.of_all, besides)
    costly = accumulate(not goes_with_others(timer) for timer in due)
    return [timer for timer, count in zip(due, costly, strict=True) if count <= share.of_costly]


def goes_with_others(timer: Timer) -> bool:
    """Whether many such timers are fired by as many statements as one."""
    return timer.kind in _TOGETHER


async def fire(work: UnitOfWork, due: Sequence[Timer]) -> list[Timer]:
    """Fires timers that are due, in their order, but those that somebody else fired; of one kind that goes together as many as follow.

    Gives back whose turn it was. An incident that somebody else holds is left out, so that its timers hold up nobody's: they stay armed.
    """
    held = await incidents.lock_incidents(work.tx, {timer.incident_id for timer in due})
    ours = [timer for timer in due if timer.incident_id in held]
    for kind, run in groupby(ours, key=attrgetter("kind")):
        for some in [list(run)] if kind in _TOGETHER else [[timer] for timer in run]:
            await _fire(work, kind, await timers.mark_fired(work.tx, some, work.now))
    return ours


async def _fire(work: UnitOfWork, kind: TimerKind, fired: Sequence[Timer]) -> None:
    for timer in fired:
        telemetry.observe_timer(kind.value, lateness(timer.due_at, work.now).total_seconds())
    if fired and kind in _TOGETHER:
        await _TOGETHER[kind](work, fired)
        return
    for timer in fired:
        await _HANDLERS[kind](work, timer)


async def next_due(work: UnitOfWork, besides: Collection[str] = ()) -> datetime | None:
    """When something is due next, the timers of the ids ``besides`` left out; None when nothing is armed."""
    moments = [await timers.find_next_due(work.tx, besides), *[await rows.find_next_due(work.tx) for rows in (heartbeats, episodes)]]
    return min((moment for moment in moments if moment is not None), default=None)


async def overdue(work: UnitOfWork, by: timedelta) -> int:
    """How much should have fired more than ``by`` ago."""
    return sum([await rows.count_overdue(work.tx, work.now - by) for rows in (timers, heartbeats, episodes)])
