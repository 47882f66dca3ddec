"""What the bot is told of, in which channels, and with which fields."""

from __future__ import annotations

import pytest

from bot.sandbox.workspace import SlackError
from tests.sandbox.slack_bot import SlackBot


async def test_a_reply_and_a_shared_file_say_what_they_are(slack_bot: SlackBot) -> None:
    slack = slack_bot.slack
    parent = await slack.say("U0ANA", "incidents", "looking")
    await slack.say("U0BEN", "incidents", "me too", thread_ts=parent.ts)
    await slack.say("U0BEN", "incidents", "found it", thread_ts=parent.ts, thread_broadcast=True)
    await slack.upload("U0ANA", "incidents", "graph.txt", "high", text="see")
    _, reply, aloud, shared = slack_bot.events
    assert (reply["thread_ts"], reply.get("subtype")) == (parent.ts, None)
    assert (aloud["subtype"], aloud["root"]["text"]) == ("thread_broadcast", "looking")
    assert (shared["subtype"], shared["text"], shared["files"][0]["name"]) == ("file_share", "see", "graph.txt")


async def test_what_is_typed_is_escaped_but_for_mentions_and_links(slack_bot: SlackBot) -> None:
    await slack_bot.slack.say("U0ANA", "incidents", "a < b & <@U0BEN|ben> says <https://a.example|so>")
    assert slack_bot.events[0]["text"] == "a &lt; b &amp; <@U0BEN|ben> says <https://a.example|so>"


async def test_what_another_app_writes_has_a_bot_and_no_user(slack_bot: SlackBot) -> None:
    await slack_bot.slack.integration("incidents", "deployed 1.4.2")
    await slack_bot.slack.say("U0ROBOT", "incidents", "cpu is high")
    webhook, robot = slack_bot.events[0], slack_bot.events[-1]
    assert (webhook["subtype"], webhook["bot_id"], "user" in webhook) == ("bot_message", "B0WEBHOOK", False)
    assert (robot.get("subtype"), robot["bot_id"], robot["user"]) == (None, "B0ROBOT", "U0ROBOT")


async def test_an_edit_and_a_deletion_carry_what_was_there(slack_bot: SlackBot) -> None:
    said = await slack_bot.slack.say("U0ANA", "incidents", "before")
    await slack_bot.slack.edit("U0ANA", "incidents", said.ts, "after")
    await slack_bot.slack.delete("U0ANA", "incidents", said.ts)
    _, edited, deleted = slack_bot.events
    assert (edited["previous_message"]["text"], edited["message"]["text"], edited["hidden"]) == ("before", "after", True)
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (said.ts, "after")


async def test_what_the_bot_writes_and_changes_comes_back_to_it(slack_bot: SlackBot) -> None:
    channel = slack_bot.slack.channel("incidents").id
    posted = await slack_bot.client.chat_postMessage(channel=channel, text="before")
    await slack_bot.client.chat_update(channel=channel, ts=posted["ts"], text="after")
    await slack_bot.until(lambda: len(slack_bot.events) == 2)
    own, edited = sorted(slack_bot.events, key=lambda event: event["event_ts"])
    assert (own["bot_id"], own["user"], edited["message"]["text"]) == ("B0MUSTER", "U0MUSTER", "after")


async def test_where_the_bot_is_not_it_hears_nothing(slack_bot: SlackBot) -> None:
    said = await slack_bot.slack.say("U0ANA", "general", "lunch?")
    await slack_bot.slack.react("U0BEN", "general", said.ts, "pizza")
    assert slack_bot.events == []


async def test_a_private_channel_is_heard_under_names_of_its_own(slack_bot: SlackBot) -> None:
    slack = slack_bot.slack
    slack.private_channel("U0ANA", "secret", ["U0MUSTER"])
    await slack.say("U0ANA", "secret", "quiet")
    await slack.rename("U0ANA", "secret", "more-secret")
    await slack.archive("U0ANA", "more-secret")
    assert slack_bot.kinds() == ["message", "group_name", "group_rename", "group_archive", "group_archive"]
    assert slack_bot.events[0]["channel_type"] == "group"


async def test_joining_and_leaving_are_told(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1", "U0ANA")
    await slack_bot.quiet(3)
    await slack_bot.slack.join("U0BEN", channel)
    await slack_bot.slack.leave("U0BEN", channel)
    assert slack_bot.kinds() == ["channel_join", "member_joined_channel", "member_left_channel"]
    assert slack_bot.events[1]["channel_type"] == "C"


async def test_a_guest_of_a_private_channel_cannot_come_in_alone(slack_bot: SlackBot) -> None:
    slack_bot.slack.private_channel("U0ANA", "secret")
    with pytest.raises(SlackError, match="channel_not_found"):
        await slack_bot.slack.say("U0DEE", "secret", "let me in")


async def test_the_bot_hears_that_it_was_taken_out_and_then_no_more(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1", "U0ANA")
    await slack_bot.quiet(3)
    await slack_bot.slack.remove_bot(channel)
    await slack_bot.slack.say("U0ANA", channel, "it is gone")
    assert slack_bot.events == [{"type": "channel_left", "channel": channel, "event_ts": slack_bot.events[0]["event_ts"]}]


async def test_an_archived_channel_and_a_deleted_one_are_told(slack_bot: SlackBot) -> None:
    await slack_bot.slack.archive("U0ANA", "incidents")
    assert slack_bot.kinds() == ["channel_archive", "channel_archive"]
    assert "U0MUSTER" not in slack_bot.slack.channel("incidents").members
    await slack_bot.slack.delete_channel("random")
    assert slack_bot.events[-1]["type"] == "channel_deleted"
    with pytest.raises(SlackError, match="channel_not_found"):
        slack_bot.slack.channel("random")


async def test_a_reaction_names_its_message_and_whose_that_is(slack_bot: SlackBot) -> None:
    said = await slack_bot.slack.say("U0ANA", "incidents", "rolled back")
    await slack_bot.slack.react("U0BEN", "incidents", said.ts, "memo")
    await slack_bot.slack.unreact("U0BEN", "incidents", said.ts, "memo")
    _, added, removed = slack_bot.events
    assert (added["type"], added["reaction"], added["item_user"], added["item"]["ts"]) == ("reaction_added", "memo", "U0ANA", said.ts)
    assert removed["type"] == "reaction_removed"


async def test_direct_messages_are_only_heard_when_subscribed_to(slack_bot: SlackBot) -> None:
    await slack_bot.slack.dm("U0ANA", "are you there?")
    assert slack_bot.events == []
    slack_bot.slack.subscriptions.add("message.im")
    await slack_bot.slack.dm("U0ANA", "now?")
    assert [(event["channel_type"], event["text"]) for event in slack_bot.events] == [("im", "now?")]


async def test_somebody_of_another_workspace_carries_their_own(slack_bot: SlackBot) -> None:
    slack_bot.state.share("incidents")
    await slack_bot.slack.say("U0PAT", "incidents", "we see it too")
    envelope, event = slack_bot.envelopes[-1], slack_bot.events[-1]
    assert (event["user_team"], envelope["team_id"], envelope["is_ext_shared_channel"]) == ("T0OTHER", "T0SANDBOX", True)
    with pytest.raises(ValueError, match="another workspace"):
        await slack_bot.slack.command("U0PAT", "status")


async def test_somebody_who_left_does_nothing_any_more(slack_bot: SlackBot) -> None:
    with pytest.raises(SlackError, match="account_inactive"):
        await slack_bot.slack.say("U0OLE", "incidents", "hello")


async def test_a_topic_and_a_name_leave_a_line_in_the_channel(slack_bot: SlackBot) -> None:
    channel = await slack_bot.channel("inc-1")
    await slack_bot.client.conversations_setTopic(channel=channel, topic="P0 <checkout>")
    await slack_bot.client.conversations_rename(channel=channel, name="inc-1-done")
    assert [one.subtype for one in slack_bot.slack.channel(channel).messages] == ["channel_topic", "channel_name"]
    shown = (await slack_bot.client.conversations_info(channel=channel))["channel"]
    assert (shown["topic"]["value"], shown["name"]) == ("P0 &lt;checkout&gt;", "inc-1-done")
