"""Forms that are half filled, older than what they are about, or changed on their way: a sentence, and nothing half done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.messages import actions
from tests.house import House, alert
from tests.scenarios.responders import (
    CHANNEL,
    TITLE,
    card,
    choose,
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
    press,
    sentence,
    shown,
    submit,
)

NOT_EMPTY = [
    (actions.UPDATE, press, {"text": "  "}, "text"),
    (actions.CHANGE_SEVERITY, press, {"severity": "P1", "text": " \n "}, "text"),
    (actions.NOTE, choose, {"text": "\u200b"}, "text"),
    (actions.NOTE_AT, choose, {"what": "note", "when": "14:00"}, "text"),
    (actions.NOTE_AT, choose, {"what": "note", "when": "noonish", "text": "x"}, "when"),
    (actions.NOTE_AT, choose, {"what": "started_at", "when": "14:00 deployed"}, "when"),
    (actions.PAGE, choose, {}, "people"),
]


@pytest.mark.parametrize(("callback_id", "way", "values", "where"), NOT_EMPTY, ids=[f"{row[0]}-{row[2]}" for row in NOT_EMPTY])
async def test_a_form_half_filled_stays_open_with_a_sentence_beside_the_field(
    house: House, callback_id: str, way: Any, values: dict[str, Any], where: str
) -> None:
    await declare(house)
    before = (house.said(CHANNEL), await do(house, "timeline"))
    await way(house, "U0ANA", callback_id)
    view = await form(house, "U0ANA", callback_id)
    refused = errors(await submit(house, "U0ANA", view, **values))
    assert list(refused) == [where]
    assert refused[where].endswith(".") or "`" in refused[where]
    assert house.sandbox.slack.open_views("U0ANA")[0].errors == refused
    assert (house.said(CHANNEL), await do(house, "timeline")) == before


async def test_a_severity_that_was_changed_meanwhile_is_not_changed_back(house: House) -> None:
    await declare(house, f"P1 {TITLE}")
    await press(house, "U0ANA", actions.CHANGE_SEVERITY)
    view = await form(house, "U0ANA", actions.CHANGE_SEVERITY)
    await do(house, "severity P0 everybody is affected", user="U0BEN")
    refused = errors(await submit(house, "U0ANA", view, text="still only a few"))
    assert refused == {"severity": "It was changed to P0 while this form was open. Open it again to change that."}
    assert card(house).text.startswith("[P0]")


async def test_a_status_that_was_changed_meanwhile_stays_when_the_form_left_it_alone(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    await do(house, "update monitoring: fixed", user="U0BEN")
    await submit(house, "U0ANA", view, text="the logs are quiet")
    assert "Status: Monitoring" in card(house).text
    assert any("the logs are quiet" in text for text in house.said(CHANNEL))


async def test_an_impact_that_was_changed_meanwhile_stays_when_the_form_left_it_alone(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.UPDATE), text="first", impact="EU\nand US")
    for user in ("U0ANA", "U0BEN"):
        await press(house, user, actions.UPDATE)
    await submit(house, "U0BEN", await form(house, "U0BEN", actions.UPDATE), text="second", impact="the whole world")
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.UPDATE), text="third")
    assert "Impact: the whole world" in card(house).text


async def test_a_role_that_was_given_meanwhile_stays_when_the_form_left_it_alone(house: House) -> None:
    await declare(house)
    await do(house, "role owner <@U0ANA>")
    await choose(house, "U0BEN", actions.ASSIGN_ROLE)
    view = await form(house, "U0BEN", actions.ASSIGN_ROLE)
    assert initial(view, "owner") == "U0ANA"
    await do(house, "role owner <@U0TIM>")
    await submit(house, "U0BEN", view, commander="U0BEN")
    assert "Owner: Tim" in card(house).text
    assert "Commander: Ben" in shown(card(house))


@pytest.mark.parametrize("callback_id", [actions.UPDATE, actions.CHANGE_SEVERITY, actions.RESOLVE])
async def test_a_form_of_an_incident_that_is_resolved_meanwhile_says_so(house: House, callback_id: str) -> None:
    await declare(house)
    await press(house, "U0ANA", callback_id)
    view = await form(house, "U0ANA", callback_id)
    await do(house, "resolve", user="U0BEN")
    before = house.said(CHANNEL)
    values = {"text": "x"} | ({"severity": "P1"} if callback_id == actions.CHANGE_SEVERITY else {})
    refused = errors(await submit(house, "U0ANA", view, **values))
    assert "This incident is resolved." in refused["text"]
    assert house.said(CHANNEL) == before


@pytest.mark.parametrize("callback_id", [actions.ASSIGN_ROLE, actions.PAGE])
async def test_a_menu_form_of_an_incident_that_is_resolved_meanwhile_says_so(house: House, callback_id: str) -> None:
    await declare(house)
    await choose(house, "U0ANA", callback_id)
    view = await form(house, "U0ANA", callback_id)
    await do(house, "resolve", user="U0BEN")
    values = {"owner": "U0BEN"} if callback_id == actions.ASSIGN_ROLE else {"people": ["U0BEN"]}
    assert "This incident is resolved." in str(errors(await submit(house, "U0ANA", view, **values)))
    assert "Owner: nobody yet" in card(house).text


async def test_a_reopen_form_of_an_incident_that_is_open_again_says_so(house: House) -> None:
    await declare(house)
    await do(house, "resolve")
    await press(house, "U0ANA", actions.REOPEN)
    view = await form(house, "U0ANA", actions.REOPEN)
    await do(house, "reopen", user="U0BEN")
    assert "open already" in errors(await submit(house, "U0ANA", view))["text"]
    assert sum("reopened INC-1" in text for text in house.said(CHANNEL)) == 1


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("{not json", "changed on its way"),
        ("[]", "changed on its way"),
        ('{"incident_id": ""}', "changed on its way"),
        ("[" * 1500, "changed on its way"),
        ('{"incident_id": "somewhere-else"}', "does not exist"),
        ('{"incident_id": {"$ne": null}}', "does not exist"),
    ],
)
async def test_metadata_that_was_changed_on_its_way_does_nothing(house: House, metadata: str, expected: str) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    view.body["private_metadata"] = metadata
    refused = errors(await submit(house, "U0ANA", view, text="smuggled"))
    assert expected in refused["text"]
    assert not any("smuggled" in text for text in house.said(CHANNEL))


async def test_metadata_of_another_incident_reaches_no_private_one(house: House) -> None:
    await declare(house)
    await declare(house, "private P0 Salaries leaked")
    await press(house, "U0BEN", actions.UPDATE)
    view = await form(house, "U0BEN", actions.UPDATE)
    view.body["private_metadata"] = json.dumps({"incident_id": incident_id(house, "inc-2")})
    refused = errors(await submit(house, "U0BEN", view, text="let me in"))
    assert "There is no incident INC-2" in refused["text"]
    assert not any("let me in" in text for text in house.said("inc-2"))


async def test_a_severity_that_the_policy_does_not_know_is_refused_with_the_choices(house: House) -> None:
    await do(house, "declare", channel="general")
    view = await form(house, "U0ANA", actions.DECLARE)
    options = next(block for block in view.body["blocks"] if block["block_id"] == "severity")["element"]["options"]
    options[0]["value"] = "P9"
    refused = errors(await submit(house, "U0ANA", view, title=TITLE, severity="P9"))
    assert "Choose one of P0, P1" in str(refused)
    assert incidents(house) == []


async def test_a_form_that_nobody_knows_any_more_says_so(house: House) -> None:
    await declare(house)
    await press(house, "U0ANA", actions.UPDATE)
    view = await form(house, "U0ANA", actions.UPDATE)
    view.body["callback_id"] = "from_last_year"
    assert "not known any more" in errors(await submit(house, "U0ANA", view, text="x"))["text"]


async def test_the_facts_of_the_alerts_are_on_the_card_and_a_person_puts_them_right(house: House) -> None:
    await house.post_alert(alert(tenant="shop-7", route="/pay", release="1.4.2", feature="cards"))
    await house.settle()
    channel = "inc-1-checkout-returns-500-for-card-payments"
    for line in ("Tenants: shop-7", "Routes: /pay", "Release: 1.4.2", "Features: cards", "First seen 14:05 PT", ":red_circle:"):
        assert line in shown(card(house, channel))
    await choose(house, "U0ANA", actions.CHANGE_TRIAGE, channel)
    view = await form(house, "U0ANA", actions.CHANGE_TRIAGE)
    assert initial(view, "tenants") == "shop-7"
    await submit(house, "U0ANA", view, tenants="shop-7, shop-8", users_affected="about 300")
    assert "Tenants: shop-7, shop-8" in shown(card(house, channel)) and "Users affected: about 300" in shown(card(house, channel))
    assert "Release: 1.4.2" in shown(card(house, channel))
    said = next(text for text in house.said(channel) if "wrote down what is known" in text)
    assert "shop-8" in said and "1.4.2" not in said
    text = await postmortem(house, channel)
    for line in ("- Tenants: shop-7, shop-8\n", "- Routes: /pay\n", "- Users affected: about 300\n"):
        assert line in text


async def test_an_old_form_of_what_is_known_takes_nothing_back(house: House) -> None:
    await declare(house)
    for user in ("U0ANA", "U0BEN"):
        await choose(house, user, actions.CHANGE_TRIAGE)
    await submit(house, "U0BEN", await form(house, "U0BEN", actions.CHANGE_TRIAGE), tenants="shop-9")
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.CHANGE_TRIAGE), release="2.0")
    assert "Tenants: shop-9" in shown(card(house)) and "Release: 2.0" in shown(card(house))


async def test_a_fact_that_is_emptied_goes_back_to_what_the_alerts_say(house: House) -> None:
    await house.post_alert(alert(tenant="shop-7"))
    await house.settle()
    channel = "inc-1-checkout-returns-500-for-card-payments"
    for wanted, expected in (("everybody", "Tenants: everybody"), ("", "Tenants: shop-7")):
        await choose(house, "U0ANA", actions.CHANGE_TRIAGE, channel)
        await submit(house, "U0ANA", await form(house, "U0ANA", actions.CHANGE_TRIAGE), tenants=wanted)
        assert expected in shown(card(house, channel))


async def test_a_viewer_gets_no_form_and_it_is_in_the_audit(house: House) -> None:
    await declare(house)
    await press(house, "U0VIC", actions.UPDATE)
    await sentence(house, "U0VIC", "cannot change incidents")
    assert house.sandbox.slack.open_views("U0VIC")[0].callback_id == ""
    await house.eventually(lambda: denials(house), "the audit row")
    assert await denials(house) == ["a form"]


async def test_a_form_that_a_viewer_submits_all_the_same_is_refused_and_in_the_audit(house: House) -> None:
    await declare_two(house)
    await press(house, "U0ANA", actions.RESOLVE)
    view = await form(house, "U0ANA", actions.RESOLVE)
    view.user = "U0VIC"
    assert "viewer" in errors(await submit(house, "U0VIC", view))["text"]
    assert await denials(house) == ["a form"]
    assert "Status: Investigating" in card(house).text
