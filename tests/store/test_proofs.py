"""When a route was heard or tested is written seldom, never backwards, and each apart from the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.readiness import Proof
from bot.store import proofs
from bot.store.database import Database, Scope
from tests.house import NOON

LATER = NOON + proofs.EXACT_TO


async def keep(database: Database, heard: dict[str, datetime], tested: dict[str, datetime] | None = None) -> None:
    async with database.transaction() as tx:
        await proofs.keep_proofs(tx, heard, tested or {})


async def kept(database: Database) -> list[Proof]:
    async with database.reading() as tx:
        return list((await proofs.list_proofs(tx)).values())


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    ran: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ran.append(statement)

    engine = database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    yield ran
    event.remove(engine, "before_cursor_execute", count)


@asynccontextmanager
async def elsewhere(database: Database) -> AsyncIterator[Database]:
    """The same database in another organisation's hands."""
    other = Database(database.url.render_as_string(hide_password=False), Scope("other", "main"), database.clock)
    try:
        yield other
    finally:
        await other.close()


async def test_hearing_and_testing_are_kept_apart(database: Database) -> None:
    await keep(database, {"critical": NOON}, {"critical": LATER})
    assert await kept(database) == [Proof("critical", NOON, LATER)]


async def test_a_batch_costs_one_statement_however_many_routes_it_proves(database: Database) -> None:
    with counted(database) as ran:
        await keep(database, {f"route {number}": NOON for number in range(50)})
    assert len([statement for statement in ran if "proofs" in statement]) == 1
    assert len(await kept(database)) == 50


async def test_nothing_is_asked_of_the_database_when_nothing_was_proven(database: Database) -> None:
    with counted(database) as ran:
        await keep(database, {})
    assert [statement for statement in ran if "proofs" in statement] == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [(proofs.EXACT_TO, NOON), (proofs.EXACT_TO + timedelta(seconds=1), LATER + timedelta(seconds=1)), (-timedelta(days=1), NOON)],
)
async def test_a_route_is_written_again_after_ten_minutes_and_never_backwards(
    database: Database, after: timedelta, expected: datetime
) -> None:
    await keep(database, {"critical": NOON})
    await keep(database, {"critical": NOON + after})
    assert await kept(database) == [Proof("critical", expected, None)]


async def test_another_organisations_routes_are_its_own(database: Database) -> None:
    async with elsewhere(database) as other:
        await keep(other, {"critical": NOON})
        assert len(await kept(other)) == 1
    assert await kept(database) == []
