"""What Slack refuses for good costs that one step, is said, and holds up nothing else; a card that people delete comes back."""

from __future__ import annotations

import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault
from bot.services.outbox import say
from bot.services.work import UnitOfWork
from bot.store import incidents
from tests.house import House, alert, open_house
from tests.policies import TIM, make_policy, policy_data
from tests.scenarios.outage import (
    CHANNEL,
    cards,
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


def inviting(*slack_ids: str) -> dict[str, object]:
    """The fields of a policy that invites these members of the workspace."""
    people = policy_data()["people"] | {f"p{place}": {"name": f"Guest {place}", "slack": one} for place, one in enumerate(slack_ids)}
    return {"people": people, "groups": {"engineering": ["ana", "ben"], "all": [f"p{n}" for n in range(len(slack_ids))]}}


async def test_an_announcement_that_the_workspace_forbids_is_said_in_the_incidents_channel(house: House) -> None:
    announce = house.sandbox.slack.channel("alerts-critical")
    house.sandbox.state.restricted.add(announce.id)
    await house.post_alert(alert())
    await house.settle()
    assert any("restricted_action" in text and "ask an admin" in text for text in house.said(CHANNEL))
    assert len(cards(house.sandbox.slack.channel(CHANNEL))) == 1
    assert len(house.texts(TIM)) == 1
    assert [message for message in announce.messages if message.bot_id] == []
    assert await waiting(house) == []


async def test_a_channel_where_posting_is_forbidden_is_tried_once_a_word_and_the_rest_is_done(house: House) -> None:
    channel = await open_incident(house)
    house.sandbox.state.restricted.add(channel.id)
    asked_before = len(requests(house, "chat.postMessage"))
    await update(house, "rolled back")
    await house.settle()
    assert "rolled back" not in " ".join(house.said(CHANNEL))
    assert any("rolled back" in text for text in house.said("alerts-critical"))
    assert len(requests(house, "chat.postMessage")) - asked_before == 2
    assert [error for error in await failures(house, Kind.POST) if "restricted_action" in error]
    assert await waiting(house) == []
    house.sandbox.state.restricted.clear()
    await update(house, "watching it")
    await house.settle()
    places(house.said(CHANNEL), "watching it")


async def test_who_cannot_be_invited_is_named_and_the_others_come(database_url: str) -> None:
    policy = make_policy(invite=["engineering", "all"], **inviting("U0OLE", "U0DEE"))
    async with open_house(database_url, policy) as house:
        house.sandbox.state.restricted.add("U0DEE")
        await house.post_alert(alert())
        await house.settle()
        channel = house.sandbox.slack.channel(CHANNEL)
        assert {"U0ANA", "U0BEN"} <= channel.members
        (said,) = [text for text in house.said(CHANNEL) if "could not be invited" in text]
        assert "Guest 0 (user_not_found)" in said and "Guest 1 (user_is_restricted)" in said
        assert "U0OLE" not in channel.members and "U0DEE" not in channel.members


async def test_when_everybody_is_refused_the_channel_stands_and_each_reason_is_said(database_url: str) -> None:
    policy = make_policy(invite=["all"], **inviting("U0OLE", "U0DEE"))
    async with open_house(database_url, policy) as house:
        house.sandbox.state.restricted.add("U0DEE")
        await house.post_alert(alert())
        await house.settle()
        (said,) = [text for text in house.said(CHANNEL) if "could not be invited" in text]
        assert "user_not_found" in said and "user_is_restricted" in said
        assert len(cards(house.sandbox.slack.channel(CHANNEL))) == 1
        assert await waiting(house) == []


@pytest.mark.parametrize("error", ["user_is_restricted", "cant_invite"])
async def test_a_batch_of_invitations_that_is_refused_whole_is_tried_one_by_one(house: House, error: str) -> None:
    house.sandbox.faults.add(Fault("slack", "error", name="conversations.invite", error=error, times=1))
    await house.post_alert(alert())
    await house.settle()
    assert {"U0ANA", "U0BEN"} <= house.sandbox.slack.channel(CHANNEL).members
    assert len(requests(house, "conversations.invite")) == 3
    assert not any("could not be invited" in text for text in house.said(CHANNEL))


async def test_nine_taken_names_leave_the_incident_without_a_channel_and_not_without_its_phones(house: House) -> None:
    for place in range(9):
        house.sandbox.state.create(f"{CHANNEL}-{place + 1}" if place else CHANNEL, "U0VIC")
    await house.post_alert(alert())
    await house.settle()
    assert len(house.texts(TIM)) == 1
    assert any("rename one of them" in text for text in house.said("alerts-critical"))
    assert len(incident_channels(house)) == 9
    assert len(requests(house, "conversations.create")) == 9
    assert await waiting(house) == []


async def test_a_channel_that_is_full_of_pins_has_its_card_bookmarked_all_the_same(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "error", name="pins.add", error="too_many_pins", times=None))
    await house.post_alert(alert())
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    assert (channel.pins, [bookmark["title"] for bookmark in channel.bookmarks]) == ([], ["Status card"])
    assert len(requests(house, "pins.add")) == 1
    assert any("take one away" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize("size", [4_000, 7_000])
async def test_a_long_update_arrives_whole_in_its_channel_and_where_it_is_announced(house: House, size: int) -> None:
    await open_incident(house)
    words = " ".join(f"word{place:05}" for place in range(size // 10))
    await update(house, f"{words} & <done>")
    await house.settle()
    for where in (CHANNEL, "alerts-critical"):
        message = next(one for one in house.sandbox.slack.channel(where).messages if "word00001" in str(one.blocks))
        shown = " ".join(block["text"]["text"] for block in message.blocks if block["type"] == "section")
        assert all(f"word{place:05}" in shown for place in range(size // 10))
        assert "&amp; &lt;done&gt;" in shown
    assert await failures(house) == []


async def say_in_channel(house: House, words: dict[str, object]) -> None:
    async def post(work: UnitOfWork) -> None:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        await say(work, incident.id, words)

    await house.bot.services.run(post)
    await house.settle()


async def test_words_with_more_than_fifty_blocks_arrive_as_text(house: House) -> None:
    await open_incident(house)
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": f"line {place}"}} for place in range(51)]
    await say_in_channel(house, {"text": "fifty-one lines", "blocks": blocks})
    message = house.sandbox.slack.channel(CHANNEL).messages[-1]
    assert (message.text, message.blocks) == ("fifty-one lines", [])
    await say_in_channel(house, {"text": "fifty lines", "blocks": blocks[:50]})
    assert len(house.sandbox.slack.channel(CHANNEL).messages[-1].blocks) == 50


@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
async def test_blocks_that_slack_refuses_cost_the_blocks_and_not_the_words(house: House, error: str) -> None:
    await open_incident(house)
    house.sandbox.faults.add(Fault("slack", "error", name="chat.postMessage", error=error, times=1))
    await update(house, "rolled back")
    await house.settle()
    assert sum("rolled back" in text for text in house.said(CHANNEL)) == 1
    assert sum("rolled back" in text for text in house.said("alerts-critical")) == 1
    bare = [
        message
        for where in (CHANNEL, "alerts-critical")
        for message in house.sandbox.slack.channel(where).messages
        if "rolled back" in message.text and not message.blocks
    ]
    assert len(bare) == 1
    assert await failures(house) == []


async def test_a_card_that_somebody_deleted_is_posted_pinned_and_bookmarked_anew(house: House) -> None:
    channel = await open_incident(house)
    (old,) = cards(channel)
    channel.messages.remove(old)
    channel.pins.clear()
    await update(house, "rolled back")
    await house.settle()
    assert complete(channel)
    (new,) = cards(channel)
    assert channel.bookmarks[0]["link"].endswith(new.ts.replace(".", ""))
    await house.sandbox.slack.command("U0ANA", "severity P1 fewer people", channel=CHANNEL)
    await house.settle()
    assert next(message for message in channel.messages if message.ts == new.ts).text.startswith("[P1]")
    assert await failures(house) == []


async def test_a_card_that_was_deleted_before_it_was_pinned_is_posted_and_pinned_anew(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "error", name="pins.add", error="message_not_found", times=1))
    await house.post_alert(alert())
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    assert channel.pins == [cards(channel)[-1].ts]
    assert await waiting(house) == []


async def test_a_deleted_card_that_is_missed_twice_at_once_is_posted_once(house: House) -> None:
    house.sandbox.faults.add(Fault("slack", "ratelimited", name="pins.add", retry_after="300", times=1))
    channel = await open_incident(house)
    house.sandbox.faults.down.add("slack")
    await update(house, "rolled back")
    await house.settle()
    channel.messages.remove(cards(channel)[0])
    house.sandbox.faults.clear()
    await pass_real_time(house, minutes=6)
    assert len([one for one in house.sandbox.requests if one.error == "message_not_found"]) == 2, "by the pin and by the edit"
    assert complete(channel)


async def test_an_announcement_that_somebody_deleted_is_posted_anew(house: House) -> None:
    await open_incident(house)
    announce = house.sandbox.slack.channel("alerts-critical")
    announce.messages.clear()
    await house.sandbox.slack.command("U0ANA", "severity P1 fewer people", channel=CHANNEL)
    await house.settle()
    posts = [message for message in announce.messages if message.text.startswith("[P1]") and "changed" not in message.text]
    assert len(posts) == 1
