"""The schema: up from empty it equals the tables, and what may only be appended cannot be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.timeline import EntryKind
from bot.store import schema, timeline
from bot.store.database import Database
from bot.store.tables import metadata
from tests.house import NOON


async def execute(database: Database, statements: Sequence[str]) -> None:
    async with database.transaction() as tx:
        for statement in statements:
            await tx.connection.execute(text(statement))


async def write(database: Database, count: int = 3) -> list[str]:
    identities = []
    for number in range(count):
        async with database.transaction() as tx:
            entry = await timeline.add_entry(tx, EntryKind.NOTE, at=NOON, recorded_at=NOON, text=f"said {number}", facts={"n": number})
            identities.append(entry.id)
    return identities


async def verify(database: Database) -> tuple[int, list[tuple[int, str]]]:
    async with database.reading() as tx:
        counted, flaws = await timeline.verify(tx)
    return counted, [(flaw.seq, flaw.reason) for flaw in flaws]


async def test_migrations_up_from_empty_equal_the_tables(database: Database) -> None:
    assert await schema.differences(database.url) == []
    assert await schema.migrate(database.url) == schema.head()


def test_every_table_carries_organisation_and_branch() -> None:
    assert not [table.name for table in metadata.sorted_tables if not {"organisation", "branch"} <= set(table.c.keys())]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timeline SET kind = 'resolved'",
        "DELETE FROM timeline",
        "UPDATE words SET text = 'never said'",
        "DELETE FROM words",
    ],
)
async def test_the_timeline_refuses_to_be_changed(database: Database, statement: str) -> None:
    await write(database)
    with pytest.raises(SQLAlchemyError, match=r"append-only|erased"):
        await execute(database, [statement])
    assert await verify(database) == (3, [])


async def test_a_timeline_entry_cannot_be_replaced_or_the_table_truncated(database: Database) -> None:
    (identity,) = await write(database, 1)
    if database.is_sqlite:
        columns = "id, stream, seq, at, recorded_at, kind, facts, previous, hash, organisation, branch"
        statement = f"INSERT OR REPLACE INTO timeline ({columns}) SELECT {columns} FROM timeline WHERE id = '{identity}'"
    else:
        statement = "TRUNCATE timeline CASCADE"
    with pytest.raises(SQLAlchemyError, match="append-only"):
        await execute(database, [statement])


async def test_words_can_be_erased_without_breaking_the_chain(database: Database) -> None:
    identities = await write(database)
    async with database.transaction() as tx:
        await timeline.erase_words(tx, identities[1])
        entries = await timeline.list_audit(tx, 10)
    assert [entry.text for entry in entries] == ["said 2", None, "said 0"]
    assert await verify(database) == (3, [])


def without_triggers(database: Database) -> list[str]:
    names = ("timeline_no_update", "timeline_no_delete", "words_only_erased", "words_no_delete")
    if database.is_sqlite:
        return [f"DROP TRIGGER {name}" for name in names]
    return ["ALTER TABLE timeline DISABLE TRIGGER USER", "ALTER TABLE words DISABLE TRIGGER USER"]


@pytest.mark.parametrize(
    ("tampering", "seq", "reason"),
    [
        ("UPDATE timeline SET kind = 'resolved' WHERE seq = 2", 2, "changed"),
        ("UPDATE timeline SET previous = hash WHERE seq = 3", 3, "changed"),
        ("UPDATE words SET text = 'never said' WHERE entry_id = (SELECT id FROM timeline WHERE seq = 1)", 1, "words"),
        ("UPDATE streams SET seq = 4", 4, "tail"),
    ],
)
async def test_the_audit_names_the_first_entry_that_was_tampered_with(database: Database, tampering: str, seq: int, reason: str) -> None:
    await write(database)
    await execute(database, [*without_triggers(database), tampering])
    _, flaws = await verify(database)
    assert [(found, reason in why) for found, why in flaws] == [(seq, True)]


async def test_a_removed_row_is_found(database: Database) -> None:
    identities = await write(database)
    gone: list[Any] = [f"DELETE FROM words WHERE entry_id = '{identities[2]}'", f"DELETE FROM timeline WHERE id = '{identities[2]}'"]
    await execute(database, [*without_triggers(database), *gone])
    _, flaws = await verify(database)
    assert [seq for seq, _ in flaws] == [3]
