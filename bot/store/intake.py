"""The intake's door: raw alert bodies, committed before they are answered, many to one commit (PERFORMANCE, RELIABILITY 1).

On SQLite a plain thread with a connection of its own writes the batch while the gate is held: that is several times faster than going
through the async driver. On PostgreSQL the batch is one INSERT. The rows' later life is in store/bodies.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy.dialects.postgresql import insert

from bot import crashpoints
from bot.clock import new_receipt
from bot.crashpoints import CrashPoint
from bot.domain.secrets import Sieve
from bot.errors import MusterError
from bot.store.database import Database, Transaction
from bot.store.sqlite import connect_sqlite
from bot.store.tables import intake

WAITING_AT_MOST = 2000
WAITING_BYTES_AT_MOST = 32 * 1024 * 1024
PRESSED_FROM, PRESSED_FOR = 8, 0.1
"""So many bodies that share one commit mean that the door is pressed, for that many seconds."""
_BATCH = 512
_TURNS = 16
_COLUMNS = "organisation, branch, id, source, body, envelope, received_at, request_id, state, attempts, token, due_real_at"
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, 0, ?)"


class Busy(MusterError):
    """The body could not be committed now; nothing of it is kept, and the sender has to try again."""


class Body(NamedTuple):
    """One raw body on its way into the table; ``id`` is also its receipt and cannot be guessed."""

    id: str
    source: str
    body: bytes
    envelope: Mapping[str, Any] | None
    received_at: datetime
    request_id: str
    received_real_at: datetime


class Intake:
    """Commits bodies in groups: whoever comes while a commit is under way shares the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Body, asyncio.Future[str]]] = []
        self._waiting_bytes = 0
        self._pressed_until = 0.0
        self._shared = 0
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._connection: sqlite3.Connection | None = None
        self._sieve = Sieve()

    async def add(
        self, source: str, body: bytes, request_id: str, envelope: Mapping[str, Any] | None = None, receipt: str | None = None
    ) -> str:
        """The receipt id, once the body is committed; raises Busy when it cannot be, and then nothing is kept.

        A delivery that brings its ``receipt`` (from an id of its sender's) counts once, however often it comes. Well-known secrets in the
        body are replaced before it is stored.
        """
        return await self.put(source, body, request_id, envelope, receipt)

    def put(
        self, source: str, body: bytes, request_id: str, envelope: Mapping[str, Any] | None = None, receipt: str | None = None
    ) -> asyncio.Future[str]:
        """What ``add`` waits for: the receipt once the body is committed, or Busy."""
        committed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= WAITING_AT_MOST or self._waiting_bytes + len(body) > WAITING_BYTES_AT_MOST:
            committed.set_exception(Busy("Too many alerts wait to be written down. Send it again in a few seconds."))
            return committed
        clock = self._database.clock
        real_at = clock.real()
        taken = Body(receipt or new_receipt(real_at), source, self._sieve.redact(body), envelope, clock.now(), request_id, real_at)
        self._waiting.append((taken, committed))
        self._waiting_bytes += len(taken.body)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return committed

    def pressed(self) -> bool:
        """Whether many bodies at once are being written down, so that whoever works behind the door had better rest a little."""
        return self._database.clock.monotonic() < self._pressed_until

    async def close(self) -> None:
        """Waits for the commit under way and closes the connection."""
        if self._writing is not None:
            await self._writing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _write_all(self) -> None:
        while self._waiting:
            await self._gather()
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            self._shared = len(batch)
            if len(batch) >= PRESSED_FROM:
                self._pressed_until = self._database.clock.monotonic() + PRESSED_FOR
            bodies = [body for body, _ in batch]
            error = await self._write(bodies)
            self._waiting_bytes -= sum(len(body.body) for body in bodies)
            for body, committed in batch:
                if not committed.done():
                    committed.set_result(body.id) if error is None else committed.set_exception(error)
            self._database.wakes.set("intake")
            if self._database.announce is not None:
                self._database.announce(("intake",))
        self._writing = None

    async def _gather(self) -> None:
        """Waits, a few turns of the loop at most, for half as many bodies as shared the commit before.

        Those who were just answered come back one by one: if the first of them had a commit of its own, all others would wait for it and
        then share one, with nothing to read while the disk writes.
        """
        for _ in range(_TURNS):
            if len(self._waiting) * 2 >= self._shared:
                return
            await asyncio.sleep(0)

    async def _write(self, bodies: Sequence[Body]) -> Busy | None:
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

    def _write_sqlite(self, bodies: Sequence[Body]) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(str(self._database.sqlite_path))
            connect_sqlite(self._connection)  # type: ignore[arg-type]
        connection, left = self._connection, len(bodies)
        connection.execute("BEGIN IMMEDIATE")
        try:
            while left:
                size = 1 << (left.bit_length() - 1)
                connection.execute(_statement(size), self._parameters(bodies[left - size : left]))
                left -= size
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _parameters(self, bodies: Sequence[Body]) -> list[Any]:
        found: list[Any] = []
        scope = self._database.scope
        for name, source, body, envelope, received_at, request_id, real_at in bodies:
            arrived = None if envelope is None else json.dumps(envelope)
            found += (scope.organisation, scope.branch, name, source, body, arrived, _text(received_at), request_id, _text(real_at))
        return found

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


@cache
def _statement(size: int) -> str:
    """One INSERT for ``size`` bodies, a power of two: one step of SQLite is one time that the interpreter's lock changes hands."""
    return f"INSERT INTO intake ({_COLUMNS}) VALUES {', '.join([_ROW] * size)} ON CONFLICT (id) DO NOTHING"


def _text(moment: datetime) -> str:
    """A moment of the clock's, which is UTC, as SQLite's column holds it."""
    return moment.isoformat(" ", "microseconds")[:26]


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
