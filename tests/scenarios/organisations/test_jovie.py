"""Jovie, from the launch window to the gate: five minutes to take it, fifteen to begin, one cycle of quiet before it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.store.tables import timers
from tests.house import House, alert
from tests.policies import ANA, BEN, TIM
from tests.scenarios.organisations.staff import channel, end, hear, house_of, owed, policy_of, report, say, sections
from tests.scenarios.responders import do, postmortem
from tests.scenarios.trackers import ask_sentry

OWNERS = {"engineering-owners": ["ana", "ben"]}
ANSWERS = {"first": "not since 14:16", "second": "resolved in the next release"}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with house_of(database_url, "jovie", OWNERS) as opened:
        yield opened


async def break_payments(house: House, status: str = "firing") -> None:
    await report(house, status, "Checkout returns 500", alertname="Checkout", severity="critical", service="checkout")


@pytest.mark.promise("J1")
def test_the_three_severities_have_their_meanings() -> None:
    severities = policy_of("jovie", OWNERS).severities
    assert [severity.label for severity in severities] == ["P0", "P1", "P2"]
    assert [severity.pages for severity in severities] == [True, False, False]
    assert all(severity.meaning for severity in severities)


@pytest.mark.promise("J3")
async def test_several_kinds_of_monitors_at_once_are_a_p0_until_a_person_says_otherwise(house: House) -> None:
    await hear(house, "sentry", "TypeError in search", severity="error", key="a")
    assert (await house.show("INC-1"))["severity"] == "P1"
    await hear(house, "uptime", "Search does not answer", key="b")
    shown = await house.show("INC-1")
    assert (shown["severity"], shown["provisional"]) == ("P0", True)
    assert house.texts(TIM)
    await say(house, "severity P1 a workaround is known")
    shown = await house.show("INC-1")
    assert (shown["severity"], shown["provisional"]) == ("P1", False)


@pytest.mark.promise("J4")
def test_a_failing_request_in_a_seeded_flow_is_a_p0_in_a_launch_window_and_not_after_it() -> None:
    policy = policy_of("jovie", OWNERS)
    values = {"flow": "seeded-artists", "text": "GET /artist/12 answers 500", "environment": "production", "severity": "warning"}
    in_the_launch, after_hours = datetime(2026, 11, 20, 22, 5, tzinfo=UTC), datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    during, later = policy.route_for(values, in_the_launch), policy.route_for(values, after_hours)
    assert during is not None
    assert (during.name, during.severity) == ("seeded flows in a launch", "P0")
    assert later is not None
    assert later.severity is None


@pytest.mark.promise("J4")
async def test_a_500_of_a_seeded_flow_pages_while_the_launch_goes_on(house: House) -> None:
    labels = {"flow": "seeded-artists", "environment": "production"}
    await hear(house, "sentry", "GET /artist/12 answers 500", severity="warning", labels=labels)
    assert (await house.show("INC-1"))["severity"] == "P0"
    assert house.texts(TIM)


@pytest.mark.promise("J5")
async def test_the_primary_is_asked_first_then_every_engineering_owner_at_once_and_the_first_has_it(house: House) -> None:
    await break_payments(house)
    assert (len(house.texts(TIM)), house.texts(ANA), house.texts(BEN)) == (1, [], [])
    await house.travel(minutes=2)
    assert (len(house.texts(ANA)), len(house.texts(BEN))) == (1, 1)
    code = house.texts(BEN)[0].split("#")[1].split("]")[0]
    await house.sandbox.phones.reply(BEN, code)
    await house.settle()
    assert (await house.show("INC-1"))["owner"] == "Ben"
    await house.travel(minutes=4)
    assert len(house.texts(ANA)) == 1, "nobody else is asked any more"


@pytest.mark.promise("J6")
async def test_the_clocks_of_a_p0_run_from_the_receipt_of_the_alert(house: House) -> None:
    await break_payments(house)
    assert await owed(house) == {"acknowledge": 5, "mitigate": 15, "update": 15}
    await break_payments(house, "resolved")
    await house.travel(minutes=10)
    await end(house, override="the checks come next week", **ANSWERS)
    assert (await owed(house))["postmortem"] == 10 + 24 * 60


@pytest.mark.promise("J9", "J15")
async def test_what_was_done_to_mitigate_stands_in_the_write_up_with_its_six_sections(house: House) -> None:
    await break_payments(house)
    for done in ("Rolled the deploy back", "The flag new-checkout is off", "A fallback page is shown"):
        await say(house, f"update mitigating {done}")
    text = await postmortem(house, channel(house))
    for done in ("Rolled the deploy back", "The flag new-checkout is off", "A fallback page is shown"):
        assert done in text
    wanted = ["What happened", "User impact", "Root cause", "Mitigation applied", "Permanent fix", "Preventive actions"]
    assert sections(text, wanted) == wanted


@pytest.mark.promise("J10")
async def test_the_status_post_is_to_the_letter_in_the_alerts_channel(house: House) -> None:
    await break_payments(house)
    (post,) = [text for text in house.said("alerts-critical") if text.startswith("[P0]")]
    assert post.splitlines() == [
        "[P0] Checkout returns 500",
        "Status: Investigating",
        "Impact: not stated yet",
        "Started: 2026-11-20 14:05 PT / 22:05 UTC",
        "Owner: nobody yet",
        "Next update: 14:20 PT / 22:20 UTC",
    ]


@pytest.mark.promise("J11")
async def test_nothing_is_closed_before_the_checks_are_green_a_cycle_is_quiet_and_the_questions_are_answered(house: House) -> None:
    await break_payments(house)
    await say(house, "update monitoring rolled back")
    refused = await say(house, "resolve rolled back")
    for wanted in ("Golden paths", "Uptime checks", "alert", "Sentry"):
        assert wanted in refused
    for source, title in (("synthetic", "Pay with a card"), ("uptime", "Checkout answers")):
        await hear(house, source, title, key=title)
        await hear(house, source, title, "resolved", key=title)
    await break_payments(house, "resolved")
    await house.travel(minutes=4)
    assert "quiet" in (await say(house, "resolve rolled back")).lower()
    await house.travel(minutes=6)
    await end(house, **ANSWERS)
    assert (await house.show("INC-1"))["status"] == "Resolved"


@pytest.mark.promise("J13")
@pytest.mark.parametrize(
    ("title", "service"),
    [("Payment flow is failing", "web"), ("Public profile is unavailable", "web"), ("Onboarding is down", "web"), ("Slow", "tipping")],
)
async def test_what_concerns_money_profiles_or_onboarding_is_a_p0_at_once(house: House, title: str, service: str) -> None:
    await hear(house, "synthetic", title, severity="warning", labels={"service": service})
    assert (await house.show("INC-1"))["severity"] == "P0"


@pytest.mark.promise("J14")
async def test_the_launch_gate_is_shut_by_sentry_by_checks_and_rules_that_are_not_proven_and_by_an_open_p0(house: House) -> None:
    ask_sentry(house)
    house.sandbox.issues.add("500 in checkout")
    refused = await do(house, "gate", "U0ANA", "general")
    for wanted in ("Sentry", "Golden paths", "Uptime checks", "launch blockers"):
        assert wanted in refused
    await break_payments(house)
    assert "INC-1" in await do(house, "gate", "U0ANA", "general")


@pytest.mark.promise("B2")
async def test_a_timer_keeps_when_it_was_due_when_it_fired_and_why_it_was_stopped(house: House) -> None:
    await house.post_alert(alert(service="checkout"))
    await house.settle()
    await house.travel(minutes=4)
    await say(house, "ack")
    rows = await timers_of(house)
    fired = [row for row in rows if row["fired_at"] is not None]
    stopped = [row for row in rows if row["cancelled_at"] is not None]
    assert fired
    assert all(row["fired_at"] >= row["due_at"] and row["late_seconds"] is not None for row in fired)
    assert stopped
    assert all(row["reason"] for row in stopped)


async def timers_of(house: House) -> list[dict[str, Any]]:
    """Every timer that there ever was, as it is kept."""
    async with house.bot.database.reading() as tx:
        return [dict(row) for row in (await tx.run(tx.select(timers))).mappings()]
