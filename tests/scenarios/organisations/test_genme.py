"""GenMe, from what burns the budget to what verifies the fix."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.policies import TIM
from tests.scenarios.organisations.staff import channel, end, house_of, policy_of, report, say, sections
from tests.scenarios.responders import do, incidents, postmortem

STAFF = {"on-call": ["tim"], "engineering": ["ana", "ben"]}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with house_of(database_url, "genme", STAFF) as opened:
        yield opened


@pytest.mark.promise("G1")
def test_the_three_severities_have_their_meanings() -> None:
    severities = policy_of("genme", STAFF).severities
    assert [severity.label for severity in severities] == ["SEV0", "SEV1", "SEV2"]
    assert "safety" in severities[0].meaning
    assert [severity.pages for severity in severities] == [True, True, False]


@pytest.mark.promise("G1")
async def test_what_safety_depends_on_is_a_sev0_whatever_the_alert_says(house: House) -> None:
    await report(house, title="Report intake is behind", severity="warning", service="moderation")
    shown = await house.show("INC-1")
    assert (shown["severity"], shown["system"]) == ("SEV0", "Safety")
    assert house.texts(TIM)
    assert house.calls(TIM)


@pytest.mark.promise("G2")
async def test_what_burns_the_budget_calls_people_and_what_merely_moved_waits_in_the_inbox(house: House) -> None:
    await report(house, title="CPU of feed-3 is at 80 %", alertname="Cpu", severity="warning", service="feed")
    assert incidents(house) == []
    assert house.texts(TIM) == []
    assert "CPU of feed-3" in await do(house, "inbox", "U0ANA", "general")
    await report(house, title="Feed burns its error budget 14 times too fast", alertname="FastBurn", severity="critical", service="feed")
    assert (await house.show("INC-1"))["severity"] == "SEV0"
    assert len(house.texts(TIM)) == 1


@pytest.mark.promise("G3")
async def test_the_response_goes_from_detect_to_verify_with_scope_severity_and_owner(house: House) -> None:
    await report(house, title="Feed burns its budget", severity="critical", service="feed", region="eu")
    assert (await house.show("INC-1"))["phase"] == "Detect"
    await say(house, "ack")
    await say(house, "phase triage")
    shown = await house.show("INC-1")
    assert (shown["phase"], shown["status"], shown["severity"], shown["owner"]) == ("Triage", "Investigating", "SEV0", "Ana")
    await say(house, "phase mitigate")
    await say(house, "phase resolve")
    assert (await house.show("INC-1"))["status"] == "Monitoring"
    await report(house, "resolved", title="Feed burns its budget", severity="critical", service="feed", region="eu")
    await end(house, first="yes, p95 is at 310 ms")
    assert (await house.show("INC-1"))["phase"] == "Verify"
    await house.travel(minutes=30)
    assert (await house.show("INC-1"))["verified_at"] is not None
    wanted = ["Timeline", "Root cause", "Action items"]
    assert sections(await postmortem(house, channel(house)), wanted) == wanted


@pytest.mark.promise("G3")
async def test_what_comes_back_while_it_is_verified_opens_it_again(house: House) -> None:
    await report(house, title="Feed burns its budget", severity="critical", service="feed")
    await report(house, "resolved", title="Feed burns its budget", severity="critical", service="feed")
    await end(house, first="yes")
    await house.travel(minutes=20)
    await report(house, title="Feed is slow and burns", alertname="Again", severity="critical", service="feed")
    shown = await house.show("INC-1")
    assert (shown["status"], len(incidents(house))) == ("Investigating", 1)


@pytest.mark.promise("G11")
async def test_the_objective_is_measured_against_the_outages(house: House) -> None:
    before = await do(house, "availability", "U0ANA", "general")
    await report(house, title="Feed burns its budget", severity="critical", service="feed")
    await house.travel(minutes=10)
    await report(house, "resolved", title="Feed burns its budget", severity="critical", service="feed")
    await end(house, first="yes")
    after = await do(house, "availability", "U0ANA", "general")
    assert "API availability" in before
    assert before != after
    assert "INC-1" in after
