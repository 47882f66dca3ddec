"""The intake: raw alert bodies, committed before they are answered, many to one commit; worked off by lease (PERFORMANCE).

On SQLite a plain thread with a connection of its own writes the batch while the gate is held: that is several times faster than going
through the async driver. On PostgreSQL the batch is one INSERT.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from bot import crashpoints
from bot.crashpoints import CrashPoint
from bot.errors import MusterError
from bot.store.database import Database, Transaction, connect_sqlite
from bot.store.rows import as_nouns
from bot.store.tables import intake

WAITING_AT_MOST = 2000
_BATCH = 500
_SQL = (
    "INSERT INTO intake (organisation, branch, id, source, body, envelope, received_at, request_id, state, attempts, token, due_real_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, 0, ?) ON CONFLICT (id) DO NOTHING"
)


class Busy(MusterError):
    """The body could not be committed now; nothing of it is kept, and the sender has to try again."""


@dataclass(frozen=True, slots=True)
class Body:
    """One raw body on its way into the table; ``id`` is also its receipt and cannot be guessed."""

    id: str
    source: str
    body: bytes
    envelope: Mapping[str, Any] | None
    received_at: datetime
    received_real_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """A body that was claimed; ``token`` fences. ``envelope`` says how it arrived, where that is not a plain POST of JSON."""

    id: str
    source: str
    body: bytes
    envelope: Mapping[str, Any] | None
    received_at: datetime
    request_id: str
    attempts: int
    token: int


class Intake:
    """Commits bodies in groups: whoever comes while a commit is under way shares the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Body, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._connection: sqlite3.Connection | None = None

    async def add(
        self, source: str, body: bytes, request_id: str, envelope: Mapping[str, Any] | None = None, receipt: str | None = None
    ) -> str:
        """The receipt id, once the body is committed; raises Busy when it cannot be, and then nothing is kept.

        A delivery that brings its ``receipt`` (from an id of its sender's) counts once, however often it comes.
        """
        if len(self._waiting) >= WAITING_AT_MOST:
            raise Busy("Too many alerts wait to be written down. Send it again in a few seconds.")
        clock = self._database.clock
        taken = Body(receipt or secrets.token_urlsafe(16), source, body, envelope, clock.now(), clock.real(), request_id)
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((taken, committed))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await committed
        return taken.id

    def pressed(self) -> bool:
        """Whether bodies are being written down or wait for it."""
        return self._writing is not None and not self._writing.done()

    async def close(self) -> None:
        """Waits for the commit under way and closes the connection."""
        if self._writing is not None:
            await self._writing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            error = await self._write([body for body, _ in batch])
            for _, committed in batch:
                if not committed.done():
                    committed.set_result(None) if error is None else committed.set_exception(error)
            self._database.wakes.set("intake")
            if self._database.announce is not None:
                self._database.announce(("intake",))

    async def _write(self, bodies: list[Body]) -> Busy | None:
        crashpoints.reach(CrashPoint.BEFORE_INTAKE_COMMIT)
        try:
            if self._database.is_sqlite:
                async with self._database.write_gate():
                    await asyncio.get_running_loop().run_in_executor(self._thread, self._write_sqlite, bodies)
            else:
                async with self._database.transaction() as tx:
                    await tx.connection.execute(insert(intake).on_conflict_do_nothing(), [_values(tx, body) for body in bodies])
        except Exception as error:  # every way a database can refuse a batch ends as 503, and the sender tries again
            return Busy(f"The alert could not be written down: {type(error).__name__}. Send it again in a few seconds.")
        crashpoints.reach(CrashPoint.AFTER_INTAKE_COMMIT)
        return None

    def _write_sqlite(self, bodies: list[Body]) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(str(self._database.sqlite_path))
            connect_sqlite(self._connection)  # type: ignore[arg-type]
        scope = self._database.scope
        rows = [
            (
                scope.organisation,
                scope.branch,
                body.id,
                body.source,
                body.body,
                None if body.envelope is None else json.dumps(body.envelope),
                _text(body.received_at),
                body.request_id,
                _text(body.received_real_at),
            )
            for body in bodies
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(_SQL, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _values(tx: Transaction, body: Body) -> dict[str, Any]:
    return {
        "organisation": tx.scope.organisation,
        "branch": tx.scope.branch,
        "id": body.id,
        "source": body.source,
        "body": body.body,
        "envelope": body.envelope,
        "received_at": body.received_at,
        "request_id": body.request_id,
        "state": "pending",
        "attempts": 0,
        "token": 0,
        "due_real_at": body.received_real_at,
    }


async def claim_due(tx: Transaction, lease: timedelta, limit: int) -> list[IntakeRow]:
    """Up to ``limit`` bodies that wait, oldest first, each held by a lease and a fresh token."""
    waiting = or_(intake.c.state == "pending", and_(intake.c.state == "working", intake.c.lease_until < tx.real_now))
    due = select(intake.c.id).where(tx.within(intake), waiting, intake.c.due_real_at <= tx.real_now)
    chosen = due.order_by(intake.c.due_real_at).limit(limit).with_for_update(skip_locked=True)
    statement = (
        tx.update(intake, intake.c.id.in_(chosen))
        .values(
            state="working",
            lease_until=tx.real_after(lease),
            token=intake.c.token + 1,
            attempts=intake.c.attempts + 1,
        )
        .returning(*intake.c)
    )
    claimed = as_nouns(IntakeRow, (await tx.run(statement)).mappings())
    return sorted(claimed, key=lambda row: row.received_at)


async def mark_done(tx: Transaction, row: IntakeRow, outcome: list[dict[str, Any]]) -> bool:
    """Whether the body was still ours to finish; its outcome is what the receipt shows."""
    return await _end(tx, row, state="done", outcome=outcome, error=None)


async def mark_dead(tx: Transaction, row: IntakeRow, error: str) -> bool:
    """Whether the body was ours to give up; it stays visible with its reason."""
    return await _end(tx, row, state="dead", error=error)


async def mark_again(tx: Transaction, row: IntakeRow, after: timedelta, error: str) -> bool:
    """Whether the body was ours to put back for another try."""
    return await _end(tx, row, state="pending", error=error, due_real_at=tx.real_after(after))


async def _end(tx: Transaction, row: IntakeRow, **values: Any) -> bool:
    held = (intake.c.id == row.id, intake.c.token == row.token, intake.c.state == "working")
    return await tx.changed(tx.update(intake, *held).values(lease_until=None, **values)) == 1


async def find_receipt(tx: Transaction, receipt_id: str) -> dict[str, Any] | None:
    """What became of the body with that receipt: state, outcome, error, received_at."""
    row = (await tx.run(tx.select(intake, intake.c.id == receipt_id))).mappings().first()
    if row is None:
        return None
    return {name: row[name] for name in ("id", "source", "state", "attempts", "outcome", "error", "received_at")}


async def expire_leases(tx: Transaction) -> int:
    """Makes what a dead process was working on due at once."""
    statement = tx.update(intake, intake.c.state == "working")
    return await tx.changed(statement.values(lease_until=tx.real_after(-timedelta(seconds=1))))


async def count_by_state(tx: Transaction) -> dict[str, int]:
    """How many bodies wait, are worked on, or are dead."""
    statement = select(intake.c.state, func.count()).where(tx.within(intake), intake.c.state != "done").group_by(intake.c.state)
    counted = await tx.connection.execute(statement)
    return {row.state: row[1] for row in counted}
