"""Warnings that come due together are told together: as many statements as for one, and the same words (J6, B2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.engine import Engine
from structlog.testing import capture_logs

from bot import ticker
from bot.domain.incidents import Incident
from bot.domain.outbox import Kind
from bot.domain.severity import ClockName
from bot.domain.situation import Situation
from bot.domain.timeline import EntryKind, TimelineEntry
from bot.domain.timers import Timer, TimerKind
from bot.messages import notices
from bot.services import resolutions, situations, timers
from bot.services.work import Services, UnitOfWork
from bot.store import incidents as incident_rows
from bot.store import timeline
from bot.store.database import Database, Scope
from bot.store.tables import incidents, outbox, policies
from bot.store.tables import timers as table
from bot.ticker import Ticker
from tests.house import NOON
from tests.policies import make_policy
from tests.services.desk import Desk, open_desk
from tests.services.test_timers import ticking, until

MANY = timers.Share(of_all=500, of_costly=25)
CLOCKS = {"update": "30m", "postmortem": "24h"}
SEVERITIES = [
    {"label": "MINOR", "rank": 0, "clocks": CLOCKS},
    {"label": "TICKET", "rank": 1, "clocks": {"ticket": "30m"}},
    {"label": "MISSED", "rank": 2, "clocks": {"update": {"warn": "10m", "breach": "20m"}}, "roads": {"update": []}},
]
POLICY = make_policy(severities=SEVERITIES, default_severity="MINOR", routes=[])
WARNED_AT, DUE_AT = NOON + timedelta(minutes=24), NOON + timedelta(minutes=30)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url, POLICY) as opened:
        yield opened


async def declare(desk: Desk, count: int, severity: str = "MINOR") -> list[Incident]:
    """So many incidents at noon, every other one Ana's; each owes its first update half an hour later."""
    found = [await desk.declare(f"{severity} trouble {number}", severity, token=f"{severity}:{number}") for number in range(count)]
    for incident in found[::2]:
        await desk.acknowledge(incident, "ana")
    return [await desk.incident(incident) for incident in found]


async def due(desk: Desk) -> list[Timer]:
    return await desk.read(lambda work: timers.list_due(work, MANY))


async def posts(desk: Desk, incident: Incident) -> list[tuple[dict[str, Any], datetime | None]]:
    """The warnings that are to be posted in the incident's channel, each with the moment until which it is worth posting."""
    where = (outbox.c.kind == Kind.POST.value, outbox.c.lane == f"incident:{incident.id}", outbox.c.valid_until.is_not(None))
    rows = await desk.read(lambda work: work.tx.run(select(outbox.c.words, outbox.c.valid_until).where(*where).order_by(outbox.c.id)))
    return [(row.words, row.valid_until) for row in rows]


async def warnings(desk: Desk, incident: Incident) -> list[TimelineEntry]:
    found = await desk.read(lambda work: timeline.list_entries(work.tx, incident.id))
    return [entry for entry in found if entry.kind is EntryKind.PROMISE_WARNED]


async def situation(desk: Desk, incident: Incident) -> Situation:
    return await desk.read(lambda work: situations.situation(work, incident.id))


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are carried out meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_warnings_of_many_incidents_are_each_told_once_in_their_own_channel(desk: Desk) -> None:
    found = await declare(desk, 12)
    desk.clock.set(WARNED_AT + timedelta(seconds=90))
    assert await desk.run(timers.fire_next, MANY) is not None
    assert await due(desk) == []
    for incident in found:
        [(words, valid_until)] = await posts(desk, incident)
        assert words["text"].count(f"{incident.reference} owes a status update") == 1
        assert ("<@U0ANA>" in words["text"]) == (incident.owner_id is not None)
        assert valid_until == DUE_AT
        [entry] = await warnings(desk, incident)
        assert entry.facts == {"clock": "update", "due_at": DUE_AT.isoformat(), "late_seconds": 90}
    late = await desk.read(lambda work: work.tx.run(select(table.c.late_seconds).where(table.c.kind == TimerKind.WARN.value)))
    assert list(late.scalars()) == [90.0] * 12
    assert await desk.verifies()


async def test_a_dozen_warnings_take_no_more_statements_than_one(desk: Desk) -> None:
    await declare(desk, 13)
    desk.clock.set(WARNED_AT)
    first, *others = await due(desk)
    assert len(others) == 12
    with counted() as alone:
        await desk.run(timers.fire, [first])
    with counted() as together:
        await desk.run(timers.fire, others)
    assert len(together) <= len(alone) + 1, "one of them may be the look for the owners, whom the first has none of"
    assert await due(desk) == []


async def test_many_are_told_in_the_words_that_everything_known_of_an_incident_gives(desk: Desk) -> None:
    found = await declare(desk, 4)
    for incident in found[2:]:
        await desk.run(resolutions.resolve, incident.id, desk.id_of("ben"))
    desk.clock.set(NOON + timedelta(hours=20))
    postmortems = {incident.id: (await desk.owed(incident))[ClockName.POSTMORTEM] for incident in found[2:]}
    updates = {incident.id: (await desk.owed(incident))[ClockName.UPDATE] for incident in found[:2]}
    expected = {}
    for incident in found:
        promise = (postmortems | updates)[incident.id]
        owner = "U0ANA" if (await desk.incident(incident)).owner_id is not None else None
        expected[incident.id] = notices.promise_warned(await situation(desk, incident), promise, owner)
    await desk.run(timers.fire, [timer for timer in await due(desk) if timer.kind is TimerKind.WARN])
    for incident in found:
        [(words, _)] = await posts(desk, incident)
        assert words == expected[incident.id]
    assert all("Still empty: " in expected[incident.id]["text"] for incident in found[2:])


async def test_of_those_that_are_warned_together_one_that_is_kept_meanwhile_is_not_told(desk: Desk) -> None:
    found = await declare(desk, 3)
    desk.clock.set(WARNED_AT)
    looked = await due(desk)
    await desk.update(found[1], "ana")
    await desk.run(timers.fire, looked)
    assert [len(await warnings(desk, incident)) for incident in found] == [1, 0, 1]
    assert [len(await posts(desk, incident)) for incident in found] == [1, 0, 1]
    assert await desk.verifies()


async def test_a_ticket_that_a_tracker_takes_by_mail_is_not_warned_of_among_others(database_url: str) -> None:
    policy = make_policy(severities=SEVERITIES, default_severity="MINOR", routes=[], ticket_mail="tracker@example.com")
    async with open_desk(database_url, policy) as desk:
        minor, ticket = await declare(desk, 2), await declare(desk, 2, "TICKET")
        desk.clock.set(WARNED_AT)
        await desk.run(timers.fire_next, MANY)
        assert [len(await warnings(desk, incident)) for incident in (*minor, *ticket)] == [1, 1, 0, 0]
        assert await due(desk) == []


async def test_after_a_long_sleep_each_incident_is_warned_of_before_its_miss_is_told(desk: Desk) -> None:
    found = await declare(desk, 3, "MISSED")
    desk.clock.set(NOON + timedelta(minutes=21))
    await desk.run(timers.fire_next, MANY)
    for incident in found:
        kinds = [kind for kind in await desk.entries(incident) if kind in (EntryKind.PROMISE_WARNED, EntryKind.PROMISE_MISSED)]
        assert kinds == [EntryKind.PROMISE_WARNED, EntryKind.PROMISE_MISSED]
    assert await desk.verifies()


async def test_what_takes_statements_of_its_own_shares_a_transaction_with_few(desk: Desk) -> None:
    await declare(desk, 3, "MISSED")
    desk.clock.set(NOON + timedelta(minutes=21))
    share = await desk.read(lambda work: timers.list_due(work, timers.Share(of_all=500, of_costly=2)))
    assert [timer.kind for timer in share] == [TimerKind.WARN] * 3 + [TimerKind.BREACH] * 2
    assert len(await desk.read(lambda work: timers.list_due(work, timers.Share(of_all=4, of_costly=2)))) == 4


async def a_round(running: Ticker) -> None:
    async def done() -> bool:
        return running.cycles > 0

    await until(done)


async def break_policy_of(desk: Desk, incident: Incident) -> None:
    """Has the incident run by a policy that nobody can read: whatever looks at it raises."""

    async def run(work: UnitOfWork) -> None:
        row = {"organisation": "acme", "branch": "main", "digest": "broken", "name": "broken", "body": "{}", "activated_at": NOON}
        await work.tx.run(insert(policies).values(**row))
        await work.tx.run(update(incidents).where(incidents.c.id == incident.id).values(policy_digest="broken"))

    await desk.run(run)


async def test_one_warning_that_breaks_holds_up_none_of_those_that_it_is_told_with(desk: Desk) -> None:
    found = await declare(desk, 30)
    broken = found[17]
    await break_policy_of(desk, broken)
    desk.clock.set(WARNED_AT)
    with capture_logs() as logged:
        async with ticking(desk) as running:
            await a_round(running)
    assert [timer.incident_id for timer in await due(desk)] == [broken.id]
    assert {entry["incident_id"] for entry in logged if entry["event"] == "timer_broke"} == {broken.id}
    assert sum(entry["event"] == "timers_broke_together" for entry in logged) <= 10, "it is looked for by halves"
    assert [len(await warnings(desk, incident)) for incident in found] == [int(incident.id != broken.id) for incident in found]
    assert await desk.verifies()


async def test_while_warnings_are_late_the_outbox_is_asked_to_give_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "AT_ONCE", timers.Share(of_all=2, of_costly=2))
    await declare(desk, 6)
    desk.clock.set(WARNED_AT + timedelta(seconds=1))
    seen: list[bool] = []

    def look(*_: Any) -> None:
        seen.append(desk.services.behind)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        async with ticking(desk) as running:
            await a_round(running)
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert (seen[0], seen[-1]) == (False, True)
    assert await due(desk) == []


async def test_an_incident_that_somebody_else_holds_holds_up_the_timers_of_no_other(postgres_url: str) -> None:
    async with open_desk(postgres_url, POLICY) as desk:
        held, free = await declare(desk, 2)
        desk.clock.set(WARNED_AT)
        async with desk.services.database.transaction() as somebody:
            await incident_rows.lock_incident(somebody, held.id)
            assert await desk.run(timers.fire_next, MANY) is not None
            assert EntryKind.PROMISE_WARNED in await desk.entries(free) and EntryKind.PROMISE_WARNED not in await desk.entries(held)
            assert await desk.run(timers.fire_next, MANY) is None, "there is nothing to be done until then"
        assert await desk.run(timers.fire_next, MANY) is not None
        assert (await desk.entries(held)).count(EntryKind.PROMISE_WARNED) == 1


async def test_two_replicas_that_fire_the_same_warnings_at_once_tell_each_once(desk: Desk, database_url: str) -> None:
    found = await declare(desk, 25)
    desk.clock.set(WARNED_AT)
    database = Database(database_url, Scope("acme", "main"), desk.clock)
    other = Services(database, desk.clock, desk.services.policy)
    share = timers.Share(of_all=10, of_costly=1)

    async def fire_all(services: Services) -> None:
        while await services.run(timers.fire_next, share) is not None:
            pass

    try:
        await asyncio.gather(*(fire_all(services) for services in (desk.services, other) * 2))
    finally:
        await database.close()
    assert [len(await warnings(desk, incident)) for incident in found] == [1] * 25
    assert [len(await posts(desk, incident)) for incident in found] == [1] * 25
    assert await desk.verifies()
