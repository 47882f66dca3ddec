"""The main job, told whole: an alert becomes an incident, a held promise, a ringing phone and a postmortem."""

from __future__ import annotations

import re

from tests.house import House, alert
from tests.policies import ANA, BEN, TIM

CHANNEL = "inc-1-checkout-returns-500-for-card-payments"


def code_in(text: str) -> str:
    found = re.search(r"#(\d+)\]", text)
    assert found is not None, text
    return found.group(1)


async def test_an_alert_opens_a_channel_with_a_pinned_card_and_rings_the_primary(house: House) -> None:
    answer = await house.post_alert(alert())
    assert answer.status == 202
    await house.settle()
    channel = house.sandbox.slack.channel(CHANNEL)
    card = next(message for message in channel.messages if message.text.startswith("[P0]"))
    assert "[P0] Checkout returns 500 for card payments" in card.text
    assert "Started: 2026-11-20 14:05 PT / 22:05 UTC" in card.text
    assert "Next update: 14:20 PT / 22:20 UTC" in card.text
    assert card.ts in channel.pins
    assert [bookmark["title"] for bookmark in channel.bookmarks] == ["Status card"]
    assert any("[P0] Checkout returns 500" in text for text in house.said("alerts-critical"))
    assert len(house.texts(TIM)) == 1
    assert house.texts(TIM)[0].startswith("[INC-1 #")


async def test_the_next_level_is_rung_and_its_answer_stops_everything_and_shows_on_the_card(house: House) -> None:
    await house.post_alert(alert())
    await house.travel(minutes=4)
    assert len(house.texts(TIM)) == 2, "the primary is rung and rung again"
    assert len(house.texts(ANA)) == len(house.texts(BEN)) == 1, "then everybody of the next level at once"
    await house.sandbox.phones.reply(ANA, code_in(house.texts(ANA)[0]))
    await house.settle()
    await house.travel(minutes=8)
    assert len(house.texts(BEN)) == 1, "nobody is called after the acknowledgement (complaint 5)"
    card = next(m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P0]"))
    assert "Owner: Ana" in card.text
    assert "SMS" in str(card.blocks), "the card says by which road"


async def test_a_missed_update_is_chased_and_only_a_persons_update_resets_the_clock(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await house.sandbox.slack.command("U0TIM", "ack", channel=CHANNEL)
    await house.settle()
    await house.sandbox.slack.command("U0TIM", "update mitigating rolled back to 1.4.2", channel=CHANNEL)
    await house.travel(minutes=16)
    said = "\n".join(house.said(CHANNEL))
    assert "a status update" in said
    assert len(house.texts(TIM)) == 2, "the owner is told first"
    await house.travel(minutes=3)
    await house.sandbox.slack.command("U0TIM", "update monitoring error rate falls", channel=CHANNEL)
    await house.settle()
    before = len(house.texts(TIM))
    await house.travel(minutes=11)
    assert len(house.texts(TIM)) == before, "the update ended the chase"


async def test_the_postmortem_lies_in_the_channel_after_the_resolution(house: House) -> None:
    await house.post_alert(alert())
    await house.travel(minutes=6)
    await house.sandbox.slack.command("U0ANA", "ack", channel=CHANNEL)
    await house.sandbox.slack.say("U0ANA", CHANNEL, "the deploy of 14:02 is suspect")
    await house.travel(minutes=2)
    await house.sandbox.slack.command("U0ANA", "update mitigating rolled back", channel=CHANNEL)
    await house.travel(minutes=5)
    await house.sandbox.slack.command("U0ANA", "resolve error rate is at its baseline", channel=CHANNEL)
    await house.settle()
    files = [file for file in house.sandbox.slack.files if file.filename == "inc-1-postmortem.md"]
    assert len(files) == 1
    text = files[0].content.decode()
    for part in ("INC-1", "the deploy of 14:02 is suspect", "rolled back", "Root cause", "Ana"):
        assert part in text
    assert "missed" in text, "the acknowledgement came after five minutes"
