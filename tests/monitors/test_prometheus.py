"""A real Prometheus and a highly available pair of real Alertmanagers fire, repeat, recover and fire again at us (C2, complaint 18)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.monitors.stack import API, DIRECT, PAIR, VENDORS, Stack, missing, open_stack
from tests.policies import TIM

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        bool(missing()),
        reason=f"There is no {' and no '.join(missing())} here; `apt-get install prometheus prometheus-alertmanager` brings them.",
    ),
]
KINDS = {"pair": "alertmanager", "watchdog": "alertmanager", "direct": "prometheus"} | {vendor: vendor for vendor in VENDORS}
POLICY: dict[str, Any] = {
    "sources": {name: {"kind": kind, "secret": "env:PROMETHEUS_SECRET"} for name, kind in KINDS.items()},
    "heartbeats": {"prometheus": {"every": "10s"}},
    "routes": [
        {"name": "watchdog", "match": {"source": "watchdog"}, "action": "heartbeat", "heartbeat": "prometheus"},
        {"name": "pair", "match": {"source": "pair"}, "action": "declare", "severity": "P0", "by": ["alertname", "part"]},
        {"name": "search", "match": {"source": "direct", "part": DIRECT}, "action": "declare", "severity": "P1"},
        {"name": "known already", "match": {"source": "direct"}, "action": "drop"},
        {"name": "vendors", "match": {"source": list(VENDORS)}, "action": "declare", "severity": "P1"},
        {"name": "own", "match": {"source": "muster", "signal": "heartbeat"}, "action": "declare", "severity": "P1"},
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One bot, one Prometheus and one pair for all tests of this file."""
    async with open_stack(tmp_path_factory.mktemp("stack"), **POLICY) as opened:
        yield opened


async def test_what_both_of_a_pair_say_again_and_again_is_one_incident_and_one_page(stack: Stack) -> None:
    stack.fire("checkout")
    opened = await stack.until(lambda: stack.alert("checkout", "firing"), "an incident")
    more = opened["alerts"][0]["count"] + 4
    again = await stack.until(lambda: stack.alert("checkout", "firing", count=more), "its alert to be said again")
    assert again["reference"] == opened["reference"]
    await stack.until(lambda: all(stack.has_sent(port, "pair") for port in stack.pair), "both to have sent")
    page = await stack.until(lambda: stack.bot.sandbox.phones.inbox(TIM), "the page")
    assert len(page) == 1 and opened["reference"] in page[0].body


async def test_a_recovery_is_said_leaves_the_incident_open_and_ends_the_repeats(stack: Stack) -> None:
    stack.fire("login")
    opened = await stack.until(lambda: stack.alert("login", "firing", count=2), "an incident")
    stack.recover(*PAIR)
    recovered = await stack.until(lambda: stack.alert("login", "resolved"), "the recovery")
    assert (recovered["reference"], recovered["status"]) == (opened["reference"], "Investigating")
    await stack.until(lambda: "alert recovered" in said(stack, recovered), "the channel to hear of it")
    await go_on(stack)  # the other of the two says so as well
    heard = await stack.bodies("pair")
    await go_on(stack)
    assert await stack.bodies("pair") == heard


async def go_on(stack: Stack) -> None:
    """Lets so much time pass that both Alertmanagers have repeated what still fires, the Watchdog, several times."""
    enough = await stack.bodies("watchdog") + 3
    await stack.until(lambda: more_than(stack, "watchdog", enough), "the Watchdog to be said again")


async def more_than(stack: Stack, source: str, count: float) -> bool:
    return await stack.bodies(source) > count


def said(stack: Stack, incident: dict[str, Any]) -> str:
    """What was posted in an incident's channel."""
    channel = stack.bot.sandbox.slack.channels[incident["channel"]["id"]]
    return "\n".join(message.text for message in channel.messages)


async def test_what_fires_again_while_its_incident_is_open_joins_it(stack: Stack) -> None:
    stack.fire("payments")
    opened = await stack.until(lambda: stack.alert("payments", "firing"), "an incident")
    stack.recover("payments")
    await stack.until(lambda: stack.alert("payments", "resolved"), "the recovery")
    stack.fire("payments")
    joined = await stack.until(lambda: stack.alert("payments", "firing", occurrence=2), "the second occurrence")
    assert joined["reference"] == opened["reference"]
    stack.recover("payments")
    await stack.until(lambda: stack.alert("payments", "resolved", occurrence=2), "its recovery")


async def test_prometheus_takes_us_for_an_alertmanager_and_what_comes_back_opens_the_incident_again(stack: Stack) -> None:
    stack.fire(DIRECT)
    opened = await stack.until(lambda: stack.alert(DIRECT, "firing", count=3), "an incident")
    stack.recover(DIRECT)
    await stack.until(lambda: stack.alert(DIRECT, "resolved"), "the recovery")
    resolved = await stack.bot.post(f"/api/v1/incidents/{opened['reference']}/resolve", {"text": "Index rebuilt"}, **API)
    assert resolved["status"] == "Resolved"
    stack.fire(DIRECT)
    again = await stack.until(lambda: stack.alert(DIRECT, "firing", occurrence=2), "it to be open again")
    assert (again["reference"], again["status"]) == (opened["reference"], "Investigating")
    stack.recover(DIRECT)
    await stack.until(lambda: stack.alert(DIRECT, "resolved", occurrence=2), "its recovery")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_alertmanager_that_is_given_our_address_for_another_service_s_needs_no_other_change(stack: Stack, vendor: str) -> None:
    stack.fire(vendor)
    opened = await stack.until(lambda: stack.alert(vendor, "firing", count=3), "an incident")
    assert "FIRING" not in opened["title"]
    stack.recover(vendor)
    recovered = await stack.until(lambda: stack.alert(vendor, "resolved"), "the recovery")
    assert (recovered["reference"], recovered["status"]) == (opened["reference"], "Investigating")
    await stack.until(lambda: all_heard(stack, vendor), "every notification to have been taken in")


async def all_heard(stack: Stack, vendor: str) -> bool:
    """Whether the bot has accepted as many bodies of a source as the pair has sent notifications by that integration."""
    told = [await stack.total(port, "alertmanager_notifications_total", integration=vendor) for port in stack.pair]
    return sum(told) == await stack.bodies(vendor) > 0


async def test_no_delivery_is_refused_or_tried_twice(stack: Stack) -> None:
    await go_on(stack)
    for port in stack.pair:
        await stack.until(lambda port=port: each_at_once(stack, port), "every notification to have taken one request")
        assert await stack.total(port, "alertmanager_notifications_failed_total") == 0
        assert await stack.total(port, "alertmanager_notification_requests_failed_total") == 0
    assert await stack.total(stack.prometheus, "prometheus_notifications_sent_total") > 0
    assert await stack.total(stack.prometheus, "prometheus_notifications_errors_total") == 0
    assert await stack.total(stack.bot.port, "muster_refused_requests_total") == 0


async def each_at_once(stack: Stack, port: int) -> bool:
    """Whether an Alertmanager has made as many requests as it had notifications, of which it makes more for one that fails."""
    asked, told = [await stack.total(port, f"alertmanager_notification{name}_total") for name in ("_requests", "s")]
    return asked == told > 0


async def test_the_watchdog_is_a_heartbeat_whose_silence_is_noticed(stack: Stack) -> None:
    assert await stack.incidents("heartbeat") == []
    await stack.end(stack.prometheus)
    silent = await stack.until(lambda: stack.alert("No heartbeat from prometheus", "firing"), "the silence to be noticed")
    await stack.run_prometheus()
    heard = await stack.until(lambda: stack.alert("No heartbeat from prometheus", "resolved"), "it to be heard again")
    assert (heard["reference"], heard["status"]) == (silent["reference"], "Investigating")
