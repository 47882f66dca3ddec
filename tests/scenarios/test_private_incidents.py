"""A private incident is there for those who have a part in it, and for nobody else, whichever way they ask."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.messages import actions
from tests.house import SECRETS, House, open_house
from tests.policies import make_policy, policy_data
from tests.scenarios.responders import (
    ANNOUNCED,
    TITLE,
    card,
    declare,
    direct,
    do,
    form,
    incident_id,
    incidents,
    postmortem,
    press,
    sentence,
    shown,
    submit,
)

CHANNEL = "inc-1"
LEAK = "private P0 Salaries leaked"
TOKENS = {"HQ_TOKEN": "token-of-hq", "STRANGE_TOKEN": "token-of-a-stranger"}


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    """A house whose API knows Ana, the headquarters and a machine without a person."""
    tokens = [
        *policy_data()["tokens"],
        {"name": "hq", "secret": "env:HQ_TOKEN", "access": "hq"},
        {"name": "machine", "secret": "env:STRANGE_TOKEN", "access": "responder", "person": "ben"},
    ]
    people = policy_data()["people"] | {"olga": {"name": "Olga", "slack": "U0CHI", "access": "owner"}}
    os.environ.update(TOKENS)
    try:
        async with open_house(database_url, make_policy(tokens=tokens, people=people), socket_mode=request.param) as opened:
            yield opened
    finally:
        for name in TOKENS:
            del os.environ[name]


async def call(house: House, token: str, path: str = "", method: str = "GET", body: Any = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{house.bot.url}/api/v1/incidents{path}"
    async with house.http.request(method, address, json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_its_channel_is_private_named_without_its_title_and_holds_only_who_has_a_part(house: House) -> None:
    await declare(house, LEAK)
    channel = house.sandbox.slack.channel(CHANNEL)
    assert incidents(house) == [CHANNEL]
    assert channel.is_private
    assert channel.members == {"U0MUSTER", "U0ANA"}
    assert "INC-1, private" in shown(card(house, CHANNEL))


async def test_it_is_announced_nowhere_through_its_whole_life(house: House) -> None:
    await declare(house, LEAK)
    for typed in ("update mitigating: keys rotated", "severity P1 contained", "resolve over", "reopen again"):
        await do(house, typed, channel=CHANNEL)
    assert house.said(ANNOUNCED) == []
    elsewhere = [message.text for one in house.sandbox.slack.channels.values() if not one.is_private for message in one.messages]
    assert not any("Salaries" in text or "INC-1" in text for text in elsewhere)


async def test_the_form_makes_one_too(house: House) -> None:
    await do(house, "declare", channel="general")
    await submit(house, "U0ANA", await form(house, "U0ANA", actions.DECLARE), title="Salaries leaked", private=["private"])
    assert incidents(house) == [CHANNEL]
    assert house.sandbox.slack.channel(CHANNEL).is_private
    assert house.said(ANNOUNCED) == []


@pytest.mark.parametrize(
    "word", ["status", "ack", "timeline", "resolve x", "postmortem", "note x", "update x", "role owner", "reopen", "page x"]
)
async def test_who_has_no_part_in_it_is_told_that_there_is_no_such_incident(house: House, word: str) -> None:
    await declare(house, LEAK)
    before = house.said(CHANNEL)
    first, _, rest = word.partition(" ")
    private = await do(house, f"{first} INC-1 {rest}", user="U0BEN", channel="general")
    missing = await do(house, f"{first} INC-9 {rest}", user="U0BEN", channel="general")
    assert "There is no incident INC-1." in private
    assert private == missing.replace("INC-9", "INC-1")
    assert house.said(CHANNEL) == before


async def test_a_form_about_it_tells_others_nothing(house: House) -> None:
    await declare(house, LEAK)
    await do(house, "update INC-1", user="U0BEN", channel="general")
    assert "Salaries" not in await sentence(house, "U0BEN", "There is no incident INC-1.")


async def test_the_list_and_the_form_hide_it_from_others(house: House) -> None:
    await declare(house, LEAK)
    assert "Salaries leaked" in await do(house, "list", channel="general")
    assert "Nothing is open" in await do(house, "list", user="U0BEN", channel="general")
    await do(house, "declare", user="U0BEN", channel="general")
    assert "Salaries" not in shown(await form(house, "U0BEN", actions.DECLARE))


async def test_an_owner_of_the_house_sees_it_without_a_part(house: House) -> None:
    await declare(house, LEAK)
    assert "Salaries leaked" in await do(house, "list", user="U0CHI", channel="general")
    assert "Status: Investigating" in await do(house, "status INC-1", user="U0CHI", channel="general")


async def test_declaring_the_same_title_does_not_give_it_away(house: House) -> None:
    await declare(house, LEAK)
    answer = await declare(house, "P0 Salaries leaked", user="U0BEN")
    assert "INC-2" in answer and "already" not in answer
    assert incidents(house) == [CHANNEL, "inc-2-salaries-leaked"]


async def test_who_has_a_part_in_it_is_brought_together_with_it(house: House) -> None:
    await declare(house, LEAK)
    answer = await declare(house, "P0 Salaries leaked")
    assert "INC-1" in answer and "is open already" in answer
    assert incidents(house) == [CHANNEL]


async def test_insisting_on_a_separate_one_keeps_it_private(house: House) -> None:
    await declare(house, LEAK)
    await declare(house, LEAK)
    await house.sandbox.slack.click_ephemeral("U0ANA", -1, actions.DECLARE_ANYWAY)
    await house.settle()
    assert incidents(house) == [CHANNEL, "inc-2"]
    assert house.sandbox.slack.channel("inc-2").is_private


async def test_a_role_makes_somebody_part_of_it_and_brings_them_in(house: House) -> None:
    await declare(house, LEAK)
    await do(house, "role commander <@U0BEN>", channel=CHANNEL)
    assert "U0BEN" in house.sandbox.slack.channel(CHANNEL).members
    assert "made you the commander of INC-1" in direct(house, "U0BEN")[-1].text
    assert "Salaries leaked" in await do(house, "list", user="U0BEN", channel="general")


async def test_who_is_paged_is_part_of_it_and_answers_from_their_messages(house: House) -> None:
    await declare(house, LEAK)
    message = direct(house, "U0TIM")[-1]
    await house.sandbox.slack.click("U0TIM", "U0TIM", message.ts, actions.ACKNOWLEDGE)
    await house.settle()
    assert "Owner: Tim" in card(house, CHANNEL).text
    assert "U0TIM" in house.sandbox.slack.channel(CHANNEL).members


async def test_a_forged_join_button_brings_nobody_in(house: House) -> None:
    await declare(house, LEAK)
    await declare(house, f"P0 {TITLE}")
    post = card(house, ANNOUNCED)
    await house.sandbox.slack.click("U0BEN", ANNOUNCED, post.ts, actions.JOIN, incident_id(house, CHANNEL))
    await sentence(house, "U0BEN", "There is no incident INC-1.")
    assert "U0BEN" not in house.sandbox.slack.channel(CHANNEL).members


async def test_in_its_own_channel_everybody_who_was_let_in_can_work(house: House) -> None:
    await declare(house, LEAK)
    await house.sandbox.slack.add("U0BEN", CHANNEL, by="U0ANA")
    await house.settle()
    await do(house, "ack", user="U0BEN", channel=CHANNEL)
    assert "Owner: Ben" in card(house, CHANNEL).text
    await press(house, "U0BEN", actions.UPDATE, CHANNEL)
    await submit(house, "U0BEN", await form(house, "U0BEN", actions.UPDATE), text="from the inside")
    assert any("from the inside" in text for text in house.said(CHANNEL))


async def test_the_postmortem_carries_its_mark(house: House) -> None:
    await declare(house, LEAK)
    assert "- Private: only who has a part in it may see it\n" in await postmortem(house, CHANNEL)
    await declare(house)
    assert "- Private" not in await postmortem(house, "inc-2-checkout-returns-500")


async def test_the_api_shows_it_to_those_who_have_a_part_and_to_the_headquarters(house: House) -> None:
    await declare(house, LEAK)
    for token in (SECRETS["MUSTER_API_TOKEN"], TOKENS["HQ_TOKEN"]):
        status, shown_to = await call(house, token, "/INC-1")
        assert (status, shown_to["title"]) == (200, "Salaries leaked")
        _, listed = await call(house, token)
        assert [one["reference"] for one in listed["incidents"]] == ["INC-1"]


async def test_the_api_hides_it_from_everybody_else_whatever_they_ask(house: House) -> None:
    await declare(house, LEAK)
    token = TOKENS["STRANGE_TOKEN"]
    missing = await call(house, token, "/INC-9")
    hidden = await call(house, token, "/INC-1")
    assert hidden[0] == missing[0] == 404
    assert str(hidden[1]).replace("INC-1", "INC-9") == str(missing[1])
    for query in ("", "?state=all"):
        assert (await call(house, token, query))[1]["incidents"] == []
    for name, body in (("ack", {}), ("update", {"text": "x"}), ("resolve", {}), ("roles", {"role": "owner", "person": "ben"})):
        assert (await call(house, token, f"/INC-1/{name}", "POST", body))[0] == 404
    assert (await call(house, token, "/INC-1/postmortem"))[0] == 404
    assert (await call(house, token, "/INC-1/postmortem", "PUT", {"markdown": "# x"}))[0] == 404
    assert "Owner: nobody yet" in card(house, CHANNEL).text


async def test_the_api_declares_a_private_one(house: House) -> None:
    status, declared = await call(house, TOKENS["STRANGE_TOKEN"], "", "POST", {"title": "Salaries leaked", "private": True})
    await house.settle()
    assert (status, declared["reference"]) == (200, "INC-1")
    assert house.sandbox.slack.channel(CHANNEL).is_private
    assert (await call(house, SECRETS["MUSTER_API_TOKEN"], "/INC-1"))[0] == 404


async def test_alerts_of_a_private_incident_are_named_to_nobody_who_guesses_their_ids(house: House) -> None:
    ana, ben = SECRETS["MUSTER_API_TOKEN"], TOKENS["STRANGE_TOKEN"]
    assert (await house.post_alert({"title": "Salaries were downloaded"}, "anything")).status == 202
    await house.settle()
    _, waiting = await call(house, ana, "/../alerts")
    chosen = {"alerts": [waiting["alerts"][0]["id"]]}
    _, private = await call(house, ana, "", "POST", {"title": "Salaries leaked", "severity": "P1", "private": True})
    assert (await call(house, ana, f"/{private['reference']}/attach", "POST", chosen))[0] == 200
    _, other = await call(house, ben, "", "POST", {"title": "Something else", "severity": "P1"})
    for path in (f"/{other['reference']}/detach", f"/{other['reference']}/attach", "/../alerts/declare"):
        status, said = await call(house, ben, path, "POST", chosen)
        assert (status, "downloaded" in str(said)) == (404, False), path
