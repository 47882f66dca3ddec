"""Another policy comes into force while the bot runs: all of it or nothing, and open incidents keep theirs (B9)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import SettingsError
from tests.house import House, alert, open_house
from tests.policies import ANA, TIM, make_policy, policy_data
from tests.scenarios.responders import CHANNEL, declare, do

SEVERITIES = [
    {"label": "SEV1", "rank": 0, "aliases": ["critical"], "pages": True, "clocks": {"acknowledge": "10m", "update": "1h"}},
    {"label": "SEV2", "rank": 1},
]
CHAIN = [{"name": "first", "who": ["ana"], "delay": "2m"}]
ROUTES = [{"name": "critical", "match": {"severity": "critical"}, "action": "declare", "severity": "SEV1", "by": ["alertname"]}]
CHANGED = {"severities": SEVERITIES, "default_severity": "SEV2", "chain": CHAIN, "routes": ROUTES}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened


async def status_of_a_post(house: House, source: str) -> int:
    async with house.http.post(f"{house.bot.url}/alerts/{source}", json={"title": "x"}) as response:
        return response.status


@pytest.mark.promise("B9")
async def test_an_open_incident_keeps_the_policy_it_was_opened_under_and_the_next_has_the_new_one(house: House) -> None:
    await declare(house)
    await house.bot.change_policy(make_policy(**CHANGED))
    await house.travel(minutes=2)
    assert len(house.texts(TIM)) == 2, "the old chain goes on"
    assert "INC-1" in await do(house, "update mitigating rolled back", channel=CHANNEL)
    shown = await house.show("INC-1")
    assert (shown["severity"], [promise["clock"] for promise in shown["promises"]].count("update")) == ("P0", 2)
    await do(house, "resolve it is over", channel=CHANNEL)
    rung = len(house.texts(TIM))
    assert (await house.post_alert(alert())).status == 202
    await house.settle()
    assert (await house.show("INC-2"))["severity"] == "SEV1"
    assert (len(house.texts(ANA)) > 0, len(house.texts(TIM))) == (True, rung)


async def test_a_severity_that_is_gone_is_still_one_for_an_incident_that_was_opened_under_it(house: House) -> None:
    await declare(house, "P1 Search is slow")
    await house.bot.change_policy(make_policy(**CHANGED))
    name = "inc-1-search-is-slow"
    assert "P1" in await do(house, "status", channel=name)
    await do(house, "severity P0 it is everybody", channel=name)
    assert (await house.show("INC-1"))["severity"] == "P0"
    assert "There is no severity" in await do(house, "severity SEV1 it is everybody", channel=name)


async def test_doors_open_and_close_with_the_policy(house: House) -> None:
    assert (await status_of_a_post(house, "anything"), await status_of_a_post(house, "later")) == (202, 404)
    sources = {"prometheus": policy_data()["sources"]["prometheus"], "later": {"kind": "generic", "unsigned": True}}
    await house.bot.change_policy(make_policy(sources=sources))
    assert (await status_of_a_post(house, "anything"), await status_of_a_post(house, "later")) == (404, 202)


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": {"later": {"kind": "generic", "secret": "env:NOBODY_SET_THIS"}}},
        {"organisation": "another"},
    ],
)
async def test_a_policy_that_cannot_be_in_force_changes_nothing(house: House, changes: dict[str, object]) -> None:
    before = house.bot.policy.digest
    with pytest.raises(SettingsError):
        await house.bot.change_policy(make_policy(chain=CHAIN, **changes))
    assert (house.bot.policy.digest, house.bot.services.policy.digest) == (before, before)
    assert (await status_of_a_post(house, "anything"), await status_of_a_post(house, "later")) == (202, 404)
    await declare(house)
    assert house.texts(TIM)
