"""Slack asks us to slow down: what waits is what it asked about, nothing is lost, and what matters goes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.outbox import Kind, MessageState
from bot.sandbox import Fault
from bot.services import deliveries, health
from bot.services.work import UnitOfWork
from bot.store import outbox
from bot.store.tables import outbox as outbox_rows
from bot.store.tables import rate_gates
from tests.house import NOON, House, alert
from tests.policies import TIM
from tests.scenarios.outage import CHANNEL, OUTWARD, cards, failures, open_incident, pass_real_time, places, requests, update, waiting

pytestmark = OUTWARD


async def gate_seconds(house: House, key: str) -> list[float]:
    """For how long the gates whose names begin so are closed from now on, by the database's clock."""

    async def look(work: UnitOfWork) -> list[float]:
        rows = (await work.tx.run(work.tx.select(rate_gates, rate_gates.c.key.startswith(key)))).mappings().all()
        return [(row["closed_until"] - house.clock.real()).total_seconds() for row in rows]

    return await house.bot.services.read(look)


async def test_a_limit_on_one_channel_leaves_the_others_alone(house: House) -> None:
    channel = await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "ratelimited", name="chat.postMessage", channel=channel.id, retry_after="120", times=1))
    await update(house, "rolled back")
    await update(house, "watching it")
    await house.settle()
    assert not any("rolled back" in text for text in house.said(CHANNEL))
    places(house.said("alerts-critical"), "rolled back", "watching it")
    assert len([one for one in house.sandbox.requests if one.name == "chat.postMessage" and one.status == 429]) == 1
    await pass_real_time(house, seconds=121)
    assert (found := places(house.said(CHANNEL), "rolled back", "watching it")) == sorted(found)
    assert await waiting(house) == []


async def test_one_flood_of_words_keeps_to_slacks_rate_and_holds_up_no_other_incident(house: House) -> None:
    house.sandbox.slack.enforce_rate_limits = True
    await open_incident(house)
    words = [f"update {place:03}" for place in range(62)]
    for one in words:
        await update(house, one)
    await house.settle()
    assert not [one for one in house.sandbox.requests if one.name == "chat.postMessage" and one.status == 429]
    assert len([text for text in house.said(CHANNEL) if ": update by Ana" in text]) < len(words)
    await house.sandbox.slack.command("U0BEN", "declare P0 The queue is stuck")
    await house.settle()
    assert len(cards(house.sandbox.slack.channel("inc-2-the-queue-is-stuck"))) == 1
    house.sandbox.slack.enforce_rate_limits = False
    await pass_real_time(house, minutes=2)
    said = [text for text in house.said(CHANNEL) if ": update by Ana" in text]
    assert [text.partition("\n")[2] for text in said] == words


@pytest.mark.parametrize(("asked", "least", "most"), [("", 20, 31), ("abc", 20, 31), (None, 20, 31), ("86400", 290, 301), ("7", 1, 8)])
async def test_a_pause_is_as_long_as_slack_says_within_reason(house: House, asked: str | None, least: int, most: int) -> None:
    channel = await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "ratelimited", name="chat.postMessage", channel=channel.id, retry_after=asked, times=1))
    await update(house, "rolled back")
    await house.settle()
    (left,) = await gate_seconds(house, "slack:chat.postMessage:incident")
    assert least <= left <= most
    async with house.http.get(f"{house.bot.url}/readyz") as response:
        shown = await response.json()
    assert response.status == 200
    assert any("pause" in reason and "chat.postMessage" in reason for reason in shown["held_up"])
    await pass_real_time(house, seconds=most)
    places(house.said(CHANNEL), "rolled back")
    async with house.http.get(f"{house.bot.url}/readyz") as response:
        assert (await response.json())["held_up"] == []


async def test_a_storm_of_limits_on_every_method_is_asked_once_each_and_loses_nothing(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "ratelimited", retry_after="30", times=None))
    for place in range(12):
        severity = "critical" if place == 11 else "warning"
        await house.post_alert(alert(fingerprint=f"f{place}", alertname=f"Alert{place}", severity=severity))
    for place in range(6):
        await house.sandbox.slack.command("U0ANA", f"declare P1 Trouble number {place}")
    await house.settle()
    assert len(house.texts(TIM)) == 1, "the phone rings through the storm"
    allowed = dict.fromkeys(("conversations.create", "conversations.list", "chat.postMessage", "views.publish"), 16)
    for _ in range(3):
        asked_before = len(requests(house))
        await pass_real_time(house, seconds=31)
        asked = requests(house)[asked_before:]
        counted = {name: asked.count(name) for name in set(asked)}
        assert all(counted[name] <= allowed.get(name, 4) for name in counted), counted
    house.sandbox.faults.clear()
    for _ in range(3):
        await pass_real_time(house, minutes=6)
    assert await waiting(house) == []
    assert await failures(house) == []
    opened = [channel for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]
    assert len(opened) == 7
    assert all(len(channel.pins) == len(channel.bookmarks) == 1 for channel in opened)


async def test_when_the_storm_passes_the_incidents_that_call_people_out_speak_first(house: House) -> None:
    house.sandbox.faults.down.add("slack")
    for place in range(20):
        await house.sandbox.slack.command(("U0ANA", "U0BEN")[place % 2], f"declare P1 Trouble number {place}")
    await house.post_alert(alert())
    await house.settle()

    async def claim_next(work: UnitOfWork) -> list[tuple[Kind, str]]:
        if not await health.idle(work):
            return []  # Slack is being asked again at this moment
        live = outbox_rows.c.state == MessageState.PENDING.value
        await work.tx.run(work.tx.update(outbox_rows, live).values(due_real_at=NOON - timedelta(days=2)))
        claimed = await deliveries.claim(work, "test", timedelta(seconds=30), 1, pages=False)
        for message in claimed:
            await outbox.mark_again(work.tx, message, timedelta(), "only looked at", ambiguous=False)
        return [(message.kind, str(message.words.get("name"))) for message in claimed]

    first = await house.eventually(lambda: house.bot.services.run(claim_next), "a moment between two tries")
    assert first == [(Kind.CHANNEL, CHANNEL.replace("inc-1-", "inc-21-"))]
    house.sandbox.faults.clear()
    await pass_real_time(house, minutes=6)
