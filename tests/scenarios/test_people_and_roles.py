"""Who does what: roles and the owner, calling somebody out by hand, and numbers that are proved."""

from __future__ import annotations

import re

import pytest

from bot.messages import actions
from tests.house import House
from tests.policies import ANA, BEN, TIM
from tests.scenarios.responders import (
    ANNOUNCED,
    CHANNEL,
    TITLE,
    card,
    choose,
    declare,
    direct,
    do,
    errors,
    form,
    postmortem,
    press,
    shown,
    submit,
)

QUIET = f"P1 {TITLE}"
"""A declaration that pages nobody by itself."""


async def test_a_role_is_said_in_the_channel_on_the_card_and_to_who_has_it_now(house: House) -> None:
    await declare(house)
    answer = await do(house, "role commander <@U0CHI>")
    assert "chi is commander of INC-1 now." in answer
    assert any("chi is the commander of INC-1 now, named by Ana." in text for text in house.said(CHANNEL))
    assert "Commander: chi" in shown(card(house))
    told = direct(house, "U0CHI")[-1].text
    channel = house.sandbox.slack.channel(CHANNEL)
    assert told == f"Ana made you the commander of INC-1 [P0] {TITLE}. It is worked on in <#{channel.id}>."
    assert "U0CHI" in channel.members


async def test_the_owner_delegates_and_everybody_sees_who_had_it_before(house: House) -> None:
    await declare(house)
    await do(house, "ack")
    await do(house, "role owner <@U0BEN>")
    for channel in (CHANNEL, ANNOUNCED):
        assert "Owner: Ben" in card(house, channel).text
    assert any("Ben is the owner of INC-1 now, named by Ana, after Ana." in text for text in house.said(CHANNEL))
    assert "Ana made Ben the owner, after Ana" in await do(house, "timeline")
    assert "made Ben the owner, after Ana" in await postmortem(house)
    assert "made you the owner of INC-1" in direct(house, "U0BEN")[-1].text


async def test_who_takes_a_role_by_themselves_gets_no_message_about_it(house: House) -> None:
    await declare(house, QUIET)
    assert "Ben is commander" in await do(house, "role commander", user="U0BEN")
    assert not [
        channel for channel in house.sandbox.slack.channels.values() if channel.is_im and channel.name == "U0BEN" and channel.messages
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("role <@U0BEN>", "Name a role and a person"),
        ("role emperor <@U0BEN>", "Roles: owner, commander, technical lead, communications lead."),
        ("role commander <@U0VIC>", "Vic's access is “viewer”"),
        ("role commander <@U0DEE>", "dee's access is “none”"),
        ("role commander <@U0OLE>", "ole's access is “none”"),
        ("role commander <@U0ROBOT>", "monitor's access is “none”"),
    ],
)
async def test_a_role_that_cannot_be_given_gets_a_sentence(house: House, typed: str, expected: str) -> None:
    await declare(house)
    before = shown(card(house))
    assert expected in await do(house, typed)
    assert shown(card(house)) == before


async def test_a_role_that_cannot_be_given_by_form_is_refused_beside_its_field_and_none_is_given(house: House) -> None:
    await declare(house)
    await choose(house, "U0ANA", actions.ASSIGN_ROLE)
    view = await form(house, "U0ANA", actions.ASSIGN_ROLE)
    refused = errors(
        await house.sandbox.slack.submit("U0ANA", view.id, {"owner": {"value": "U0BEN"}, "technical lead": {"value": "U0DEE"}})
    )
    assert list(refused) == ["technical lead"]
    assert "Owner: nobody yet" in card(house).text


async def test_who_is_paged_by_hand_is_called_and_can_answer_in_slack(house: House) -> None:
    await declare(house, QUIET)
    answer = await do(house, "page <@U0BEN>")
    assert "Calling Ben for INC-1" in answer
    assert any("Ana pages Ben for INC-1." in text for text in house.said(CHANNEL))
    assert len(house.texts(BEN)) == 1 and TITLE in house.texts(BEN)[0]
    message = direct(house, "U0BEN")[-1]
    assert message.text == f"You are being paged for INC-1 [P1] {TITLE}."
    await house.sandbox.slack.click("U0BEN", "U0BEN", message.ts, actions.ACKNOWLEDGE)
    await house.settle()
    assert "Acknowledged by Ben by Slack" in shown(card(house))
    await house.travel(minutes=10)
    assert not any("did not answer" in text for text in house.said(CHANNEL))
    assert len(house.texts(BEN)) == 1


async def test_a_page_by_hand_that_is_answered_by_text_says_who_comes(house: House) -> None:
    await declare(house, QUIET)
    await do(house, "page ben")
    code = re.search(r"#(\d+)\]", house.texts(BEN)[0])
    assert code is not None
    await house.sandbox.phones.reply(BEN, code[1])
    await house.settle()
    assert any("Ben" in text and "SMS" in text and "INC-1" in text for text in house.said(CHANNEL)[-3:])
    await house.travel(minutes=10)
    assert not any("did not answer" in text for text in house.said(CHANNEL))


async def test_a_page_by_hand_that_nobody_answers_is_said(house: House) -> None:
    await declare(house, QUIET)
    await do(house, "page <@U0BEN>")
    await house.travel(minutes=3)
    assert any("Ben did not answer" in text for text in house.said(CHANNEL))


@pytest.mark.parametrize(("typed", "called"), [("primary", {TIM}), ("Backup", {ANA, BEN}), ("engineering", {ANA, BEN}), ("@Tim", {TIM})])
async def test_a_level_a_group_or_a_name_calls_whoever_is_in_it(house: House, typed: str, called: set[str]) -> None:
    await declare(house, QUIET)
    assert "Calling" in await do(house, f"page {typed}")
    assert {number for number in (TIM, ANA, BEN) if house.texts(number)} == called


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("page <@U0VIC>", "There is no way to call Vic"),
        ("page <@U0DEE>", "There is no way to call dee"),
        ("page <@U0CHI>", "There is no way to call chi"),
        ("page the plumber", "There is nobody called “the plumber” to page. Mention a person, or name one of primary, backup, engineering"),
    ],
)
async def test_a_page_that_reaches_nobody_says_so_and_calls_nobody(house: House, typed: str, expected: str) -> None:
    await declare(house, QUIET)
    before = house.said(CHANNEL)
    assert expected in await do(house, typed)
    assert house.said(CHANNEL) == before
    assert house.sandbox.phones.messages == []


async def test_whoever_wrote_stop_is_not_called(house: House) -> None:
    await house.sandbox.phones.reply(BEN, "STOP")
    await declare(house, QUIET)
    await do(house, "page <@U0BEN>")
    assert [sms for sms in house.texts(BEN) if "INC-1" in sms] == []


async def test_who_is_called_by_the_chain_is_told_in_slack_with_a_button_that_answers(house: House) -> None:
    await declare(house)
    message = direct(house, "U0TIM")[-1]
    assert message.text == f"You are being paged for INC-1 [P0] {TITLE}."
    await house.sandbox.slack.click("U0TIM", "U0TIM", message.ts, actions.ACKNOWLEDGE)
    await house.settle()
    assert "Owner: Tim" in card(house).text
    await house.travel(minutes=5)
    assert house.texts(ANA) == house.texts(BEN) == []


async def test_the_first_to_acknowledge_owns_it_and_the_second_learns_who_does(house: House) -> None:
    await declare(house)
    assert "acknowledged by Ben. Nobody else is called." in await do(house, "ack", user="U0BEN")
    await house.travel(minutes=2)
    assert "was acknowledged by Ben at 14:05 PT / 22:05 UTC already" in await do(house, "ack", user="U0CHI")
    assert "Owner: Ben" in card(house).text


async def test_a_stranger_of_the_workspace_may_help_and_is_known_by_name(house: House) -> None:
    await declare(house)
    await press(house, "U0CHI", actions.ACKNOWLEDGE)
    assert "Owner: chi" in card(house).text


def _code(house: House, number: str) -> str:
    found = re.search(r"\b(\d{6})\b", house.texts(number)[-1])
    assert found is not None
    return found[1]


async def test_a_number_is_proved_by_the_code_that_is_sent_to_it(house: House) -> None:
    assert "ends in 03" in await do(house, "verify", user="U0BEN", channel="general")
    assert "is verified" in await do(house, f"verify {_code(house, BEN)}", user="U0BEN", channel="general")
    assert "No code is waiting" in await do(house, f"verify {_code(house, BEN)}", user="U0BEN", channel="general")


async def test_a_wrong_code_spends_the_one_that_was_sent(house: House) -> None:
    await do(house, "verify", user="U0BEN", channel="general")
    right = _code(house, BEN)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert "That is not the code. It is spent now" in await do(house, f"verify {wrong}", user="U0BEN", channel="general")
    assert "No code is waiting" in await do(house, f"verify {right}", user="U0BEN", channel="general")


async def test_a_code_is_of_use_to_nobody_else_and_not_for_long(house: House) -> None:
    await do(house, "verify", user="U0BEN", channel="general")
    code = _code(house, BEN)
    assert "No code is waiting" in await do(house, f"verify {code}", channel="general")
    await house.travel(minutes=11)
    assert "No code is waiting" in await do(house, f"verify {code}", user="U0BEN", channel="general")


async def test_a_code_is_sent_once_a_minute_at_most_even_after_a_wrong_one(house: House) -> None:
    await do(house, "verify", user="U0BEN", channel="general")
    await do(house, "verify 000", user="U0BEN", channel="general")
    assert "Wait a minute" in await do(house, "verify", user="U0BEN", channel="general")
    assert len(house.texts(BEN)) == 1
    await house.travel(minutes=1, seconds=1)
    await do(house, "verify", user="U0BEN", channel="general")
    assert len(house.texts(BEN)) == 2


async def test_who_has_no_number_is_told_whom_to_ask(house: House) -> None:
    assert "The policy has no phone number for you." in await do(house, "verify", user="U0CHI", channel="general")


async def test_the_page_form_calls_several_people_each_once(house: House) -> None:
    await declare(house, QUIET)
    await choose(house, "U0TIM", actions.PAGE)
    await submit(house, "U0TIM", await form(house, "U0TIM", actions.PAGE), people=["U0ANA"], group="engineering")
    assert [len(house.texts(number)) for number in (TIM, ANA, BEN)] == [0, 1, 1]


async def test_somebody_whom_slack_does_not_know_gets_no_role(house: House) -> None:
    await declare(house)
    answer = await do(house, "role owner <@U0NOBODY>")
    assert ":no_entry:" in answer
    assert "Owner: nobody yet" in card(house, CHANNEL).text
