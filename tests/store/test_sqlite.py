"""SQLite's connections: what comes back from the thread is what a driver's cursor would have said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.sqlite import sqlite_engine
from bot.store.tables import Moment


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    """A connection that writes, with a table to write to."""
    engine = sqlite_engine(make_url(f"sqlite+aiosqlite:///{tmp_path}/a.db"), write=True)
    async with engine.begin() as opened:
        await opened.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, word TEXT UNIQUE NOT NULL)"))
        await opened.execute(text("INSERT INTO notes (word) VALUES (:word)"), [{"word": "one"}, {"word": "two"}, {"word": "three"}])
    async with engine.connect() as opened:
        yield opened
    await engine.dispose()


async def test_rows_come_with_the_names_of_their_columns(connection: AsyncConnection) -> None:
    rows = (await connection.execute(text("SELECT id, word FROM notes ORDER BY id"))).mappings().all()
    assert [dict(row) for row in rows] == [{"id": 1, "word": "one"}, {"id": 2, "word": "two"}, {"id": 3, "word": "three"}]
    empty = await connection.execute(text("SELECT word FROM notes WHERE id = 9"))
    assert list(empty.keys()) == ["word"] and empty.first() is None


async def test_a_change_says_how_many_rows_it_touched_and_what_it_returns(connection: AsyncConnection) -> None:
    assert (await connection.execute(text("UPDATE notes SET word = word || '!' WHERE id < 3"))).rowcount == 2
    assert (await connection.execute(text("DELETE FROM notes WHERE id = 9"))).rowcount == 0
    returned = await connection.execute(text("UPDATE notes SET word = 'four' WHERE id = 3 RETURNING word"))
    assert returned.scalar_one() == "four"


async def test_what_breaks_keeps_its_name_and_the_connection_goes_on(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError, match="UNIQUE"):
        await connection.execute(text("INSERT INTO notes (word) VALUES ('one')"))
    with pytest.raises(OperationalError, match="no such table"):
        await connection.execute(text("SELECT * FROM nowhere"))
    assert await connection.scalar(text("SELECT count(*) FROM notes")) == 3


async def test_a_rolled_back_transaction_leaves_nothing(connection: AsyncConnection) -> None:
    await connection.execute(text("DELETE FROM notes"))
    await connection.rollback()
    await connection.rollback()
    assert await connection.scalar(text("SELECT count(*) FROM notes")) == 3


async def test_rows_of_one_statement_outlive_the_next(connection: AsyncConnection) -> None:
    first = await connection.execute(text("SELECT word FROM notes ORDER BY id"))
    await connection.execute(text("DELETE FROM notes"))
    assert first.scalars().all() == ["one", "two", "three"]


async def test_what_each_connection_needs_for_durability_is_set(connection: AsyncConnection) -> None:
    found = [await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]
    assert found == ["wal", 2, 1, 5000]


def test_an_hour_that_a_clock_shows_twice_is_two_moments() -> None:
    bind = Moment().bind_processor(sqlite.dialect())
    assert bind is not None
    twice = [datetime(2027, 11, 7, 1, 30, tzinfo=ZoneInfo("America/New_York"), fold=fold) for fold in (0, 1)]
    assert [bind(moment) for moment in twice] == ["2027-11-07 05:30:00.000000", "2027-11-07 06:30:00.000000"]
