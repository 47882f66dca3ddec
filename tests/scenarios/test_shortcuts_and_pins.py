"""Messages become incidents and timelines by their menu, and by a :pushpin:."""

from __future__ import annotations

from bot.messages import actions
from bot.sandbox.workspace import Message
from tests.house import House
from tests.scenarios.responders import (
    CHANNEL,
    TITLE,
    card,
    declare,
    declare_two,
    denials,
    do,
    errors,
    form,
    incident_id,
    incidents,
    initial,
    postmortem,
    sentence,
    shown,
    submit,
)


async def say(house: House, text: str, channel: str = "random", user: str = "U0BEN") -> Message:
    message = await house.sandbox.slack.say(user, channel, text)
    await house.settle()
    return message


async def test_a_message_becomes_a_declaration_with_its_first_line_as_title(house: House) -> None:
    message = await say(house, "Search is   slow\nsince the deploy")
    await house.sandbox.slack.shortcut_message("U0CHI", "random", message.ts, actions.DECLARE_FROM)
    view = await form(house, "U0CHI", actions.DECLARE)
    assert initial(view, "title") == "Search is slow since the deploy"
    await submit(house, "U0CHI", view)
    assert incidents(house) == ["inc-1-search-is-slow-since-the-deploy"]


async def test_a_huge_odd_message_still_makes_a_title_that_fits(house: House) -> None:
    message = await say(house, "\u202e<@U0ANA> & 🔥" + "ة" * 3900)
    await house.sandbox.slack.shortcut_message("U0CHI", "random", message.ts, actions.DECLARE_FROM)
    title = initial(await form(house, "U0CHI", actions.DECLARE), "title")
    assert title.startswith("@Ana & 🔥ة") and len(title) <= 200


async def test_the_global_shortcut_declares(house: House) -> None:
    await house.sandbox.slack.shortcut_global("U0ANA", actions.DECLARE)
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.DECLARE), title=TITLE)
    assert incidents(house) == [CHANNEL]


async def test_a_message_of_any_channel_is_added_to_the_timeline_that_was_chosen(house: House) -> None:
    await declare_two(house)
    message = await say(house, "the gateway says <@U0CHI> deployed <https://ci.example.com/7> to <#C012345678|payments>", user="U0VIC")
    await house.sandbox.slack.shortcut_message("U0ANA", "random", message.ts, actions.ADD_TO_TIMELINE)
    view = await form(house, "U0ANA", actions.ADD_TO_TIMELINE)
    assert [option["text"]["text"][:5] for option in view.body["blocks"][1]["element"]["options"]] == ["INC-1", "INC-2"]
    await submit(house, "U0ANA", view, incident=incident_id(house, "inc-2-checkout-returns-500"))
    text = await postmortem(house, "inc-2-checkout-returns-500")
    assert "Vic wrote: the gateway says @chi deployed https://ci.example.com/7 to \\#payments" in text
    assert "Ana pinned" in text
    assert "the gateway says" not in await postmortem(house, CHANNEL)


async def test_a_huge_message_with_a_file_is_added_and_fits_into_the_form(house: House) -> None:
    await declare(house)
    message = await house.sandbox.slack.upload("U0BEN", "random", "graph.png", b"png", '"\\' * 1900)
    await house.sandbox.slack.shortcut_message("U0ANA", "random", message.ts, actions.ADD_TO_TIMELINE)
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.ADD_TO_TIMELINE))
    assert "graph.png" in await do(house, "timeline")


async def test_without_anything_open_there_is_nothing_to_add_to(house: House) -> None:
    message = await say(house, "odd")
    await house.sandbox.slack.shortcut_message("U0ANA", "random", message.ts, actions.ADD_TO_TIMELINE)
    await sentence(house, "U0ANA", "Declare an incident first.")


async def test_a_private_incident_is_no_choice_for_others(house: House) -> None:
    await declare(house)
    await declare(house, "private P0 Salaries leaked")
    message = await say(house, "odd")
    for user, expected in (("U0ANA", True), ("U0CHI", False)):
        await house.sandbox.slack.shortcut_message(user, "random", message.ts, actions.ADD_TO_TIMELINE)
        assert ("Salaries" in shown(await form(house, user, actions.ADD_TO_TIMELINE))) is expected


async def test_a_choice_of_a_private_incident_that_was_forged_is_refused(house: House) -> None:
    await declare(house)
    await declare(house, "private P0 Salaries leaked")
    message = await say(house, "odd")
    await house.sandbox.slack.shortcut_message("U0CHI", "random", message.ts, actions.ADD_TO_TIMELINE)
    view = await form(house, "U0CHI", actions.ADD_TO_TIMELINE)
    forged = view.body["blocks"][1]["element"]["options"][0]
    forged["value"] = incident_id(house, "inc-2")
    refused = errors(await submit(house, "U0CHI", view, incident=forged["value"]))
    assert "There is no incident INC-2" in refused["incident"]
    assert "odd" not in await do(house, "timeline", channel="inc-2")


async def test_a_shortcut_that_nobody_knows_any_more_says_so(house: House) -> None:
    message = await say(house, "odd")
    await house.sandbox.slack.shortcut_message("U0ANA", "random", message.ts, "incident.frobnicate")
    await sentence(house, "U0ANA", "This shortcut is not known any more.")


async def test_a_guest_gets_no_form_from_a_shortcut(house: House) -> None:
    message = await say(house, "odd")
    await house.sandbox.slack.shortcut_message("U0DEE", "random", message.ts, actions.DECLARE_FROM)
    await sentence(house, "U0DEE", "Your access is “none”")
    await house.eventually(lambda: denials(house), "the audit row")


async def test_a_pushpin_marks_the_timeline_and_can_be_taken_back(house: House) -> None:
    await declare(house)
    slack = house.sandbox.slack
    message = await say(house, "the pool is exhausted", CHANNEL)
    await slack.react("U0CHI", CHANNEL, message.ts, "eyes")
    await slack.react("U0CHI", CHANNEL, message.ts, "pushpin")
    await slack.unreact("U0CHI", CHANNEL, message.ts, "pushpin")
    text = await postmortem(house)
    assert text.count("chi pinned: the pool is exhausted") == 1
    assert text.count("chi took a pin back") == 1
    assert text.index("chi pinned") < text.index("chi took a pin back")


async def test_a_pushpin_of_a_viewer_or_elsewhere_marks_nothing(house: House) -> None:
    await declare(house)
    inside, outside = await say(house, "one", CHANNEL), await say(house, "two")
    await house.sandbox.slack.react("U0VIC", CHANNEL, inside.ts, "pushpin")
    await house.sandbox.slack.react("U0ANA", "random", outside.ts, "pushpin")
    assert "pinned" not in await do(house, "timeline")


async def test_the_card_of_the_channel_is_pinned_by_us_and_is_no_entry(house: House) -> None:
    await declare(house)
    assert house.sandbox.slack.channel(CHANNEL).pins == [card(house).ts]
    assert "pinned" not in await do(house, "timeline")
