"""Slack breaks, hangs, is gone for half an hour, or throws our token out: the phones ring, and it catches up by itself."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox import Fault
from bot.sandbox.server import SandboxSettings
from tests.house import House, alert
from tests.policies import ANA, BEN, TIM
from tests.scenarios.outage import (
    CHANNEL,
    OUTWARD,
    cards,
    failures,
    incident_channels,
    open_incident,
    pass_real_time,
    places,
    requests,
    update,
    waiting,
)

pytestmark = OUTWARD
BROKEN = {
    "html": Fault("slack", "status", status=503, times=None),
    "html in a 200": Fault("slack", "status", status=200, times=None),
    "half a body": Fault("slack", "truncated", times=None),
    "nothing": Fault("slack", "empty", times=None),
}


async def recover(house: House) -> None:
    """Slack is back, and every pause that it caused is over."""
    house.sandbox.faults.clear()
    for _ in range(3):
        await pass_real_time(house, minutes=6)


async def rejected(house: House) -> list[str]:
    """What /readyz says is held up; the bot itself stays ready."""
    async with house.http.get(f"{house.bot.url}/readyz") as response:
        shown = await response.json()
    assert (response.status, shown["ready"]) == (200, True)
    return [str(reason) for reason in shown["held_up"]]


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
async def test_answers_that_are_none_of_slacks_lose_nothing_and_double_nothing(house: House, fault: Fault) -> None:
    house.sandbox.faults.script = [Fault(fault.peer, fault.kind, times=None, status=fault.status)]
    await house.post_alert(alert())
    await house.settle()
    assert len(house.texts(TIM)) == 1
    await house.sandbox.phones.reply(TIM, "ack")
    await recover(house)
    channel = house.sandbox.slack.channel(CHANNEL)
    assert incident_channels(house) == [CHANNEL]
    assert channel.pins == [card.ts for card in cards(channel)]
    assert len(channel.bookmarks) == 1
    places(house.said(CHANNEL), "declared INC-1", "was acknowledged by Tim")
    assert await waiting(house) == []
    assert await failures(house) == []


async def test_half_an_hour_without_slack_is_caught_up_with_in_a_few_messages_in_order(house: House) -> None:
    house.sandbox.faults.down.add("slack")
    await house.post_alert(alert())
    await house.settle()
    assert len(house.texts(TIM)) == 1, "the phones do not wait for Slack"
    assert (await house.show("INC-1"))["status"] == "Investigating"
    await house.travel(minutes=30)
    assert min(len(house.texts(number)) for number in (TIM, ANA, BEN)) >= 3
    assert (await house.show("INC-1"))["promises"]
    waited = len([message for message in await waiting(house) if message.lane.startswith("incident:")])
    await recover(house)
    channel = house.sandbox.slack.channel(CHANNEL)
    posts = [message for message in channel.messages if message.bot_id and not message.subtype]
    assert incident_channels(house) == [CHANNEL]
    assert len(cards(channel)) == 1 and channel.pins == [cards(channel)[0].ts]
    assert len(posts) <= 12 < waited, "condensed"
    whole = "\n".join(message.text for message in posts)
    steps = ["declared INC-1", "ringing Tim by SMS (level 1)", "ringing Ana, Ben by SMS (level 2)", "round 1", "round 2", "round 3"]
    assert [step for step in steps if step not in whole] == []
    assert [whole.index(step) for step in steps] == sorted(whole.index(step) for step in steps)
    assert whole.count("an acknowledgement, round 1,") == 1, "each word once"
    assert "owes an acknowledgement by" not in whole, "what is over is not warned of any more"
    assert any(block["type"] == "context" and "14:0" in str(block) for message in posts for block in message.blocks), "with its time"
    assert await waiting(house) == []
    assert await failures(house) == []


async def test_what_slack_took_without_saying_so_is_not_said_again_in_one_with_the_rest(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "drop_after", name="chat.postMessage", times=2))
    house.sandbox.faults.add(Fault("slack", "refuse", times=None))
    words = [f"update {place:02}" for place in range(12)]
    for one in words:
        await update(house, one)
    await house.travel(minutes=2)
    await recover(house)
    whole = "\n".join(house.said(CHANNEL))
    assert [whole.count(f"\n{one}") for one in words] == [1] * 12
    assert len([text for text in house.said(CHANNEL) if "update by Ana" in text]) == 2, "the one in doubt alone, the others in one"


async def test_words_of_a_minute_are_said_one_by_one_however_many(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.down.add("slack")
    words = [f"update {place:02}" for place in range(8)]
    for one in words:
        await update(house, one)
    await house.settle()
    await recover(house)
    said = [text for text in house.said(CHANNEL) if ": update by Ana" in text]
    assert [text.partition("\n")[2] for text in said] == words


async def test_a_backlog_that_no_message_can_hold_is_said_in_several_in_order(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.down.add("slack")
    words = [f"update {place:02} {'x' * 900}" for place in range(20)]
    for one in words:
        await update(house, one)
    await house.travel(minutes=2)
    await recover(house)
    said = [text for text in house.said(CHANNEL) if "update by Ana" in text]
    whole = "\n".join(said)
    assert 2 <= len(said) <= 10
    assert (found := [whole.index(one) for one in words]) == sorted(found)
    assert all(whole.count(one) == 1 for one in words)
    shown = str([message.blocks for message in house.sandbox.slack.channel(CHANNEL).messages])
    assert all(one in shown for one in words), "in the blocks as well"
    assert await failures(house) == []


async def test_a_slack_that_takes_half_a_minute_holds_up_no_page_and_no_answer(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "delay", delay=25, times=None))
    async with asyncio.timeout(5):
        for place in range(20):
            await house.post_alert(alert(fingerprint=f"f{place}", alertname=f"Alert{place}"))
        await house.eventually(lambda: len(house.texts(TIM)) == 20, "every page")
        assert (await house.sandbox.slack.command("U0ANA", "list")).status == 200
        assert (await house.show("INC-1"))["status"] == "Investigating"
        async with house.http.get(f"{house.bot.url}/health/engine") as response:
            assert response.status == 200
    assert len(requests(house)) <= 40
    house.sandbox.faults.clear()


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_a_refused_token_stops_slack_alone_and_is_tried_again_at_a_walk(house: House, error: str) -> None:
    await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "error", error=error, times=None))
    for place in range(30):
        await update(house, f"update {place:02}")
    await house.post_alert(alert(fingerprint="f2", alertname="QueueStuck"))
    await house.settle()
    assert sum("QueueStuck" in text or "INC-" in text for text in house.texts(TIM)) == 2, "the pages"
    assert any(error in reason and "SLACK_BOT_TOKEN" in reason for reason in await rejected(house))
    for _ in range(3):
        asked_before = len(requests(house))
        await pass_real_time(house, seconds=61)
        assert len(requests(house)) - asked_before <= 24, "no hot loop"
        assert await rejected(house)
    assert len([text for text in house.texts(TIM) if f"Slack refuses Muster ({error})" in text]) == 1, "who runs it is told, once"
    await recover(house)
    assert await rejected(house) == []
    said = [text for text in house.said(CHANNEL) if ": update by Ana" in text]
    assert [text.partition("\n")[2] for text in said] == [f"update {place:02}" for place in range(30)]
    assert len(incident_channels(house)) == 2
    assert await waiting(house) == []
    assert await failures(house) == []


async def test_a_token_that_really_is_another_one_is_refused_and_recovers_by_itself(house: House) -> None:
    await open_incident(house)
    world = house.sandbox.settings
    house.sandbox.settings = SandboxSettings(**{**world.__dict__, "bot_token": "xoxb-rotated"})
    await update(house, "rolled back")
    await house.settle()
    assert any("invalid_auth" in reason for reason in await rejected(house))
    house.sandbox.settings = world
    await recover(house)
    places(house.said(CHANNEL), "rolled back")


async def test_a_missing_scope_holds_up_its_own_method_and_says_which(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "error", name="pins.add", error="missing_scope", times=None))
    await house.post_alert(alert())
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    assert (len(cards(channel)), len(channel.bookmarks), channel.pins) == (1, 1, [])
    assert any("pins.add" in reason and "scope" in reason for reason in await rejected(house))
    assert len(requests(house, "pins.add")) == 1
    await recover(house)
    assert channel.pins == [cards(channel)[0].ts]
    assert await rejected(house) == []
