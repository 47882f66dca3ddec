"""What the quiet cycle and the watch after a resolution are told by: their timers, and when an incident's alerts fired last (J11, S5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, func, select

from bot.domain.alert import AlertStatus
from bot.domain.timers import Timer, TimerKind
from bot.store import timers as rows
from bot.store.database import Transaction
from bot.store.rows import as_noun
from bot.store.tables import alerts, timers


async def find_latest(tx: Transaction, incident_id: str, kind: TimerKind) -> Timer | None:
    """The timer of that kind that was armed last, whatever became of it; None when there never was one."""
    where = (timers.c.incident_id == incident_id, timers.c.kind == kind.value)
    armed = case((and_(timers.c.fired_at.is_(None), timers.c.cancelled_at.is_(None)), 0), else_=1)
    statement = tx.select(timers, *where).order_by(armed, timers.c.armed_at.desc(), timers.c.id.desc()).limit(1)
    row = (await tx.run(statement)).mappings().first()
    return None if row is None else as_noun(Timer, row)


async def arm(tx: Transaction, incident_id: str, kind: TimerKind, due_at: datetime, armed_at: datetime) -> None:
    """Arms the one timer of that kind that an incident has."""
    await rows.add_timer(tx, incident_id, kind, due_at=due_at, armed_at=armed_at, subject=kind.value)


async def disarm(tx: Transaction, incident_id: str, kind: TimerKind, at: datetime, reason: str) -> bool:
    """Cancels that timer, and says whether it was armed; ``reason`` stays with it."""
    where = (timers.c.incident_id == incident_id, timers.c.kind == kind.value)
    armed = (timers.c.fired_at.is_(None), timers.c.cancelled_at.is_(None))
    return await tx.changed(tx.update(timers, *where, *armed).values(cancelled_at=at, reason=reason)) > 0


async def find_last_firing(tx: Transaction, incident_id: str) -> datetime | None:
    """When an alert of the incident was last heard to fire: to begin, or while it goes on to be said again."""
    began = func.max(alerts.c.first_received_at)
    said = func.max(alerts.c.last_received_at).filter(alerts.c.status == AlertStatus.FIRING.value)
    where = (tx.within(alerts), alerts.c.incident_id == incident_id)
    row = (await tx.run(select(began.label("began"), said.label("said")).where(*where))).mappings().one()
    return max((at for at in (row["began"], row["said"]) if at is not None), default=None)
