"""Whoever may not, whatever is stale, forged, empty or huge: a sentence to the person, and nothing half done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from yarl import URL

from bot.messages import actions
from bot.store import outbox
from tests.house import SECRETS, House
from tests.scenarios.responders import (
    ANNOUNCED,
    CHANNEL,
    SECOND,
    card,
    choose,
    declare,
    declare_two,
    denials,
    direct,
    do,
    form,
    incident_id,
    incidents,
    press,
    sentence,
    shown,
)

SHOWING = ["status INC-1", "list", "timeline INC-1", "oncall", "verify", "help", ""]
CHANGING = ["declare P0 x", "ack INC-1", "update INC-1 x", "severity INC-1 P1 x", "role INC-1 owner", "page INC-1 ben", "note INC-1 x"]
CHANGING += ["at INC-1 14:00 x", "resolve INC-1", "reopen INC-1", "postmortem INC-1"]


async def state(house: House) -> tuple[Any, ...]:
    """All that an attempt could have changed."""
    return (incidents(house), house.said(CHANNEL), shown(card(house)), await house.show("INC-1"), await do(house, "timeline"))


@pytest.mark.parametrize("user", ["U0DEE", "U0ROBOT"])
async def test_a_guest_or_a_bot_gets_nothing_by_any_command_and_each_try_is_in_the_audit(house: House, user: str) -> None:
    await declare(house)
    before = await state(house)
    for number, line in enumerate(SHOWING + CHANGING, start=1):
        answer = await do(house, line, user=user, channel="general")
        assert "You have no access here. Ask an owner to add you to the policy." in answer, line
        assert "INC-1" not in answer
        assert len(await denials(house)) == number
    assert await state(house) == before


async def test_a_viewer_changes_nothing_by_any_command_and_each_try_is_in_the_audit(house: House) -> None:
    await declare(house)
    before = await state(house)
    for number, line in enumerate(CHANGING, start=1):
        assert "cannot change incidents" in await do(house, line, user="U0VIC", channel="general"), line
        assert len(await denials(house)) == number
    assert await state(house) == before


@pytest.mark.parametrize("action_id", [actions.ACKNOWLEDGE, actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE])
async def test_a_guest_in_the_channel_clicks_in_vain(house: House, action_id: str) -> None:
    await declare(house)
    await house.sandbox.slack.add("U0DEE", CHANNEL)
    await house.settle()
    before = await state(house)
    await press(house, "U0DEE", action_id)
    await sentence(house, "U0DEE", "access")
    await house.eventually(lambda: denials(house), "the audit row")
    assert (await state(house))[:4] == before[:4]


async def test_a_guest_does_not_come_in_by_the_announcement(house: House) -> None:
    await declare(house)
    await house.sandbox.slack.click("U0DEE", ANNOUNCED, card(house, ANNOUNCED).ts, actions.JOIN)
    await sentence(house, "U0DEE", "You have no access here.")
    assert "U0DEE" not in house.sandbox.slack.channel(CHANNEL).members
    assert await denials(house) == [actions.JOIN]


async def test_somebody_of_another_workspace_changes_nothing(house: House) -> None:
    await declare(house)
    slack = house.sandbox.slack
    slack.state.share(CHANNEL)
    message = await slack.say("U0PAT", CHANNEL, "hello from outside")
    await house.settle()
    before = await state(house)
    await slack.react("U0PAT", CHANNEL, message.ts, "pushpin")
    for action_id in (actions.ACKNOWLEDGE, actions.RESOLVE):
        await press(house, "U0PAT", action_id)
    assert await state(house) == before
    assert not any(view.callback_id for view in slack.open_views("U0PAT"))
    assert "a request of another workspace" in await denials(house)


async def test_somebody_who_left_is_called_by_nobody(house: House) -> None:
    await declare(house)
    before = await state(house)
    assert "There is no way to call ole" in await do(house, "page <@U0OLE>")
    assert "ole's access is “none”" in await do(house, "role owner <@U0OLE>")
    assert await state(house) == before


@pytest.mark.parametrize("value", ["", "nonsense", "01h00000000000000000000000", "' OR 1=1 --", "x" * 2000])
async def test_a_button_whose_value_was_changed_does_nothing(house: House, value: str) -> None:
    await declare(house)
    before = await state(house)
    await house.sandbox.slack.click("U0ANA", CHANNEL, card(house).ts, actions.ACKNOWLEDGE, value)
    await sentence(house, "U0ANA", "That incident does not exist.")
    assert await state(house) == before


@pytest.mark.parametrize("value", ["", "{}", '{"title": 1}', '["title"]', '{"title": "x", "severity": "P9"}', "{" * 500, "[" * 1500])
async def test_a_declare_separately_button_whose_value_was_changed_does_nothing(house: House, value: str) -> None:
    await declare_two(house)
    await house.sandbox.slack.click_ephemeral("U0ANA", -1, actions.DECLARE_ANYWAY, value)
    await sentence(house, "U0ANA", "This button was changed on its way" if "P9" not in value else "Choose one of P0, P1")
    await house.settle()
    assert incidents(house) == [CHANNEL, SECOND]


@pytest.mark.parametrize("forged", ["", "incident.resolve", "incident.frobnicate|x", "|", "incident.show_timeline|nonsense"])
async def test_a_choice_of_the_menu_that_was_changed_does_nothing(house: House, forged: str) -> None:
    await declare(house)
    before = await state(house)
    menu = next(block["elements"][-1] for block in card(house).blocks if block.get("block_id") == "incident.actions")
    kept, menu["options"][0]["value"] = menu["options"][0]["value"], forged
    await house.sandbox.slack.select("U0ANA", CHANNEL, card(house).ts, actions.MORE, forged)
    menu["options"][0]["value"] = kept
    await sentence(house, "U0ANA", "does not exist" if "timeline" in forged else "This button is not known any more.")
    assert await state(house) == before


@pytest.mark.parametrize("action_id", ["from_last_year", "incident.frobnicate"])
async def test_a_button_that_nobody_knows_any_more_says_so(house: House, action_id: str) -> None:
    await declare(house)
    button = next(block["elements"][0] for block in card(house).blocks if block.get("block_id") == "incident.actions")
    button["action_id"] = action_id
    answer = await house.sandbox.slack.click("U0ANA", CHANNEL, card(house).ts, action_id)
    assert answer.status == 200
    await sentence(house, "U0ANA", "This button is not known any more.")


async def test_a_button_in_an_old_message_says_how_things_stand(house: House) -> None:
    await declare(house)
    old = direct(house, "U0TIM")[-1]
    await do(house, "ack", user="U0BEN")
    await house.sandbox.slack.click("U0TIM", "U0TIM", old.ts, actions.ACKNOWLEDGE)
    await sentence(house, "U0TIM", "INC-1 was acknowledged by Ben at 14:05 PT / 22:05 UTC already.")
    await do(house, "resolve")
    before = await state(house)
    await house.sandbox.slack.click("U0TIM", "U0TIM", old.ts, actions.ACKNOWLEDGE)
    await sentence(house, "U0TIM", "This incident is resolved. Declare a new one")
    assert await state(house) == before


async def test_an_old_card_in_an_archived_channel_still_finds_its_incident(house: House) -> None:
    await declare(house)
    await house.sandbox.slack.archive("U0BEN", CHANNEL)
    await house.settle()
    await press(house, "U0BEN", actions.ACKNOWLEDGE)
    assert "Owner: Ben" in card(house, f"{CHANNEL}-2").text
    await sentence(house, "U0BEN", "INC-1 is acknowledged by Ben.")


async def test_from_a_direct_message_commands_need_a_reference_and_then_work(house: House) -> None:
    await declare(house)
    await house.sandbox.slack.dm("U0BEN", "hello")
    assert "This channel belongs to no incident." in await do(house, "ack", user="U0BEN", channel="U0BEN")
    assert "Owner: nobody yet" in card(house).text
    assert "*INC-1*" in await do(house, "list", user="U0BEN", channel="U0BEN")
    assert "INC-1 is acknowledged by Ben." in await do(house, "ack inc-1", user="U0BEN", channel="U0BEN")
    await do(house, "", user="U0BEN", channel="U0BEN")
    await house.sandbox.slack.click_ephemeral("U0BEN", -1, actions.SHOW_LIST)
    await sentence(house, "U0BEN", "owner Ben")
    assert "hello" not in await do(house, "timeline")


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("הקופה לא עובדת \u202e500", "inc-1-500"),
        ("🔥🔥🔥", "inc-1"),
        ("结账失败", "inc-1"),
        ("x" * 3_900, f"inc-1-{'x' * 74}"),
        ("🔥" * 1_900, "inc-1"),
        ('"\\' * 1_900, "inc-1"),
        ("a\u200bb <!channel> *c* &amp; `d`", "inc-1-ab-channel-c-amp-d"),
    ],
    ids=["rtl", "emoji", "chinese", "huge", "huge-emoji", "huge-quotes", "markup"],
)
async def test_an_odd_title_declares_once_and_can_be_met_again(house: House, title: str, channel: str) -> None:
    assert "INC-1 [P0]" in await declare(house, f"P0 {title}")
    assert incidents(house) == [channel]
    assert len(card(house, channel).text.splitlines()) == 6
    assert card(house, channel).mentions == []
    assert "is open already" in await declare(house, f"P0 {title}", user="U0CHI")
    assert len(house.sandbox.slack.ephemerals("U0CHI")[-1].blocks[1]["elements"][1]["value"]) <= 2000
    await house.sandbox.slack.click_ephemeral("U0CHI", -1, actions.DECLARE_ANYWAY)
    await house.settle()
    assert len(incidents(house)) == 2
    assert await _failed(house) == []


async def _failed(house: House) -> list[str]:
    async def look(work: Any) -> list[str]:
        counted = await outbox.count_by_state(work.tx)
        return [state.value for state, number in counted.items() if number and state.value in ("failed", "dead")]

    return await house.bot.services.read(look)


@pytest.mark.parametrize("title", ["\u200b\u200b", "\u202e", "\u2066 \u2069"])
async def test_a_title_that_nobody_can_see_is_refused(house: House, title: str) -> None:
    assert "Give the incident a title" in await declare(house, f"P0 {title}")
    assert incidents(house) == []


@pytest.mark.parametrize("text", ["x" * 3_900, "🔥" * 1_900, "שלום " * 700, "<@U0ANA> <!here> " * 200, "&<>" * 700])
async def test_an_odd_update_comes_through_whole(house: House, text: str) -> None:
    await declare(house)
    assert "INC-1 is updated." in await do(house, f"update {text}")
    message = house.sandbox.slack.channel(CHANNEL).messages[-1]
    whole = "".join(block["text"]["text"] for block in message.blocks).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    expected = text.strip().replace("<@U0ANA>", "@Ana").replace("<!here>", "@here")
    assert expected.replace(" ", "") in whole.replace(" ", "").replace("\n", "")
    assert message.mentions == []


@pytest.mark.parametrize("line", ["update \u200b", "note \u202e", "at 14:00 \u200b"])
async def test_words_that_nobody_can_see_are_no_words(house: House, line: str) -> None:
    await declare(house)
    before = await state(house)
    assert "Say what" in await do(house, line)
    assert await state(house) == before


@pytest.mark.parametrize("channel", [CHANNEL, "general"])
async def test_a_trigger_that_ran_out_is_said_wherever_it_was(house: House, channel: str) -> None:
    await declare(house)
    answer = await house.sandbox.slack.command("U0BEN", "declare", channel=channel, trigger_id="1.1.a")
    assert answer.status == 200
    await house.eventually(lambda: "did not open the form in time" in _told(house, "U0BEN"), "the sentence")
    assert house.sandbox.slack.open_views("U0BEN") == []


def _told(house: House, user: str) -> str:
    mine = [channel for channel in house.sandbox.slack.channels.values() if channel.is_im and channel.name == user]
    return "\n".join(map(shown, [*house.sandbox.slack.ephemerals(user), *(message for channel in mine for message in channel.messages)]))


async def test_a_word_that_is_no_command_points_to_the_list(house: House) -> None:
    assert "There is no command “frobnicate”. `/incident help` lists them all." in await do(house, "frobnicate INC-1", channel="general")


async def test_a_reference_to_nothing_is_a_sentence_in_forms_too(house: House) -> None:
    await do(house, "update INC-99", channel="general")
    await sentence(house, "U0ANA", "There is no incident INC-99. `/incident list` shows the open ones.")


async def test_one_form_too_many_does_not_close_the_other(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    await choose(house, "U0ANA", actions.NOTE)
    assert {(await form(house, "U0ANA", wanted)).callback_id for wanted in (actions.UPDATE, actions.NOTE)} == {actions.UPDATE, actions.NOTE}
    assert incident_id(house) in shown(await form(house, "U0ANA", actions.NOTE))


@pytest.mark.parametrize(
    "path", ["/alerts/receipts/%00", "/alerts/receipts/a%00b", "/alerts/receipts/a%20b", "/alerts/receipts/" + "x" * 33]
)
async def test_what_cannot_be_a_receipt_is_400_on_every_database(house: House, path: str) -> None:
    async with house.http.get(URL(f"{house.bot.url}{path}", encoded=True)) as response:
        assert (response.status, (await response.json())["message"]) == (400, "That is no receipt.")


async def test_a_nul_in_a_request_of_the_api_is_left_out_on_every_database(house: House) -> None:
    async def post(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        url, headers = URL(f"{house.bot.url}/api/v1{path}", encoded=True), {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
        async with house.http.post(url, json=body, headers=headers) as response:
            return response.status, await response.json()

    silence = {"match": {"ser\x00vice": ["check\x00out"]}, "span": "1h", "comment": "the gate\x00way"}
    status, said = await post("/silences", silence)
    assert (status, said["match"], said["comment"]) == (200, {"service": ["checkout"]}, "the gateway")
    assert (await post("/alerts/declare", {"alerts": ["\x00"]}))[0] == 404
    assert (await post("/intake/%00/retry", {}))[0] == 400


async def test_no_value_of_a_statement_stands_in_what_is_said_of_its_failure(house: House) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with house.bot.database.transaction() as tx:
            await tx.connection.execute(text("SELECT :value FROM nowhere"), {"value": "canary-of-a-phone"})
    assert "canary-of-a-phone" not in str(failed.value)
