"""The database: connections, transactions, the write gate and the wake-ups; the one file that asks which dialect it is.

On SQLite one process writes through one fair gate: writers queue in order instead of fighting for the file's lock. Readers have
connections of their own (WAL). On PostgreSQL there is no gate; rows decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Executable,
    Insert,
    Interval,
    Select,
    Table,
    TextClause,
    Update,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.engine import URL, CursorResult, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler

from bot.clock import Clock
from bot.errors import Conflict, SettingsError
from bot.store import json_text
from bot.store.sqlite import sqlite_engine
from bot.store.tables import Moment

POSTGRES_SETTINGS = {
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
}
"""What every connection to PostgreSQL is opened with; the times in milliseconds."""
POSTGRES_PATIENCE = {"timeout": 5, "command_timeout": 10}
"""Seconds for which the driver waits for a connection, and for the answer to a statement."""


_OPTIONS: Mapping[str, Any] = {"hide_parameters": True, "json_serializer": json_text.write, "json_deserializer": json_text.read}
_LOST_RACES = frozenset({"40P01", "40001", "55P03"})
"""What PostgreSQL says of a deadlock, a serialization failure and a lock that was waited for too long."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a transaction may see and writes."""

    organisation: str
    branch: str


class Wakes:
    """Named events that say "there may be work": set after a commit, only ever the hurry, never the truth."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def _event(self, name: str) -> asyncio.Event:
        return self._events.setdefault(name, asyncio.Event())

    def set(self, name: str) -> None:
        """Wakes whoever waits for ``name``, or the next one who will."""
        self._event(name).set()

    async def wait(self, name: str, timeout: float) -> bool:
        """True when woken, False when ``timeout`` seconds went by; either way it is time to look."""
        woken = self._event(name)
        try:
            async with asyncio.timeout(timeout):
                await woken.wait()
        except TimeoutError:
            return False
        woken.clear()
        return True


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as the driver takes it, and its parameters in order, each with what converts its values where they need it."""

    sql: str
    takes: tuple[tuple[str, Callable[[Any], Any] | None], ...]


def _converted(values: Iterable[Any], convert: Callable[[Any], Any] | None) -> Iterable[Any]:
    """The values as the driver takes them; what is the same in every row is converted once."""
    if convert is None:
        return values
    return repeat(convert(next(values))) if isinstance(values, repeat) else map(convert, values)


@contextmanager
def _conflicts() -> Iterator[None]:
    """Makes a broken unique constraint and a lost race a Conflict."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(str(error.orig)) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _LOST_RACES:
            raise Conflict(str(error.orig)) from error
        raise


@dataclass(slots=True)
class Transaction:
    """One transaction within one scope; every row it reads or writes carries the scope's organisation."""

    connection: AsyncConnection
    scope: Scope
    database: Database
    wakes: set[str] = field(default_factory=set)

    def wake(self, name: str) -> None:
        """Has ``name`` woken once this transaction is committed."""
        self.wakes.add(name)

    @property
    def real_now(self) -> ColumnElement[datetime]:
        """Real time as SQL: the database's own with PostgreSQL, so that replicas agree; the machine's on SQLite."""
        return self.database.real_after(timedelta())

    def real_after(self, span: timedelta) -> ColumnElement[datetime]:
        """Real time ``span`` from now as SQL."""
        return self.database.real_after(span)

    async def read_real_now(self) -> datetime:
        """Real time at this moment, by the clock of ``real_now``."""
        if self.database.is_sqlite:
            return self.database.clock.real()
        now: datetime = (await self.run(select(self.real_now))).scalar_one()
        return now

    def within(self, table: Table) -> ColumnElement[bool]:
        """The condition that a row belongs to the scope."""
        return table.c.organisation == self.scope.organisation

    def select(self, table: Table, *where: ColumnElement[bool]) -> Select[Any]:
        """A SELECT of whole rows within the scope."""
        return select(table).where(self.within(table), *where)

    def update(self, table: Table, *where: ColumnElement[bool]) -> Update:
        """An UPDATE within the scope."""
        return update(table).where(self.within(table), *where)

    def insert(self, table: Table, **values: Any) -> Insert:
        """An INSERT of one row that belongs to the scope."""
        return insert(table).values(organisation=self.scope.organisation, branch=self.scope.branch, **values)

    async def add(self, table: Table, **values: Any) -> None:
        """Writes a row that belongs to the scope; a broken unique constraint is a Conflict."""
        await self.run_many(_insertion(table, tuple(values)), {name: (value,) for name, value in values.items()})

    async def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        """The result of a statement, once for each of the ``rows`` of parameters where there are some.

        A broken unique constraint is a Conflict, for the use case to be run again.
        """
        with _conflicts():
            result: CursorResult[Any] = await self.connection.execute(statement, rows)
        return result

    async def run_many(self, statement: Insert | Update | TextClause, columns: Mapping[str, Iterable[Any]]) -> None:
        """Runs a statement once for each row of the columns of parameters; the scope's come by themselves.

        The statement is made ready once, and a column's values are converted in one go: SQLAlchemy looks at every value of every row
        anew, which is most of what a row costs. To be given a statement that lives as long as the program.
        """
        ready = self.database.made_ready(statement)
        given = {"organisation": repeat(self.scope.organisation), "branch": repeat(self.scope.branch), **columns}
        bound = [_converted(given[name], convert) for name, convert in ready.takes]
        if rows := list(zip(*bound, strict=False)):
            with _conflicts():
                await self.connection.exec_driver_sql(ready.sql, rows)

    async def changed(self, statement: Update | Delete | Insert) -> int:
        """How many rows a statement touched."""
        return (await self.run(statement)).rowcount

    async def must_change(self, statement: Update, what: str) -> None:
        """Runs an UPDATE that has to touch exactly one row; anything else is a Conflict."""
        if await self.changed(statement) != 1:
            raise Conflict(f"{what} was changed by somebody else")


@cache
def _insertion(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in ("organisation", "branch", *names)})


class Database:
    """The one handle to the database. ``transaction`` writes, ``reading`` only reads."""

    def __init__(self, url: str, scope: Scope, clock: Clock) -> None:
        self.url = _checked(url)
        self.scope = scope
        self.clock = clock
        self.wakes = Wakes()
        self.gate = asyncio.Lock()
        self.announce: Callable[[Iterable[str]], None] | None = None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer = sqlite_engine(self.url, write=True, **_OPTIONS) if self.is_sqlite else _postgres_engine(self.url)
        self._reader = sqlite_engine(self.url, write=False, **_OPTIONS) if self.is_sqlite else self._writer
        self._ready: dict[Insert | Update | TextClause, _Ready] = {}

    def real_after(self, span: timedelta) -> ColumnElement[datetime]:
        """See Transaction.real_after."""
        if self.is_sqlite:
            return literal(self.clock.real() + span, Moment)
        now: ColumnElement[datetime] = func.clock_timestamp(type_=Moment)
        return now if not span else cast(now + literal(span, Interval), Moment)

    def made_ready(self, statement: Insert | Update | TextClause) -> _Ready:
        """The statement as this database's driver takes it; see Transaction.run_many."""
        if statement not in self._ready:
            dialect = self._writer.dialect
            compiled = statement.compile(dialect=dialect)
            assert isinstance(compiled, SQLCompiler) and compiled.positiontup is not None, "both drivers take parameters by their place"
            kinds = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in compiled.positiontup]
            self._ready[statement] = _Ready(str(compiled), tuple((name, kind.bind_processor(dialect)) for name, kind in kinds))
        return self._ready[statement]

    def write_gate(self) -> AbstractAsyncContextManager[None]:
        """The fair gate of SQLite's one writer, held for one transaction; nothing with PostgreSQL."""
        return self.gate if self.is_sqlite else nullcontext()

    @property
    def sqlite_path(self) -> Path | None:
        """The file of a SQLite database; None with PostgreSQL."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A writing transaction: committed at the end, rolled back on any error; its wake-ups go out after the commit."""
        async with self.write_gate(), self._writer.begin() as connection:
            transaction = Transaction(connection, self.scope, self)
            yield transaction
        for name in transaction.wakes:
            self.wakes.set(name)
        if transaction.wakes and self.announce is not None:
            self.announce(transaction.wakes)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A transaction that only reads; it never waits for writers."""
        async with self._reader.begin() as connection:
            yield Transaction(connection, self.scope, self)

    async def close(self) -> None:
        """Closes every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


def _postgres_engine(url: URL) -> AsyncEngine:
    arguments = {**POSTGRES_PATIENCE, "server_settings": POSTGRES_SETTINGS}
    return create_async_engine(url, pool_size=10, max_overflow=5, pool_pre_ping=True, connect_args=arguments, **_OPTIONS)


def _checked(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise SettingsError(f"DATABASE_URL: expected sqlite+aiosqlite:///FILE or postgresql+asyncpg://…, got {parsed.drivername}://")
    return parsed
