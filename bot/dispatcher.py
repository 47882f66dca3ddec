"""The outbox goes out: claim, check, send, record. Pages have a lane of their own, so that a slow Slack never holds one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta

from bot import crashpoints, telemetry
from bot.crashpoints import CrashPoint
from bot.domain.outbox import Delivery, OutboxMessage, Receipt, Sender, channel_gate
from bot.domain.pace import Pace
from bot.errors import SendError
from bot.loop import survives
from bot.services import deliveries
from bot.services.work import Services

POLL_SECONDS = 1.0
AT_ONCE = 64
DRAIN_SECONDS = 10.0
LANES = ("pages", "outbox")
_SETTINGS = {
    "slack": "SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET",
    "twilio": "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_SMS_FROM",
    "email": "SMTP_URL and EMAIL_FROM",
}
_PART_OF_LEASE = 0.9
_GIVING_WAY = 8
"""Messages that call nobody under way while timers are late: each waits for the database twice, and a timer behind all of them."""
_FULL_AGAIN = 0.75
"""A lane that was full claims again when no more than this share of it is under way."""
_TOGETHER = 8
"""So many messages are made ready in one transaction: it saves most of what a transaction costs, and nobody waits long for its end."""
_RECORD_AGAIN_AFTER = (0.5, 3.0)
"""What was sent and is not written down is sent once more, so that a busy database is given time before that."""

_Together = asyncio.Task[dict[str, Delivery]]


class Dispatcher:
    """The loops behind the outbox, one a lane; ``cycles`` and ``last_cycle`` are those of the slower one, for /readyz."""

    def __init__(
        self, services: Services, senders: Mapping[str, Sender], *, owner: str, lease: timedelta, concurrency: int = AT_ONCE
    ) -> None:
        self._services = services
        self._senders = senders
        self._owner = owner
        self._lease = lease
        self._concurrency = concurrency
        self._pace = Pace()
        self._preparing: dict[str, set[_Together]] = {lane: set() for lane in LANES}
        self._stopped = False
        self._turns = dict.fromkeys(LANES, 0)
        self._looked_at = dict.fromkeys(LANES, services.clock.monotonic())

    @property
    def cycles(self) -> int:
        """Whole turns that every lane has finished."""
        return min(self._turns.values())

    @property
    def last_cycle(self) -> float:
        """When, by the monotonic clock, the lane that lags behind finished its last turn."""
        return min(self._looked_at.values())

    async def run(self) -> None:
        """Claims and sends until ``stop``, then waits for what is under way, DRAIN_SECONDS at most; the rest is left to its lease."""
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
        try:
            while not self._stopped:
                if await survives(self._claim(lane, sending), "dispatcher_cycle_failed", lane=lane):
                    self._turns[lane] += 1
                    self._looked_at[lane] = self._services.clock.monotonic()
                await self._pause(lane, sending)
            if sending:
                await asyncio.wait(sending, timeout=DRAIN_SECONDS)
        finally:
            for late in (*sending, *self._preparing[lane]):
                late.cancel()

    async def _pause(self, lane: str, sending: set[asyncio.Task[None]]) -> None:
        """Until there may be something to send and room to send it: for more than one, for every claim is a transaction of its own."""
        if len(sending) >= self._concurrency:
            until = self._services.clock.monotonic() + POLL_SECONDS
            while len(sending) > self._concurrency * _FULL_AGAIN and (left := until - self._services.clock.monotonic()) > 0:
                await asyncio.wait(sending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        else:
            await self._services.wait(lane, POLL_SECONDS)

    async def _claim(self, lane: str, sending: set[asyncio.Task[None]]) -> None:
        gives_way = lane != "pages" and self._services.behind
        most = min(_GIVING_WAY, self._concurrency) if gives_way else self._concurrency
        room = most - len(sending)
        if room <= 0 or (gives_way and room < most / 2):
            return
        claimed = await self._services.run(deliveries.claim, self._owner, self._lease, room, pages=lane == "pages")
        for first in range(0, len(claimed), _TOGETHER):
            some = claimed[first : first + _TOGETHER]
            together = asyncio.create_task(self._services.run(deliveries.prepare, some, self._lease))
            self._preparing[lane].add(together)
            together.add_done_callback(self._preparing[lane].discard)
            for message in some:
                crashpoints.reach(CrashPoint.AFTER_CLAIM, message.kind.value)
                task = asyncio.create_task(self._carry(message, together))
                sending.add(task)
                task.add_done_callback(sending.discard)
        if len(claimed) == room:
            self._services.database.wakes.set(lane)

    async def _carry(self, message: OutboxMessage, together: _Together) -> None:
        """Sends one message and writes down how that went; never raises."""
        facts = {"kind": message.kind.value, "message_id": message.id}
        with telemetry.working_on(message.request_id, message.incident_id):
            if not await survives(self._send(message, together), "delivery_broke", **facts):
                error = SendError("it broke here; see the log", code="internal", ambiguous=True)
                await survives(self._fail(message, error), "failure_not_recorded", **facts)

    async def _send(self, message: OutboxMessage, together: _Together) -> None:
        channel_id = None
        try:
            sender = self._sender_of(message)
            delivery = await self._prepared(message, together)
            channel_id = None if delivery is None else delivery.request.get("channel")
            receipt = None if delivery is None else await self._hand_over(sender, delivery)
        except SendError as error:
            telemetry.logger().warning("not_sent", kind=message.kind.value, message_id=message.id, error=str(error))
            await self._fail(message, error, channel_id)
            return
        if receipt is not None:
            await self._record(message, receipt)

    async def _prepared(self, message: OutboxMessage, together: _Together) -> Delivery | None:
        """The message as it is to be sent, made ready with those claimed beside it; alone where one of them broke that."""
        await asyncio.wait([together])
        if together.exception() is None:
            return together.result().get(message.id)
        return (await self._services.run(deliveries.prepare, [message], self._lease)).get(message.id)

    def _sender_of(self, message: OutboxMessage) -> Sender:
        name = message.kind.provider
        if name not in self._senders:
            raise SendError(f"{name.capitalize()} is not configured: set {_SETTINGS[name]}", code="unconfigured", permanent=True)
        return self._senders[name]

    async def _hand_over(self, sender: Sender, delivery: Delivery) -> Receipt:
        """What the provider gave back, in less time than the lease: whoever claims the message next must find us silent."""
        crashpoints.reach(CrashPoint.BEFORE_SEND, delivery.kind.value)
        try:
            async with asyncio.timeout(self._lease.total_seconds() * _PART_OF_LEASE):
                receipt = await sender.send(delivery)
        except TimeoutError as error:
            raise SendError("it took longer than its lease", code="too_slow", ambiguous=True) from error
        crashpoints.reach(CrashPoint.AFTER_SEND, delivery.kind.value)
        return receipt

    async def _record(self, message: OutboxMessage, receipt: Receipt) -> None:
        """Writes down what was sent, again and again while the database is busy; after that the lease runs out."""
        facts = {"kind": message.kind.value, "message_id": message.id}
        gate = channel_gate(message.kind, message.lane)
        rest = None if gate is None else self._pace.passed(gate, self._services.clock.monotonic())
        for again_after in (*_RECORD_AGAIN_AFTER, None):
            if await survives(self._services.run(deliveries.record, message, receipt, rest), "receipt_not_recorded", **facts):
                crashpoints.reach(CrashPoint.AFTER_RECORD, message.kind.value)
                telemetry.SENT.labels(message.kind.value).inc()
                telemetry.logger().info("sent", **facts, provider_id=receipt.provider_id)
                return
            if again_after is not None:
                await asyncio.sleep(again_after)

    async def _fail(self, message: OutboxMessage, error: SendError, channel_id: str | None = None) -> None:
        telemetry.SEND_ERRORS.labels(message.kind.value).inc()
        await self._services.run(deliveries.fail, message, error, random.random(), channel_id)  # noqa: S311 - only jitter
