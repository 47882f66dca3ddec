"""The outbox goes out: claim, check, send, record. Pages have a lane of their own, so that a slow Slack never holds one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta

from bot import crashpoints, telemetry
from bot.crashpoints import CrashPoint
from bot.domain.outbox import OutboxMessage, Sender
from bot.errors import SendError
from bot.services import deliveries
from bot.services.work import Services

POLL_SECONDS = 1.0
AT_ONCE = 16
LANES = ("pages", "outbox")
_SETTINGS = {"slack": "SLACK_BOT_TOKEN", "twilio": "TWILIO_ACCOUNT_SID"}


class Dispatcher:
    """The loops behind the outbox, one a lane; ``cycles`` counts how often the slower of them has looked, for /readyz."""

    def __init__(self, services: Services, senders: Mapping[str, Sender], *, owner: str, lease: timedelta) -> None:
        self.last_cycle = services.clock.monotonic()
        self._services = services
        self._senders = senders
        self._owner = owner
        self._lease = lease
        self._stopped = False
        self._turns = dict.fromkeys(LANES, 0)

    @property
    def cycles(self) -> int:
        """Whole turns that every lane has finished."""
        return min(self._turns.values())

    async def run(self) -> None:
        """Claims and sends until ``stop``, then waits for what is under way."""
        async with asyncio.TaskGroup() as group:
            for lane in LANES:
                group.create_task(self._run_lane(lane))

    def stop(self) -> None:
        """Ends the loops; what was claimed is still sent."""
        self._stopped = True
        for lane in LANES:
            self._services.database.wakes.set(lane)

    async def _run_lane(self, lane: str) -> None:
        sending: set[asyncio.Task[None]] = set()
        while not self._stopped:
            try:
                await self._claim(lane, sending)
                self._turns[lane] += 1
                self.last_cycle = self._services.clock.monotonic()
            except Exception:
                telemetry.logger().exception("dispatcher_cycle_failed", lane=lane)
            if len(sending) >= AT_ONCE:
                await asyncio.wait(sending, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._services.wait(lane, POLL_SECONDS)
        await asyncio.gather(*sending, return_exceptions=True)

    async def _claim(self, lane: str, sending: set[asyncio.Task[None]]) -> None:
        room = AT_ONCE - len(sending)
        if room <= 0:
            return
        pages = lane == "pages"
        claimed = await self._services.run(deliveries.claim, self._owner, self._lease, room, pages=pages)
        for message in claimed:
            crashpoints.reach(CrashPoint.AFTER_CLAIM, message.kind.value)
            task = asyncio.create_task(self._carry(message))
            sending.add(task)
            task.add_done_callback(sending.discard)
        if len(claimed) == room:
            self._services.database.wakes.set(lane)

    async def _carry(self, message: OutboxMessage) -> None:
        with telemetry.working_on(message.request_id, message.incident_id):
            try:
                await self._send(message)
            except SendError as error:
                telemetry.logger().warning("not_sent", kind=message.kind.value, message_id=message.id, error=str(error))
                await self._fail(message, error)
            except Exception:
                telemetry.logger().exception("delivery_broke", kind=message.kind.value, message_id=message.id)
                await self._fail(message, SendError("it broke here; see the log", code="internal", ambiguous=True))

    async def _fail(self, message: OutboxMessage, error: SendError) -> None:
        telemetry.SEND_ERRORS.labels(message.kind.value).inc()
        await self._services.run(deliveries.fail, message, error, random.random())  # noqa: S311 - only jitter

    async def _send(self, message: OutboxMessage) -> None:
        sender = self._senders.get(message.kind.provider)
        if sender is None:
            name = message.kind.provider
            text = f"{name.capitalize()} is not configured: set {_SETTINGS[name]}"
            raise SendError(text, code="unconfigured", permanent=True)
        delivery = await self._services.run(deliveries.prepare, message, self._lease)
        if delivery is None:
            return
        crashpoints.reach(CrashPoint.BEFORE_SEND, message.kind.value)
        receipt = await sender.send(delivery)
        crashpoints.reach(CrashPoint.AFTER_SEND, message.kind.value)
        await self._services.run(deliveries.record, message, receipt)
        crashpoints.reach(CrashPoint.AFTER_RECORD, message.kind.value)
        telemetry.SENT.labels(message.kind.value).inc()
        telemetry.logger().info("sent", kind=message.kind.value, message_id=message.id, provider_id=receipt.provider_id)
