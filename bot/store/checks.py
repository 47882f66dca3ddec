"""Rows of checks: what the monitors said last of each flow that the policy names (J8, J14, G6)."""

from __future__ import annotations

from bot.domain.alert import AlertRow, AlertStatus
from bot.domain.closing import Check
from bot.store.database import Transaction
from bot.store.rows import as_nouns
from bot.store.tables import alerts, checks


async def list_checks(tx: Transaction) -> list[Check]:
    """Every check that was ever heard, by name."""
    return as_nouns(Check, (await tx.run(tx.select(checks).order_by(checks.c.name))).mappings())


async def lock_checks(tx: Transaction, names: set[str]) -> dict[str, Check]:
    """Those of the checks that were heard before, held until the transaction ends."""
    statement = tx.select(checks, checks.c.name.in_(sorted(names))).order_by(checks.c.name)
    return {check.name: check for check in as_nouns(Check, (await tx.run(statement.with_for_update())).mappings())}


async def keep_check(tx: Transaction, check: Check, *, known: bool) -> None:
    """Writes what a check is now; a Conflict when a twin heard it first at this moment."""
    values = {"state": check.state.value, "title": check.title, "since_at": check.since_at, "heard_at": check.heard_at}
    if known:
        await tx.run(tx.update(checks, checks.c.name == check.name).values(**values))
    else:
        await tx.add(checks, name=check.name, **values)


async def list_firing(tx: Transaction) -> list[AlertRow]:
    """Every alert that is firing, whatever became of it, the oldest first."""
    statement = tx.select(alerts, alerts.c.status == AlertStatus.FIRING.value).order_by(alerts.c.starts_at, alerts.c.id)
    return as_nouns(AlertRow, (await tx.run(statement)).mappings())
