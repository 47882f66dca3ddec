"""The worker behind the intake: in batches, each body by itself where one breaks, and giving way to the door without starving."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.routing import SourceKind
from bot.intake import ALERTS_AT_MOST, IMPATIENT_AFTER, LEAST_SHARE, PATIENT_FOR, IntakeWorker, share_of
from bot.services import alerts
from bot.services import intake as services
from bot.sources import SOURCES
from bot.sources.source import Delivery
from bot.store import bodies
from bot.store.intake import Intake
from tests.house import alert as alert_of
from tests.policies import make_policy
from tests.services.desk import LEASE, Desk, open_desk


class Behind:
    """A desk with a door before it and the worker behind that."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.intake = desk, Intake(desk.services.database)
        self.worker = IntakeWorker(desk.services, desk.clock, LEASE, self.intake.pressed)

    def unhurried(self) -> None:
        """Takes the press from the door, so that the worker claims the next bodies with the last."""
        self.worker = IntakeWorker(self.desk.services, self.desk.clock, LEASE, lambda: False)

    async def post(self, *documents: Any) -> list[str]:
        found = [document if isinstance(document, bytes) else json.dumps(document).encode() for document in documents]
        return list(await asyncio.gather(*(self.intake.add("prometheus", body, "r") for body in found)))

    async def work_off(self) -> None:
        """Runs the worker until it has gone round once more with nothing left to do."""
        seen, running = self.worker.cycles, asyncio.create_task(self.worker.run())
        async with asyncio.timeout(20):
            while self.worker.cycles == seen:
                await asyncio.sleep(0.001)
        self.worker.stop()
        await running
        self.worker = IntakeWorker(self.desk.services, self.desk.clock, LEASE, self.intake.pressed)

    async def state(self, receipt: str) -> str:
        found = await self.desk.read(lambda work: services.receipt(work, receipt))
        assert found is not None
        return str(found["state"])


@pytest.fixture
async def behind(database_url: str) -> AsyncIterator[Behind]:
    async with open_desk(database_url, make_policy()) as desk:
        found = Behind(desk)
        yield found
        await found.intake.close()


def saying(title: str, fingerprint: str) -> dict[str, Any]:
    body = alert_of()
    body["alerts"][0]["annotations"]["summary"] = title
    body["alerts"][0]["fingerprint"] = fingerprint
    return body


async def test_what_is_the_same_byte_by_byte_is_read_once_and_counted_each_time(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    read, source = [], SOURCES[SourceKind.ALERTMANAGER]

    def note(delivery: Delivery) -> Any:
        read.append(delivery.body)
        return source.read(delivery)

    replaced = {**SOURCES, SourceKind.ALERTMANAGER: type("Noting", (), {"read": staticmethod(note), "channel": source.channel})}
    monkeypatch.setattr("bot.intake.SOURCES", replaced)
    receipts = await behind.post(*[saying("Checkout", "a1")] * 30, saying("Login", "b2"))
    await behind.work_off()
    assert len(read) == 2
    assert {await behind.state(receipt) for receipt in receipts} == {"done"}


async def test_a_body_at_which_reading_breaks_costs_the_others_nothing_and_is_given_up_at_last(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCES[SourceKind.ALERTMANAGER]

    def break_at_poison(delivery: Delivery) -> Any:
        return source.read(delivery) if b"poison" not in delivery.body else 1 / 0

    replaced = {
        **SOURCES,
        SourceKind.ALERTMANAGER: type("Odd", (), {"read": staticmethod(break_at_poison), "channel": source.channel}),
    }
    monkeypatch.setattr("bot.intake.SOURCES", replaced)
    monkeypatch.setattr(services, "backoff", lambda attempts, base: timedelta())
    good, poison, other = await behind.post(saying("Checkout", "a1"), saying("poison", "b2"), saying("Login", "c3"))
    for _ in range(services.TRIES):
        await behind.work_off()
    assert [await behind.state(receipt) for receipt in (good, poison, other)] == ["done", "dead", "done"]
    [stuck] = await behind.desk.read(services.list_stuck)
    assert (stuck["id"], stuck["error"], stuck["attempts"]) == (poison, "ZeroDivisionError: division by zero", services.TRIES)
    assert b"poison" in stuck["body"]
    monkeypatch.undo()
    await behind.desk.run(services.retry, poison)
    await behind.work_off()
    assert await behind.state(poison) == "done"


async def test_a_body_that_cannot_be_taken_in_costs_its_batch_nothing(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = alerts.ingest

    async def refuse_poison(work: Any, batch: Any) -> Any:
        if any(one.title == "poison" for delivered in batch for one in delivered.reading.alerts):
            raise RuntimeError("no place for this")
        return await ingest(work, batch)

    monkeypatch.setattr(alerts, "ingest", refuse_poison)
    receipts = await behind.post(*(saying(f"Trouble {number}", f"f{number}") for number in range(20)), saying("poison", "p"))
    await behind.work_off()
    assert [await behind.state(receipt) for receipt in receipts] == ["done"] * 20 + ["pending"]


async def test_a_backlog_of_many_batches_is_taken_in_once_each_also_around_one_that_fails(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    ingest = alerts.ingest

    async def refuse_poison(work: Any, batch: Any) -> Any:
        if any(one.title == "poison" for delivered in batch for one in delivered.reading.alerts):
            raise RuntimeError("no place for this")
        taken.extend(delivered.receipt for delivered in batch)
        return await ingest(work, batch)

    monkeypatch.setattr(alerts, "ingest", refuse_poison)
    monkeypatch.setattr("bot.intake.BATCH", 4)
    behind.unhurried()
    said: list[Any] = [saying(f"Trouble {number}", f"f{number}") for number in range(21)]
    said[6], said[13] = saying("poison", "p"), b"[]"
    receipts = await behind.post(*said)
    await behind.work_off()
    states = [await behind.state(receipt) for receipt in receipts]
    assert states == ["pending" if number == 6 else "dead" if number == 13 else "done" for number in range(21)]
    assert sorted(taken) == sorted(receipt for receipt, state in zip(receipts, states, strict=True) if state == "done")


async def test_whoever_stops_the_worker_finds_no_body_half_done(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = alerts.ingest

    async def stop_meanwhile(work: Any, batch: Any) -> Any:
        behind.worker.stop()
        return await ingest(work, batch)

    monkeypatch.setattr(alerts, "ingest", stop_meanwhile)
    monkeypatch.setattr("bot.intake.BATCH", 4)
    behind.unhurried()
    receipts = await behind.post(*(saying(f"Trouble {number}", f"f{number}") for number in range(20)))
    await behind.worker.run()
    states = [await behind.state(receipt) for receipt in receipts]
    assert states == ["done"] * 8 + ["pending"] * 12, "what was claimed with the first batch is finished, nothing else begun"


async def test_while_the_door_is_pressed_nothing_is_claimed_ahead(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = alerts.ingest

    async def stop_after(work: Any, batch: Any) -> Any:
        taken.extend(batch)
        if len(taken) >= 8:
            behind.worker.stop()
        return await ingest(work, batch)

    taken: list[Any] = []
    monkeypatch.setattr(alerts, "ingest", stop_after)
    monkeypatch.setattr("bot.intake.SMALL_BATCH", 4)
    behind.worker = IntakeWorker(behind.desk.services, behind.desk.clock, LEASE, lambda: True)
    receipts = await behind.post(*(saying(f"Trouble {number}", f"f{number}") for number in range(20)))
    await behind.worker.run()
    assert [await behind.state(receipt) for receipt in receipts] == ["done"] * 8 + ["pending"] * 12


async def test_a_body_that_somebody_else_took_over_is_left_alone(behind: Behind) -> None:
    [receipt] = await behind.post(saying("Checkout", "a1"))
    async with behind.desk.services.database.transaction() as tx:
        [row] = await bodies.claim_due(tx, LEASE, 1)
        assert await bodies.mark_dead(tx, row, "given up elsewhere")
    await behind.desk.run(services.put_back, row, "too late")
    assert await behind.state(receipt) == "dead"


def test_the_worker_works_little_while_the_door_is_pressed_and_more_the_longer_bodies_wait() -> None:
    assert share_of(timedelta()) == share_of(PATIENT_FOR) == LEAST_SHARE
    half_way = share_of((PATIENT_FOR + IMPATIENT_AFTER) / 2)
    assert half_way == pytest.approx(0.5)
    assert share_of(IMPATIENT_AFTER) == share_of(timedelta(hours=1)) == 1.0
    assert timedelta(seconds=30) > IMPATIENT_AFTER, "95 of 100 within 30 s (W4)"


async def test_a_body_of_more_alerts_than_any_group_has_waits_with_its_reason_and_holds_up_nobody(behind: Behind) -> None:
    entry = alert_of()["alerts"][0]
    huge, large, plain = await behind.post(
        {"alerts": [entry | {"fingerprint": f"h{number}"} for number in range(ALERTS_AT_MOST + 1)]},
        {"alerts": [entry | {"fingerprint": f"l{number}", "labels": {"alertname": "Disk"}} for number in range(1500)]},
        alert_of(fingerprint="plain"),
    )
    await behind.work_off()
    assert [await behind.state(receipt) for receipt in (huge, large, plain)] == ["dead", "done", "done"]
    stuck = await behind.desk.read(services.list_stuck)
    assert [body["error"] for body in stuck] == [f"The body holds {ALERTS_AT_MOST + 1} alerts; at most {ALERTS_AT_MOST} are taken at once."]
