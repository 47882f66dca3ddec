"""The loop of the poller: a provider that hangs or breaks holds up nobody else, and a host that slept has missed something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SteeredClock
from bot.domain.healing import HistoryPage, Written
from bot.domain.incidents import Purpose
from bot.domain.polls import Received, Said
from bot.errors import SendError
from bot.poller import AWAY_AFTER, Poller
from bot.store import incidents, outbox, polls
from tests.house import NOON
from tests.policies import TIM
from tests.services.desk import LEASE, Desk, open_desk

OURS, CHANNEL = "+15550100000", "C0INC1"


class Sleepy(SteeredClock):
    """A clock whose real time jumps when the host has slept."""

    slept = timedelta()

    def real(self) -> datetime:
        return super().real() + self.slept


@dataclass
class Phones:
    """A provider with a listing; ``before`` is what happens before it answers."""

    listing: list[Received] = field(default_factory=list)
    before: Callable[[], Awaitable[object]] | None = None
    asked: int = 0

    async def received(self, number: str, since: date) -> list[Received]:
        self.asked += 1
        if self.before is not None:
            await self.before()
        return self.listing

    async def status(self, sid: str) -> Said:
        raise SendError(f"{sid} is not known", permanent=True)


@dataclass
class History:
    """A channel with one message in it."""

    asked: int = 0

    async def read(self, channel_id: str, thread_ts: str | None, cursor: str | None) -> HistoryPage:
        self.asked += 1
        return HistoryPage([Written("1780000000.000100", "U0ANA", "hello")])


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as opened:
        declared = await opened.declare()
        await opened.run(lambda work: incidents.mark_channel(work.tx, declared.id, Purpose.INCIDENT, channel_id=CHANNEL))
        opened.services.clock = Sleepy(NOON, speed=0)
        yield opened


def poller_of(desk: Desk, phones: Phones, history: History) -> Poller:
    return Poller(desk.services, owner="test", lease=LEASE, phones=phones, numbers=[OURS], history=history)


@asynccontextmanager
async def running(poller: Poller) -> AsyncIterator[None]:
    task = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        poller.stop()
        await task


async def until(desk: Desk, condition: Callable[[], bool]) -> None:
    """Has the loop look again and again until the condition holds."""
    async with asyncio.timeout(15):
        while not condition():
            desk.services.database.wakes.set("polls")
            await asyncio.sleep(0.005)


async def cursor(desk: Desk, name: str) -> Any:
    return await desk.read(lambda work: polls.get_cursor(work.tx, name))


async def test_a_provider_that_hangs_holds_up_neither_the_loop_nor_the_others(desk: Desk) -> None:
    answers = asyncio.Event()
    phones, history = Phones(before=answers.wait), History()
    poller = poller_of(desk, phones, history)
    async with running(poller):
        await until(desk, lambda: (phones.asked, history.asked) == (1, 1))
        cycles = poller.cycles
        await until(desk, lambda: poller.cycles > cycles + 3)
        assert (phones.asked, history.asked) == (1, 1)
        answers.set()


async def test_a_provider_that_breaks_is_asked_again_when_its_lease_has_run_out(desk: Desk) -> None:
    phones = Phones([Received("SM1", TIM, "?", NOON)], before=_break)
    poller = poller_of(desk, phones, History())
    await poller.poll_now()
    phones.before = None
    await poller.poll_now()
    assert phones.asked == 1
    await desk.run(lambda work: polls.expire_leases(work.tx))
    await poller.poll_now()
    assert phones.asked == 2
    assert (await cursor(desk, f"replies:{OURS}"))["seen"] == ["SM1"]


async def _break() -> None:
    raise RuntimeError("no provider does this")


async def test_a_reply_that_breaks_does_not_hold_up_the_next_and_comes_again(desk: Desk) -> None:
    broken = Received("SM1", None, "1", None)  # type: ignore[arg-type]
    poller = poller_of(desk, Phones([broken, Received("SM2", TIM, "1", None)]), History())
    await desk.send_pages()
    await poller.poll_now()
    assert (await cursor(desk, f"replies:{OURS}"))["seen"] == ["SM2"]
    answers = [message for message in await desk.claim() if message.page_id is None]
    assert len(answers) == 1


async def test_a_pause_that_is_asked_for_is_a_closed_gate(desk: Desk) -> None:
    phones = Phones(before=_too_fast)
    poller = poller_of(desk, phones, History())
    for _ in range(2):
        await poller.poll_now()
    assert phones.asked == 1
    assert await desk.read(lambda work: outbox.list_closed_gates(work.tx)) == [("twilio:reading", "too fast")]


async def _too_fast() -> None:
    raise SendError("too fast", retry_after=timedelta(minutes=1), gate="twilio:Messages")


async def test_history_is_read_again_after_the_host_slept_and_not_before(desk: Desk) -> None:
    history, clock = History(), desk.services.clock
    assert isinstance(clock, Sleepy)
    poller = poller_of(desk, Phones(), history)
    async with running(poller):
        await until(desk, lambda: history.asked == 1)
        cycles = poller.cycles
        await until(desk, lambda: poller.cycles > cycles + 3)
        assert history.asked == 1
        clock.slept = AWAY_AFTER * 2
        await until(desk, lambda: history.asked == 2)
