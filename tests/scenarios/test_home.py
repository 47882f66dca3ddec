"""The App Home: what is open, who is on call, what its reader owes, and buttons that work there."""

from __future__ import annotations

from functools import partial

from bot.messages import actions
from tests.house import House
from tests.scenarios.responders import (
    CHANNEL,
    SECOND,
    TITLE,
    card,
    declare,
    declare_two,
    do,
    form,
    incident_id,
    incidents,
    sentence,
    shown,
    submit,
)


async def home(house: House, user: str) -> str:
    """What somebody reads who opens their App Home."""
    await house.sandbox.slack.open_home(user)
    await house.settle()
    return shown(house.sandbox.slack.home(user))


async def test_an_empty_house_says_that_nothing_is_open_and_who_is_on_call(house: House) -> None:
    seen = await home(house, "U0ANA")
    assert "Hello Ana" in seen
    assert "Nothing is open." in seen and "Sleep well." in seen
    assert "1. primary: Tim\\n2. backup: Ana, Ben" in seen


async def test_what_is_open_stands_there_with_its_owner_and_its_next_update(house: House) -> None:
    await declare(house)
    await do(house, "ack", user="U0BEN")
    seen = await home(house, "U0CHI")
    assert f"*INC-1* [P0] {TITLE}" in seen and "Investigating · owner Ben · next update 14:20 PT / 22:20 UTC" in seen
    assert "Sleep well." in seen
    await do(house, "resolve")
    assert "Nothing is open." in await home(house, "U0CHI")


async def test_the_owner_sees_what_they_owe_and_what_is_late(house: House) -> None:
    await declare(house)
    await do(house, "ack", user="U0BEN")
    seen = await home(house, "U0BEN")
    assert f"*INC-1* {TITLE}: a first mitigation by 14:20 PT" in seen and "a status update by 14:20 PT" in seen
    assert "*late*" not in seen
    await house.travel(minutes=16)
    assert "a status update by 14:20 PT / 22:20 UTC - *late*" in await home(house, "U0BEN")


async def test_who_is_being_called_owes_the_acknowledgement(house: House) -> None:
    await declare(house)
    assert "an acknowledgement by 14:10 PT" in await home(house, "U0TIM")
    assert "an acknowledgement" not in await home(house, "U0BEN")


async def test_after_the_end_the_owner_owes_the_write_up(house: House) -> None:
    await declare(house)
    await do(house, "ack", user="U0BEN")
    await do(house, "resolve")
    assert "the write-up by 2026-11-21 14:05 PT" in await home(house, "U0BEN")


async def test_acknowledging_at_home_acts_on_that_incident_and_shows_it_at_once(house: House) -> None:
    await declare_two(house)
    await home(house, "U0BEN")
    await house.sandbox.slack.click_home("U0BEN", actions.ACKNOWLEDGE, incident_id(house, SECOND))
    await sentence(house, "U0BEN", "INC-2 is acknowledged by Ben")
    await house.settle()
    assert "Owner: Ben" in card(house, SECOND).text
    assert "Owner: nobody yet" in card(house, CHANNEL).text
    assert "Investigating · owner Ben" in shown(house.sandbox.slack.home("U0BEN"))


async def test_joining_updating_and_declaring_begin_at_home(house: House) -> None:
    await declare(house)
    await home(house, "U0CHI")
    slack = house.sandbox.slack
    await slack.click_home("U0CHI", actions.JOIN)
    await house.settle()
    assert "U0CHI" in slack.channel(CHANNEL).members
    await slack.click_home("U0CHI", actions.UPDATE)
    await submit(house, "U0CHI", await form(house, "U0CHI", actions.UPDATE), text="looking at the gateway")
    assert any("looking at the gateway" in text for text in house.said(CHANNEL))
    await slack.click_home("U0CHI", actions.DECLARE)
    await submit(house, "U0CHI", await form(house, "U0CHI", actions.DECLARE), title="Search is slow")
    assert incidents(house) == [CHANNEL, "inc-2-search-is-slow"]


async def test_help_at_home_is_shown_in_a_form(house: House) -> None:
    await home(house, "U0CHI")
    await house.sandbox.slack.click_home("U0CHI", actions.HELP)
    assert "/incident at 14:05 text" in await sentence(house, "U0CHI", "/incident declare")


def reads_in_a_form(house: House, user: str, words: str) -> bool:
    return words in str(house.sandbox.slack.open_views(user))


async def test_a_viewer_sees_and_has_no_buttons_that_change_anything(house: House) -> None:
    await declare(house)
    seen = await home(house, "U0VIC")
    assert "*INC-1*" in seen
    assert not any(name in seen for name in (actions.ACKNOWLEDGE, actions.UPDATE, actions.DECLARE))
    for action_id, told in ((actions.SHOW, "Status: Investigating"), (actions.SHOW_TIMELINE, "declared the incident")):
        await house.sandbox.slack.click_home("U0VIC", action_id)
        await house.eventually(partial(reads_in_a_form, house, "U0VIC", told), "what was asked for")


async def test_a_guest_sees_nothing_but_why(house: House) -> None:
    await declare(house)
    seen = await home(house, "U0DEE")
    assert "You have no access to incidents here." in seen and "INC-1" not in seen


async def test_a_private_incident_is_at_home_only_with_those_who_have_a_part_in_it(house: House) -> None:
    await declare(house, "private P0 Salaries leaked")
    assert "Salaries leaked" in await home(house, "U0ANA")
    assert "Salaries" not in await home(house, "U0CHI")
    assert "INC-1" not in await home(house, "U0CHI")
