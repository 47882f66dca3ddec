"""Working off the intake: a claimed body becomes alerts and its outcome in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot import telemetry
from bot.domain.alert import Reading
from bot.domain.outbox import backoff
from bot.services import alerts
from bot.services.work import UnitOfWork
from bot.store import intake
from bot.store.intake import IntakeRow

TRIES = 5
__all__ = ["IntakeRow", "claim", "ingest", "put_back", "receipt", "recover"]


async def claim(work: UnitOfWork, lease: timedelta, limit: int) -> list[IntakeRow]:
    """Up to ``limit`` bodies that are ours to work on."""
    return await intake.claim_due(work.tx, lease, limit)


async def recover(work: UnitOfWork) -> int:
    """Makes what a dead process was working on due at once; only where one process owns the database (SQLite)."""
    return await intake.expire_leases(work.tx)


async def ingest(work: UnitOfWork, batch: Sequence[tuple[IntakeRow, Reading]]) -> None:
    """Takes in the alerts of several bodies, with what became of each, all or none of it."""
    for row, reading in batch:
        work.request_id = row.request_id
        outcomes = await alerts.ingest(work, reading.alerts, row.received_at, row.id)
        if await intake.mark_done(work.tx, row, [asdict(outcome) for outcome in outcomes]):
            for outcome in outcomes:
                telemetry.ALERTS.labels(row.source, outcome.disposition.value).inc()


async def put_back(work: UnitOfWork, row: IntakeRow, error: str, *, hopeless: bool = False) -> None:
    """Has the body tried again after a while, or gives it up, with its reason, after the last try."""
    if hopeless or row.attempts >= TRIES:
        await intake.mark_dead(work.tx, row, error)
        telemetry.count_dead_letter("intake")
    else:
        await intake.mark_again(work.tx, row, backoff(row.attempts, 0.5), error)


async def receipt(work: UnitOfWork, receipt_id: str) -> dict[str, Any] | None:
    """What became of the body with that receipt; None when there is none."""
    return await intake.find_receipt(work.tx, receipt_id)
