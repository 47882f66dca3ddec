"""StudioVault, from the first alert to the write-up: what stops a studio from booking, paying or uploading wakes the core team."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.policies import ANA, ANA_MAIL, BEN, BEN_MAIL, TIM, TIM_MAIL
from tests.scenarios.organisations.staff import channel, end, hear, house_of, owed, report, say
from tests.scenarios.responders import do, postmortem

CORE_TEAM = {"core-team": ["tim", "ana", "ben"]}
NUMBERS, MAILS = (TIM, ANA, BEN), (TIM_MAIL, ANA_MAIL, BEN_MAIL)
BASELINE = "yes, at 0.1 %"


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with house_of(database_url, "studiovault", CORE_TEAM) as opened:
        yield opened


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    ("title", "service", "system"),
    [
        ("Payment success rate fell", "web", "Payments"),
        ("Gateway callback latency is odd", "web", "Payments"),
        ("Conflict rejection anomaly", "booking-api", "Booking engine"),
        ("Hard-lock creation failed", "web", "Booking engine"),
        ("R2 upload failures", "worker", "Upload pipeline"),
        ("Quota update desync", "worker", "Upload pipeline"),
    ],
)
async def test_a_failure_of_what_is_critical_is_a_sev1_whatever_the_alert_calls_itself(
    house: House, title: str, service: str, system: str
) -> None:
    await report(house, title=title, severity="info", service=service)
    shown = await house.show("INC-1")
    assert (shown["severity"], shown["system"]) == ("SEV1", system)
    assert all(house.texts(number) for number in NUMBERS)


@pytest.mark.promise("S1")
async def test_the_health_of_the_system_has_its_own_heading_and_is_no_sev1(house: House) -> None:
    await report(house, title="Database query latency p95", severity="critical", service="worker")
    shown = await house.show("INC-1")
    assert (shown["severity"], shown["system"]) == ("SEV2", "System health")
    assert not any(house.texts(number) for number in NUMBERS)


@pytest.mark.promise("S2")
async def test_a_sev1_wakes_the_core_team_by_whatsapp_and_sms_at_once(house: House) -> None:
    await report(house, severity="critical", service="payments")
    for number in NUMBERS:
        assert {text.channel for text in house.sandbox.phones.inbox(number)} == {"sms", "whatsapp"}
        assert house.calls(number) == []


@pytest.mark.promise("S2")
@pytest.mark.parametrize("severity", ["SEV2", "SEV3"])
async def test_a_lesser_one_sends_mail_and_wakes_nobody(house: House, severity: str) -> None:
    await do(house, f"declare {severity} The delivery portal is slow", "U0ANA", "general")
    await house.travel(hours=8)
    for number, address in zip(NUMBERS, MAILS, strict=True):
        assert (house.texts(number), house.calls(number)) == ([], [])
        assert [mail.subject for mail in house.mails(address) if severity in mail.subject or severity in mail.text]


@pytest.mark.promise("S5")
async def test_the_response_goes_through_its_five_phases_and_recovery_is_verified(house: House) -> None:
    await report(house, severity="critical", service="uploads")
    assert (await house.show("INC-1"))["phase"] == "Detect"
    seen = []
    for phase in ("stabilize", "communicate", "resolve"):
        await say(house, f"phase {phase}")
        shown = await house.show("INC-1")
        seen.append((shown["phase"], shown["status"]))
    assert seen == [("Stabilize", "Mitigating"), ("Communicate", "Mitigating"), ("Resolve", "Monitoring")]
    assert "alert" in await say(house, "resolve it is over"), "while an alert fires it is not over"
    await report(house, "resolved", severity="critical", service="uploads")
    await end(house, first=BASELINE)
    shown = await house.show("INC-1")
    assert (shown["phase"], shown["status"], shown["verified_at"]) == ("Verify recovery", "Resolved", None)
    await house.travel(minutes=30)
    assert (await house.show("INC-1"))["verified_at"] is not None


@pytest.mark.promise("S8")
async def test_the_write_up_has_its_five_sections_within_72_hours(house: House) -> None:
    await report(house, severity="critical", service="payments")
    await report(house, "resolved", severity="critical", service="payments")
    await house.travel(minutes=20)
    await end(house, first=BASELINE)
    assert await owed(house) == {"postmortem": 20 + 72 * 60}
    text = await postmortem(house, channel(house))
    wanted = ["Timeline of failure", "Root cause", "User impact", "Corrective actions", "Preventive safeguards"]
    assert [
        line.removeprefix("## ") for line in text.splitlines() if line.removeprefix("## ") in wanted and line.startswith("## ")
    ] == wanted


@pytest.mark.promise("S8")
async def test_a_sev2_owes_no_write_up(house: House) -> None:
    await do(house, "declare SEV2 Notifications fail", "U0ANA", "general")
    await end(house, first=BASELINE)
    assert await owed(house) == {}


@pytest.mark.promise("S10")
async def test_availability_comes_out_of_the_sev1s_alone(house: House) -> None:
    await report(house, severity="critical", service="payments")
    await report(house, "resolved", severity="critical", service="payments")
    await house.travel(hours=2)
    await end(house, first=BASELINE)
    answer = await do(house, "availability", "U0ANA", "general")
    assert "StudioVault" in answer
    assert "99 %" in answer or "99.0" in answer
    await hear(house, "uptime", "The delivery portal is slow", severity="error", service="portal")
    assert answer == await do(house, "availability", "U0ANA", "general")
