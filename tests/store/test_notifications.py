"""Replicas wake each other; when they cannot, the poll finds the work all the same."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.store import schema
from bot.store.database import Database, Scope
from bot.store.notifications import Notifications

SCOPE = Scope("acme", "main")


async def test_a_commit_on_one_replica_wakes_the_other(postgres_url: str) -> None:
    here, there = (Database(postgres_url, SCOPE, SystemClock()) for _ in range(2))
    await schema.migrate(here.url)
    heard = [Notifications(database) for database in (here, there)]
    running = [asyncio.create_task(one.run()) for one in heard]
    async with asyncio.timeout(10):
        for one in heard:
            await one.listening.wait()
    async with here.transaction() as tx:
        tx.wake("outbox")
        tx.wake("pages")
    assert await there.wakes.wait("pages", 5)
    assert await there.wakes.wait("outbox", 5)
    assert not await there.wakes.wait("timers", 0.01)
    for one in heard:
        one.stop()
    await asyncio.gather(*running)
    for database in (here, there):
        await database.close()


async def test_commits_at_one_moment_are_all_told(postgres_url: str) -> None:
    here, there = (Database(postgres_url, SCOPE, SystemClock()) for _ in range(2))
    await schema.migrate(here.url)
    heard = [Notifications(database) for database in (here, there)]
    running = [asyncio.create_task(one.run()) for one in heard]
    async with asyncio.timeout(10):
        for one in heard:
            await one.listening.wait()

    async def commit(number: int) -> None:
        async with here.transaction() as tx:
            tx.wake(f"work-{number}")

    with capture_logs() as logged:
        await asyncio.gather(*(commit(number) for number in range(20)))
        assert all(await asyncio.gather(*(there.wakes.wait(f"work-{number}", 5) for number in range(20))))
    assert not [entry for entry in logged if entry["event"] == "replicas_not_told"]
    for one in heard:
        one.stop()
    await asyncio.gather(*running)
    for database in (here, there):
        await database.close()


async def test_a_connection_that_was_cut_is_made_anew(postgres_url: str) -> None:
    here = Database(postgres_url, SCOPE, SystemClock())
    one = Notifications(here)
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(10):
        await one.listening.wait()
        one._connection.terminate()
        while one.listening.is_set():
            await asyncio.sleep(0)
        await one.listening.wait()
    one.stop()
    await running
    await here.close()
