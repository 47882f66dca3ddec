"""What responders type and click, over signed requests and over Socket Mode, with one effect however often it comes."""

from __future__ import annotations

import pytest

from tests.house import House, alert

CHANNEL = "inc-1-checkout-returns-500"


async def declare(house: House, text: str = "declare P0 Checkout returns 500") -> None:
    answer = await house.sandbox.slack.command("U0ANA", text)
    assert answer.status == 200
    await house.settle()


async def test_declare_opens_one_incident_and_the_same_title_joins_it(house: House) -> None:
    await declare(house)
    again = await house.sandbox.slack.command("U0BEN", "declare P0 checkout   returns 500")
    assert "INC-1" in str(again.body) and "already" in str(again.body)
    assert house.sandbox.slack.channel(CHANNEL) is not None


async def test_a_replayed_command_has_one_effect_and_the_same_answer(house: House) -> None:
    first = await house.sandbox.slack.command("U0ANA", "declare P0 Checkout returns 500")
    await house.travel(minutes=3)
    again = await house.sandbox.slack.replay(first)
    assert (again.status, again.body) == (200, first.body)
    await house.settle()
    assert len([c for c in house.sandbox.slack.channels.values() if c.name.startswith("inc-")]) == 1


async def test_a_double_click_on_acknowledge_has_one_effect(house: House) -> None:
    await declare(house)
    card = next(m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P0]"))
    for _ in range(2):
        await house.sandbox.slack.click("U0BEN", CHANNEL, card.ts, "incident.acknowledge")
    await house.settle()
    assert sum("cknowledged by Ben" in text for text in house.said(CHANNEL)) == 1


async def test_an_empty_declare_opens_a_skeleton_and_the_form_declares(house: House) -> None:
    await house.sandbox.slack.command("U0ANA", "declare")
    views = await house.eventually(
        lambda: [v for v in house.sandbox.slack.open_views("U0ANA") if v.callback_id == "incident.declare"], "the form"
    )
    values = {"title": {"value": "Checkout returns 500"}, "severity": {"value": "P0"}, "impact": {"value": "EU"}}
    answer = await house.sandbox.slack.submit("U0ANA", views[0].id, values)
    assert answer.status == 200
    await house.settle()
    assert any("Impact: EU" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "What do you want to do?"),
        ("help", "/incident declare"),
        ("frobnicate", "no command"),
        ("list", "Nothing is open"),
        ("ack", "belongs to no incident"),
        ("ack INC-99", "no incident INC-99"),
        ("status", "belongs to no incident"),
        ("resolve", "belongs to no incident"),
    ],
)
async def test_a_command_that_cannot_be_done_gets_a_sentence(house: House, text: str, expected: str) -> None:
    answer = await house.sandbox.slack.command("U0ANA", text)
    assert answer.status == 200
    assert expected in str(answer.body)


async def test_a_viewer_is_refused_and_it_is_in_the_audit(house: House) -> None:
    await declare(house)
    answer = await house.sandbox.slack.command("U0VIC", "resolve", channel=CHANNEL)
    assert "viewer" in str(answer.body)
    status = await house.sandbox.slack.command("U0VIC", "status", channel=CHANNEL)
    assert "Status: Investigating" in str(status.body)


async def test_no_mention_can_be_smuggled_in_by_a_title(house: House) -> None:
    body = alert()
    body["alerts"][0]["annotations"]["summary"] = "<!channel> <@U0TIM> <https://evil|https://bank> *bold*"
    await house.post_alert(body)
    await house.settle()
    for channel in house.sandbox.slack.channels.values():
        for message in channel.messages:
            assert not [live for live in message.mentions if "evil" in live or "bank" in live or live[0] in "U!"]


async def test_messages_of_the_channel_become_the_timeline_with_edits_and_deletions(house: House) -> None:
    await declare(house)
    slack = house.sandbox.slack
    await slack.say("U0BEN", CHANNEL, "looks like the payment provider")
    ts = next(m.ts for m in slack.channel(CHANNEL).messages if m.text.startswith("looks like"))
    await slack.edit("U0BEN", CHANNEL, ts, "it is the payment provider")
    await slack.delete("U0BEN", CHANNEL, ts)
    await slack.command("U0ANA", "resolve done", channel=CHANNEL)
    await house.settle()
    text = next(file for file in slack.files).content.decode()
    assert "looks like the payment provider" in text
    assert "it is the payment provider" in text
    assert "deleted" in text.lower()
