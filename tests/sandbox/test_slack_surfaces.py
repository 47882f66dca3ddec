"""Buttons, menus, modals, shortcuts and the App Home, as people use them and as Slack tells the bot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.slack_bot import SlackBot, error_of

_YES, _NO = ({"text": {"type": "plain_text", "text": word}, "value": word} for word in ("yes", "no"))


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "1") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "value": value, "text": plain("Go")}


def field(block_id: str, kind: str = "plain_text_input", *, optional: bool = False, **more: Any) -> dict[str, Any]:
    element = {"type": kind, "action_id": "given", **more}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "optional": optional, "element": element}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send"), "blocks": list(blocks), **more}


async def opened(bot: SlackBot, *blocks: dict[str, Any], **more: Any) -> str:
    """The id of a modal that Ana has open."""
    view = modal(*(blocks or (field("title"),)), **more)
    return str((await bot.client.views_open(trigger_id=bot.state.new_trigger("U0ANA"), view=view))["view"]["id"])


async def posted(bot: SlackBot, *elements: dict[str, Any]) -> str:
    """The ts of a message with these elements."""
    channel, blocks = bot.slack.channel("incidents").id, [{"type": "actions", "block_id": "acts", "elements": list(elements)}]
    return str((await bot.client.chat_postMessage(channel=channel, text="choose", blocks=blocks))["ts"])


async def test_a_click_carries_the_button_the_message_and_the_place(slack_bot: SlackBot) -> None:
    ts = await posted(slack_bot, button("ack"), button("resolve"))
    await slack_bot.slack.click("U0BEN", "incidents", ts, "resolve")
    act = slack_bot.act
    assert (act["type"], act["user"]["id"], act["container"]["message_ts"], act["message"]["text"]) == (
        "block_actions",
        "U0BEN",
        ts,
        "choose",
    )
    assert [(one["action_id"], one["block_id"], one["value"]) for one in act["actions"]] == [("resolve", "acts", "1")]


async def test_a_click_on_what_is_not_there_names_what_is(slack_bot: SlackBot) -> None:
    ts = await posted(slack_bot, button("ack"))
    with pytest.raises(LookupError, match="there are ack"):
        await slack_bot.slack.click("U0BEN", "incidents", ts, "resolve")


@pytest.mark.parametrize(
    ("kind", "more", "value", "chosen"),
    [
        ("overflow", {"options": [_YES, _NO]}, "no", {"selected_option": _NO}),
        ("static_select", {"options": [_YES, _NO]}, "yes", {"selected_option": _YES}),
        ("users_select", {}, "U0BEN", {"selected_user": "U0BEN"}),
    ],
)
async def test_a_choice_in_a_message_says_what_was_chosen(
    slack_bot: SlackBot, kind: str, more: dict[str, Any], value: str, chosen: dict[str, Any]
) -> None:
    ts = await posted(slack_bot, {"type": kind, "action_id": "menu", **more})
    await slack_bot.slack.select("U0BEN", "incidents", ts, "menu", value)
    assert slack_bot.act["actions"][0].items() >= {"type": kind, "action_id": "menu", **chosen}.items()


async def test_a_click_in_what_only_one_person_sees_has_no_message(slack_bot: SlackBot) -> None:
    channel, blocks = slack_bot.slack.channel("incidents").id, [{"type": "actions", "elements": [button("join")]}]
    told = await slack_bot.client.chat_postEphemeral(channel=channel, user="U0ANA", text="join?", blocks=blocks)
    await slack_bot.slack.click_ephemeral("U0ANA", told["message_ts"], "join")
    assert (slack_bot.act["container"]["is_ephemeral"], "message" in slack_bot.act) == (True, False)
    await slack_bot.slack.click_ephemeral("U0ANA", -1, "join")
    assert slack_bot.act["container"]["message_ts"] == told["message_ts"]


async def test_shortcuts_carry_their_message_or_none(slack_bot: SlackBot) -> None:
    said = await slack_bot.slack.say("U0BEN", "incidents", "odd")
    await slack_bot.slack.shortcut_message("U0ANA", "incidents", said.ts, "note.add")
    assert (slack_bot.act["type"], slack_bot.act["message"]["text"], slack_bot.act["callback_id"]) == ("message_action", "odd", "note.add")
    await slack_bot.slack.shortcut_global("U0ANA", "incident.declare")
    assert (slack_bot.act["type"], "channel" in slack_bot.act) == ("shortcut", False)
    view = await slack_bot.client.views_open(trigger_id=slack_bot.act["trigger_id"], view=modal(field("title")))
    assert slack_bot.slack.open_views("U0ANA")[0].id == view["view"]["id"]


async def test_a_submission_carries_every_kind_of_input(slack_bot: SlackBot) -> None:
    options = {"options": [_YES, _NO]}
    kinds: dict[str, tuple[Any, Any, dict[str, Any]]] = {
        "plain_text_input": ("a title", "a title", {}),
        "static_select": ("yes", _YES, options),
        "multi_static_select": (["yes", "no"], [_YES, _NO], options),
        "users_select": ("U0BEN", "U0BEN", {}),
        "multi_users_select": (["U0BEN", "U0TIM"], ["U0BEN", "U0TIM"], {}),
        "conversations_select": ("C1", "C1", {}),
        "radio_buttons": ("no", _NO, options),
        "checkboxes": (["no"], [_NO], options),
        "datepicker": ("2026-11-20", "2026-11-20", {}),
        "timepicker": ("22:05", "22:05", {}),
        "datetimepicker": ("1795212300", 1795212300, {}),
        "url_text_input": ("https://a.example", "https://a.example", {}),
        "email_text_input": ("ana@example.com", "ana@example.com", {}),
        "number_input": ("3", "3", {"is_decimal_allowed": False}),
    }
    view_id = await opened(slack_bot, *(field(kind, kind, **more) for kind, (_, _, more) in kinds.items()))
    await slack_bot.slack.submit("U0ANA", view_id, {kind: {"given": value} for kind, (value, _, _) in kinds.items()})
    states = slack_bot.act["view"]["state"]["values"]
    held = {kind: next(value for name, value in states[kind]["given"].items() if name != "type") for kind in kinds}
    assert held == {kind: wanted for kind, (_, wanted, _) in kinds.items()}
    assert slack_bot.slack.open_views("U0ANA") == []


@pytest.mark.parametrize(
    ("block", "given"),
    [
        (field("title"), ""),
        (field("title", min_length=3), "ab"),
        (field("title", max_length=3), "abcd"),
        (field("title", "url_text_input"), "not an address"),
        (field("title", "email_text_input"), "ana"),
        (field("title", "number_input", is_decimal_allowed=False), "1.5"),
        (field("title", "datepicker"), "tomorrow"),
    ],
)
async def test_slack_itself_refuses_what_is_filled_in_wrong(slack_bot: SlackBot, block: dict[str, Any], given: str) -> None:
    view_id = await opened(slack_bot, block)
    await slack_bot.slack.submit("U0ANA", view_id, {"title": {"given": given}})
    assert (list(slack_bot.state.views[view_id].errors), slack_bot.acts) == (["title"], [])


async def test_an_optional_input_may_stay_empty(slack_bot: SlackBot) -> None:
    view_id = await opened(slack_bot, field("title", optional=True))
    await slack_bot.slack.submit("U0ANA", view_id)
    assert slack_bot.act["view"]["state"]["values"]["title"]["given"]["value"] is None


async def test_errors_of_the_bot_leave_the_modal_open_with_what_was_filled_in(slack_bot: SlackBot) -> None:
    view_id = await opened(slack_bot)
    slack_bot.answer = {"response_action": "errors", "errors": {"title": "Say what is broken."}}
    await slack_bot.slack.submit("U0ANA", view_id, {"title": {"given": "?"}})
    view = slack_bot.state.views[view_id]
    assert (view.errors, view.values["title"]["given"]["value"]) == ({"title": "Say what is broken."}, "?")


@pytest.mark.parametrize("errors", [{}, {"nowhere": "wrong"}])
async def test_errors_that_belong_to_no_input_are_trouble(slack_bot: SlackBot, errors: dict[str, str]) -> None:
    view_id = await opened(slack_bot)
    slack_bot.answer = {"response_action": "errors", "errors": errors}
    await slack_bot.slack.submit("U0ANA", view_id, {"title": {"given": "x"}})
    assert list(slack_bot.state.views[view_id].errors) == [""]


async def test_a_stack_of_views_is_three_deep_and_cleared_at_once(slack_bot: SlackBot) -> None:
    view_id = await opened(slack_bot)
    slack_bot.answer = {"response_action": "push", "view": modal(field("title"), callback_id="second")}
    await slack_bot.slack.submit("U0ANA", view_id, {"title": {"given": "x"}})
    trigger = slack_bot.state.new_trigger("U0ANA")
    third = (await slack_bot.client.views_push(trigger_id=trigger, view=modal(field("title"))))["view"]
    assert (third["root_view_id"], len(slack_bot.slack.open_views("U0ANA"))) == (view_id, 3)
    trigger = slack_bot.state.new_trigger("U0ANA")
    assert await error_of(slack_bot.client.views_push(trigger_id=trigger, view=modal(field("title")))) == "push_limit_reached"
    slack_bot.answer = {"response_action": "clear"}
    await slack_bot.slack.submit("U0ANA", third["id"], {"title": {"given": "x"}})
    assert slack_bot.slack.open_views("U0ANA") == []


async def test_an_update_with_an_old_hash_is_refused_and_keeps_what_was_filled_in_otherwise(slack_bot: SlackBot) -> None:
    view_id = await opened(slack_bot, field("title"), field("more", optional=True))
    view = slack_bot.state.views[view_id]
    old = view.hash
    slack_bot.answer = {"response_action": "update", "view": modal(field("title"))}
    await slack_bot.slack.submit("U0ANA", view_id, {"title": {"given": "kept"}})
    assert view.values == {"title": {"given": {"type": "plain_text_input", "value": "kept"}}}
    assert await error_of(slack_bot.client.views_update(view_id=view_id, hash=old, view=modal(field("title")))) == "hash_conflict"
    assert await error_of(slack_bot.client.views_update(view_id="V0", view=modal(field("title")))) == "not_found"


async def test_an_act_in_a_modal_says_where_and_what_is_filled_in(slack_bot: SlackBot) -> None:
    accessory = {"type": "static_select", "action_id": "kind", "options": [_YES, _NO]}
    menu = {"type": "section", "block_id": "kind", "text": plain("Kind"), "accessory": accessory}
    view_id = await opened(slack_bot, menu)
    await slack_bot.slack.act_in_view("U0ANA", view_id, "kind", "no")
    assert (slack_bot.act["container"], slack_bot.act["actions"][0]["selected_option"]) == ({"type": "view", "view_id": view_id}, _NO)
    assert slack_bot.act["view"]["state"]["values"]["kind"]["kind"]["selected_option"] == _NO


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_closed_modal_is_told_to_who_wants_to_know(slack_bot: SlackBot, wanted: bool) -> None:
    view_id = await opened(slack_bot, notify_on_close=wanted)
    await slack_bot.slack.close_view("U0ANA", view_id)
    assert [act["type"] for act in slack_bot.acts] == ["view_closed"] * wanted
    assert slack_bot.slack.open_views("U0ANA") == []


async def test_nobody_touches_the_modals_of_others(slack_bot: SlackBot) -> None:
    view_id = await opened(slack_bot)
    with pytest.raises(LookupError, match="U0BEN has no view"):
        await slack_bot.slack.submit("U0BEN", view_id)


async def test_the_app_home_is_published_opened_and_clicked(slack_bot: SlackBot) -> None:
    await slack_bot.slack.open_home("U0ANA")
    assert "view" not in slack_bot.events[-1]
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "acts", "elements": [button("declare")]}]}
    shown = (await slack_bot.client.views_publish(user_id="U0ANA", view=home))["view"]
    await slack_bot.slack.open_home("U0ANA")
    event = slack_bot.events[-1]
    assert (event["tab"], event["view"]["id"]) == ("home", shown["id"])
    await slack_bot.slack.click_home("U0ANA", "declare")
    assert (slack_bot.act["view"]["type"], slack_bot.act["actions"][0]["action_id"]) == ("home", "declare")
    await slack_bot.client.views_publish(user_id="U0ANA", hash=shown["hash"], view=home)
    assert await error_of(slack_bot.client.views_publish(user_id="U0ANA", hash=shown["hash"], view=home)) == "hash_conflict"
    assert await error_of(slack_bot.client.views_publish(user_id="U0ANA", view=modal(field("title")))) == "invalid_arguments"


async def test_a_command_names_private_places_as_slack_does(slack_bot: SlackBot) -> None:
    slack_bot.slack.private_channel("U0ANA", "secret", ["U0MUSTER"])
    await slack_bot.slack.command("U0ANA", "status", channel="secret")
    assert slack_bot.act["channel_name"] == "privategroup"
    slack_bot.answer = {"text": "for everybody", "response_type": "in_channel"}
    await slack_bot.slack.command("U0ANA", "note a < b")
    assert (slack_bot.act["text"], slack_bot.slack.channel("general").messages[-1].text) == ("note a &lt; b", "for everybody")


async def test_a_guest_clicks_with_the_team_they_are_of(slack_bot: SlackBot) -> None:
    ts = await posted(slack_bot, button("ack"))
    slack_bot.state.share("incidents")
    await slack_bot.slack.click("U0PAT", "incidents", ts, "ack")
    assert (slack_bot.act["user"]["team_id"], slack_bot.act["team"]["id"]) == ("T0OTHER", "T0OTHER")
