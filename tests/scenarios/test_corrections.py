"""The record put straight: what happened at another time, when it began and ended, over several days (complaint 19)."""

from __future__ import annotations

import pytest

from bot.messages import actions
from tests.house import House
from tests.scenarios.responders import (
    ANNOUNCED,
    CHANNEL,
    SECOND,
    card,
    choose,
    declare,
    do,
    errors,
    form,
    incidents,
    postmortem,
    press,
    shown,
    submit,
)


async def test_what_happened_earlier_stands_at_its_own_time(house: House) -> None:
    await declare(house)
    await do(house, "note noticed by support")
    answer = await do(house, "at 13:55 deployed 1.4.2")
    assert "Recorded on the timeline of INC-1 at 2026-11-20 13:55 PT / 21:55 UTC." in answer
    text = await postmortem(house)
    assert "- 13:55 PT / 21:55 UTC: Ana noted: deployed 1.4.2" in text
    assert text.index("deployed 1.4.2") < text.index("declared the incident") < text.index("noticed by support")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("yesterday 23:50", "2026-11-19 23:50 PT"),
        ("2026-11-18 09:00", "2026-11-18 09:00 PT"),
        ("21:55 UTC", "2026-11-20 13:55 PT"),
        ("10m ago", "2026-11-20 13:55 PT"),
        ("23:50", "2026-11-19 23:50 PT"),
    ],
)
async def test_a_time_is_read_as_people_write_it(house: House, typed: str, expected: str) -> None:
    await declare(house)
    assert expected in await do(house, f"at {typed} somebody deployed")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("14:05", "Say what happened then"),
        ("25:00 x", "Begin with a time such as 14:05"),
        ("soonish x", "Begin with a time such as 14:05"),
        ("2026-12-24 10:00 x", "That time has not come yet"),
        ("2026-02-30 10:00 x", "Begin with a time such as 14:05"),
    ],
)
async def test_a_time_that_cannot_be_read_gets_a_sentence(house: House, typed: str, expected: str) -> None:
    await declare(house)
    before = await do(house, "timeline")
    assert expected in await do(house, f"at {typed}")
    assert await do(house, "timeline") == before


async def test_the_beginning_and_the_end_are_put_right_on_the_card_and_in_the_postmortem(house: House) -> None:
    await declare(house)
    await do(house, "at 13:40 started")
    for channel in (CHANNEL, ANNOUNCED):
        assert "Started: 2026-11-20 13:40 PT / 21:40 UTC" in card(house, channel).text
    await do(house, "at 13:45 started", user="U0BEN")
    await do(house, "at 14:01 ended")
    assert "The trouble ended 2026-11-20 14:01 PT / 22:01 UTC" in shown(card(house))
    text = await postmortem(house)
    assert "- Started: 2026-11-20 13:45 PT / 21:45 UTC (corrected by Ben, first said 2026-11-20 14:05 PT / 22:05 UTC)\n" in text
    assert "- Ended: 2026-11-20 14:01 PT / 22:01 UTC (corrected by Ana)\n" in text
    assert "Ben corrected when it began: 2026-11-20 13:45 PT / 21:45 UTC, not 2026-11-20 13:40 PT / 21:40 UTC" in text
    assert "| Time to notice | 20 min |" in text


async def test_a_correction_moves_no_clock(house: House) -> None:
    await declare(house)
    before = (await house.show("INC-1"))["promises"]
    await do(house, "at 13:40 started")
    shown_now = await house.show("INC-1")
    assert shown_now["promises"] == before
    assert shown_now["started_at"] == "2026-11-20T21:40:00+00:00"


async def test_it_cannot_have_ended_before_it_began(house: House) -> None:
    await declare(house)
    assert "cannot have ended before it began" in await do(house, "at 13:00 ended")
    await choose(house, "U0ANA", actions.NOTE_AT)
    view = await form(house, "U0ANA", actions.NOTE_AT)
    assert "cannot have ended before" in str(errors(await submit(house, "U0ANA", view, what="ended_at", when="13:00")))
    assert "The trouble ended" not in shown(card(house))


async def test_a_timeline_of_several_days_carries_their_dates(house: House) -> None:
    await declare(house)
    await do(house, "at 2026-11-18 09:00 the certificate was renewed")
    await do(house, "at yesterday 23:50 the first complaint")
    answer = await do(house, "timeline")
    places = [
        answer.index(words)
        for words in ("2026-11-18\\n", "the certificate", "2026-11-19\\n", "first complaint", "2026-11-20\\n", "Ana declared")
    ]
    assert places == sorted(places)
    text = await postmortem(house)
    heads = [line for line in text.splitlines() if line.startswith("### 2026-11-")]
    assert heads == ["### 2026-11-18 (PT)", "### 2026-11-19 (PT)", "### 2026-11-20 (PT)"]


async def test_a_long_timeline_says_how_much_came_before(house: House) -> None:
    await declare(house)
    for number in range(32):
        await house.sandbox.slack.command("U0ANA", f"note step {number}", channel=CHANNEL)
    answer = await do(house, "timeline")
    assert "earlier entries; `/incident postmortem` has them all." in answer
    assert "step 31" in answer and "step 0\\n" not in answer


async def test_reopening_after_the_channel_was_archived_opens_a_second_one_that_links_the_first(house: House) -> None:
    await declare(house)
    slack = house.sandbox.slack
    first = slack.channel(CHANNEL)
    await do(house, "resolve")
    await slack.archive("U0BEN", CHANNEL)
    await house.settle()
    assert incidents(house) == [CHANNEL]
    assert "is open again" in await do(house, "reopen INC-1 errors are back", user="U0BEN", channel="general")
    second = slack.channel(f"{CHANNEL}-2")
    assert any(f"<#{first.id}> cannot be used any more. Its timeline is kept." in text for text in house.said(second.id))
    assert card(house, second.id).text.startswith("[P0]") and "Status: Investigating" in card(house, second.id).text
    assert {"U0ANA", "U0BEN"} <= second.members
    assert f"<#{second.id}>" in shown(card(house, ANNOUNCED)), "the announcement leads to the new one as soon as it is there"
    await do(house, "update looking again", channel=second.id)
    assert any("looking again" in text for text in house.said(second.id))
    assert "The channel \\#inc-1-checkout-returns-500 cannot be used any more: somebody archived it" in await postmortem(house, second.id)


async def test_reopening_by_button_starts_the_clocks_anew_and_rings(house: House) -> None:
    await declare(house)
    await do(house, "ack", user="U0TIM")
    await do(house, "resolve")
    before = len(house.sandbox.phones.messages)
    await house.travel(minutes=30)
    await press(house, "U0BEN", actions.REOPEN)
    await submit(house, "U0BEN", await form(house, "U0BEN", actions.REOPEN), text="errors are rising")
    assert "Next update: 14:50 PT / 22:50 UTC" in card(house).text
    assert len(house.sandbox.phones.messages) > before
    assert any("Ben reopened INC-1" in text for text in house.said(CHANNEL))
    assert "Ben reopened the incident: errors are rising" in await do(house, "timeline")
    assert incidents(house) == [CHANNEL]
    assert SECOND not in incidents(house)
