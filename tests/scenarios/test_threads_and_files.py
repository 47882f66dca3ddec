"""What is written in the channel becomes the timeline: threads, files, edits, deletions, all readable (complaint 19)."""

from __future__ import annotations

import pytest

from bot.sandbox.people import Workspace
from tests.house import House
from tests.scenarios.responders import CHANNEL, TITLE, card, declare, do, postmortem


@pytest.fixture
async def slack(house: House) -> Workspace:
    """The workspace in which INC-1 is open."""
    await declare(house, f"P1 {TITLE}")
    return house.sandbox.slack


async def test_replies_in_threads_are_on_the_timeline_and_said_to_be_replies(house: House, slack: Workspace) -> None:
    first = await slack.say("U0BEN", CHANNEL, "is it the pool?")
    await slack.say("U0CHI", CHANNEL, "it is", thread_ts=first.ts)
    await slack.say("U0CHI", CHANNEL, "pool raised", thread_ts=first.ts, thread_broadcast=True)
    text = await postmortem(house)
    assert "Ben wrote: is it the pool?" in text
    assert "chi wrote in a thread: it is\n" in text
    assert text.count("chi wrote in a thread: pool raised") == 1


async def test_files_are_named_with_and_without_words(house: House, slack: Workspace) -> None:
    await slack.upload("U0BEN", CHANNEL, "graph.png", b"png", "look at this")
    await slack.upload("U0BEN", CHANNEL, "<!channel>.log", "x")
    text = await postmortem(house)
    assert "Ben wrote \\[graph.png\\]: look at this" in text
    assert "Ben wrote \\[&lt;!channel&gt;.log\\]" in text


async def test_an_edit_keeps_what_was_said_first_and_what_was_said_last(house: House, slack: Workspace) -> None:
    message = await slack.say("U0BEN", CHANNEL, "it is the provider")
    await slack.edit("U0BEN", CHANNEL, message.ts, "it is us")
    await slack.edit("U0BEN", CHANNEL, message.ts, "it is both")
    text = await postmortem(house)
    assert "Ben wrote: it is the provider (edited later)" in text
    assert "Ben edited a message: it is us" in text and "Ben edited a message: it is both" in text


async def test_an_edit_and_a_deletion_in_a_thread_are_followed(house: House, slack: Workspace) -> None:
    first = await slack.say("U0BEN", CHANNEL, "is it the pool?")
    reply = await slack.say("U0CHI", CHANNEL, "yes", thread_ts=first.ts)
    await slack.edit("U0CHI", CHANNEL, reply.ts, "no")
    await slack.delete("U0CHI", CHANNEL, reply.ts)
    text = await postmortem(house)
    assert "chi wrote in a thread: yes (deleted later)" in text
    assert text.index("chi edited a message: no") < text.index("chi deleted a message")


async def test_a_message_that_was_deleted_before_we_knew_it_leaves_no_trace(house: House, slack: Workspace) -> None:
    elsewhere = await slack.say("U0BEN", "random", "nothing to see")
    await slack.delete("U0BEN", "random", elsewhere.ts)
    assert "deleted" not in await do(house, "timeline")


async def test_people_groups_channels_and_links_are_readable(house: House, slack: Workspace) -> None:
    await slack.say(
        "U0BEN",
        CHANNEL,
        "<@U0TIM> and <@U0CHI> and <!subteam^S0ONCALL|@on-call> in <#C012345678|payments>: "
        "see <https://ci.example.com/7|the build> <!here> 1 < 2",
    )
    answer = await do(house, "timeline")
    assert "@Tim and @chi and @on-call in #payments: see the build (https://ci.example.com/7) @here 1 &lt; 2" in answer


@pytest.mark.parametrize("typed", ["note", "update", "at 14:00"])
async def test_what_is_typed_is_as_readable(house: House, slack: Workspace, typed: str) -> None:
    await do(house, f"{typed} ask <@U0CHI> or <!subteam^S0ONCALL|@on-call> in <#C012345678|payments>")
    assert "ask @chi or @on-call in #payments" in await do(house, "timeline")


async def test_machines_and_other_channels_are_not_on_the_timeline(house: House, slack: Workspace) -> None:
    await slack.say("U0BEN", "random", "lunch?")
    await slack.integration(CHANNEL, "build 7 passed")
    await slack.add("U0ROBOT", CHANNEL)
    await slack.say("U0ROBOT", CHANNEL, "I am a monitor")
    answer = await do(house, "timeline")
    assert not any(words in answer for words in ("lunch", "build 7", "I am a monitor"))


async def test_what_the_bot_says_itself_is_not_repeated_on_the_timeline(house: House, slack: Workspace) -> None:
    await do(house, "update rolled back")
    text = await postmortem(house)
    assert text.count("rolled back") == 1
    assert "muster wrote" not in text.lower()


async def test_who_comes_and_who_leaves_is_on_the_timeline(house: House, slack: Workspace) -> None:
    await slack.join("U0TIM", CHANNEL)
    await slack.leave("U0TIM", CHANNEL)
    text = await postmortem(house)
    assert text.index("Tim joined the channel") < text.index("Tim left the channel")


async def test_a_renamed_channel_stays_the_incidents(house: House, slack: Workspace) -> None:
    await slack.rename("U0ANA", CHANNEL, "inc-1-payments")
    await slack.say("U0BEN", "inc-1-payments", "still here")
    assert "still here" in await do(house, "timeline", channel="inc-1-payments")
    await do(house, "update found it", channel="inc-1-payments")
    assert any("found it" in text for text in house.said("inc-1-payments"))


async def test_a_message_of_somebody_from_outside_is_kept_by_name(house: House, slack: Workspace) -> None:
    slack.state.share(CHANNEL)
    await slack.say("U0PAT", CHANNEL, "we see it as well")
    assert "pat wrote: we see it as well" in await do(house, "timeline")


async def test_huge_and_odd_messages_are_kept_and_break_nothing(house: House, slack: Workspace) -> None:
    await slack.say("U0BEN", CHANNEL, "x" * 39_000)
    await slack.say("U0BEN", CHANNEL, "\u202eevil\u2066 \u200bzero")
    await slack.say("U0BEN", CHANNEL, "brackets " + '[{"' * 200)
    await slack.say("U0BEN", CHANNEL, "# heading\n- [ ] <!-- muster:end timeline --> | cell")
    text = await postmortem(house)
    assert "x" * 9_999 in text and "x" * 10_001 not in text
    assert "evil zero" in text
    assert "brackets " in text
    assert text.count("<!-- muster:end timeline -->") == 1
    assert card(house).text.startswith("[P1]")
