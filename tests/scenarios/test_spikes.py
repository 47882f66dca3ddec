"""An error that comes faster and faster raises its incident to the worst severity at once, and is said once (G5, J13)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.own import OWN
from bot.store.tables import alerts
from tests.house import House, alert, open_house
from tests.policies import TIM, make_policy, policy_data

ROUTES = [{"name": "errors", "match": {"severity": "warning"}, "action": "declare", "by": ["alertname"]}, *policy_data()["routes"]]
CHANNEL = "inc-1-checkout-returns-500-for-card-payments"


@pytest.fixture
async def busy(database_url: str) -> AsyncIterator[House]:
    """A house whose monitor was heard two hours ago."""
    async with open_house(database_url, make_policy(routes=ROUTES)) as opened:
        await opened.post_alert(alert(fingerprint="old", severity="none", alertname="Old"))
        await opened.settle()
        opened.clock.advance(timedelta(hours=2))
        yield opened


async def send(house: House, times: int, **labels: Any) -> None:
    for _ in range(times):
        assert (await house.post_alert(alert(severity="warning", **labels))).status == 202
    await house.settle()


async def own(house: House) -> list[tuple[str, str, str]]:
    """Fingerprint, state and title of our own alerts."""
    statement = select(alerts.c.fingerprint, alerts.c.status, alerts.c.title).where(alerts.c.source == OWN)
    found: Any = await house.bot.services.read(lambda work: work.tx.run(statement))
    return [tuple(row) for row in found]


@pytest.mark.promise("J13")
async def test_a_rate_that_rises_rapidly_raises_the_incident_and_rings(busy: House) -> None:
    await send(busy, 19)
    assert (await busy.show("INC-1"))["severity"] == "P1"
    assert busy.texts(TIM) == []
    await send(busy, 6)
    assert (await busy.show("INC-1"))["severity"] == "P0"
    assert len(busy.texts(TIM)) == 1
    said = "\n".join(busy.said(CHANNEL))
    assert "its rate rises rapidly: " in said
    assert len(await own(busy)) == 1


async def test_a_spike_is_said_once_and_ends_when_the_rate_is_back(busy: House) -> None:
    await send(busy, 30)
    await send(busy, 30)
    ((fingerprint, status, title),) = await own(busy)
    assert (fingerprint, status) == ("spike:prometheus:f1", "firing")
    assert title.startswith("“Checkout returns 500 for card payments” comes ")
    assert title.endswith(" times in a minute, usually none")
    await busy.travel(minutes=10)
    assert [state for _, state, _ in await own(busy)] == ["resolved"]


async def test_many_different_alerts_at_once_are_a_spike_of_their_monitor_and_raise_nothing(busy: House) -> None:
    for number in range(25):
        await send(busy, 1, fingerprint=f"g{number}", alertname="Same")
    ((fingerprint, status, title),) = await own(busy)
    assert (fingerprint, status) == ("spike:prometheus", "firing")
    assert title.startswith("Source prometheus sends ")
    assert (await busy.show("INC-1"))["severity"] == "P1"
