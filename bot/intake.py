"""Committed bodies come in: claimed in batches, read by their source, handed to the services; singly after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from bot import telemetry
from bot.clock import Clock
from bot.domain.alert import Delivered, Reading
from bot.domain.routing import SourceRule
from bot.errors import Malformed
from bot.services import intake
from bot.services.intake import IntakeRow, Then
from bot.services.work import Services, UnitOfWork
from bot.sources import SOURCES
from bot.sources.forms import decode, form_of
from bot.sources.source import Delivery, Form

BATCH = 2000
"""Bodies to a transaction while the door is quiet."""
SMALL_BATCH = 96
"""Bodies to a transaction while the door is pressed: short enough that nobody waits long for the write gate."""
ALERTS_AT_MOST = 5000
"""Alerts of one body: no monitor groups more, and nobody else's alert may wait behind them."""
ALERTS_TOGETHER = 2500
"""Alerts of several bodies to a transaction."""
LEAST_SHARE = 0.03
"""The part of the time that the worker works while the door is pressed and no body has waited for long."""
PATIENT_FOR, IMPATIENT_AFTER = timedelta(seconds=8), timedelta(seconds=20)
"""Between these ages of the oldest body the worker's part grows to the whole: 95 of 100 bodies are worked off within 30 s (W4)."""
_NAP_SECONDS = 0.01
POLL_SECONDS = 1.0


class _Claimed(NamedTuple):
    """Bodies that are ours, at most ``limit``, and what they say as soon as they are read."""

    rows: Sequence[IntakeRow]
    limit: int
    reading: asyncio.Task[list[tuple[IntakeRow, Delivered | Exception]]]


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
        self._age = timedelta()
        self._ahead: _Claimed | None = None

    async def run(self) -> None:
        """Works off what waits, then waits for more; until ``stop``."""
        while not self._stopped.is_set():
            try:
                more = True
                while more and (self._ahead is not None or not self._stopped.is_set()):
                    more = await self._work_batch()
                    await self._give_way()
                self.cycles += 1
                self.last_cycle = self._clock.monotonic()
            except Exception:
                telemetry.logger().exception("intake_cycle_failed")
                await asyncio.sleep(POLL_SECONDS)
            await self._services.wait("intake", POLL_SECONDS)

    def stop(self) -> None:
        """Ends the loop after what is claimed."""
        self._stopped.set()
        self._services.database.wakes.set("intake")

    async def _give_way(self) -> None:
        """Rests after a batch while the door is pressed: the longer the batch took the longer, the older the oldest body the shorter."""
        ended = self._clock.monotonic()
        until = ended + (ended - self._began) * (1 / share_of(self._age) - 1)
        while self._pressed() and self._clock.monotonic() < until and not self._stopped.is_set():
            await asyncio.sleep(_NAP_SECONDS)

    async def _work_batch(self) -> bool:
        """Whether more bodies may wait than were worked off."""
        self._began = self._clock.monotonic()
        claimed, self._ahead = self._ahead or await self._claim(), None
        self._age = self._clock.now() - claimed.rows[0].received_at if claimed.rows else timedelta()
        more = len(claimed.rows) == claimed.limit
        batch = []
        for row, read in await claimed.reading:
            if isinstance(read, Exception):
                await self._put_back(row, read)
            else:
                batch.append((row, read))
        parts = parts_of(batch)
        for part in parts:
            await self._take(part, self._claim_ahead if more and part is parts[-1] and self._hurries() else None)
        return more

    def _hurries(self) -> bool:
        """Whether the next bodies are to be had as soon as these are done; who rests or stops leaves them to whoever is there."""
        return not (self._pressed() or self._stopped.is_set())

    async def _claim(self) -> _Claimed:
        limit = SMALL_BATCH if self._pressed() else BATCH
        return self._read(await self._services.run(intake.claim, self._lease, limit), limit)

    async def _claim_ahead(self, work: UnitOfWork) -> None:
        """Makes the next bodies ours as well, in the transaction of those before: they are read while the disk writes its commit."""
        self._forget_ahead()
        self._ahead = self._read(await intake.claim(work, self._lease, BATCH), BATCH)

    def _forget_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.reading.cancel()
            self._ahead = None

    def _read(self, rows: Sequence[IntakeRow], limit: int) -> _Claimed:
        return _Claimed(rows, limit, asyncio.create_task(self._read_all(rows)))

    async def _read_all(self, rows: Sequence[IntakeRow]) -> list[tuple[IntakeRow, Delivered | Exception]]:
        """What each body says, or why that is not understood: where a source's reading breaks it costs the others nothing."""
        known: dict[tuple[str, bytes], Reading] = {}
        return [(row, self._try_to_read(row, known)) for row in rows]

    def _try_to_read(self, row: IntakeRow, known: dict[tuple[str, bytes], Reading]) -> Delivered | Exception:
        try:
            return self._read_one(row, known)
        except Exception as error:
            return error

    async def _put_back(self, row: IntakeRow, error: Exception) -> None:
        if isinstance(error, Malformed):
            await self._services.run(intake.put_back, row, str(error), hopeless=True)
        else:
            await self._give_up(row, error)

    def _read_one(self, row: IntakeRow, known: dict[tuple[str, bytes], Reading]) -> Delivered:
        """The body as its source reads it; what is the same byte by byte as one in ``known`` is not read again."""
        rule = self._rule(row)
        reading = known.get((row.source, row.body)) if row.envelope is None else None
        if reading is None:
            reading = SOURCES[rule.kind].read(_delivery(row, rule.fields))
            if len(reading.alerts) > ALERTS_AT_MOST:
                raise Malformed(f"The body holds {len(reading.alerts)} alerts; at most {ALERTS_AT_MOST} are taken at once.")
            if row.envelope is None:
                known[row.source, row.body] = reading
        return _delivered(row, rule, reading)

    def _rule(self, row: IntakeRow) -> SourceRule:
        rule = self._services.policy.sources.get(row.source)
        if rule is None:
            raise Malformed(f"The policy has no source {row.source!r} any more.")
        return rule

    async def _take(self, batch: Sequence[tuple[IntakeRow, Delivered]], then: Then | None = None) -> None:
        """Takes the batch in; after a failure each half by itself, so that one body costs the others nothing."""
        try:
            await self._services.run(intake.ingest, batch, then)
        except Exception as error:
            self._forget_ahead()
            if len(batch) == 1:
                await self._give_up(batch[0][0], error)
                return
            middle = len(batch) // 2
            await self._take(batch[:middle])
            await self._take(batch[middle:])

    async def _give_up(self, row: IntakeRow, error: Exception) -> None:
        telemetry.logger().error("alert_body_failed", receipt=row.id, source=row.source, exc_info=error)
        await self._services.run(intake.put_back, row, f"{type(error).__name__}: {error}"[:500])


def parts_of(batch: Sequence[tuple[IntakeRow, Delivered]]) -> list[list[tuple[IntakeRow, Delivered]]]:
    """The batch in its order, in parts that hold at most ALERTS_TOGETHER alerts, or one body alone."""
    parts: list[list[tuple[IntakeRow, Delivered]]] = []
    together = 0
    for row, delivered in batch:
        count = len(delivered.reading.alerts)
        if not parts or together + count > ALERTS_TOGETHER:
            parts.append([])
            together = 0
        parts[-1].append((row, delivered))
        together += count
    return parts


def share_of(age: timedelta) -> float:
    """The part of the time that goes to working off while the door is pressed and the oldest body has waited for ``age``."""
    grown = (age - PATIENT_FOR) / (IMPATIENT_AFTER - PATIENT_FOR)
    return min(1.0, max(LEAST_SHARE, grown))


def _delivered(row: IntakeRow, rule: SourceRule, reading: Reading) -> Delivered:
    channel = rule.channel or SOURCES[rule.kind].channel
    test = bool((row.envelope or {}).get("test"))
    return Delivered(row.id, row.source, channel, row.received_at, reading, row.request_id, test)


def _delivery(row: IntakeRow, fields: Mapping[str, tuple[str, ...]]) -> Delivery:
    """What was committed, as its source reads it; raises Malformed with the place."""
    if row.envelope is None:
        plain = decode(Form.JSON, "application/json", {}, row.body)
        return Delivery(row.source, plain, row.body, row.received_at, fields=fields)
    arrived = row.envelope
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
