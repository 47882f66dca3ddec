"""OmniHub, from the named alert with its runbook to the meeting a week later."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.policies import ANA, BEN, BEN_MAIL, TIM
from tests.scenarios.organisations.staff import channel, end, house_of, owed, policy_of, report, say, sections
from tests.scenarios.responders import do, postmortem

STAFF = {
    "primary": ["tim"],
    "secondary": ["ana"],
    "senior-sre": ["ana"],
    "managers": ["ben"],
    "commanders": ["ben"],
    "cto": ["ben"],
}
CRITICAL = {
    "HighErrorBudgetBurnRate": "High error rate",
    "ServiceDown": "Service down",
    "DatabaseDown": "Database down",
    "DLQBacklog": "Dead letter queue fills up",
    "KillSwitchEnabled": "Kill switch active",
}
WARNINGS = {
    "ElevatedErrorRate": None,
    "HighLatency": "High latency",
    "ApprovalQueueBacklog": "Approvals wait too long",
    "HighDatabaseConnections": "Database down",
    "LowErrorBudget": None,
}
"""The titles of their runbooks; two have none."""
HOUR, DAY = 60, 24 * 60


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with house_of(database_url, "omnihub", STAFF) as opened:
        yield opened


async def burn(house: House, status: str = "firing") -> None:
    await report(house, status, "Error budget burns", alertname="HighErrorBudgetBurnRate", severity="critical", service="api-gateway")


@pytest.mark.promise("O6")
@pytest.mark.parametrize(("name", "title"), CRITICAL.items(), ids=CRITICAL)
async def test_every_critical_alert_pages_and_brings_its_runbook(house: House, name: str, title: str) -> None:
    await report(house, title="It is bad", alertname=name, severity="critical")
    assert (await house.show("INC-1"))["severity"] == "SEV-1"
    assert house.texts(TIM)
    assert [text for text in house.said(channel(house)) if title in text]


@pytest.mark.promise("O6")
def test_the_eleven_runbooks_are_there_and_can_be_ticked() -> None:
    runbooks = policy_of("omnihub", STAFF).runbooks
    assert len(runbooks) == 11
    assert all(runbook.text for runbook in runbooks.values())


@pytest.mark.promise("O6")
@pytest.mark.parametrize(("name", "title"), WARNINGS.items(), ids=WARNINGS)
async def test_an_early_warning_is_a_sev_3_that_wakes_nobody_and_brings_its_runbook_where_it_has_one(
    house: House, name: str, title: str | None
) -> None:
    await report(house, title="It gets worse", alertname=name, severity="warning")
    await house.travel(hours=2)
    shown = await house.show("INC-1")
    assert shown["severity"] == "SEV-3"
    assert [alert["reason"].startswith(f"route '{name}' declares") for alert in shown["alerts"]] == [True]
    titles = [runbook.title for runbook in policy_of("omnihub", STAFF).runbooks.values()]
    said = "\n".join(house.said(channel(house)))
    assert [one for one in titles if one in said] == ([title] if title else [])
    assert not any(house.texts(number) or house.calls(number) for number in (TIM, ANA, BEN))


@pytest.mark.promise("O7")
async def test_the_runbook_of_the_error_rate_escalates_at_15_and_30_minutes(house: House) -> None:
    await burn(house)
    await say(house, "ack", "U0TIM")
    await house.travel(minutes=14)
    assert (house.texts(ANA), house.texts(BEN)) == ([], [])
    await house.travel(minutes=1)
    assert house.texts(ANA)
    assert house.texts(BEN) == []
    await house.travel(minutes=15)
    assert house.texts(BEN)


@pytest.mark.promise("O9")
async def test_an_acknowledgement_is_warned_of_at_5_minutes_and_missed_at_10(house: House) -> None:
    await burn(house)
    await house.travel(minutes=5)
    assert [text for text in house.said(channel(house)) if "owes an acknowledgement" in text]
    assert not [text for text in house.said(channel(house)) if "owed an acknowledgement" in text]
    await house.travel(minutes=5)
    assert [text for text in house.said(channel(house)) if "owed an acknowledgement" in text]


@pytest.mark.promise("O9", "O11", "O13")
async def test_every_clock_of_a_sev_1_is_due_to_the_minute(house: House) -> None:
    await burn(house)
    assert await owed(house) == {"acknowledge": 10, "commander": 15, "update": 30, "resolve": HOUR}
    await say(house, "role commander <@U0ANA>")
    await burn(house, "resolved")
    await end(house, first="yes")
    owing = await owed(house)
    assert (owing["report"], owing["postmortem"], owing["meeting"]) == (HOUR, DAY, 7 * DAY)


@pytest.mark.promise("O11")
async def test_a_commander_is_named_within_15_minutes_or_the_manager_hears_of_it(house: House) -> None:
    await burn(house)
    await say(house, "ack", "U0TIM")
    await house.travel(minutes=15)
    assert [mail for mail in house.mails(BEN_MAIL) if "commander" in f"{mail.subject}\n{mail.text}"]
    await say(house, "role commander <@U0ANA>")
    shown = await house.show("INC-1")
    assert [promise["kept_at"] is not None for promise in shown["promises"] if promise["clock"] == "commander"] == [True]


@pytest.mark.promise("O11")
async def test_a_sev_2_that_is_not_resolved_in_an_hour_goes_up(house: House) -> None:
    await do(house, "declare SEV-2 Workflows are slow", "U0TIM", "general")
    await say(house, "ack", "U0TIM")
    for _ in range(2):
        await house.travel(minutes=29)
        await say(house, "update still looking", "U0TIM")
    assert house.texts(ANA) == []
    await house.travel(minutes=3)
    assert house.texts(ANA)
    assert house.texts(BEN)


@pytest.mark.promise("O11")
async def test_a_sev_3_becomes_a_ticket(house: House) -> None:
    await do(house, "declare SEV-3 A label is wrong", "U0ANA", "general")
    assert await owed(house) == {"ticket": DAY}
    await say(house, "ticket https://tracker.example.com/OPS-12")
    shown = await house.show("INC-1")
    assert [promise["kept_at"] is not None for promise in shown["promises"]] == [True]


@pytest.mark.promise("O12")
async def test_the_commander_alone_declares_it_resolved(house: House) -> None:
    await burn(house)
    await say(house, "role commander <@U0ANA>")
    await burn(house, "resolved")
    refused = await end(house, "U0TIM", first="yes", override="it is over")
    assert "commander" in str(refused.body)
    assert (await house.show("INC-1"))["status"] == "Investigating"
    await end(house, "U0ANA", first="yes")
    assert (await house.show("INC-1"))["status"] == "Resolved"


@pytest.mark.promise("O13")
async def test_the_report_the_write_up_and_the_meeting_follow(house: House) -> None:
    await burn(house)
    await say(house, "role commander <@U0ANA>")
    await burn(house, "resolved")
    await end(house, first="yes")
    invitations = [mail for mail in house.mails(BEN_MAIL) if "postmortem" in mail.subject.lower()]
    assert invitations, "the meeting is sent as an invitation by mail"
    await say(house, "report The deploy doubled the retries")
    shown = await house.show("INC-1")
    assert [promise["kept_at"] is not None for promise in shown["promises"] if promise["clock"] == "report"] == [True]
    wanted = ["Summary", "Impact", "Root cause", "Resolution", "What went well", "What went badly", "Action items"]
    assert set(wanted) <= set(sections(await postmortem(house, channel(house)), wanted))
    await say(house, "meeting held")
    shown = await house.show("INC-1")
    assert [promise["kept_at"] is not None for promise in shown["promises"] if promise["clock"] == "meeting"] == [True]
