"""The way out as a whole: rows of a real outbox, the real senders, and the sandbox behind them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot import dispatcher
from bot.clock import SystemClock
from bot.dispatcher import Dispatcher
from bot.domain.declaration import Declaration
from bot.domain.outbox import Delivery, Kind, MessageState, Receipt, Sender
from bot.sandbox import Fault, Sandbox
from bot.senders.slack import Slack
from bot.services import people
from bot.services.declarations import declare
from bot.services.work import Services, UnitOfWork
from bot.store import outbox, schema
from bot.store.database import Database, Scope
from tests.policies import ANA, make_policy
from tests.senders.conftest import make_twilio
from tests.senders.deliveries import asked

LEASE = timedelta(seconds=30)


@dataclass
class Line:
    """An outbox and the dispatcher that empties it."""

    services: Services
    dispatcher: Dispatcher

    async def post(self, words: str, lane: str = "incident:1") -> str:
        return await self.services.run(_add, Kind.POST, {"channel": "incidents", "text": words}, lane)

    async def page(self, body: str) -> str:
        return await self.services.run(_add, Kind.SMS, {"to": ANA, "body": body}, f"phone:{ANA}")

    async def states(self) -> dict[MessageState, int]:
        return await self.services.read(_states)

    async def dead(self) -> list[str]:
        return await self.services.read(_dead)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(15):
            while not await condition():
                await asyncio.sleep(0.01)

    async def until_all_are(self, state: MessageState, count: int) -> None:
        async def reached() -> bool:
            states = await self.states()
            return states.get(state, 0) == count and (state is MessageState.SENDING or MessageState.SENDING not in states)

        await self.until(reached)

    async def until_sent(self) -> None:
        async def reached() -> bool:
            return not set(await self.states()) & {MessageState.PENDING, MessageState.SENDING}

        await self.until(reached)


async def _add(work: UnitOfWork, kind: Kind, words: Mapping[str, Any], lane: str) -> str:
    return await outbox.add_message(work.tx, kind, words, lane=lane, created_at=work.now)


async def _add_beside_one_to_nowhere(work: UnitOfWork) -> None:
    await people.activate_policy(work)
    incident = (await declare(work, Declaration("t", "Checkout is down", "P1", private=True))).incident
    words = {"text": "to no channel that there is"}
    await outbox.add_message(work.tx, Kind.POST, words, lane="nowhere:1", created_at=work.now, incident_id=incident.id)
    await _add(work, Kind.POST, {"channel": "incidents", "text": "checkout is down"}, "incidents")


async def _states(work: UnitOfWork) -> dict[MessageState, int]:
    return await outbox.count_by_state(work.tx)


async def _dead(work: UnitOfWork) -> list[str]:
    return [reason for _, reason in await outbox.list_dead(work.tx, 10)]


async def _logged(logs: list[MutableMapping[str, Any]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


@asynccontextmanager
async def open_line(tmp_path: Path, senders: Mapping[str, Sender], lease: timedelta = LEASE, concurrency: int = 4) -> AsyncIterator[Line]:
    policy, clock = make_policy(), SystemClock()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'muster.db'}", Scope(policy.organisation, policy.branch), clock)
    await schema.migrate(database.url)
    services = Services(database, clock, policy)
    line = Line(services, Dispatcher(services, senders, owner="test", lease=lease, concurrency=concurrency))
    running = asyncio.create_task(line.dispatcher.run())
    try:
        yield line
    finally:
        line.dispatcher.stop()
        await running
        await database.close()


@pytest.fixture
async def line(tmp_path: Path, sandbox: Sandbox, slack: Slack, session: aiohttp.ClientSession) -> AsyncIterator[Line]:
    async with open_line(tmp_path, {"slack": slack, "twilio": make_twilio(sandbox, session)}) as opened:
        yield opened


class Broken:
    """A sender with a bug."""

    def __init__(self) -> None:
        self.given: list[Delivery] = []

    async def send(self, delivery: Delivery) -> Receipt:
        self.given.append(delivery)
        if len(self.given) == 1:
            raise RuntimeError("a bug")
        return Receipt("1", {})


class Endless:
    """A sender that never comes back the first time."""

    def __init__(self) -> None:
        self.given: list[Delivery] = []

    async def send(self, delivery: Delivery) -> Receipt:
        self.given.append(delivery)
        if len(self.given) == 1:
            await asyncio.Event().wait()
        return Receipt("1", {})


async def test_what_is_in_the_outbox_goes_out_once(line: Line, sandbox: Sandbox) -> None:
    await line.post("checkout is down")
    await line.page("[INC-1 #1] P0")
    await line.until_sent()
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["checkout is down"]
    assert [sms.body for sms in sandbox.phones.inbox(ANA)] == ["[INC-1 #1] P0"]


async def test_a_slack_that_hangs_never_holds_a_page(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slack", "delay", times=None, delay=1.5))
    for number in range(12):
        await line.post(f"post {number}")
    async with asyncio.timeout(1.2):
        await line.page("[INC-1 #1] P0")
        while not sandbox.phones.inbox(ANA):
            await asyncio.sleep(0.01)
    assert sandbox.slack.channel("incidents").messages == []


async def test_no_more_goes_out_at_once_than_is_allowed(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slack", "delay", times=4, delay=0.5))
    for number in range(9):
        await line.post(f"post {number}")

    async def four() -> bool:
        return (await line.states()).get(MessageState.SENDING) == 4

    await line.until(four)
    assert (await line.states())[MessageState.PENDING] == 5
    await line.until_sent()
    assert len(sandbox.slack.channel("incidents").messages) == 9


async def test_while_timers_are_late_what_calls_nobody_gives_way_and_pages_do_not(
    tmp_path: Path, sandbox: Sandbox, slack: Slack, session: aiohttp.ClientSession
) -> None:
    sandbox.faults.add(Fault("slack", "delay", times=8, delay=1.5))
    async with open_line(tmp_path, {"slack": slack, "twilio": make_twilio(sandbox, session)}, concurrency=64) as line:
        line.services.behind_until = math.inf
        for number in range(20):
            await line.post(f"post {number}")

        async def some() -> bool:
            return (await line.states()).get(MessageState.SENDING, 0) > 4

        async def paged() -> bool:
            return bool(sandbox.phones.inbox(ANA))

        await line.until(some)
        assert (await line.states())[MessageState.PENDING] >= 12
        await line.page("[INC-1 #1] P0")
        await line.until(paged)
        assert (await line.states())[MessageState.PENDING] >= 12
        line.services.behind_until = 0.0
        await line.until_sent()
    assert len(sandbox.slack.channel("incidents").messages) == 20


async def test_a_provider_that_is_not_configured_is_said_and_not_waited_for(tmp_path: Path) -> None:
    async with open_line(tmp_path, {}) as line:
        await line.post("checkout is down")
        await line.page("[INC-1 #1] P0")
        await line.until_all_are(MessageState.DEAD, 2)
        reasons = " ".join(await line.dead())
    assert "SLACK_BOT_TOKEN" in reasons
    assert "TWILIO_ACCOUNT_SID" in reasons


async def test_a_post_whose_answer_was_lost_stands_there_once(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slack", "drop_after", name="chat.postMessage"))
    await line.post("checkout is down")
    await line.until_sent()
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["checkout is down"]
    assert asked(sandbox, "conversations.history") == 1


async def test_a_bug_in_a_sender_puts_the_message_back_as_one_that_may_have_gone_out(tmp_path: Path) -> None:
    broken = Broken()
    async with open_line(tmp_path, {"slack": broken}) as line:
        await line.post("checkout is down")
        await line.until_sent()
    assert [delivery.ambiguous for delivery in broken.given] == [False, True]


async def test_what_cannot_be_made_ready_holds_nothing_back_that_was_claimed_with_it(line: Line, sandbox: Sandbox) -> None:
    async def one_has_come_back() -> bool:
        return (await line.states()).get(MessageState.PENDING, 0) == 1 and sandbox.slack.channel("incidents").messages != []

    await line.services.run(_add_beside_one_to_nowhere)
    await line.until(one_has_come_back)
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["checkout is down"]


async def test_a_send_that_would_outlast_its_lease_is_cut_off_and_made_again(tmp_path: Path) -> None:
    endless = Endless()
    async with open_line(tmp_path, {"slack": endless}, lease=timedelta(seconds=0.5)) as line:
        await line.post("checkout is down")
        await line.until_sent()
    assert [delivery.ambiguous for delivery in endless.given] == [False, True]


async def test_a_limit_holds_its_lane_back_and_no_other(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slack", "ratelimited", name="chat.postMessage", retry_after="120"))
    await line.post("held back")

    async def limited() -> bool:
        return asked(sandbox, "chat.postMessage") == 1 and MessageState.SENDING not in await line.states()

    await line.until(limited)
    await line.post("held back as well")
    await line.post("elsewhere", lane="incident:2")
    await line.until_all_are(MessageState.PENDING, 2)
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["elsewhere"]


async def test_a_revoked_token_stops_slack_and_leaves_the_phones(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slack", "error", times=None, error="token_revoked"))
    await line.post("one")

    async def refused() -> bool:
        return len(sandbox.requests) > 0 and MessageState.SENDING not in await line.states()

    await line.until(refused)
    before = len(sandbox.requests)
    for lane in ("incident:1", "incident:2"):
        await line.post("more", lane=lane)
    await line.page("[INC-1 #1] P0")
    turns = line.dispatcher.cycles

    async def turned() -> bool:
        return line.dispatcher.cycles >= turns + 2

    await line.until(turned)
    assert [request.peer for request in sandbox.requests[before:]] == ["twilio"]
    assert len(sandbox.phones.inbox(ANA)) == 1


async def test_a_database_that_takes_no_receipt_for_a_moment_costs_no_second_page(line: Line, sandbox: Sandbox) -> None:
    refusing = "CREATE TRIGGER busy BEFORE UPDATE ON outbox WHEN NEW.state = 'sent' BEGIN SELECT RAISE(ABORT, 'busy'); END"
    async with line.services.database.transaction() as tx:
        await tx.connection.execute(text(refusing))
    with capture_logs() as logs:
        await line.page("[INC-1 #1] P0")
        await line.until(lambda: _logged(logs, "receipt_not_recorded"))
    async with line.services.database.transaction() as tx:
        await tx.connection.execute(text("DROP TRIGGER busy"))
    await line.until_sent()
    assert (len(sandbox.phones.inbox(ANA)), await line.dead()) == (1, [])


async def test_stopping_finishes_what_is_under_way_and_begins_nothing(tmp_path: Path, sandbox: Sandbox, slack: Slack) -> None:
    sandbox.faults.add(Fault("slack", "delay", name="chat.postMessage", delay=0.5))
    async with open_line(tmp_path, {"slack": slack}, concurrency=1) as line:
        await line.post("under way")

        async def sending() -> bool:
            return (await line.states()).get(MessageState.SENDING) == 1

        await line.until(sending)
        line.dispatcher.stop()
        await line.post("too late")
    async with open_line(tmp_path, {}) as later:
        await later.until_all_are(MessageState.DEAD, 1)
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["under way"]


async def test_stopping_waits_no_longer_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "DRAIN_SECONDS", 0.1)
    endless = Endless()
    async with asyncio.timeout(5), open_line(tmp_path, {"slack": endless}) as line:
        await line.post("never answered")
        await line.until_all_are(MessageState.SENDING, 1)
    assert len(endless.given) <= 1


async def test_the_loop_survives_a_database_that_fails_for_a_moment(line: Line, sandbox: Sandbox) -> None:
    async with line.services.database.transaction() as tx:
        await tx.connection.execute(text("ALTER TABLE outbox RENAME TO hidden"))
    with capture_logs() as logs:
        line.services.database.wakes.set("outbox")
        await line.until(lambda: _logged(logs, "dispatcher_cycle_failed"))
    async with line.services.database.transaction() as tx:
        await tx.connection.execute(text("ALTER TABLE hidden RENAME TO outbox"))
    await line.post("checkout is down")
    await line.until_sent()
    assert len(sandbox.slack.channel("incidents").messages) == 1
