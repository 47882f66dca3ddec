"""How the engine is, as numbers: what /readyz, /metrics and tests look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.outbox import MessageState
from bot.domain.timeline import Flaw
from bot.services import timers
from bot.services.work import UnitOfWork
from bot.store import bodies, incidents, outbox, timeline

OVERDUE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What waits, what was given up, and what is open."""

    intake: dict[str, int]
    outbox: dict[MessageState, int]
    busy_messages: int
    overdue_timers: int
    open_incidents: dict[str, int]
    closed_gates: list[tuple[str, str]]


async def snapshot(work: UnitOfWork) -> Snapshot:
    """The numbers of this moment."""
    opened = await incidents.list_open(work.tx)
    return Snapshot(
        intake=await bodies.count_by_state(work.tx),
        outbox=await outbox.count_by_state(work.tx),
        busy_messages=await outbox.count_busy(work.tx),
        overdue_timers=await timers.overdue(work, OVERDUE_AFTER),
        open_incidents=dict(Counter(incident.severity for incident in opened)),
        closed_gates=await outbox.list_closed_gates(work.tx),
    )


async def held_up(work: UnitOfWork) -> list[str]:
    """Why some messages wait at this moment: what each closed gate was closed for."""
    return sorted({reason for _, reason in await outbox.list_closed_gates(work.tx)})


async def idle(work: UnitOfWork) -> bool:
    """Whether nothing is due: no body that waits, no timer, no message; asked in the order in which one becomes the other."""
    counted = await bodies.count_by_state(work.tx)
    if counted.get("pending", 0) + counted.get("working", 0):
        return False
    if await timers.overdue(work, timedelta()):
        return False
    return not await outbox.count_busy(work.tx)


async def verify_audit(work: UnitOfWork) -> tuple[int, list[Flaw]]:
    """How many entries the timelines and the audit hold, and the first flaw of each stream that does not verify."""
    return await timeline.verify(work.tx)


async def check_writes(work: UnitOfWork) -> None:
    """Writes something harmless, so that /readyz knows that the database takes it."""
    await outbox.close_gate(work.tx, "readiness", timedelta(seconds=-1), "checked by /readyz")
