"""Rows of polls: one asks, whoever was too slow can no longer give back, and what is in a hurry comes early."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from bot.domain.polls import Poll
from bot.store import polls
from bot.store.database import Database

LEASE, PAST = timedelta(seconds=30), timedelta(seconds=-1)
NO_TIME, MINUTE = timedelta(), timedelta(seconds=60)


async def add(database: Database, name: str = "history", cursor: Any = None) -> None:
    async with database.transaction() as tx:
        await polls.add_poll(tx, name, cursor)


async def claim(database: Database, lease: timedelta = LEASE, early: timedelta = NO_TIME, owner: str = "one") -> Poll | None:
    async with database.transaction() as tx:
        return await polls.claim_due(tx, "history", owner, lease, early)


async def claimed(database: Database, lease: timedelta = LEASE) -> Poll:
    poll = await claim(database, lease)
    assert poll is not None
    return poll


async def give_back(database: Database, poll: Poll, cursor: Any, after: timedelta) -> bool:
    async with database.transaction() as tx:
        return await polls.mark_polled(tx, poll, cursor, after)


async def cursor(database: Database) -> Any:
    async with database.reading() as tx:
        return await polls.get_cursor(tx, "history")


async def test_a_new_poll_is_due_at_once_and_keeps_what_it_knows_when_it_is_added_again(database: Database) -> None:
    await add(database, cursor={"at": 1})
    await add(database, cursor={"at": 0})
    assert (await claimed(database)).cursor == {"at": 1}


async def test_only_one_of_many_replicas_gets_the_poll(database: Database) -> None:
    await add(database)
    got = await asyncio.gather(*(claim(database, owner=f"replica {number}") for number in range(5)))
    assert len([poll for poll in got if poll is not None]) == 1


async def test_a_poll_that_was_given_back_waits_for_its_next_turn(database: Database) -> None:
    await add(database)
    assert await give_back(database, await claimed(database), {"at": 2}, MINUTE)
    assert await claim(database) is None
    assert await cursor(database) == {"at": 2}


async def test_a_poll_in_a_hurry_comes_early_and_not_too_early(database: Database) -> None:
    await add(database)
    await give_back(database, await claimed(database), None, MINUTE)
    assert await claim(database, early=timedelta(seconds=50)) is None
    assert await claim(database, early=timedelta(seconds=61)) is not None


async def test_an_expired_lease_makes_the_poll_due_again_and_its_first_owner_is_fenced_out(database: Database) -> None:
    await add(database, cursor={"at": 1})
    slow = await claimed(database, lease=PAST)
    second = await claimed(database)
    assert not await give_back(database, slow, {"at": "slow"}, MINUTE)
    assert await give_back(database, second, {"at": "second"}, MINUTE)
    assert await cursor(database) == {"at": "second"}


async def test_a_poll_that_is_begun_anew_takes_nothing_from_whoever_was_at_it(database: Database) -> None:
    await add(database, cursor={"at": 1})
    old = await claimed(database)
    async with database.transaction() as tx:
        await polls.begin_anew(tx, "history", None)
    assert not await give_back(database, old, {"at": 2}, MINUTE)
    assert (await claimed(database)).cursor is None


async def test_the_leases_of_a_process_that_died_can_be_taken_back(database: Database) -> None:
    await add(database)
    await claimed(database)
    assert await claim(database) is None
    async with database.transaction() as tx:
        assert await polls.expire_leases(tx) == 1
    assert await claim(database) is not None


async def test_what_is_due_is_listed_and_what_is_hurried_before_it_is(database: Database) -> None:
    await add(database, "receipts")
    await add(database)
    await give_back(database, await claimed(database), None, MINUTE)
    async with database.reading() as tx:
        assert await polls.list_due(tx, timedelta(seconds=55), []) == ["receipts"]
        assert set(await polls.list_due(tx, timedelta(seconds=61), ["history"])) == {"receipts", "history"}
    async with database.transaction() as tx:
        await polls.make_due(tx, "history")
        assert set(await polls.list_due(tx, NO_TIME, [])) == {"receipts", "history"}
