"""Messages of the pretend workspace: their limits, their threads, and the things that hang on them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.slack_bot import SlackBot, error_of


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def incidents(bot: SlackBot, text: str = "checkout is down", **more: Any) -> tuple[str, str]:
    """The channel and the ts of a message of the bot's."""
    channel = bot.slack.channel("incidents").id
    return channel, str((await bot.client.chat_postMessage(channel=channel, text=text, **more))["ts"])


async def test_a_post_to_a_person_opens_their_direct_messages(slack_bot: SlackBot) -> None:
    posted = await slack_bot.client.chat_postMessage(channel="U0ANA", text="you are on call")
    channel = slack_bot.slack.channel("U0ANA")
    assert (posted["channel"], channel.is_im, channel.messages[0].text) == (channel.id, True, "you are on call")
    again = await slack_bot.client.chat_postMessage(channel="U0ANA", text="still")
    assert again["channel"] == posted["channel"]


@pytest.mark.parametrize(("user", "error"), [("U0OLE", "user_disabled"), ("U0ROBOT", "cannot_dm_bot"), ("U0NOBODY", "channel_not_found")])
async def test_who_cannot_be_written_to_is_said(slack_bot: SlackBot, user: str, error: str) -> None:
    assert await error_of(slack_bot.client.chat_postMessage(channel=user, text="hello")) == error


async def test_a_long_post_is_cut_and_a_long_edit_refused(slack_bot: SlackBot) -> None:
    channel, ts = await incidents(slack_bot, "x" * 40_001)
    assert len(slack_bot.slack.channel("incidents").message(ts).text) == 40_000
    assert await error_of(slack_bot.client.chat_update(channel=channel, ts=ts, text="x" * 4_001)) == "msg_too_long"
    told = slack_bot.client.chat_postEphemeral(channel=channel, user="U0ANA", text="x" * 40_001)
    assert await error_of(told) == "msg_too_long"


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section("x")] * 51, "invalid_blocks"),
        ([section("x" * 3_001)], "invalid_blocks"),
        ([section("x" * 3_000)] * 4, "msg_blocks_too_long"),
        ("[{", "invalid_blocks_format"),
        ([{"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": []}]}], "invalid_blocks"),
    ],
)
async def test_blocks_have_limits(slack_bot: SlackBot, blocks: Any, error: str) -> None:
    channel = slack_bot.slack.channel("incidents").id
    assert await error_of(slack_bot.client.chat_postMessage(channel=channel, text="hello", blocks=blocks)) == error


async def test_a_channel_where_only_some_may_post_refuses_the_bot(slack_bot: SlackBot) -> None:
    channel, _ = await incidents(slack_bot)
    slack_bot.state.restricted.add(channel)
    assert await error_of(slack_bot.client.chat_postMessage(channel=channel, text="hello")) == "restricted_action"


async def test_replies_are_in_their_thread_and_only_broadcast_ones_in_the_channel(slack_bot: SlackBot) -> None:
    channel, ts = await incidents(slack_bot)
    await slack_bot.client.chat_postMessage(channel=channel, text="quietly", thread_ts=ts)
    await slack_bot.client.chat_postMessage(channel=channel, text="aloud", thread_ts=ts, reply_broadcast=True)
    thread = (await slack_bot.client.conversations_replies(channel=channel, ts=ts))["messages"]
    assert [one["text"] for one in thread] == ["checkout is down", "quietly", "aloud"]
    assert (thread[0]["reply_count"], thread[1]["parent_user_id"]) == (2, "U0MUSTER")
    history = (await slack_bot.client.conversations_history(channel=channel))["messages"]
    assert [one["text"] for one in history] == ["aloud", "checkout is down"]
    assert await error_of(slack_bot.client.conversations_replies(channel=channel, ts="1.000001")) == "thread_not_found"


async def test_history_is_between_two_moments(slack_bot: SlackBot) -> None:
    channel, first = await incidents(slack_bot, "first")
    _, second = await incidents(slack_bot, "second")
    read = slack_bot.client.conversations_history
    assert [one["ts"] for one in (await read(channel=channel, oldest=first))["messages"]] == [second]
    assert [one["ts"] for one in (await read(channel=channel, oldest=first, latest=second, inclusive=True))["messages"]] == [second, first]
    assert await error_of(read(channel=channel, oldest="yesterday")) == "invalid_ts_oldest"


async def test_only_its_own_messages_can_be_changed_or_deleted(slack_bot: SlackBot) -> None:
    channel, own = await incidents(slack_bot)
    theirs = (await slack_bot.slack.say("U0ANA", "incidents", "mine")).ts
    assert await error_of(slack_bot.client.chat_update(channel=channel, ts=theirs, text="no")) == "cant_update_message"
    assert await error_of(slack_bot.client.chat_delete(channel=channel, ts=theirs)) == "cant_delete_message"
    await slack_bot.client.chat_delete(channel=channel, ts=own)
    assert await error_of(slack_bot.client.chat_delete(channel=channel, ts=own)) == "message_not_found"


async def test_reactions_are_counted_with_who_gave_them(slack_bot: SlackBot) -> None:
    channel, ts = await incidents(slack_bot)
    await slack_bot.slack.react("U0ANA", "incidents", ts, "eyes")
    await slack_bot.slack.react("U0BEN", "incidents", ts, "eyes")
    message = (await slack_bot.client.reactions_get(channel=channel, timestamp=ts))["message"]
    assert message["reactions"] == [{"name": "eyes", "users": ["U0ANA", "U0BEN"], "count": 2}]
    await slack_bot.slack.unreact("U0ANA", "incidents", ts, "eyes")
    await slack_bot.slack.unreact("U0BEN", "incidents", ts, "eyes")
    assert "reactions" not in (await slack_bot.client.reactions_get(channel=channel, timestamp=ts))["message"]
    assert await error_of(slack_bot.client.reactions_add(channel=channel, timestamp=ts, name="eyes")) == "missing_scope"


async def test_a_bookmark_can_be_changed(slack_bot: SlackBot) -> None:
    channel, client = slack_bot.slack.channel("incidents").id, slack_bot.client
    made = (await client.bookmarks_add(channel_id=channel, title="card", type="link", link="https://a.example"))["bookmark"]
    await client.bookmarks_edit(channel_id=channel, bookmark_id=made["id"], title="the card")
    kept = (await client.bookmarks_list(channel_id=channel))["bookmarks"]
    assert [(one["title"], one["link"]) for one in kept] == [("the card", "https://a.example")]
    wrong = client.bookmarks_edit(channel_id=channel, bookmark_id=made["id"], link="ftp://a.example")
    assert await error_of(wrong) == "invalid_link"
    assert await error_of(client.bookmarks_edit(channel_id=channel, bookmark_id="Bk0", title="x")) == "not_found"


async def test_pins_are_kept_once(slack_bot: SlackBot) -> None:
    channel, ts = await incidents(slack_bot)
    await slack_bot.client.pins_add(channel=channel, timestamp=ts)
    assert slack_bot.slack.channel("incidents").messages[-1].subtype == "pinned_item"
    assert await error_of(slack_bot.client.pins_add(channel=channel, timestamp=ts)) == "already_pinned"
    assert await error_of(slack_bot.client.pins_add(channel=channel, timestamp="now")) == "bad_timestamp"
    assert await error_of(slack_bot.client.pins_list(channel=channel)) == "missing_scope"


async def test_what_only_one_person_sees_goes_to_nobody_outside_the_channel(slack_bot: SlackBot) -> None:
    channel = slack_bot.slack.channel("incidents").id
    told = await slack_bot.client.chat_postEphemeral(channel=channel, user="U0ANA", text="only you")
    assert [(one.text, one.ts) for one in slack_bot.slack.ephemerals("U0ANA")] == [("only you", told["message_ts"])]
    assert await error_of(slack_bot.client.chat_postEphemeral(channel=channel, user="U0ROBOT", text="x")) == "user_not_in_channel"


async def test_no_two_messages_of_one_moment_have_the_same_ts(slack_bot: SlackBot) -> None:
    slack_bot.sandbox.clock.follow = None
    await slack_bot.sandbox.clock.freeze()
    made = [slack_bot.sandbox.state.new_ts() for _ in range(2_000)]
    assert made == sorted(set(made))
    assert all(len(ts.partition(".")[2]) == 6 for ts in made)
