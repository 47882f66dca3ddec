"""Availability from the incidents on a real database: which count, and by which policy (S10, G11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain.availability import Availability
from bot.domain.incidents import Incident
from bot.services import availability, corrections, incidents, merging, resolutions
from bot.store import people
from tests.policies import make_policy, policy_data

from .desk import Desk

MINUTE = timedelta(minutes=1)
OBJECTIVES: dict[str, Any] = {
    "objectives": [{"title": "API", "target": 99.9}, {"title": "All", "target": 99, "severities": ["P1", "sev0"]}]
}


async def open_with(desk: Desk, **changes: Any) -> None:
    await desk.activate(make_policy(**{**OBJECTIVES, **changes}))


async def trouble(desk: Desk, minutes: float, severity: str = "P0", **more: Any) -> Incident:
    """An incident that lasted so long."""
    incident = await desk.declare(f"trouble {desk.clock.now()}", severity, f"t{desk.clock.now()}", **more)
    await desk.travel(minutes=minutes)
    return await resolve(desk, incident)


async def resolve(desk: Desk, incident: Incident) -> Incident:
    return await desk.run(resolutions.resolve, incident.id, desk.id_of("ana"))


async def down(desk: Desk) -> list[float]:
    """The minutes that each objective lost."""
    return [one.down / MINUTE for one in await measured(desk)]


async def measured(desk: Desk) -> list[Availability]:
    return await desk.read(availability.measured)


async def test_without_objectives_there_is_nothing_to_tell(desk: Desk) -> None:
    await trouble(desk, 5)
    assert await measured(desk) == []


async def test_incidents_count_by_what_pages_or_by_the_severities_that_are_named(desk: Desk) -> None:
    await open_with(desk)
    await trouble(desk, 10)
    await trouble(desk, 20, "P1")
    assert await down(desk) == [10, 30]


async def test_open_trouble_counts_until_now_and_what_is_long_ago_does_not(desk: Desk) -> None:
    await open_with(desk)
    await trouble(desk, 10)
    await desk.declare(severity="P0")
    await desk.travel(minutes=5)
    assert await down(desk) == [15, 15]
    desk.clock.advance(timedelta(days=28) - 10 * MINUTE)
    found = (await measured(desk))[0]
    assert (found.down, len(found.shares)) == (timedelta(days=28), 2)
    desk.clock.advance(10 * MINUTE)
    assert [len(one.shares) for one in await measured(desk)] == [1, 1]


async def test_a_return_counts_from_when_it_came_back(desk: Desk) -> None:
    await open_with(desk)
    incident = await trouble(desk, 10)
    await desk.travel(minutes=60)
    await desk.run(resolutions.reopen, incident.id, desk.id_of("ana"))
    await desk.travel(minutes=5)
    assert await down(desk) == [15, 15]
    await resolve(desk, incident)
    await desk.travel(minutes=5)
    assert await down(desk) == [15, 15]


async def test_corrected_times_and_severities_count(desk: Desk) -> None:
    await open_with(desk)
    incident = await trouble(desk, 10)
    ana = desk.id_of("ana")
    await desk.run(corrections.correct_time, incident.id, ana, "started_at", incident.started_at - 5 * MINUTE)
    assert await down(desk) == [15, 15]
    await desk.run(corrections.correct_time, incident.id, ana, "ended_at", incident.started_at + 2 * MINUTE)
    assert await down(desk) == [7, 7]
    other = await desk.declare("another", "P0", "o")
    await desk.run(incidents.change_severity, other.id, ana, "P1", "few noticed")
    await desk.travel(minutes=30)
    assert await down(desk) == [7, 37]


async def test_what_was_merged_takes_nothing_twice(desk: Desk) -> None:
    await open_with(desk)
    first = await desk.declare("one", "P0", "1")
    second = await desk.declare("two", "P0", "2")
    await desk.travel(minutes=10)
    member = await desk.read(lambda work: people.get_person(work.tx, desk.id_of("ana")))
    await desk.run(merging.merge, member, second.id, first.id)
    await desk.travel(minutes=10)
    await resolve(desk, first)
    found = (await measured(desk))[0]
    assert found.down == 20 * MINUTE
    assert [share.took / MINUTE for share in found.shares] == [20, 10]


async def test_an_incident_counts_as_the_policy_it_was_opened_under_called_people_out(desk: Desk) -> None:
    await open_with(desk)
    await trouble(desk, 10)
    quiet = policy_data()["severities"]
    quiet[0]["pages"] = False
    await open_with(desk, severities=quiet)
    await trouble(desk, 20)
    assert (await down(desk))[0] == 10


async def test_a_severity_that_no_longer_exists_counts_by_its_own_policy_and_not_by_name(desk: Desk) -> None:
    await open_with(desk)
    await trouble(desk, 10)
    renamed = policy_data()["severities"]
    renamed[0] |= {"label": "S1", "aliases": ["critical"]}
    await open_with(
        desk, severities=renamed, objectives=[{"title": "API", "target": 99}, {"title": "S1", "target": 99, "severities": ["S1"]}]
    )
    assert await down(desk) == [10, 0]


async def test_the_part_it_is_filed_under_decides_where_systems_are_named(desk: Desk) -> None:
    systems = {"payments": {"title": "Payments", "match": [{"service": ["pay*"]}]}}
    await open_with(desk, systems=systems, objectives=[{"title": "Payments", "target": 99.9, "systems": ["payments"]}])
    await trouble(desk, 10)
    assert await down(desk) == [0]
