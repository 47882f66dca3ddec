"""What a promise needs to be unique is a constraint: tokens, numbers, clocks, timers, codes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.access import Access
from bot.domain.escalation import Position
from bot.domain.incidents import Incident, Purpose
from bot.domain.pages import PageState
from bot.domain.severity import ClockName
from bot.domain.timers import TimerKind
from bot.errors import Conflict
from bot.store import escalations, incidents, people, policies, promises, timers
from bot.store.database import Database, Transaction
from tests.house import NOON
from tests.policies import make_policy

POLICY = make_policy()


async def add_incident(tx: Transaction, number: int = 1, token: str = "t", **more: Any) -> Incident:
    await policies.add_policy(tx, POLICY, NOON)
    values = {"title": "x", "severity": "P0", "status": "Investigating", "started_at": NOON, "opened_at": NOON}
    return await incidents.add_incident(tx, number=number, token=token, policy_digest=POLICY.digest, **values, **more)


async def refused(database: Database, write: Any) -> None:
    with pytest.raises(Conflict):
        async with database.transaction() as tx:
            await write(tx)


async def test_tokens_numbers_and_open_correlations_are_unique(database: Database) -> None:
    async with database.transaction() as tx:
        first = await add_incident(tx, 1, "a", correlation_key="k")
    await refused(database, lambda tx: add_incident(tx, 1, "b"))
    await refused(database, lambda tx: add_incident(tx, 2, "a"))
    await refused(database, lambda tx: add_incident(tx, 2, "b", correlation_key="k"))
    async with database.transaction() as tx:
        await incidents.change_incident(tx, first, status="Resolved", resolved_at=NOON)
        assert await incidents.next_number(tx) == 2
        await add_incident(tx, 2, "b", correlation_key="k")


async def test_a_change_on_an_old_version_is_a_conflict(database: Database) -> None:
    async with database.transaction() as tx:
        first = await add_incident(tx)
        await incidents.change_incident(tx, first, title="y")
    await refused(database, lambda tx: incidents.change_incident(tx, first, title="z"))


async def test_an_incident_has_one_live_channel(database: Database) -> None:
    async with database.transaction() as tx:
        incident = await add_incident(tx)
        await incidents.add_channel(tx, incident.id, Purpose.INCIDENT, "inc-1")
    await refused(database, lambda tx: incidents.add_channel(tx, incident.id, Purpose.INCIDENT, "inc-1-2"))


async def test_a_clock_runs_once_at_a_time_and_its_runs_are_counted(database: Database) -> None:
    due = NOON + timedelta(minutes=5)
    async with database.transaction() as tx:
        incident = await add_incident(tx)
        [first] = await promises.add_promises(tx, incident.id, NOON, {ClockName.UPDATE: due})
    await refused(database, lambda tx: promises.add_promises(tx, incident.id, NOON, {ClockName.UPDATE: due}))
    async with database.transaction() as tx:
        await promises.mark_kept(tx, first.id, due)
        [second] = await promises.add_promises(tx, incident.id, due, {ClockName.UPDATE: due})
    assert (first.cycle, second.cycle) == (1, 2)


async def test_a_timer_fires_once_never_early_and_keeps_its_lateness(database: Database) -> None:
    due = NOON + timedelta(minutes=5)
    async with database.transaction() as tx:
        incident = await add_incident(tx)
        [promise] = await promises.add_promises(tx, incident.id, NOON, {ClockName.UPDATE: due})
        await timers.add_timer(tx, incident.id, TimerKind.BREACH, due_at=due, armed_at=NOON, promise_id=promise.id)
        assert await timers.list_due(tx, due - timedelta(microseconds=1), 5) == []
        (timer,) = await timers.list_due(tx, due, 5)
    with pytest.raises(Conflict):
        async with database.transaction() as tx:
            await timers.mark_fired(tx, [timer], due - timedelta(seconds=1))
    late = due + timedelta(hours=1)
    fired = await asyncio.gather(*(fire(database, timer, late) for _ in range(4)))
    assert sorted(fired) == [False, False, False, True]


async def fire(database: Database, timer: Any, at: datetime) -> bool:
    async with database.transaction() as tx:
        return await timers.mark_fired(tx, [timer], at) == [timer]


async def test_short_codes_are_unique_among_the_live_pages_of_a_number(database: Database) -> None:
    async with database.transaction() as tx:
        incident = await add_incident(tx)
        person = await people.add_person(tx, name="Ana", access=Access.RESPONDER, phone="+14155550102")
        run = await escalations.add_escalation(tx, incident.id, ClockName.ACKNOWLEDGE, Position(1, 1, 1), NOON)
        pages = []
        for ring in (1, 2, 3):
            await escalations.move(tx, run.id, Position(1, 1, ring))
            moved = await escalations.get_escalation(tx, run.id)
            pages.append(await escalations.add_page(tx, moved, person.id, "sms", "+14155550102", NOON))
        assert len({page.code for page in pages}) == 3
        await escalations.stop_pages(tx, pages, NOON)
        assert not await escalations.mark_page(tx, pages[0].id, PageState.DELIVERED), "an ended page does not come back"
        assert await escalations.list_alive_at(tx, "+14155550102") == []


async def test_writers_are_served_in_the_order_they_came(database: Database) -> None:
    served: list[int] = []

    async def write(number: int) -> None:
        async with database.write_gate():
            served.append(number)

    await asyncio.gather(*(write(number) for number in range(20)))
    assert served == list(range(20))


async def test_nobody_is_woken_by_a_transaction_that_was_rolled_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            tx.wake("outbox")
            raise RuntimeError("rolled back")
    assert not await database.wakes.wait("outbox", 0.01)
    async with database.transaction() as tx:
        tx.wake("outbox")
    assert await database.wakes.wait("outbox", 0.01)


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="must carry its zone"):
        async with database.transaction() as tx:
            await add_incident(tx, next_update_at=NOON.replace(tzinfo=None))
