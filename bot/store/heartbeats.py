"""Rows of heartbeats: when each was heard, and when it is due to be silent. Time is a column (W5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from bot.domain.heartbeats import Heartbeat, HeartbeatState
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import heartbeats


async def add_heartbeat(tx: Transaction, name: str, added_at: datetime, due_at: datetime) -> None:
    """Adds one that waits to be heard; a Conflict when a twin adds it at this moment."""
    await tx.add(heartbeats, name=name, state=HeartbeatState.WAITING.value, added_at=added_at, due_at=due_at)
    tx.wake("timers")


async def list_heartbeats(tx: Transaction) -> list[Heartbeat]:
    """Every heartbeat, by name."""
    return as_nouns(Heartbeat, (await tx.run(tx.select(heartbeats).order_by(heartbeats.c.name))).mappings())


async def lock_heartbeat(tx: Transaction, name: str) -> Heartbeat | None:
    """The heartbeat of that name, held until the end of the transaction; None when there is none."""
    row = (await tx.run(tx.select(heartbeats, heartbeats.c.name == name).with_for_update())).mappings().first()
    return None if row is None else as_noun(Heartbeat, row)


async def find_due(tx: Transaction, now: datetime) -> Heartbeat | None:
    """The longest overdue heartbeat, held until the end of the transaction; None when none is due, or others are at it."""
    statement = tx.select(heartbeats, heartbeats.c.due_at <= now).order_by(heartbeats.c.due_at, heartbeats.c.name).limit(1)
    row = (await tx.run(statement.with_for_update(skip_locked=True))).mappings().first()
    return None if row is None else as_noun(Heartbeat, row)


async def change_heartbeat(tx: Transaction, name: str, **values: Any) -> None:
    """Writes the given columns of a heartbeat."""
    await tx.run(tx.update(heartbeats, heartbeats.c.name == name).values(**values))


async def drop_heartbeat(tx: Transaction, name: str) -> None:
    """Forgets a heartbeat."""
    await tx.run(delete(heartbeats).where(tx.within(heartbeats), heartbeats.c.name == name))


async def find_next_due(tx: Transaction) -> datetime | None:
    """When the next heartbeat is due to be silent; None when all are, or there are none."""
    moment: datetime | None = await tx.connection.scalar(select(func.min(heartbeats.c.due_at)).where(tx.within(heartbeats)))
    return moment


async def count_overdue(tx: Transaction, before: datetime) -> int:
    """How many were due before that moment."""
    statement = select(func.count()).select_from(heartbeats).where(tx.within(heartbeats), heartbeats.c.due_at <= before)
    return await tx.connection.scalar(statement) or 0
