"""From alerts to incidents, told whole over HTTP: one incident a problem, raised, reopened and folded with a reason (C2, S3, J3, J13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.house import NOON, House, alert, open_house
from tests.policies import TIM, make_policy, policy_data

TITLE = "Checkout returns 500 for card payments"
CHANNEL = "inc-1-checkout-returns-500-for-card-payments"
PAYMENTS = {"title": "Payments", "critical": True, "match": [{"service": "payments"}, {"text": "*gateway callback*"}]}


@pytest.fixture(params=[False, True], ids=["http", "socket"])
async def house(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[House]:
    sources = policy_data()["sources"]
    policy = make_policy(
        sources=sources
        | {
            "errors": {"kind": "generic", "unsigned": True, "channel": "errors"},
            "uptime": {"kind": "generic", "unsigned": True, "channel": "uptime"},
        },
        systems={"payments": PAYMENTS},
        routes=[
            {"name": "up", "match": {"alertname": "up"}, "action": "declare", "severity": "P0"},
            {"name": "prometheus", "match": {"source": "prometheus"}, "action": "declare", "severity": "P0", "by": ["alertname"]},
            {"name": "the rest", "match": {"source": ["errors", "uptime"]}, "action": "declare", "severity": "P1"},
        ],
        correlation={"at_most": {"incidents": 4, "within": "10m"}},
    )
    async with open_house(database_url, policy, socket_mode=request.param) as opened:
        yield opened


async def post(house: House, source: str, title: str, key: str, **more: Any) -> None:
    """A monitor that posts plain JSON, heard."""
    answer = await house.post_alert({"title": title, "key": key, **more}, source)
    assert answer.status == 202
    await house.settle()


async def outcomes(house: House, body: dict[str, Any], source: str = "prometheus") -> list[dict[str, Any]]:
    """What the receipt of a body says that became of its alerts."""
    answer = await house.post_alert(body, source)
    assert answer.status == 202
    await house.settle()
    async with house.http.get(f"{house.bot.url}{(await answer.json())['url']}") as receipt:
        return list((await receipt.json())["outcome"])


def channels(house: House) -> list[str]:
    return [channel.name for channel in house.sandbox.slack.channels.values() if channel.name.startswith("inc-")]


def of(fingerprint: str, starts_at: datetime = NOON, status: str = "firing", **labels: str) -> dict[str, Any]:
    return alert(status, starts_at, fingerprint, **labels)


@pytest.mark.promise("J3", "J13")
async def test_j3_an_error_tracker_and_an_uptime_monitor_at_once_make_it_a_p0_until_somebody_says_otherwise(house: House) -> None:
    await post(house, "errors", TITLE, "e", labels={"service": "checkout"})
    assert house.texts(TIM) == [], "one channel alone is a P1"
    await house.travel(minutes=4)
    await post(house, "uptime", "Checkout is down", "u", labels={"service": "checkout"})
    assert channels(house) == [CHANNEL]
    assert len(house.texts(TIM)) == 1
    card = house.card(CHANNEL)
    assert f"[P0] {TITLE} (provisional: errors and uptime monitors report it within 10 min" in card
    assert "Service: checkout" in card
    answer = await house.sandbox.slack.command("U0ANA", "severity P0 nobody can pay", channel=CHANNEL)
    assert answer.status == 200
    await house.settle()
    assert "provisional" not in house.card(CHANNEL)
    assert any("Ana says that INC-1 is P0; it is provisional no longer." in text for text in house.said(CHANNEL))


async def test_j13_a_person_who_lowers_it_is_asked_and_not_overruled(house: House) -> None:
    await post(house, "errors", TITLE, "e", labels={"service": "checkout"})
    await post(house, "uptime", "Checkout is down", "u", labels={"service": "checkout"})
    await house.sandbox.slack.command("U0ANA", "severity P1 one customer only", channel=CHANNEL)
    await house.settle()
    await post(house, "uptime", "Checkout is slow", "u2", labels={"service": "checkout"})
    assert (await house.show("INC-1"))["severity"] == "P1"
    assert any("stays P1, as a person decided" in text for text in house.said(CHANNEL))


async def test_s3_a_signal_of_a_critical_system_wakes_people_whatever_it_calls_itself(house: House) -> None:
    await post(house, "errors", "Gateway callback latency is odd", "g", severity="info")
    assert (await house.show("INC-1"))["severity"] == "P0"
    assert len(house.texts(TIM)) == 1
    assert "System: Payments" in house.card("inc-1-gateway-callback-latency-is-odd")


async def test_what_was_resolved_and_comes_back_goes_on_in_its_own_channel(house: House) -> None:
    await house.post_alert(of("f1"))
    await house.settle()
    await house.post_alert(of("f1", status="resolved"))
    await house.sandbox.slack.command("U0ANA", "resolve the pool was too small", channel=CHANNEL)
    await house.travel(minutes=15)
    rung = len(house.texts(TIM))
    (outcome,) = await outcomes(house, of("f1", NOON + timedelta(minutes=14)))
    assert (outcome["incident"], outcome["disposition"]) == ("INC-1", "joined")
    assert "is open again" in outcome["reason"]
    assert channels(house) == [CHANNEL]
    assert len(house.texts(TIM)) == rung + 1
    assert any("Muster reopened INC-1" in text for text in house.said(CHANNEL))


async def test_an_alert_that_flaps_opens_one_incident_and_is_then_held_back(house: House) -> None:
    for minute in range(4):
        starts_at = NOON + timedelta(minutes=minute)
        await house.post_alert(of("f1", starts_at))
        await house.travel(seconds=30)
        await house.post_alert(of("f1", starts_at, "resolved"))
        await house.travel(seconds=30)
    assert channels(house) == [CHANNEL]
    assert len([text for text in house.said(CHANNEL) if "alert fired again" in text]) == 1, "then it is known to flap"
    await house.sandbox.slack.command("U0ANA", "resolve it settles", channel=CHANNEL)
    await house.settle()
    (outcome,) = await outcomes(house, of("f1", NOON + timedelta(minutes=5)))
    assert outcome["disposition"] == "inbox" and outcome["reason"].startswith("it flaps")


async def test_more_incidents_than_anybody_can_work_on_are_one_and_none_is_lost(house: House) -> None:
    for number in range(7):
        await post(house, "errors", f"Shard {number} fails", f"k{number}")
    assert channels(house) == [
        *(f"inc-{n + 1}-shard-{n}-fails" for n in range(4)),
        "inc-5-alert-storm-more-than-4-incidents-of-p1-within-10-min",
    ]
    kept = (await house.show("INC-5"))["alerts"]
    assert [one["title"] for one in kept] == ["Shard 4 fails", "Shard 5 fails", "Shard 6 fails"]


async def test_complaint_18_a_highly_available_pair_that_says_everything_twice_opens_one_incident(house: House) -> None:
    pair = [house.post_alert(of("f1")), house.post_alert(of("f1", NOON + timedelta(seconds=12)))]
    assert {answer.status for answer in await asyncio.gather(*pair)} == {202}
    await house.settle()
    await asyncio.gather(*(house.post_alert(of("f1")) for _ in range(4)))
    await house.settle()
    assert channels(house) == [CHANNEL]
    (kept,) = (await house.show("INC-1"))["alerts"]
    assert (kept["count"], len(house.texts(TIM))) == (6, 1)


async def test_complaint_18_up_is_not_found_inside_upstream_down(house: House) -> None:
    body = of("f1", alertname="upstream_down")
    (outcome,) = await outcomes(house, {"title": "x", "key": "u", "labels": body["alerts"][0]["labels"]}, "anything")
    assert (outcome["disposition"], outcome["reason"]) == ("inbox", "no route wants it")


async def test_complaint_20_one_trouble_that_several_monitors_report_at_the_same_moment_is_one_incident(house: House) -> None:
    posts = [house.post_alert({"title": TITLE, "key": f"k{n}", "labels": {"service": "checkout"}}, "errors") for n in range(8)]
    assert {answer.status for answer in await asyncio.gather(*posts)} == {202}
    await house.settle()
    assert channels(house) == [CHANNEL]
    assert len((await house.show("INC-1"))["alerts"]) == 8
    said = house.said(CHANNEL)
    assert len([text for text in said if "another alert joined" in text or "alerts have joined" in text]) <= 6
