"""One asks in Slack whether to launch: every reason is said, in turn goes, and a freeze outlives the bot (J14)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app import Muster
from bot.domain.policy import Policy
from bot.sandbox.faults import Fault
from tests.house import CONTROL, SECRETS, House, alert, open_house
from tests.policies import make_policy
from tests.scenarios.responders import declare, denials, do
from tests.scenarios.trackers import ask_sentry

GATE = {"severities": ["P0"], "proven_within": "7d", "heartbeats": True}
BEATS = {"backup": {"every": "1h", "unsigned": True}}
READY = "Ready: nothing closes the gate."


def launching() -> Policy:
    return make_policy(gate=GATE, heartbeats=BEATS)


@pytest.fixture
async def launch(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url, launching()) as opened:
        yield opened


@pytest.fixture
async def tracked(database_url: str) -> AsyncIterator[House]:
    """A house whose gate asks Sentry alone."""
    async with open_house(database_url) as opened:
        ask_sentry(opened)
        yield opened


async def ask(house: House, user: str = "U0VIC") -> str:
    """What a viewer is answered."""
    return await do(house, "gate", user, "general")


async def over_http(house: House) -> tuple[int, list[str]]:
    """The status, and the codes of the reasons."""
    headers = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
    async with house.http.get(f"{house.bot.url}/gate", headers=headers) as response:
        body: dict[str, Any] = await response.json()
        return response.status, [reason["code"] for reason in body["reasons"]]


async def beat(house: House) -> None:
    async with house.http.post(f"{house.bot.url}/heartbeat/backup") as response:
        assert response.status == 200


@pytest.mark.promise("J14")
async def test_before_a_launch_each_reason_is_said_and_goes_when_it_is_dealt_with(launch: House) -> None:
    told = await ask(launch)
    assert "Not ready, for 2 reasons" in told
    assert "Route 'critical' was never heard or tested, and has to be every 7d; `muster source test` tests it." in told
    assert "The heartbeat backup was never heard." in told
    await beat(launch)
    trial = {"Authorization": f"Bearer {SECRETS['PROMETHEUS_SECRET']}", "X-Muster-Test": "1"}
    assert (await launch.post_alert(alert(), **trial)).status == 202
    await launch.settle()
    assert READY in await ask(launch)
    await declare(launch)
    assert "INC-1 [P0] is open: Checkout returns 500." in await ask(launch)
    await do(launch, "resolve INC-1 rolled back", channel="general")
    assert READY in await ask(launch)
    assert await over_http(launch) == (200, [])


async def test_a_route_that_fires_is_proven_until_it_was_too_long_ago(launch: House) -> None:
    await launch.post_alert(alert())
    await launch.settle()
    assert (await over_http(launch))[1] == ["incident_open", "heartbeat_unknown"]


async def test_a_private_incident_closes_it_and_is_told_to_nobody(launch: House) -> None:
    await declare(launch, "private P0 Keys were stolen")
    told = await ask(launch)
    assert "A private incident of P0 is open." in told
    assert "Keys" not in told and "INC-1" not in told


async def test_a_freeze_survives_a_restart_and_ends_when_somebody_thaws_it(launch: House) -> None:
    assert "Frozen: the launch is on Monday." in await do(launch, "gate freeze the launch is on Monday", "U0ANA", "general")
    await launch.bot.stop()
    launch.bot = Muster(launch.bot.settings, launching(), launch.clock, CONTROL)
    await launch.bot.start()
    launch.sandbox.connect(launch.bot.url)
    assert "Ana froze it at 2026-11-20 14:05 PT / 22:05 UTC: the launch is on Monday." in await ask(launch)
    again = await do(launch, "gate freeze me too", "U0BEN", "general")
    assert "Ana froze it already" in again
    assert "The freeze of Ana is over." in await do(launch, "gate thaw", "U0BEN", "general")
    assert "frozen" not in (await over_http(launch))[1]


async def test_a_viewer_may_look_and_neither_freeze_nor_thaw(launch: House) -> None:
    assert "Not ready" in await ask(launch, "U0VIC")
    assert "cannot change incidents" in await do(launch, "gate freeze why not", "U0VIC", "general")
    assert "cannot change incidents" in await do(launch, "gate thaw", "U0VIC", "general")
    assert await denials(launch) == ["/incident gate", "/incident gate"]
    assert "frozen" not in (await over_http(launch))[1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("gate freeze", "Say why"), ("gate open", "Say `/incident gate`"), ("gate thaw", "nothing to thaw")],
)
async def test_what_cannot_be_done_gets_a_sentence(launch: House, line: str, sentence: str) -> None:
    assert sentence in await do(launch, line, "U0ANA", "general")


async def test_no_mention_can_be_smuggled_in_by_a_reason(launch: House) -> None:
    await do(launch, "gate freeze <!channel> <b>", "U0ANA", "general")
    told = await ask(launch)
    assert "<!" not in told and "22:05 UTC: @channel &lt;b&gt;." in told


async def test_an_issue_of_sentry_closes_it_until_it_is_resolved_a_minute_later_at_most(tracked: House) -> None:
    issue = tracked.sandbox.issues.add("ValueError <!channel>")
    told = await ask(tracked)
    assert "SHOP-1 is unresolved in Sentry: ValueError &lt;!channel&gt;." in told
    assert await over_http(tracked) == (409, ["sentry_unresolved"])
    tracked.sandbox.issues.resolve(issue.short_id)
    await tracked.travel(minutes=1)
    assert READY in await ask(tracked)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("sentry", "refuse", times=None), "it cannot be reached (ServerDisconnectedError)"),
        (Fault("sentry", "status", status=500, times=None), "it answered 500"),
        (Fault("sentry", "status", status=401, times=None), "it answered 401: it does not accept SENTRY_TOKEN"),
        (Fault("sentry", "truncated", times=None), "what it answered is no JSON"),
    ],
)
async def test_while_sentry_does_not_say_it_is_not_ready(tracked: House, fault: Fault, sentence: str) -> None:
    tracked.sandbox.faults.add(fault)
    assert f"Nobody knows what is unresolved in Sentry: {sentence}." in await ask(tracked)
    assert await over_http(tracked) == (409, ["sentry_unknown"])
    tracked.sandbox.faults.clear()
    assert await over_http(tracked) == (200, [])


async def test_slack_is_answered_in_time_although_sentry_is_slow_and_the_answer_is_there_for_the_next(tracked: House) -> None:
    tracked.sandbox.faults.add(Fault("sentry", "delay", delay=2.0))
    assert "it has not answered yet; ask again in a few seconds" in await ask(tracked)
    assert await over_http(tracked) == (200, [])
    assert READY in await ask(tracked)
    assert len([one for one in tracked.sandbox.requests if one.peer == "sentry"]) == 1


async def test_without_a_token_it_is_said_that_there_is_none(database_url: str) -> None:
    async with open_house(database_url, sentry_token=None) as house:
        ask_sentry(house)
        assert "Nobody knows what is unresolved in Sentry: SENTRY_TOKEN is not set." in await ask(house)


async def test_more_reasons_than_a_message_holds_are_counted(tracked: House) -> None:
    for number in range(60):
        tracked.sandbox.issues.add(f"trouble {number}")
    told = await ask(tracked)
    assert "Not ready, for 60 reasons" in told and "and 35 more: `muster gate`" in told
    assert len(json.loads(told)["blocks"]) <= 50
    assert len((await over_http(tracked))[1]) == 60
