"""What must be asked for comes in: replies and receipts where Twilio cannot reach us, and Slack's history after downtime (B13, C6).

Each poll is a row with a lease, so that of several replicas one asks. The row says whose turn it is; the loop only looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot import telemetry
from bot.domain.polls import HistoryReader, Inbox, PhoneReader, Poll, Received
from bot.errors import SendError
from bot.loop import survives
from bot.services import healing, polls
from bot.services.polls import Rule
from bot.services.work import Services

POLL_SECONDS = 1.0
DRAIN_SECONDS = 10.0
AWAY_AFTER = timedelta(seconds=60)
"""A turn of the loop that comes so much later than the one before: the host slept, and nobody listened meanwhile."""
_PART_OF_LEASE = 0.9
_HISTORY = "history"
_PHONE_GATES = ("twilio:reading",)
_SLACK_GATES = ("slack:conversations.history", "slack:conversations.replies")


@dataclass(slots=True)
class _Job:
    """A poll: how it is asked, what a turn of it does, and the turn that is under way."""

    rule: Rule
    turn: Callable[[Poll], Awaitable[None]]
    task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self.task is not None and not self.task.done()


class Poller:
    """Asks Twilio about ``numbers`` (one of WhatsApp after ``whatsapp:``) and Slack about its history, each where it has a reader.

    ``cycles`` counts how often it has looked whose turn it is, for /readyz; a provider that is slow does not hold that up.
    """

    def __init__(
        self,
        services: Services,
        *,
        owner: str,
        lease: timedelta,
        phones: PhoneReader | None = None,
        numbers: Sequence[str] = (),
        history: HistoryReader | None = None,
    ) -> None:
        self.cycles = 0
        self.last_cycle = services.clock.monotonic()
        self._services = services
        self._owner = owner
        self._lease = lease
        self._inboxes = [f"replies:{number}" for number in numbers]
        self._jobs = self._made(phones, numbers, history)
        self._ready = False
        self._stopped = False
        self._starting = asyncio.Lock()
        self._looked_at = services.clock.real()

    def _made(self, phones: PhoneReader | None, numbers: Sequence[str], history: HistoryReader | None) -> list[_Job]:
        jobs = []
        if phones is not None:
            for name, number in zip(self._inboxes, numbers, strict=True):
                jobs.append(_Job(Rule(name, _PHONE_GATES, hurried=True), partial(self._ask_replies, phones, number)))
            jobs.append(_Job(Rule("receipts", _PHONE_GATES, hurried=True), partial(self._ask_receipts, phones)))
        if history is not None:
            jobs.append(_Job(Rule(_HISTORY, _SLACK_GATES, hurried=False), partial(self._ask_history, history)))
        return jobs

    @property
    def _rules(self) -> list[Rule]:
        return [job.rule for job in self._jobs]

    async def run(self) -> None:
        """Looks whose turn it is, once a second, until ``stop``; then waits for what is under way, DRAIN_SECONDS at most."""
        while not self._stopped:
            if await survives(self._cycle(), "poller_cycle_failed"):
                self.cycles += 1
                self.last_cycle = self._services.clock.monotonic()
            await self._services.wait("polls", POLL_SECONDS)
        late = await self._wait_for_turns(DRAIN_SECONDS)
        for task in late:
            task.cancel()

    def stop(self) -> None:
        """Ends the loop after the present cycle."""
        self._stopped = True
        self._services.database.wakes.set("polls")

    async def poll_now(self) -> None:
        """Asks everybody at once, and comes back when everything that they said is written down."""
        async with self._starting:
            await self._prepare()
            await self._wait_for_turns()
            await self._services.run(polls.make_due, self._rules)
            self._start({rule.name for rule in self._rules})
            await self._wait_for_turns()

    async def heal(self) -> None:
        """Has all of Slack's history read, for what was said while nobody listened: after a start, and when the inbound was away (C6)."""
        for rule in self._rules:
            if rule.name == _HISTORY:
                await self._services.run(polls.begin_anew, rule)

    async def _prepare(self) -> None:
        if not self._ready:
            alone = self._services.database.is_sqlite
            await self._services.run(polls.prepare, self._rules, self._inboxes, self._moment(), alone=alone)
            await self.heal()
            self._ready = True

    def _moment(self) -> datetime:
        """The present as providers may see it: their clock is the real one, or a sandbox's that is steered as ours."""
        return min(self._services.clock.now(), self._services.clock.real())

    async def _cycle(self) -> None:
        async with self._starting:
            await self._prepare()
            before, self._looked_at = self._looked_at, self._services.clock.real()
            if self._looked_at - before > AWAY_AFTER:
                await self.heal()
            self._start(set(await self._services.read(polls.due, self._rules)))

    def _start(self, names: set[str]) -> None:
        for job in self._jobs:
            if job.rule.name in names and not job.busy:
                job.task = asyncio.create_task(self._work_off(job))

    async def _wait_for_turns(self, timeout: float | None = None) -> set[asyncio.Task[None]]:
        """Waits for the turns that are under way; gives back those that are not done by then."""
        tasks = [job.task for job in self._jobs if job.task is not None and job.busy]
        return (await asyncio.wait(tasks, timeout=timeout))[1] if tasks else set()

    async def _work_off(self, job: _Job) -> None:
        """Takes turns as long as it is the poll's turn; never raises. What broke is taken up again when its lease has run out."""
        await survives(self._take_turns(job), "poll_broke", poll=job.rule.name)

    async def _take_turns(self, job: _Job) -> None:
        while not self._stopped:
            poll = await self._services.run(polls.claim, job.rule, self._owner, self._lease)
            if poll is None:
                return
            await self._take_turn(job, poll)

    async def _take_turn(self, job: _Job, poll: Poll) -> None:
        try:
            async with asyncio.timeout(self._lease.total_seconds() * _PART_OF_LEASE):
                await job.turn(poll)
        except SendError as error:
            telemetry.logger().warning("not_polled", poll=job.rule.name, error=str(error))
            await self._services.run(polls.fail, job.rule, poll, error)

    async def _ask_replies(self, phones: PhoneReader, number: str, poll: Poll) -> None:
        """Takes each new message once; one that breaks does not hold up the others, and comes again."""
        inbox = Inbox.model_validate(poll.cursor)
        moment = self._moment()
        listed = await phones.received(number, inbox.day)
        broken = [message.sid for message in inbox.unseen(listed) if not await self._take_reply(message)]
        after = inbox.after([message for message in listed if message.sid not in broken], moment)
        await self._services.run(polls.finish, poll, after.model_dump(mode="json"))

    async def _take_reply(self, message: Received) -> bool:
        return await survives(self._services.run(polls.take_reply, message), "phone_reply_broke", sid=message.sid)

    async def _ask_receipts(self, phones: PhoneReader, poll: Poll) -> None:
        """Asks what became of each page that was sent; one that Twilio does not know is left out, nothing else is skipped over."""
        said = {}
        for sid in await self._services.read(polls.unfinished, poll.cursor):
            try:
                said[sid] = await phones.status(sid)
            except SendError as error:
                if not error.permanent:
                    raise
                telemetry.logger().warning("page_status_unknown", sid=sid, error=str(error))
        await self._services.run(polls.take_statuses, poll, said)

    async def _ask_history(self, history: HistoryReader, poll: Poll) -> None:
        step = await self._services.read(healing.next_step, poll.cursor)
        reading = step.reading
        if reading.channel_id is None:
            await self._services.run(healing.rest, poll, step)
            return
        try:
            page = await history.read(reading.channel_id, reading.thread_ts, reading.next_cursor)
        except SendError as error:
            if not healing.hopeless(error):
                raise
            await self._services.run(healing.leave_out, poll, step, error)
        else:
            found = await self._services.run(healing.take, poll, step, page)
            if found:
                telemetry.logger().info("history_healed", channel_id=reading.channel_id, **found.counted())
