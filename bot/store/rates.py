"""Rows of rates: how many alerts a minute brought, by source and fingerprint; a source's own rows carry no fingerprint (G5, J13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, delete, func, literal_column, select, text
from sqlalchemy.sql import bindparam

from bot.domain.alert import AlertRow
from bot.domain.rates import Key
from bot.store.database import Transaction
from bot.store.rows import as_noun
from bot.store.tables import Moment, alerts, rates

_ADD = (
    "INSERT INTO rates (organisation, branch, source, fingerprint, minute, count)"
    " VALUES (:organisation, :branch, :source, :fingerprint, :minute, :count)"
    " ON CONFLICT (organisation, minute, source, fingerprint) DO"
)
_COUNT = text(f"{_ADD} UPDATE SET count = rates.count + excluded.count").bindparams(bindparam("minute", type_=Moment))
_COUNT_ONCE = text(f"{_ADD} NOTHING").bindparams(bindparam("minute", type_=Moment))
_NOTHING: ColumnElement[str] = literal_column("''")
_OF_SOURCE = rates.c.fingerprint == _NOTHING
"""As the partial index says it, word by word: with a parameter in its place it would not be used."""


async def add_counts(tx: Transaction, counted: Mapping[tuple[Key, datetime], int]) -> None:
    """Adds to the minutes' counts, all in one statement."""
    await _add(tx, _COUNT, counted)


async def add_first(tx: Transaction, minutes: Collection[tuple[Key, datetime]]) -> None:
    """Counts one for each minute that has no count yet."""
    await _add(tx, _COUNT_ONCE, dict.fromkeys(minutes, 1))


async def _add(tx: Transaction, statement: TextClause, counted: Mapping[tuple[Key, datetime], int]) -> None:
    columns: dict[str, Iterable[Any]] = {
        "source": [key.source for key, _ in counted],
        "fingerprint": [key.fingerprint for key, _ in counted],
        "minute": [minute for _, minute in counted],
        "count": counted.values(),
    }
    await tx.run_many(statement, columns)


async def list_full(tx: Transaction, counted: Collection[tuple[Key, datetime]], least: int) -> dict[tuple[Key, datetime], int]:
    """Those of these keys and minutes whose count is ``least`` or more, with it."""
    if not counted:
        return {}
    wanted = (
        rates.c.source.in_({key.source for key, _ in counted}),
        rates.c.fingerprint.in_({key.fingerprint for key, _ in counted}),
        rates.c.minute.in_({minute for _, minute in counted}),
    )
    found = (await tx.run(tx.select(rates, *wanted, rates.c.count >= least))).mappings()
    full = {(Key(row["source"], row["fingerprint"]), row["minute"]): row["count"] for row in found}
    return {known: count for known, count in full.items() if known in counted}


async def list_counts(tx: Transaction, source: str, fingerprints: Collection[str], minutes: Collection[datetime]) -> dict[datetime, int]:
    """What each of the minutes brought of these fingerprints together; minutes that brought none are not there."""
    statement = (
        select(rates.c.minute, func.sum(rates.c.count).label("count"))
        .where(tx.within(rates), rates.c.minute.in_(minutes), rates.c.source == source, rates.c.fingerprint.in_(fingerprints))
        .group_by(rates.c.minute)
    )
    return {row["minute"]: int(row["count"]) for row in (await tx.run(statement)).mappings()}


async def get_known_since(tx: Transaction, source: str) -> datetime:
    """The first minute in which a source was heard, whenever that was."""
    first = select(func.min(rates.c.minute)).where(tx.within(rates), rates.c.source == source, _OF_SOURCE)
    moment: datetime = (await tx.run(first)).scalar_one()
    return moment


async def forget(tx: Transaction, before: datetime) -> int:
    """Drops what is older than that moment, but for each source's first minute: it says for how long the source is known."""
    first = rates.alias("first")
    earliest = (
        select(func.min(first.c.minute))
        .where(first.c.organisation == rates.c.organisation, first.c.source == rates.c.source, first.c.fingerprint == _NOTHING)
        .scalar_subquery()
    )
    old = and_(tx.within(rates), rates.c.minute < before)
    dropped = await tx.changed(delete(rates).where(old, rates.c.fingerprint != ""))
    return dropped + await tx.changed(delete(rates).where(old, _OF_SOURCE, rates.c.minute > earliest))


async def find_latest_alert(tx: Transaction, key: Key) -> AlertRow | None:
    """The alert that was last heard with a fingerprint."""
    same = (alerts.c.source == key.source, alerts.c.fingerprint == key.fingerprint)
    row = (await tx.run(tx.select(alerts, *same).order_by(alerts.c.starts_at.desc()).limit(1))).mappings().first()
    return None if row is None else as_noun(AlertRow, row)
