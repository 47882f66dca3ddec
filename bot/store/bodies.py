"""The rows of the intake after their commit: claimed by lease, worked off in batches, done, dead, or tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import JSON, LargeBinary, and_, bindparam, func, or_, select, text

from bot.store.database import Transaction
from bot.store.tables import intake


class IntakeRow(NamedTuple):
    """A body that was claimed; ``token`` fences. ``envelope`` says how it arrived, where that is not a plain POST of JSON."""

    id: str
    source: str
    body: bytes
    envelope: Mapping[str, Any] | None
    received_at: datetime
    request_id: str
    attempts: int
    token: int


_LIVE = text("state IN ('pending', 'working')")
_DEAD = text("state = 'dead'")
"""As the partial indexes say it, word by word: with a parameter in its place neither would be used."""
_PENDING, _WORKING = (func.count().filter(intake.c.state == state).label(state) for state in ("pending", "working"))
_WAITING, _GIVEN_UP = select(_PENDING, _WORKING).where(_LIVE), select(func.count().label("dead")).where(_DEAD)
_DONE = text(
    "UPDATE intake SET state = 'done', outcome = :outcome, body = :nothing, envelope = NULL, error = NULL, lease_until = NULL"
    " WHERE id = :done AND organisation = :organisation"
).bindparams(bindparam("outcome", type_=JSON), bindparam("nothing", type_=LargeBinary))
_COLUMNS = [intake.c[name] for name in IntakeRow._fields]
_CLAIMED = [column + 1 if column is intake.c.attempts else column for column in _COLUMNS]
_SHOWN = [intake.c[name] for name in ("id", "source", "state", "attempts", "outcome", "error", "received_at")]


async def claim_due(tx: Transaction, lease: timedelta, limit: int) -> list[IntakeRow]:
    """Up to ``limit`` bodies that wait, oldest first, each held by a lease and a fresh token.

    On SQLite one process owns the database and one loop works the intake off, so that to read them is to have them.
    """
    waiting = or_(intake.c.state == "pending", and_(intake.c.state == "working", intake.c.lease_until < tx.real_now))
    due = _LIVE, tx.within(intake), waiting, intake.c.due_real_at <= tx.real_now
    if tx.database.is_sqlite:
        found = await tx.run(select(*_CLAIMED).where(*due).order_by(intake.c.due_real_at).limit(limit))
        return [_claimed(row) for row in found]
    chosen = select(intake.c.id).where(*due).order_by(intake.c.due_real_at).limit(limit).with_for_update(skip_locked=True).cte("chosen")
    statement = (
        tx.update(intake, intake.c.id.in_(select(chosen.c.id)))
        .values(
            state="working",
            lease_until=tx.real_after(lease),
            token=intake.c.token + 1,
            attempts=intake.c.attempts + 1,
        )
        .returning(*_COLUMNS)
    )
    return sorted((_claimed(row) for row in await tx.run(statement)), key=lambda row: row.received_at)


def _claimed(row: Any) -> IntakeRow:
    return IntakeRow(*row)


async def list_held(tx: Transaction, rows: Sequence[IntakeRow]) -> set[str]:
    """Which of the rows are still ours to finish; they stay ours until the end of the transaction."""
    if tx.database.is_sqlite:
        return {row.id for row in rows}
    held = select(intake.c.id, intake.c.token).where(tx.within(intake), intake.c.id.in_([row.id for row in rows]))
    tokens = {row.id: row.token for row in await tx.run(held.with_for_update())}
    return {row.id for row in rows if tokens.get(row.id) == row.token}


async def mark_done(tx: Transaction, outcomes: Mapping[str, list[dict[str, Any]]]) -> None:
    """Writes what became of each body, which is what its receipt shows; the body itself is not needed any more."""
    await tx.run_many(_DONE, {"done": outcomes, "outcome": outcomes.values(), "nothing": repeat(b"")})


async def mark_dead(tx: Transaction, row: IntakeRow, error: str) -> bool:
    """Whether the body was ours to give up; it stays visible with its reason."""
    return await _end(tx, row, state="dead", error=error)


async def mark_again(tx: Transaction, row: IntakeRow, after: timedelta, error: str) -> bool:
    """Whether the body was ours to put back for another try."""
    return await _end(tx, row, state="pending", error=error, due_real_at=tx.real_after(after))


async def _end(tx: Transaction, row: IntakeRow, **values: Any) -> bool:
    held = (intake.c.id == row.id, intake.c.token == row.token, intake.c.state.in_(("pending", "working")))
    ended = tx.update(intake, *held).values(lease_until=None, attempts=row.attempts, token=row.token + 1, **values)
    return await tx.changed(ended) == 1


async def retry(tx: Transaction, receipt_id: str) -> bool:
    """Whether the body was dead; it waits again, with all its tries before it."""
    statement = tx.update(intake, intake.c.id == receipt_id, intake.c.state == "dead")
    return await tx.changed(statement.values(state="pending", attempts=0, due_real_at=tx.real_now)) == 1


async def find_receipt(tx: Transaction, receipt_id: str) -> dict[str, Any] | None:
    """What became of the body with that receipt: state, outcome, error, received_at."""
    row = (await tx.run(select(*_SHOWN).where(tx.within(intake), intake.c.id == receipt_id))).mappings().first()
    return None if row is None else dict(row)


async def list_dead(tx: Transaction, limit: int) -> list[dict[str, Any]]:
    """The bodies that were given up, the newest first, with what they said and why."""
    shown = select(*_SHOWN, intake.c.body).where(tx.within(intake), _DEAD)
    rows = await tx.run(shown.order_by(intake.c.received_at.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def expire_leases(tx: Transaction) -> int:
    """Makes what a dead process was working on due at once."""
    statement = tx.update(intake, intake.c.state == "working").where(_LIVE)
    return await tx.changed(statement.values(lease_until=tx.real_after(-timedelta(seconds=1))))


async def count_by_state(tx: Transaction) -> dict[str, int]:
    """How many bodies wait, are worked on, or are dead."""
    waiting = (await tx.run(_WAITING.where(tx.within(intake)))).mappings().one()
    given_up = (await tx.run(_GIVEN_UP.where(tx.within(intake)))).mappings().one()
    return {state: count for state, count in (*waiting.items(), *given_up.items()) if count}
