"""Rows of timers. Arming is an INSERT, firing a conditional UPDATE: whoever changes the row fires, once (B2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update

from bot.clock import new_id
from bot.domain.timers import Promise, Timer, TimerKind, lateness
from bot.store.database import Transaction
from bot.store.rows import as_nouns, by_place, columns_of
from bot.store.tables import timers

_ARMED = (timers.c.fired_at.is_(None), timers.c.cancelled_at.is_(None))
_ARM = insert(timers).values(
    {name: bindparam(name) for name in ("organisation", "branch", "id", "incident_id", "promise_id", "kind", "due_at", "armed_at")}
)
_TIMER = columns_of(Timer, timers)
_FIRE = (
    update(timers)
    .where(timers.c.organisation == bindparam("organisation"), timers.c.id == bindparam("its_id"), *_ARMED)
    .values(fired_at=bindparam("at"), late_seconds=bindparam("late"))
)


def _other_than(besides: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a timer is armed and none of those."""
    return (*_ARMED, timers.c.id.not_in(besides)) if besides else _ARMED


async def add_timer(
    tx: Transaction,
    incident_id: str,
    kind: TimerKind,
    *,
    due_at: datetime,
    armed_at: datetime,
    promise_id: str | None = None,
    escalation_id: str | None = None,
    subject: str | None = None,
) -> None:
    """Arms a timer; one armed timer a kind of a promise, one a run through the chain, and one a subject of an incident."""
    values = {"kind": kind.value, "promise_id": promise_id, "escalation_id": escalation_id, "subject": subject}
    await tx.add(timers, id=new_id(), incident_id=incident_id, due_at=due_at, armed_at=armed_at, **values)
    tx.wake("timers")


async def add_timers(tx: Transaction, wanted: Sequence[tuple[Promise, TimerKind, datetime]], armed_at: datetime) -> None:
    """Arms timers of promises, each of its kind and for its time, as ``add_timer`` would one after the other."""
    columns: dict[str, Iterable[Any]] = {
        "id": [new_id() for _ in wanted],
        "incident_id": [promise.incident_id for promise, _, _ in wanted],
        "promise_id": [promise.id for promise, _, _ in wanted],
        "kind": [kind.value for _, kind, _ in wanted],
        "due_at": [due_at for _, _, due_at in wanted],
        "armed_at": repeat(armed_at),
    }
    await tx.run_many(_ARM, columns)
    tx.wake("timers")


async def list_due(tx: Transaction, now: datetime, limit: int, besides: Collection[str] = ()) -> list[Timer]:
    """Armed timers that are due, the longest overdue first. Not locked: the incident's row is, before one is fired."""
    statement = select(*_TIMER).where(tx.within(timers), *_other_than(besides), timers.c.due_at <= now)
    return by_place(Timer, await tx.run(statement.order_by(timers.c.due_at, timers.c.id).limit(limit)))


async def mark_fired(tx: Transaction, due: Sequence[Timer], now: datetime) -> list[Timer]:
    """Those of the timers that were ours to fire, in their order: they were still armed. The lateness of each stays with it.

    They are held from the look on, so that whoever else would fire or cancel one of them waits and then finds it fired.
    """
    ids = [timer.id for timer in due]
    held = select(timers.c.id).where(tx.within(timers), timers.c.id.in_(ids), *_ARMED).order_by(timers.c.id).with_for_update()
    armed = set((await tx.run(held)).scalars())
    ours = [timer for timer in due if timer.id in armed]
    late = [lateness(timer.due_at, now).total_seconds() for timer in ours]
    await tx.run_many(_FIRE, {"its_id": [timer.id for timer in ours], "at": repeat(now), "late": late})
    return ours


async def cancel(tx: Transaction, at: datetime, reason: str, *where: Any) -> None:
    """Cancels the armed timers that meet the conditions; why stays with them."""
    await tx.run(tx.update(timers, *_ARMED, *where).values(cancelled_at=at, reason=reason))


async def cancel_of_promise(tx: Transaction, promise_id: str, at: datetime, reason: str) -> None:
    """Cancels what is still armed of a promise."""
    await cancel(tx, at, reason, timers.c.promise_id == promise_id)


async def cancel_of_escalation(tx: Transaction, escalation_id: str, at: datetime, reason: str) -> None:
    """Cancels the next ring of a run through the chain."""
    await cancel(tx, at, reason, timers.c.escalation_id == escalation_id)


async def cancel_road(tx: Transaction, escalation_id: str, at: datetime, reason: str) -> None:
    """Cancels the next road of a run's present ring; the next ring stays."""
    await cancel(tx, at, reason, timers.c.escalation_id == escalation_id, timers.c.kind == TimerKind.ROAD.value)


async def cancel_steps(tx: Transaction, incident_id: str, subject: str, at: datetime, reason: str) -> None:
    """Cancels the steps of an incident whose subject begins so."""
    where = (
        timers.c.incident_id == incident_id,
        timers.c.kind == TimerKind.STEP.value,
        timers.c.subject.startswith(subject, autoescape=True),
    )
    await cancel(tx, at, reason, *where)


async def list_armed(tx: Transaction, incident_id: str) -> list[Timer]:
    """What is armed for an incident, the soonest first."""
    rows = await tx.run(tx.select(timers, timers.c.incident_id == incident_id, *_ARMED).order_by(timers.c.due_at, timers.c.id))
    return as_nouns(Timer, rows.mappings())


async def find_next_due(tx: Transaction, besides: Collection[str] = ()) -> datetime | None:
    """When the next armed timer is due; None when none is armed."""
    row = (await tx.run(tx.select(timers, *_other_than(besides)).order_by(timers.c.due_at).limit(1))).mappings().first()
    return None if row is None else row["due_at"]


async def count_overdue(tx: Transaction, before: datetime) -> int:
    """How many armed timers were due before that moment."""
    statement = select(func.count()).select_from(timers).where(tx.within(timers), *_ARMED, timers.c.due_at <= before)
    return await tx.connection.scalar(statement) or 0
