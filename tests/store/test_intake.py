"""The intake: committed before it is answered, many to one commit, refused at once when it cannot be, worked off by lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.store import bodies
from bot.store import intake as door
from bot.store.bodies import IntakeRow
from bot.store.database import Database
from bot.store.intake import Busy, Intake
from bot.store.tables import intake as table

LEASE = timedelta(seconds=30)


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    opened = Intake(database)
    yield opened
    await opened.close()


async def claim(database: Database, limit: int = 100) -> list[IntakeRow]:
    async with database.transaction() as tx:
        return await bodies.claim_due(tx, LEASE, limit)


async def stored(database: Database, receipt: str) -> dict[str, object]:
    async with database.reading() as tx:
        return dict((await tx.run(select(table).where(table.c.id == receipt))).mappings().one())


async def test_a_receipt_is_given_after_the_body_is_committed(database: Database, intake: Intake) -> None:
    receipt = await intake.add("prometheus", b"{}", "r-1", {"method": "PUT"})
    row = await stored(database, receipt)
    assert (row["state"], row["body"], row["envelope"], row["request_id"]) == ("pending", b"{}", {"method": "PUT"}, "r-1")


async def test_bodies_that_come_together_are_all_committed_each_once(database: Database, intake: Intake) -> None:
    receipts = await asyncio.gather(*(intake.add("prometheus", b"%d" % number, "r") for number in range(777)))
    claimed = await claim(database, 1000)
    assert sorted(row.id for row in claimed) == sorted(receipts)
    assert sorted(int(row.body) for row in claimed) == list(range(777))


async def test_a_delivery_with_its_own_receipt_counts_once(database: Database, intake: Intake) -> None:
    given = await asyncio.gather(*(intake.add("github", b"%d" % number, "r", None, "delivery-7") for number in range(50)))
    assert set(given) == {"delivery-7"}
    assert len(await claim(database)) == 1


async def test_receipts_sort_by_time_and_nobody_guesses_them(intake: Intake) -> None:
    receipts = [await intake.add("prometheus", b"{}", "r") for _ in range(20)]
    assert all(len(receipt) == 32 for receipt in receipts)
    assert len({receipt[12:] for receipt in receipts}) == 20
    assert [receipt[:12] for receipt in receipts] == sorted(receipt[:12] for receipt in receipts)


async def test_a_database_that_refuses_a_commit_is_busy_and_keeps_nothing(database: Database, intake: Intake) -> None:
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql("ALTER TABLE intake RENAME TO elsewhere")
    with pytest.raises(Busy, match="Send it again"):
        await intake.add("prometheus", b"{}", "r")
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO intake")
    assert await claim(database) == []
    assert await intake.add("prometheus", b"{}", "r")


@pytest.mark.parametrize(("limit", "value"), [("WAITING_AT_MOST", 3), ("WAITING_BYTES_AT_MOST", 30)])
async def test_who_comes_when_too_much_waits_is_refused_at_once(
    database: Database, intake: Intake, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(door, limit, value)
    async with database.write_gate():
        waiting = [intake.put("prometheus", b"0123456789", "r") for _ in range(3)]
        refused = intake.put("prometheus", b"0123456789", "r")
        assert isinstance(refused.exception(), Busy)
    assert len(await asyncio.gather(*waiting)) == 3
    assert await intake.add("prometheus", b"0123456789", "r"), "room again"


async def test_a_secret_is_replaced_before_the_body_is_stored(database: Database, intake: Intake) -> None:
    receipt = await intake.add("sentry", b'{"title": "x", "password": "hunter2"}', "r")
    assert (await stored(database, receipt))["body"] == b'{"title": "x", "password": "[secret]"}'


async def test_what_is_done_keeps_its_outcome_and_no_body(database: Database, intake: Intake) -> None:
    receipt = await intake.add("prometheus", b'{"a": 1}', "r", {"method": "PUT"})
    [row] = await claim(database)
    async with database.transaction() as tx:
        assert await bodies.list_held(tx, [row]) == {receipt}
        await bodies.mark_done(tx, {receipt: [{"title": "Checkout", "incident": "INC-1"}]})
    async with database.reading() as tx:
        shown = await bodies.find_receipt(tx, receipt)
    assert shown is not None
    assert (shown["state"], shown["outcome"]) == ("done", [{"title": "Checkout", "incident": "INC-1"}])
    assert ((await stored(database, receipt))["body"], (await stored(database, receipt))["envelope"]) == (b"", None)
    assert await claim(database) == []


async def test_a_dead_body_is_listed_with_its_reason_and_can_be_tried_again(database: Database, intake: Intake) -> None:
    receipt = await intake.add("prometheus", b'{"odd": 1}', "r")
    [row] = await claim(database)
    async with database.transaction() as tx:
        assert await bodies.mark_dead(tx, row, "alerts: expected an array.")
        assert await bodies.count_by_state(tx) == {"dead": 1}
        [shown] = await bodies.list_dead(tx, 10)
        assert (shown["id"], shown["body"], shown["error"]) == (receipt, b'{"odd": 1}', "alerts: expected an array.")
        assert await bodies.retry(tx, receipt)
        assert not await bodies.retry(tx, receipt), "it waits already"
    [again] = await claim(database)
    assert (again.id, again.attempts) == (receipt, 1)


async def test_tries_are_counted_and_an_old_claim_ends_nothing(database: Database, intake: Intake) -> None:
    await intake.add("prometheus", b"{}", "r")
    [first] = await claim(database)
    async with database.transaction() as tx:
        assert await bodies.mark_again(tx, first, timedelta(), "later")
    [second] = await claim(database)
    assert (first.attempts, second.attempts) == (1, 2)
    async with database.transaction() as tx:
        assert not await bodies.mark_dead(tx, first, "too late")
        assert await bodies.mark_dead(tx, second, "given up")
