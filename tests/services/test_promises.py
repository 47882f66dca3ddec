"""Promises are warned, missed, chased and kept, each once and with its lateness (J6, B2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.domain.incidents import Incident, Purpose
from bot.domain.outbox import Kind, Receipt
from bot.domain.severity import ClockName
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.services import deliveries, resolutions, timers
from bot.store import timeline
from tests.house import NOON
from tests.services.desk import LEASE, Desk

UPDATE = ClockName.UPDATE


async def mitigating(desk: Desk) -> Incident:
    """An incident that Ana owns, whose next update is owed a quarter of an hour after noon and nothing else."""
    incident = await desk.declare()
    await desk.acknowledge(incident, "ana")
    return await desk.update(incident, "ana", status=Status.MITIGATING)


async def test_a_promise_is_warned_at_80_percent_and_calls_its_owner(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=11, seconds=59)
    assert EntryKind.PROMISE_WARNED not in await desk.entries(incident)
    await desk.travel(seconds=1)
    assert (await desk.entries(incident)).count(EntryKind.PROMISE_WARNED) == 1
    warning = (await desk.said(incident))[-1]
    assert "U0ANA" in warning
    assert "in 3 min" in warning


async def test_a_missed_promise_rings_the_owner_and_then_the_chain(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=22)
    assert (await desk.owed(incident))[UPDATE].missed_at == NOON + timedelta(minutes=15)
    assert await desk.rung(incident) == [(0, "tim"), (15, "ana"), (17, "tim"), (19, "tim"), (21, "ana"), (21, "ben")]
    assert any("Promise missed" in text for text in await desk.said(incident))
    assert any("Promise missed" in text for text in await desk.said(incident, Purpose.ANNOUNCE))


async def test_a_missed_promise_of_an_incident_that_nobody_owns_rings_the_chain(desk: Desk) -> None:
    incident = await desk.declare()
    await desk.update(incident, "ana", status=Status.MITIGATING)
    await desk.travel(minutes=15)
    run = next(run for run in await desk.running(incident) if run.clock is UPDATE)
    assert (run.level, run.ring) == (1, 1)


async def test_a_missed_promise_is_chased_until_somebody_moves(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=16)
    await desk.acknowledge(incident, "ana")
    quiet = await desk.rung(incident)
    await desk.travel(minutes=30)
    missed = [text for text in await desk.said(incident) if "Promise missed" in text]
    assert len(missed) == 3, "at 15, 30 and 45 minutes"
    assert (await desk.rung(incident))[len(quiet)] == (30, "ana"), "the chain begins again with the owner"
    await desk.update(incident, "ana")
    assert await desk.running(incident) == []
    assert await desk.armed(incident) == ["breach", "warn"], "those of the next update"


async def test_what_is_owed_and_comes_ends_the_ringing_with_a_reason_that_people_read(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=16)
    await desk.update(incident, "ana")
    entries = await desk.read(lambda work: timeline.list_entries(work.tx, incident.id))
    ended = [entry.facts["reason"] for entry in entries if entry.kind is EntryKind.CHAIN_ENDED and entry.facts["clock"] == UPDATE.value]
    assert ended == ["a status update came"]


async def test_an_update_that_comes_late_keeps_its_promise_with_its_lateness(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=18)
    await desk.update(incident, "ana")
    late = [promise for promise in await desk.promises(incident) if promise.clock is UPDATE and promise.missed_at]
    assert [promise.lateness for promise in late] == [timedelta(minutes=3)]
    assert (await desk.owed(incident))[UPDATE].due_at == desk.clock.now() + timedelta(minutes=15)


async def test_what_came_due_while_nobody_looked_fires_late_and_once(desk: Desk) -> None:
    incident = await mitigating(desk)
    desk.clock.advance(timedelta(hours=3))
    await asyncio.gather(*(desk.tick() for _ in range(3)))
    entries = await desk.entries(incident)
    assert (entries.count(EntryKind.PROMISE_WARNED), entries.count(EntryKind.PROMISE_MISSED)) == (1, 1)
    assert await desk.rung(incident) == [(0, "tim"), (180, "ana")], "what was missed in between is not made up for"
    assert await desk.services.read(timers.overdue, timedelta()) == 0


async def test_a_warning_that_could_not_be_posted_in_time_is_not_posted_at_all(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.travel(minutes=12)
    warning = (await desk.said(incident))[-1]
    desk.clock.advance(timedelta(minutes=3))
    for _ in range(20):
        for message in await desk.claim(pages=False):
            delivery = (await desk.run(deliveries.prepare, [message], LEASE)).get(message.id)
            assert message.words.get("text") != warning or delivery is None
            await desk.run(deliveries.record, message, receipt_of(message.kind))
    assert (await desk.states(Kind.POST))["cancelled"] == 1


def receipt_of(kind: Kind) -> Receipt:
    """What Slack gives back for a step."""
    facts = {"channel": "C1"} if kind is Kind.CARD else {}
    return Receipt("C1" if kind is Kind.CHANNEL else "1.1", facts)


async def test_a_late_write_up_is_said_in_the_channel_and_rings_nobody(desk: Desk) -> None:
    incident = await mitigating(desk)
    await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))
    rung, announced = await desk.rung(incident), await desk.said(incident, Purpose.ANNOUNCE)
    await desk.travel(hours=24)
    assert "the write-up" in (await desk.said(incident))[-1]
    assert (await desk.rung(incident), await desk.said(incident, Purpose.ANNOUNCE)) == (rung, announced)


async def test_a_promise_that_is_kept_in_time_is_neither_warned_nor_missed(desk: Desk) -> None:
    incident = await mitigating(desk)
    for _ in range(6):
        await desk.travel(minutes=11)
        await desk.update(incident, "ana")
    entries = await desk.entries(incident)
    assert not {EntryKind.PROMISE_WARNED, EntryKind.PROMISE_MISSED} & set(entries)
    kept = [promise for promise in await desk.promises(incident) if promise.clock is UPDATE and promise.kept_at]
    assert [promise.cycle for promise in kept] == list(range(1, 8))
