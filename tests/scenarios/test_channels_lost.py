"""Channels that people archive, delete, rename, or put the bot out of: the incident goes on, and nothing is lost or said twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.domain.incidents import Channel as ChannelRow
from bot.domain.outbox import Kind, OutboxMessage, Receipt
from bot.sandbox import Fault
from bot.services import deliveries
from bot.services.work import UnitOfWork
from bot.store import incidents
from bot.store.rows import as_noun
from bot.store.tables import outbox as outbox_rows
from tests.house import House, alert
from tests.policies import TIM
from tests.scenarios.outage import (
    BOT,
    CHANNEL,
    NEXT_CHANNEL,
    complete,
    failures,
    incident_channels,
    open_incident,
    pass_real_time,
    places,
    requests,
    update,
    waiting,
)


async def rows_of(house: House) -> list[ChannelRow]:
    """The channels of the first incident, the oldest first."""

    async def look(work: UnitOfWork) -> list[ChannelRow]:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        return await incidents.list_channels(work.tx, incident.id)

    return await house.bot.services.read(look)


async def archive(house: House) -> None:
    await house.sandbox.slack.archive("U0BEN", CHANNEL)


async def delete(house: House) -> None:
    await house.sandbox.slack.delete_channel(CHANNEL)


async def archive_unheard(house: House) -> None:
    channel = house.sandbox.slack.channel(CHANNEL)
    channel.archived = True
    channel.members.discard(BOT)


async def delete_unheard(house: House) -> None:
    channel = house.sandbox.slack.channel(CHANNEL)
    del house.sandbox.slack.channels[channel.id]


LOSSES = pytest.mark.parametrize("lose", [archive, delete, archive_unheard, delete_unheard], ids=lambda lose: lose.__name__)


@LOSSES
async def test_a_lost_channel_is_followed_by_another_in_which_the_incident_goes_on(
    house: House, lose: Callable[[House], Awaitable[None]]
) -> None:
    old = await open_incident(house)
    await lose(house)
    await house.travel(minutes=16)
    await pass_real_time(house, seconds=5)
    new = house.sandbox.slack.channel(NEXT_CHANNEL)
    assert complete(new)
    assert {"U0ANA", "U0BEN"} <= new.members
    assert any(old.id in text and "goes on here" in text for text in house.said(NEXT_CHANNEL)), "it names the former channel"
    places(house.said(NEXT_CHANNEL), "Promise missed: INC-1 owed a status update")
    await update(house, "rolled back", channel=NEXT_CHANNEL)
    await house.settle()
    places(house.said(NEXT_CHANNEL), "rolled back")
    assert await waiting(house) == []
    assert await failures(house) == []


async def test_what_waited_for_the_lost_channel_is_said_in_the_next_one_in_its_order_once(house: House) -> None:
    old = await open_incident(house)
    before = len(old.messages)
    house.sandbox.faults.down.add("slack")
    for words in ("first words", "second words", "third words"):
        await update(house, words)
    await house.settle()
    await archive(house)
    house.sandbox.faults.clear()
    await pass_real_time(house, minutes=10)
    await pass_real_time(house, minutes=10)
    said = house.said(NEXT_CHANNEL)
    assert (found := places(said, "first words", "second words", "third words")) == sorted(found)
    assert complete(house.sandbox.slack.channel(NEXT_CHANNEL))
    assert [message.subtype for message in old.messages[before:]] == ["channel_archive"]
    assert await waiting(house) == []


@pytest.mark.parametrize("method", ["pins.add", "chat.postMessage"])
async def test_a_step_of_the_lost_channel_is_not_made_in_the_next_one(house: House, method: str) -> None:
    house.sandbox.faults.add(Fault("slack", "ratelimited", name=method, retry_after="300", times=None))
    await house.post_alert(alert())
    await house.settle()
    await archive(house)
    house.sandbox.faults.clear()
    await pass_real_time(house, minutes=6)
    assert complete(house.sandbox.slack.channel(NEXT_CHANNEL))
    assert house.sandbox.slack.channel(CHANNEL).pins == []
    assert await waiting(house) == []
    assert await failures(house) == []


async def test_the_receipt_of_a_card_in_a_channel_that_was_lost_meanwhile_says_nothing_of_the_next_one(house: House) -> None:
    old = await open_incident(house)
    (former,) = await rows_of(house)
    await archive(house)
    await house.settle()
    _, live = await rows_of(house)

    async def arrive_late(work: UnitOfWork) -> None:
        row = (await work.tx.run(work.tx.select(outbox_rows, outbox_rows.c.id == former.posted_by))).mappings().one()
        await deliveries.record(work, as_noun(OutboxMessage, row), Receipt("1.1", {"channel": old.id, "permalink": "https://old"}))

    await house.bot.services.run(arrive_late)
    assert (await rows_of(house))[1] == live


async def test_losing_a_channel_twice_over_gives_a_third_one(house: House) -> None:
    await open_incident(house)
    await archive(house)
    await house.settle()
    await house.sandbox.slack.delete_channel(NEXT_CHANNEL)
    await house.settle()
    assert incident_channels(house) == [CHANNEL, f"{CHANNEL}-3"]
    assert complete(house.sandbox.slack.channel(f"{CHANNEL}-3"))


async def test_the_event_and_the_refusal_of_one_loss_open_one_channel(house: House) -> None:
    old = await open_incident(house)
    await archive_unheard(house)
    await update(house, "still looking")
    await house.settle()
    assert incident_channels(house) == [CHANNEL, NEXT_CHANNEL]
    old.archived = False
    old.members.add(BOT)
    await archive(house)
    await house.settle()
    assert incident_channels(house) == [CHANNEL, NEXT_CHANNEL]
    places(house.said(NEXT_CHANNEL), "still looking")


async def test_whoever_puts_the_bot_out_of_a_public_channel_sees_it_come_back_and_say_why(house: House) -> None:
    channel = await open_incident(house)
    await house.sandbox.slack.remove_bot(CHANNEL)
    await house.settle()
    assert BOT in channel.members
    places(house.said(CHANNEL), "Muster was removed from the incident's channel")
    assert incident_channels(house) == [CHANNEL]
    await house.sandbox.slack.say("U0BEN", CHANNEL, "it was the cache")
    await house.sandbox.slack.command("U0ANA", "resolve", channel=CHANNEL)
    await house.settle()
    assert "it was the cache" in house.sandbox.slack.files[0].content.decode(), "the timeline goes on"


async def test_a_bot_that_was_put_out_unheard_comes_back_with_its_next_word(house: House) -> None:
    channel = await open_incident(house)
    channel.members.discard(BOT)
    await update(house, "rolled back")
    await house.settle()
    assert BOT in channel.members
    places(house.said(CHANNEL), "rolled back")
    assert (incident_channels(house), await failures(house)) == ([CHANNEL], [])


async def test_a_channel_that_cannot_be_joined_again_is_given_up_for_another(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "error", name="conversations.join", error="method_not_supported_for_channel_type"))
    await house.sandbox.slack.remove_bot(CHANNEL)
    await house.settle()
    await pass_real_time(house, seconds=5)
    assert complete(house.sandbox.slack.channel(NEXT_CHANNEL))
    assert await waiting(house) == []


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
async def test_a_private_channel_that_the_bot_was_put_out_of_is_followed_by_another_private_one(house: House, heard: bool) -> None:
    await house.sandbox.slack.command("U0ANA", "declare private P0 Salaries are visible")
    await house.settle()
    (name,) = incident_channels(house)
    old = house.sandbox.slack.channel(name)
    assert old.is_private
    if heard:
        await house.sandbox.slack.remove_bot(name)
    else:
        old.members.discard(BOT)
        await house.travel(minutes=5)
    await house.settle()
    await pass_real_time(house, seconds=5)
    new = house.sandbox.slack.channel(f"{name}-2")
    assert new.is_private and complete(new) and "U0ANA" in new.members
    assert BOT not in old.members
    assert not any("Salaries" in text for text in house.said("alerts-critical"))


@LOSSES
async def test_a_resolved_incident_gets_no_other_channel(house: House, lose: Callable[[House], Awaitable[None]]) -> None:
    await open_incident(house)
    await house.sandbox.slack.command("U0ANA", "resolve", channel=CHANNEL)
    await house.settle()
    await lose(house)
    await house.travel(hours=25)
    await pass_real_time(house, minutes=10)
    assert NEXT_CHANNEL not in incident_channels(house)
    assert await waiting(house) == []


async def test_what_waits_when_the_channel_of_a_resolved_incident_is_lost_is_not_said_and_not_kept(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.down.add("slack")
    await update(house, "rolled back")
    await house.sandbox.slack.command("U0ANA", "resolve", channel=CHANNEL)
    await archive(house)
    house.sandbox.faults.clear()
    await pass_real_time(house, minutes=6)
    assert await waiting(house) == []
    assert incident_channels(house) == [CHANNEL]
    places(house.said("alerts-critical"), "rolled back")


async def test_a_renamed_channel_is_followed_and_nothing_else_happens(house: House) -> None:
    channel = await open_incident(house)
    await house.sandbox.slack.rename("U0BEN", CHANNEL, "the-checkout-fire")
    await update(house, "rolled back", channel="the-checkout-fire")
    await house.settle()
    (row,) = await rows_of(house)
    assert (row.name, row.channel_id) == ("the-checkout-fire", channel.id)
    places(house.said("the-checkout-fire"), "rolled back")
    assert await failures(house) == []


@pytest.mark.parametrize("lost", ["archived", "deleted", "private"])
async def test_a_lost_announce_channel_costs_the_incident_nothing(house: House, lost: str) -> None:
    await open_incident(house)
    announce = house.sandbox.slack.channel("alerts-critical")
    if lost == "deleted":
        del house.sandbox.slack.channels[announce.id]
    announce.archived, announce.is_private = lost == "archived", lost == "private"
    announce.members.discard(BOT)
    asked_before = len(requests(house))
    await update(house, "rolled back")
    await house.settle()
    await pass_real_time(house, minutes=10)
    places(house.said(CHANNEL), "rolled back")
    assert "Monitoring" not in house.said(CHANNEL)[0]
    assert "rolled back" not in " ".join(message.text for message in announce.messages)
    assert incident_channels(house) == [CHANNEL]
    assert await waiting(house) == []
    assert len(requests(house)) - asked_before < 15, "what cannot pass is not tried for ever"


async def test_a_channel_that_may_not_be_made_is_said_where_it_is_announced_while_the_phones_ring(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "error", name="conversations.create", error="restricted_action", times=None))
    await house.post_alert(alert())
    await house.settle()
    assert len(house.texts(TIM)) == 1
    assert any("restricted_action" in text and "ask an admin" in text for text in house.said("alerts-critical"))
    assert await waiting(house) == []
    assert len(requests(house, "conversations.create")) == 1
    await house.sandbox.phones.reply(TIM, "ack")
    assert (await house.show("INC-1"))["owner"] == "Tim"


async def test_when_no_other_channel_can_be_made_nothing_waits_for_ever(house: House) -> None:
    await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "error", name="conversations.create", error="restricted_action", times=None))
    await archive_unheard(house)
    for words in ("first words", "second words"):
        await update(house, words)
    await house.settle()
    await pass_real_time(house, minutes=10)
    assert await waiting(house) == []
    assert len(await failures(house, Kind.CHANNEL)) == 1
    assert any("restricted_action" in text for text in house.said("alerts-critical"))
