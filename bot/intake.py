"""Committed bodies come in: claimed in batches, read by their source, handed to the services; singly after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from bot import telemetry
from bot.clock import Clock
from bot.domain.alert import Reading
from bot.errors import Malformed
from bot.services import intake
from bot.services.intake import IntakeRow
from bot.services.work import Services
from bot.sources import SOURCES
from bot.sources.forms import decode, form_of
from bot.sources.source import Delivery, Form

BATCH = 8
"""Bodies to a transaction: short enough that the door never waits long for the write gate."""
REST = 2.0
"""How many times as long as a batch took the worker rests while bodies keep coming in: the door comes first."""
POLL_SECONDS = 1.0


class IntakeWorker:
    """The loop behind the intake; ``cycles`` counts how often it has looked, for /readyz."""

    def __init__(self, services: Services, clock: Clock, lease: timedelta, pressed: Callable[[], bool]) -> None:
        self.cycles = 0
        self.last_cycle = clock.monotonic()
        self._services = services
        self._clock = clock
        self._lease = lease
        self._pressed = pressed
        self._stopped = asyncio.Event()
        self._began = clock.monotonic()

    async def run(self) -> None:
        """Works off what waits, then waits for more; until ``stop``."""
        while not self._stopped.is_set():
            try:
                while await self._work_batch() and not self._stopped.is_set():
                    await self._give_way()
                self.cycles += 1
                self.last_cycle = self._clock.monotonic()
            except Exception:
                telemetry.logger().exception("intake_cycle_failed")
                await asyncio.sleep(POLL_SECONDS)
            await self._services.wait("intake", POLL_SECONDS)

    def stop(self) -> None:
        """Ends the loop after the present batch."""
        self._stopped.set()
        self._services.database.wakes.set("intake")

    async def _give_way(self) -> None:
        """Rests after a batch while bodies are being written down, in proportion to how long the batch took."""
        if self._pressed():
            await asyncio.sleep(min(0.05, REST * (self._clock.monotonic() - self._began)))

    async def _work_batch(self) -> bool:
        self._began = self._clock.monotonic()
        rows = await self._services.run(intake.claim, self._lease, BATCH)
        batch: list[tuple[IntakeRow, Reading]] = []
        for row in rows:
            try:
                batch.append((row, self._read(row)))
            except Malformed as error:
                await self._services.run(intake.put_back, row, str(error), hopeless=True)
        if batch:
            await self._take(batch)
        return len(rows) == BATCH

    def _read(self, row: IntakeRow) -> Reading:
        rule = self._services.policy.sources.get(row.source)
        if rule is None:
            raise Malformed(f"The policy has no source {row.source!r} any more.")
        return SOURCES[rule.kind].read(_delivery(row, rule.fields))

    async def _take(self, batch: Sequence[tuple[IntakeRow, Reading]]) -> None:
        try:
            await self._ingest(batch)
        except Exception as error:
            if len(batch) == 1:
                row = batch[0][0]
                telemetry.logger().exception("alert_body_failed", receipt=row.id, source=row.source)
                await self._services.run(intake.put_back, row, f"{type(error).__name__}: {error}"[:500])
                return
            for one in batch:
                await self._take([one])

    async def _ingest(self, batch: Sequence[tuple[IntakeRow, Reading]]) -> None:
        await self._services.run(intake.ingest, batch)


def _delivery(row: IntakeRow, fields: Mapping[str, tuple[str, ...]]) -> Delivery:
    """What was committed, as its source reads it; raises Malformed with the place."""
    arrived = row.envelope or {}
    method, content_type, query = arrived.get("method", "POST"), arrived.get("content_type", "application/json"), arrived.get("query", {})
    return Delivery(
        source=row.source,
        payload=decode(form_of(method, content_type) or Form.JSON, content_type, query, row.body),
        body=row.body,
        received_at=row.received_at,
        method=method,
        tail=arrived.get("tail", ""),
        content_type=content_type,
        query=query,
        headers=arrived.get("headers", {}),
        fields=fields,
    )
