"""Rows of freezes: who closed the gate by hand, and who opened it; one of them at a time (J14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.clock import new_id
from bot.domain.readiness import Freeze
from bot.store.database import Transaction
from bot.store.rows import as_noun
from bot.store.tables import freezes


async def find_freeze(tx: Transaction) -> Freeze | None:
    """The freeze that holds; None when there is none."""
    row = (await tx.run(tx.select(freezes, freezes.c.ended_at.is_(None)))).mappings().first()
    return None if row is None else as_noun(Freeze, row)


async def add_freeze(tx: Transaction, **values: Any) -> Freeze:
    """The new freeze; a Conflict when another one holds."""
    identity = new_id()
    await tx.add(freezes, id=identity, **values)
    return Freeze(identity, **values, ended_at=None, ended_by=None)


async def mark_thawed(tx: Transaction, freeze: Freeze, at: datetime, by: str) -> None:
    """Ends a freeze; a Conflict when somebody else did at this moment."""
    statement = tx.update(freezes, freezes.c.id == freeze.id, freezes.c.ended_at.is_(None))
    await tx.must_change(statement.values(ended_at=at, ended_by=by), "the freeze")
