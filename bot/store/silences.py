"""Rows of silences: who expects which alerts, until when, and who ended it before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bot.clock import new_id
from bot.domain.silences import Silence
from bot.errors import NotFound
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns
from bot.store.tables import silences


async def add_silence(tx: Transaction, **values: Any) -> Silence:
    """The new silence; its number is one more than the highest ever given, and unique, else Conflict."""
    highest = await tx.connection.scalar(select(func.max(silences.c.number)).where(tx.within(silences)))
    number = (highest or 0) + 1
    await tx.add(silences, id=new_id(), number=number, **values)
    return await get_silence(tx, number)


async def get_silence(tx: Transaction, number: int) -> Silence:
    """The silence of that number; raises NotFound."""
    row = (await tx.run(tx.select(silences, silences.c.number == number))).mappings().first()
    if row is None:
        raise NotFound(f"There is no silence {number}. `/incident silence` lists those that hold.")
    return as_noun(Silence, row)


async def list_live(tx: Transaction, now: datetime) -> list[Silence]:
    """The silences that hold at that moment or will, the next to end first."""
    statement = tx.select(silences, silences.c.ended_at.is_(None), silences.c.ends_at > now)
    return as_nouns(Silence, (await tx.run(statement.order_by(silences.c.ends_at, silences.c.number))).mappings())


async def mark_ended(tx: Transaction, silence: Silence, at: datetime, by: str) -> bool:
    """Whether it was ended by this; False when it had ended already."""
    statement = tx.update(silences, silences.c.id == silence.id, silences.c.ended_at.is_(None), silences.c.ends_at > at)
    return await tx.changed(statement.values(ended_at=at, ended_by=by)) == 1
