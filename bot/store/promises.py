"""Rows of promises: one run of one clock of one incident."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from operator import attrgetter

from sqlalchemy import func, insert, select

from bot.clock import new_id
from bot.domain.severity import ClockName
from bot.domain.timers import Promise
from bot.store.database import Transaction
from bot.store.rows import as_noun, as_nouns, by_place, columns_of
from bot.store.tables import promises

_ADD = insert(promises)
_COLUMNS = [column.name for column in promises.c if column.name not in ("organisation", "branch")]
_PROMISE = columns_of(Promise, promises)
_OPEN = (promises.c.kept_at.is_(None), promises.c.withdrawn_at.is_(None))


async def add_promises(tx: Transaction, incident_id: str, started_at: datetime, due: Mapping[ClockName, datetime]) -> list[Promise]:
    """The new open promises of clocks that start at one moment, by when they are due; a second open one of a clock is a Conflict."""
    latest = func.max(promises.c.cycle).label("latest")
    known = select(promises.c.clock, latest).where(tx.within(promises), promises.c.incident_id == incident_id).group_by(promises.c.clock)
    cycles = {row["clock"]: row["latest"] for row in (await tx.run(known)).mappings()}
    added = [
        Promise(new_id(), incident_id, clock, cycles.get(clock.value, 0) + 1, started_at, due_at, None, None, None)
        for clock, due_at in due.items()
    ]
    await tx.run_many(_ADD, {name: map(attrgetter(name), added) for name in _COLUMNS})
    return added


async def find_open(tx: Transaction, incident_id: str, clock: ClockName) -> Promise | None:
    """The open promise of that clock."""
    where = (promises.c.incident_id == incident_id, promises.c.clock == clock.value, *_OPEN)
    row = (await tx.run(tx.select(promises, *where))).mappings().first()
    return None if row is None else as_noun(Promise, row)


async def get_promise(tx: Transaction, promise_id: str) -> Promise:
    """The promise with that id."""
    row = (await tx.run(tx.select(promises, promises.c.id == promise_id))).mappings().one()
    return as_noun(Promise, row)


async def list_by_ids(tx: Transaction, promise_ids: Collection[str]) -> list[Promise]:
    """The promises with those ids, in no order."""
    return by_place(Promise, await tx.run(select(*_PROMISE).where(tx.within(promises), promises.c.id.in_(promise_ids))))


async def list_promises(tx: Transaction, incident_id: str) -> list[Promise]:
    """Every promise of an incident, in the order in which they began."""
    where = promises.c.incident_id == incident_id
    rows = await tx.run(tx.select(promises, where).order_by(promises.c.started_at, promises.c.id))
    return as_nouns(Promise, rows.mappings())


async def mark_kept(tx: Transaction, promise_id: str, at: datetime) -> None:
    """Writes down when the promise was kept, in time or late."""
    await tx.run(tx.update(promises, promises.c.id == promise_id, *_OPEN).values(kept_at=at))


async def mark_missed(tx: Transaction, promise_id: str, at: datetime) -> None:
    """Writes down that the promise was not kept in time."""
    await tx.run(tx.update(promises, promises.c.id == promise_id, *_OPEN).values(missed_at=at))


async def list_open(tx: Transaction, incident_id: str) -> list[Promise]:
    """The open promises of an incident, the one that is due first before the others."""
    rows = await tx.run(tx.select(promises, promises.c.incident_id == incident_id, *_OPEN).order_by(promises.c.due_at, promises.c.id))
    return as_nouns(Promise, rows.mappings())


async def mark_withdrawn(tx: Transaction, promise_id: str, at: datetime, reason: str) -> None:
    """Ends a promise that is no longer owed, such as after a change of severity, and says why."""
    await tx.run(tx.update(promises, promises.c.id == promise_id, *_OPEN).values(withdrawn_at=at, reason=reason))


async def move_promise(tx: Transaction, promise_id: str, due_at: datetime) -> None:
    """Gives an open promise another due time."""
    await tx.run(tx.update(promises, promises.c.id == promise_id, *_OPEN).values(due_at=due_at))


async def extend_promise(tx: Transaction, promise_id: str, due_at: datetime, at: datetime, reason: str) -> bool:
    """Whether the promise could be put off: it is open, and never was before."""
    where = (promises.c.id == promise_id, promises.c.extended_at.is_(None), *_OPEN)
    return await tx.changed(tx.update(promises, *where).values(due_at=due_at, extended_at=at, reason=reason)) == 1
