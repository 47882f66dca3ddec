"""What an incident leaves to be done: asked for by a runbook's use or by people, listed, done, and owed (O6)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.follow_ups import AT_MOST, FollowUpKind
from bot.services import situations
from bot.services.work import UnitOfWork
from bot.store import follow_ups as rows
from tests.house import SECRETS, House, alert, open_house
from tests.policies import make_policy, policy_data
from tests.scenarios.responders import CHANNEL, declare, do, shown

API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
ALERTED = "inc-1-checkout-returns-500-for-card-payments"
RUNBOOKS = {"errors": {"title": "High error rate", "file": "errors.md", "text": "1. Look"}}
ASKED = "Update the runbook High error rate with what INC-1 taught"


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    routes = [{**route, "runbook": "errors"} for route in policy_data()["routes"]]
    async with open_house(database_url, make_policy(runbooks=RUNBOOKS, routes=routes), socket_mode=request.param) as opened:
        yield opened


async def home(house: House, user: str) -> str:
    await house.sandbox.slack.open_home(user)
    await house.settle()
    return shown(house.sandbox.slack.home(user))


async def test_a_runbook_that_was_used_asks_to_be_updated_once(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    await do(house, "ack", user="U0BEN", channel=ALERTED)
    await do(house, "resolve", channel=ALERTED)
    said = [text for text in house.said(ALERTED) if "To follow up after INC-1" in text]
    assert [f"☐ 1. {ASKED} - Ben" in text for text in said] == [True]
    assert f"To follow up:\\n☐ INC-1: {ASKED}" in await home(house, "U0BEN")
    assert "To follow up" not in await home(house, "U0ANA")
    assert f"Follow-up 1 of INC-1 is done: {ASKED}" in await do(house, "followup done 1", channel=ALERTED)
    assert "To follow up" not in await home(house, "U0BEN")
    await do(house, "reopen", channel=ALERTED)
    await do(house, "resolve", channel=ALERTED)
    assert len([text for text in house.said(ALERTED) if "To follow up after INC-1" in text]) == 1
    timeline = await do(house, "timeline", channel=ALERTED)
    assert f"Muster asked for a follow-up: {ASKED}" in timeline and f"Ana finished a follow-up: {ASKED}" in timeline


async def test_an_incident_full_of_follow_ups_can_be_resolved_and_is_asked_for_its_runbook_still(house: House) -> None:
    await house.post_alert(alert())
    await house.settle()
    incident = next(s.incident for s in await house.bot.services.read(situations.list_open))

    async def fill(work: UnitOfWork) -> None:
        for number in range(AT_MOST):
            words = {"kind": FollowUpKind.ACTION.value, "text": f"Look at {number}", "owner_id": None, "created_at": work.now}
            await rows.add_follow_up(work.tx, incident_id=incident.id, **words)

    await house.bot.services.run(fill)
    assert f"has {AT_MOST} follow-ups already" in await do(house, "followup One more", channel=ALERTED)
    await do(house, "resolve", channel=ALERTED)
    assert not await house.bot.services.read(situations.list_open)
    assert f"{AT_MOST + 1}. {ASKED}" in "".join(house.said(ALERTED))


async def test_an_incident_without_a_runbook_asks_for_nothing(house: House) -> None:
    await declare(house)
    await do(house, "resolve")
    assert "INC-1 has no follow-up." in await do(house, "followup")


async def test_people_add_follow_ups_and_list_them(house: House) -> None:
    await declare(house)
    assert "INC-1: ☐ 1. Alert on the queue - Ana." in await do(house, "followup Alert on the queue")
    assert "☐ 2. Ask @channel less - Ben." in await do(house, "followup <@U0BEN> Ask <!channel> less")
    assert "It was written down before." in await do(house, "followup Alert on the queue", user="U0BEN")
    assert "is done" in await do(house, "followup done 2")
    assert "was done already" in await do(house, "followup done #2", user="U0BEN")
    listed = await do(house, "followup", user="U0VIC")
    assert "☐ 1. Alert on the queue - Ana\\n☑ 2." in listed
    assert "done is not the same as tried - Ana" in await do(house, "followup done is not the same as tried")


@pytest.mark.parametrize(
    ("typed", "user", "expected"),
    [
        ("followup done 7", "U0ANA", "INC-1 has no follow-up 7"),
        ("followup <@U0VIC> Do it", "U0ANA", "Choose somebody else"),
        ("followup <@U0BEN>", "U0ANA", "Say what is to be done"),
        ("followup Do it", "U0VIC", "which cannot change incidents"),
        ("followup done 1", "U0VIC", "which cannot change incidents"),
    ],
)
async def test_what_cannot_be_followed_up_gets_a_sentence(house: House, typed: str, user: str, expected: str) -> None:
    await declare(house)
    assert expected in await do(house, typed, user=user)
    assert "has no follow-up" in await do(house, "followup")


async def test_the_owner_of_the_incident_has_it_unless_somebody_is_named(house: House) -> None:
    await declare(house)
    await do(house, "role owner <@U0BEN>")
    assert "☐ 1. Add a dashboard - Ben." in await do(house, "followup Add a dashboard")


async def test_follow_ups_of_a_private_incident_are_owed_by_those_who_see_it_alone(house: House) -> None:
    await declare(house, "private P1 Salaries leaked")
    await do(house, "followup INC-1 <@U0BEN> Rotate the keys", channel="general")
    assert "Rotate the keys" not in await home(house, "U0BEN")
    await do(house, "role INC-1 owner <@U0BEN>", channel="general")
    assert "Rotate the keys" in await home(house, "U0BEN")


async def test_the_same_can_be_done_over_http(house: House) -> None:
    await declare(house)
    url = f"{house.bot.url}/api/v1/incidents/INC-1/follow-ups"
    async with house.http.post(url, json={"text": "Add a dashboard", "owner": "ben"}, headers=API) as response:
        assert (response.status, (await response.json())["owner"]) == (200, "Ben")
    async with house.http.post(f"{url}/done", json={"number": 1}, headers=API) as response:
        assert (await response.json())["first"] is True
    async with house.http.post(f"{url}/done", json={"number": 2}, headers=API) as response:
        assert response.status == 404
    async with house.http.post(url, json={"text": ""}, headers=API) as response:
        assert response.status == 400
    async with house.http.get(url, headers=API) as response:
        (one,) = (await response.json())["follow_ups"]
    assert (one["number"], one["kind"], one["text"]) == (1, "action", "Add a dashboard") and one["done_at"]
    assert "☑ 1. Add a dashboard - Ben" in await do(house, "followup", channel=CHANNEL)
