"""WRK Copilot, from the blast radius to the write-up of what was major."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.triage import Fact
from tests.house import House
from tests.policies import TIM
from tests.scenarios.organisations.staff import channel, end, house_of, owed, policy_of, report, say, sections
from tests.scenarios.responders import postmortem, shown

STAFF = {"on-call": ["tim"], "engineering": ["ana", "ben"], "operations": ["ben"]}
TENANTS = {
    "acme": {"name": "Acme", "email": ["it@acme.example"], "critical": True},
    "small": {"name": "Small", "email": ["small@small.example"]},
}
ANSWERS = {"first": "yes, 0.1 % errors", "second": "yes, since 23:01"}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with house_of(
        database_url, "wrk-copilot", STAFF, tenants=TENANTS, heartbeats={"run-events": {"unsigned": True, "secret": None}}
    ) as opened:
        yield opened


async def fail(house: House, severity: str = "error", status: str = "firing") -> None:
    """The webhook fails, of one tenant, on one route."""
    labels = {"service": "run-event-webhook", "tenant": "acme", "route": "/v1/run-events", "feature": "webhooks"}
    await report(house, status, "Run event webhook answers 5xx", alertname="Webhook", severity=severity, **labels)


@pytest.mark.promise("W7")
async def test_the_blast_radius_is_on_the_card_by_tenant_route_and_feature(house: House) -> None:
    await fail(house)
    assert [severity.label for severity in policy_of("wrk-copilot", STAFF).severities] == ["SEV-1", "SEV-2", "SEV-3"]
    assert (await house.show("INC-1"))["severity"] == "SEV-2"
    seen = shown(next(message for message in house.sandbox.slack.channel(channel(house)).messages if message.text.startswith("[SEV-2]")))
    for fact, value in ((Fact.TENANTS, "acme"), (Fact.ROUTES, "/v1/run-events"), (Fact.FEATURES, "webhooks")):
        assert fact.value in seen.lower()
        assert value in seen


@pytest.mark.promise("W8")
async def test_an_update_is_warned_of_at_fifteen_minutes_and_missed_at_thirty(house: House) -> None:
    await fail(house)
    await say(house, "ack", "U0TIM")
    await house.travel(minutes=14)
    assert not [text for text in house.said(channel(house)) if "owes a status update" in text]
    await house.travel(minutes=1)
    assert [text for text in house.said(channel(house)) if "owes a status update" in text]
    assert not [text for text in house.said(channel(house)) if "Promise missed" in text]
    await house.travel(minutes=15)
    assert [text for text in house.said(channel(house)) if "Promise missed" in text]


@pytest.mark.promise("W8")
async def test_the_critical_tenants_get_the_words_of_a_person_by_mail_and_nobody_else_does(house: House) -> None:
    await fail(house)
    await house.travel(minutes=45)
    assert house.mails("it@acme.example") == []
    await say(house, "tenants Your run events are late; none is lost.")
    (mail,) = house.mails("it@acme.example")
    assert "Your run events are late; none is lost." in mail.text
    assert house.mails("small@small.example") == []


@pytest.mark.promise("W9")
async def test_recovery_is_confirmed_before_it_is_closed(house: House) -> None:
    await fail(house)
    await say(house, "update monitoring rolled back")
    refused = await say(house, "resolve minor rolled back")
    assert "baseline" in refused
    assert "backlog" in refused
    await fail(house, status="resolved")
    answer = await end(house, major="minor", first="yes")
    assert "backlog" in str(answer.body), "one answer is not both"
    await end(house, major="minor", **ANSWERS)
    assert (await house.show("INC-1"))["status"] == "Resolved"


@pytest.mark.promise("W10")
@pytest.mark.parametrize(("major", "promised"), [("major", True), ("minor", False)])
async def test_whether_a_sev_2_was_major_is_asked_and_decides_about_the_write_up(house: House, major: str, promised: bool) -> None:
    await fail(house)
    await fail(house, status="resolved")
    assert "major" in str((await end(house, **ANSWERS)).body), "it is not resolved before somebody said"
    await end(house, major=major, **ANSWERS)
    assert (await house.show("INC-1"))["status"] == "Resolved"
    assert ("postmortem" in await owed(house)) is promised


@pytest.mark.promise("W10")
async def test_a_sev_1_is_written_up_within_72_hours_in_its_five_sections(house: House) -> None:
    await fail(house, "critical")
    assert house.texts(TIM)
    await fail(house, "critical", "resolved")
    await end(house, **ANSWERS)
    assert (await owed(house))["postmortem"] == 72 * 60
    wanted = ["What happened", "Why", "Impact", "Remediation", "Follow-ups"]
    assert sections(await postmortem(house, channel(house)), wanted) == wanted
