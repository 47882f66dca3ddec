"""Rows of correlations: which keys an incident's alerts carried, and when last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, or_, select

from bot.domain.incidents import Incident
from bot.domain.timers import TimerKind
from bot.store.database import Transaction
from bot.store.incidents import OPEN
from bot.store.rows import as_nouns
from bot.store.tables import correlations, incidents, timers


@dataclass(frozen=True, slots=True)
class Match:
    """A key that an incident's alerts carried; ``last_at`` is when one of them was heard last."""

    key: str
    incident_id: str
    last_at: datetime


_WATCHED = exists().where(
    timers.c.incident_id == incidents.c.id,
    timers.c.kind == TimerKind.WATCH.value,
    timers.c.subject.is_not(None),
    timers.c.fired_at.is_(None),
    timers.c.cancelled_at.is_(None),
)
"""Whether an incident is watched still after its resolution."""


async def list_matches(tx: Transaction, keys: Sequence[str], resolved_since: datetime) -> tuple[list[Match], list[Incident]]:
    """Which incidents carry which of the keys, and those incidents: open or watched ones, and those resolved at or after a moment."""
    rows = (await tx.run(tx.select(correlations, correlations.c.key.in_(keys)))).mappings()
    matches = as_nouns(Match, rows)
    known = or_(incidents.c.id.in_({match.incident_id for match in matches}), incidents.c.correlation_key.in_(keys))
    recent = or_(OPEN, incidents.c.resolved_at >= resolved_since, _WATCHED)
    statement = tx.select(incidents, known, recent, incidents.c.merged_into.is_(None))
    return matches, as_nouns(Incident, (await tx.run(statement)).mappings())


async def add_matches(tx: Transaction, matches: Sequence[Match]) -> None:
    """Writes down keys that incidents did not carry before; one that somebody else wrote meanwhile is a Conflict."""
    if matches:
        rows = [{"key": one.key, "incident_id": one.incident_id, "last_at": one.last_at} for one in matches]
        await tx.run(tx.insert(correlations), rows)


async def touch_matches(tx: Transaction, matches: Sequence[Match]) -> None:
    """Writes down when known keys were heard last; of two moments the later counts."""
    if not matches:
        return
    same = (correlations.c.key == bindparam("its_key"), correlations.c.incident_id == bindparam("its_incident"))
    later = correlations.c.last_at < bindparam("at")
    statement = tx.update(correlations, *same, later).values(last_at=bindparam("at"))
    await tx.run(statement, [{"its_key": one.key, "its_incident": one.incident_id, "at": one.last_at} for one in matches])


async def count_declared(tx: Transaction, since: datetime) -> dict[str, int]:
    """How many incidents alerts opened at or after ``since``, by the severity that they have now."""
    where = (tx.within(incidents), incidents.c.declared_by.is_(None), incidents.c.opened_at >= since)
    counted = await tx.run(select(incidents.c.severity, func.count().label("count")).where(*where).group_by(incidents.c.severity))
    return {row["severity"]: row["count"] for row in counted.mappings()}


async def list_keys(tx: Transaction, incident_id: str) -> set[str]:
    """The keys that an incident's alerts carried."""
    found = await tx.run(select(correlations.c.key).where(tx.within(correlations), correlations.c.incident_id == incident_id))
    return set(found.scalars())
