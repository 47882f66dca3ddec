"""Declaring by typing and by clicking; two people who declare the same thing are brought together (complaint 20)."""

from __future__ import annotations

from bot.messages import actions
from tests.house import House
from tests.scenarios.responders import (
    ANNOUNCED,
    CHANNEL,
    SECOND,
    TITLE,
    card,
    declare,
    do,
    errors,
    form,
    incidents,
    initial,
    sentence,
    shown,
    submit,
)


async def test_a_bare_command_opens_a_menu_that_leads_everywhere(house: House) -> None:
    slack = house.sandbox.slack
    menu = await do(house, "", channel="general")
    assert "What do you want to do?" in menu
    for action_id, callback_or_words in (
        (actions.SHOW_LIST, "Nothing is open"),
        (actions.SHOW_ON_CALL, "primary: Tim"),
        (actions.HELP, "verify"),
    ):
        await slack.click_ephemeral("U0ANA", 0, action_id)
        await sentence(house, "U0ANA", callback_or_words)
    await slack.click_ephemeral("U0ANA", 0, actions.DECLARE)
    view = await form(house, "U0ANA", actions.DECLARE)
    assert initial(view, "severity")["value"] == "P1"


async def test_in_an_incidents_channel_the_menu_acts_on_that_incident(house: House) -> None:
    await declare(house)
    menu = await do(house, "", user="U0BEN")
    assert "INC-1 [P0] Checkout returns 500" in menu
    await house.sandbox.slack.click_ephemeral("U0BEN", -1, actions.ACKNOWLEDGE)
    await house.settle()
    assert "Owner: Ben" in card(house).text


async def test_what_is_declared_by_form_reads_as_what_is_typed(house: House) -> None:
    await declare(house, f"P1 {TITLE}")
    await house.travel(minutes=3)
    await do(house, "declare", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    await submit(house, "U0ANA", view, title=TITLE, severity="P1")
    typed, clicked = ([line for line in card(house, name).text.splitlines() if " UTC" not in line] for name in (CHANNEL, SECOND))
    assert typed == clicked
    assert len(typed) == 4
    assert [text.replace("INC-2", "INC-1") for text in house.said(SECOND) if "declared" in text] == [
        text for text in house.said(CHANNEL) if "declared" in text
    ]


async def test_a_severity_without_a_title_opens_the_form_with_it_chosen(house: House) -> None:
    await do(house, "declare critical", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    assert initial(view, "severity")["value"] == "P0"
    assert incidents(house) == []


async def test_declare_private_without_a_title_opens_the_form_with_the_tick_set(house: House) -> None:
    await do(house, "declare private P0", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    assert [option["value"] for option in initial(view, "private")] == ["private"]
    assert initial(view, "severity")["value"] == "P0"


async def test_complaint_20_the_form_shows_what_is_open(house: House) -> None:
    await declare(house)
    await do(house, "declare", user="U0BEN", channel="general")
    assert f"*INC-1* [P0] {TITLE}" in shown(await form(house, "U0BEN", actions.DECLARE))


async def test_complaint_20_the_same_thing_declared_twice_by_command_is_joined_with_one_click(house: House) -> None:
    await declare(house)
    answer = await declare(house, "P0 checkout  RETURNS 500", user="U0CHI")
    assert "INC-1" in answer and "is open already" in answer
    assert incidents(house) == [CHANNEL]
    await house.sandbox.slack.click_ephemeral("U0CHI", -1, actions.JOIN)
    await house.settle()
    assert "U0CHI" in house.sandbox.slack.channel(CHANNEL).members
    assert incidents(house) == [CHANNEL]


async def test_complaint_20_who_insists_declares_separately_once_however_often_it_is_clicked(house: House) -> None:
    await declare(house)
    await declare(house, user="U0CHI")
    clicked = await house.sandbox.slack.click_ephemeral("U0CHI", -1, actions.DECLARE_ANYWAY)
    await house.sandbox.slack.replay(clicked)
    await house.settle()
    assert incidents(house) == [CHANNEL, SECOND]
    assert "chi declared INC-2 as P0" in "\n".join(house.said(SECOND))


async def test_complaint_20_the_same_thing_declared_twice_by_form_is_shown_in_the_form(house: House) -> None:
    await declare(house)
    await do(house, "declare", user="U0CHI", channel="general")
    view = await form(house, "U0CHI", actions.DECLARE)
    await submit(house, "U0CHI", view, title=TITLE, severity="P0", impact="всі клієнти\n" * 200)
    assert "INC-1" in shown(view) and "is open already" in shown(view)
    assert incidents(house) == [CHANNEL]
    await house.sandbox.slack.act_in_view("U0CHI", view.id, actions.JOIN)
    await house.settle()
    assert "U0CHI" in house.sandbox.slack.channel(CHANNEL).members
    await house.sandbox.slack.submit("U0CHI", view.id, {})
    await house.settle()
    assert incidents(house) == [CHANNEL, SECOND]
    assert "всі клієнти" in card(house, SECOND).text


async def test_the_announcement_has_a_way_in(house: House) -> None:
    await declare(house)
    post = card(house, ANNOUNCED)
    assert "U0CHI" not in house.sandbox.slack.channel(CHANNEL).members
    await house.sandbox.slack.click("U0CHI", ANNOUNCED, post.ts, actions.JOIN)
    await sentence(house, "U0CHI", "You are being invited")
    await house.settle()
    assert "U0CHI" in house.sandbox.slack.channel(CHANNEL).members


async def test_a_title_of_spaces_is_refused_beside_its_field_and_the_form_stays(house: House) -> None:
    await do(house, "declare", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    refused = errors(await submit(house, "U0ANA", view, title=" \u200b "))
    assert list(refused) == ["title"] and "title" in refused["title"]
    assert (await submit(house, "U0ANA", view, title=TITLE)).body is None
    assert incidents(house) == [CHANNEL]


async def test_one_form_declares_once_however_often_it_arrives(house: House) -> None:
    await do(house, "declare", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    sent = await submit(house, "U0ANA", view, title=TITLE)
    again = await house.sandbox.slack.replay(sent)
    await house.settle()
    assert again.status == 200
    assert incidents(house) == [CHANNEL]
