"""Cards, posts, edits, pins, bookmarks and files: posted once, whatever becomes of the answer (B7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.outbox import Kind
from bot.sandbox import Fault, Sandbox
from bot.senders.slack import Slack
from tests.senders.deliveries import asked, failure, make_delivery

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*INC-1* Checkout returns 500"}}


def incidents_id(sandbox: Sandbox) -> str:
    return sandbox.slack.channel("incidents").id


async def test_a_post_stands_in_the_channel_with_its_words_and_nothing_made_live(sandbox: Sandbox, slack: Slack) -> None:
    receipt = await slack.send(make_delivery(Kind.POST, channel=incidents_id(sandbox), text="checkout is back", blocks=[SECTION]))
    message = sandbox.slack.channel("incidents").messages[-1]
    assert (message.ts, message.text, message.blocks) == (receipt.provider_id, "checkout is back", [SECTION])
    params = sandbox.requests[-1].params
    assert (params["link_names"], params["parse"], params["unfurl_links"], params["unfurl_media"]) == (False, "none", False, False)


async def test_a_post_whose_answer_was_lost_is_found_again_and_not_posted_twice(sandbox: Sandbox, slack: Slack) -> None:
    first = make_delivery(Kind.POST, channel=incidents_id(sandbox), text="checkout is back")
    sandbox.faults.add(Fault("slack", "drop_after", name="chat.postMessage"))
    error = await failure(slack, first)
    assert (error.ambiguous, error.permanent) == (True, False)
    again = make_delivery(Kind.POST, identity=first.id, ambiguous=True, channel=incidents_id(sandbox), text="checkout is back")
    receipt = await slack.send(again)
    posts = [message for message in sandbox.slack.channel("incidents").messages if message.text == "checkout is back"]
    assert [message.ts for message in posts] == [receipt.provider_id]
    assert receipt.facts["adopted"] is True


async def test_an_ambiguous_post_that_never_landed_is_posted(sandbox: Sandbox, slack: Slack) -> None:
    await slack.send(make_delivery(Kind.POST, channel=incidents_id(sandbox), text="another one"))
    await slack.send(make_delivery(Kind.POST, ambiguous=True, channel=incidents_id(sandbox), text="checkout is back"))
    assert [message.text for message in sandbox.slack.channel("incidents").messages] == ["another one", "checkout is back"]


async def test_an_ambiguous_post_is_found_behind_many_others(sandbox: Sandbox, slack: Slack) -> None:
    lost = make_delivery(Kind.POST, channel=incidents_id(sandbox), text="the lost one")
    found = await slack.send(lost)
    channel = sandbox.slack.channel("incidents")
    channel.messages += [replace(channel.messages[0], ts=sandbox.state.new_ts(), metadata=None) for _ in range(201)]
    again = make_delivery(Kind.POST, identity=lost.id, ambiguous=True, channel=incidents_id(sandbox), text="the lost one")
    assert (await slack.send(again)).provider_id == found.provider_id
    assert asked(sandbox, "conversations.history") == 2


async def test_without_the_scope_to_read_an_ambiguous_post_is_said_once_more(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.faults.add(Fault("slack", "error", name="conversations.history", error="missing_scope"))
    await slack.send(make_delivery(Kind.POST, ambiguous=True, channel=incidents_id(sandbox), text="checkout is back"))
    assert sandbox.slack.channel("incidents").messages[-1].text == "checkout is back"


async def test_a_card_is_announced_by_name_in_a_public_channel_that_is_joined_first(sandbox: Sandbox, slack: Slack) -> None:
    receipt = await slack.send(make_delivery(Kind.CARD, channel="#general", text="INC-1", blocks=[SECTION]))
    general = sandbox.slack.channel("general")
    assert "U0MUSTER" in general.members
    assert receipt.facts["channel"] == general.id
    assert str(receipt.facts["permalink"]).startswith("https://")
    assert general.messages[-1].metadata is not None


async def test_a_name_is_looked_up_once(sandbox: Sandbox, slack: Slack) -> None:
    for text in ("one", "two"):
        await slack.send(make_delivery(Kind.POST, channel="incidents", text=text))
    assert asked(sandbox, "conversations.list") == 1


async def test_a_card_stands_although_its_permalink_was_not_said(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.faults.add(Fault("slack", "status", name="chat.getPermalink"))
    receipt = await slack.send(make_delivery(Kind.CARD, channel="incidents", text="INC-1"))
    assert receipt.facts["permalink"] is None
    assert sandbox.slack.channel("incidents").messages[-1].ts == receipt.provider_id


async def test_an_announce_channel_that_does_not_exist_is_a_permanent_failure_that_says_what_to_do(slack: Slack) -> None:
    error = await failure(slack, make_delivery(Kind.CARD, channel="nowhere", text="INC-1"))
    assert error.permanent
    assert "#nowhere" in str(error)
    assert "create it" in str(error)


async def test_a_bot_that_was_put_out_of_a_public_channel_joins_it_once_and_posts(sandbox: Sandbox, slack: Slack) -> None:
    channel = sandbox.slack.channel("incidents")
    channel.members.discard("U0MUSTER")
    await slack.send(make_delivery(Kind.POST, channel=channel.id, text="back again"))
    assert channel.messages[-1].text == "back again"


@pytest.mark.parametrize("kind", [Kind.POST, Kind.CARD_EDIT, Kind.PIN, Kind.TOPIC])
async def test_a_channel_that_cannot_be_rejoined_is_given_up_after_one_attempt(sandbox: Sandbox, slack: Slack, kind: Kind) -> None:
    sandbox.faults.add(Fault("slack", "error", times=None, error="not_in_channel"))
    request: dict[str, Any] = {"channel": incidents_id(sandbox), "text": "x", "ts": "1.0", "timestamp": "1.0", "topic": "x"}
    error = await failure(slack, make_delivery(kind, **request))
    assert (error.code, error.permanent) == ("not_in_channel", True)
    assert asked(sandbox, "conversations.join") == 1


async def test_an_archived_channel_is_a_permanent_failure(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.slack.channel("incidents").archived = True
    error = await failure(slack, make_delivery(Kind.POST, channel=incidents_id(sandbox), text="x"))
    assert (error.code, error.permanent, error.gate) == ("is_archived", True, None)


async def test_a_renamed_announce_channel_is_looked_up_afresh(sandbox: Sandbox, slack: Slack) -> None:
    await slack.send(make_delivery(Kind.POST, channel="incidents", text="one"))
    old = sandbox.slack.channel("incidents")
    old.archived, old.name = True, "incidents-old"
    new = sandbox.state.create("incidents", "U0ANA")
    await slack.send(make_delivery(Kind.POST, channel="incidents", text="two"))
    assert [message.text for message in new.messages] == ["two"]


BROKEN_BLOCKS: list[list[dict[str, Any]]] = [
    [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
    [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
    [{"type": "divider"}] * 51,
    [{"type": "no such block"}],
    [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    [{"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}]}],
    [{"text": "no type"}],
]


@pytest.mark.parametrize("blocks", BROKEN_BLOCKS)
async def test_blocks_that_slack_would_refuse_are_left_out_and_the_text_arrives(
    sandbox: Sandbox, slack: Slack, blocks: list[dict[str, Any]]
) -> None:
    await slack.send(make_delivery(Kind.POST, channel=incidents_id(sandbox), text="checkout is back", blocks=blocks))
    message = sandbox.slack.channel("incidents").messages[-1]
    assert (message.text, message.blocks) == ("checkout is back", [])
    assert asked(sandbox, "chat.postMessage") == 1


async def test_blocks_that_slack_refuses_after_all_are_left_out_too(sandbox: Sandbox, slack: Slack) -> None:
    sandbox.faults.add(Fault("slack", "error", name="chat.postMessage", error="invalid_blocks"))
    await slack.send(make_delivery(Kind.POST, channel=incidents_id(sandbox), text="checkout is back", blocks=[SECTION]))
    assert (sandbox.slack.channel("incidents").messages[-1].blocks, asked(sandbox, "chat.postMessage")) == ([], 2)


async def test_validating_blocks_leaves_them_as_they_were(sandbox: Sandbox, slack: Slack) -> None:
    button = {"type": "button", "action_id": "a", "value": "1", "text": {"type": "plain_text", "text": "Acknowledge"}}
    blocks = [SECTION, {"type": "actions", "elements": [button]}, {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}]}]
    await slack.send(make_delivery(Kind.POST, channel=incidents_id(sandbox), text="x", blocks=blocks))
    assert sandbox.slack.channel("incidents").messages[-1].blocks == blocks


async def test_an_edit_is_made_in_place_and_its_text_fits_an_edit(sandbox: Sandbox, slack: Slack) -> None:
    channel = incidents_id(sandbox)
    posted = await slack.send(make_delivery(Kind.CARD, channel=channel, text="INC-1"))
    await slack.send(make_delivery(Kind.CARD_EDIT, channel=channel, ts=posted.provider_id, text="y" * 5000, blocks=[SECTION]))
    message = sandbox.slack.channel("incidents").messages[-1]
    assert (message.ts, len(message.text), message.text[-1], message.blocks) == (posted.provider_id, 4000, "…", [SECTION])


async def test_an_edit_of_a_deleted_card_is_a_permanent_failure(sandbox: Sandbox, slack: Slack) -> None:
    error = await failure(slack, make_delivery(Kind.CARD_EDIT, channel=incidents_id(sandbox), ts="1.000001", text="x"))
    assert (error.code, error.permanent) == ("message_not_found", True)


async def test_pinning_twice_leaves_one_pin_and_no_error(sandbox: Sandbox, slack: Slack) -> None:
    posted = await slack.send(make_delivery(Kind.CARD, channel=incidents_id(sandbox), text="INC-1"))
    pin = make_delivery(Kind.PIN, channel=incidents_id(sandbox), timestamp=posted.provider_id)
    await slack.send(pin)
    await slack.send(pin)
    assert sandbox.slack.channel("incidents").pins == [posted.provider_id]


async def test_bookmarking_twice_leaves_one_bookmark(sandbox: Sandbox, slack: Slack) -> None:
    bookmark = make_delivery(Kind.BOOKMARK, channel=incidents_id(sandbox), title="Status card", link="https://example.com/p1")
    first = await slack.send(bookmark)
    second = await slack.send(bookmark)
    assert first.provider_id == second.provider_id
    assert [found["link"] for found in sandbox.slack.channel("incidents").bookmarks] == ["https://example.com/p1"]


async def test_a_bookmark_without_an_address_is_said_and_not_tried(sandbox: Sandbox, slack: Slack) -> None:
    error = await failure(slack, make_delivery(Kind.BOOKMARK, channel=incidents_id(sandbox), title="Status card", link=None))
    assert error.permanent
    assert asked(sandbox, "bookmarks.add") == 0


async def test_a_file_arrives_whole_under_its_title(sandbox: Sandbox, slack: Slack) -> None:
    share = make_delivery(
        Kind.FILE, channel=incidents_id(sandbox), filename="INC-1.md", title="Postmortem of INC-1", content="# Übung\n" * 2000
    )
    receipt = await slack.send(share)
    [file] = sandbox.slack.files
    assert (file.id, file.title, file.content.decode()) == (receipt.provider_id, "Postmortem of INC-1", "# Übung\n" * 2000)


async def test_a_file_whose_answer_was_lost_is_not_shared_twice(sandbox: Sandbox, slack: Slack) -> None:
    request: dict[str, Any] = {"channel": incidents_id(sandbox), "filename": "INC-1.md", "title": "Postmortem", "content": "# x"}
    sandbox.faults.add(Fault("slack", "drop_after", name="files.completeUploadExternal"))
    assert (await failure(slack, make_delivery(Kind.FILE, **request))).ambiguous
    receipt = await slack.send(make_delivery(Kind.FILE, ambiguous=True, **request))
    shared = [file["id"] for message in sandbox.slack.channel("incidents").messages for file in message.files]
    assert shared == [receipt.provider_id]
