"""What people wrote while nobody listened is in the timeline all the same, once (C6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.app import Muster
from bot.sandbox.faults import Fault
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline
from tests.house import CONTROL, House, alert
from tests.policies import make_policy

ANA, BEN = "U0ANA", "U0BEN"


async def channel_of(house: House) -> str:
    """The channel of a fresh incident."""
    await house.post_alert(alert())
    await house.settle()
    return next(channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-1"))


async def told(house: House) -> list[tuple[str, str | None]]:
    """What the timeline says of messages: what happened, and the words."""

    async def look(work: UnitOfWork) -> list[tuple[str, str | None]]:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        return [(entry.kind.value, entry.text) for entry in await timeline.list_messages(work.tx, incident.id)]

    return await house.bot.services.read(look)


@pytest.fixture
def deaf(house: House) -> House:
    """A house that Slack sends no events to."""
    house.sandbox.slack.subscriptions.clear()
    return house


@asynccontextmanager
async def down(house: House) -> AsyncIterator[None]:
    """The bot is gone, and Slack gives up on what it could not deliver; then a new process takes over the same database."""
    house.sandbox.slack.retry_delays = ()
    old = house.bot
    await old.stop()
    yield
    house.bot = Muster(old.settings, make_policy(), old.clock, CONTROL)
    await house.bot.start()
    house.sandbox.connect(house.bot.url)
    await house.bot.poller.poll_now()


async def test_what_was_written_changed_and_deleted_during_downtime_is_told(house: House) -> None:
    channel, slack = await channel_of(house), house.sandbox.slack
    first = await slack.say(ANA, channel, "it began with the deploy")
    second = await slack.say(BEN, channel, "no idea")
    async with down(house):
        await slack.edit(ANA, channel, first.ts, "it began with the deploy of 21:50")
        await slack.delete(BEN, channel, second.ts)
        await slack.say(BEN, channel, "rolling back")
    assert sorted(await told(house), key=str) == sorted(
        [
            ("message", "it began with the deploy"),
            ("message", "no idea"),
            ("message", "rolling back"),
            ("message_edited", "it began with the deploy of 21:50"),
            ("message_deleted", None),
        ],
        key=str,
    )


async def test_threads_are_healed_too(house: House) -> None:
    channel, slack = await channel_of(house), house.sandbox.slack
    parent = await slack.say(ANA, channel, "who owns the cache?")
    mine = await slack.say(BEN, channel, "I do", thread_ts=parent.ts)
    async with down(house):
        await slack.say(ANA, channel, "please flush it", thread_ts=parent.ts)
        await slack.delete(BEN, channel, mine.ts)
    assert (await told(house))[2:] == [("message", "please flush it"), ("message_deleted", None)]


async def test_what_events_brought_is_not_doubled(house: House) -> None:
    channel, slack = await channel_of(house), house.sandbox.slack
    message = await slack.say(ANA, channel, "a & b < c, says <@U0BEN>")
    await slack.edit(ANA, channel, message.ts, "b & a")
    before = await told(house)
    for _ in range(2):
        await house.bot.poller.heal()
        await house.bot.poller.poll_now()
    assert await told(house) == before
    assert len(before) == 2


async def test_open_incidents_are_looked_at_again_and_again(deaf: House) -> None:
    channel, slack = await channel_of(deaf), deaf.sandbox.slack
    await slack.say(ANA, channel, "can anybody hear me?")
    await deaf.bot.poller.poll_now()
    await slack.say(BEN, channel, "now they do")
    await deaf.bot.poller.poll_now()
    assert await told(deaf) == [("message", "can anybody hear me?"), ("message", "now they do")]


async def test_words_of_bots_and_lines_of_slack_stay_out(deaf: House) -> None:
    await channel_of(deaf)
    await deaf.bot.poller.poll_now()
    assert deaf.said("inc-1-checkout-returns-500-for-card-payments")
    assert await told(deaf) == []


async def test_a_limit_is_kept_to_and_the_reading_goes_on_after_it(deaf: House) -> None:
    channel, slack = await channel_of(deaf), deaf.sandbox.slack
    await slack.say(ANA, channel, "hello?")
    deaf.sandbox.faults.add(Fault("slack", "ratelimited", name="conversations.history", times=1))
    await deaf.bot.poller.poll_now()
    asked_before = len(_asked(deaf))
    await deaf.bot.poller.poll_now()
    assert len(_asked(deaf)) == asked_before

    async def heard() -> Any:
        await deaf.bot.poller.poll_now()
        return await told(deaf)

    assert await deaf.eventually(heard, "the pause to be over") == [("message", "hello?")]


def _asked(house: House) -> list[str]:
    return [request.name for request in house.sandbox.requests if request.name == "conversations.history"]


async def test_a_channel_that_is_gone_is_left_alone(deaf: House) -> None:
    channel = await channel_of(deaf)
    await deaf.sandbox.slack.remove_bot(channel)
    await deaf.bot.poller.poll_now()
    asked_before = len(_asked(deaf))
    await deaf.bot.poller.poll_now()
    assert len(_asked(deaf)) == asked_before + 1
    assert await deaf.idle()
