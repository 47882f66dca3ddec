"""Somebody who tries secrets becomes one alert of our own, whatever address they claim to come from (W6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.own import OWN
from bot.store.tables import alerts
from tests.house import SECRETS, House, alert, open_house
from tests.policies import TIM, make_policy, policy_data

ROUTE = {"name": "attacks", "match": {"source": "muster", "signal": "security", "of": "*"}, "action": "declare", "severity": "P0"}
POLICY = make_policy(security={"refusals": {"count": 5, "within": "1m"}}, routes=[ROUTE, *policy_data()["routes"]])
WRONG = {"Authorization": "Bearer the-wrong-secret"}


@pytest.fixture
async def guarded(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, POLICY) as opened:
        yield opened


async def attack(house: House, path: str = "/alerts/prometheus", times: int = 5, **headers: str) -> None:
    for _ in range(times):
        async with house.http.post(f"{house.bot.url}{path}", json=alert(), headers=headers or WRONG) as response:
            assert response.status in (401, 403), await response.text()


async def own(house: House) -> list[Mapping[str, Any]]:
    """The alerts of our own, by fingerprint."""
    statement = select(alerts).where(alerts.c.source == OWN).order_by(alerts.c.fingerprint)
    return [dict(row) for row in (await house.bot.services.read(lambda work: work.tx.run(statement))).mappings()]


async def told(house: House, count: int) -> list[Mapping[str, Any]]:
    """The alerts of our own, once there are so many."""

    async def found() -> list[Mapping[str, Any]] | None:
        house.bot.database.wakes.set("timers")
        rows = await own(house)
        return rows if len(rows) >= count else None

    rows: list[Mapping[str, Any]] = await house.eventually(found, f"{count} alerts of our own")
    return rows


async def test_wrong_secrets_over_the_limit_are_told_by_address_and_by_source_and_never_with_the_secret(guarded: House) -> None:
    await attack(guarded, times=4)
    await attack(guarded, "/api/v1/incidents", times=1)
    (address,) = await told(guarded, 1)
    assert (address["fingerprint"], address["disposition"]) == ("security:address:127.0.0.1", "inbox")
    await attack(guarded, times=1)
    _, source = await told(guarded, 2)
    assert (source["fingerprint"], source["disposition"]) == ("security:signature:prometheus", "declared")
    assert "the-wrong-secret" not in f"{address}{source}"
    await guarded.settle()
    assert len(guarded.texts(TIM)) == 1


async def test_a_header_cannot_change_who_is_counted(guarded: House) -> None:
    for number in range(5):
        await attack(guarded, times=1, **WRONG, **{"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"})
    rows = await told(guarded, 2)
    assert [row["fingerprint"] for row in rows] == ["security:address:127.0.0.1", "security:signature:prometheus"]


async def test_it_is_said_once_while_it_goes_on_and_ends_when_it_is_quiet(guarded: House) -> None:
    for _ in range(4):
        await attack(guarded)
        await told(guarded, 2)
        await guarded.travel(minutes=1)
    assert {row["status"] for row in await told(guarded, 2)} == {"firing"}
    await guarded.travel(minutes=3)
    rows = await told(guarded, 2)
    assert [(row["status"], row["count"]) for row in rows] == [("resolved", 1)] * 2


async def test_an_unsigned_callback_of_a_phone_counts_against_its_provider(guarded: House) -> None:
    for _ in range(5):
        async with guarded.http.post(f"{guarded.bot.url}/twilio/message", data={"From": "+14155550101", "Body": "1"}) as response:
            assert response.status == 403
    assert [row["fingerprint"] for row in await told(guarded, 2)] == ["security:address:127.0.0.1", "security:signature:twilio"]


async def test_a_few_mistakes_are_nothing_to_tell(guarded: House) -> None:
    await attack(guarded, times=4)
    guarded.clock.set(guarded.clock.now().replace(minute=30))
    await attack(guarded, times=4)
    assert (await guarded.post_alert(alert(), Authorization=f"Bearer {SECRETS['PROMETHEUS_SECRET']}")).status == 202
    await guarded.travel(minutes=1)
    assert await own(guarded) == []
