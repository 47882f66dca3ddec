"""Severities that rise by themselves, and people's word on them (J3, J13)."""

from __future__ import annotations

import pytest

from bot.domain.incidents import Incident
from bot.domain.severity import ClockName
from bot.domain.timeline import EntryKind
from bot.messages import card
from bot.services import incidents, promotions, resolutions, situations
from tests.house import NOON
from tests.policies import make_policy
from tests.services.deliveries import ERRORS, LOGS, METRICS, OTHER, UPTIME, fired, hear_one, minutes
from tests.services.desk import Desk

LOW = {"routes": [{"name": "all", "action": "declare", "severity": "P1"}]}
REASON = "errors and uptime monitors report it within 10 min"


async def low(desk: Desk, **correlation: object) -> None:
    await desk.activate(make_policy(**LOW, correlation=correlation))


async def incident(desk: Desk, reference: str = "INC-1") -> Incident:
    return await desk.read(lambda work: situations.by_reference(work, reference))


async def test_j3_several_monitoring_channels_in_one_window_are_the_worst_until_a_person_says_otherwise(desk: Desk) -> None:
    await low(desk)
    await hear_one(desk, fired(service="checkout"), channel=ERRORS)
    assert ((await incident(desk)).severity, await desk.rung(await incident(desk))) == ("P1", [])
    desk.clock.advance(minutes(9))
    await hear_one(desk, fired("u", service="checkout"), channel=UPTIME)
    found = await incident(desk)
    assert (found.severity, found.provisional, found.severity_reason) == ("P0", True, REASON)
    assert await desk.rung(found) == [(9, "tim")]
    due = (await desk.owed(found))[ClockName.ACKNOWLEDGE].due_at
    assert due == NOON + minutes(9 + 5), "the clocks of the new severity begin when it is raised"
    assert [text for text in await desk.said(found) if "Muster changed INC-1 from P1 to P0" in text and REASON in text]
    assert (await desk.entries(found)).count(EntryKind.SEVERITY_CHANGED) == 1


@pytest.mark.parametrize(
    ("first", "second", "after", "raised"),
    [
        (ERRORS, LOGS, 10, True),
        (ERRORS, UPTIME, 10.1, False),
        (ERRORS, ERRORS, 1, False),
        (METRICS, OTHER, 1, False),
    ],
)
async def test_only_different_monitoring_channels_within_the_window_count(
    desk: Desk, first: object, second: object, after: float, raised: bool
) -> None:
    await low(desk)
    await hear_one(desk, fired(service="checkout"), channel=first)
    desk.clock.advance(minutes(after))
    await hear_one(desk, fired("b", service="checkout"), channel=second)
    assert (await incident(desk)).provisional is raised


async def test_where_the_policy_counts_channels_everywhere_unrelated_alerts_are_one_incident(desk: Desk) -> None:
    await low(desk, channels={"count": 2, "within": "10m", "everywhere": True})
    await hear_one(desk, fired(), channel=ERRORS)
    met = await hear_one(desk, fired("u", source="anything"), channel=UPTIME)
    assert met.incident == "INC-1" and "by another monitoring channel within 10 min" in met.reason
    assert (await incident(desk)).severity == "P0"


async def test_channels_can_be_left_to_people(desk: Desk) -> None:
    await desk.activate(make_policy(**LOW, correlation={"channels": None}))
    await hear_one(desk, fired(service="checkout"), channel=ERRORS)
    await hear_one(desk, fired("u", service="checkout"), channel=UPTIME)
    assert (await incident(desk)).severity == "P1"


async def test_a_person_who_confirms_a_provisional_severity_ends_the_doubt_and_no_clock(desk: Desk) -> None:
    opened = await desk.declare(severity="P1")
    assert await desk.run(promotions.promote, opened, REASON)
    promised = await desk.owed(opened)
    found = await desk.run(incidents.change_severity, opened.id, desk.id_of("ana"), "P0")
    assert (found.severity, found.provisional, found.severity_reason) == ("P0", False, None)
    assert await desk.owed(opened) == promised
    assert "it is provisional no longer" in (await desk.said(opened))[-1]


async def test_a_person_who_lowers_the_severity_is_not_overruled_but_told_once(desk: Desk) -> None:
    opened = await desk.declare(severity="P1")
    await desk.run(promotions.promote, opened, REASON)
    await desk.run(incidents.change_severity, opened.id, desk.id_of("ana"), "P1", "one customer only")
    for _ in range(3):
        assert not await desk.run(promotions.promote, opened, "its rate is rising")
    found = await desk.incident(opened)
    assert (found.severity, found.provisional) == ("P1", False)
    assert len([text for text in await desk.said(found) if "stays P1, as a person decided, although its rate is rising" in text]) == 1


async def test_a_person_who_raised_it_somewhat_is_no_obstacle(desk: Desk) -> None:
    severities = [*make_policy().model_dump(mode="json")["severities"], {"label": "P2", "rank": 2}]
    await desk.activate(make_policy(severities=severities))
    opened = await desk.declare(severity="P2")
    await desk.run(incidents.change_severity, opened.id, desk.id_of("ana"), "P1")
    assert await desk.run(promotions.promote, opened, REASON)


async def test_what_is_the_worst_already_or_resolved_is_left_alone(desk: Desk) -> None:
    worst = await desk.declare(severity="P0")
    assert not await desk.run(promotions.promote, worst, REASON)
    other = await desk.declare("Another", severity="P1", token="o")
    await desk.run(resolutions.resolve, other.id, desk.id_of("ana"))
    assert not await desk.run(promotions.promote, other, REASON)
    assert (await desk.incident(other)).severity == "P1"


async def test_the_card_says_that_a_severity_is_provisional_and_why_until_somebody_decides(desk: Desk) -> None:
    opened = await desk.declare(severity="P1")
    await desk.run(promotions.promote, opened, REASON)
    line = f"[P0] {opened.title} (provisional: {REASON}; `/incident severity` decides)"
    assert line in await shown(desk, opened)
    await desk.run(incidents.change_severity, opened.id, desk.id_of("ana"), "P0")
    assert "provisional" not in await shown(desk, opened)


async def shown(desk: Desk, opened: Incident) -> str:
    situation = await desk.read(lambda work: situations.situation(work, opened.id))
    return str(card.details(situation))
