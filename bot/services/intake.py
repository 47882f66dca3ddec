"""Working off the intake: claimed bodies become alerts, each with what became of it, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from bot import telemetry
from bot.domain.alert import Delivered, Outcome
from bot.domain.outbox import backoff
from bot.errors import NotFound
from bot.services import alerts, outbox
from bot.services.work import UnitOfWork
from bot.store import bodies
from bot.store.bodies import IntakeRow

TRIES = 5
_SHOWN_AT_MOST = 100
Then = Callable[[UnitOfWork], Awaitable[None]]
__all__ = ["IntakeRow", "Then", "claim", "ingest", "list_stuck", "put_back", "receipt", "recover", "retry"]


async def claim(work: UnitOfWork, lease: timedelta, limit: int) -> list[IntakeRow]:
    """Up to ``limit`` bodies that are ours to work on."""
    return await bodies.claim_due(work.tx, lease, limit)


async def recover(work: UnitOfWork) -> int:
    """Makes what a dead process was working on due at once; only where one process owns the database (SQLite)."""
    return await bodies.expire_leases(work.tx)


async def ingest(work: UnitOfWork, batch: Sequence[tuple[IntakeRow, Delivered]], then: Then | None = None) -> None:
    """Takes in the alerts of several bodies, with what became of each, all or none of it; what is not ours any more is left alone.

    ``then`` is done last in the same transaction, such as claiming the next bodies; not where nothing was taken in.
    """
    held = await bodies.list_held(work.tx, [row for row, _ in batch])
    ours = [delivered for row, delivered in batch if row.id in held]
    if not ours:
        return
    outcomes = await alerts.ingest(work, ours)
    became = {delivered.receipt: [_shown(outcome) for outcome in found] for delivered, found in zip(ours, outcomes, strict=True)}
    await bodies.mark_done(work.tx, became)
    for delivered in ours:
        if delivered.reading.confirm is not None and not delivered.test:
            await outbox.confirm(work, delivered.source, delivered.reading.confirm)
    if then is not None:
        await then(work)
    _count(ours, outcomes)


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.title,
        "fingerprint": outcome.fingerprint,
        "disposition": outcome.disposition.value,
        "reason": outcome.reason,
        "incident": outcome.incident,
    }


def _count(delivered: Sequence[Delivered], outcomes: Sequence[Sequence[Outcome]]) -> None:
    counted = Counter((one.source, outcome.disposition.value) for one, found in zip(delivered, outcomes, strict=True) for outcome in found)
    for labels, count in counted.items():
        telemetry.ALERTS.labels(*labels).inc(count)


async def put_back(work: UnitOfWork, row: IntakeRow, error: str, *, hopeless: bool = False) -> None:
    """Has the body tried again after a while, or gives it up, with its reason, after the last try."""
    if hopeless or row.attempts >= TRIES:
        if await bodies.mark_dead(work.tx, row, error):
            telemetry.count_dead_letter("intake")
    else:
        await bodies.mark_again(work.tx, row, backoff(row.attempts, 0.5), error)


async def retry(work: UnitOfWork, receipt_id: str) -> None:
    """Has a body that was given up worked on again, now; raises NotFound when there is none of that receipt."""
    if not await bodies.retry(work.tx, receipt_id):
        raise NotFound(f"There is no body with the receipt {receipt_id!r} that was given up.")
    work.tx.wake("intake")


async def list_stuck(work: UnitOfWork, limit: int = _SHOWN_AT_MOST) -> list[dict[str, Any]]:
    """The bodies that nobody understood, the newest first: receipt, source, when it came, what it said, why it was given up."""
    return await bodies.list_dead(work.tx, limit)


async def receipt(work: UnitOfWork, receipt_id: str) -> dict[str, Any] | None:
    """What became of the body with that receipt; None when there is none."""
    return await bodies.find_receipt(work.tx, receipt_id)
