"""Alerts become incidents: one a problem, that comes back, flaps, or is heard by several replicas at once (J3, complaint 20)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.domain.alert import Disposition
from bot.domain.status import Status
from bot.domain.timeline import EntryKind
from bot.services import alerts
from tests.house import NOON
from tests.policies import make_policy
from tests.services.deliveries import (
    DECLARE_ALL,
    alerts_of,
    all_incidents,
    ended,
    fired,
    hear_one,
    incident,
    minutes,
    resolve,
    rows,
    under,
)
from tests.services.desk import Desk, open_desk


async def test_alerts_of_one_service_join_within_the_window_whatever_monitor_sends_them(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired(service="checkout"))
    desk.clock.advance(minutes(29))
    met = await hear_one(desk, fired("e", source="anything", service="Checkout"))
    assert (met.incident, met.disposition) == ("INC-1", Disposition.JOINED)
    assert met.reason == "route 'all' declares; INC-1 is open about the same service=checkout, heard within 30 min"
    assert (await hear_one(desk, fired("g", service="search"))).incident == "INC-2"
    desk.clock.advance(minutes(31))
    assert (await hear_one(desk, fired("h", service="checkout"))).incident == "INC-3", "the window is over"


async def test_another_environment_is_another_trouble(desk: Desk) -> None:
    await under(desk)
    await hear_one(desk, fired(service="checkout", environment="production"))
    assert (await hear_one(desk, fired("b", service="checkout", environment="staging"))).incident == "INC-2"
    assert (await hear_one(desk, fired("c", service="checkout"))).incident == "INC-1"


async def test_shared_labels_of_the_policy_bring_alerts_together(desk: Desk) -> None:
    await under(desk, correlation={"by": ["service", ["cluster", "namespace"]]})
    await hear_one(desk, fired(cluster="eu", namespace="pay"))
    assert (await hear_one(desk, fired("b", cluster="eu", namespace="pay"))).incident == "INC-1"
    assert (await hear_one(desk, fired("c", cluster="eu", namespace="mail"))).incident == "INC-2"


async def test_a_route_that_only_attaches_waits_until_there_is_something_to_attach_to(desk: Desk) -> None:
    routes = [{"name": "low", "match": {"severity": "warning"}, "action": "attach"}, *DECLARE_ALL]
    await under(desk, routes=routes)
    low = fired("w", severity="warning", service="checkout")
    assert (await hear_one(desk, low)).disposition is Disposition.INBOX
    await hear_one(desk, fired(service="checkout"))
    again = await hear_one(desk, low)
    assert (again.disposition, again.incident) == (Disposition.JOINED, "INC-1")
    assert {row.count for row in await alerts_of(desk, (await incident(desk)).id)} == {1, 2}


async def test_what_was_resolved_and_comes_back_reopens_with_its_reason_and_rings(desk: Desk) -> None:
    await hear_one(desk, fired())
    await hear_one(desk, ended())
    await resolve(desk)
    desk.clock.advance(minutes(12))
    back = await hear_one(desk, fired(starts_at=NOON + minutes(11)))
    assert (back.incident, back.disposition) == ("INC-1", Disposition.JOINED)
    assert "INC-1 was resolved 12 min before and is open again" in back.reason
    found = await incident(desk)
    assert (found.open, found.acknowledged_at) == (True, None)
    assert [entry for entry in await desk.entries(found) if entry is EntryKind.REOPENED] == [EntryKind.REOPENED]
    assert any("Muster reopened INC-1" in text and "came back 12 min after" in text for text in await desk.said(found))
    assert (12, "tim") in await desk.rung(found)


async def test_what_comes_back_later_than_the_window_is_a_new_incident(desk: Desk) -> None:
    await hear_one(desk, fired())
    await hear_one(desk, ended())
    await resolve(desk)
    await desk.travel(minutes=31)
    assert (await hear_one(desk, fired(starts_at=NOON + minutes(30)))).incident == "INC-2"


async def flap(desk: Desk, times: int) -> None:
    for _ in range(times):
        desk.clock.advance(minutes(1))
        await hear_one(desk, fired(starts_at=None))
        desk.clock.advance(minutes(1))
        await hear_one(desk, ended(starts_at=None))


async def test_an_alert_that_flaps_joins_quietly_and_opens_nothing(desk: Desk) -> None:
    await flap(desk, 2)
    quiet = len(await desk.said(await incident(desk)))
    await flap(desk, 2)
    assert len(await desk.said(await incident(desk))) == quiet
    assert len(await alerts_of(desk, (await incident(desk)).id)) == 4
    await resolve(desk)
    held = await hear_one(desk, fired(starts_at=None))
    assert (held.disposition, held.incident) == (Disposition.INBOX, None)
    assert held.reason.startswith("it flaps: it changed ")
    assert (await incident(desk)).status is Status.RESOLVED


async def test_what_was_held_back_and_keeps_firing_is_placed_by_time_alone(desk: Desk) -> None:
    await flap(desk, 2)
    await resolve(desk)
    await hear_one(desk, fired(starts_at=None))
    assert await desk.run(alerts.release) == 0
    desk.clock.advance(minutes(15))
    assert await desk.run(alerts.release) == 1
    assert (await incident(desk)).open, "its trouble came back within the window"
    assert await desk.run(alerts.release) == 0


async def test_what_was_held_back_and_is_said_again_once_it_is_steady_is_placed(desk: Desk) -> None:
    await flap(desk, 2)
    await resolve(desk)
    await hear_one(desk, fired(starts_at=None))
    desk.clock.advance(minutes(16))
    assert (await hear_one(desk, fired(starts_at=None))).incident == "INC-1"


@pytest.mark.parametrize("starts_at", [NOON, None], ids=["named", "unnamed"])
async def test_complaint_20_two_replicas_that_hear_one_alert_at_once_open_one_incident(postgres_url: str, starts_at: Any) -> None:
    async with two_desks(postgres_url) as (left, right):
        for _ in range(5):
            both = await asyncio.gather(hear_one(left, fired(starts_at=starts_at)), hear_one(right, fired(starts_at=starts_at)))
            assert {outcome.incident for outcome in both} == {"INC-1"}
        (row,) = await rows(left)
        assert row.count == 10


async def test_two_replicas_that_hear_of_one_service_at_once_open_one_incident(postgres_url: str) -> None:
    async with two_desks(postgres_url) as (left, right):
        for number in range(6):
            service = f"s{number}"
            await asyncio.gather(
                *(hear_one(desk, fired(f"{number}-{at}", service=service)) for at, desk in enumerate((left, right, left, right)))
            )
        assert len(await all_incidents(left)) == 6


@asynccontextmanager
async def two_desks(url: str) -> AsyncIterator[tuple[Desk, Desk]]:
    policy = make_policy(routes=DECLARE_ALL)
    async with open_desk(url, policy) as left, open_desk(url, policy) as right:
        yield left, right
