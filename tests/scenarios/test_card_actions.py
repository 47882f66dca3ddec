"""Whatever is typed can be clicked, with the same effect: buttons, the menu and the forms of the card."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

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
    declare_two,
    do,
    form,
    incident_id,
    press,
    sentence,
    shown,
    submit,
)

_FORMS: list[tuple[str, str, Mapping[str, Any]]] = [
    ("update mitigating: Rolled back to 1.4.2", actions.UPDATE, {"status": "Mitigating", "text": "Rolled back to 1.4.2"}),
    ("update Still looking", actions.UPDATE, {"text": "Still looking"}),
    ("severity P1 fewer customers", actions.CHANGE_SEVERITY, {"severity": "P1", "text": "fewer customers"}),
    ("role commander <@U0BEN>", actions.ASSIGN_ROLE, {"commander": "U0BEN"}),
    ("role technical-lead <@U0CHI>", actions.ASSIGN_ROLE, {"technical lead": "U0CHI"}),
    ("page <@U0BEN>", actions.PAGE, {"people": ["U0BEN"]}),
    ("page backup", actions.PAGE, {"group": "backup"}),
    ("note The deploy is suspect", actions.NOTE, {"text": "The deploy is suspect"}),
    ("at 13:55 deployed 1.4.2", actions.NOTE_AT, {"what": "note", "when": "13:55", "text": "deployed 1.4.2"}),
    ("at 13:50 started", actions.NOTE_AT, {"what": "started_at", "when": "13:50"}),
    ("at 14:05 ended", actions.NOTE_AT, {"what": "ended_at", "when": "14:05"}),
    ("resolve Rolled back", actions.RESOLVE, {"text": "Rolled back"}),
]
_OF_THE_WORLD = re.compile(r"joined the channel|was sent|was delivered|^(?:pinned|added) a ")
"""What comes when Slack and the phone network like."""
_BUTTONS = (actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE, actions.REOPEN)


def _alike(text: str) -> str:
    """A text of either incident without what tells them apart: number, ids, code."""
    text = re.sub(r"inc-2|INC-2", lambda found: found[0].replace("2", "1"), text)
    return re.sub(r'C0\d{8}|01[a-z0-9]{24}|#\d+\b|"block_id": "[^"]*"', "…", text)


async def _seen(house: House, reference: str, channel: str) -> list[str]:
    """All that can be seen of an incident, in no order: its channel, its card, its timeline, the announcements."""
    blocks = json.loads(await do(house, f"timeline {reference}", channel="general"))["blocks"]
    entries = "\n".join(block["text"]["text"] for block in blocks).splitlines()
    told = [text for text in house.said(ANNOUNCED) if reference in text]
    seen = [*house.said(channel), shown(card(house, channel)), *entries, *told]
    return sorted(_alike(text) for text in seen if not _OF_THE_WORLD.search(text))


@pytest.mark.parametrize(("typed", "callback_id", "values"), _FORMS, ids=[typed for typed, _, _ in _FORMS])
async def test_what_a_form_does_is_what_the_command_does(house: House, typed: str, callback_id: str, values: Mapping[str, Any]) -> None:
    await declare_two(house)
    before = await _seen(house, "INC-2", SECOND)
    await do(house, typed, channel=CHANNEL)
    await (press if callback_id in _BUTTONS else choose)(house, "U0ANA", callback_id, SECOND)
    answer = await submit(house, "U0ANA", await form(house, "U0ANA", callback_id), **values)
    assert answer.body is None
    after = await _seen(house, "INC-2", SECOND)
    assert after == await _seen(house, "INC-1", CHANNEL)
    assert after != before


async def test_acknowledge_is_the_same_by_button_and_by_command(house: House) -> None:
    await declare_two(house)
    await do(house, "ack", user="U0BEN", channel=CHANNEL)
    await press(house, "U0BEN", actions.ACKNOWLEDGE, SECOND)
    assert "Acknowledged by Ben by Slack" in shown(card(house, SECOND))
    assert await _seen(house, "INC-2", SECOND) == await _seen(house, "INC-1", CHANNEL)
    assert actions.ACKNOWLEDGE not in shown(card(house, SECOND))


async def test_reopen_is_the_same_by_button_and_by_command(house: House) -> None:
    await declare_two(house)
    for channel in (CHANNEL, SECOND):
        await do(house, "resolve", channel=channel)
    await do(house, "reopen it is back")
    await press(house, "U0ANA", actions.REOPEN, SECOND)
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.REOPEN), text="it is back")
    assert "Status: Investigating" in card(house, SECOND).text
    assert await _seen(house, "INC-2", SECOND) == await _seen(house, "INC-1", CHANNEL)


@pytest.mark.parametrize(
    ("typed", "action_id", "expected"),
    [("timeline", actions.SHOW_TIMELINE, "Ana declared the incident as P0"), ("oncall", actions.SHOW_ON_CALL, "2. backup: Ana, Ben")],
)
async def test_what_the_menu_shows_is_what_the_command_answers(house: House, typed: str, action_id: str, expected: str) -> None:
    await declare(house)
    answer = await do(house, typed)
    await choose(house, "U0ANA", action_id)
    clicked = await sentence(house, "U0ANA", expected)
    assert expected in answer
    told = [one for one in house.sandbox.slack.ephemerals("U0ANA") if expected in shown(one)]
    assert len(told) == 2
    assert shown(told[0]) == shown(told[1]) == clicked


async def test_the_postmortem_is_drafted_by_the_menu_as_by_the_command(house: House) -> None:
    await declare(house)
    await do(house, "note The deploy is suspect")
    await choose(house, "U0ANA", actions.DRAFT_POSTMORTEM)
    await sentence(house, "U0ANA", "is drafted anew")
    await do(house, "postmortem")
    clicked, typed = (file.content.decode() for file in house.sandbox.slack.files)
    assert "The deploy is suspect" in clicked
    assert clicked.splitlines()[:9] == typed.splitlines()[:9]


async def test_a_severity_without_a_reason_opens_the_form_with_it_chosen(house: House) -> None:
    await declare(house)
    await do(house, "severity P1")
    view = await form(house, "U0ANA", actions.CHANGE_SEVERITY)
    assert '"initial_option": {"text": {"type": "plain_text", "text": "P1 High"' in shown(view)
    assert "[P0]" in card(house).text
    await submit(house, "U0ANA", view, text="only one shop")
    assert card(house).text.startswith("[P1]")
    assert any("only one shop" in text for text in house.said(CHANNEL))
    assert any("only one shop" in text for text in house.said(ANNOUNCED))


@pytest.mark.parametrize("word", ["update", "role", "page", "note", "at"])
async def test_a_command_that_leaves_everything_out_opens_its_form(house: House, word: str) -> None:
    callbacks = {
        "update": actions.UPDATE, "role": actions.ASSIGN_ROLE, "page": actions.PAGE, "note": actions.NOTE, "at": actions.NOTE_AT,
    }  # fmt: skip
    await declare(house)
    await do(house, f"{word} INC-1", channel="general")
    assert "INC-1" in shown((await form(house, "U0ANA", callbacks[word])).body["title"])


async def test_the_card_offers_what_can_be_done_now(house: House) -> None:
    await declare(house)
    assert {actions.ACKNOWLEDGE, actions.UPDATE, actions.RESOLVE} <= _offered(house)
    assert actions.REOPEN not in _offered(house)
    await do(house, "resolve")
    assert actions.REOPEN in _offered(house)
    assert not {actions.ACKNOWLEDGE, actions.UPDATE, actions.RESOLVE, actions.PAGE} & _offered(house)


def _offered(house: House) -> set[str]:
    found = re.findall(r'"(incident\.[a-z_]+)(?:\||")', shown(card(house)))
    return set(found)


async def test_every_change_is_on_the_one_card_and_where_it_was_announced(house: House) -> None:
    await declare(house)
    identity, cards = incident_id(house), len([m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P")])
    await do(house, "update monitoring: fixed", user="U0BEN")
    await do(house, "role owner <@U0BEN>")
    for channel in (CHANNEL, ANNOUNCED):
        assert "Status: Monitoring" in card(house, channel).text and "Owner: Ben" in card(house, channel).text
    assert cards == len([m for m in house.sandbox.slack.channel(CHANNEL).messages if m.text.startswith("[P")]) == 1
    assert incident_id(house) == identity
