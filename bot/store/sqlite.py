"""SQLite's connections: a thread each, to which a statement is one errand.

The driver's own way is four of them: a cursor, the statement, its rows, the cursor's end; and every one is two threads that wait for
each other, which is most of what a statement costs. Here the thread does all four at once.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor, AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.concurrency import await_

BUSY_TIMEOUT_MS = 5000
_PRAGMAS = (
    "page_size=8192",  # of a new file; a body of two kilobytes and its neighbours share a page, which halves what a commit writes
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "recursive_triggers=ON",
)
_STATEMENTS_KEPT = 1024
"""Statements that a connection keeps prepared: more than the bot has."""


@dataclass(slots=True)
class _Answer:
    """What a statement answered, in the place of a driver's cursor, of which nothing is left."""

    rows: Sequence[Any] = ()
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """Forgets the rows."""
        self.rows = ()


def _ask(connection: sqlite3.Connection, method: str, statement: str, parameters: Any) -> _Answer:
    cursor = getattr(connection, method)(statement, parameters)
    answer = _Answer(cursor.fetchall() if cursor.description else (), cursor.description, cursor.rowcount, cursor.lastrowid)
    cursor.close()
    return answer


class _Thread(aiosqlite.Connection):
    """A connection in a thread of its own, which does not hold up the end of the process."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True

    async def ask(self, method: str, statement: str, parameters: Any) -> _Answer:
        """The answer to a statement by ``execute`` or ``executemany``."""
        answer: _Answer = await self._execute(_ask, self._conn, method, statement, parameters)  # type: ignore[no-untyped-call]
        return answer

    async def rollback(self) -> None:
        """Rolls back where there is something to."""
        if self.in_transaction:
            await super().rollback()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()
    _awaitable_cursor_close = False
    _connection: Any

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Answer()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._ask("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._ask("executemany", operation, seq_of_parameters)

    async def _ask(self, method: str, operation: Any, parameters: Any) -> None:
        answer = await self._connection.ask(method, operation, parameters)
        self._cursor, self._rows = answer, deque(answer.rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> _Connection:
        """A fresh connection; the arguments are sqlite3's."""
        connected: Any = await_(_Thread(partial(sqlite3.connect, *arg, **kw)))
        return _Connection(self, connected)


def connect_sqlite(dbapi_connection: DBAPIConnection, _record: ConnectionPoolEntry | None = None) -> None:
    """Sets what durability needs on a fresh SQLite connection, and leaves BEGIN to us."""
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def sqlite_engine(url: URL, *, write: bool, **options: Any) -> AsyncEngine:
    """The engine of the one connection that writes, or of those that read."""
    kept = {"cached_statements": _STATEMENTS_KEPT}
    pool = {"pool_size": 1, "max_overflow": 0} if write else {"pool_size": 4, "max_overflow": 4}
    engine = create_async_engine(url, module=_Driver(aiosqlite, sqlite3), connect_args=kept, **pool, **options)
    event.listen(engine.sync_engine, "connect", connect_sqlite)
    begin = "BEGIN IMMEDIATE" if write else "BEGIN"
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine
