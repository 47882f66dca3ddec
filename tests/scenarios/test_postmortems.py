"""The write-up, told whole: by the policy's sections, owed until it is written or waived, without blame (S8, J15, W10, O13)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.policy import Policy
from bot.domain.timeline import EntryKind
from bot.messages import actions
from bot.services.work import UnitOfWork
from bot.store import incidents, timeline
from tests.house import SECRETS, House, open_house
from tests.policies import ANA_MAIL, BEN_MAIL, TIM_MAIL, policy_data

from .responders import CHANNEL, declare, denials, direct, do, form, shown, submit

SECTIONS = [
    {"title": "Timeline", "hint": "Filled from what was recorded"},
    "User impact",
    {"title": "Root cause", "hint": "What made it possible; never who"},
    "Preventive actions",
]
WRITTEN = {"section 1": "Nobody could pay.", "section 2": "The migration locked the table.", "section 3": "A shadow migration, by Ben."}
ROOT = "/api/v1"


def make_policy() -> Policy:
    """Ben manages, Ana commands and writes; a P0 owes a write-up within three days, a P1 when it was major."""
    data = policy_data(postmortem={"sections": SECTIONS, "by": "commander"}, objectives=[{"title": "Checkout", "target": 99.9}])
    data["severities"][0]["clocks"]["postmortem"] = {"breach": "72h", "tell": ["ben"]}
    data["severities"][1] |= {"major_only": True, "clocks": {"update": "30m", "postmortem": "72h"}}
    data["people"]["tim"]["access"] = "owner"
    data["tokens"] += [{"name": "owner", "secret": "env:PROMETHEUS_SECRET", "access": "owner", "person": "tim"}]
    return Policy.model_validate(data)


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, make_policy(), socket_mode=request.param) as opened:
        yield opened


async def resolve(house: House, severity: str = "P0", said: str = "") -> None:
    """An incident of twenty minutes that Ana commands, resolved; ``said`` is what she says of it."""
    await declare(house, f"{severity} Checkout returns 500")
    await do(house, "ack")
    await do(house, "role commander <@U0ANA>")
    await house.travel(minutes=20)
    await do(house, f"resolve {said}the migration was taken back")


async def call(house: House, method: str, path: str, body: Any = None, secret: str = "MUSTER_API_TOKEN") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {SECRETS[secret]}"}
    async with house.http.request(method, f"{house.bot.url}{ROOT}{path}", json=body, headers=headers) as response:
        return response.status, await response.json()


async def drafted(house: House) -> str:
    return str((await call(house, "GET", "/incidents/INC-1/postmortem"))[1]["markdown"])


async def write_up(house: House) -> dict[str, Any]:
    """The promise of the write-up as it stands."""
    promises = (await house.show("INC-1"))["promises"]
    return dict(next(promise for promise in reversed(promises) if promise["clock"] == "postmortem"))


async def open_form(house: House) -> Any:
    await house.sandbox.slack.command("U0ANA", "postmortem write", channel=CHANNEL)
    return await form(house, "U0ANA", actions.WRITE_POSTMORTEM)


async def entries(house: House, kind: EntryKind) -> list[Any]:
    async def look(work: UnitOfWork) -> list[Any]:
        incident = await incidents.find_by_number(work.tx, 1)
        assert incident is not None
        return [entry for entry in await timeline.list_entries(work.tx, incident.id) if entry.kind is kind]

    return await house.bot.services.read(look)


async def test_the_draft_says_who_writes_it_until_when_why_and_what_is_missing(house: House) -> None:
    await resolve(house)
    said = next(text for text in house.said(CHANNEL) if "postmortem draft" in text)
    assert "<@U0ANA> (commander) writes it. It is due 2026-11-23 14:25 PT / 22:25 UTC." in said
    assert "To be filled in: User impact, Root cause, Preventive actions." in said
    text = await drafted(house)
    assert "- Required: yes, P0 asks for it within 72 h of the resolution\n- To be written by: Ana (commander)\n" in text
    assert "## Timeline\n" in text and "Ana acknowledged by Slack" in text and "Filled from what was recorded" not in text
    assert "- Checkout: this incident took 20 min of the 40 min 19 s that a target of 99.9 % leaves in 28 days." in text


async def test_saving_with_empty_sections_keeps_the_text_and_not_the_promise(house: House) -> None:
    await resolve(house)
    text = (await drafted(house)).replace("_What made it possible; never who_", "The migration locked the table.")
    status, saved = await call(house, "PUT", "/incidents/INC-1/postmortem", {"markdown": text})
    assert (status, saved["kept"], saved["owed"], saved["empty"]) == (200, False, True, ["User impact", "Preventive actions"])
    assert "Still empty: User impact, Preventive actions." in saved["message"]
    assert (await write_up(house))["kept_at"] is None
    assert "The migration locked the table." in await drafted(house)


async def test_the_form_fills_the_sections_keeps_the_promise_and_says_so_alone(house: House) -> None:
    await resolve(house)
    answer = await submit(house, "U0ANA", await open_form(house), **WRITTEN)
    assert "Every section is filled in: the promise is kept." in shown(answer.body)
    assert (await write_up(house))["kept_at"] is not None
    text = await drafted(house)
    assert all(words in text for words in WRITTEN.values())
    assert [entry.facts["clock"] for entry in await entries(house, EntryKind.PROMISE_KEPT)][-1] == "postmortem"
    await house.travel(hours=100)
    assert not any("the write-up" in text for text in house.said(CHANNEL))


@pytest.mark.promise("S8")
async def test_words_that_blame_are_named_alone_and_block_nothing(house: House) -> None:
    await resolve(house)
    blaming = WRITTEN | {"section 2": "Tim should have tested the migration. The database failed over."}
    answer = await submit(house, "U0ANA", await open_form(house), **blaming)
    said = shown(answer.body)
    assert "These words may read as blame" in said and "should have" in said and "“Tim”" in said and "failed over” " not in said
    assert (await write_up(house))["kept_at"] is not None
    assert not any("blame" in text for text in house.said(CHANNEL))
    _, saved = await call(house, "PUT", "/incidents/INC-1/postmortem", {"markdown": await drafted(house)})
    assert {finding["words"] for finding in saved["findings"]} == {"Tim", "should have"}
    assert all(finding["section"] == "Root cause" and finding["suggestion"] for finding in saved["findings"])


async def test_an_overdue_one_is_chased_up_to_whom_the_clock_tells_with_what_is_missing(house: House) -> None:
    await resolve(house)
    await submit(house, "U0ANA", await open_form(house), **{"section 2": "The migration locked the table."})
    rung = len(house.sandbox.phones.messages)
    await house.travel(hours=58)
    assert any("owes the write-up" in text and "Still empty: User impact, Preventive actions." in text for text in house.said(CHANNEL))
    assert not house.mails(BEN_MAIL), "the manager hears of it when it is late"
    await house.travel(hours=15)
    assert any("Promise missed" in text and "Still empty: User impact, Preventive actions." in text for text in house.said(CHANNEL))
    for user, address in (("U0ANA", ANA_MAIL), ("U0BEN", BEN_MAIL)):
        assert any("Still empty: User impact, Preventive actions." in message.text for message in direct(house, user)), user
        assert any("Still empty: User impact" in mail.text for mail in house.mails(address)), address
    assert not [mail for mail in house.mails(TIM_MAIL) if "the write-up" in mail.subject]
    assert len(house.sandbox.phones.messages) == rung, "nobody is woken by a write-up"


async def test_a_waiver_needs_the_access_and_a_reason_stands_on_the_timeline_and_ends_the_chase(house: House) -> None:
    await resolve(house)
    assert "waived by somebody whose access is owner or hq" in await do(house, "postmortem skip no time")
    assert "/incident postmortem" in await denials(house)
    assert "Say why" in await do(house, "postmortem skip", "U0TIM")
    assert (await write_up(house))["withdrawn_at"] is None
    assert "is waived" in await do(house, "postmortem skip Written up with INC-7", "U0TIM")
    assert (await write_up(house))["withdrawn_at"] is not None
    (entry,) = await entries(house, EntryKind.POSTMORTEM_WAIVED)
    assert entry.text == "Written up with INC-7"
    assert "- Required: no longer, Tim waived it" in await drafted(house)
    await house.travel(hours=200)
    assert not any("owed the write-up" in text for text in house.said(CHANNEL))
    assert "owes no postmortem now" in await do(house, "postmortem skip again", "U0TIM")


async def test_the_api_waives_for_an_owner_alone(house: House) -> None:
    await resolve(house)
    path = "/incidents/INC-1/postmortem/skip"
    assert (await call(house, "POST", path, {"reason": "a drill"}))[0] == 403
    assert (await call(house, "POST", path, {"reason": ""}, "PROMETHEUS_SECRET"))[0] == 400
    assert (await call(house, "POST", path, {"reason": "a drill"}, "PROMETHEUS_SECRET"))[0] == 200
    assert (await write_up(house))["withdrawn_at"] is not None


async def test_what_was_waived_is_owed_again_once_it_came_back(house: House) -> None:
    await resolve(house)
    await do(house, "postmortem skip a false alarm", "U0TIM")
    await do(house, "reopen it was none")
    await do(house, "resolve now it is over")
    assert (await write_up(house))["withdrawn_at"] is None
    assert "- Required: yes" in await drafted(house)


async def test_what_was_major_owes_one_and_what_was_not_does_not(house: House) -> None:
    await resolve(house, "P1", "minor ")
    assert "- Required: no, P1 asks for one when it was major, and it was said that this one was not" in await drafted(house)
    assert "postmortem" not in [promise["clock"] for promise in (await house.show("INC-1"))["promises"]]
    _, saved = await call(house, "PUT", "/incidents/INC-1/postmortem", {"markdown": "# What we know"})
    assert (saved["kept"], saved["owed"]) == (False, False) and saved["empty"]
    await do(house, "reopen again")
    await do(house, "resolve major now we know")
    assert "- Required: yes, P1 asks for it within 72 h of the resolution, as it was said to be major" in await drafted(house)
    assert (await write_up(house))["kept_at"] is None


async def test_an_unknown_word_after_postmortem_says_what_there_is(house: House) -> None:
    await resolve(house)
    assert "postmortem skip why" in await do(house, "postmortem publish")


async def test_the_availability_is_told_in_slack_and_over_http(house: House) -> None:
    await resolve(house)
    said = await do(house, "availability")
    assert "Checkout: 99.95 % in 28 days, target 99.9 %. Down 20 min, 20 min 19 s left of 40 min 19 s. By INC-1 20 min." in said
    _, found = await call(house, "GET", "/availability")
    (one,) = found["objectives"]
    assert (one["title"], one["met"], one["down_seconds"], one["left_seconds"]) == ("Checkout", True, 1200, 1219)
    assert one["incidents"] == [{"reference": "INC-1", "down_seconds": 1200}] and 99.95 <= one["availability"] < 99.951


async def test_a_corrected_end_changes_the_availability_and_the_postmortem(house: House) -> None:
    await resolve(house)
    await do(house, "at 14:12 ended")
    (one,) = (await call(house, "GET", "/availability"))[1]["objectives"]
    assert one["down_seconds"] == 7 * 60
    assert "this incident took 7 min of" in await drafted(house)


async def test_a_private_incident_counts_without_its_name(house: House) -> None:
    await declare(house, "private P0 A breach")
    await house.travel(minutes=50)
    found = (await call(house, "GET", "/availability"))[1]
    (one,) = found["objectives"]
    assert one["incidents"] == [{"reference": None, "down_seconds": 3000}] and not one["met"]
    said = await do(house, "availability", channel="general")
    assert "By a private incident 50 min." in said and "9 min 40 s more than the 40 min 19 s that may be lost" in said
    assert "INC-1" not in said and "INC-1" not in json.dumps(found)
