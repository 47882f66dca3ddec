"""Receipts: what a provider says of a page counts also when it is said while the page is being written down (RELIABILITY 27)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, text

from bot.domain.outbox import Receipt
from bot.domain.pages import PageState
from bot.services import deliveries, replies
from bot.services.work import UnitOfWork
from tests.services.desk import LEASE, Desk, open_desk

WAITING = (
    select(func.count()).select_from(text("pg_stat_activity")).where(text("datname = current_database() AND wait_event_type = 'Lock'"))
)


async def is_held(desk: Desk) -> bool:
    """Whether a transaction waits for what another one holds."""
    rows = await desk.read(lambda work: work.tx.run(WAITING))
    return bool(rows.scalar())


@pytest.mark.parametrize("heard_before", [False, True])
@pytest.mark.parametrize("receipt_first", [False, True])
async def test_a_receipt_and_the_record_of_its_page_wait_for_each_other(postgres_url: str, receipt_first: bool, heard_before: bool) -> None:
    async with open_desk(postgres_url) as desk, asyncio.timeout(15):
        incident = await desk.declare()
        (message,) = await desk.claim()
        assert message.id in await desk.run(deliveries.prepare, [message], LEASE)
        if heard_before:
            await desk.run(replies.receive_receipt, "SM7", "sent", None)
        done, go_on = asyncio.Event(), asyncio.Event()

        async def write_down(work: UnitOfWork) -> None:
            await deliveries.record(work, message, Receipt("SM7", {}))

        async def hear(work: UnitOfWork) -> None:
            await replies.receive_receipt(work, "SM7", "undelivered", "30005")

        first, second = (hear, write_down) if receipt_first else (write_down, hear)

        async def slowly(work: UnitOfWork) -> None:
            await first(work)
            done.set()
            await go_on.wait()

        one = asyncio.create_task(desk.run(slowly))
        await done.wait()
        other = asyncio.create_task(desk.run(second))
        while not other.done() and not await is_held(desk):
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.gather(one, other)
        assert (await desk.pages(incident))[0].state is PageState.FAILED
