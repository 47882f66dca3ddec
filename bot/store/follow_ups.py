"""Rows of follow-ups; the same words of one incident are one row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.clock import new_id
from bot.domain.follow_ups import FollowUp
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import follow_ups


async def add_follow_up(tx: Transaction, **values: Any) -> None:
    """Adds a follow-up; the same words of the same incident are a Conflict."""
    await tx.add(follow_ups, id=new_id(), **values)


async def list_of_incident(tx: Transaction, incident_id: str) -> list[FollowUp]:
    """The follow-ups of an incident, numbered in the order in which they came."""
    statement = tx.select(follow_ups, follow_ups.c.incident_id == incident_id).order_by(follow_ups.c.id)
    rows = as_nouns(FollowUp, map(_unnumbered, (await tx.run(statement)).mappings()))
    return [replace(row, number=number) for number, row in enumerate(rows, start=1)]


async def list_open_of(tx: Transaction, owner_id: str, limit: int) -> list[FollowUp]:
    """What a person has to follow up, the oldest first, ``limit`` at most; these carry no number."""
    mine = (follow_ups.c.owner_id == owner_id, follow_ups.c.done_at.is_(None))
    rows = await tx.run(tx.select(follow_ups, *mine).order_by(follow_ups.c.id).limit(limit))
    return as_nouns(FollowUp, map(_unnumbered, rows.mappings()))


def _unnumbered(row: Any) -> Any:
    return {**row, "number": 0}


async def mark_done(tx: Transaction, follow_up: FollowUp, at: datetime, by: str) -> bool:
    """Whether it was done by this; False when it was done already."""
    statement = tx.update(follow_ups, follow_ups.c.id == follow_up.id, follow_ups.c.done_at.is_(None))
    return await tx.changed(statement.values(done_at=at, done_by=by)) == 1
